//! A real browser, driven through WebDriver.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

use super::prerequisites::skip;

/// How long the browser may take for one step.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with one window, closed with the value.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    agent: Agent,
    site: String,
}

impl Browser {
    /// Opens a browser on a site; `None`, after a report, where there is none.
    pub(crate) fn open(site: &str) -> Option<Browser> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = started else {
            skip("there is no chromedriver (Debian: apt-get install chromium chromium-driver)");
            return None;
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        let options = json!({"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]});
        let capabilities = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let address = format!("http://127.0.0.1:{}/session", port.expect("chromedriver names its port"));
        let made: Value = agent.post(&address).send_json(capabilities).unwrap().body_mut().read_json().unwrap();
        let id = made["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {made}"));
        let session = format!("{address}/{id}");
        Some(Browser { driver, session, agent, site: format!("http://{site}") })
    }

    /// Sends a command of WebDriver and returns its value.
    pub(crate) fn command(&self, what: &str, how: Value) -> Value {
        let answer = self.agent.post(format!("{}/{what}", self.session)).send_json(&how);
        let answer: Value = answer.unwrap().body_mut().read_json().unwrap();
        assert!(answer["value"]["error"].is_null(), "{what} {how}: {answer}");
        answer["value"].clone()
    }

    /// Opens a page of the site.
    pub(crate) fn go(&self, path: &str) {
        self.command("url", json!({"url": format!("{}{path}", self.site)}));
    }

    /// Returns the value of a script.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("execute/sync", json!({"script": script, "args": []}))
    }

    /// Waits until an expression is true.
    pub(crate) fn wait(&self, script: &str) {
        let begin = Instant::now();
        while self.run(&format!("return !!({script})")) != json!(true) {
            assert!(begin.elapsed() < PATIENCE, "{script} in {}", self.run("return document.body.innerText"));
        }
    }

    /// Returns the text of the page.
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap().to_owned()
    }

    /// Sets the size of the page, which can be narrower than any window.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("goog/cdp/execute", json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size}));
    }

    /// What axe-core, a script, finds wrong with the page.
    pub(crate) fn violations(&self, axe: &str) -> Value {
        const RUN: &str = "const done = arguments[0]; axe.run(document).then(found => done(found.violations.flatMap(rule => \
            rule.nodes.map(node => `${rule.id}: ${node.html} ${node.failureSummary}`))))";
        self.run(axe);
        self.command("execute/async", json!({"script": RUN, "args": []}))
    }

    /// Types on the keyboard.
    pub(crate) fn press(&self, keys: &str) {
        let steps: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})))
            .collect();
        self.command("actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": steps}]}));
    }

    /// Writes screenshots of a phone and of a desktop, in both themes, and checks that nothing is wider than the window.
    pub(crate) fn photograph(&self, folder: &Path, name: &str) {
        for (width, height) in [(390, 844), (1280, 900)] {
            self.command("window/rect", json!({"width": width, "height": height}));
            for theme in ["light", "dark"] {
                self.command("cookie", json!({"cookie": {"name": "theme", "value": theme, "path": "/"}}));
                self.command("refresh", json!({}));
                let sideways = self.run("return document.documentElement.scrollWidth > window.innerWidth");
                assert_eq!(sideways, json!(false), "{name} is wider than {width} px");
                let address = format!("{}/screenshot", self.session);
                let taken: Value = self.agent.get(address).call().unwrap().body_mut().read_json().unwrap();
                let png = STANDARD.decode(taken["value"].as_str().unwrap()).unwrap();
                std::fs::write(folder.join(format!("{name}-{width}-{theme}.png")), png).unwrap();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

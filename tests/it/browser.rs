//! The reading page in a real browser, through WebDriver. Screenshots go to `target/screenshots`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

use crate::server::Server;

/// How long the browser may take for one step.
const PATIENCE: Duration = Duration::from_secs(20);

struct Browser {
    driver: Child,
    session: String,
    agent: Agent,
    site: String,
}

impl Browser {
    /// A browser on a site; `None`, which is said, where there is none.
    fn open(site: &str) -> Option<Browser> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = started else {
            eprintln!("SKIPPED: there is no chromedriver (Debian: apt-get install chromium chromium-driver)");
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

    fn tell(&self, what: &str, how: Value) -> Value {
        let answer = self.agent.post(format!("{}/{what}", self.session)).send_json(&how);
        let answer: Value = answer.unwrap().body_mut().read_json().unwrap();
        assert!(answer["value"]["error"].is_null(), "{what} {how}: {answer}");
        answer["value"].clone()
    }

    fn go(&self, path: &str) {
        self.tell("url", json!({"url": format!("{}{path}", self.site)}));
    }

    /// What a script gives.
    fn run(&self, script: &str) -> Value {
        self.tell("execute/sync", json!({"script": script, "args": []}))
    }

    /// Waits until a script gives `true`.
    fn wait(&self, script: &str) {
        let begin = Instant::now();
        while self.run(&format!("return !!({script})")) != json!(true) {
            assert!(begin.elapsed() < PATIENCE, "{script} in {}", self.run("return document.body.innerText"));
        }
    }

    fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap().to_owned()
    }

    fn press(&self, keys: &str) {
        let steps: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})))
            .collect();
        self.tell("actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": steps}]}));
    }

    fn photograph(&self, folder: &Path, name: &str) {
        for (width, height) in [(390, 844), (1280, 900)] {
            self.tell("window/rect", json!({"width": width, "height": height}));
            for theme in ["light", "dark"] {
                self.tell("cookie", json!({"cookie": {"name": "theme", "value": theme, "path": "/"}}));
                self.tell("refresh", json!({}));
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

#[test]
fn a_morning_with_the_page() {
    let server = Server::start(&[]);
    let Some(browser) = Browser::open(&server.address) else { return };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();

    browser.go("/");
    assert!(browser.text().contains("Three ways to start"));
    browser.photograph(&folder, "begin");

    // Search as one types, and vote with the keys.
    browser.go("/search");
    browser.run("document.querySelector('input[name=q]').focus()");
    browser.press("walking robots");
    browser.wait("document.querySelectorAll('.paper').length > 5");
    browser.wait("location.search.includes('robots')");
    browser.tell("refresh", json!({}));
    browser.press("jl");
    browser.wait("document.querySelector('#p1 button[value=like]').getAttribute('aria-pressed') === 'true'");
    assert_eq!(browser.run("return document.getElementById('status').textContent"), json!("Liked"));
    browser.tell("refresh", json!({}));
    browser.wait("document.querySelector('#p1 button[value=like]').getAttribute('aria-pressed') === 'true'");
    browser.photograph(&folder, "search");

    // The feed knows of the vote; what is hidden is gone when it is opened again.
    browser.go("/");
    assert!(browser.text().contains("which you liked"));
    browser.photograph(&folder, "feed");
    let first = "document.querySelector('#p1 input[name=paper]').value";
    let hidden = browser.run(&format!("return {first}"));
    browser.press("jx");
    browser.wait("document.querySelector('#p1').classList.contains('gone')");
    browser.tell("refresh", json!({}));
    assert!(browser.run(&format!("return {first}")) != hidden);

    // A paper, and from there to a neighbor.
    browser.press("jm");
    browser.wait("document.querySelectorAll('svg.map circle').length > 5");
    browser.photograph(&folder, "paper");

    browser.go("/library");
    browser.run("document.querySelector('textarea').value = 'Touch Before You Look: Tactile Exploration for Grasping in Clutter'; document.querySelector('form[action=\"/library/import\"]').submit()");
    browser.wait("document.body.innerText.includes('1 imported as read')");
    browser.photograph(&folder, "library");

    browser.go("/profiles");
    browser.photograph(&folder, "profiles");
    let script = "const done = arguments[0]; fetch(document.querySelector('a[href^=\"/feeds/\"]').href).then(a => a.text()).then(done)";
    let atom = browser.tell("execute/async", json!({"script": script, "args": []}));
    assert!(atom.as_str().unwrap().contains("<entry>"), "{atom}");
}

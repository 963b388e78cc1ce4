//! Running the service, and asking it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command};

use serde_json::Value;
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::http::Request;

use crate::support::sandbox::Sandbox;

/// A running service, stopped with the value.
pub(crate) struct Server {
    pub(crate) sandbox: Sandbox,
    pub(crate) address: String,
    child: Child,
    log: BufReader<ChildStderr>,
    agent: Agent,
}

/// What it answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const LINES: (&str, &str) = ("content-type", "application/x-ndjson");

impl Server {
    /// Over the papers of the examples, on a free port.
    pub(crate) fn start(args: &[&str]) -> Server {
        Server::over(Sandbox::with_papers(), args)
    }

    pub(crate) fn over(sandbox: Sandbox, args: &[&str]) -> Server {
        let (child, log, address) = launch(&sandbox, args);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            // The server may close a connection that it has answered on while the next request is on its way.
            .max_idle_connections(0)
            .build()
            .into();
        Server { sandbox, address, child, log, agent }
    }

    /// Starts it again over the same library, however it has ended, on another port.
    pub(crate) fn restart(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        (self.child, self.log, self.address) = launch(&self.sandbox, &[]);
    }

    pub(crate) fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let reply = self.try_call(method, path, headers, body);
        reply.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// What it answers, unless it is gone.
    pub(crate) fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match ["GET", "DELETE", "HEAD"].contains(&method) {
            true => self.agent.run(request.body(()).unwrap())?,
            false => self.agent.run(request.body(body.to_owned()).unwrap())?,
        };
        let body = response.body_mut().read_to_string()?;
        Ok(Reply { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.call("GET", path, &[], "").json()
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Value {
        self.call("POST", path, &[JSON], body).json()
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// The next line of the log, which is waited for.
    pub(crate) fn log_line(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        line
    }

    /// The exit code, which is waited for.
    pub(crate) fn exit_code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

/// The process, its log and its address.
fn launch(sandbox: &Sandbox, args: &[&str]) -> (Child, BufReader<ChildStderr>, String) {
    let mut child = sandbox.spawn(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.starts_with("paperkin: listening on http://127.0.0.1:"), "{line}");
    let address = line.trim().rsplit("http://").next().unwrap().to_owned();
    (child, log, address)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

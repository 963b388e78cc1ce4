//! One client for every service: it says who it is, keeps the pauses, tries again, and has limits for everything.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{ErrorKind, Read};
use std::thread;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body, ResponseExt};
use url::{Host, Url};

use super::backoff::{self, RetryDecision};
use super::shown_url::shown_url;
use crate::error::{Error, Result};

/// How a client behaves towards services.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// An address or mailbox that services can turn to: part of the `User-Agent`.
    pub contact: Option<String>,
    /// Least time from one request to the next, and the first wait after a failure, which doubles from then on.
    pub pause: Duration,
    /// How often a request is made before it has failed.
    pub attempts: u32,
    /// Longest wait before a request is made again; a service that asks for more has failed.
    pub max_wait: Duration,
    /// Longest time until there is a connection.
    pub connect: Duration,
    /// Longest time for a whole answer, from the connection on.
    pub answer: Duration,
    /// Least bytes a second of an answer, in the long run.
    pub min_bytes_per_second: u64,
    /// Most bytes of an answer, uncompressed.
    pub max_body_bytes: usize,
    /// Most redirects of a request.
    pub redirects: u32,
}

impl Default for ClientOptions {
    fn default() -> ClientOptions {
        ClientOptions {
            contact: None,
            pause: Duration::from_secs(1),
            attempts: 5,
            max_wait: Duration::from_secs(300),
            connect: Duration::from_secs(20),
            answer: Duration::from_secs(120),
            min_bytes_per_second: 1024,
            // A thousand records of arXiv's OAI-PMH have 3 MB, 500 of Semantic Scholar up to 10.
            max_body_bytes: 32 << 20,
            redirects: 5,
        }
    }
}

/// Makes requests one after the other.
pub struct HttpClient {
    agent: Agent,
    options: ClientOptions,
    last: Option<Instant>,
}

/// What to ask for. With a body it is a `POST`, which is not redirected, since it may carry a key.
#[derive(Debug, Default)]
pub(super) struct HttpRequest {
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// A part of the query that no message shows. Such a request is not redirected.
    pub(super) secret: Option<(&'static str, String)>,
    pub(super) body: Option<String>,
    /// What to say at once where no program takes the connection: of a program on this machine, which is not running.
    pub(super) if_refused: Option<&'static str>,
}

/// A whole answer: of a status from 200 to 299, 304, or one that the caller asked for.
#[derive(Debug)]
pub(super) struct HttpResponse {
    /// Where it came from in the end: relative addresses in it are relative to this one.
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why a request failed.
enum HttpFailure {
    /// It may succeed later, after the time that the service asks for.
    Passing(String, Option<Duration>),
    /// It will not.
    Lasting(String),
}

impl HttpClient {
    /// A client that has made no request.
    ///
    /// # Errors
    /// When the contact cannot stand in a header.
    pub fn new(manners: ClientOptions) -> Result<HttpClient> {
        let contact = manners.contact.as_deref().map(str::trim).filter(|contact| !contact.is_empty());
        if contact.is_some_and(|contact| !contact.bytes().all(|byte| byte.is_ascii_graphic())) {
            let reason = "expected an email address or URL".to_owned();
            return Err(Error::BadRequest { field: "contact", reason });
        }
        let contact = contact.map(|contact| format!(" (+{contact})")).unwrap_or_default();
        let agent = Agent::config_builder()
            .user_agent(format!("paperkin/{}{contact}", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(manners.redirects)
            .timeout_connect(Some(manners.connect))
            .timeout_global(Some(manners.connect + manners.answer))
            .timeout_per_call(Some(manners.answer))
            .build();
        Ok(HttpClient { agent: agent.into(), options: manners, last: None })
    }

    /// How it behaves.
    pub(super) fn manners(&self) -> &ClientOptions {
        &self.options
    }

    /// Gets what is at an address.
    pub(super) fn get(&mut self, url: String) -> Result<HttpResponse> {
        self.send(&HttpRequest { url, ..HttpRequest::default() }, &[])
    }

    /// Makes a request until there is an answer, or until it has failed for good. Of the statuses that refuse, those
    /// of `accepted` are answers.
    ///
    /// # Errors
    /// [`Error::Fetch`].
    pub(super) fn send(&mut self, request: &HttpRequest, accepted: &[u16]) -> Result<HttpResponse> {
        let mut failures = 0;
        loop {
            let (reason, asked) = match self.attempt(request, accepted) {
                Ok(answer) => return Ok(answer),
                Err(HttpFailure::Lasting(reason)) => return Err(failed(&request.url, reason)),
                Err(HttpFailure::Passing(reason, asked)) => (reason, asked),
            };
            failures += 1;
            if failures >= self.options.attempts {
                let times = if failures == 1 { "attempt" } else { "attempts" };
                return Err(failed(&request.url, format!("{reason}, after {failures} {times}")));
            }
            tracing::info!(url = shown_url(&request.url), reason, failures, "retrying");
            self.back_off(failures - 1, asked).map_err(|asked| {
                failed(&request.url, format!("{reason}, and asks to retry in {} s", asked.as_secs()))
            })?;
        }
    }

    /// Waits after the n-th failure, from 0. The error is a wait that is too long.
    pub(super) fn back_off(&mut self, failures: u32, asked: Option<Duration>) -> Result<(), Duration> {
        let dice = RandomState::new().hash_one(failures) as f64 / u64::MAX as f64;
        match backoff::retry_decision(failures, asked, self.options.pause, self.options.max_wait, dice) {
            RetryDecision::Wait(time) => sleep(time),
            RetryDecision::TooLong(time) => return Err(time),
        }
        Ok(())
    }

    fn attempt(&mut self, request: &HttpRequest, accepted: &[u16]) -> Result<HttpResponse, HttpFailure> {
        if let Some(last) = self.last {
            sleep(self.options.pause.saturating_sub(last.elapsed()));
        }
        let answered = self.call(request);
        // From here on an answer must not drip. Before, a service may think as long as it may take at all.
        let started = Instant::now();
        self.last = Some(started);
        let response = answered.map_err(|error| match (&error, request.if_refused) {
            (ureq::Error::Io(io), Some(hint)) if io.kind() == ErrorKind::ConnectionRefused => {
                HttpFailure::Lasting(hint.to_owned())
            }
            _ => failure(error),
        })?;
        let status = response.status();
        let url = if request.secret.is_some() { request.url.clone() } else { response.get_uri().to_string() };
        let (parts, body) = response.into_parts();
        let body = self.read(body.into_reader(), started);
        if status.is_success() || status.as_u16() == 304 || accepted.contains(&status.as_u16()) {
            return Ok(HttpResponse { url, status: status.as_u16(), headers: parts.headers, body: body? });
        }
        let told = said(&body.unwrap_or_default());
        let reason = format!("returned {status}{told}");
        if status.is_server_error() || [408, 425, 429].contains(&status.as_u16()) {
            let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
            let asked = header("retry-after").and_then(|text| backoff::retry_after(text, header("date")));
            return Err(HttpFailure::Passing(reason, asked));
        }
        Err(HttpFailure::Lasting(reason))
    }

    fn call(&self, request: &HttpRequest) -> Result<Response<Body>, ureq::Error> {
        let headers = &request.headers;
        let is_local = is_local(&request.url);
        match &request.body {
            None => {
                let get = self.agent.get(&request.url);
                let get = headers.iter().fold(get, |get, (name, value)| get.header(*name, value));
                let get = if is_local { get.config().proxy(None).build() } else { get };
                match &request.secret {
                    Some((name, value)) => get.query(name, value).config().max_redirects(0).build().call(),
                    None => get.call(),
                }
            }
            Some(body) => {
                let post = self.agent.post(&request.url).content_type("application/json");
                let post = headers.iter().fold(post, |post, (name, value)| post.header(*name, value));
                let post = if is_local { post.config().proxy(None).build() } else { post };
                post.config().max_redirects(0).build().send(body)
            }
        }
    }

    /// All bytes of a body that began to come at `started`.
    fn read(&self, mut body: impl Read, started: Instant) -> Result<Vec<u8>, HttpFailure> {
        let ClientOptions { max_body_bytes: most_bytes, min_bytes_per_second: least_rate, .. } = self.options;
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        loop {
            let count = body.read(&mut chunk).map_err(|error| failure(error.into()))?;
            if count == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&chunk[..count]);
            if bytes.len() > most_bytes {
                return Err(HttpFailure::Lasting(format!("response larger than {} MB", most_bytes >> 20)));
            }
            if backoff::is_dripping(bytes.len(), started.elapsed(), least_rate) {
                return Err(HttpFailure::Passing(format!("response slower than {least_rate} bytes per second"), None));
            }
        }
    }
}

impl HttpResponse {
    /// A header's text; `None` where there is none, or no text.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }
}

/// The error of a service that did not give what was asked for.
pub(super) fn failed(url: &str, reason: impl Into<String>) -> Error {
    Error::Fetch { url: shown_url(url), reason: reason.into() }
}

/// Whether an address is of this machine, which no proxy can reach.
fn is_local(address: &str) -> bool {
    match Url::parse(address).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// An address with a query.
pub(super) fn address(base: &str, path: &str, query: &[(&str, &str)]) -> String {
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b',');
    let query: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, RESERVED))).collect();
    format!("{}{path}?{}", base.trim_end_matches('/'), query.join("&"))
}

fn failure(error: ureq::Error) -> HttpFailure {
    use ureq::Error as E;
    match error {
        E::Timeout(_) => HttpFailure::Passing("timed out".to_owned(), None),
        E::Io(error) => HttpFailure::Passing(format!("connection failed ({error})"), None),
        E::ConnectionFailed => HttpFailure::Passing("connection failed".to_owned(), None),
        E::Protocol(_) | E::Decompress(..) => HttpFailure::Passing(format!("invalid response ({error})"), None),
        E::HostNotFound => HttpFailure::Lasting("host not found: check the network connection".to_owned()),
        E::TooManyRedirects => HttpFailure::Lasting("too many redirects".to_owned()),
        E::BadUri(_) | E::Http(_) => HttpFailure::Lasting(format!("is not a URL ({error}): use https://...")),
        other => HttpFailure::Lasting(other.to_string()),
    }
}

/// The first words of a body that refuses, without markup.
fn said(body: &[u8]) -> String {
    const MAX_BODY_BYTES: usize = 160;
    let mut inside = false;
    let text: String = String::from_utf8_lossy(&body[..body.len().min(16 << 10)])
        .chars()
        .map(|c| {
            let shown = !inside && c != '<' && !c.is_control();
            inside = (inside || c == '<') && c != '>';
            if shown { c } else { ' ' }
        })
        .collect();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_BODY_BYTES).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

fn sleep(time: Duration) {
    if !time.is_zero() {
        thread::sleep(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let found = address("https://x.org/", "/api", &[("q", "cat:cs.CL AND \"a+b\""), ("n", "1")]);
        assert_eq!(found, "https://x.org/api?q=cat:cs.CL%20AND%20%22a%2Bb%22&n=1");
    }

    #[test]
    fn addresses_of_this_machine() {
        for address in ["http://127.0.0.1:23119/api/", "http://localhost:1/", "http://[::1]/a"] {
            assert!(is_local(address), "{address}");
        }
        for address in ["https://127.0.0.1.example.org/", "http://10.0.0.1/", "localhost", ""] {
            assert!(!is_local(address), "{address}");
        }
    }

    #[test]
    fn bodies_that_drip_and_that_are_too_large() {
        let client = HttpClient::new(ClientOptions { max_body_bytes: 2 << 20, ..ClientOptions::default() }).unwrap();
        let check = |bytes: u64, seconds: u64, expect: Result<usize, &str>| {
            let started = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
            let found = client.read(std::io::repeat(b'x').take(bytes), started).map(|body| body.len());
            let found = found.map_err(|failure| match failure {
                HttpFailure::Passing(reason, _) | HttpFailure::Lasting(reason) => reason,
            });
            assert_eq!(found.as_ref().map_err(String::as_str), expect.as_ref().map_err(|reason| *reason));
        };
        check(1, 0, Ok(1));
        check(1 << 20, 60, Ok(1 << 20));
        check(1, 60, Err("response slower than 1024 bytes per second"));
        check(3 << 20, 0, Err("response larger than 2 MB"));
    }

    #[test]
    fn what_a_refusal_says() {
        for (body, expect) in [
            ("", ""),
            ("{\"error\": \"no\"}", ": {\"error\": \"no\"}"),
            ("<html><p>Rate\nexceeded.</p></html>", ": Rate exceeded."),
            ("<broken", ""),
        ] {
            assert_eq!(said(body.as_bytes()), expect);
        }
        assert_eq!(said("x".repeat(1000).as_bytes()).len(), 162);
    }
}

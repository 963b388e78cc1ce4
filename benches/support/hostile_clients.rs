//! Clients that mean no good: what they send is large, slow, or never read. They come from another address than the honest
//! ones, as a stranger's would.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

/// The address that they come from.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Sockets that one client holds at once.
const SOCKETS: usize = 200;
/// Papers of a list that is as long as a list may be.
const LONG_LIST: usize = 2_000;

/// One hostile client.
pub(crate) struct HostileClient<'a> {
    /// The server's host and port.
    pub(crate) address: &'a str,
    /// IDs of papers of the library.
    pub(crate) papers: &'a [String],
    /// The end of the siege.
    pub(crate) end: Instant,
}

impl HostileClient<'_> {
    /// Does one kind of harm, chosen by a number, until the end. Returns how often it was done.
    pub(crate) fn attack(&self, kind: usize) -> (&'static str, usize) {
        type Attack = (&'static str, fn(&HostileClient<'_>) -> Result<()>);
        const ATTACKS: [Attack; 8] = [
            ("lists that are too long", |client| client.post("/v1/recommend", &client.repeated_papers(200_000))),
            ("the longest lists", |client| client.post("/v1/recommend", &client.longest_request())),
            ("long texts with explanations", |client| client.post("/v1/search", &client.long_text())),
            ("questions whose asker leaves", |client| client.ask_and_leave()),
            ("heads that never end", |client| client.hold(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")),
            ("bodies that never end", |client| client.hold(SLOW_BODY)),
            ("answers that nobody reads", |client| {
                client.hold(b"GET /library/export.jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n")
            }),
            ("no HTTP", |client| client.hold(&[0x16, 3, 1, 0, 250, 1, 0, 0])),
        ];
        let (name, act) = ATTACKS[kind % ATTACKS.len()];
        let mut count = 0;
        while Instant::now() < self.end {
            match act(self) {
                Ok(()) => count += 1,
                // Refused: try again, as they do.
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
        (name, count)
    }

    fn connect(&self) -> Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((ADDRESS, 0)).into())?;
        socket.connect(&self.address.parse::<SocketAddr>()?.into())?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(70)))?;
        stream.set_write_timeout(Some(Duration::from_secs(70)))?;
        Ok(stream)
    }

    fn send(&self, path: &str, body: &Value) -> Result<TcpStream> {
        let (mut stream, body) = (self.connect()?, body.to_string());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        Ok(stream)
    }

    fn post(&self, path: &str, body: &Value) -> Result<()> {
        let mut answer = Vec::new();
        self.send(path, body)?.read_to_end(&mut answer)?;
        answer.starts_with(b"HTTP/1.1 ").then_some(()).context("an answer")
    }

    fn ask_and_leave(&self) -> Result<()> {
        let stream = self.send("/v1/recommend", &self.longest_request())?;
        thread::sleep(Duration::from_millis(20));
        drop(stream);
        Ok(())
    }

    /// Opens many connections, sends the same on each, then a byte a second.
    fn hold(&self, bytes: &[u8]) -> Result<()> {
        let mut streams: Vec<TcpStream> = (0..SOCKETS).map_while(|_| self.connect().ok()).collect();
        streams.retain_mut(|stream| stream.write_all(bytes).is_ok());
        while Instant::now() < self.end && !streams.is_empty() {
            thread::sleep(Duration::from_secs(1));
            streams.retain_mut(|stream| stream.write_all(b"x").is_ok());
        }
        Ok(())
    }

    fn repeated_papers(&self, count: usize) -> Value {
        let papers: Vec<&String> = self.papers.iter().cycle().take(count).collect();
        json!({ "positive": papers })
    }

    fn longest_request(&self) -> Value {
        let papers: Vec<&String> = self.papers.iter().cycle().take(LONG_LIST).collect();
        json!({ "positive": papers, "negative": papers, "candidates": papers, "limit": 1000, "diversity": 0.9,
            "dedup_threshold": 1, "smoothing": 1, "strategy": "interests", "explain": true })
    }

    fn long_text(&self) -> Value {
        let text = "Robots that walk on soft ground fall more often than others do. ".repeat(1_500);
        json!({ "text": text, "explain": true, "limit": 1000 })
    }
}

/// The start of a body of 16 MB.
const SLOW_BODY: &[u8] =
    b"POST /v1/recommend/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n\
                           Content-Length: 16000000\r\n\r\n{";

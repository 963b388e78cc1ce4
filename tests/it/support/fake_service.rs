//! A service on this machine that answers as it is told, well or badly: nothing leaves the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) path: String,
    /// The query's parts, decoded.
    query: Vec<(String, String)>,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl ReceivedRequest {
    /// A part of the query; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) enum CannedReply {
    /// A whole answer: headers, body.
    Ok(String, Vec<u8>),
    /// A whole answer, compressed.
    Gzip(Vec<u8>),
    /// Another status: its line, headers, body.
    Status(&'static str, String, &'static str),
    /// A whole answer of HTTP/1.0 that does not say how long it is: its line, headers, body.
    UntilClosed(&'static str, String, Vec<u8>),
    /// Half of the body that was announced, and the connection is closed.
    Half(Vec<u8>),
    /// The connection is closed at once.
    Close,
    /// A byte, and then nothing until the other side gives up.
    Stall,
    /// Bytes without an end.
    Endless,
}

impl CannedReply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> CannedReply {
        CannedReply::Ok(String::new(), body.into())
    }

    pub(crate) fn status(line: &'static str) -> CannedReply {
        CannedReply::Status(line, String::new(), "")
    }

    /// Writes it. The other side may be gone: that is its right.
    fn write(self, mut stream: TcpStream) -> std::io::Result<()> {
        let head = |line: &str, headers: &str, length: usize| {
            format!("HTTP/1.1 {line}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n")
        };
        match self {
            CannedReply::Ok(headers, body) => {
                stream.write_all(head("200 OK", &headers, body.len()).as_bytes())?;
                stream.write_all(&body)
            }
            CannedReply::Gzip(body) => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(&body)?;
                let packed = packed.finish()?;
                stream.write_all(head("200 OK", "content-encoding: gzip\r\n", packed.len()).as_bytes())?;
                stream.write_all(&packed)
            }
            CannedReply::Status(line, headers, body) => {
                stream.write_all(head(line, &headers, body.len()).as_bytes())?;
                stream.write_all(body.as_bytes())
            }
            CannedReply::UntilClosed(line, headers, body) => {
                stream.write_all(format!("HTTP/1.0 {line}\r\n{headers}\r\n").as_bytes())?;
                stream.write_all(&body)
            }
            CannedReply::Half(body) => {
                stream.write_all(head("200 OK", "", body.len()).as_bytes())?;
                stream.write_all(&body[..body.len() / 2])
            }
            CannedReply::Close => Ok(()),
            CannedReply::Stall => {
                stream.write_all(format!("{}[", head("200 OK", "", 1000)).as_bytes())?;
                stream.read_to_end(&mut Vec::new()).map(|_| ())
            }
            CannedReply::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
                loop {
                    stream.write_all(&[b' '; 64 << 10])?;
                }
            }
        }
    }
}

type Script = Box<dyn Fn(&ReceivedRequest) -> CannedReply + Send + Sync>;

pub(crate) struct FakeService {
    pub(crate) address: SocketAddr,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<ReceivedRequest>>>,
    running: Option<JoinHandle<()>>,
}

impl FakeService {
    pub(crate) fn new(script: impl Fn(&ReceivedRequest) -> CannedReply + Send + Sync + 'static) -> FakeService {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let (log, told) = (asked.clone(), script.clone());
        let running = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let Some(request) = request(&stream) else { continue };
                if request.path == "/stop" {
                    return;
                }
                let reply = told.lock().unwrap()(&request);
                log.lock().unwrap().push(request);
                std::thread::spawn(move || reply.write(stream));
            }
        });
        FakeService { address, script, asked, running: Some(running) }
    }

    /// From now on it answers so.
    pub(crate) fn script_with(&self, script: impl Fn(&ReceivedRequest) -> CannedReply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked since the last call.
    pub(crate) fn take_requests(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Drop for FakeService {
    fn drop(&mut self) {
        let _ = TcpStream::connect(self.address).and_then(|mut stream| stream.write_all(b"GET /stop HTTP/1.1\r\n\r\n"));
        let _ = self.running.take().map(JoinHandle::join);
    }
}

fn request(stream: &TcpStream) -> Option<ReceivedRequest> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let target = first.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let query =
        query.split('&').filter_map(|part| part.split_once('=')).map(|(key, value)| (decode(key), decode(value)));
    let mut asked =
        ReceivedRequest { path: path.to_owned(), query: query.collect(), head: String::new(), body: String::new() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        asked.head += &line.to_ascii_lowercase();
    }
    let length = asked.head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}

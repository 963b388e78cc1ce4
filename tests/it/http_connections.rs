//! Clients that are slow, many, or unclear about where a request ends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

/// Connects; a test that waits for longer than this fails.
fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Connects and sends bytes, and nothing after them.
fn send(server: &Server, bytes: &str) -> TcpStream {
    let mut stream = connect(server);
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

/// What arrives until the service closes the connection.
fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

fn post(path: &str, fields: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n{body}")
}

/// The status of each answer, in order.
fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

/// Asks until the answer has a status: what clients do reaches the service a little later.
fn wait_for(status: u16, ask: impl Fn() -> u16) {
    for _ in 0..1_000 {
        if ask() == status {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no answer had the status {status}");
}

#[test]
fn slow_heads_and_idle_connections_are_closed() {
    let server = Server::start(&["--client-timeout", "1"]);
    for (bytes, expected) in [
        (String::new(), vec![]),
        ("GET /health/live HTTP/1.1\r\nhost: loc".to_owned(), vec![]),
        (get("/health/live"), vec!["200"]),
        (get("/health/live") + &get("/v1/status") + "GET", vec!["200", "200"]),
    ] {
        assert_eq!(statuses(&rest(send(&server, &bytes))), expected, "{bytes}");
    }
}

#[test]
fn slow_bodies_are_refused() {
    let fields = |content_type: &str| format!("content-type: {content_type}\r\ncontent-length: 100\r\n");
    let impatient = Server::start(&["--client-timeout", "1"]);
    // The whole body has the time of a request.
    let hurried = Server::start(&["--timeout", "1"]);
    for (path, content_type, body) in [
        ("/v1/search", "application/json", "{"),
        ("/v1/search", "application/json", ""),
        ("/theme", "application/x-www-form-urlencoded", "theme="),
        ("/library/import", "multipart/form-data; boundary=x", "--x\r\n"),
        ("/v1/recommend/batch", "application/x-ndjson", "{\"text\""),
    ] {
        for server in [&impatient, &hurried] {
            let answer = rest(send(server, &post(path, &fields(content_type), body)));
            let is_stream = content_type.contains("ndjson") && std::ptr::eq(server, &impatient);
            let status = if is_stream { "422" } else { "408" };
            assert_eq!((statuses(&answer), answer.contains("slow_request")), (vec![status], true), "{path}: {answer}");
        }
    }
    // The lines of a stream that came in time are answered.
    let lines = "{\"id\":\"in-time\",\"title\":\"A line that came in time\"}\n{";
    let answer = rest(send(&impatient, &post("/v1/papers", &fields("application/x-ndjson"), lines)));
    assert!(answer.contains(r#""id":"in-time","outcome":"new""#) && answer.contains("slow_request"), "{answer}");
    assert_eq!(statuses(&answer), ["200"]);
}

#[test]
fn who_reads_nothing_is_hung_up_on() {
    let server = Server::start(&["--client-timeout", "1"]);
    let mut stream = connect(&server);
    let refused = loop {
        if let Err(error) = stream.write_all(get("/openapi.json").as_bytes()) {
            break error.kind();
        }
    };
    assert!([ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&refused), "{refused}");
    assert_eq!(server.call("GET", "/v1/status", &[], "").status, 200);
}

#[test]
fn health_checks_are_answered_beyond_the_limits() {
    for (limits, status, code) in [
        (["--max-connections", "4", "--max-connections-per-ip", "8"], 503, "server_busy"),
        (["--max-connections", "8", "--max-connections-per-ip", "4"], 429, "rate_limited"),
    ] {
        let server = Server::start(&limits);
        // More than the connections for health checks, too.
        let slow: Vec<TcpStream> = (0..200).map(|_| send(&server, "GET / HTTP/1.1\r\n")).collect();
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(server.call("GET", path, &[], "").status, 200, "{path}");
        }
        let refused = server.call("GET", "/v1/status", &[], "");
        assert_eq!((refused.status, refused.header("retry-after")), (status, "5"));
        assert_eq!((&refused.json()["code"], refused.header("connection")), (&json!(code), "close"));
        assert!(!refused.header("x-request-id").is_empty());
        drop(slow);
        wait_for(200, || server.call("GET", "/v1/status", &[], "").status);
    }
}

#[test]
fn bodies_share_a_part_of_the_memory() {
    let sandbox = Sandbox::with_papers();
    let server = Server::over(sandbox, &["--max-body", "1", "--max-body-memory", "1"]);
    let large = json!({ "text": "hands", "note": "x".repeat(800_000) }).to_string();
    let upload = || server.call("POST", "/v1/search", &[JSON], &large);
    // What was announced does not count.
    let announced = post("/v1/search", "content-type: application/json\r\ncontent-length: 1000000\r\n", "{");
    let _slow: Vec<TcpStream> = (0..20).map(|_| send(&server, &announced)).collect();
    assert_eq!(upload().status, 400);
    // An upload that arrives at the same time can have the memory instead: then, the unfinished body is the one refused.
    let held = (0..100).find_map(|_| {
        let unfinished = send(&server, &(announced.clone() + &"x".repeat(900_000)));
        let refused = [upload(), upload(), upload()];
        refused.iter().all(|reply| reply.status == 503).then_some((unfinished, refused))
    });
    let (unfinished, [refused, ..]) = held.expect("a body that holds the memory");
    assert_eq!((refused.header("retry-after"), &refused.json()["code"]), ("1", &json!("server_busy")));
    assert_eq!(server.call("POST", "/v1/search", &[JSON], r#"{"text":"hands"}"#).status, 200);
    drop(unfinished);
    wait_for(400, || upload().status);
    let run = server.sandbox.run(&["serve", "--max-body", "2", "--max-body-memory", "1"]);
    assert_eq!((run.code, run.err.contains("must be at least --max-body")), (1, true), "{}", run.err);
}

#[test]
fn a_long_stream_needs_little_memory() {
    let server = Server::start(&["--max-body", "1", "--max-body-memory", "1"]);
    let line = json!({ "id": "long", "title": "A long line", "note": "x".repeat(900_000) }).to_string() + "\n";
    let body = line.repeat(5);
    let reply = server.call("POST", "/v1/papers", &[("content-type", "application/x-ndjson")], &body);
    let lines = reply.lines();
    assert!(lines.iter().all(|line| line["problem"] == Value::Null), "{}", reply.body);
    assert_eq!((reply.status, lines.len()), (200, 5));
}

#[test]
fn requests_that_others_may_read_in_another_way_are_refused() {
    let server = Server::start(&[]);
    let live = get("/health/live");
    let chunked = post("/v1/search", "content-type: application/json\r\ntransfer-encoding: chunked\r\n", "")
        + "10\r\n{\"text\":\"hands\"}\r\n0\r\n\r\n";
    let sized =
        post("/v1/search", "content-type: application/json\r\ncontent-length: 18\r\n", "{\"text\": \n\"hands\"}");
    let both = post("/v1/search", "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "0\r\n\r\n");
    for (requests, expected) in [
        (vec![&live, &live, &sized, &live], vec!["200"; 4]),
        (vec![&live, &live.replace('\r', ""), &live], vec!["200", "400"]),
        (vec![&live, &live.replace("localhost\r", "localhost"), &live], vec!["200", "400"]),
        (vec![&sized, &both, &live], vec!["200", "400"]),
        (vec![&live, &live.replace("host:", "host :"), &live], vec!["200", "400"]),
        (vec![&live, &live.replace("host:", "a: b\r\n c: d\r\nhost:"), &live], vec!["200", "400"]),
        (vec![&live, &live.replace("host:", "host: localhost\r\nHost:"), &live], vec!["200", "400"]),
        (vec![&live, &live.replace("host:", "origin: a\r\norigin: a\r\nhost:"), &live], vec!["200", "400"]),
        (vec![&live, &live.replace("host:", "content-length: 0\r\ncontent-length: 0\r\nhost:")], vec!["200", "400"]),
        // The connection ends with a chunked body.
        (vec![&live, &chunked, &live], vec!["200", "200"]),
    ] {
        // One after the other, so that the answers do not depend on how the bytes arrive.
        let mut stream = connect(&server);
        let mut answers = String::new();
        for request in &requests {
            let _ = stream.write_all(request.as_bytes());
            answers.push_str(&answer(&mut stream));
        }
        assert_eq!(statuses(&answers), expected, "{requests:?}: {answers}");
        // In one piece, a request before a refused one may be refused too; nothing after it is answered.
        let joined: String = requests.iter().map(|request| request.as_str()).collect();
        let last = get("/health/live").replace("host:", "connection: close\r\nhost:");
        let answers = rest(send(&server, &(joined + &last)));
        let found = statuses(&answers);
        let is_refused = found.iter().position(|status| *status == "400");
        assert!(is_refused.is_none_or(|at| at + 1 == found.len()), "{requests:?}: {answers}");
        assert_eq!(is_refused.is_some(), expected.contains(&"400"), "{requests:?}: {answers}");
    }
}

/// Reads one answer; nothing if the connection is closed.
fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return String::from_utf8(bytes).unwrap();
            }
        }
        match stream.read(&mut chunk) {
            Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
            _ => return String::from_utf8(bytes).unwrap(),
        }
    }
}

#[test]
fn who_is_still_sending_sees_why_it_is_refused() {
    let server = Server::start(&["--max-body", "1"]);
    let body = "x".repeat(700_000);
    // The service answers when it has read the head.
    for (path, fields, status) in [
        ("/v1/search", "content-type: text/plain\r\n", "415"),
        ("/v1/search", "content-type: application/json\r\norigin: https://elsewhere.example\r\n", "403"),
    ] {
        let request = post(path, &format!("{fields}content-length: 700000\r\n"), "");
        let mut stream = send(&server, &request);
        body.as_bytes().chunks(10_000).for_each(|chunk| stream.write_all(chunk).unwrap());
        assert_eq!(statuses(&rest(stream)), [status]);
    }
}

//! What nobody should send: it is refused, or kept as the text that it is, and the service goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, LINES, Server};

const PROBLEM: &str = "application/problem+json";

/// With one worker, so that a dead one is seen.
fn server() -> Server {
    Server::over(Sandbox::with_papers(), &["--workers", "1", "--max-body", "4"])
}

fn check_lives(server: &Server) {
    assert_eq!(server.call("GET", "/health/ready", &[], "").status, 200);
    assert_eq!(server.post("/v1/search", r#"{"text":"hands","limit":1}"#)["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_bad_record_costs_itself_only() {
    let server = server();
    let words = "word ".repeat(200_000);
    let table = [
        (json!({ "id": "a", "title": "<script>alert(1)</script>" }).to_string(), ""),
        (json!({ "id": "b", "title": "\u{202e}right to left\u{202c} \u{200f}mark" }).to_string(), ""),
        (json!({ "id": "c", "title": "NUL \0, bell \u{7}, \u{1b}[31mred" }).to_string(), ""),
        (json!({ "id": "d", "title": words }).to_string(), "the title is longer than 5000 characters"),
        (json!({ "id": "e", "title": "A", "abstract": words }).to_string(), "the abstract is longer than 200000"),
        (r#"{"id":"f","title":"half a pair: \ud800"}"#.to_owned(), ""),
        (json!({ "id": "../../etc/passwd", "title": "A path" }).to_string(), ""),
        (json!({ "id": "%2e%2e", "title": "Dots" }).to_string(), ""),
        (json!({ "id": "x".repeat(513), "title": "A long id" }).to_string(), "id longer than 512 characters"),
        (json!({ "id": "a\0b", "title": "A bad id" }).to_string(), "id contains control characters"),
        (format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "recursion limit exceeded"),
        (format!(r#"{{"id":"g","title":"A","x":{}1{}}}"#, "[".repeat(99_999), "]".repeat(99_999)), "recursion limit"),
        (r#"{"id":"h","title":"A","votes":1e999}"#.to_owned(), "not JSON"),
        ("null".to_owned(), "found null"),
        (json!({ "id": "last", "title": "A paper like any other" }).to_string(), ""),
    ];
    let body: String = table.iter().map(|(line, _)| format!("{line}\n")).collect();
    let reply = server.call("POST", "/v1/papers", &[LINES], &body);
    let records = reply.lines();
    assert_eq!((reply.status, records.len()), (200, table.len()));
    for ((line, refusal), record) in table.iter().zip(records) {
        let detail = record["problem"]["detail"].as_str().unwrap_or_default();
        let outcome = if refusal.is_empty() { "new" } else { "rejected" };
        assert!(record["outcome"] == outcome && detail.contains(refusal), "{line:.60}: {record}");
        assert!(detail.len() < 300, "{detail}");
    }
    for (path, title) in [
        ("a", "<script>alert(1)</script>"),
        ("c", "NUL , bell , [31mred"),
        ("..%2F..%2Fetc%2Fpasswd", "A path"),
        ("%252e%252e", "Dots"),
    ] {
        let paper = server.get(&format!("/v1/papers/{path}"));
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(paper["title"].as_str().unwrap()).replace(" ,", ","), words(title).replace(" ,", ","));
    }
    check_lives(&server);
}

#[test]
fn requests_are_refused_or_answered_but_break_nothing() {
    let server = server();
    let deep = format!(r#"{{"text":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let (long, many) = ("x".repeat(5 << 20), json!({ "kind": "like", "papers": vec!["x"; 10_000] }).to_string());
    let too_many = json!({ "kind": "like", "papers": vec!["x"; 10_001] }).to_string();
    let long = json!({ "text": long }).to_string();
    let name = format!("/v1/profiles/{}", "n".repeat(201));
    let huge = format!("/v1/papers/{}/similar", "9".repeat(8_000));
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);
    let table: [Case; 33] = [
        ("GET", "/v1/papers/..%2F..%2Fetc%2Fpasswd", &[], "", 404),
        ("GET", "/v1/papers/%2e%2e", &[], "", 404),
        ("GET", "/v1/papers/%2e%2e/similar", &[], "", 404),
        ("GET", "/../../etc/passwd", &[], "", 404),
        ("GET", "/v1/papers/..%00", &[], "", 400),
        ("GET", "/v1/papers/%ff%fe", &[], "", 400),
        ("GET", "/v1/papers/%", &[], "", 404),
        ("GET", &huge, &[], "", 400),
        ("GET", "/v1/papers/x/similar?limit=%ff", &[], "", 400),
        ("GET", "/v1/papers/x/similar?limit=99999999999999999999999", &[], "", 400),
        ("GET", "/v1/papers/x/similar?limit=null", &[], "", 400),
        ("GET", "/v1/papers/x/similar?published_after=-9999-99-99", &[], "", 400),
        ("GET", "/v1/profiles/%ff/feed", &[], "", 400),
        ("DELETE", "/v1/profiles/%F0%28", &[], "", 400),
        ("GET", &name, &[], "", 400),
        ("POST", "/v1/search", &[JSON], &deep, 400),
        // The server hangs up on it: the connection is of no use to the next request.
        ("POST", "/v1/search", &[JSON, ("connection", "close")], &long, 413),
        ("POST", "/v1/search", &[JSON], r#"{"text":"\ud800"}"#, 400),
        ("POST", "/v1/search", &[JSON], r#"{"text":"a","limit":-1}"#, 400),
        ("POST", "/v1/search", &[JSON], r#"{"text":"a","min_score":1e39}"#, 400),
        ("POST", "/v1/search", &[JSON], r#"["a"]"#, 400),
        ("POST", "/v1/search", &[JSON], "\0", 400),
        ("POST", "/v1/search", &[("content-type", "text/html")], "<p>", 415),
        ("POST", "/v1/search", &[("content-type", "multipart/form-data; boundary=x")], "--x--", 415),
        ("POST", "/v1/search", &[("content-type", "application/json/json")], "{}", 415),
        ("POST", "/v1/papers", &[("content-type", "text/csv")], "a,b", 415),
        ("PUT", "/v1/profiles/me", &[JSON], "[]", 400),
        ("POST", "/v1/profiles/me/feedback", &[JSON], &many, 404),
        ("POST", "/v1/profiles/%E2%80%AE/feedback", &[JSON], &many, 400),
        ("POST", "/v1/profiles/me/feedback", &[JSON], &too_many, 400),
        ("POST", "/v1/profiles/me/feedback", &[JSON], r#"{"kind":"like","papers":["x"],"weight":1e999}"#, 400),
        ("POST", "/v1/profiles/me/feedback", &[JSON], r#"{"kind":"like","papers":["x"],"at":"9999-12-32"}"#, 400),
        ("DELETE", "/v1/papers/%3Cscript%3E", &[], "", 404),
    ];
    for (method, path, headers, body, status) in table {
        let reply = match server.try_call(method, path, headers, body) {
            Ok(reply) => reply,
            // Who is still sending when the server hangs up on a body that is too long may not see the answer.
            Err(_) if status == 413 => continue,
            Err(error) => panic!("{method} {path:.60}: {error}"),
        };
        assert_eq!((reply.status, reply.header("content-type")), (status, PROBLEM), "{method} {path:.60} {body:.60}");
        assert!(reply.body.len() < 10_000, "{:.200}", reply.body);
    }
    // What is hostile for a page is a text here.
    for text in
        ["<script>alert(1)</script>", "\u{202e}\u{200f}", "\0\u{1}\u{7f}", "'; DROP TABLE papers; --", "\u{fffd}"]
    {
        let reply = server.call("POST", "/v1/search", &[JSON], &json!({ "text": text }).to_string());
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{text:?}: {}", reply.body);
    }
    check_lives(&server);
}

/// Sends bytes and nothing more; gives all that comes back.
fn send(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    // The service may have hung up before it has read all of it, which is its right.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn broken_http_is_refused() {
    let server = server();
    let head = |path: &str, more: &str| format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
    let json = "content-type: application/json\r\n";
    let flood: String = (0..1_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let chunked = format!("{json}transfer-encoding: chunked\r\n");
    let both = format!("{chunked}content-length: 3\r\n");
    for (request, status, code) in [
        (head("/v1/search", &format!("{json}content-length: 100\r\n")) + r#"{"text":"#, "400", "bad_request"),
        (head("/v1/search", &chunked) + "5\r\n{\"a\":", "400", "bad_request"),
        (head("/v1/search", &chunked) + "zz\r\n{}\r\n0\r\n\r\n", "400", "bad_request"),
        (head("/v1/search", &chunked) + "ffffffffffffffffff\r\n{}", "400", "bad_request"),
        (head("/v1/search", &format!("{json}content-length: 99999999999\r\n")), "400", "bad_request"),
        // What is no request at all is refused before there is anything to say about it.
        (head("/v1/search", &flood), "431", ""),
        (head("/v1/search", &format!("x: {}\r\n", "y".repeat(100_000))), "431", ""),
        (head("/v1/search", "content-length: -1\r\n"), "400", ""),
        (head("/v1/search", &both), "400", "bad_request"),
        ("GET /\0 HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(), "400", ""),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400", ""),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".repeat(100), "400", ""),
    ] {
        let answer = send(&server, request.as_bytes());
        if code.is_empty() && answer.is_empty() {
            // It has hung up on what was still on its way.
            continue;
        }
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.100}: {answer:.300}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let problem: Value = serde_json::from_str(body).unwrap_or_default();
        assert_eq!(problem["code"].as_str().unwrap_or_default(), code, "{request:.100}: {answer:.600}");
    }
    // Half a stream of lines: what was whole is in the library.
    let lines = head("/v1/papers", "content-type: application/x-ndjson\r\ncontent-length: 999\r\n")
        + "{\"id\":\"whole\",\"title\":\"A whole line\"}\n{\"id\":\"half\",";
    let answer = send(&server, lines.as_bytes());
    assert!(answer.contains(r#""id":"whole","outcome":"new""#), "{answer}");
    assert_eq!(server.call("GET", "/v1/papers/half", &[], "").status, 404);
    check_lives(&server);
}

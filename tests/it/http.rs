//! The service's routes: what they answer, and how they refuse.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::answers::ids;
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, LINES, Server};

#[test]
fn the_service_answers_as_the_program_does() {
    let server = Server::start(&[]);
    let answer = server.post("/v1/search", r#"{"text":"robots that use tools","limit":10}"#);
    let printed = server.sandbox.json(&[
        "search",
        "robots that use tools",
        "-n",
        "10",
        "--min-relevance",
        "far",
        "--format",
        "json",
    ]);
    assert_eq!(ids(&answer), ids(&printed));
    assert_eq!(answer["results"][0]["breakdown"], printed["results"][0]["breakdown"]);
    let id = &ids(&answer)[0];
    let similar = server.get(&format!("/v1/papers/{id}/similar?limit=5"));
    assert_eq!(
        ids(&similar),
        ids(&server.sandbox.json(&["similar", id, "-n", "5", "--min-relevance", "far", "--format", "json"]))
    );
    assert_eq!(ids(&similar), ids(&server.post(&format!("/v1/papers/{id}/similar"), r#"{"limit":5}"#)));
    let liked = json!({ "positive": [id], "limit": 5 }).to_string();
    assert_eq!(ids(&similar), ids(&server.post("/v1/recommend", &liked)));
    let status = server.get("/v1/status");
    assert_eq!((&status["papers"], &status["model"]["dimension"]), (&json!(40), &json!(384)));
}

#[test]
fn refusals_have_codes() {
    let server = Server::start(&["--max-results", "50", "--max-body", "1"]);
    let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(1 << 20));
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);
    let table: [Case; 24] = [
        ("GET", "/nowhere", &[], "", 404, "not_found"),
        ("PUT", "/v1/search", &[JSON], "{}", 405, "method_not_allowed"),
        ("POST", "/v1/search", &[], "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/search", &[("content-type", "text/plain")], "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/search", &[JSON, ("content-encoding", "gzip")], "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/search", &[JSON], "{", 400, "bad_request"),
        ("POST", "/v1/search", &[JSON], "{}", 400, "bad_request"),
        ("POST", "/v1/search", &[JSON], r#"{"text":" "}"#, 400, "bad_request"),
        ("POST", "/v1/search", &[JSON], r#"{"text":"a","limit":51}"#, 400, "bad_request"),
        ("POST", "/v1/search", &[JSON], r#"{"text":"a","cursor":"AAAA"}"#, 400, "bad_request"),
        ("POST", "/v1/search", &[JSON], &long, 413, "too_large"),
        ("POST", "/v1/recommend", &[JSON], "{}", 422, "history_too_short"),
        ("GET", "/v1/papers/nothing", &[], "", 404, "paper_not_found"),
        ("GET", "/v1/papers/nothing/similar", &[], "", 404, "paper_not_found"),
        ("GET", "/v1/papers/a/similar?limt=3", &[], "", 400, "bad_request"),
        ("DELETE", "/v1/papers/nothing", &[], "", 404, "paper_not_found"),
        ("GET", "/v1/papers/%00", &[], "", 400, "bad_request"),
        ("GET", "/v1/profiles/nobody", &[], "", 404, "profile_not_found"),
        ("GET", "/v1/profiles/nobody/feed", &[], "", 404, "profile_not_found"),
        ("POST", "/v1/profiles/nobody/feed", &[], "", 404, "profile_not_found"),
        ("POST", "/v1/profiles/nobody/feed?limit=1", &[JSON], "{}", 400, "bad_request"),
        ("POST", "/v1/profiles/nobody/feed", &[("content-type", "text/plain")], "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/profiles/me/feedback", &[JSON], r#"{"kind":"like","papers":["x"]}"#, 404, "paper_not_found"),
        ("POST", "/v1/profiles/me/feedback", &[JSON], r#"{"kind":"love","papers":["x"]}"#, 400, "bad_request"),
    ];
    for (method, path, headers, body, status, code) in table {
        let reply = server.call(method, path, headers, body);
        assert_eq!(reply.status, status, "{method} {path} {body:.60}: {}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)));
        assert_eq!(problem["type"], format!("urn:paperkin:problem:{code}"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    assert_eq!(server.call("PUT", "/v1/search", &[JSON], "{}").header("allow"), "POST,GET,HEAD");
}

#[test]
fn pages_follow_each_other() {
    let server = Server::start(&[]);
    let whole = ids(&server.post("/v1/search", r#"{"text":"learning","limit":40}"#));
    let (mut pages, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = server.post("/v1/search", &json!({ "text": "learning", "limit": 15, "cursor": cursor }).to_string());
        pages.extend(ids(&page));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(pages, whole);
    let first = server.post("/v1/search", r#"{"text":"learning","limit":15}"#);
    let next = |text: &str| json!({ "text": text, "limit": 15, "cursor": first["next_cursor"] }).to_string();
    assert_eq!(server.call("POST", "/v1/search", &[JSON], &next("another")).status, 400);
    server.call("POST", "/v1/papers", &[LINES], r#"{"id":"new","title":"Learning"}"#);
    let outdated = server.call("POST", "/v1/search", &[JSON], &next("learning"));
    assert_eq!((outdated.status, &outdated.json()["code"]), (410, &json!("cursor_outdated")));
}

#[test]
fn papers_go_in_and_out() {
    let server = Server::over(Sandbox::with_papers(), &[]);
    let lines = "{\"id\":\"10.1/aB\",\"title\":\"Levers\"}\n\nnonsense\n{\"id\":\"doi:10.1/ab\",\"title\":\"Levers\"}\n\
                 {\"id\":\"10.1/ab\",\"title\":\"Pulleys\"}";
    let reply = server.call("POST", "/v1/papers", &[LINES], lines);
    let outcomes: Vec<(Value, Value)> =
        reply.lines().into_iter().map(|line| (line["line"].clone(), line["outcome"].clone())).collect();
    let expected = [(1, "new"), (3, "rejected"), (4, "unchanged"), (5, "updated")];
    assert_eq!(outcomes, expected.map(|(line, outcome)| (json!(line), json!(outcome))));
    let paper = "/v1/papers/10.1%2FAB";
    let reply = server.call("GET", paper, &[], "");
    assert_eq!((&reply.json()["title"], &reply.json()["id"]), (&json!("Pulleys"), &json!("doi:10.1/ab")));
    let again = [("if-none-match", reply.header("etag"))];
    assert_eq!(server.call("GET", paper, &again, "").status, 304);
    // What another process does is seen by the next question.
    let file = server.sandbox.file("more.jsonl", r#"{"id":"more","title":"Winches and pulleys"}"#);
    assert_eq!(server.sandbox.run(&["add", &file]).code, 0);
    assert_eq!(server.call("GET", paper, &again, "").status, 200);
    let like = server.get(&format!("{paper}/similar?limit=1"));
    assert_eq!(ids(&like), ["more"]);
    assert_eq!(server.call("DELETE", paper, &[], "").status, 204);
    assert_eq!(server.call("GET", paper, &[], "").status, 404);
}

#[test]
fn a_batch_is_answered_line_by_line() {
    let server = Server::start(&[]);
    let lines =
        "{\"id\":\"a\",\"text\":\"hands\",\"limit\":2}\nnonsense\n{\"id\":\"b\"}\n{\"id\":\"c\",\"text\":\"words\"}";
    let reply = server.call("POST", "/v1/recommend/batch", &[LINES], lines);
    let lines = reply.lines();
    let found: Vec<Value> = lines
        .iter()
        .map(|line| if line["id"].is_null() { line["problem"]["code"].clone() } else { line["id"].clone() })
        .collect();
    assert_eq!(found, ["a", "bad_request", "history_too_short", "c"]);
    assert_eq!(ids(&lines[0]), ids(&server.post("/v1/search", r#"{"text":"hands","limit":2}"#)));
}

#[test]
fn a_profile_has_feedback_and_a_feed() {
    let server = Server::start(&[]);
    let some = ids(&server.post("/v1/search", r#"{"text":"robots","limit":4}"#));
    assert_eq!(server.call("PUT", "/v1/profiles/a%20b", &[JSON], r#"{"authors":["Ada Example"]}"#).status, 200);
    let feedback = |kind: &str, papers: &[&String]| {
        server.post("/v1/profiles/a%20b/feedback", &json!({ "kind": kind, "papers": papers }).to_string())
    };
    feedback("like", &[&some[0], &some[1]]);
    feedback("dislike", &[&some[2]]);
    feedback("seen", &[&some[3]]);
    assert_eq!(feedback("undo", &[&some[1], &some[3]])["not_found"], json!([some[3]]));
    let profile = server.get("/v1/profiles/a%20b");
    let kinds: Vec<&Value> = profile["history"].as_array().unwrap().iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds.len(), 2);
    assert_eq!(
        (&profile["authors"], server.get("/v1/profiles")),
        (&json!(["Ada Example"]), json!({ "profiles": ["a b"] }))
    );
    let feed = ids(&server.get("/v1/profiles/a%20b/feed?limit=40&min_relevance=far&since=2000-01-01"));
    assert!(feed.contains(&some[1]) && [0, 2, 3].iter().all(|place| !feed.contains(&some[*place])), "{feed:?}");
    assert_eq!(
        ids(&server.get("/v1/profiles/a%20b/feed?limit=40&min_relevance=far&since=2000-01-01")),
        feed,
        "reading it records nothing"
    );
    assert_eq!(
        ids(&server.post("/v1/profiles/a%20b/feed", r#"{"limit":40,"min_relevance":"far","since":"2000-01-01"}"#)),
        feed
    );
    assert_eq!(ids(&server.get("/v1/profiles/a%20b/feed")).len(), 0);
    // The last feed once more, with what was seen elsewhere too.
    let last = "/v1/profiles/a%20b/feed?again=true&limit=40&min_relevance=far&published_after=2000-01-01";
    let again = ids(&server.call("POST", last, &[], "").json());
    assert_eq!(again, ids(&server.get(last)));
    assert!(feed.iter().all(|id| again.contains(id)), "{feed:?} {again:?}");
    assert_eq!(server.call("DELETE", "/v1/profiles/a%20b", &[], "").status, 204);
    assert_eq!(server.get("/v1/profiles"), json!({ "profiles": [] }));
}

#[test]
fn the_description_has_all_routes() {
    let server = Server::start(&[]);
    let description = server.get("/openapi.json");
    assert_eq!(description["openapi"], "3.1.0");
    let paths: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
    for path in
        ["/v1/search", "/v1/papers/{id}/similar", "/v1/profiles/{id}/feedback", "/v1/embeddings", "/health/live"]
    {
        assert!(paths.iter().any(|known| *known == path), "{path}: {paths:?}");
    }
    for operation in
        description["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        let types = operation["responses"]["default"]["content"].as_object().unwrap();
        let expected =
            if operation["tags"] == json!(["compatible"]) { "application/json" } else { "application/problem+json" };
        assert!(types.contains_key(expected), "{operation}");
    }
    // Types of one name would be one type.
    for (path, field) in [("/embed", "inputs"), ("/v1/embeddings", "input")] {
        let body = &description["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let schema = description.pointer(body.as_str().unwrap().trim_start_matches('#')).unwrap();
        assert!(schema["properties"][field].is_object(), "{path}: {schema}");
    }
    // Every reference leads somewhere.
    let text = description.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(description["components"]["schemas"][reference].is_object(), "{reference}");
    }
}

#[test]
fn the_service_is_counted() {
    let server = Server::start(&[]);
    server.post("/v1/search", r#"{"text":"hands"}"#);
    let text = server.call("GET", "/metrics", &[], "").body;
    for line in [
        r#"paperkin_http_requests_total{method="POST",route="/v1/search",status="200"} 1"#,
        r#"paperkin_http_request_duration_seconds_count{route="/v1/search"} 1"#,
        "paperkin_embedded_texts_total 1",
        "paperkin_index_papers 40",
        "paperkin_library_generation 1",
        r#"paperkin_queue_jobs{queue="workers"} 0"#,
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
}

#[test]
fn what_was_begun_is_finished() {
    let mut server = Server::start(&[]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let line = r#"{"text":"hands","limit":1}"#;
    let head = format!(
        "POST /v1/recommend/batch HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
        server.address,
        2 * line.len() + 1
    );
    writeln!(stream, "{head}{line}").unwrap();
    // The head of the answer: the request is in flight.
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, b"HTTP/1.1 200");
    server.signal("TERM");
    stream.write_all(line.as_bytes()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.matches("\"results\"").count(), 2, "{rest}");
    assert_eq!(server.exit_code(), 0);
}

#[test]
fn a_backup_is_a_library() {
    let server = Server::start(&[]);
    let restored = Sandbox::new();
    std::fs::create_dir(restored.library()).unwrap();
    let copy = restored.library().join("library.sqlite3");
    assert_eq!(server.sandbox.run(&["backup", copy.to_str().unwrap()]).code, 0);
    assert_eq!(restored.json(&["status", "--format", "json"])["papers"], 40);
    assert_eq!(server.sandbox.run(&["backup", "/nowhere/at/all"]).code, 1);
}

#[test]
fn many_ask_at_once() {
    let server = Server::start(&["--workers", "2"]);
    let expected = ids(&server.post("/v1/search", r#"{"text":"hands","limit":5}"#));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(ids(&server.post("/v1/search", r#"{"text":"hands","limit":5}"#)), expected);
                }
            });
        }
    });
    let text = server.call("GET", "/metrics", &[], "").body;
    assert!(text.contains("paperkin_embedded_texts_total 41\n"), "{text}");
}

#[test]
fn a_library_can_begin_empty() {
    let server = Server::over(Sandbox::new(), &[]);
    assert_eq!(ids(&server.post("/v1/search", r#"{"text":"hands"}"#)).len(), 0);
    let reply = server.call("POST", "/v1/papers", &[LINES], r#"{"id":"a","title":"Two hands"}"#);
    assert_eq!(reply.lines()[0]["outcome"], "new");
    assert_eq!(ids(&server.post("/v1/search", r#"{"text":"hands"}"#)), ["a"]);
}

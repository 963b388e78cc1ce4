//! The OpenAPI description: what generators of clients need, and examples that are answered. `.ci/conformance` checks
//! the description with tools that are not of Rust.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::support::server::{JSON, LINES, Server};

/// The methods, paths and operations of a description.
fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = description["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |item| (path, item)));
    all.map(|(path, (method, operation))| (method.as_str(), path.as_str(), operation)).collect()
}

/// The URL and the body of an operation's examples, with the type of the body.
fn example_request(path: &str, operation: &Value) -> (String, Vec<(String, String)>) {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let (mut url, mut query) = (path.to_owned(), Vec::new());
    for parameter in parameters.filter(|parameter| !parameter["example"].is_null()) {
        let (name, example) = (parameter["name"].as_str().unwrap(), &parameter["example"]);
        let text = match example {
            Value::String(text) => text.replace(' ', "+"),
            Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        };
        match parameter["in"].as_str() {
            Some("path") => url = url.replace(&format!("{{{name}}}"), &text),
            _ => query.push(format!("{name}={text}")),
        }
    }
    let url = if query.is_empty() { url } else { format!("{url}?{}", query.join("&")) };
    let bodies = operation["requestBody"]["content"].as_object().cloned().unwrap_or_else(Map::new);
    (url, bodies.into_iter().map(|(media, content)| (media, content["example"].to_string())).collect())
}

#[test]
fn every_operation_has_a_name_a_text_and_an_example() {
    let description = Server::start(&[]).get("/openapi.json");
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&description) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id}: the id of several operations");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}: no {text}");
        }
        assert!(operation.to_string().contains("\"example\""), "{method} {path}: no example");
    }
    let text = description.to_string();
    assert!(!text.contains("prefixItems"), "a tuple is no object");
    for scheme in ["token", "password"] {
        let scheme = &description["components"]["securitySchemes"][scheme];
        assert!(scheme["description"].as_str().unwrap().contains("scope"), "{scheme}");
    }
}

#[test]
fn the_examples_of_requests_are_answered() {
    let server = Server::start(&[]);
    let description = server.get("/openapi.json");
    let mut all = operations(&description);
    // The paper, the profile and the report of the examples are created first and removed last.
    all.sort_by_key(|(method, path, _)| match (*method, *path) {
        ("post", "/v1/papers") => 0,
        ("post", "/v1/profiles/{id}/feedback" | "/v1/reports") => 1,
        ("delete", _) => 3,
        _ => 2,
    });
    let mut report = String::new();
    for (method, path, operation) in all {
        let (url, bodies) = example_request(path, operation);
        let url = url.replace("0f1e2d3c4b5a6978", &report);
        let bodies = if bodies.is_empty() { vec![(String::new(), String::new())] } else { bodies };
        for (media, body) in bodies {
            let headers = match media.as_str() {
                "" => vec![],
                "application/x-ndjson" => vec![LINES],
                _ => vec![JSON],
            };
            let reply = server.call(&method.to_uppercase(), &url, &headers, &body);
            assert!([200, 202, 204].contains(&reply.status), "{method} {url} {body}: {} {}", reply.status, reply.body);
            if reply.status == 202 {
                report = reply.json()["id"].as_str().unwrap().to_owned();
                while server.get(&format!("/v1/reports/{report}"))["state"] != "finished" {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
        }
    }
}

#[test]
fn a_body_without_a_line_that_can_be_used_is_refused() {
    let server = Server::start(&[]);
    for (path, bad, good) in [
        ("/v1/papers", r#"{"id":"a"}"#, r#"{"id":"a","title":"Levers"}"#),
        ("/v1/recommend/batch", "{}", r#"{"text":"levers"}"#),
    ] {
        let status = |lines: &[&str]| {
            let reply = server.call("POST", path, &[LINES], &lines.join("\n"));
            assert_eq!(reply.lines().len(), lines.len(), "{path} {lines:?}");
            reply.status
        };
        assert_eq!(status(&[bad]), 422, "{path}");
        assert_eq!(status(&[bad, bad]), 422, "{path}");
        assert_eq!(status(&[bad, good]), 200, "{path}");
        assert_eq!(status(&[]), 200, "{path}: nothing was refused");
        // What comes later is not waited for.
        assert_eq!(status(&[bad; 101]), 200, "{path}");
    }
}

#[test]
fn one_record_is_json() {
    let server = Server::start(&[]);
    let add = |body: &str| {
        let reply = server.call("POST", "/v1/papers", &[JSON], body);
        (reply.status, reply.json())
    };
    let body = "{\n  \"id\": \"a\",\n  \"title\": \"Levers\"\n}\n";
    assert_eq!(add(body), (200, json!({ "line": 1, "id": "a", "outcome": "new" })));
    assert_eq!(add(body).1["outcome"], "unchanged");
    let (status, answer) = add(r#"{"id":"a"}"#);
    assert_eq!((status, &answer["outcome"]), (422, &json!("rejected")));
    assert_eq!(answer["problem"]["detail"], "no title and no abstract");
    // Its fields have the types of the description; lines have those of their source.
    let votes = r#"{"id":"b","title":"Pulleys","upvotes":"3"}"#;
    let (status, answer) = add(votes);
    assert_eq!((status, &answer["code"]), (400, &json!("bad_request")), "{answer}");
    assert_eq!(server.call("POST", "/v1/papers", &[LINES], votes).lines()[0]["outcome"], "new");
    let whole =
        r#"{"id":"c","title":"Winches","votes":3.0,"references":["a",{"title":"Ropes","year":1999}],"url":null}"#;
    assert_eq!(add(whole).0, 200);
    assert_eq!(server.get("/v1/papers/c")["votes"], 3);
}

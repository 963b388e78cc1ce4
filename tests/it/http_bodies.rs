//! Request bodies as the service describes them: a field that is `null` counts as absent, and every list and every text
//! has a limit, beyond which it is refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::server::{JSON, LINES, Server};

/// A request that is answered: its method, its path as described, its path, and its body.
type Example = (&'static str, &'static str, &'static str, &'static str);

/// One for every operation with a body. `PAPER` is the id of a paper.
const EXAMPLES: [Example; 14] = [
    ("POST", "/embed", "/embed", r#"{"inputs":"hands"}"#),
    ("POST", "/graph/v1/paper/batch", "/graph/v1/paper/batch", r#"{"ids":["PAPER"]}"#),
    ("POST", "/recommendations/v1/papers/", "/recommendations/v1/papers/", r#"{"positivePaperIds":["PAPER"]}"#),
    ("POST", "/v1/embeddings", "/v1/embeddings", r#"{"input":"hands","model":"all-MiniLM-L6-v2"}"#),
    ("POST", "/v1/papers", "/v1/papers", r#"{"id":"new","title":"Two hands","source":"test"}"#),
    ("POST", "/v1/papers/{id}/similar", "/v1/papers/PAPER/similar", r#"{"limit":2}"#),
    ("PUT", "/v1/profiles/{id}", "/v1/profiles/me", "{}"),
    ("POST", "/v1/profiles/{id}/feed", "/v1/profiles/me/feed", r#"{"limit":2}"#),
    ("POST", "/v1/profiles/{id}/feedback", "/v1/profiles/me/feedback", r#"{"kind":"like","papers":["PAPER"]}"#),
    ("POST", "/v1/profiles/{id}/interests", "/v1/profiles/me/interests", r#"{"interest":"robots","name":"robots"}"#),
    ("POST", "/v1/recommend", "/v1/recommend", r#"{"positive":[{"id":"PAPER"}]}"#),
    ("POST", "/v1/recommend/batch", "/v1/recommend/batch", r#"{"positive":["PAPER"],"negative":[{"title":"Hands"}]}"#),
    ("POST", "/v1/reports", "/v1/reports", r#"{"after":"2024-01-01"}"#),
    ("POST", "/v1/search", "/v1/search", r#"{"text":"hands"}"#),
];

/// The service, with its description.
struct Described {
    server: Server,
    description: Value,
    paper: String,
}

impl Described {
    fn start() -> Described {
        let server = Server::start(&[]);
        let description = server.get("/openapi.json");
        let found = server.post("/v1/search", r#"{"text":"robots","limit":1}"#);
        let paper = found["results"][0]["paper"]["id"].as_str().unwrap().to_owned();
        Described { server, description, paper }
    }

    /// The methods and paths of the operations with a body.
    fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.description["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |item| (path, item)));
        let with_body = operations.filter(|(_, (_, operation))| operation["requestBody"].is_object());
        with_body.map(|(path, (method, _))| (method.to_uppercase(), path.clone())).collect()
    }

    fn body_schema(&self, method: &str, path: &str) -> &Value {
        let body = &self.description["paths"][path][method.to_lowercase()]["requestBody"];
        &body["content"].as_object().unwrap().values().next().unwrap()["schema"]
    }

    /// The schemas that a schema is made of.
    fn parts<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.parts(self.description.pointer(&reference[1..]).unwrap());
        }
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|name| schema[name].as_array()).flatten();
        parts.flat_map(|part| self.parts(part)).chain([schema]).collect()
    }

    fn is_nullable(&self, field: &Value) -> bool {
        let is_null = |part: &Value| {
            part["type"] == "null" || part["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
        };
        self.parts(field).into_iter().any(is_null)
    }

    /// A body with all its other fields, at every depth, as `null`.
    fn with_nulls(&self, schema: &Value, body: &Value) -> Value {
        let mut body = body.clone();
        for part in self.parts(schema) {
            if let Value::Array(items) = &mut body {
                items.iter_mut().for_each(|item| *item = self.with_nulls(&part["items"], item));
            }
            let (Value::Object(fields), Some(properties)) = (&mut body, part["properties"].as_object()) else {
                continue;
            };
            for (name, field) in properties {
                let value = fields.entry(name).or_insert(Value::Null);
                *value = self.with_nulls(field, value);
                let required = part["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
                assert!(required != self.is_nullable(field), "`{name}`: {field}");
            }
        }
        body
    }

    /// Sends a body to a service that has forgotten the ones before. Gives the status, and what does not differ from call
    /// to call.
    fn answer(&self, (method, _, path, _): Example, body: &Value) -> (u16, Value) {
        self.server.call("DELETE", "/v1/profiles/me", &[], "");
        if path.ends_with("/feed") || path.ends_with("/interests") {
            let like = json!({ "kind": "like", "papers": [self.paper], "interest": "robots" }).to_string();
            assert_eq!(self.server.post("/v1/profiles/me/feedback", &like)["papers"], json!([self.paper]));
        }
        let headers = if path == "/v1/recommend/batch" { [LINES] } else { [JSON] };
        let reply = self.server.call(method, &path.replace("PAPER", &self.paper), &headers, &body.to_string());
        let mut answer = reply.json();
        if let Some(fields) = answer.as_object_mut() {
            fields.retain(|name, _| !["took_ms", "generation"].contains(&name.as_str()));
        }
        if let (Some(_), Some(id)) = (answer["outcome"].as_str(), answer["id"].as_str()) {
            assert_eq!(self.server.call("DELETE", &format!("/v1/papers/{id}"), &[], "").status, 204);
        }
        if let (202, Some(id)) = (reply.status, answer["id"].as_str()) {
            assert_eq!(self.server.call("DELETE", &format!("/v1/reports/{id}"), &[], "").status, 204);
            answer["id"] = Value::Null;
        }
        (reply.status, answer)
    }
}

/// Whether a body, or a line, was refused.
fn is_refused((status, answer): &(u16, Value)) -> bool {
    ![200, 202].contains(status) || answer["problem"].is_object()
}

/// Leaves out where in the body an error is.
fn without_position(answer: &str) -> String {
    let (before, after) = answer.split_once(" at line 1 column ").unwrap_or((answer, ""));
    format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[test]
fn null_is_absent_in_every_body() {
    let service = Described::start();
    let examples = EXAMPLES.map(|(method, path, ..)| (method.to_owned(), path.to_owned()));
    assert_eq!(service.operations(), examples.into(), "every operation with a body has an example");
    for example in EXAMPLES {
        let (method, path, _, body) = example;
        let body: Value = serde_json::from_str(&body.replace("PAPER", &service.paper)).unwrap();
        let expected = service.answer(example, &body);
        assert!(!is_refused(&expected), "{method} {path} {body}: {expected:?}");
        let nulls = service.with_nulls(service.body_schema(method, path), &body);
        assert_eq!(service.answer(example, &nulls), expected, "{method} {path} {nulls}");
        // What the answer needs is missed in the same words.
        for name in body.as_object().unwrap().keys() {
            let (mut null, mut absent) = (body.clone(), body.clone());
            null[name] = Value::Null;
            absent.as_object_mut().unwrap().remove(name);
            let [null_answer, absent_answer] = [&null, &absent].map(|body| service.answer(example, body));
            assert_eq!(null_answer.0, absent_answer.0, "{method} {path} {null}");
            let words = [null_answer.1, absent_answer.1].map(|answer| without_position(&answer.to_string()));
            assert_eq!(words[0], words[1], "{method} {path} {null}");
        }
        // A field that is not known is refused, or not, as with another value.
        let [null, other] = [Value::Null, json!(1)].map(|value| {
            let mut body = body.clone();
            body["unknown"] = value;
            is_refused(&service.answer(example, &body))
        });
        assert_eq!(null, other, "{method} {path}");
    }
}

/// The lists and texts within a schema that have no limit.
fn unlimited(service: &Described, schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in service.parts(schema) {
        let is = |kind: &str| {
            part["type"] == kind || part["type"].as_array().is_some_and(|types| types.contains(&json!(kind)))
        };
        let is_limited = |limit: &str| [limit, "enum", "format", "const"].iter().any(|name| !part[name].is_null());
        if is("array") {
            found.extend((!is_limited("maxItems")).then(|| place.to_owned()));
            found.extend(unlimited(service, &part["items"], &format!("{place}[]")));
        }
        found.extend((is("string") && !is_limited("maxLength")).then(|| place.to_owned()));
        for (name, field) in part["properties"].as_object().into_iter().flatten() {
            found.extend(unlimited(service, field, &format!("{place}.{name}")));
        }
    }
    found
}

/// The first value of a keyword in the parts of a schema.
fn keyword(service: &Described, schema: &Value, name: &str) -> Option<u64> {
    service.parts(schema).into_iter().find_map(|part| part[name].as_u64())
}

/// Something that a list may contain.
fn an_item(service: &Described, list: &Value) -> Value {
    let items = service.parts(list).into_iter().find_map(|part| part.get("items")).unwrap();
    let known = service.parts(items).into_iter().find_map(|part| Some(part["enum"].as_array()?[0].clone()));
    known.unwrap_or_else(|| json!(service.paper))
}

#[test]
fn every_list_and_every_text_has_a_limit() {
    let service = Described::start();
    for example in EXAMPLES {
        let (method, path, _, body) = example;
        let schema = service.body_schema(method, path);
        assert_eq!(unlimited(&service, schema, ""), [""; 0], "{method} {path}");
        let fields = service.parts(schema).into_iter().filter_map(|part| part["properties"].as_object()).flatten();
        for (name, field) in fields {
            let text = keyword(&service, field, "maxLength").map(|most| json!("x".repeat(most as usize + 1)));
            let list = keyword(&service, field, "maxItems");
            let list = list.map(|most| json!(vec![an_item(&service, field); most as usize + 1]));
            for value in [text, list].into_iter().flatten() {
                let mut body: Value = serde_json::from_str(&body.replace("PAPER", &service.paper)).unwrap();
                body[name] = value;
                let answer = service.answer(example, &body);
                assert!(is_refused(&answer) && answer.0 < 500, "{method} {path}: `{name}`: {answer:?}");
                let problem = answer.1.to_string();
                assert!(problem.contains(name.trim_start_matches("against_")), "{method} {path}: `{name}`: {problem}");
            }
        }
    }
}

/// Characters that are not shown, each of its kind: some are left out of what is stored, some are white space.
const HARDLY_VISIBLE: [&str; 9] =
    [" ", "\u{85}", "\u{0}", "\u{7f}", "\u{202e}", "\u{2066}", "\u{feff}", "\u{ffff}", "."];

#[test]
fn a_text_of_the_pattern_is_taken_and_a_blank_one_is_not() {
    let service = Described::start();
    let mut patterns = 0;
    for example in EXAMPLES {
        let (method, path, _, body) = example;
        let fields = service.parts(service.body_schema(method, path));
        for (name, field) in fields.into_iter().filter_map(|part| part["properties"].as_object()).flatten() {
            let items = service.parts(field).into_iter().find_map(|part| part.get("items"));
            let pattern = service.parts(items.unwrap_or(field)).into_iter().find_map(|part| part["pattern"].as_str());
            // Days have a pattern beside their format.
            let Some(pattern) = pattern.filter(|pattern| !pattern.starts_with("^(1")) else { continue };
            let pattern = regex::Regex::new(pattern).unwrap();
            patterns += 1;
            for text in HARDLY_VISIBLE {
                let mut body: Value = serde_json::from_str(&body.replace("PAPER", &service.paper)).unwrap();
                body[name] = if items.is_some() { json!([text]) } else { json!(text) };
                let answer = service.answer(example, &body);
                if pattern.is_match(text) {
                    assert!(!is_refused(&answer) || answer.0 == 404, "{method} {path}: `{name}` {text:?}: {answer:?}");
                }
            }
            assert!(!pattern.is_match(" "), "{method} {path}: `{name}`");
        }
    }
    assert!(patterns >= 10, "{patterns} fields have patterns");
}

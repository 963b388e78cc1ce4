//! The forms of other services, asked by their own clients where Python has them.

use std::process::Command;

use serde_json::json;

use crate::support::prerequisites;
use crate::support::server::{JSON, Server};

#[test]
fn other_forms_are_answered_and_refused_in_their_words() {
    let server = Server::start(&[]);
    let embedding = server.post("/v1/embeddings", r#"{"model":"all-MiniLM-L6-v2","input":["a","b c"]}"#);
    let numbers = embedding["data"][1]["embedding"].as_array().unwrap();
    assert_eq!((numbers.len(), &embedding["usage"]["total_tokens"]), (384, &json!(7)));
    assert_eq!(server.post("/embed", r#"{"inputs":"b c"}"#)[0], embedding["data"][1]["embedding"]);
    for body in [r#"{"inputs":"b c","prompt_name":"query"}"#, r#"{"inputs":"b c","prompt_name":"document"}"#] {
        assert_eq!(server.post("/embed", body)[0], embedding["data"][1]["embedding"], "a model without prompts");
    }
    assert_eq!(server.get("/info")["model_id"], server.get("/v1/models")["data"][0]["id"]);
    let id = &server.post("/v1/search", r#"{"text":"a","limit":1}"#)["results"][0]["paper"]["id"];
    let body = json!({ "positivePaperIds": [id], "negativePaperIds": null }).to_string();
    for path in ["/recommendations/v1/papers?limit=3", "/recommendations/v1/papers/?limit=3"] {
        assert_eq!(server.post(path, &body)["recommendedPapers"].as_array().map(Vec::len), Some(3));
    }
    for (path, body, status, pointer, expected) in [
        ("/v1/embeddings", r#"{"model":"other","input":"a"}"#, 404, "/error/type", "invalid_request_error"),
        ("/v1/embeddings", r#"{"model":"all-MiniLM-L6-v2","input":[[1,2]]}"#, 400, "/error/code", "bad_request"),
        ("/v1/embeddings", r#"{"model":"all-MiniLM-L6-v2","input":[]}"#, 400, "/error/code", "bad_request"),
        ("/v1/embeddings", "{", 400, "/error/type", "invalid_request_error"),
        ("/embed", r#"{"inputs":"a","prompt_name":"x"}"#, 400, "/error_type", "Validation"),
        ("/embed", r#"{"inputs":[]}"#, 400, "/error_type", "Validation"),
        ("/embed", r#"{"inputs":"a","normalize":false}"#, 400, "/error_type", "Validation"),
        (
            "/recommendations/v1/papers/",
            r#"{"positivePaperIds":["CorpusId:1"]}"#,
            404,
            "/error",
            "paper `CorpusId:1` not found",
        ),
        (
            "/recommendations/v1/papers/",
            r#"{"positivePaperIds":null}"#,
            400,
            "/error",
            "in the body: missing field `positivePaperIds`",
        ),
        (
            "/recommendations/v1/papers/",
            r#"{"positivePaperIds":[]}"#,
            400,
            "/error",
            "`positivePaperIds` must not be empty",
        ),
    ] {
        let reply = server.call("POST", path, &[JSON], body);
        let found = reply.json().pointer(pointer).cloned();
        assert_eq!((reply.status, found), (status, Some(json!(expected))), "{path} {body}: {}", reply.body);
        assert_eq!(reply.header("content-type"), "application/json");
    }
}

#[test]
fn clients_of_other_services_can_ask() {
    let Some(python) = prerequisites::python() else { return };
    let server = Server::start(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clients.py");
    let run = Command::new(python).arg(script).arg(format!("http://{}", server.address)).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "{}{}", said(&run.stdout), said(&run.stderr));
}

//! Feeds for feed readers.

use crate::support::prerequisites;
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The path of a profile's Atom feed, from the page of profiles, where it was made.
fn path(server: &Server) -> String {
    let mut page = server.call("GET", "/profiles", &[], "").body;
    if !page.contains("href=\"/feeds/") {
        assert_eq!(server.call("POST", "/profiles/renew", &[FORM], "").status, 200);
        page = server.call("GET", "/profiles", &[], "").body;
    }
    let path = page.split("href=\"/feeds/").nth(1).expect("a feed").split('"').next().unwrap();
    format!("/feeds/{path}")
}

fn like_something(server: &Server) {
    let found = server.call("POST", "/v1/search", &[JSON], r#"{"text":"instruction tuning","limit":1}"#).body;
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let body = serde_json::json!({"kind": "like", "papers": [found["results"][0]["paper"]["id"]]}).to_string();
    assert_eq!(server.call("POST", "/v1/profiles/me/feedback", &[JSON], &body).status, 200);
}

#[test]
fn a_profile_has_feeds_that_stay_new() {
    let server = Server::start(&[]);
    like_something(&server);
    let atom = path(&server);
    let read = server.call("GET", &atom, &[], "");
    assert_eq!(
        (read.status, read.headers["content-type"].to_str().unwrap()),
        (200, "application/atom+xml; charset=utf-8")
    );
    assert!(read.body.contains("<entry>") && read.body.contains("Near “"), "{}", read.body);
    assert_eq!(server.call("GET", &atom, &[], "").body, read.body, "reading it is no look");
    let shown: Vec<&str> = read.body.split("<id>urn:paperkin:paper:").skip(1).collect();
    let shown: Vec<&str> = shown.iter().map(|entry| entry.split("</id>").next().unwrap()).collect();
    let done = format!("generation=9&papers={}", shown[..3].join("%0A"));
    assert_eq!(server.call("POST", "/done", &[FORM], &done).status, 200);
    assert_eq!(server.call("GET", &atom, &[], "").body, read.body, "what was read on the page stays");
    let tag = read.headers["etag"].to_str().unwrap();
    assert_eq!(server.call("GET", &atom, &[("if-none-match", tag)], "").status, 304);
    let rss = server.call("GET", &atom.replace(".atom", ".rss"), &[], "").body;
    assert!(rss.contains("<rss version=\"2.0\"") && rss.contains("<guid isPermaLink=\"false\">urn:paperkin:paper:"));
    let json: serde_json::Value =
        serde_json::from_str(&server.call("GET", &atom.replace(".atom", ".json"), &[], "").body).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(rss.matches("<item>").count(), json["items"].as_array().unwrap().len());
}

#[test]
fn nobody_reads_a_feed_without_its_token() {
    let server = Server::start(&[]);
    like_something(&server);
    assert_eq!(server.call("GET", "/feeds/me.atom?token=", &[], "").status, 404, "before there is a token");
    let atom = path(&server);
    let (file, token) = atom.split_once("?token=").unwrap();
    for wrong in [
        file.to_owned(),
        format!("{file}?token={}", &token[1..]),
        atom.replace("/me.", "/you."),
        atom.replace(".atom", ".exe"),
    ] {
        assert_eq!(server.call("GET", &wrong, &[], "").status, 404, "{wrong}");
    }
    server.call("POST", "/profiles/renew", &[FORM], "");
    assert_eq!(server.call("GET", &atom, &[], "").status, 404, "it was renewed");
    assert_eq!(server.call("GET", &path(&server), &[], "").status, 200);
}

#[test]
fn the_command_line_writes_feeds_too() {
    let sandbox = Sandbox::with_papers();
    for (format, begin) in [("atom", "<?xml"), ("rss", "<?xml"), ("json-feed", "{")] {
        let run = sandbox.run(&["search", "walking robots", "--format", format]);
        assert!(run.code == 0 && run.out.starts_with(begin), "{format}: {}{}", run.out, run.err);
    }
}

#[test]
fn a_feed_reader_reads_them() {
    let Some(python) = prerequisites::python() else { return };
    let server = Server::start(&[]);
    like_something(&server);
    let atom = format!("http://{}{}", server.address, path(&server));
    let rss = atom.replace(".atom", ".rss");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/feeds.py");
    let read = std::process::Command::new(python).args([script, &atom, &rss]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

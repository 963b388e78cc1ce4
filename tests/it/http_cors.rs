//! Pages of other sites that ask: `--allow-origin`.

use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Reply, Server};

const MINE: (&str, &str) = ("origin", "https://papers.example");
const OTHER: (&str, &str) = ("origin", "https://elsewhere.example");
const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const SEARCH: &str = r#"{"text":"hands","limit":1}"#;

/// What a browser sends before a request of another site's page.
fn preflight(server: &Server, method: &str, path: &str, origin: (&str, &str)) -> Reply {
    let asked = ("access-control-request-headers", "authorization,content-type,x-stainless-lang");
    let headers = [origin, ("access-control-request-method", method), asked, CROSS_SITE];
    server.call("OPTIONS", path, &headers, "")
}

fn varies_by_origin(reply: &Reply) -> bool {
    reply.headers.get_all("vary").iter().any(|value| value == "origin")
}

#[test]
fn pages_of_other_sites_cannot_ask() {
    let server = Server::start(&[]);
    let reply = server.call("GET", "/v1/search?q=hands", &[MINE], "");
    assert_eq!((reply.status, reply.header(ALLOW_ORIGIN), varies_by_origin(&reply)), (200, "", false));
    let reply = preflight(&server, "POST", "/v1/search", MINE);
    assert_eq!((reply.status, reply.header(ALLOW_ORIGIN)), (405, ""));
    assert_eq!(server.call("POST", "/v1/search", &[JSON, MINE], SEARCH).status, 403);
    let run = server.sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--allow-origin", "papers.example"]);
    let reason = "`papers.example` is not an origin such as https://papers.example, nor `*`";
    assert_eq!((run.code, run.err.contains(reason)), (1, true), "{}", run.err);
}

#[test]
fn pages_of_named_sites_can_ask() {
    let sandbox = Sandbox::with_papers();
    let token = sandbox.run(&["token", "page", "--scope", "write"]);
    let file = sandbox.file("tokens", &token.err);
    let origins = ["--allow-origin", "http://localhost:8080", "--allow-origin", "https://papers.example/"];
    let server = Server::over(sandbox, &[&["--token-file", &file], &origins[..]].concat());
    // A browser sends no token yet.
    let reply = preflight(&server, "PUT", "/v1/profiles/me", MINE);
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    for (name, value) in [
        (ALLOW_ORIGIN, "https://papers.example"),
        ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
        ("access-control-allow-headers", "authorization,content-type,x-stainless-lang"),
        ("access-control-max-age", "600"),
        ("access-control-allow-credentials", ""),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    assert!(varies_by_origin(&reply));
    let bearer = format!("Bearer {}", token.out.trim());
    let token = ("authorization", bearer.as_str());
    for (method, path, headers, body, status) in [
        ("GET", "/v1/search?q=hands", vec![token], "", 200),
        ("POST", "/v1/search", vec![token, JSON, CROSS_SITE], SEARCH, 200),
        ("PUT", "/v1/profiles/me", vec![token, JSON, CROSS_SITE], "{}", 200),
        // A page can read why it was refused.
        ("GET", "/v1/search?q=hands", vec![], "", 401),
        ("DELETE", "/v1/profiles/me", vec![token], "", 403),
        ("GET", "/nowhere", vec![token], "", 404),
    ] {
        let reply = server.call(method, path, &[headers, vec![MINE]].concat(), body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        assert_eq!(reply.header(ALLOW_ORIGIN), "https://papers.example", "{method} {path}");
        assert_eq!(reply.header("access-control-expose-headers"), "etag, retry-after, x-request-id");
        assert!(varies_by_origin(&reply) && reply.header("access-control-allow-credentials").is_empty());
    }
    // Pages of other sites are where they were, and answers to them are not kept for those that may ask.
    let reply = server.call("GET", "/v1/search?q=hands", &[token, OTHER], "");
    assert_eq!((reply.status, reply.header(ALLOW_ORIGIN), varies_by_origin(&reply)), (200, "", true));
    assert_eq!(server.call("POST", "/v1/search", &[token, JSON, OTHER], SEARCH).status, 403);
    let reply = preflight(&server, "POST", "/v1/search", OTHER);
    assert_eq!((reply.status, reply.header(ALLOW_ORIGIN)), (401, ""));
    // Neither is a foreign name of this address accepted.
    let rebound = server.call("GET", "/v1/search?q=hands", &[token, MINE, ("host", "elsewhere.example")], "");
    assert_eq!(rebound.status, 403);
}

#[test]
fn pages_of_all_sites_can_search_and_no_more() {
    let server = Server::start(&["--allow-origin", "*"]);
    for (method, path, body) in
        [("GET", "/v1/search?q=hands", ""), ("POST", "/v1/search", SEARCH), ("GET", "/v1/status", "")]
    {
        let reply = preflight(&server, method, path, OTHER);
        assert_eq!((reply.status, reply.header(ALLOW_ORIGIN)), (204, "*"), "{method} {path}");
        let reply = server.call(method, path, &[JSON, OTHER, CROSS_SITE], body);
        assert_eq!((reply.status, reply.header(ALLOW_ORIGIN)), (200, "*"), "{method} {path}: {}", reply.body);
        assert!(varies_by_origin(&reply) && reply.header("access-control-allow-credentials").is_empty());
    }
    let like = r#"{"kind":"like","papers":["a"]}"#;
    for (method, path, body, status) in [
        ("PUT", "/v1/profiles/me", "{}", 403),
        ("POST", "/v1/profiles/me/feedback", like, 403),
        ("POST", "/vote", "paper=a&kind=like", 403),
        ("POST", "/v1/papers", "", 403),
        ("GET", "/v1/profiles", "", 200),
        ("GET", "/library/export.jsonl", "", 200),
    ] {
        let reply = preflight(&server, method, path, OTHER);
        assert_eq!((reply.status, reply.header(ALLOW_ORIGIN)), (405, ""), "{method} {path}");
        let reply = server.call(method, path, &[JSON, OTHER, CROSS_SITE], body);
        assert_eq!((reply.status, reply.header(ALLOW_ORIGIN)), (status, ""), "{method} {path}: {}", reply.body);
    }
}

//! Who may ask the service what.

use serde_json::json;

use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, LINES, Server};

/// A file of tokens with one for each scope, and the secrets in that order.
fn tokens(sandbox: &Sandbox) -> (String, Vec<String>) {
    let (mut lines, mut secrets) = ("# who may ask\n".to_owned(), Vec::new());
    for scope in ["read", "write", "admin"] {
        let run = sandbox.run(&["token", scope, "--scope", scope]);
        secrets.push(format!("Bearer {}", run.out.trim()));
        lines.push_str(&run.err);
    }
    (sandbox.file("tokens", lines), secrets)
}

#[test]
fn tokens_have_scopes() {
    let sandbox = Sandbox::with_papers();
    let (file, secrets) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file]);
    let body = r#"{"text":"hands"}"#;
    // No token, a wrong one, read, write, admin.
    for (method, path, headers, body, expected) in [
        ("GET", "/health/live", JSON, "", [200, 200, 200, 200, 200]),
        ("GET", "/v1/status", JSON, "", [401, 401, 200, 200, 200]),
        ("GET", "/nowhere", JSON, "", [401, 401, 404, 404, 404]),
        ("GET", "/metrics", JSON, "", [401, 401, 200, 200, 200]),
        ("POST", "/v1/search", JSON, body, [401, 401, 200, 200, 200]),
        ("POST", "/v1/papers", LINES, "", [401, 401, 403, 200, 200]),
        ("PUT", "/v1/profiles/me", JSON, "{}", [401, 401, 403, 200, 200]),
        ("DELETE", "/v1/papers/nothing", JSON, "", [401, 401, 403, 403, 404]),
    ] {
        let statuses = ["", "Bearer pk_wrong", &secrets[0], &secrets[1], &secrets[2]].map(|secret| {
            let mut headers = vec![headers];
            headers.extend((!secret.is_empty()).then_some(("authorization", secret)));
            server.call(method, path, &headers, body).status
        });
        assert_eq!(statuses, expected, "{method} {path}");
    }
    let refused = server.call("GET", "/v1/status", &[], "");
    assert_eq!(
        (refused.header("www-authenticate").starts_with("Bearer"), &refused.json()["code"]),
        (true, &json!("unauthorized"))
    );
}

#[test]
fn questions_can_be_open_to_all() {
    let sandbox = Sandbox::with_papers();
    let (file, _) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file, "--public-read"]);
    for (method, path, status) in [
        ("GET", "/v1/status", 200),
        ("POST", "/v1/search", 200),
        ("GET", "/v1/profiles", 401),
        ("GET", "/metrics", 401),
        ("GET", "/assets/style.css", 200),
        ("GET", "/search?q=hands", 401),
        ("GET", "/paper/anything", 401),
        ("PUT", "/v1/profiles/me", 401),
        ("DELETE", "/v1/papers/nothing", 401),
    ] {
        assert_eq!(server.call(method, path, &[JSON], r#"{"text":"hands"}"#).status, status, "{method} {path}");
    }
}

#[test]
fn the_file_of_tokens_is_read_again() {
    let sandbox = Sandbox::with_papers();
    let (file, secrets) = tokens(&sandbox);
    let mut server = Server::over(sandbox, &["--token-file", &file]);
    let status = |server: &Server| server.call("GET", "/v1/status", &[("authorization", &secrets[0])], "").status;
    std::fs::write(&file, "nonsense").unwrap();
    server.signal("HUP");
    let line = server.log_line();
    assert!(line.contains("the tokens stay as they were") && line.contains("line 1"), "{line}");
    assert_eq!(status(&server), 200);
    let (_, line) = {
        let run = server.sandbox.run(&["token", "other", "--scope", "read"]);
        (run.out, run.err)
    };
    std::fs::write(&file, line).unwrap();
    server.signal("HUP");
    assert!(server.log_line().contains("read again"));
    assert_eq!(status(&server), 401);
}

#[test]
fn browsers_ask_for_their_own_pages_only() {
    let server = Server::start(&[]);
    let own = format!("http://{}", server.address);
    for (headers, expected) in [
        (vec![], 200),
        (vec![("origin", own.as_str())], 200),
        (vec![("origin", "https://elsewhere.example")], 403),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("host", "elsewhere.example")], 403),
    ] {
        let headers = [vec![JSON], headers].concat();
        let reply = server.call("POST", "/v1/search", &headers, r#"{"text":"hands"}"#);
        assert_eq!(reply.status, expected, "{headers:?}");
    }
    let reply = server.call("GET", "/v1/status", &[("x-request-id", "my-own.id_1")], "");
    for (name, value) in [
        ("x-request-id", "my-own.id_1"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.header(name), value);
    }
    assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[test]
fn too_many_requests_wait() {
    let server = Server::start(&["--rate-limit-per-ip", "1"]);
    let replies = [(); 3].map(|()| server.call("GET", "/v1/status", &[], ""));
    let limited = replies.iter().find(|reply| reply.status == 429).expect("three requests in less than a second");
    assert_eq!((limited.header("retry-after"), &limited.json()["code"]), ("1", &json!("rate_limited")));
}

#[test]
fn a_head_can_be_too_long() {
    let server = Server::start(&["--max-header-size", "2"]);
    assert_eq!(server.call("GET", "/v1/status", &[("x-long", &"a".repeat(4000))], "").status, 431);
}

#[test]
fn others_need_tokens() {
    let sandbox = Sandbox::with_papers();
    let run = sandbox.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!((run.code, run.err.contains("give --token-file FILE")), (1, true), "{}", run.err);
    let empty = sandbox.file("empty", "# nobody\n");
    let run = sandbox.run(&["serve", "--listen", "0.0.0.0:0", "--token-file", &empty]);
    assert_eq!((run.code, run.err.contains("no token in it")), (1, true), "{}", run.err);
}

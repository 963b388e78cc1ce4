//! Who may ask the service what.

use serde_json::{Value, json};

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
    let file = sandbox.file("tokens", lines);
    #[cfg(unix)]
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    (file, secrets)
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

/// Who may call a route: everybody; tokens with `read`, or everybody with `--public-read`; tokens with a scope; also those of
/// one profile.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Access {
    Open,
    Public,
    Private(&'static str),
    Profile(&'static str),
}
use Access::{Open, Private, Profile, Public};

const READ: Access = Private("read");
const WRITE: Access = Private("write");
const ADMIN: Access = Private("admin");
const OWN_READ: Access = Profile("read");
const OWN_WRITE: Access = Profile("write");
const OWN_ADMIN: Access = Profile("admin");

/// All routes of the service.
const ROUTES: [(&str, &str, Access); 72] = [
    ("GET", "/", OWN_READ),
    ("GET", "/assets/{name}", Open),
    ("GET", "/bibtex/{id}", OWN_READ),
    ("POST", "/density", OWN_WRITE),
    ("POST", "/done", OWN_WRITE),
    ("POST", "/embed", Public),
    ("GET", "/feeds/{file}", Open),
    ("POST", "/graph/v1/paper/batch", Public),
    ("GET", "/graph/v1/paper/search", Public),
    ("GET", "/graph/v1/paper/{paper_id}", Public),
    ("GET", "/graph/v1/paper/{paper_id}/citations", Public),
    ("GET", "/graph/v1/paper/{paper_id}/references", Public),
    ("GET", "/health/live", Open),
    ("GET", "/health/ready", Open),
    ("GET", "/info", Public),
    ("POST", "/interest", OWN_WRITE),
    ("GET", "/library", OWN_READ),
    ("GET", "/library/export.bib", OWN_READ),
    ("GET", "/library/export.jsonl", OWN_READ),
    ("POST", "/library/import", OWN_WRITE),
    ("POST", "/library/undo-import", OWN_WRITE),
    ("POST", "/mcp", Public),
    ("GET", "/metrics", READ),
    ("GET", "/openapi.json", Public),
    ("GET", "/paper/{id}", OWN_READ),
    ("GET", "/profiles", OWN_READ),
    ("POST", "/profiles/choose", OWN_WRITE),
    ("POST", "/profiles/follow", OWN_WRITE),
    ("POST", "/profiles/remove", ADMIN),
    ("POST", "/profiles/renew", OWN_WRITE),
    ("POST", "/profiles/unfollow", OWN_WRITE),
    ("POST", "/recommendations/v1/papers", Public),
    ("POST", "/recommendations/v1/papers/", Public),
    ("GET", "/recommendations/v1/papers/forpaper/{paper_id}", Public),
    ("GET", "/report", READ),
    ("POST", "/report/follow", WRITE),
    ("POST", "/report/make", WRITE),
    ("GET", "/report/{id}/{level}/{number}", READ),
    ("GET", "/search", OWN_READ),
    ("GET", "/start", OWN_READ),
    ("POST", "/start", OWN_WRITE),
    ("POST", "/theme", OWN_WRITE),
    ("POST", "/unseen", OWN_WRITE),
    ("POST", "/v1/embeddings", Public),
    ("GET", "/v1/models", Public),
    ("GET", "/v1/models/{name}", Public),
    ("POST", "/v1/papers", WRITE),
    ("DELETE", "/v1/papers/{id}", ADMIN),
    ("GET", "/v1/papers/{id}", Public),
    ("GET", "/v1/papers/{id}/similar", Public),
    ("POST", "/v1/papers/{id}/similar", Public),
    ("GET", "/v1/profiles", OWN_READ),
    ("DELETE", "/v1/profiles/{id}", OWN_ADMIN),
    ("GET", "/v1/profiles/{id}", OWN_READ),
    ("PUT", "/v1/profiles/{id}", OWN_WRITE),
    ("GET", "/v1/profiles/{id}/feed", OWN_READ),
    ("POST", "/v1/profiles/{id}/feed", OWN_WRITE),
    ("POST", "/v1/profiles/{id}/feedback", OWN_WRITE),
    ("GET", "/v1/profiles/{id}/interests", OWN_READ),
    ("POST", "/v1/profiles/{id}/interests", OWN_WRITE),
    ("POST", "/v1/recommend", Public),
    ("POST", "/v1/recommend/batch", Public),
    ("GET", "/v1/reports", READ),
    ("POST", "/v1/reports", WRITE),
    ("DELETE", "/v1/reports/{id}", WRITE),
    ("GET", "/v1/reports/{id}", READ),
    ("GET", "/v1/reports/{id}/files/{name}", READ),
    ("GET", "/v1/search", Public),
    ("POST", "/v1/search", Public),
    ("GET", "/v1/starters", Public),
    ("GET", "/v1/status", Public),
    ("POST", "/vote", OWN_WRITE),
];

/// How a request is refused, or 0 when it is not refused for lack of a scope.
fn refusal(server: &Server, method: &str, route: &str, secret: Option<&str>) -> u16 {
    let path = route.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part });
    // The body of an answer to HEAD is empty, also where its headers speak of compression.
    let mut headers = vec![JSON, ("accept-encoding", "identity")];
    headers.extend(secret.map(|secret| ("authorization", secret)));
    let status = server.call(method, &path.collect::<Vec<_>>().join("/"), &headers, "{}").status;
    if [401, 403].contains(&status) { status } else { 0 }
}

#[test]
fn every_route_asks_for_its_scope() {
    let sandbox = Sandbox::with_papers();
    let (file, secrets) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file]);
    let public = Server::over(Sandbox::with_papers(), &["--token-file", &file, "--public-read"]);
    for (method, route, access) in ROUTES {
        let expected = match access {
            Open => [0; 5],
            Public | READ | OWN_READ => [401, 401, 0, 0, 0],
            WRITE | OWN_WRITE => [401, 401, 403, 0, 0],
            _ => [401, 401, 403, 403, 0],
        };
        let with = |secret| refusal(&server, method, route, secret);
        let refusals = [
            with(None),
            with(Some("Bearer pk_wrong")),
            with(Some(&secrets[0])),
            with(Some(&secrets[1])),
            with(Some(&secrets[2])),
        ];
        assert_eq!(refusals, expected, "{method} {route}");
        let expected = if matches!(access, Private(_) | Profile(_)) { 401 } else { 0 };
        assert_eq!(refusal(&public, method, route, None), expected, "{method} {route} with --public-read");
        if method == "GET" {
            assert_eq!(refusal(&server, "HEAD", route, None), refusals[0], "HEAD {route}");
        }
    }
}

#[test]
fn a_token_of_a_profile_is_for_this_profile_alone() {
    let sandbox = Sandbox::with_papers();
    let run = sandbox.run(&["token", "ada", "--scope", "admin", "--profile", "ada & co"]);
    let file = sandbox.file("tokens", run.err);
    let secret = format!("Bearer {}", run.out.trim());
    for name in ["ada & co", "other"] {
        assert_eq!(sandbox.run(&["profile", name, "follow", "Ada Example"]).code, 0);
    }
    let server = Server::over(sandbox, &["--token-file", &file]);
    for (method, route, access) in ROUTES {
        let route = route.replace("/v1/profiles/{id}", "/v1/profiles/ada%20%26%20co");
        let own = refusal(&server, method, &route, Some(&secret));
        assert_eq!(own, if matches!(access, Private(_)) { 403 } else { 0 }, "{method} {route}");
        if route.contains("/ada") {
            let other = refusal(&server, method, &route.replace("ada%20%26%20co", "other"), Some(&secret));
            assert_eq!(other, 403, "{method} {route} for another profile");
        }
    }
    let call = |method: &str, path: &str, body: &str| {
        let form = ("content-type", "application/x-www-form-urlencoded");
        server.call(method, path, &[("authorization", &secret), form], body)
    };
    // The pages are those of its profile, whatever the address, the form or the cookie says.
    assert_eq!(call("PUT", "/v1/profiles/ada%20%26%20co", "").status, 415);
    assert_eq!(call("GET", "/?profile=other", "").status, 403);
    assert_eq!(call("POST", "/profiles/choose", "name=other").status, 403);
    assert_eq!(call("POST", "/profiles/follow", "name=Bo&profile=other").status, 409);
    let cookie = [("authorization", secret.as_str()), ("cookie", "profile=:other")];
    let page = server.call("GET", "/profiles", &cookie, "").body;
    assert!(!page.contains("other") && page.contains("ada &#38; co"), "{page}");
    let status = server.call("GET", "/v1/status", &cookie, "").json();
    assert!(!status["profiles"].to_string().contains("other"), "{status}");
}

#[test]
fn only_those_who_may_read_profiles_see_their_names() {
    let sandbox = Sandbox::with_papers();
    assert_eq!(sandbox.run(&["profile", "me", "follow", "Ada Example"]).code, 0);
    let (file, secrets) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file, "--public-read"]);
    let names = |headers: &[(&str, &str)]| server.call("GET", "/v1/status", headers, "").json()["profiles"].clone();
    assert_eq!(names(&[]), json!([]));
    assert_eq!(names(&[("authorization", &secrets[0])])[0]["name"], "me");
}

#[test]
fn readers_neither_see_nor_make_feed_urls() {
    let sandbox = Sandbox::with_papers();
    assert_eq!(sandbox.run(&["profile", "me", "follow", "Ada Example"]).code, 0);
    let (file, secrets) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file]);
    let page = |secret: &str| server.call("GET", "/profiles", &[("authorization", secret)], "").body;
    // Nothing that is read makes one.
    assert!(!page(&secrets[1]).contains("/feeds/"));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let renew = |secret: &str| server.call("POST", "/profiles/renew", &[("authorization", secret), form], "").status;
    assert_eq!((renew(&secrets[0]), renew(&secrets[1])), (403, 200));
    assert_eq!((page(&secrets[0]).contains("/feeds/"), page(&secrets[1]).contains("/feeds/")), (false, true));
}

#[test]
fn the_description_has_the_scopes() {
    let sandbox = Sandbox::with_papers();
    let (file, secrets) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file, "--public-read"]);
    let description = server.call("GET", "/openapi.json", &[("authorization", &secrets[0])], "").json();
    assert_eq!(description["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let row = ROUTES.iter().find(|(known, route, _)| *known == method && route == path);
            let (.., access) = row.unwrap_or_else(|| panic!("{method} {path}: not in the table"));
            let expected = match access {
                Open => Value::Null,
                Public => json!([{}, { "token": ["read"] }, { "password": ["read"] }]),
                Private(scope) | Profile(scope) => json!([{ "token": [scope] }, { "password": [scope] }]),
            };
            assert_eq!(operation["security"], expected, "{method} {path}");
        }
    }
    let without_tokens = Server::start(&[]).get("/openapi.json");
    let removal = &without_tokens["paths"]["/v1/papers/{id}"]["delete"]["security"];
    let expected = json!([{}, { "token": ["admin"] }, { "password": ["admin"] }]);
    assert_eq!(*removal, expected, "a server without tokens asks for none");
}

#[test]
fn undeclared_methods_and_paths_are_refused() {
    let sandbox = Sandbox::with_papers();
    let (file, secrets) = tokens(&sandbox);
    let server = Server::over(sandbox, &["--token-file", &file]);
    for (method, path, expected) in [
        ("GET", "/nowhere", [401, 404, 404]),
        ("POST", "/nowhere", [401, 403, 404]),
        ("DELETE", "/nowhere", [401, 403, 404]),
        ("OPTIONS", "/v1/search", [401, 405, 405]),
        ("PUT", "/v1/search", [401, 403, 405]),
        ("PATCH", "/v1/profiles/me", [401, 403, 405]),
        ("DELETE", "/v1/profiles", [401, 403, 405]),
        ("POST", "/health/live", [405, 405, 405]),
    ] {
        let statuses = [None, Some(&secrets[0]), Some(&secrets[2])].map(|secret| {
            let mut headers = vec![JSON];
            headers.extend(secret.map(|secret| ("authorization", secret.as_str())));
            server.call(method, path, &headers, "{}").status
        });
        assert_eq!(statuses, expected, "{method} {path}");
    }
}

#[test]
fn queries_can_be_public() {
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
    assert!(line.contains("the token file was not reloaded") && line.contains("line 1"), "{line}");
    assert_eq!(status(&server), 200);
    let (_, line) = {
        let run = server.sandbox.run(&["token", "other", "--scope", "read"]);
        (run.out, run.err)
    };
    std::fs::write(&file, line).unwrap();
    server.signal("HUP");
    assert!(server.log_line().contains("reloaded"));
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
    for (path, status) in [("/health/live", 200), ("/health/ready", 200), ("/health", 403), ("/v1/status", 403)] {
        assert_eq!(server.call("GET", path, &[("host", "10.0.0.1:7474")], "").status, status, "{path}");
    }
    for path in ["/v1/profiles/me/feed", "/v1/profiles/me/feedback", "/vote", "/theme"] {
        let reply = server.call("POST", path, &[JSON, ("origin", "https://elsewhere.example")], "{}");
        assert_eq!(reply.status, 403, "{path}");
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
    assert_eq!((run.code, run.err.contains("it contains no token")), (1, true), "{}", run.err);
}

//! `paperkin mcp`: assistants use the library through the Model Context Protocol.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::prerequisites::python;
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

/// Sends messages on standard input, which then ends, and gives what is answered, by the id of the message.
fn answers(sandbox: &Sandbox, args: &[&str], messages: &[String]) -> Vec<Value> {
    let begin = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let begun = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let lines = [begin.to_string(), begun.to_string()].into_iter().chain(messages.iter().cloned());
    let input: String = lines.map(|line| line + "\n").collect();
    let run = sandbox.run_with_input(&[&["mcp"], args].concat(), input);
    assert_eq!(run.code, 0, "{}", run.err);
    let mut answers: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    answers
}

fn call(id: u64, tool: &str, arguments: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        .to_string()
}

fn names(answer: &Value) -> Vec<&str> {
    answer["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[test]
fn an_assistant_rates_papers_only_if_it_may() {
    let sandbox = Sandbox::with_papers();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let id =
        sandbox.json(&["search", "speech", "--limit", "1", "--format", "json"])["results"][0]["paper"]["id"].take();
    let rate = call(2, "rate_paper", &json!({"profile": "me", "paper": id, "rating": "like"}));
    let all =
        ["collection_overview", "feed", "get_paper", "rate_paper", "recommend", "search_papers", "similar_papers"];
    for (args, tools) in [(&[][..], &[0usize, 1, 2, 4, 5, 6][..]), (&["--allow-write"], &[0, 1, 2, 3, 4, 5, 6])] {
        let [_, listed, rated] = answers(&sandbox, args, &[list.clone(), rate.clone()]).try_into().unwrap();
        let mut found = names(&listed);
        found.sort_unstable();
        assert_eq!(found, tools.iter().map(|at| all[*at]).collect::<Vec<&str>>());
        let has_rated = !args.is_empty();
        assert_eq!(rated["result"]["isError"] == false || rated["result"]["content"].is_array(), has_rated, "{rated}");
        let profiles = sandbox.run(&["profiles"]).out;
        assert_eq!(profiles.contains("me"), has_rated, "{profiles}");
    }
}

#[test]
fn what_is_no_message_harms_nothing() {
    let sandbox = Sandbox::with_papers();
    let search = call(7, "search_papers", &json!({"query": "speech"}));
    let messages = [
        "no json".to_owned(),
        "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\"}".to_owned(),
        call(3, "open_file", &json!({"path": "/etc/passwd"})),
        call(4, "search_papers", &json!({"query": ["a list"]})),
        call(6, "search_papers", &json!({"query": "word ".repeat(400_000)})),
        search,
    ];
    let answers = answers(&sandbox, &[], &messages);
    let last = answers.iter().find(|answer| answer["id"] == 7).unwrap();
    let found: Value = serde_json::from_str(last["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(found["papers"].as_array().map(Vec::len), Some(8), "{last}");
    for id in [3, 4] {
        let answer = answers.iter().find(|answer| answer["id"] == id).unwrap();
        assert!(answer["error"]["message"].is_string() || answer["result"]["isError"] == true, "{answer}");
    }
}

/// What the official client says when it has used everything.
fn official_client(python: &Path, sandbox: &Sandbox, server: &[&str], token: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/mcp_client.py");
    let mut client = Command::new(python);
    client.arg(script).args(server).env("MCP_TOKEN", token);
    client.envs(sandbox.program().get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = client.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What is wrong with questions, as both transports say it.
const MISTAKES: [&str; 11] = [
    "1000 is not between 1 and 25",
    "`soon` is no day: use YYYY-MM-DD",
    "unknown variant `pages`",
    "0 is not between 100 and 50000",
    "paper `../../etc/passwd`",
    "0 is not between 1 and 50",
    "`query`: is empty",
    "get_paper `paper`:",
    "`Kitchen` is only a part of the title of title:46b0521471efe321-20bbcb79cfff62ad",
    "`file:///etc/passwd` is no resource: use paperkin://paper/ID",
    "profile `nobody`",
];

#[test]
fn the_official_client_uses_everything_over_standard_input() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::with_papers();
    let program = sandbox.program();
    let program = program.get_program().to_str().unwrap();
    let said = official_client(&python, &sandbox, &[program, "mcp", "--allow-write"], "");
    let groups = "overview {'papers': 40, 'groups': [{'name': ";
    for expected in ["rated ", "feed 2", "profile paperkin://profile/reader True", groups].iter().chain(&MISTAKES) {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn the_official_client_uses_everything_over_http() {
    let Some(python) = python() else { return };
    let (sandbox, file, token) = sandbox_with_token("write");
    let server = Server::over(sandbox, &["--token-file", &file, "--allow-mcp-write"]);
    let url = format!("http://{}/mcp", server.address);
    let said = official_client(&python, &server.sandbox, &[&url], &token);
    let no_report = "overview there is no report of the library";
    for expected in ["rated ", "feed 2", "profile paperkin://profile/reader True", no_report].iter().chain(&MISTAKES) {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// A sandbox with papers, its file of tokens, and a token of this scope.
fn sandbox_with_token(scope: &str) -> (Sandbox, String, String) {
    let sandbox = Sandbox::with_papers();
    let run = sandbox.run(&["token", "assistant", "--scope", scope]);
    let file = sandbox.file("tokens", run.err);
    (sandbox, file, run.out.trim().to_owned())
}

/// Names of the tools that a server has for a token.
fn tools_over_http(server: &Server, token: Option<&str>) -> Value {
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![JSON, ("accept", "application/json, text/event-stream")];
    headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let reply = server.call("POST", "/mcp", &headers, &list);
    if reply.status != 200 {
        return json!(reply.status);
    }
    let mut found: Vec<String> = names(&reply.json()).into_iter().map(str::to_owned).collect();
    found.sort_unstable();
    json!(found)
}

#[test]
fn tools_over_http_are_those_that_the_token_permits() {
    let (sandbox, file, token) = sandbox_with_token("write");
    let run = sandbox.run(&["token", "ada", "--scope", "write", "--profile", "ada"]);
    let lines = std::fs::read_to_string(&file).unwrap() + &run.err;
    std::fs::write(&file, lines).unwrap();
    let ada = run.out.trim();
    let reading = ["get_paper", "recommend", "search_papers", "similar_papers"];
    let with = |more: &[&str]| {
        let mut all = [&reading[..], more].concat();
        all.sort_unstable();
        json!(all)
    };
    let mut server = Server::over(sandbox, &["--token-file", &file]);
    assert_eq!(tools_over_http(&server, None), json!(401));
    assert_eq!(tools_over_http(&server, Some("pk_wrong")), json!(401));
    assert_eq!(tools_over_http(&server, Some(&token)), with(&["collection_overview", "feed"]));
    server.signal("TERM");
    assert_eq!(server.exit_code(), 0);
    let papers = Sandbox::with_papers();
    let file = papers.file("tokens", std::fs::read_to_string(&file).unwrap());
    let server = Server::over(papers, &["--token-file", &file, "--public-read", "--allow-mcp-write"]);
    assert_eq!(tools_over_http(&server, None), with(&[]));
    assert_eq!(tools_over_http(&server, Some(&token)), with(&["collection_overview", "feed", "rate_paper"]));
    assert_eq!(tools_over_http(&server, Some(ada)), with(&["feed", "rate_paper"]));
    // For its own profile alone.
    let headers =
        [JSON, ("accept", "application/json, text/event-stream"), ("authorization", &format!("Bearer {ada}"))];
    for (tool, arguments) in [
        ("feed", json!({"profile": "other"})),
        ("rate_paper", json!({"profile": "other", "paper": "x", "rating": "like"})),
    ] {
        let reply = server.call("POST", "/mcp", &headers, &call(1, tool, &arguments)).json();
        assert_eq!(reply["result"]["isError"], true, "{reply}");
        assert_eq!(reply["result"]["content"][0]["text"], "the token is for the profile `ada`", "{reply}");
    }
}

#[test]
fn what_is_no_message_over_http_is_refused() {
    let server = Server::start(&["--max-body", "1"]);
    let accept = ("accept", "application/json, text/event-stream");
    let large = call(1, "search_papers", &json!({"query": "word ".repeat(260_000)}));
    for (method, headers, body, status) in [
        ("GET", &[accept][..], "", 405),
        ("DELETE", &[accept], "", 405),
        ("POST", &[JSON], "{}", 406),
        ("POST", &[accept], "{}", 415),
        ("POST", &[JSON, accept], "no json", 415),
        ("POST", &[JSON, accept], &large, 413),
        ("POST", &[JSON, accept, ("origin", "https://elsewhere.example")], "{}", 403),
    ] {
        let reply = server.call(method, "/mcp", headers, body);
        assert_eq!(reply.status, status, "{method} {headers:?} {}: {}", &body[..body.len().min(60)], reply.body);
    }
    // The service goes on.
    assert_eq!(tools_over_http(&server, None).as_array().map(Vec::len), Some(6));
}

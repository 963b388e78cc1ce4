//! `paperkin mcp`: assistants use the library through the Model Context Protocol.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::prerequisites::python;
use crate::support::sandbox::Sandbox;

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
    let all = ["feed", "get_paper", "rate_paper", "recommend", "search_papers", "similar_papers"];
    for (args, tools) in [(&[][..], &[0usize, 1, 3, 4, 5][..]), (&["--allow-write"], &[0, 1, 2, 3, 4, 5])] {
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

#[test]
fn the_official_client_uses_every_tool() {
    let Some(python) = python() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/mcp_client.py");
    let sandbox = Sandbox::with_papers();
    let program = sandbox.program();
    let mut client = Command::new(python);
    client.arg(script).arg(program.get_program()).args(["mcp", "--allow-write"]);
    client.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = client.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stdout).unwrap();
    for expected in [
        "rated ",
        "feed ",
        "1000 is not between 1 and 25",
        "`soon` is no day: use YYYY-MM-DD",
        "no paper `../../etc/passwd`",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

//! The service is killed or told to stop while people vote, again and again: what was answered is in the library.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::server::{JSON, Server};

const ROUNDS: usize = 50;
const VOTERS: usize = 4;

/// A vote: the profile, the paper and the kind.
type Vote = (String, String, &'static str);

/// The kind of somebody's vote of this number.
fn kind(number: usize) -> &'static str {
    ["like", "dislike", "read"][number % 3]
}

/// Everybody votes until the service is gone, which gets a signal when so many votes were answered. Gives those.
fn vote_until(signal: &str, server: &Server, round: usize, papers: &[String], enough: usize) -> Vec<Vote> {
    let (votes, count) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let vote = |voter: usize| {
        for number in 0usize.. {
            let profile = format!("{round}-{voter}-{}", number / papers.len());
            let (paper, kind) = (&papers[number % papers.len()], kind(number));
            let body = json!({ "kind": kind, "papers": [paper] }).to_string();
            let Ok(reply) = server.try_call("POST", &format!("/v1/profiles/{profile}/feedback"), &[JSON], &body) else {
                return;
            };
            assert_eq!(reply.status, 200, "{}", reply.body);
            votes.lock().unwrap().push((profile, paper.clone(), kind));
            if count.fetch_add(1, Ordering::Relaxed) + 1 == enough {
                server.signal(signal);
            }
        }
    };
    let vote = &vote;
    std::thread::scope(|scope| (0..VOTERS).for_each(|voter| drop(scope.spawn(move || vote(voter)))));
    votes.into_inner().unwrap()
}

/// Votes that the service does not know.
fn lost<'a>(server: &Server, votes: &'a [Vote]) -> Vec<&'a Vote> {
    let (mut profile, mut history) = (String::new(), Value::Null);
    let mut sorted: Vec<&Vote> = votes.iter().collect();
    sorted.sort();
    sorted.retain(|(of, paper, kind)| {
        if profile != *of {
            (profile, history) = (of.clone(), server.get(&format!("/v1/profiles/{of}"))["history"].take());
        }
        !history.as_array().unwrap().iter().any(|entry| entry["id"] == *paper && entry["kind"] == *kind)
    });
    sorted
}

/// The papers that are voted on.
fn papers(server: &Server) -> Vec<String> {
    let found = server.post("/v1/search", r#"{"text":"learning","limit":40}"#);
    let results = found["results"].as_array().unwrap();
    results.iter().map(|result| result["paper"]["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_service_that_is_told_to_stop_finishes_the_votes_that_it_took() {
    let mut server = Server::start(&[]);
    let papers = papers(&server);
    for round in 0..5 {
        let votes = vote_until("TERM", &server, round, &papers, 20 + 7 * round);
        assert_eq!(server.exit_code(), 0);
        server.restart();
        assert_eq!(lost(&server, &votes), Vec::<&Vote>::new(), "round {round}");
        // One that was not answered is there whole, or not at all.
        for profile in server.get("/v1/profiles")["profiles"].as_array().unwrap() {
            let name = profile.as_str().unwrap();
            let turn: usize = name.rsplit('-').next().unwrap().parse().unwrap();
            for entry in server.get(&format!("/v1/profiles/{name}"))["history"].as_array().unwrap() {
                let index = papers.iter().position(|paper| entry["id"] == *paper).unwrap();
                assert_eq!(entry["kind"], kind(turn * papers.len() + index), "{name}: {entry}");
            }
        }
    }
}

#[test]
fn no_vote_is_lost_with_the_process() {
    let mut server = Server::start(&[]);
    let papers = papers(&server);
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let votes = vote_until("KILL", &server, round, &papers, 20 + round % 30);
        server.restart();
        assert_eq!(lost(&server, &votes), Vec::<&Vote>::new(), "round {round}");
        all.extend(votes);
    }
    assert_eq!(lost(&server, &all), Vec::<&Vote>::new());
    assert!(all.len() > 20 * ROUNDS);
    assert_eq!(server.sandbox.run(&["doctor"]).code, 0);
}

//! The service is killed while people vote, again and again: what was answered is in the library.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::server::{JSON, Server};

const ROUNDS: usize = 50;
const VOTERS: usize = 4;

/// A vote: the profile, the paper and the kind.
type Vote = (String, String, &'static str);

/// Everybody votes until the service is gone, which is killed when so many votes were answered. Gives those.
fn vote_until_killed(server: &Server, round: usize, papers: &[String], enough: usize) -> Vec<Vote> {
    let (votes, count) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let vote = |voter: usize| {
        for number in 0usize.. {
            let profile = format!("{round}-{voter}-{}", number / papers.len());
            let (paper, kind) = (&papers[number % papers.len()], ["like", "dislike", "read"][number % 3]);
            let body = json!({ "kind": kind, "papers": [paper] }).to_string();
            let Ok(reply) = server.try_call("POST", &format!("/v1/profiles/{profile}/feedback"), &[JSON], &body) else {
                return;
            };
            assert_eq!(reply.status, 200, "{}", reply.body);
            votes.lock().unwrap().push((profile, paper.clone(), kind));
            if count.fetch_add(1, Ordering::Relaxed) + 1 == enough {
                server.signal("KILL");
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

#[test]
fn no_vote_is_lost_with_the_process() {
    let mut server = Server::start(&[]);
    let found = server.post("/v1/search", r#"{"text":"learning","limit":40}"#);
    let papers: Vec<String> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["paper"]["id"].as_str().unwrap().to_owned())
        .collect();
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let votes = vote_until_killed(&server, round, &papers, 20 + round % 30);
        server.restart();
        assert_eq!(lost(&server, &votes), Vec::<&Vote>::new(), "round {round}");
        all.extend(votes);
    }
    assert_eq!(lost(&server, &all), Vec::<&Vote>::new());
    assert!(all.len() > 20 * ROUNDS);
    assert_eq!(server.sandbox.run(&["doctor"]).code, 0);
}

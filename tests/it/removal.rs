//! What is removed is gone: from answers at once, from the disk when the library is compacted.

use std::path::Path;

use paperkin::evaluate::SplitMix64;
use paperkin::library::{Library, PaperChange};
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, PaperId, Request};
use serde_json::Value;

use crate::support::answers::results;
use crate::support::made_up;
use crate::support::sandbox::{Sandbox, listing};

const TITLE: &str = "Kitchen Hands";

/// The whole title and the id of the paper whose title begins with these words.
fn find(sandbox: &Sandbox, words: &str) -> (String, String) {
    let because = &sandbox.json(&["similar", words, "-n", "1", "--format", "json"])["results"][0]["reasons"][0];
    (because["title"].as_str().unwrap().to_owned(), because["id"].as_str().unwrap().to_owned())
}

fn is_on_disk(directory: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path, bytes);
        }
        std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn a_removed_paper_is_gone_from_every_answer() {
    let sandbox = Sandbox::with_papers();
    let (title, id) = find(&sandbox, TITLE);
    // An engine that has read the library already, as a running server.
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap();
    let request = Request { text: Some(title.clone()), ..Request::default() };
    let first = || engine.recommend(&request).unwrap().results.swap_remove(0);
    assert_eq!(first().paper.id.as_str(), id);

    let (_, liked) = find(&sandbox, "Touch Before You Look");
    let questions: [&[&str]; 4] =
        [&["search", &title], &["similar", &liked], &["recommend", "--like", &liked], &["feed", "--profile", "me"]];
    assert_eq!(sandbox.run(&["profile", "me", "like", &liked]).code, 0);
    let answers = || questions.map(|args| sandbox.run(&[args, &["-n", "40", "--format", "csv"]].concat()));
    assert!(answers()[..3].iter().all(|run| run.code == 0 && run.out.contains(&id)));

    let run = sandbox.run(&["remove", &title]);
    assert_eq!((run.code, run.out.as_str()), (0, "1 removed: 39 papers in the library\n"), "{}", run.err);
    assert_ne!(first().paper.id.as_str(), id);
    sandbox.run_with_input(&["add", "-"], "{\"id\":\"new\",\"title\":\"Robots that touch\"}");
    for run in answers() {
        assert!(run.code == 0 && run.out.lines().count() > 1 && !run.out.contains(&id), "{}{}", run.out, run.err);
    }
    assert_eq!(sandbox.run(&["similar", &id]).code, 1);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn what_is_not_there_is_named() {
    let sandbox = Sandbox::with_papers();
    let (_, id) = find(&sandbox, TITLE);
    let run = sandbox.run(&["remove", &id, "2401.99999", "https://arxiv.org/abs/2401.88888v2", "Kitchen"]);
    assert_eq!((run.code, run.out.as_str()), (1, "1 removed, 3 not found: 39 papers in the library\n"));
    assert_eq!(run.err.lines().count(), 3, "{}", run.err);
    for name in ["2401.99999", "2401.88888", "Kitchen"] {
        assert!(
            run.err.contains(&format!("error: no single paper `{name}` in the library: give its id or full title")),
            "{}",
            run.err
        );
    }
    let generation = || sandbox.json(&["status", "--format", "json"])["generation"].clone();
    let before = generation();
    let run = sandbox.run(&["remove", &id]);
    assert_eq!((run.code, run.out.as_str()), (1, "0 removed, 1 not found: 39 papers in the library\n"));
    assert_eq!(generation(), before);
    let (_, other) = find(&sandbox, "Room Tone");
    let summary = sandbox.json(&["remove", &other, &other, &id, "--format", "json"]);
    assert_eq!(summary, serde_json::json!({"removed": [other], "not_found": [id], "papers": 38}));
    assert_eq!(sandbox.run(&["remove"]).code, 2);
    assert_eq!(Sandbox::new().run(&["remove", "x"]).code, 1);
}

#[test]
fn a_paper_that_comes_back_is_a_new_one() {
    let sandbox = Sandbox::with_papers();
    let (_, id) = find(&sandbox, TITLE);
    let key = || {
        let library = Library::open(&sandbox.location()).unwrap();
        library.paper(&PaperId::parse(&id).unwrap()).unwrap().map(|stored| stored.key)
    };
    let before = key().unwrap();
    let similar = || -> Vec<String> {
        let answer = sandbox.json(&["similar", &id, "--format", "json"]);
        let line = |result: &Value| format!("{} {:.4}", result["paper"]["id"], result["score"].as_f64().unwrap());
        results(&answer).iter().map(line).collect()
    };
    let answer = similar();
    sandbox.run(&["profile", "me", "like", &id]);
    assert_eq!(sandbox.run(&["remove", &id]).code, 0);
    assert_eq!(key(), None);
    let shown = sandbox.run(&["profile", "me", "show"]).out;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(&id) && shown.contains("(not in the library)"), "{shown}");
    let run = sandbox.run(&["add", listing()]);
    assert_eq!(run.out, "1 new, 0 updated, 39 unchanged: 40 papers in the library\n");
    assert!(key().unwrap() > 40 && key().unwrap() != before);
    assert_eq!(similar(), answer);
    assert!(!sandbox.run(&["profile", "me", "show"]).out.contains("not in the library"));
}

#[test]
fn compacting_takes_it_off_the_disk() {
    let sandbox = Sandbox::with_papers();
    let (title, id) = find(&sandbox, TITLE);
    assert_eq!(sandbox.run(&["remove", &id]).code, 0);
    assert!(is_on_disk(&sandbox.library(), title.as_bytes()));
    let bytes = || sandbox.json(&["status", "--format", "json"])["bytes"].as_u64().unwrap();
    let before = bytes();
    let run = sandbox.run(&["compact"]);
    let expected = format!("{} bytes freed, {} bytes on disk\n", before - bytes(), bytes());
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, expected.as_str(), ""));
    assert!(!is_on_disk(&sandbox.library(), title.as_bytes()));
    let summary = sandbox.json(&["compact", "--format", "json"]);
    assert_eq!(summary, serde_json::json!({"freed": 0, "bytes": bytes()}));
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
    assert_eq!(Sandbox::new().run(&["compact"]).code, 1);
}

/// Makes a library of many papers without a model's work.
fn fill(directory: &Path, count: usize) -> Vec<PaperId> {
    let mut random = SplitMix64::new(1);
    let paper = |number| made_up::paper(&format!("p{number}"), &format!("Distinctive title {number}"));
    let papers: Vec<Paper> = (0..count).map(paper).collect();
    let ids = papers.iter().map(|paper| paper.id.clone()).collect();
    let change = |paper: Paper| (PaperChange::New(paper.into()), Some(made_up::embedding(&mut random, 384)));
    let changes: Vec<_> = papers.into_iter().map(change).collect();
    Library::create(directory).unwrap().write(&made_up::model(384), &changes).unwrap();
    ids
}

#[test]
fn a_killed_compaction_loses_nothing_and_can_be_repeated() {
    let sandbox = Sandbox::new();
    let ids = fill(&sandbox.library(), 10_000);
    Library::open(&sandbox.location()).unwrap().remove(&ids[5_000..]).unwrap();
    // Killed when the copy, the log or the file itself is written beyond these sizes.
    for megabytes in [1, 3, 5, 7, 8] {
        assert!(!sandbox.run_with_file_limit(&["compact"], megabytes << 10), "{megabytes} MB are enough");
        let library = Library::open(&sandbox.location()).unwrap();
        assert_eq!(library.summary().unwrap().papers, 5_000);
        assert_eq!(library.embeddings_since(None).unwrap().keys.len(), 5_000);
        assert!(library.check().unwrap().iter().all(|finding| finding.remedy.is_none()));
    }
    let run = sandbox.run(&["compact"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!is_on_disk(&sandbox.library(), b"Distinctive title 5000"));
    assert!(!is_on_disk(&sandbox.library(), b"Distinctive title 9999"));
    assert!(is_on_disk(&sandbox.library(), b"Distinctive title 4999"));
}

//! What is in the library stays in the library.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Sandbox, listing};

/// Papers with short texts, so that many are written in little time.
fn many(count: usize) -> String {
    let line = |n| format!("{{\"id\":\"p{n}\",\"title\":\"Paper {n} on topic {}\"}}\n", n % 17);
    (0..count).map(line).collect()
}

fn count(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["status", "--format", "json"])["papers"].as_u64().unwrap_or(0)
}

fn start(sandbox: &Sandbox, file: &str) -> Child {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("paperkin"));
    command.args(["add", file]).env("PAPERKIN_LIBRARY", sandbox.library());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_killed_addition_loses_nothing_that_was_there_and_goes_on() {
    let sandbox = Sandbox::new();
    let papers = sandbox.file("papers.jsonl", many(1_500));
    let mut settled = 0;
    for _ in 0..4 {
        let mut child = start(&sandbox, &papers);
        // Killed as soon as it has written more than there was.
        let patience = Instant::now();
        while patience.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none() {
            if sandbox.library().join("library.sqlite3").exists() && count(&sandbox) > settled {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let now = count(&sandbox);
        assert!(now >= settled, "{now} papers after {settled}");
        settled = now;
    }
    let run = sandbox.run(&["add", &papers]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.ends_with(": 1500 papers in the library\n"), "{}", run.out);
    assert!(run.out.contains(&format!("{settled} unchanged")), "{settled}: {}", run.out);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn two_additions_at_once_both_succeed() {
    let sandbox = Sandbox::new();
    let first = sandbox.file("first.jsonl", many(300));
    let second = sandbox.file("second.jsonl", many(400));
    let children = [start(&sandbox, &first), start(&sandbox, &second)];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(count(&sandbox), 400);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn a_damaged_file_is_refused_and_named() {
    let sandbox = Sandbox::with_papers();
    let path = sandbox.library().join("library.sqlite3");
    let sound = std::fs::read(&path).unwrap();
    // Bits flipped in every page but the first, one page at a time.
    for page in (4096..sound.len()).step_by(4096 * 5) {
        let mut damaged = sound.clone();
        damaged[page..page + 64].iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(&path, &damaged).unwrap();
        for command in [&["similar", "--exclude", "x", "instruction"][..], &["status"], &["doctor"]] {
            let run = sandbox.run(command);
            assert!((0..=2).contains(&run.code), "page {page}: {command:?}: {} {}", run.code, run.err);
            assert!(!run.err.contains("panicked"), "page {page}: {command:?}: {}", run.err);
        }
    }
    std::fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    let run = sandbox.run(&["doctor"]);
    assert_ne!(run.code, 0, "{}", run.out);
    std::fs::write(&path, b"not a database, but long enough to be taken for one").unwrap();
    let run = sandbox.run(&["status"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("library.sqlite3: is not a paperkin library"), "{}", run.err);
}

#[test]
fn adding_again_changes_nothing_and_updates_what_differs() {
    let sandbox = Sandbox::with_papers();
    let run = sandbox.run(&["add", listing()]);
    assert_eq!(run.out, "0 new, 0 updated, 40 unchanged: 40 papers in the library\n");

    let line =
        |votes: u32, text: &str| format!("{{\"id\":\"a1\",\"title\":\"T\",\"abstract\":\"{text}\",\"votes\":{votes}}}");
    let add = |record: String, expected: &str| {
        let run = sandbox.run_with_input(&["add", "-"], record);
        assert_eq!((run.code, run.out.as_str()), (0, expected), "{}", run.err);
    };
    add(line(1, "one"), "1 new, 0 updated, 0 unchanged: 41 papers in the library\n");
    add(line(2, "one"), "0 new, 1 updated, 0 unchanged: 41 papers in the library\n");
    add(line(2, "two"), "0 new, 1 updated, 0 unchanged: 41 papers in the library\n");
    add(line(2, "two"), "0 new, 0 updated, 1 unchanged: 41 papers in the library\n");
    // A record that knows less takes nothing away.
    add("{\"id\":\"a1\",\"title\":\"T\"}".to_owned(), "0 new, 0 updated, 1 unchanged: 41 papers in the library\n");
}

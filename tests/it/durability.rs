//! What is in the library stays in the library.

use crate::support::made_up::short_papers;
use crate::support::sandbox::{Sandbox, listing};

fn count(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["status", "--format", "json"])["papers"].as_u64().unwrap_or(0)
}

#[test]
fn a_killed_addition_loses_nothing_that_was_there_and_goes_on() {
    let sandbox = Sandbox::new();
    let papers = sandbox.file("papers.jsonl", short_papers(0..1_500));
    // Killed when a file grows beyond a limit: while the library is made, while papers are written into the log, and
    // while they go from there into the file.
    let (mut settled, mut limit_kib, mut counts) = (0, 0, Vec::new());
    while settled < 1_000 {
        limit_kib += 128;
        assert!(
            !sandbox.run_with_file_limit(&["add", &papers], limit_kib),
            "{limit_kib} KiB are enough for all papers"
        );
        let now = count(&sandbox);
        assert!(now >= settled, "{now} papers after {settled}");
        settled = now;
        counts.push(now);
    }
    counts.dedup();
    assert!(counts.len() > 2, "some were killed between two writes of papers: {counts:?}");
    let run = sandbox.run(&["add", &papers]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.ends_with(": 1500 papers in the library\n"), "{}", run.out);
    assert!(run.out.contains(&format!("{settled} unchanged")), "{settled}: {}", run.out);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn two_additions_at_once_both_succeed() {
    let sandbox = Sandbox::new();
    let first = sandbox.file("first.jsonl", short_papers(0..300));
    let second = sandbox.file("second.jsonl", short_papers(0..400));
    let children = [sandbox.start(&["add", &first]), sandbox.start(&["add", &second])];
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

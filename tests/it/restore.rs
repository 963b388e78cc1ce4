//! A backup in the place of the library.

use std::fs;

use crate::support::made_up::short_papers;
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, LINES, Server};

fn count(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["status", "--format", "json"])["papers"].as_u64().unwrap()
}

/// The names of the files in the directory of a library.
fn names(sandbox: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(sandbox.library()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn back_up(sandbox: &Sandbox) -> String {
    let file = sandbox.folder.path().join("backup.sqlite3").to_str().unwrap().to_owned();
    let run = sandbox.run(&["backup", &file]);
    assert_eq!(run.code, 0, "{}", run.err);
    file
}

/// A library with the papers of the examples and some more, and a backup from before those came.
fn with_backup() -> (Sandbox, String) {
    let sandbox = Sandbox::with_papers();
    let backup = back_up(&sandbox);
    let papers = sandbox.file("papers.jsonl", short_papers(0..20));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    (sandbox, backup)
}

#[test]
fn the_backup_takes_the_place_of_the_library_which_stays_beside_it() {
    let (sandbox, backup) = with_backup();
    let run = sandbox.run(&["restore", &backup]);
    assert!(run.code == 1 && run.err.contains("repeat it with --yes"), "{} {}", run.code, run.err);
    assert_eq!(count(&sandbox), 60);
    let run = sandbox.run(&["restore", &backup, "--yes"]);
    assert!(run.code == 0 && run.out.contains("40 papers and 0 profiles restored"), "{} {}", run.out, run.err);
    assert_eq!(count(&sandbox), 40);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);

    let previous = run.out.trim().rsplit("the previous library is ").next().unwrap();
    let run = sandbox.run(&["restore", previous, "--yes"]);
    assert!(run.out.contains("library-before-restore-2.sqlite3"), "{} {}", run.out, run.err);
    assert_eq!(count(&sandbox), 60);
    let kept =
        ["library-before-restore-1.sqlite3", "library-before-restore-2.sqlite3", "library.sqlite3", "restore.lock"];
    assert_eq!(names(&sandbox), kept);
}

#[test]
fn a_library_that_is_gone_or_no_database_any_more_comes_back() {
    let (sandbox, backup) = with_backup();
    let file = sandbox.library().join("library.sqlite3");
    for damage in [None, Some(&b"no database, but long enough to be taken for one"[..])] {
        fs::remove_file(&file).unwrap();
        damage.inspect(|bytes| fs::write(&file, bytes).unwrap());
        // The log of another file would be taken for one of the backup.
        fs::write(sandbox.library().join("library.sqlite3-wal"), "left behind").unwrap();
        let run = sandbox.run(&["restore", &backup, "--yes"]);
        assert_eq!(
            (run.code, run.out.contains("the previous library")),
            (0, damage.is_some()),
            "{}{}",
            run.out,
            run.err
        );
        assert_eq!(count(&sandbox), 40);
    }
    let new = Sandbox::new();
    assert_eq!(new.run(&["restore", &backup]).code, 0, "there is nothing to ask about");
    assert_eq!(count(&new), 40);
}

#[test]
fn a_running_server_answers_from_the_backup() {
    let (sandbox, backup) = with_backup();
    let server = Server::over(sandbox, &[]);
    let papers = || server.get("/v1/status");
    let has = |id: &str| server.call("GET", &format!("/v1/papers/{id}"), &[], "").status == 200;
    let found = || server.post("/v1/search", r#"{"text":"Paper 3 on topic 3"}"#).to_string().contains("Paper 3 on");
    let like = |id: &str| {
        let body = format!(r#"{{"kind":"like","papers":["{id}"]}}"#);
        server.call("POST", "/v1/profiles/me/feedback", &[JSON], &body).status
    };
    let before = papers();
    assert_eq!((before["papers"].as_u64(), has("p3"), found()), (Some(60), true, true));
    let run = server.sandbox.run(&["restore", &backup, "--yes"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let after = papers();
    assert_eq!((after["papers"].as_u64(), has("p3"), found()), (Some(40), false, false));
    assert!(after["generation"].as_u64() > before["generation"].as_u64(), "generations never go back");
    assert_eq!(server.call("GET", "/health/ready", &[], "").status, 200);
    // It goes on: papers and votes are in the restored library.
    let added = server.call("POST", "/v1/papers", &[LINES], r#"{"id":"new","title":"A new paper"}"#);
    assert_eq!((added.lines()[0]["outcome"].as_str(), like("new"), has("new")), (Some("new"), 200, true));
    assert_eq!(server.sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn what_is_no_sound_backup_is_refused() {
    let (sandbox, backup) = with_backup();
    let sound = fs::read(&backup).unwrap();
    let mut flipped = sound.clone();
    flipped[4096 * 3..4096 * 20].iter_mut().for_each(|byte| *byte ^= 0x55);
    let mut newer = sound.clone();
    // `user_version`, a big-endian number (sqlite.org/fileformat.html, 1.3).
    newer[60..64].copy_from_slice(&999u32.to_be_bytes());
    let itself = sandbox.library().join("library.sqlite3").to_str().unwrap().to_owned();
    for (file, reason) in [
        (sandbox.file("flipped", flipped), "flipped: "),
        (sandbox.file("half", &sound[..sound.len() / 2]), "half: "),
        (sandbox.file("newer", newer), "newer: created by a newer version of paperkin"),
        (sandbox.file("text", "no backup"), "text: is not a backup of a library"),
        (sandbox.file("empty", ""), "empty: is empty"),
        (sandbox.folder.path().join("nowhere").to_str().unwrap().to_owned(), "nowhere: cannot read"),
        (itself, "is the library itself"),
    ] {
        let run = sandbox.run(&["restore", &file, "--yes"]);
        assert!(run.code > 0 && run.err.contains(reason) && run.err.lines().count() == 1, "{file}: {}", run.err);
        assert_eq!((count(&sandbox), names(&sandbox)), (60, vec!["library.sqlite3".to_owned()]), "{file}");
    }
}

#[test]
fn a_killed_restore_leaves_the_old_library_or_the_new_one() {
    let (sandbox, backup) = with_backup();
    // Killed when a file grows beyond a limit: a copy, or the log.
    let step = fs::metadata(&backup).unwrap().len() / 1024 / 8;
    let mut killed = 0;
    while !sandbox.run_with_file_limit(&["restore", &backup, "--yes"], (killed + 1) * step) {
        killed += 1;
        let papers = count(&sandbox);
        assert!([40, 60].contains(&papers), "{papers} papers, killed at {killed}");
        assert_eq!(sandbox.run(&["doctor"]).code, 0);
    }
    assert!(killed >= 6, "{killed}");
    assert_eq!(count(&sandbox), 40);
    // A larger backup than the library: killed when all of the copies are written, and the log is not.
    let larger = sandbox.library().join("library-before-restore-1.sqlite3");
    let (mut limit_kib, mut killed_in_log) = (fs::metadata(&larger).unwrap().len() / 1024, 0);
    while !sandbox.run_with_file_limit(&["restore", larger.to_str().unwrap(), "--yes"], limit_kib) {
        limit_kib += 4;
        killed_in_log += usize::from(sandbox.library().join("library.sqlite3-wal").exists());
        assert_eq!(count(&sandbox), 40, "{limit_kib} KiB");
    }
    assert_eq!((killed_in_log > 0, count(&sandbox)), (true, 60));
    assert!(!names(&sandbox).iter().any(|name| name.starts_with(".paperkin")), "{:?}", names(&sandbox));
}

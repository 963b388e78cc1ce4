//! Files that commands write: whole, on disk, and where somebody wants them.

#![cfg(unix)]

use std::fs;
use std::process::{Command, Stdio};

use crate::support::prerequisites::skip;
use crate::support::sandbox::Sandbox;

const MAGIC: &[u8] = b"SQLite format 3\0";

#[test]
fn two_backups_to_one_file_both_succeed() {
    let sandbox = Sandbox::with_papers();
    let folder = sandbox.folder.path().join("backups");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("backup.sqlite3");
    let children = [0; 4].map(|_| sandbox.start(&["backup", file.to_str().unwrap()]));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    let restored = Sandbox::new();
    assert_eq!(restored.run(&["restore", file.to_str().unwrap()]).code, 0);
    assert_eq!(restored.json(&["status", "--format", "json"])["papers"], 40);
}

#[test]
fn no_output_takes_the_place_of_a_library() {
    let (sandbox, other) = (Sandbox::with_papers(), Sandbox::with_papers());
    let library = sandbox.library().join("library.sqlite3");
    let link = sandbox.folder.path().join("link.jsonl");
    std::os::unix::fs::symlink(&library, &link).unwrap();
    let [log, index] = ["library.sqlite3-wal", "index/hnsw"].map(|name| sandbox.library().join(name));
    let in_proc = format!("/proc/self/root{}", library.display());
    let paths = [&library, &link, &log, &index].map(|path| path.to_str().unwrap());
    let before = fs::read(&library).unwrap();
    for path in paths.into_iter().chain([&*in_proc]) {
        let run = sandbox.run(&["export", "--papers", "--out", path]);
        assert!(run.code != 0 && run.err.contains("give another file"), "{path}: {}", run.err);
        // Nor does a copy of another library.
        let run = other.run(&["backup", path]);
        assert!(run.code != 0 && run.err.contains("give another file"), "{path}: {}", run.err);
    }
    assert_eq!(fs::read(&library).unwrap(), before);
}

#[test]
fn a_backup_replaces_old_copies_of_libraries_alone() {
    let sandbox = Sandbox::with_papers();
    let [copy, database] = ["copy.sqlite3", "other.sqlite3"].map(|name| sandbox.folder.path().join(name));
    let back_up = |path: &std::path::Path| sandbox.run(&["backup", path.to_str().unwrap()]);
    assert_eq!([back_up(&copy).code, back_up(&copy).code], [0, 0]);
    // Somebody else's.
    let mut bytes = fs::read(&copy).unwrap();
    bytes[68..72].fill(0);
    fs::write(&database, &bytes).unwrap();
    // One that is in use has a log.
    fs::write(sandbox.folder.path().join("copy.sqlite3-wal"), "log").unwrap();
    for path in [&copy, &database] {
        let run = back_up(path);
        assert!(run.code != 0 && run.err.contains("give another file"), "{}", run.err);
    }
    assert_eq!(fs::read(&database).unwrap(), bytes);
}

#[test]
fn what_could_not_be_shown_is_still_new() {
    let sandbox = Sandbox::with_papers();
    assert_eq!(sandbox.run(&["profile", "me", "like", "Kitchen Hands"]).code, 0);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let feed = ["feed", "--profile", "me"];
    let status = sandbox.program().args(feed).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_ne!(status.code(), Some(0));
    let feed = sandbox.json(&["feed", "--profile", "me", "--format", "json"]);
    assert!(!feed["results"].as_array().unwrap().is_empty() || !feed["best_of_library"].as_array().unwrap().is_empty());
}

#[test]
fn a_secret_is_not_shown_without_the_line_that_makes_it_valid() {
    let sandbox = Sandbox::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = sandbox.program().args(["token", "me", "--scope", "read"]).stderr(full).output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
}

#[test]
fn a_pipe_gets_what_is_written_and_stays_a_pipe() {
    let sandbox = Sandbox::with_papers();
    let pipe = sandbox.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let name = pipe.to_str().unwrap();
    for (command, start) in [(["backup", name].to_vec(), MAGIC), (["export", "--papers", "--out", name].to_vec(), b"{")]
    {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        let run = sandbox.run(&command);
        assert_eq!(run.code, 0, "{command:?}: {}", run.err);
        assert!(reader.join().unwrap().starts_with(start), "{command:?}");
        assert!(!pipe.metadata().unwrap().is_file());
    }
    let output = sandbox.command(&["backup", "/dev/stdout"]).output().unwrap();
    assert!(output.status.success() && output.stdout.starts_with(MAGIC));
}

#[test]
fn what_is_renamed_is_on_disk_and_so_is_its_name() {
    let mut sandbox = Sandbox::with_papers();
    let [trace, backup, export] = ["trace", "backup", "export"].map(|name| sandbox.folder.path().join(name));
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2";
    let strace = ["strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", trace.to_str().unwrap()];
    let tried = Command::new(strace[0]).args(&strace[1..]).arg("true").stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        skip("strace cannot trace here");
        return;
    }
    let index = sandbox.library().join("index/hnsw");
    sandbox.wrapper = strace.map(str::to_owned).to_vec();
    for (command, target) in [
        (&["backup", backup.to_str().unwrap()][..], &backup),
        (&["export", "--papers", "--out", export.to_str().unwrap()], &export),
        (&["index", "rebuild"], &index),
    ] {
        let run = sandbox.run(command);
        assert_eq!(run.code, 0, "{command:?}: {}", run.err);
        let text = fs::read_to_string(&trace).unwrap();
        let (target, directory) = (target.display(), target.parent().unwrap().display());
        let lines: Vec<&str> = text.lines().collect();
        let at = |what: &dyn Fn(&str) -> bool| lines.iter().position(|line| what(line)).ok_or(&text);
        let is_sync = |line: &str| line.contains("sync(");
        let renamed = at(&|line| line.contains("rename") && line.contains(&format!("\"{target}\""))).unwrap();
        let synced = at(&|line| is_sync(line) && line.contains(".unfinished/file>")).unwrap();
        let last = lines.iter().rposition(|line| is_sync(line) && line.contains(&format!("<{directory}>"))).unwrap();
        assert!(synced < renamed && renamed < last, "{command:?}: {text}");
    }
}

//! Bad input gets one clear line and the right exit code, and loses nothing.

use std::io::Write;
use std::process::Stdio;

use crate::support::sandbox::{Run, Sandbox};

/// One line on standard error, which says this, and no panic.
fn check(run: &Run, code: i32, message: &str) {
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    assert!(run.err.contains(message), "{message:?} is not in {:?}", run.err);
    assert!(!run.err.contains("panicked"), "{}", run.err);
}

fn check_line(run: &Run, code: i32, message: &str) {
    check(run, code, message);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn files_that_are_no_papers() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder.path().to_str().unwrap().to_owned();
    let table = [
        (sandbox.file("empty", ""), "empty: the file is empty"),
        (sandbox.file("binary", [0u8, 159, 146, 150, 0, 1, 2, 3].repeat(100)), "binary: "),
        (sandbox.file("numbers.json", "[1, 2, 3]"), "numbers.json"),
        (sandbox.file("shape.json", "{\"color\": \"red\", \"size\": 3}"), "shape.json"),
        (sandbox.file("prose.txt", "Once upon a time there was no paper in this file.\n"), "prose.txt: "),
        (folder, "directory"),
        (sandbox.folder.path().join("nowhere").to_str().unwrap().to_owned(), "nowhere: "),
    ];
    for (path, message) in &table {
        check_line(&sandbox.run(&["add", path]), 1, message);
        check_line(&sandbox.run(&["search", "x", "--papers", path]), 1, message);
    }
}

#[test]
fn bad_records_are_named_and_the_good_ones_kept() {
    let sandbox = Sandbox::new();
    let lines = [
        r#"{"id":"good1","title":"A good title","abstract":"And a good abstract."}"#,
        r#"{"id":"bad1","title":"","abstract":"  "}"#,
        r#"{"id":"bad2","title":"t","votes":-4}"#,
        r#"{"id":"bad3","title":"t","published":"2024-02-30"}"#,
        r#"{"id":"bad4","title":"t","votes":NaN}"#,
        "{\"id\":\"bad5\",",
        r#"["an", "array"]"#,
        r#"{"id":"good2","title":"Another good title","votes":null}"#,
    ];
    let file = sandbox.file("papers.jsonl", lines.join("\n"));
    let run = sandbox.run(&["add", &file]);
    check(&run, 1, "papers.jsonl, line 2: no title and no abstract");
    for line in 2..=7 {
        let severity = if [3, 4].contains(&line) { "warning" } else { "error" };
        let named = run.err.lines().any(|said| {
            said.starts_with(&format!("{severity}: ")) && said.contains(&format!("papers.jsonl, line {line}: "))
        });
        assert!(named, "{line}: {}", run.err);
    }
    assert_eq!(run.err.lines().count(), 6, "{}", run.err);
    assert_eq!(run.out, "4 new, 0 updated, 0 unchanged, 4 rejected, 2 fields dropped: 4 papers in the library\n");
}

#[test]
fn a_bad_field_costs_the_field_and_is_named() {
    let sandbox = Sandbox::new();
    let rows: String = (0..30).map(|n| format!("p{n},Number {n},soon,{}\n", if n < 3 { "many" } else { "" })).collect();
    let file = sandbox.file("papers.csv", format!("id,title,Date,votes\n{rows}"));
    let run = sandbox.run(&["add", &file]);
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!((run.code, lines.len()), (0, 21), "{}", run.err);
    let reason = "is not a valid date: use the form 2024-12-19, or omit it";
    assert_eq!(lines[0], format!("warning: {file}, line 2: `Date`: `\"soon\"` {reason}"));
    assert_eq!(lines[20], "warning: papers.csv: 13 more fields were dropped: Date 13");
    assert_eq!(run.out, "30 new, 0 updated, 0 unchanged, 33 fields dropped: 30 papers in the library\n");
    let summary = sandbox.json(&["add", &file, "--format", "json"]);
    assert_eq!((&summary["dropped_fields"], &summary["rejected"]), (&33.into(), &0.into()));
    let found = sandbox.run(&["search", "number", "--papers", &file]);
    assert_eq!((found.code, found.err.lines().count()), (0, 21), "{}", found.err);
}

#[test]
fn strict_writes_nothing() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", "{\"id\":\"a\",\"title\":\"t\"}\n{\"id\":\"b\"}\n");
    let run = sandbox.run(&["add", "--strict", &file]);
    check(&run, 1, "papers.jsonl, line 2: no title and no abstract");
    assert!(run.err.contains("nothing was added"), "{}", run.err);
    assert!(!sandbox.library().exists());
    let run = sandbox.run_with_input(&["add", "--strict", "-"], "{\"title\":\"t\",\"votes\":-1}");
    check(&run, 1, "-, line 1: `votes`: `-1` is not a count");
    assert!(run.err.contains("nothing was added") && !sandbox.library().exists(), "{}", run.err);
}

#[test]
fn extreme_records() {
    let sandbox = Sandbox::new();
    let long = "word ".repeat(3_200);
    let record = format!("{{\"id\":\"long\",\"title\":\"t\",\"abstract\":\"{long}\"}}\n");
    let twice = "{\"id\":\"x\",\"title\":\"one\"}\n{\"id\":\"x\",\"title\":\"two\"}\n";
    let run = sandbox.run_with_input(&["add", "-"], record + twice);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "2 new, 1 updated, 0 unchanged: 2 papers in the library\n");

    let mut huge = b"{\"id\":\"before\",\"title\":\"t\"}\n{\"id\":\"huge\",\"title\":\"".to_vec();
    huge.resize(100 << 20, b'a');
    huge.extend_from_slice(b"\"}\n{\"id\":\"after\",\"title\":\"t\"}\n");
    let run = sandbox.run_with_input(&["add", "-"], huge);
    check_line(&run, 1, "-, line 2: ");
    assert_eq!(run.out, "2 new, 0 updated, 0 unchanged, 1 rejected: 4 papers in the library\n");

    let run = sandbox.run_with_input(
        &["add", "-"],
        b"{\"id\":\"u\",\"title\":\"\xff\xfe\"}\n{\"id\":\"v\",\"title\":\"t\"}".to_vec(),
    );
    check_line(&run, 1, "-, line 1: ");
}

#[test]
fn a_truncated_gzip_gives_what_is_whole() {
    let sandbox = Sandbox::new();
    let text: String =
        (0..3_000).map(|n| format!("{{\"id\":\"p{n}\",\"title\":\"Number {}\"}}\n", n * 7_919 % 1_000)).collect();
    let packed = gzip(text.as_bytes());
    assert_eq!(sandbox.run_with_input(&["add", "-"], gzip(b"{\"id\":\"p0\",\"title\":\"whole\"}\n")).code, 0);
    let file = sandbox.file("papers.jsonl.gz", &packed[..packed.len() / 20]);
    let run = sandbox.run(&["add", &file]);
    check(&run, 1, "papers.jsonl.gz: ");
    assert!(run.err.contains("truncated"), "{}", run.err);
}

#[test]
fn questions_that_make_no_sense() {
    let sandbox = Sandbox::with_papers();
    let table: [(&[&str], i32, &str); 14] = [
        (&["similar", "2401.99999"], 1, "no paper `2401.99999` in the library: `paperkin add 2401.99999` fetches it"),
        (&["similar", ""], 1, "empty id"),
        (&["search", " "], 1, "`text`: is empty"),
        (&["search", "x", "--diversity", "2"], 1, "`diversity`: 2 is not between 0 and 1"),
        (&["search", "x", "--smoothing", "1.1"], 1, "`smoothing`: 1.1 is not between 0 and 1"),
        (&["search", "x", "--diversity", "NaN"], 1, "`diversity`: NaN is not between 0 and 1"),
        (&["search", "x", "--after", "2025-01-01", "--before", "2024-01-01"], 1, "later than `published_before`"),
        (&["recommend"], 1, "a reading history is required"),
        (&["recommend", "--like", "zzz", "--dislike", "zzz"], 1, "`zzz` is also given to --like"),
        (&["recommend", "--like", "zzz"], 1, "not in the library: zzz"),
        (
            &["feed", "--profile", "nobody"],
            1,
            "no profile `nobody`: create it with `paperkin profile nobody like ID...`",
        ),
        (&["profile", "me", "like", "zzz"], 1, "no paper `zzz`"),
        (&["profile", "me", "remove", "zzz"], 1, "no profile `me`"),
        (&["report", "--out", "/dev/null/x", "--threshold", "7"], 1, "`threshold`: 7 is not between -1 and 1"),
    ];
    for (args, code, message) in table {
        check(&sandbox.run(args), code, message);
    }
    // Called wrongly: clap's message, which may have more lines.
    for args in [
        &["search", "x", "-n", "-3"][..],
        &["search", "x", "-n", "0"],
        &["search", "x", "--after", "2024-02-30"],
        &["search", "x", "--format", "xml"],
        &["embed"],
        &["nonsense"],
        &["search", "x", "--model", "no such model"],
    ] {
        check(&sandbox.run(args), 2, "error: ");
    }
}

#[test]
fn libraries_that_cannot_be_used() {
    let sandbox = Sandbox::new();
    check_line(&sandbox.run(&["status"]), 1, "create one with `paperkin add FILE`");
    let file = sandbox.file("plain", "a file");
    check_line(&sandbox.run(&["status", "--library", &file]), 1, "plain: is a file: give the directory of a library");
    let below = format!("{file}/below");
    check_line(&sandbox.run_with_input(&["add", "-", "--library", &below], "{\"title\":\"t\"}"), 2, "below: cannot ");
}

#[test]
fn a_newer_library_is_left_alone() {
    let sandbox = Sandbox::with_papers();
    let path = sandbox.library().join("library.sqlite3");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(db);
    for args in [&["status"][..], &["add", "-"], &["search", "x"]] {
        let run = sandbox.run_with_input(args, "{\"title\":\"t\"}");
        check_line(&run, 2, "created by a newer version of paperkin (format 99, supported up to 14): update paperkin");
    }
    let db = rusqlite::Connection::open(sandbox.folder.path().join("library/other")).unwrap();
    db.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1").unwrap();
    drop(db);
    std::fs::rename(sandbox.folder.path().join("library/other"), &path).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    check_line(&sandbox.run(&["status"]), 1, "is a database of another program");
}

#[test]
fn requests_in_files() {
    let sandbox = Sandbox::with_papers();
    let requests = sandbox.file(
        "requests.jsonl",
        "{\"id\":\"a\",\"text\":\"speech\"}\n{\"id\":\"b\",\"limit\":-1}\nnot json\n{\"id\":\"two words\",\"text\":\"x\"}\n\
         {\"id\":\"c\",\"positive\":[\"zzz\"]}\n{\"id\":\"d\",\"text\":\"x\",\"color\":1}\n",
    );
    let out = sandbox.folder.path().join("run.trec");
    let run = sandbox.run(&["rank", &requests, "--run", out.to_str().unwrap(), "--depth", "3"]);
    check(&run, 1, "requests.jsonl, line 2: ");
    for message in ["line 3: ", "line 4: `id` is `two words`", "line 6: unknown field `color`"] {
        assert!(run.err.contains(message), "{message}: {}", run.err);
    }
    assert!(run.err.contains("c: not in the library: zzz"), "{}", run.err);
    assert!(
        run.err.contains("note: c: none of the history papers is in the library: no papers are ranked\n"),
        "{}",
        run.err
    );
    let written = std::fs::read_to_string(out).unwrap();
    assert_eq!(written.lines().filter(|line| line.starts_with("a Q0 ")).count(), 3);
    assert_eq!(written.lines().filter(|line| line.starts_with("c Q0 ")).count(), 0);
}

#[test]
fn empty_files_say_what_is_expected() {
    let sandbox = Sandbox::with_papers();
    let out = sandbox.folder.path().join("out");
    let out = out.to_str().unwrap();
    for content in ["", "\n \n"] {
        let file = sandbox.file("empty.jsonl", content);
        let run = sandbox.run(&["rank", &file, "--run", out]);
        let expected = "expected a JSON object on each line, such as {\"text\": \"soft robots\"}\n";
        let told = format!("error: {file}: contains no requests: {expected}");
        assert_eq!((run.code, run.err), (1, told));
        let run = sandbox.run(&["embed", &file, "--out", out]);
        let expected = "expected a JSON object on each line, with `text`, or with `title` and `abstract`\n";
        let told = format!("error: {file}: contains no texts: {expected}");
        assert_eq!((run.code, run.err), (1, told));
    }
    assert!(!std::path::Path::new(out).exists());
}

#[test]
fn errors_of_the_system_have_no_numbers_and_addresses_have_a_form() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["search", "x", "--papers", "nowhere"]);
    assert_eq!((run.code, run.err.as_str()), (1, "error: nowhere: cannot read: No such file or directory\n"));
    for (address, port) in [("7999", "7999"), ("localhost:80", "80"), ("x", "7474")] {
        let run = sandbox.run(&["serve", "--listen", address]);
        let told =
            format!("expected an IP address and a port, such as 127.0.0.1:{port}, or 0.0.0.0:{port} for all networks");
        check(&run, 2, &told);
    }
}

#[test]
fn texts_to_embed() {
    let sandbox = Sandbox::new();
    let texts = sandbox.file("texts.jsonl", "{\"text\":\"one\"}\n{\"words\":\"two\"}\n");
    let out = sandbox.folder.path().join("out.f32");
    check_line(
        &sandbox.run(&["embed", &texts, "--out", out.to_str().unwrap()]),
        1,
        "texts.jsonl, line 2: expected `text`",
    );
    assert_eq!(std::fs::read_dir(&sandbox.folder).unwrap().count(), 1, "nothing half-written stays");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_reader_that_leaves() {
    let sandbox = Sandbox::with_papers();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let program = assert_cmd::cargo::cargo_bin("paperkin");
    let command = |out: Stdio| {
        let mut command = std::process::Command::new(&program);
        command.args(["similar", "-n", "40", "--format", "json", "How Few Instructions"]);
        command.env("PAPERKIN_LIBRARY", sandbox.library()).stdout(out).stderr(Stdio::piped()).spawn().unwrap()
    };
    let output = command(full.into()).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("standard output: cannot write: No space left on device"), "{said}");

    let mut child = command(Stdio::piped());
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

//! Encodings that files declare, that `--encoding` names, and that the header of an answer names; files without records.

use crate::support::fake_service::{CannedReply, FakeService};
use crate::support::sandbox::Sandbox;

/// A title with `ä` in windows-1252.
const RECORD: &[u8] = b"TY  - JOUR\nTI  - F\xe4hren und Lampen\nAU  - Oak, Ada\nER  - \n";

/// The titles in the library.
fn titles(sandbox: &Sandbox) -> Vec<String> {
    let papers = sandbox.run(&["export", "--papers", "--format", "jsonl"]).out;
    let title =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["title"].as_str().unwrap().to_owned();
    papers.lines().map(title).collect()
}

#[test]
fn an_encoding_can_be_named_wherever_files_are_given() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("old.ris", RECORD);
    let run = sandbox.run(&["add", &file]);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("line 1: not UTF-8: save the file as UTF-8, or give --encoding windows-1252"),
        "{}",
        run.err
    );
    let run = sandbox.run(&["add", &file, "--encoding", "latin1"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(titles(&sandbox), ["Fähren und Lampen"]);
    let run = sandbox.run(&["profile", "me", "import", &file, "--encoding", "windows-1252"]);
    assert!(run.code == 0 && run.out.contains("1 added"), "{}{}", run.out, run.err);
    let run = sandbox.run(&["search", "Lampen", "--papers", &file, "--encoding", "windows-1252", "--format", "jsonl"]);
    assert!(run.code == 0 && run.out.contains("Fähren und Lampen"), "{}{}", run.out, run.err);
    let run = sandbox.run(&["add", &file, "--encoding", "latin-77"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("unknown encoding `latin-77`: give a name such as windows-1252"), "{}", run.err);
}

#[test]
fn the_encoding_of_a_feed_is_that_of_its_header_or_its_declaration() {
    let feed = |declaration: &str| {
        let start = format!("{declaration}<rss><channel><item><title>F");
        [start.as_bytes(), b"\xe4hren</title><link>https://example.org/1</link></item></channel></rss>"].concat()
    };
    for (header, body) in [
        ("content-type: application/rss+xml; charset=ISO-8859-1\r\n", feed("")),
        ("content-type: text/xml; charset=\"windows-1252\"\r\n", feed("<?xml version='1.0'?>")),
        ("content-type: application/rss+xml\r\n", feed("<?xml version='1.0' encoding='ISO-8859-1'?>")),
    ] {
        let sandbox = Sandbox::new();
        let service = FakeService::new(move |_| CannedReply::Ok(header.to_owned(), body.clone()));
        let run = sandbox.run(&["fetch", "feed", &format!("{}/feed", service.url()), "--pause", "0"]);
        assert_eq!(run.code, 0, "{header}: {}", run.err);
        assert_eq!(titles(&sandbox), ["Fähren"], "{header}");
    }
}

#[test]
fn a_file_without_records_is_an_error_and_a_feed_without_news_is_none() {
    let sandbox = Sandbox::new();
    let empty = "<rss><channel><title>Nothing new</title></channel></rss>";
    for (name, text, message) in [
        ("list.json", "[]", "no record of JSON in it: expected objects such as"),
        (
            "feed.xml",
            empty,
            "no record of a news feed in it: expected elements such as `<item>` (RSS) or `<entry>` (Atom)",
        ),
        ("table.csv", "title,year\n", "no record of a table in it: expected rows below the header"),
        ("library.ris", "Some words.\n", "no record of RIS in it: expected lines such as `TY  - JOUR`"),
        ("library.bib", "Some words.\n", "no record of BibTeX in it: expected entries such as"),
    ] {
        let file = sandbox.file(name, text);
        for arguments in [&["add", &file][..], &["add", "--strict", &file], &["profile", "me", "import", &file]] {
            let run = sandbox.run(arguments);
            assert_eq!(run.code, 1, "{arguments:?}: {}{}", run.out, run.err);
            assert!(run.err.contains(message), "{arguments:?}: {}", run.err);
        }
    }
    let service = FakeService::new(move |_| CannedReply::ok(empty));
    let run = sandbox.run(&["fetch", "feed", &format!("{}/feed", service.url()), "--pause", "0"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
}

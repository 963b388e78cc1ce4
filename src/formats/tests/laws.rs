//! Laws of all readers: compression and small reads change nothing, and records before a truncation are returned.

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::FIXTURES;
use super::fixture;
use super::fixture_bytes;
use super::summaries;
use crate::error::Error;
use crate::formats::input_format::InputFormat;
use crate::formats::{open, read};

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_is_transparent() {
    for (name, _) in FIXTURES {
        let bytes = gzip(&fixture_bytes(name));
        assert_eq!(summaries(read(Cursor::new(bytes.clone()), name, None)), fixture(name));
        // Two members, as `cat a.gz b.gz` makes them.
        let bytes = fixture_bytes(name);
        let (start, end) = bytes.split_at(bytes.len() / 2);
        assert_eq!(summaries(read(Cursor::new([gzip(start), gzip(end)].concat()), name, None)), fixture(name));
    }
}

#[test]
fn a_truncated_gzip_gives_what_came_before() {
    let lines: String = (0..20_000).map(|n| format!("{{\"id\": {n}, \"title\": \"Title {}\"}}\n", n * 7919)).collect();
    let whole = gzip(lines.as_bytes());
    let found = summaries(read(Cursor::new(whole[..whole.len() / 2].to_vec()), "x.gz", None));
    let (last, papers) = found.split_last().unwrap();
    assert_eq!(last, "x.gz: the file is truncated: download it again");
    assert!(papers.len() > 5_000, "{}", papers.len());
    for (n, paper) in papers.iter().enumerate() {
        assert_eq!(*paper, format!("id={n} | title=Title {}", n * 7919));
    }

    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 40].fill(0xff);
    let found = summaries(read(Cursor::new(flipped), "x.gz", None));
    assert!(found.last().unwrap().starts_with("x.gz: the compressed data is damaged ("), "{:?}", found.last());
    assert!(found.len() > 5_000, "{}", found.len());

    let header = summaries(read(Cursor::new(whole[..5].to_vec()), "x.gz", None));
    assert_eq!(header, ["x.gz: the file is truncated: download it again"]);
    let empty = summaries(read(Cursor::new(gzip(b"")), "x.gz", None));
    assert_eq!(empty, ["x.gz: the file is empty"]);
}

#[test]
fn other_formats_give_what_came_before_a_truncation_too() {
    for (name, count) in [("hf_page.txt", 2), ("hf_daily.json", 2), ("arxiv.xml", 2), ("papers.csv", 2)] {
        // A stored block ends where it is cut, and the good records before it are whole.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&fixture_bytes(name)).unwrap();
        let whole = encoder.finish().unwrap();
        let found = summaries(read(Cursor::new(whole[..whole.len() - 10].to_vec()), name, None));
        let truncated = format!("{name}: the file is truncated: download it again");
        assert_eq!(found.last(), Some(&truncated), "{found:?}");
        assert!(found.iter().filter(|line| line.contains("title=")).count() >= count - 1, "{found:?}");
        assert!(found.len() > 1, "{found:?}");
    }
}

#[test]
fn files_that_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let found = summaries(open(directory.path(), None));
    assert_eq!(found, [format!("{}: is a directory: give a file", directory.path().display())]);
    let missing = directory.path().join("missing.jsonl");
    assert!(matches!(open(&missing, None), Err(Error::Io { doing: "open", .. })));
    let empty = directory.path().join("empty.csv");
    std::fs::write(&empty, "").unwrap();
    for format in [None, Some(InputFormat::Csv), Some(InputFormat::HfPage)] {
        assert_eq!(summaries(open(&empty, format)), [format!("{}: the file is empty", empty.display())]);
    }
}

proptest! {
    #[test]
    fn json_lines_and_arrays_agree(titles in prop::collection::vec("[a-z\"\\\\{}\\[\\],é]{1,20}", 1..8)) {
        let records: Vec<String> =
            titles.iter().enumerate().map(|(n, title)| serde_json::json!({"id": n, "title": title}).to_string()).collect();
        let by_lines = summaries(read(Cursor::new(records.join("\n")), "x", Some(InputFormat::Jsonl)));
        let as_array = summaries(read(Cursor::new(format!("[{}]", records.join(",\n"))), "x", Some(InputFormat::Jsonl)));
        prop_assert_eq!(&by_lines, &as_array);
        prop_assert_eq!(by_lines.len(), titles.len());
    }

    #[test]
    fn small_reads_change_nothing(which in 0..FIXTURES.len(), step in 1..7_usize) {
        struct Slow(Cursor<Vec<u8>>, usize);
        impl Read for Slow {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let most = buffer.len().min(self.1);
                self.0.read(&mut buffer[..most])
            }
        }
        let name = FIXTURES[which].0;
        prop_assert_eq!(summaries(read(Slow(Cursor::new(fixture_bytes(name)), step), name, None)), fixture(name));
    }
}

//! All formats together: the fixtures, the real files beside the project, where they are, and laws that hold for any
//! bytes.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::{Format, Papers, Reference, References, open, read, read_references, references};
use crate::error::{Error, Result};
use crate::paper::{Paper, PaperId};

const FIXTURES: [(&str, Format); 26] = [
    ("hf_page.txt", Format::HfPage),
    ("hf_daily.json", Format::HfDaily),
    ("hf_daily_python.json", Format::HfDaily),
    ("arxiv.xml", Format::ArxivAtom),
    ("arxiv_error.xml", Format::ArxivAtom),
    ("papers.jsonl", Format::Jsonl),
    ("damaged.jsonl", Format::Jsonl),
    ("papers.csv", Format::Csv),
    ("papers.tsv", Format::Tsv),
    ("papers.bib", Format::Bibtex),
    ("papers.ris", Format::Ris),
    ("papers.nbib", Format::Nbib),
    ("papers.wos", Format::Wos),
    ("csl.json", Format::CslJson),
    ("s2.json", Format::SemanticScholar),
    ("openalex.jsonl", Format::OpenAlex),
    ("arxiv.jsonl", Format::ArxivJson),
    ("feed.rss", Format::Feed),
    ("feed.atom", Format::Feed),
    ("feed.json", Format::JsonFeed),
    ("hf_paper.html", Format::HfHtml),
    ("pubmed.xml", Format::PubmedXml),
    ("bioc.xml", Format::Bioc),
    ("zotero.rdf", Format::ZoteroRdf),
    ("endnote.xml", Format::EndnoteXml),
    ("papers.parquet", Format::Parquet),
];

pub(super) fn fixture_path(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

fn fixture_bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture_path(name)).unwrap()
}

/// What a fixture's records are told as; its name without its directory stands in messages.
pub(super) fn fixture(name: &str) -> Vec<String> {
    told(read(Cursor::new(fixture_bytes(name)), name, None))
}

/// Each record on one line: the fields that differ from the usual, or the error.
pub(super) fn told(papers: Result<Papers>) -> Vec<String> {
    match papers {
        Err(error) => vec![error.to_string()],
        Ok(papers) => papers.map(|paper| paper.map_or_else(|error| error.to_string(), |paper| line(&paper))).collect(),
    }
}

/// As [`fixture`], with what only references have.
pub(super) fn fixture_references(name: &str) -> Vec<String> {
    referred(read_references(Cursor::new(fixture_bytes(name)), name, None))
}

/// As [`told`], with the day of entering and the tags, and without addresses that follow from the id.
pub(super) fn referred(references: Result<References>) -> Vec<String> {
    let tell = |Reference { draft, added, tags }: Reference| {
        let Ok(mut paper) = draft.finish() else { return String::new() };
        paper.url = paper.url.filter(|url| Some(url) != paper.id.url().as_ref());
        let added = added.map(|added| format!(" | added={added}")).unwrap_or_default();
        let tags = if tags.is_empty() { String::new() } else { format!(" | tags={}", tags.join("; ")) };
        line(&paper) + &added + &tags
    };
    match references {
        Err(error) => vec![error.to_string()],
        Ok(references) => references.map(|reference| reference.map_or_else(|error| error.to_string(), tell)).collect(),
    }
}

fn line(paper: &Paper) -> String {
    let id = if paper.id == PaperId::from_text(&paper.title) { String::new() } else { paper.id.to_string() };
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let usual = Format::ALL.iter().any(|format| format.source() == paper.source);
    let parts = [
        ("id", id),
        ("also", paper.also.iter().map(PaperId::as_str).collect::<Vec<_>>().join(" ")),
        ("title", paper.title.clone()),
        ("abstract", paper.abstract_text.clone()),
        ("authors", paper.authors.join("; ")),
        ("author_count", number(paper.author_count)),
        ("published", date(paper.published)),
        ("listed", date(paper.listed)),
        ("votes", number(paper.votes)),
        ("comments", number(paper.comments)),
        ("categories", paper.categories.join(" ")),
        ("source", if usual { String::new() } else { paper.source.clone() }),
        ("url", paper.url.clone().unwrap_or_default()),
    ];
    let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
    parts.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" | ")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn names_of_formats() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "pdf".parse::<Format>().unwrap_err();
    assert_eq!(error, format!("no format `pdf`: there are {}", Format::names()));
}

#[test]
fn formats_are_detected_and_sources_named() {
    for (name, format) in FIXTURES {
        for hint in ["-", name] {
            let papers = read(Cursor::new(fixture_bytes(name)), hint, None).unwrap();
            assert_eq!(papers.format(), format, "{name}");
            for paper in papers.flatten().filter(|paper| paper.source != "notes") {
                assert_eq!(paper.source, format.source(), "{name}");
            }
        }
        assert_eq!(told(open(&fixture_path(name), Some(format))), told(open(&fixture_path(name), None)), "{name}");
    }
}

#[test]
fn gzip_is_transparent() {
    for (name, _) in FIXTURES {
        let bytes = gzip(&fixture_bytes(name));
        assert_eq!(told(read(Cursor::new(bytes.clone()), name, None)), fixture(name));
        // Two members, as `cat a.gz b.gz` makes them.
        let bytes = fixture_bytes(name);
        let (start, end) = bytes.split_at(bytes.len() / 2);
        assert_eq!(told(read(Cursor::new([gzip(start), gzip(end)].concat()), name, None)), fixture(name));
    }
}

#[test]
fn a_truncated_gzip_gives_what_came_before() {
    let lines: String = (0..20_000).map(|n| format!("{{\"id\": {n}, \"title\": \"Title {}\"}}\n", n * 7919)).collect();
    let whole = gzip(lines.as_bytes());
    let found = told(read(Cursor::new(whole[..whole.len() / 2].to_vec()), "x.gz", None));
    let (last, papers) = found.split_last().unwrap();
    assert_eq!(last, "x.gz: the compressed data ends early: the file is truncated, fetch it again");
    assert!(papers.len() > 5_000, "{}", papers.len());
    for (n, paper) in papers.iter().enumerate() {
        assert_eq!(*paper, format!("id={n} | title=Title {}", n * 7919));
    }

    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 40].fill(0xff);
    let found = told(read(Cursor::new(flipped), "x.gz", None));
    assert!(found.last().unwrap().starts_with("x.gz: the compressed data is damaged ("), "{:?}", found.last());
    assert!(found.len() > 5_000, "{}", found.len());

    let header = told(read(Cursor::new(whole[..5].to_vec()), "x.gz", None));
    assert_eq!(header, ["x.gz: the compressed data ends early: the file is truncated, fetch it again"]);
    let empty = told(read(Cursor::new(gzip(b"")), "x.gz", None));
    assert_eq!(empty, ["x.gz: the file is empty"]);
}

#[test]
fn other_formats_give_what_came_before_a_truncation_too() {
    for (name, count) in [("hf_page.txt", 2), ("hf_daily.json", 2), ("arxiv.xml", 2), ("papers.csv", 2)] {
        // A stored block ends where it is cut, and the good records before it are whole.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&fixture_bytes(name)).unwrap();
        let whole = encoder.finish().unwrap();
        let found = told(read(Cursor::new(whole[..whole.len() - 10].to_vec()), name, None));
        let truncated = format!("{name}: the compressed data ends early: the file is truncated, fetch it again");
        assert_eq!(found.last(), Some(&truncated), "{found:?}");
        assert!(found.iter().filter(|line| line.contains("title=")).count() >= count - 1, "{found:?}");
        assert!(found.len() > 1, "{found:?}");
    }
}

#[test]
fn files_that_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let found = told(open(directory.path(), None));
    assert_eq!(found, [format!("{}: is a directory: give a file", directory.path().display())]);
    let missing = directory.path().join("missing.jsonl");
    assert!(matches!(open(&missing, None), Err(Error::Io { doing: "open", .. })));
    let empty = directory.path().join("empty.csv");
    std::fs::write(&empty, "").unwrap();
    for format in [None, Some(Format::Csv), Some(Format::HfPage)] {
        assert_eq!(told(open(&empty, format)), [format!("{}: the file is empty", empty.display())]);
    }
}

#[test]
fn the_example_listing() {
    let (papers, errors) = all_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/daily-papers.txt"));
    assert_eq!(errors, [""; 0]);
    assert_eq!(papers.len(), 40);
    for paper in &papers {
        let words = paper.abstract_text.split_whitespace().count();
        assert!((90..=170).contains(&words), "{}: {words} words", paper.title);
        assert!(paper.author_count.is_some() && paper.published.is_some(), "{}", paper.title);
    }
    let ids: std::collections::BTreeSet<&PaperId> = papers.iter().map(|paper| &paper.id).collect();
    assert_eq!(ids.len(), 40);
}

/// A file of `../shared/data`, unless this clone stands alone.
fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(file);
    if !path.exists() {
        eprintln!("skipped: ../shared is not there");
        return None;
    }
    Some(path)
}

/// The good papers of a file and the messages of its errors.
fn all_of(path: &Path) -> (Vec<Paper>, Vec<String>) {
    let papers = match open(path, None) {
        Ok(papers) => papers,
        Err(error) => return (Vec::new(), vec![error.to_string()]),
    };
    let (good, bad): (Vec<_>, Vec<_>) = papers.partition(Result::is_ok);
    let errors = bad.into_iter().filter_map(Result::err).map(|error| error.to_string());
    (good.into_iter().flatten().collect(), errors.collect())
}

fn check_counts(files: &[(&str, usize)]) {
    for (file, count) in files {
        let Some(path) = shared(file) else { return };
        let (papers, errors) = all_of(&path);
        assert_eq!(errors, [""; 0], "{file}");
        assert_eq!(papers.len(), *count, "{file}");
    }
}

#[test]
fn real_data_sets() {
    check_counts(&[
        ("arxiv_recent/papers.jsonl.gz", 165_737),
        ("hf_daily_papers/papers.jsonl.gz", 13_610),
        ("citeulike/docs.jsonl.gz", 1_934),
        ("systematic_reviews/records.jsonl.gz", 9_695),
        ("cacm/docs.jsonl", 3_204),
        ("cisi/docs.jsonl", 1_460),
        ("doris_mae_birco/docs.jsonl", 2_938),
        ("reviewer_goldstandard/docs.jsonl", 3_374),
        ("raw_formats/pubmed_1000_docs.tsv", 1_000),
    ]);
}

#[test]
fn a_real_page() {
    let Some(path) = shared("raw_formats/hf_papers_page.txt") else { return };
    let (papers, errors) = all_of(&path);
    assert_eq!(errors, [""; 0]);
    let authors = [11, 6, 6, 12, 8, 5, 3, 5, 4, 5, 3, 2, 1, 6, 7, 5, 10, 6, 4, 2, 5, 10, 5, 7, 6];
    assert_eq!(papers.iter().filter_map(|paper| paper.author_count).collect::<Vec<_>>(), authors);
    let dates = [
        "2024-12-19",
        "2022-11-24",
        "2023-08-16",
        "2024-12-26",
        "2023-04-09",
        "2024-07-16",
        "2023-10-05",
        "2024-09-27",
        "2022-10-07",
        "2023-09-28",
        "2025-07-15",
        "2023-05-02",
        "2025-04-11",
        "2022-04-15",
        "2023-10-04",
        "2024-08-04",
        "2024-08-05",
        "2025-06-21",
        "2024-05-22",
        "2023-10-01",
        "2023-10-02",
        "2025-08-27",
        "2023-08-11",
        "2023-05-17",
        "2024-03-29",
    ];
    let published = papers.iter().filter_map(|paper| paper.published).map(|date| date.to_string());
    assert_eq!(published.collect::<Vec<_>>(), dates);
    let comments = papers.iter().enumerate().filter_map(|(n, paper)| Some((n, paper.comments?)));
    assert_eq!(comments.collect::<Vec<_>>(), [(3, 2), (17, 1), (21, 3)]);
    for (n, title) in [
        (0, "TL-Training: A Task-Feature-Based Framework for Training Large Language Models in Tool Use"),
        (4, "OpenAGI: When LLM Meets Domain Experts"),
        (23, "Instruction Tuned Models are Quick Learners"),
        (24, "Can LLMs Learn from Previous Mistakes? Investigating LLMs' Errors to Boost for Reasoning"),
    ] {
        assert_eq!(papers[n].title, title);
    }
    assert!(papers.iter().all(|paper| (1_385..=1_900).contains(&paper.abstract_text.len())));
}

#[test]
fn real_answers_of_daily_papers() {
    check_counts(&[
        ("raw_formats/hf_api_daily_2024-05-27.json", 13),
        ("raw_formats/hf_api_daily_2024-09-10.json", 12),
        ("raw_formats/hf_api_daily_2024-12-18.PYREPR_STRINGS.json", 11),
        ("raw_formats/hf_api_daily_2025-01-10.WRAPPED_PYREPR.json", 9),
        ("raw_formats/hf_api_daily_2025-05-06.json", 16),
        ("raw_formats/hf_api_daily_2026-03-10.json", 28),
        ("raw_formats/hf_api_daily_2026-08-20.json", 15),
    ]);
    for day in ["2024-05-27", "2024-09-10", "2025-05-06", "2026-03-10", "2026-08-20"] {
        let Some(path) = shared(&format!("raw_formats/hf_api_daily_{day}.json")) else { return };
        let (papers, _) = all_of(&path);
        let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(papers.len(), whole.as_array().unwrap().len(), "{day}");
        for paper in papers {
            assert_eq!(paper.listed.map(|date| date.to_string()).as_deref(), Some(day), "{}", paper.id);
            assert!(paper.id.is_arxiv() && paper.votes.is_some() && !paper.authors.is_empty(), "{}", paper.id);
            assert!(paper.published <= paper.listed && paper.abstract_text.len() > 160, "{}", paper.id);
        }
    }
}

#[test]
fn real_answers_of_arxiv() {
    let Some(directory) = shared("raw_formats") else { return };
    let mut counts = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("arxiv_atom__") {
            continue;
        }
        let (papers, errors) = all_of(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        if name.starts_with("arxiv_atom__400") {
            assert!(errors[0].ends_with(": arXiv answered with an error: incorrect id format for abc"), "{errors:?}");
            assert_eq!((papers.len(), errors.len()), (0, 1));
            continue;
        }
        assert_eq!(errors, [""; 0], "{name}");
        assert_eq!(papers.len(), text.matches("<entry>").count(), "{name}");
        for paper in &papers {
            assert!(paper.id.is_arxiv() && !paper.authors.is_empty() && paper.published.is_some(), "{name}");
            assert!(!paper.categories.is_empty() && !paper.abstract_text.is_empty(), "{name}: {}", paper.id);
        }
        counts.push(papers.len());
    }
    assert_eq!((counts.len(), counts.iter().sum::<usize>()), (19, 221));
}

/// What a real file gave, without its sentences: how long each text is, what names the paper, and the rest.
fn shapes(file: &str) -> Option<String> {
    let path = shared(file)?;
    let shape = |reference: Result<Reference>| match reference {
        Err(error) => error.to_string().rsplit('/').next().unwrap_or_default().to_owned(),
        Ok(Reference { draft, added, tags }) => match draft.finish() {
            Err(reason) => reason,
            Ok(paper) => {
                let also = paper.also.iter().map(PaperId::as_str).collect::<Vec<_>>().join(" ");
                let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or("-".into());
                format!(
                    "{} [{also}] title {} abstract {} authors {} published {} listed {} added {} votes {} tags {} categories {}",
                    paper.id,
                    paper.title.len(),
                    paper.abstract_text.len(),
                    paper.authors.len(),
                    date(paper.published),
                    date(paper.listed),
                    date(added),
                    paper.votes.map_or("-".to_owned(), |votes| votes.to_string()),
                    tags.len(),
                    paper.categories.join(" "),
                )
            }
        },
    };
    let lines: Vec<String> = references(&path, None).ok()?.take(20).map(shape).collect();
    Some(lines.join("\n"))
}

fn check_shapes(files: &[&str]) {
    for file in files {
        let Some(shapes) = shapes(&format!("raw_formats/{file}")) else { return };
        insta::assert_snapshot!(file.replace('/', "_"), shapes);
    }
}

#[test]
fn real_bibliographies() {
    check_counts(&[
        ("raw_formats/citeulike_export.bib", 9),
        ("raw_formats/endnote_export.ris", 363),
        ("raw_formats/endnote_export_small.ris", 8),
        ("raw_formats/wos_export.ris", 2),
    ]);
    check_shapes(&["citeulike_export.bib", "endnote_export.ris", "wos_export.ris"]);
}

#[test]
fn real_answers_of_services() {
    check_counts(&[
        ("raw_formats/s2_api__get_author_papers_0.json", 100),
        ("raw_formats/s2_api__get_author_papers_1.json", 100),
        ("raw_formats/s2_api__get_paper_citations_0.json", 100),
        ("raw_formats/s2_api__get_paper_citations_1.json", 100),
        ("raw_formats/s2_api__search_paper_next_page_0.json", 100),
        ("raw_formats/s2_api__search_paper_publication_date_or_year_0.json", 77),
        ("raw_formats/s2_graph_paper.json", 1),
        ("raw_formats/arxiv_docmeta.json", 1),
        ("raw_formats/arxiv_docmeta_bulk.json", 2),
    ]);
    check_shapes(&[
        "s2_api__get_paper_citations_0.json",
        "s2_graph_paper.json",
        "arxiv_docmeta.json",
        "arxiv_docmeta_bulk.json",
    ]);
}

#[test]
fn real_feeds_and_pages() {
    check_counts(&[
        ("raw_formats/hf_rss_daily.xml", 30),
        ("raw_formats/hf_rss_monthly.xml", 105),
        ("raw_formats/hf_atom.xml", 26),
        ("raw_formats/hf_jsonfeed.json", 26),
        ("raw_formats/hf_single_paper_page.html", 1),
        ("raw_formats/pubmed_bioc_xml/1285365.xml", 1),
    ]);
    check_shapes(&[
        "hf_rss_daily.xml",
        "hf_rss_monthly.xml",
        "hf_atom.xml",
        "hf_jsonfeed.json",
        "hf_single_paper_page.html",
        "pubmed_bioc_xml/1285365.xml",
        "pubmed_bioc_xml/1340921.xml",
        "pubmed_bioc_xml/95800.xml",
        "pubmed_bioc_xml/95807.xml",
        "pubmed_bioc_xml/95885.xml",
        "pubmed_1000_docs.tsv",
    ]);
}

#[test]
fn other_real_files_are_refused_in_one_sentence() {
    for (file, reason) in [
        ("hf_daily_papers/submitter_histories.jsonl", "no title and no abstract: the fields are `history`"),
        ("citeulike/users.jsonl", "no title and no abstract: the fields are `library`, `user`"),
        ("cacm/related.tsv", "no title and no abstract: the fields are `doc_id`, `other_id`, `link_type`"),
    ] {
        let Some(path) = shared(file) else { return };
        let (papers, errors) = all_of(&path);
        assert_eq!((papers.len(), errors.len()), (0, 1), "{file}: {errors:?}");
        assert!(errors[0].contains(&format!(": {reason}")), "{file}: {errors:?}");
    }
}

/// Reads to the end whatever comes: no panic, at most one error of the whole file, and that one last.
fn survive(bytes: &[u8], format: Option<Format>) {
    let Ok(papers) = read(Cursor::new(bytes.to_vec()), "x", format) else { return };
    let mut ended = false;
    for paper in papers {
        assert!(!ended);
        match paper {
            Ok(paper) => assert!(!(paper.title.is_empty() && paper.abstract_text.is_empty())),
            Err(error) => ended = !matches!(error, Error::BadRecord { .. }),
        }
    }
}

/// One change of some bytes: a piece cut out, doubled, or overwritten.
fn mutated(mut bytes: Vec<u8>, at: usize, length: usize, kind: u8, with: &[u8]) -> Vec<u8> {
    let at = at % (bytes.len() + 1);
    let end = (at + length).min(bytes.len());
    match kind % 3 {
        0 => drop(bytes.drain(at..end)),
        1 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
        _ => drop(bytes.splice(at..end, with.iter().copied())),
    }
    bytes
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes, None);
        for format in Format::ALL {
            survive(&bytes, Some(format));
        }
    }

    #[test]
    fn any_text(text in r#"[\[\]{}"'<>/&;:,\\a-c0-9 \n\tNé•-]{0,200}"#) {
        survive(text.as_bytes(), None);
        for format in Format::ALL {
            survive(text.as_bytes(), Some(format));
        }
    }

    #[test]
    fn mutated_fixtures(
        which in 0..FIXTURES.len(),
        changes in prop::collection::vec(
            (any::<usize>(), 0..80_usize, any::<u8>(), prop::collection::vec(any::<u8>(), 0..8)), 1..4),
        compressed in any::<bool>(),
    ) {
        let (name, format) = FIXTURES[which];
        let mut bytes = fixture_bytes(name);
        if compressed {
            bytes = gzip(&bytes);
        }
        for (at, length, kind, with) in changes {
            bytes = mutated(bytes, at, length, kind, &with);
        }
        survive(&bytes, None);
        survive(&bytes, Some(format));
    }

    #[test]
    fn json_lines_and_arrays_agree(titles in prop::collection::vec("[a-z\"\\\\{}\\[\\],é]{1,20}", 1..8)) {
        let records: Vec<String> =
            titles.iter().enumerate().map(|(n, title)| serde_json::json!({"id": n, "title": title}).to_string()).collect();
        let by_lines = told(read(Cursor::new(records.join("\n")), "x", Some(Format::Jsonl)));
        let as_array = told(read(Cursor::new(format!("[{}]", records.join(",\n"))), "x", Some(Format::Jsonl)));
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
        prop_assert_eq!(told(read(Slow(Cursor::new(fixture_bytes(name)), step), name, None)), fixture(name));
    }
}

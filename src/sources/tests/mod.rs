//! All formats together: the fixtures, and how a test tells what was read of a file.

mod damage;
mod laws;
mod real;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use super::{Format, Papers, Reference, References, open, read, read_references};
use crate::error::Result;
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

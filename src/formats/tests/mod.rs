//! Tests of all formats together: the fixtures, and a summary of what was read of a file.

mod damage;
mod encodings;
mod export;
mod laws;
mod links;
mod notes;
mod real;
mod round_trip;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::formats::input_format::InputFormat;
use crate::formats::reference::BibReference;
use crate::formats::{PaperReader, ReferenceReader, open, read, read_references};
use crate::paper::{Paper, PaperId};

const FIXTURES: [(&str, InputFormat); 27] = [
    ("hf_page.txt", InputFormat::HfPage),
    ("hf_daily.json", InputFormat::HfDaily),
    ("hf_daily_python.json", InputFormat::HfDaily),
    ("arxiv.xml", InputFormat::ArxivAtom),
    ("arxiv_error.xml", InputFormat::ArxivAtom),
    ("papers.jsonl", InputFormat::Jsonl),
    ("damaged.jsonl", InputFormat::Jsonl),
    ("papers.csv", InputFormat::Csv),
    ("papers.tsv", InputFormat::Tsv),
    ("papers.bib", InputFormat::Bibtex),
    ("papers.ris", InputFormat::Ris),
    ("papers.nbib", InputFormat::Nbib),
    ("papers.wos", InputFormat::Wos),
    ("papers.enw", InputFormat::Enw),
    ("csl.json", InputFormat::CslJson),
    ("s2.json", InputFormat::SemanticScholar),
    ("openalex.jsonl", InputFormat::OpenAlex),
    ("arxiv.jsonl", InputFormat::ArxivJson),
    ("feed.rss", InputFormat::Feed),
    ("feed.atom", InputFormat::Feed),
    ("feed.json", InputFormat::JsonFeed),
    ("hf_paper.html", InputFormat::HfHtml),
    ("pubmed.xml", InputFormat::PubmedXml),
    ("bioc.xml", InputFormat::Bioc),
    ("zotero.rdf", InputFormat::ZoteroRdf),
    ("endnote.xml", InputFormat::EndnoteXml),
    ("papers.parquet", InputFormat::Parquet),
];

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

fn fixture_bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture_path(name)).unwrap()
}

/// What a fixture's records are summaries as; its name without its directory stands in messages.
pub(crate) fn fixture(name: &str) -> Vec<String> {
    summaries(read(Cursor::new(fixture_bytes(name)), name, None))
}

/// Each record on one line: the fields that differ from the usual, or the error.
pub(crate) fn summaries(papers: Result<PaperReader>) -> Vec<String> {
    match papers {
        Err(error) => vec![error.to_string()],
        Ok(papers) => papers.map(|paper| paper.map_or_else(|error| error.to_string(), |paper| line(&paper))).collect(),
    }
}

/// As [`fixture`], with what only references have.
pub(crate) fn fixture_references(name: &str) -> Vec<String> {
    reference_summaries(read_references(Cursor::new(fixture_bytes(name)), name, None))
}

/// As [`summaries`], with the day of entering and the tags, and without addresses that follow from the id.
pub(crate) fn reference_summaries(references: Result<ReferenceReader>) -> Vec<String> {
    let tell = |BibReference { raw_paper, added, tags, .. }: BibReference| {
        let Ok(mut paper) = raw_paper.validate() else { return String::new() };
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
    let id = if paper.id.is_of_title() { String::new() } else { paper.id.to_string() };
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let usual = InputFormat::ALL.iter().any(|format| format.source() == paper.source);
    let parts = [
        ("id", id),
        ("also", paper.aliases.iter().map(PaperId::as_str).collect::<Vec<_>>().join(" ")),
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
    for format in InputFormat::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "pdf".parse::<InputFormat>().unwrap_err();
    assert_eq!(error, format!("`pdf` is not an input format: use {}", InputFormat::names()));
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
        assert_eq!(
            summaries(open(&fixture_path(name), Some(format))),
            summaries(open(&fixture_path(name), None)),
            "{name}"
        );
    }
}

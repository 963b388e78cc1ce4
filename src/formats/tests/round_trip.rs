//! The round-trip law: papers that are written and read again are the same, in the fields that the format carries.

use std::io::Cursor;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::formats::{
    BibReference, ExportFormat, FeedDocument, FeedFormat, InputFormat, ParquetWriter, read_references,
};
use crate::paper::{Paper, RawPaper};
use crate::recommend::{Recommendation, ScoreBreakdown};

/// What is written and read again.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    Export(ExportFormat),
    Parquet,
    Feed(FeedFormat),
}

const FORMATS: [Format; 9] = [
    Format::Export(ExportFormat::Bibtex),
    Format::Export(ExportFormat::Ris),
    Format::Export(ExportFormat::CslJson),
    Format::Export(ExportFormat::Csv),
    Format::Export(ExportFormat::Jsonl),
    Format::Parquet,
    Format::Feed(FeedFormat::Atom),
    Format::Feed(FeedFormat::Rss),
    Format::Feed(FeedFormat::JsonFeed),
];

impl Format {
    fn write(self, papers: &[Paper]) -> Vec<u8> {
        match self {
            Format::Export(format) => format.write(papers).into_bytes(),
            Format::Parquet => {
                let mut bytes = Vec::new();
                let mut table = ParquetWriter::new(&mut bytes, None).unwrap();
                papers.iter().for_each(|paper| table.add(paper.clone().into()).unwrap());
                table.finish().unwrap();
                bytes
            }
            Format::Feed(format) => {
                let result = |paper: &Paper| Recommendation {
                    rank: 1,
                    score: 0.5,
                    similarity: None,
                    term_similarity: None,
                    relevance: None,
                    paper: paper.clone().into(),
                    breakdown: ScoreBreakdown::default(),
                    reasons: Vec::new(),
                    interest: None,
                    sentence_match: None,
                };
                let results: Vec<Recommendation> = papers.iter().map(result).collect();
                let day = date(2025, 1, 4);
                let document =
                    FeedDocument { title: "Papers".to_owned(), address: None, page: None, day, results: &results };
                format.write(&document).into_bytes()
            }
        }
    }

    /// The format that reads what it writes.
    fn input_format(self) -> InputFormat {
        match self {
            Format::Export(ExportFormat::Bibtex) => InputFormat::Bibtex,
            Format::Export(ExportFormat::Ris) => InputFormat::Ris,
            Format::Export(ExportFormat::CslJson) => InputFormat::CslJson,
            Format::Export(ExportFormat::Csv) => InputFormat::Csv,
            Format::Export(ExportFormat::Jsonl) => InputFormat::Jsonl,
            Format::Export(ExportFormat::Markdown) => unreachable!("Markdown is not read"),
            Format::Parquet => InputFormat::Parquet,
            Format::Feed(FeedFormat::JsonFeed) => InputFormat::JsonFeed,
            Format::Feed(_) => InputFormat::Feed,
        }
    }

    /// A paper with the fields that the format carries, as its reader has them.
    fn carried(self, paper: &Paper) -> Paper {
        let mut carried = paper.clone();
        match self {
            Format::Export(ExportFormat::Jsonl) | Format::Parquet => return carried,
            Format::Export(ExportFormat::Csv) => {
                carried.author_count = None;
                carried.comments = None;
            }
            Format::Export(_) => {
                // The date is that of publication or, without one, that of the listing.
                carried.published = paper.published.or(paper.listed);
                (carried.listed, carried.author_count, carried.votes, carried.comments) = (None, None, None, None);
            }
            Format::Feed(format) => {
                // RSS and JSON Feed date an item by its listing.
                carried.published = match format {
                    FeedFormat::Atom => paper.published.or(paper.listed),
                    _ => paper.date(),
                };
                carried.published = carried.published.or(Some(date(2025, 1, 4)));
                (carried.listed, carried.author_count, carried.votes, carried.comments) = (None, None, None, None);
                carried.aliases.clear();
            }
        }
        carried.source = self.input_format().source().to_owned();
        carried
    }
}

/// The paper of a reference. Reference managers have categories as tags.
fn paper_of(BibReference { mut raw_paper, tags, .. }: BibReference, format: Format) -> Paper {
    if matches!(format, Format::Export(ExportFormat::Bibtex | ExportFormat::Ris | ExportFormat::CslJson)) {
        raw_paper.categories = tags;
    }
    raw_paper.validate().unwrap()
}

/// Words of a title or an abstract, with what markup and tables give a meaning to.
const WORDS: &str =
    "[A-Za-z][a-z]{0,8}|[0-9]{1,4}|50%|R&D|#1|a_b|\"so\"|it's|e\\.g\\.|\\(x\\)|x;|x, y|é|β|3 < 4|\\$5|a - b";

/// Words with what TeX gives a meaning to.
const TEX_WORDS: &str = "[A-Za-z][a-z]{0,8}|[a-c~^\\\\{}%@\"#$&_'`-]{1,5}|\\{0,1\\}|@article\\{x, title=\\{y\\}\\}|\
                         \\$[a-c^_{}]{1,4}\\$|\\\\alpha|\\\\\"o|\\\\%|\\\\\\(x\\\\\\)";

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    text_of(WORDS, words)
}

fn text_of(kinds: &'static str, words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(kinds, words).prop_map(|words| format!("On {}", words.join(" ")))
}

fn day() -> impl Strategy<Value = Date> {
    (1991..2030_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| date(year, month, day))
}

fn papers() -> impl Strategy<Value = Vec<Paper>> {
    let ids = (1..=12_u32, 1..99_999_u32, prop::option::of("10\\.[1-9][0-9]{3}/[a-z]{1,6}(\\.[a-z0-9_]{1,5})?"));
    let names = "[A-Z][a-zéü]{2,7}( [A-Z]\\.)? [A-Z][a-z]{2,8}(-[A-Z][a-z]{1,4})?(, (Jr\\.|III))?";
    let lists = (prop::collection::vec(names, 0..5), prop::collection::btree_set("(cs|math)\\.[A-Z]{2}", 0..4));
    let dates = (prop::option::of(day()), prop::option::of(day()));
    let counts = (prop::option::of(1..999_u32), prop::option::of(0..999_u32), prop::option::of(0..99_u32));
    let paper = (ids, text(1..9), prop::option::of(text(5..40)), lists, dates, counts).prop_map(
        |((month, number, doi), title, abstract_text, (authors, categories), (published, listed), counts)| {
            // Some have no id but the one that is made from their title, and from more than is written.
            let has_id = number % 3 > 0;
            let raw_paper = RawPaper {
                id: has_id.then(|| format!("24{month:02}.{number:05}")),
                aliases: doi.filter(|_| has_id).into_iter().collect(),
                container: format!("Proceedings {number}"),
                title,
                abstract_text: abstract_text.unwrap_or_default(),
                authors,
                author_count: counts.0,
                published,
                listed,
                votes: counts.1,
                comments: counts.2,
                categories: categories.into_iter().collect(),
                source: "notes".to_owned(),
                url: None,
                ..RawPaper::default()
            };
            raw_paper.validate().unwrap()
        },
    );
    prop::collection::vec(paper, 1..5)
}

proptest! {
    #[test]
    fn signs_of_tex_are_read_again(title in text_of(TEX_WORDS, 1..9), abstract_text in text_of(TEX_WORDS, 1..40)) {
        let raw_paper = RawPaper { title, abstract_text, ..RawPaper::default() };
        let paper = raw_paper.validate().unwrap();
        let text = ExportFormat::Bibtex.write(std::slice::from_ref(&paper));
        let read = read_references(Cursor::new(text.clone()), "-", Some(InputFormat::Bibtex)).unwrap();
        let read: Vec<RawPaper> = read.map(|reference| reference.unwrap().raw_paper).collect();
        prop_assert_eq!(read.len(), 1, "{}", text);
        let read = read[0].clone().validate().unwrap();
        prop_assert_eq!((read.title, read.abstract_text), (paper.title, paper.abstract_text), "{}", text);
    }

    #[test]
    fn papers_that_are_written_are_read_again(papers in papers()) {
        for format in FORMATS {
            // Feeds carry the ids of registries only.
            let is_carried = |paper: &&Paper| paper.id.is_arxiv() || !matches!(format, Format::Feed(_));
            let papers: Vec<Paper> = papers.iter().filter(is_carried).cloned().collect();
            if papers.is_empty() {
                continue;
            }
            let bytes = format.write(&papers);
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            // CSL-JSON without authors and dates looks like any other JSON, so the format is given.
            let references = read_references(Cursor::new(bytes), "-", Some(format.input_format())).unwrap();
            let read: Vec<Paper> = references.map(|reference| paper_of(reference.unwrap(), format)).collect();
            let carried: Vec<Paper> = papers.iter().map(|paper| format.carried(paper)).collect();
            prop_assert_eq!(read, carried, "{:?}: {}", format, shown);
        }
    }
}

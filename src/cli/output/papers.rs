//! Papers as they are, without a ranking: one with all that is known of it, or several as a list.

use std::io::{self, Write};
use std::str::FromStr;

use anstyle::Style;
use serde::Serialize;
use textwrap::{Options, WordSplitter};

use super::stdout::{json, print};
use super::table::width;
use crate::error::Result;
use crate::formats::ExportFormat;
use crate::paper::{Paper, PaperId};
use crate::present::{self, PaperFact, PaperLink};
use crate::text::visible;

/// Columns when standard output is not a terminal.
const DEFAULT_WIDTH: usize = 80;
/// Authors that are named unless all are asked for.
const NAMED_AUTHORS: usize = 10;
/// Columns before the values of a paper.
const VALUE_INDENT: usize = 16;
/// Columns taken by the number of a paper in a list.
const LIST_INDENT: usize = 5;
/// What the second line of a paper in a list says.
const LIST_FACTS: [PaperFact; 6] =
    [PaperFact::Authors, PaperFact::Published, PaperFact::Votes, PaperFact::Comments, PaperFact::Id, PaperFact::Link];
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The format of papers that are not ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaperFormat {
    /// Human-readable text.
    Table,
    /// JSON with all fields and links.
    Json,
    /// A format of `export`.
    Export(ExportFormat),
}

impl FromStr for PaperFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<PaperFormat, String> {
        match text {
            "table" => Ok(PaperFormat::Table),
            "json" => Ok(PaperFormat::Json),
            text => text.parse().map(PaperFormat::Export).map_err(|reason| format!("{reason}, table, json")),
        }
    }
}

/// A paper with its links.
#[derive(Serialize)]
struct LinkedPaper<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    links: Vec<PaperLink>,
}

impl LinkedPaper<'_> {
    fn new(paper: &Paper) -> LinkedPaper<'_> {
        LinkedPaper { paper, links: present::links(paper) }
    }
}

/// Prints all that is known of a paper.
pub(crate) fn print_paper(paper: &Paper, format: PaperFormat, all_authors: bool) -> Result<()> {
    let named = if all_authors { usize::MAX } else { NAMED_AUTHORS };
    print(|out| match format {
        PaperFormat::Table => write_paper(out, &LinkedPaper::new(paper), named, width(DEFAULT_WIDTH)),
        PaperFormat::Json => json(out, &LinkedPaper::new(paper)),
        PaperFormat::Export(format) => out.write_all(format.write(std::slice::from_ref(paper)).as_bytes()),
    })
}

/// Prints several papers, in their order.
pub(crate) fn print_papers(papers: &[Paper], format: PaperFormat) -> Result<()> {
    print(|out| match format {
        PaperFormat::Table => papers.iter().zip(1..).try_for_each(|(paper, number)| {
            if number > 1 {
                writeln!(out)?;
            }
            write_list_item(out, number, paper, width(DEFAULT_WIDTH))
        }),
        PaperFormat::Json => json(out, &papers.iter().map(LinkedPaper::new).collect::<Vec<_>>()),
        PaperFormat::Export(format) => out.write_all(format.write(papers).as_bytes()),
    })
}

fn write_list_item(out: &mut dyn Write, number: usize, paper: &Paper, width: usize) -> io::Result<()> {
    let width = width - LIST_INDENT;
    for (index, line) in textwrap::wrap(&present::headline(paper), width).iter().take(3).enumerate() {
        let number = if index == 0 { number.to_string() } else { String::new() };
        writeln!(out, "{number:>3}  {BOLD}{line}{BOLD:#}")?;
    }
    for line in textwrap::wrap(&present::fact_line(paper, &LIST_FACTS), width) {
        writeln!(out, "{:LIST_INDENT$}{DIM}{line}{DIM:#}", "")?;
    }
    Ok(())
}

/// Writes a text that fits the terminal, its later lines indented.
pub(crate) fn write_wrapped(out: &mut dyn Write, text: &str, indent: usize) -> io::Result<()> {
    wrap(out, text, indent, width(DEFAULT_WIDTH))
}

fn wrap(out: &mut dyn Write, text: &str, indent: usize, width: usize) -> io::Result<()> {
    let indent = " ".repeat(indent);
    // An address or an id that is cut in two cannot be copied.
    let options = Options::new(width).subsequent_indent(&indent).break_words(false);
    for line in textwrap::wrap(text, options.word_splitter(WordSplitter::NoHyphenation)) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn write_paper(out: &mut dyn Write, shown: &LinkedPaper<'_>, named: usize, width: usize) -> io::Result<()> {
    let LinkedPaper { paper, links } = shown;
    for line in textwrap::wrap(&present::headline(paper), width) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    for line in textwrap::wrap(&present::byline_of(paper, named), width) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let count = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
    let facts = [
        ("published", day(paper.published)),
        ("listed", day(paper.listed)),
        ("source", paper.source.clone()),
        ("categories", paper.categories.join(", ")),
        ("votes", count(paper.votes)),
        ("comments", count(paper.comments)),
        ("ids", paper.all_ids().map(PaperId::as_str).collect::<Vec<_>>().join(", ")),
    ];
    let links = links.iter().map(|link| (link.name, link.url.clone()));
    for (name, value) in facts.into_iter().chain(links).filter(|(_, value)| !value.is_empty()) {
        wrap(out, &format!("  {name:<0$}{1}", VALUE_INDENT - 2, visible(&value)), VALUE_INDENT, width)?;
    }
    if !(paper.abstract_text.is_empty() || paper.title.is_empty()) {
        writeln!(out)?;
        for line in textwrap::wrap(&present::shown(&paper.abstract_text), width) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

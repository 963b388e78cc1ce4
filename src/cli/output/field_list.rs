//! Lists of fields on aligned lines, each cut to the width of the terminal.

use std::io::{self, Write};

use jiff::civil::Date;
use textwrap::core::display_width;

use super::table::width;
use crate::paper::{CitationLinks, Paper, PaperId, WorkName};
use crate::text::visible;

/// Columns when standard output is not a terminal.
const DEFAULT_WIDTH: usize = 80;
/// What stands between two columns.
const GAP: &str = "  ";

/// Rows of texts; all columns but the last are aligned.
#[derive(Debug, Default)]
pub(crate) struct FieldList(Vec<Vec<String>>);

impl FieldList {
    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.0.push(cells.map(|cell| visible(cell).into_owned()).to_vec());
    }

    /// Writes the rows, indented.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_within(out, width(DEFAULT_WIDTH))
    }

    fn write_within(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or_default();
        let widest = |column: usize| self.0.iter().filter_map(|row| Some(display_width(row.get(column)?))).max();
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or_default()).collect();
        for row in &self.0 {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(GAP);
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - display_width(cell)));
            }
            writeln!(out, "{}", cut(line.trim_end(), width))?;
        }
        Ok(())
    }
}

/// A line cut to a width, with `…` at its end if something is missing.
fn cut(line: &str, width: usize) -> String {
    if display_width(line) <= width {
        return line.to_owned();
    }
    let mut buffer = [0; 4];
    let (mut start, mut left) = (String::new(), width - 1);
    for c in line.chars() {
        match left.checked_sub(display_width(c.encode_utf8(&mut buffer))) {
            Some(rest) => left = rest,
            None => break,
        }
        start.push(c);
    }
    start + "…"
}

/// Returns the fields of a record with their values: those of its paper, and how many works it cites and is cited by.
pub(crate) fn record_values(paper: &Paper, links: &CitationLinks) -> Vec<(&'static str, String)> {
    let count = |works: &[WorkName]| if works.is_empty() { String::new() } else { works.len().to_string() };
    let links = [("references", count(&links.references)), ("citations", count(&links.citations))];
    field_values(paper).into_iter().chain(links).collect()
}

/// Returns the fields of a paper with their values as text, empty for none.
pub(crate) fn field_values(paper: &Paper) -> [(&'static str, String); 13] {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let count = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
    [
        ("id", paper.id.to_string()),
        ("aliases", paper.aliases.iter().map(PaperId::as_str).collect::<Vec<_>>().join(", ")),
        ("title", paper.title.clone()),
        ("abstract", paper.abstract_text.clone()),
        ("authors", paper.authors.join("; ")),
        ("author_count", count(paper.author_count)),
        ("published", day(paper.published)),
        ("listed", day(paper.listed)),
        ("votes", count(paper.votes)),
        ("comments", count(paper.comments)),
        ("categories", paper.categories.join(", ")),
        ("source", paper.source.clone()),
        ("url", paper.url.clone().unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_aligned_and_cut() {
        let mut list = FieldList::default();
        list.row(["title", "A long title that goes on and on"]);
        list.row(["id", "灯灯灯灯灯灯灯灯灯灯"]);
        list.row(["a", ""]);
        let mut out = Vec::new();
        list.write_within(&mut out, 20).unwrap();
        let expect = "  title  A long tit…\n  id     灯灯灯灯灯…\n  a\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}

//! Writes CSV with a header, for spreadsheets too.

use super::spreadsheet_text::cell_of_text;
use crate::formats::common::identifiers;
use crate::paper::Paper;

pub(crate) fn write(papers: &[Paper]) -> String {
    let mut csv = ::csv::Writer::from_writer(Vec::new());
    let header =
        ["id", "title", "authors", "published", "listed", "votes", "categories", "doi", "arxiv", "url", "abstract"];
    let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let text = |text: &str| cell_of_text(text).into_owned();
    let rows = papers.iter().map(|paper| {
        [
            text(paper.id.as_str()),
            text(&paper.title),
            text(&paper.authors.join("; ")),
            day(paper.published),
            day(paper.listed),
            paper.votes.map(|votes| votes.to_string()).unwrap_or_default(),
            text(&paper.categories.join("; ")),
            text(identifiers::doi_of(paper).unwrap_or_default()),
            text(identifiers::arxiv_id_of(paper).unwrap_or_default()),
            text(&paper.link().unwrap_or_default()),
            text(&paper.abstract_text),
        ]
    });
    let header = header.map(str::to_owned);
    std::iter::once(header).chain(rows).try_for_each(|row| csv.write_record(row)).expect("memory can be written to");
    String::from_utf8(csv.into_inner().expect("memory can be written to")).expect("texts are UTF-8")
}

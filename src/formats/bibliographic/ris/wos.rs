//! Reads the fields of the tagged format of Web of Science.

use super::tagged_lines::TaggedRecord;
use crate::formats::common::{dates, identifiers};
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::RawPaper;
use crate::text::markup::MarkupRule;

/// Returns the reference of a record, and its ids.
pub(crate) fn reference(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let mut notes = RecordNotes::default();
    let pmid = record.lines(&["PM"]).filter_map(identifiers::pmid);
    let own = record.lines(&["UT"]).map(str::to_owned);
    let ids = record.lines(&["DI", "D2"]).filter_map(identifiers::doi).chain(pmid).chain(own).collect();
    let day = record.text(&["PD"]);
    let in_issue =
        |year: &str| dates::from_parts(year, day.split_whitespace().next().unwrap_or_default(), day_of(&day));
    let issue = notes.first_date("published", record.texts(&["PY"]), in_issue);
    let (tag, authors) = record.people(&["AF", "AU", "BF", "BA", "CA"]);
    let journal = record.texts(&["SO", "J9", "JI", "SE"]);
    let raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["TI"])),
        abstract_text: notes.first_text("abstract", record.texts(&["AB"])),
        authors: notes.list("authors", tag, authors),
        // Of what is not in an issue yet, the month of early access.
        published: issue.or_else(|| notes.first_date("published", record.texts(&["EA"]), dates::from_free_text)),
        container: notes.container(journal, &record.text(&["VL"]), &record.text(&["IS"])),
        ..RawPaper::default()
    };
    let keywords = [record.text(&["DE"]), record.text(&["ID"])].join(";").replace('\n', " ");
    let keywords = MarkupRule::Inline.text(&keywords);
    let keywords = keywords.split(';').map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" "));
    let tags = keywords.filter(|tag| !tag.is_empty()).collect();
    (BibReference { raw_paper, tags, notes, ..BibReference::default() }, ids)
}

/// The day of `MAR 5`.
fn day_of(day: &str) -> &str {
    day.split_whitespace().nth(1).unwrap_or_default()
}

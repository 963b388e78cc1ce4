//! Reads the fields of the tagged format of Web of Science.

use super::tagged_lines::{TaggedRecord, people};
use crate::formats::common::{dates, identifiers};
use crate::formats::reference::BibReference;
use crate::paper::RawPaper;

/// Returns the reference of a record, and its ids.
pub(crate) fn reference(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let full = people(record, &["AF"]);
    let pmid = record.lines(&["PM"]).filter_map(identifiers::pmid);
    let own = record.lines(&["UT"]).map(str::to_owned);
    let ids = record.lines(&["DI", "D2"]).filter_map(identifiers::doi).chain(pmid).chain(own).collect();
    let within = record.text(&["PD"]);
    let mut within = within.split_whitespace();
    let (month, day) = (within.next().unwrap_or_default(), within.next().unwrap_or_default());
    let raw_paper = RawPaper {
        title: record.text(&["TI"]),
        abstract_text: record.text(&["AB"]),
        authors: if full.is_empty() { people(record, &["AU"]) } else { full },
        published: dates::from_parts(&record.text(&["PY"]), month, day),
        ..RawPaper::default()
    };
    let keywords = [record.text(&["DE"]), record.text(&["ID"])].join(";").replace('\n', " ");
    let keywords = keywords.split(';').map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" "));
    let tags = keywords.filter(|tag| !tag.is_empty()).collect();
    (BibReference { raw_paper, tags, ..BibReference::default() }, ids)
}

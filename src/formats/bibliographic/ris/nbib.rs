//! Reads the fields of NBIB, the tagged format of PubMed.

use super::tagged_lines::{TaggedRecord, people};
use crate::formats::common::{dates, identifiers};
use crate::formats::reference::BibReference;
use crate::paper::RawPaper;

/// Returns the reference of a record, and its ids.
pub(crate) fn reference(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let full = people(record, &["FAU"]);
    let doi = |line: &str| identifiers::doi(line.strip_suffix("[doi]")?);
    let pmid = record.lines(&["PMID"]).filter_map(identifiers::pmid);
    let ids = record.lines(&["LID", "AID"]).filter_map(doi).chain(pmid).collect();
    let days = ["DEP", "DP", "EDAT", "CRDT"];
    let raw_paper = RawPaper {
        title: record.text(&["TI", "BTI"]),
        abstract_text: record.text(&["AB"]),
        authors: if full.is_empty() { people(record, &["AU"]) } else { full },
        published: days.iter().find_map(|tag| dates::from_text(&record.text(&[tag]))),
        ..RawPaper::default()
    };
    let tags = record.lines(&["OT", "MH"]).map(|tag| tag.replace('*', "")).collect();
    (BibReference { raw_paper, tags, ..BibReference::default() }, ids)
}

//! Reads the fields of NBIB, the tagged format of PubMed.

use super::tagged_lines::TaggedRecord;
use crate::formats::common::{dates, identifiers};
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::RawPaper;

/// What stands in the place of a title that PubMed has not translated; the title itself is in `TT`.
const NOT_TRANSLATED: &str = "[Not Available]";

/// Returns the reference of a record, and its ids.
pub(crate) fn reference(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let mut notes = RecordNotes::default();
    let doi = |line: &str| identifiers::doi(line.strip_suffix("[doi]")?);
    let pmid = record.lines(&["PMID"]).filter_map(identifiers::pmid);
    let ids = record.lines(&["LID", "AID"]).filter_map(doi).chain(pmid).collect();
    let titles = record.texts(&["TI", "BTI", "TT"]);
    let titles = titles.filter(|(_, title)| !title.trim().starts_with(NOT_TRANSLATED));
    let (tag, authors) = record.people(&["FAU", "AU", "CN"]);
    let raw_paper = RawPaper {
        title: notes.first_text("title", titles),
        abstract_text: notes.first_text("abstract", record.texts(&["AB", "OAB"])),
        authors: notes.list("authors", tag, authors),
        published: notes.first_date("published", record.texts(&["DEP", "DP", "EDAT", "CRDT"]), dates::from_free_text),
        container: notes.container(record.texts(&["JT", "TA", "BTI"]), &record.text(&["VI"]), &record.text(&["IP"])),
        ..RawPaper::default()
    };
    let tags = record.keywords(&["OT", "MH"]).iter().map(|tag| tag.replace('*', "")).collect();
    (BibReference { raw_paper, tags, notes, ..BibReference::default() }, ids)
}

//! Reads the fields of EndNote's tagged format, which Google Scholar and many catalogs write too: the one of refer
//! (<https://man.cx/refer>), with types and further tags.

use super::tagged_lines::TaggedRecord;
use crate::formats::common::{dates, identifiers};
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::RawPaper;

/// Returns the reference of a record, and its ids.
pub(crate) fn reference(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let mut notes = RecordNotes::default();
    let year = record.text(&["%D"]);
    let within_year = |day: &str| dates::from_free_text(day).or_else(|| dates::from_parts(&year, day, ""));
    let day = notes.first_date("published", record.texts(&["%8"]), within_year);
    let (tag, authors) = record.people(&["%A", "%?", "%E"]);
    let addresses = || record.lines(&["%U"]).flat_map(str::split_whitespace);
    let of_pubmed = record.lines(&["%~", "%W"]).any(|base| ["NLM", "PubMed", "Medline"].contains(&base));
    let pmid = record.lines(&["%M"]).filter(|_| of_pubmed).filter_map(identifiers::pmid);
    let remarks = record.lines(&["%J", "%N", "%M", "%R"]).filter_map(identifiers::arxiv_in_text);
    let dois = record.lines(&["%R"]).filter_map(identifiers::doi);
    let ids = dois.chain(pmid).chain(addresses().filter_map(identifiers::from_url)).chain(remarks).collect();
    let raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["%T"])),
        abstract_text: notes.first_text("abstract", record.texts(&["%X"])),
        authors: notes.list("authors", tag, authors),
        published: day.or_else(|| notes.first_date("published", record.texts(&["%D"]), dates::from_free_text)),
        url: addresses().next().map(str::to_owned),
        container: notes.container(record.texts(&["%J", "%B"]), &record.text(&["%V"]), &record.text(&["%N"])),
        ..RawPaper::default()
    };
    let added = notes.first_date("added", record.texts(&["%["]), dates::from_free_text);
    let tags = record.keywords(&["%K"]);
    (BibReference { raw_paper, added, tags, notes }, ids)
}

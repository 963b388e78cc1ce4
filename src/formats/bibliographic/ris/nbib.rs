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

#[cfg(test)]
mod tests {
    use crate::formats::tests::reference_summaries;
    use crate::formats::{InputFormat, read_references};

    #[test]
    fn fields_of_pubmed() {
        for (lines, expect) in [
            ("TI  - A\nLID - 10.5555/A [doi]", "id=doi:10.5555/a | also=pmid:12 | title=A"),
            ("TI  - A\nLID - S0001 [pii]\nAID - 10.5555/A [doi]", "id=doi:10.5555/a | also=pmid:12 | title=A"),
            ("TI  - [Not Available].\nTT  - Lampen", "id=pmid:12 | title=Lampen"),
            ("BTI - Book of Lamps", "id=pmid:12 | title=Book of Lamps"),
            (
                "TI  - A\nFAU - Oak, Ada\nAU  - Oak A\nFAU - Elm, Ben\nAU  - Elm B",
                "id=pmid:12 | title=A | authors=Ada Oak; Ben Elm",
            ),
            ("TI  - A\nAU  - Oak A", "id=pmid:12 | title=A | authors=Oak A"),
            ("TI  - A\nCN  - Lamp Group", "id=pmid:12 | title=A | authors=Lamp Group"),
            ("TI  - A\nDP  - 2015 Jun 12", "id=pmid:12 | title=A | published=2015-06-12"),
            ("TI  - A\nDP  - 2015 Spring", "id=pmid:12 | title=A | published=2015-01-01"),
            ("TI  - A\nDP  - 2015 Mar-Apr", "id=pmid:12 | title=A | published=2015-03-01"),
            ("TI  - A\nDEP - 20150506\nDP  - 2015 Jun", "id=pmid:12 | title=A | published=2015-05-06"),
            ("TI  - A\nAB  - One\n      two.", "id=pmid:12 | title=A | abstract=One two."),
            (
                "TI  - A\nMH  - *Lamps/history\nMH  - Ferries\nOT  - *light",
                "id=pmid:12 | title=A | tags=Lamps/history; Ferries; light",
            ),
        ] {
            let text = format!("PMID- 12\n{lines}\n");
            let found = reference_summaries(read_references(std::io::Cursor::new(text), "x", Some(InputFormat::Nbib)));
            assert_eq!(found, [expect], "{lines}");
        }
    }
}

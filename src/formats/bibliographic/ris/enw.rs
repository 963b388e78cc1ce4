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
    let dois = record.lines(&["%R"]).filter_map(identifiers::doi_in_field);
    let ids = dois.chain(pmid).chain(addresses().filter_map(identifiers::from_url)).chain(remarks).collect();
    let raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["%T"])),
        abstract_text: notes.first_text("abstract", record.texts(&["%X"])),
        authors: notes.list("authors", tag, authors),
        published: day.or_else(|| notes.first_date("published", record.texts(&["%D"]), dates::from_free_text)),
        url: addresses().find(|address| address.starts_with("http")).map(str::to_owned),
        container: notes.container(record.texts(&["%J", "%B"]), &record.text(&["%V"]), &record.text(&["%N"])),
        ..RawPaper::default()
    };
    let added = notes.first_date("added", record.texts(&["%["]), dates::from_free_text);
    let tags = record.keywords(&["%K"]);
    (BibReference { raw_paper, added, tags, notes, ..BibReference::default() }, ids)
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::reference_summaries;
    use crate::formats::{InputFormat, read_references};

    #[test]
    fn fields_of_endnote() {
        for (lines, expect) in [
            ("%A Oak, Ada\n%A Ben Elm", "title=A | authors=Ada Oak; Ben Elm"),
            ("%A Lamp Group,", "title=A | authors=Lamp Group"),
            ("%E Fir, Cy", "title=A | authors=Cy Fir"),
            ("%R https://doi.org/10.5555/A", "id=doi:10.5555/a | title=A"),
            ("%M 12", "title=A"),
            ("%M 12\n%~ PubMed", "id=pmid:12 | title=A"),
            ("%J arXiv preprint arXiv:2401.90001", "id=2401.90001 | title=A"),
            ("%U <Go to ISI>://WOS:1", "title=A"),
            ("%U <Go to ISI>://WOS:1\n%U https://example.org/1", "title=A | url=https://example.org/1"),
            ("%D 2019", "title=A | published=2019-01-01"),
            ("%D 2019\n%8 May 3", "title=A | published=2019-05-03"),
            ("%8 May, 2019", "title=A | published=2019-05-01"),
            ("%D 2019\n%8 soon", "title=A | published=2019-01-01"),
            ("%[ 2020/01/02", "title=A | added=2020-01-02"),
            ("%X One,\ntwo &lt; 3.", "title=A | abstract=One, two < 3."),
            ("%K lamps\nferries; bells", "title=A | tags=lamps; ferries; bells"),
        ] {
            for start in ["%0 Journal Article\n", ""] {
                let text = format!("{start}%T A\n{lines}\n");
                let found =
                    reference_summaries(read_references(std::io::Cursor::new(text), "x", Some(InputFormat::Enw)));
                assert_eq!(found, [expect], "{lines}");
            }
        }
    }
}

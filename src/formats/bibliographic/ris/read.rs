//! Reads files of tagged lines: RIS from EndNote, Zotero and most publishers, NBIB from PubMed, and those of Web of
//! Science.
//!
//! RIS has no field for the day on which a reference was entered; the day of access is taken instead, which Zotero sets
//! when it saves a page.

use crate::error::RecordPosition;
use crate::formats::common::input::InputReader;
use crate::formats::common::{dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter};
use crate::paper::RawPaper;

use super::tagged_lines::{TaggedRecord, TaggedRecords, people};
use super::{nbib, wos};

pub(crate) fn read(input: InputReader, format: InputFormat) -> RecordIter {
    let mut records = TaggedRecords::new(input, format);
    Box::new(std::iter::from_fn(move || {
        let record = match records.record() {
            Ok(record) => record?,
            Err(error) => return Some(Err(records.input().read_error(&error))),
        };
        let position = RecordPosition::Line(record.line);
        let reference = match &record.wrong {
            Some(reason) => Err(reason.clone()),
            None => Ok(reference(&record, format)),
        };
        Some(records.input().found_record(reference, position))
    }))
}

fn reference(record: &TaggedRecord, format: InputFormat) -> BibReference {
    let (mut reference, ids) = match format {
        InputFormat::Nbib => nbib::reference(record),
        InputFormat::Wos => wos::reference(record),
        _ => ris(record),
    };
    reference.raw_paper.source = format.source().to_owned();
    identifiers::assign(&mut reference.raw_paper, ids.iter().map(String::as_str));
    reference
}

fn ris(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let year = dates::from_text(&record.text(&["PY", "Y1"]));
    let day = Some(record.text(&["DA"])).filter(|day| !day.is_empty());
    let day =
        day.and_then(|day| dates::from_text(&day).or_else(|| dates::from_parts(&year?.year().to_string(), &day, "1")));
    let addresses = || record.lines(&["UR", "LK", "L1", "L2"]);
    let dois = record.lines(&["DO"]).filter_map(identifiers::doi);
    let of_pubmed = record.lines(&["DP", "DB"]).any(|base| ["NLM", "PubMed", "Medline"].contains(&base));
    let pmid = record.lines(&["AN"]).filter(|_| of_pubmed).filter_map(identifiers::pmid);
    let remarks = record.lines(&["M1", "AN", "JO", "JF", "J2", "T2", "PB"]).filter_map(identifiers::arxiv_in_text);
    let exported = record.lines(&["ID"]).filter_map(identifiers::of_title);
    let ids = dois.chain(pmid).chain(addresses().filter_map(identifiers::from_url)).chain(remarks);
    let ids = ids.chain(exported).collect();
    let raw_paper = RawPaper {
        title: record.text(&["TI", "T1", "BT", "CT"]),
        abstract_text: record.text(&["AB", "N2"]),
        authors: people(record, &["AU", "A1"]),
        published: day.or(year),
        url: record.lines(&["UR"]).next().map(str::to_owned),
        ..RawPaper::default()
    };
    let added = record.lines(&["Y2"]).find_map(dates::from_text);
    let tags = record.lines(&["KW"]).map(str::to_owned).collect();
    (BibReference { raw_paper, added, tags, ..BibReference::default() }, ids)
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture_references, reference_summaries};
    use crate::formats::{InputFormat, read_references};

    fn check(format: InputFormat, text: &[u8], expect: &[&str]) {
        let found = reference_summaries(read_references(std::io::Cursor::new(text.to_vec()), "x", Some(format)));
        assert_eq!(found, expect, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn bibliographies() {
        insta::assert_snapshot!(fixture_references("papers.ris").join("\n"));
        insta::assert_snapshot!(fixture_references("papers.nbib").join("\n"));
        insta::assert_snapshot!(fixture_references("papers.wos").join("\n"));
    }

    #[test]
    fn a_bad_record_does_not_spoil_its_neighbors() {
        let expect = ["title=A", "x, line 4: not UTF-8: save the file as UTF-8", "title=C"];
        check(InputFormat::Ris, b"TY  - X\nTI  - A\nER  -\nTY  - X\nTI  - \xff\nER  -\nTY  - X\nTI  - C", &expect);
        let expect = ["title=A | tags=a; b", "", "title=C"];
        check(InputFormat::Ris, b"TY  - X\nTI  - A\nKW  - a\nb\nER  -\nTY  - X\nER  -\nTY  - X\nTI  - C", &expect);
    }

    #[test]
    fn days_of_ris() {
        for (lines, expect) in [
            ("PY  - 2015", "published=2015-01-01"),
            ("PY  - 2015///", "published=2015-01-01"),
            ("PY  - 2015\nDA  - Jun", "published=2015-06-01"),
            ("PY  - 2015\nDA  - 2015/06/12/", "published=2015-06-12"),
            ("Y1  - 2015/06/12/Summer", "published=2015-06-12"),
            ("Y2  - 2020/03/04/10:11:12", "added=2020-03-04"),
        ] {
            check(InputFormat::Ris, format!("TY  - X\nTI  - A\n{lines}").as_bytes(), &[&format!("title=A | {expect}")]);
        }
    }
}

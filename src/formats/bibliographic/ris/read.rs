//! Bibliographies of tagged lines: RIS from EndNote, Zotero and most publishers, PubMed's own, Web of Science's.
//!
//! RIS has no field for the day on which a reference was entered; the day of access stands for it, which Zotero sets
//! when it saves a page.

mod lines;

use crate::error::RecordPosition;
use crate::paper::RawPaper;

use super::input::InputReader;
use super::{BibReference, InputFormat, dates, names};

pub(super) use lines::detect;
use lines::{TaggedRecord, TaggedRecords};

pub(super) fn read(input: InputReader, format: InputFormat) -> super::RecordIter {
    let mut records = TaggedRecords::new(input, format);
    Box::new(std::iter::from_fn(move || {
        let record = match records.record() {
            Ok(record) => record?,
            Err(error) => return Some(Err(records.input().fault(&error))),
        };
        let place = RecordPosition::Line(record.line);
        let reference = match &record.wrong {
            Some(reason) => Err(reason.clone()),
            None => Ok(reference(&record, format)),
        };
        Some(records.input().found(reference, place))
    }))
}

fn reference(record: &TaggedRecord, format: InputFormat) -> BibReference {
    let (mut reference, ids) = match format {
        InputFormat::Nbib => nbib(record),
        InputFormat::Wos => wos(record),
        _ => ris(record),
    };
    reference.draft.source = format.source().to_owned();
    names::identify(&mut reference.draft, ids.iter().map(String::as_str));
    reference
}

fn ris(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let year = dates::of_text(&record.text(&["PY", "Y1"]));
    let day = Some(record.text(&["DA"])).filter(|day| !day.is_empty());
    let day =
        day.and_then(|day| dates::of_text(&day).or_else(|| dates::of_parts(&year?.year().to_string(), &day, "1")));
    let addresses = || record.lines(&["UR", "LK", "L1", "L2"]);
    let dois = record.lines(&["DO"]).filter_map(names::doi);
    let of_pubmed = record.lines(&["DP", "DB"]).any(|base| ["NLM", "PubMed", "Medline"].contains(&base));
    let pmid = record.lines(&["AN"]).filter(|_| of_pubmed).filter_map(names::pmid);
    let remarks = record.lines(&["M1", "AN", "JO", "JF", "J2", "T2", "PB"]).filter_map(names::arxiv_within);
    let ids = dois.chain(pmid).chain(addresses().filter_map(names::of_address)).chain(remarks).collect();
    let draft = RawPaper {
        title: record.text(&["TI", "T1", "BT", "CT"]),
        abstract_text: record.text(&["AB", "N2"]),
        authors: people(record, &["AU", "A1"]),
        published: day.or(year),
        url: record.lines(&["UR"]).next().map(str::to_owned),
        ..RawPaper::default()
    };
    let added = record.lines(&["Y2"]).find_map(dates::of_text);
    (BibReference { draft, added, tags: record.lines(&["KW"]).map(str::to_owned).collect() }, ids)
}

fn nbib(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let full = people(record, &["FAU"]);
    let doi = |line: &str| names::doi(line.strip_suffix("[doi]")?);
    let pmid = record.lines(&["PMID"]).filter_map(names::pmid);
    let ids = record.lines(&["LID", "AID"]).filter_map(doi).chain(pmid).collect();
    let days = ["DEP", "DP", "EDAT", "CRDT"];
    let draft = RawPaper {
        title: record.text(&["TI", "BTI"]),
        abstract_text: record.text(&["AB"]),
        authors: if full.is_empty() { people(record, &["AU"]) } else { full },
        published: days.iter().find_map(|tag| dates::of_text(&record.text(&[tag]))),
        ..RawPaper::default()
    };
    let tags = record.lines(&["OT", "MH"]).map(|tag| tag.replace('*', "")).collect();
    (BibReference { draft, added: None, tags }, ids)
}

fn wos(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let full = people(record, &["AF"]);
    let pmid = record.lines(&["PM"]).filter_map(names::pmid);
    let own = record.lines(&["UT"]).map(str::to_owned);
    let ids = record.lines(&["DI", "D2"]).filter_map(names::doi).chain(pmid).chain(own).collect();
    let within = record.text(&["PD"]);
    let mut within = within.split_whitespace();
    let (month, day) = (within.next().unwrap_or_default(), within.next().unwrap_or_default());
    let draft = RawPaper {
        title: record.text(&["TI"]),
        abstract_text: record.text(&["AB"]),
        authors: if full.is_empty() { people(record, &["AU"]) } else { full },
        published: dates::of_parts(&record.text(&["PY"]), month, day),
        ..RawPaper::default()
    };
    let keywords = [record.text(&["DE"]), record.text(&["ID"])].join(";").replace('\n', " ");
    let keywords = keywords.split(';').map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" "));
    (BibReference { draft, added: None, tags: keywords.filter(|tag| !tag.is_empty()).collect() }, ids)
}

fn people(record: &TaggedRecord, tags: &[&str]) -> Vec<String> {
    record.lines(tags).map(names::spoken).collect()
}

#[cfg(test)]
mod tests {
    use crate::sources::tests::{fixture_references, referred};
    use crate::sources::{InputFormat, read_references};

    fn check(format: InputFormat, text: &[u8], expect: &[&str]) {
        let found = referred(read_references(std::io::Cursor::new(text.to_vec()), "x", Some(format)));
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

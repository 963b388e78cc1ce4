//! Reads files of tagged lines: RIS from EndNote, Zotero and most publishers, NBIB from PubMed, and those of Web of
//! Science.
//!
//! RIS has no field for the day on which a reference was entered; the day of access is taken instead, which Zotero sets
//! when it saves a page.

use crate::error::RecordPosition;
use crate::formats::common::input::InputReader;
use crate::formats::common::{dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter, RecordNotes};
use crate::paper::RawPaper;

use super::tagged_lines::{TaggedRecord, TaggedRecords};
use super::{enw, nbib, wos};

/// The tags that hold addresses.
const ADDRESSES: [&str; 6] = ["UR", "LK", "L1", "L2", "L3", "L4"];
/// The tags that hold the journal, the proceedings or the book, full names first; Scopus has conferences in `C3`.
const CONTAINERS: [&str; 8] = ["T2", "JF", "JO", "C3", "JA", "J2", "J1", "T3"];
/// Tags without a fixed meaning, where programs store DOIs: EndNote and Web of Knowledge in `M3`, Springer in `L3` and
/// `N1`, others in the accession number or in a field of their own.
const OTHER_NUMBERS: [&str; 14] = ["M3", "L3", "N1", "AN", "ID", "M1", "M2", "C1", "C2", "C6", "C7", "C8", "U1", "U2"];
/// Tags that may hold an arXiv id in a remark.
const REMARKS: [&str; 9] = ["M1", "AN", "JO", "JF", "J2", "T2", "PB", "VL", "SP"];

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
        InputFormat::Enw => enw::reference(record),
        _ => ris(record),
    };
    reference.raw_paper.source = format.source().to_owned();
    identifiers::assign(&mut reference.raw_paper, ids.iter().map(String::as_str));
    reference
}

fn ris(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let mut notes = RecordNotes::default();
    let year = record.text(&["PY", "Y1"]);
    // A whole day, or one within the year of another field: `Jun 12`.
    let within_year = |day: &str| dates::from_free_text(day).or_else(|| dates::from_parts(&year, day, ""));
    let day = notes.first_date("published", record.texts(&["DA"]), within_year);
    let (tag, authors) = record.people(&["AU", "A1"]);
    let addresses = || record.lines(&ADDRESSES).flat_map(str::split_whitespace);
    let raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["TI", "T1", "BT", "CT", "ST"])),
        abstract_text: notes.first_text("abstract", record.whole_texts(&["AB", "N2"])),
        authors: notes.list("authors", tag, authors),
        published: day.or_else(|| notes.first_date("published", record.texts(&["PY", "Y1"]), dates::from_free_text)),
        url: addresses().find(|address| address.starts_with("http")).map(str::to_owned),
        container: notes.container(record.texts(&CONTAINERS), &record.text(&["VL"]), &record.text(&["IS"])),
        ..RawPaper::default()
    };
    let added = notes.first_date("added", record.texts(&["Y2"]), dates::from_free_text);
    let tags = record.keywords(&["KW"]);
    let ids = ids_of_ris(record, &mut notes);
    (BibReference { raw_paper, added, tags, notes, ..BibReference::default() }, ids)
}

fn ids_of_ris(record: &TaggedRecord, notes: &mut RecordNotes) -> Vec<String> {
    let dois: Vec<String> = record.dois(&["DO", "DI"], notes);
    let is_doi = |line: &&str| line.starts_with("10.") || identifiers::has_word(line, "doi");
    let others = record.lines(&OTHER_NUMBERS).filter(is_doi).filter_map(doi);
    let databases = || record.lines(&["DP", "DB"]);
    let of_pubmed = databases().any(|base| ["NLM", "PubMed", "Medline", "MEDLINE"].contains(&base));
    let pmids = record.lines(&["AN"]).filter(|_| of_pubmed);
    // Scopus has PubMed's number in one of its own fields.
    let pmids = pmids.chain(record.lines(&["C2"]).filter(|_| databases().any(|base| base == "Scopus")));
    let addresses = record.lines(&ADDRESSES).flat_map(str::split_whitespace);
    let noted = record.text(&["N1"]);
    dois.into_iter()
        .chain(pmids.filter_map(identifiers::pmid))
        .chain(addresses.filter_map(identifiers::from_url))
        .chain(identifiers::from_note(&noted))
        .chain(others)
        .chain(record.lines(&REMARKS).filter_map(identifiers::arxiv_in_text))
        .chain(record.lines(&["ID"]).filter_map(identifiers::of_title))
        .collect()
}

/// The DOI of a line, which may say that it is one, or have several.
fn doi(line: &str) -> Option<String> {
    identifiers::doi(line).or_else(|| line.split_whitespace().find_map(identifiers::doi))
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
        insta::assert_snapshot!(fixture_references("papers.enw").join("\n"));
    }

    #[test]
    fn a_bad_record_does_not_spoil_its_neighbors() {
        let expect =
            ["title=A", "x, line 4: not UTF-8: save the file as UTF-8, or give --encoding windows-1252", "title=C"];
        check(InputFormat::Ris, b"TY  - X\nTI  - A\nER  -\nTY  - X\nTI  - \xff\nER  -\nTY  - X\nTI  - C", &expect);
        let expect = ["title=A | tags=a; b", "", "title=C"];
        check(InputFormat::Ris, b"TY  - X\nTI  - A\nKW  - a\nb\nER  -\nTY  - X\nER  -\nTY  - X\nTI  - C", &expect);
    }

    #[test]
    fn what_names_a_record_of_ris() {
        for (lines, expect) in [
            ("DO  - 10.5555/A", "id=doi:10.5555/a"),
            ("DO  - https://doi.org/10.5555/A", "id=doi:10.5555/a"),
            ("M3  - doi: 10.5555/A", "id=doi:10.5555/a"),
            ("M3  - Article", ""),
            ("L3  - 10.5555/A", "id=doi:10.5555/a"),
            ("N1  - DOI: 10.5555/A", "id=doi:10.5555/a"),
            ("N1  - Read twice.\narXiv: 2401.90001 [cs.CL]", "id=2401.90001"),
            ("AN  - 10.5555/A", "id=doi:10.5555/a"),
            ("AN  - 12", ""),
            ("AN  - 12\nDB  - Medline", "id=pmid:12"),
            ("C2  - 12\nDB  - Scopus", "id=pmid:12"),
            ("DO  - 10.5555/A\nN1  - 10.5555/A", "id=doi:10.5555/a"),
            ("U1  - 2401.90001", ""),
        ] {
            let names = if expect.is_empty() { String::new() } else { format!("{expect} | ") };
            check(InputFormat::Ris, format!("TY  - X\nTI  - A\n{lines}").as_bytes(), &[&format!("{names}title=A")]);
        }
        for (addresses, expect) in [
            ("UR  - <Go to ISI>://WOS:1\nL2  - https://example.org/1", "title=A | url=https://example.org/1"),
            (
                "UR  - <Go to ISI>://WOS:1 https://doi.org/10.5555/A",
                "id=doi:10.5555/a | title=A | url=https://doi.org/10.5555/A",
            ),
        ] {
            check(InputFormat::Ris, format!("TY  - X\nTI  - A\n{addresses}").as_bytes(), &[expect]);
        }
    }

    #[test]
    fn texts_and_people_of_ris() {
        for (lines, expect) in [
            ("AU  - Oak, Ada; Elm, Ben;", "authors=Ada Oak; Ben Elm"),
            ("AU  - Garc&iacute;a, Jo\nAU  - et al.", "authors=Jo García"),
            ("AU  - 王伟；李娜", "authors=王伟; 李娜"),
            ("AU  - Elm,B.C.,Jr.\nAU  - Oak, Ada, III", "authors=B.C. Elm, Jr.; Ada Oak, III"),
            ("A1  - Oak, Ada", "authors=Ada Oak"),
            ("AU  - Lamp Group,\nAU  - Oak, Ada", "authors=Lamp Group; Ada Oak"),
            ("AB  - One.\nAB  - Two.", "abstract=One. Two."),
            ("AB  - <p>One.</p><p>Two &lt; three.</p>", "abstract=One. Two < three."),
            ("AB  - [No abstract available]", ""),
            ("KW  - R&amp;D; lamps\nKW  - <i>E. coli</i>", "tags=R&D; lamps; E. coli"),
        ] {
            let rest = if expect.is_empty() { String::new() } else { format!(" | {expect}") };
            check(InputFormat::Ris, format!("TY  - X\nTI  - A\n{lines}").as_bytes(), &[&format!("title=A{rest}")]);
        }
    }

    #[test]
    fn what_stands_around_records_of_ris() {
        let header = "Provider: Invented\nDatabase: Lamps\nContent: text/plain; charset=\"UTF-8\"\n\n";
        let record = "TY  - JOUR\nTI  - Fähren\nER  - \n";
        let expect = ["title=Fähren", "title=Fähren"];
        check(InputFormat::Ris, format!("{header}{record}{record}").as_bytes(), &expect);
        check(InputFormat::Ris, format!("\u{feff}{record}\n\u{feff}{record}").as_bytes(), &expect);
        check(InputFormat::Ris, format!("{record}\nTotal: 2 records\n{record}").as_bytes(), &expect);
    }

    #[test]
    fn days_of_ris() {
        for (lines, expect) in [
            ("PY  - 2015", "published=2015-01-01"),
            ("PY  - 2015///", "published=2015-01-01"),
            ("PY  - 2019-02-30", "published=2019-02-01"),
            ("PY  - 2015\nDA  - Jun", "published=2015-06-01"),
            ("PY  - 2015\nDA  - 2015/06/12/", "published=2015-06-12"),
            ("Y1  - 2015/06/12/Summer", "published=2015-06-12"),
            ("PY  - 2015\nDA  - in press", "published=2015-01-01"),
            ("PY  - 2015\nDA  - June 2015", "published=2015-06-01"),
            ("Y2  - 2020/03/04/10:11:12", "added=2020-03-04"),
        ] {
            check(InputFormat::Ris, format!("TY  - X\nTI  - A\n{lines}").as_bytes(), &[&format!("title=A | {expect}")]);
        }
    }
}

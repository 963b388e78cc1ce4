//! Reads EndNote's XML, which Mendeley writes too. Any text in it may be split into pieces of several styles.
//!
//! It has no field for the day on which a record was entered; the day of access is taken instead.

use crate::formats::common::dates::TypedDate;
use crate::formats::common::input::InputReader;
use crate::formats::common::xml::{self, XmlDialect, XmlElement};
use crate::formats::common::{authors, dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter, RecordNotes};
use crate::paper::{RawPaper, one_line};

const KIND: XmlDialect = XmlDialect {
    what: "EndNote's XML",
    expected: "xml with records",
    roots: &["xml", "records"],
    records: &["record"],
    beside: &[],
};

/// The databases whose numbers are PubMed's, in lower case.
const PUBMED: [&str; 3] = ["pubmed", "medline", "nlm"];
/// Where a remark may hold an arXiv id: `arXiv preprint arXiv:2401.12345`.
const REMARKS: [&[&str]; 7] = [
    &["titles", "secondary-title"],
    &["periodical", "full-title"],
    &["accession-num"],
    &["electronic-resource-num"],
    &["number"],
    &["volume"],
    &["publisher"],
];

/// Where the journal, the proceedings or the book is, full names first.
const CONTAINERS: [&str; 5] = [
    "periodical/full-title",
    "titles/secondary-title",
    "periodical/abbr-1",
    "titles/alt-title",
    "titles/tertiary-title",
];
/// Fields without a fixed meaning, where DOIs are stored.
const OTHER_NUMBERS: [&str; 9] =
    ["accession-num", "notes", "custom1", "custom2", "custom3", "custom6", "custom7", "work-type", "call-num"];

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut records = xml::XmlRecords::new(input, KIND);
    Box::new(std::iter::from_fn(move || {
        let (record, position) = match records.record() {
            Ok(record) => record?,
            Err(error) => return Some(Err(error)),
        };
        Some(records.input().found_record(record.map(|record| reference(&record)), position))
    }))
}

fn reference(record: &XmlElement) -> BibReference {
    let mut notes = RecordNotes::default();
    let all =
        |path: &[&str], name| record.at(path).into_iter().flat_map(move |list| list.all(name)).map(XmlElement::text);
    let year = record.text_at(&["dates", "year"]);
    let days = all(&["dates", "pub-dates"], "date").map(|day| ("dates/pub-dates/date", day));
    let day = notes.first_date("published", days, |day| published(&year, day));
    let urls: Vec<String> = [["urls", "related-urls"], ["urls", "web-urls"], ["urls", "text-urls"]]
        .iter()
        .flat_map(|path| all(path, "url"))
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|url| url.starts_with("http"))
        .collect();
    let authors = all(&["contributors", "authors"], "author").map(|name| author(&name));
    let authors = authors.filter(|name| !name.is_empty()).collect();
    let mut raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["titles/title", "titles/short-title"])),
        abstract_text: notes.first_text("abstract", record.texts(&["abstract"])),
        authors: notes.list("authors", "contributors/authors", authors),
        published: day.or_else(|| notes.first_date("published", record.texts(&["dates/year"]), dates::from_free_text)),
        source: InputFormat::EndnoteXml.source().to_owned(),
        url: urls.first().cloned(),
        container: notes.container(
            record.texts(&CONTAINERS),
            &record.text_at(&["volume"]),
            &[record.text_at(&["number"]), record.text_at(&["issue"])].concat(),
        ),
        ..RawPaper::default()
    };
    let of_pubmed = ["remote-database-name", "database"]
        .iter()
        .any(|name| PUBMED.contains(&record.text_at(&[name]).trim().to_lowercase().as_str()));
    let pmid = identifiers::pmid(&record.text_at(&["accession-num"])).filter(|_| of_pubmed);
    let number = record.text_at(&["electronic-resource-num"]);
    let is_doi = |text: &String| text.trim_start().starts_with("10.") || text.to_ascii_lowercase().contains("doi");
    let others = OTHER_NUMBERS.iter().map(|name| record.text_at(&[name])).filter(is_doi).filter_map(|text| doi(&text));
    let noted = record.text_at(&["notes"]);
    let ids: Vec<String> = identifiers::doi_in_field(&number)
        .into_iter()
        .chain(pmid)
        .chain(urls.iter().filter_map(|url| identifiers::from_url(url)))
        .chain(identifiers::from_note(&noted))
        .chain(others)
        .chain(REMARKS.iter().filter_map(|path| identifiers::arxiv_in_text(&record.text_at(path))))
        .collect();
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    let keywords = all(&["keywords"], "keyword");
    let tags = keywords.flat_map(|text| text.split([';', '\n', '\r']).map(one_line).collect::<Vec<_>>());
    BibReference {
        raw_paper,
        added: notes.first_date("added", record.texts(&["access-date"]), dates::from_free_text),
        tags: tags.filter(|tag| !tag.is_empty()).collect(),
        notes,
        ..BibReference::default()
    }
}

/// The DOI of a field, which may say that it is one.
fn doi(text: &str) -> Option<String> {
    identifiers::doi(text).or_else(|| text.split_whitespace().find_map(identifiers::doi))
}

/// Returns a name, given names first.
fn author(name: &str) -> String {
    authors::given_name_first(&one_line(name))
}

/// The day of a whole date, or of `Jun 12` within a year.
fn published(year: &str, day: &str) -> Option<TypedDate> {
    let mut parts = day.split_whitespace();
    let (month, within) = (parts.next()?, parts.next().unwrap_or_default());
    dates::from_free_text(day).or_else(|| dates::from_parts(year, month, within))
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture_references, reference_summaries};
    use crate::formats::{InputFormat, read_references};

    #[test]
    fn records() {
        insta::assert_snapshot!(fixture_references("endnote.xml").join("\n"));
    }

    #[test]
    fn one_of_each_spelling() {
        for (fields, expect) in [
            ("<dates><year>2015</year></dates>", "title=T | published=2015-01-01"),
            (
                "<dates><year>2015</year><pub-dates><date>Jun 12</date></pub-dates></dates>",
                "title=T | published=2015-06-12",
            ),
            (
                "<dates><year>2015</year><pub-dates><date>June</date></pub-dates></dates>",
                "title=T | published=2015-06-01",
            ),
            ("<dates><pub-dates><date>2015/06/12</date></pub-dates></dates>", "title=T | published=2015-06-12"),
            ("<access-date>2020-03-04</access-date>", "title=T | added=2020-03-04"),
            ("<accession-num>12</accession-num>", "title=T"),
            (
                "<accession-num>12</accession-num><remote-database-name>MEDLINE</remote-database-name>",
                "id=pmid:12 | title=T",
            ),
            ("<volume>abs/2401.90031</volume>", "id=2401.90031 | title=T"),
            (
                "<urls><related-urls><url>&lt;Go to ISI&gt;://WOS:1</url></related-urls><web-urls><url><style>https://example.org/1\
                 </style></url></web-urls></urls>",
                "title=T | url=https://example.org/1",
            ),
            (
                "<contributors><authors><author>Lamp Group,</author><author><style>Oak, </style><style>Ada</style></author>\
                 </authors></contributors>",
                "title=T | authors=Lamp Group; Ada Oak",
            ),
            ("<custom1>10.5555/A</custom1>", "id=doi:10.5555/a | title=T"),
            ("<notes>Read.\nDOI: 10.5555/A</notes>", "id=doi:10.5555/a | title=T"),
            (
                "<abstract><style>One &amp;amp; </style><style face='italic'>two</style></abstract>",
                "title=T | abstract=One & two",
            ),
            ("<keywords><keyword>a; b</keyword><keyword>c\nd</keyword></keywords>", "title=T | tags=a; b; c; d"),
        ] {
            let text = format!("<records><record><titles><title>T</title></titles>{fields}</record></records>");
            let found =
                reference_summaries(read_references(std::io::Cursor::new(text), "x", Some(InputFormat::EndnoteXml)));
            assert_eq!(found, [expect], "{fields}");
        }
    }
}

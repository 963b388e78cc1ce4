//! Reads answers of arXiv's API: Atom feeds with arXiv's own extensions
//! (<https://info.arxiv.org/help/api/user-manual.html>).

use crate::formats::common::input::InputReader;
use crate::formats::common::values::distinct;
use crate::formats::common::xml::{self, XmlDialect, XmlElement};
use crate::formats::common::{arxiv_text, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter, RecordNotes};
use crate::paper::{RawPaper, parse_date};

const KIND: XmlDialect = XmlDialect {
    what: "a response of the arXiv API",
    expected: "an Atom feed with entries",
    roots: &["feed"],
    records: &["entry"],
    beside: &[],
};

/// The fields of a paper, and the elements that they are read from.
const FIELDS: [(&str, &str); 8] = [
    ("id", "id"),
    ("aliases", "doi"),
    ("title", "title"),
    ("abstract", "summary"),
    ("authors", "author"),
    ("published", "published"),
    ("categories", "primary_category"),
    ("categories", "category"),
];

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut entries = xml::XmlRecords::new(input, KIND);
    Box::new(std::iter::from_fn(move || {
        let (entry, position) = match entries.record() {
            Ok(entry) => entry?,
            Err(error) => return Some(Err(error)),
        };
        if let Some(message) = entry.as_ref().ok().and_then(error_answer) {
            return Some(Err(entries.input().bad_file(format!("arXiv returned an error: {message}"))));
        }
        let reference = entry.and_then(|entry| reference(&entry)).map(|mut reference| {
            reference.raw_paper = arxiv_text::read_accents(reference.raw_paper);
            reference
        });
        Some(entries.input().found_record(reference, position))
    }))
}

/// arXiv's message where the entry is none, but says what is wrong with the request.
fn error_answer(entry: &XmlElement) -> Option<String> {
    let id = entry.text_at(&["id"]);
    let is_error = id.contains("api/errors") || entry.text_at(&["title"]).trim() == "Error" && !id.contains("/abs/");
    let message = entry.text_at(&["summary"]).split_whitespace().collect::<Vec<_>>().join(" ");
    is_error.then(|| if message.is_empty() { "no reason given".to_owned() } else { message })
}

fn reference(entry: &XmlElement) -> Result<BibReference, String> {
    let (id, title) = (entry.text_at(&["id"]), entry.text_at(&["title"]));
    let id = id.trim();
    if id.is_empty() || title.trim().is_empty() {
        let name = if id.is_empty() { "no id".to_owned() } else { format!("no title for `{id}`") };
        return Err(format!("{name}: arXiv returns this for ids that do not exist"));
    }
    let mut notes = RecordNotes::default();
    let published = match entry.text_at(&["published"]).trim() {
        "" => None,
        text => parse_date(text).or_else(|| {
            notes.drop("published", format!("`{text}` is not a date that exists"));
            None
        }),
    };
    let terms = entry.all("primary_category").chain(entry.all("category")).filter_map(|term| term.attribute("term"));
    let categories = distinct(terms.filter(|term| is_subject_class(term)).map(str::to_owned).collect());
    let doi = entry.text_at(&["doi"]);
    let raw_paper = RawPaper {
        id: Some(id.to_owned()),
        aliases: doi.split_whitespace().filter_map(identifiers::doi).collect(),
        title,
        abstract_text: entry.text_at(&["summary"]),
        authors: entry.all("author").map(|author| author.text_at(&["name"])).collect(),
        published,
        categories,
        source: InputFormat::ArxivAtom.source().to_owned(),
        ..RawPaper::default()
    };
    let has = |name: &str| entry.all(name).next().is_some();
    for (field, name) in FIELDS.into_iter().filter(|(_, name)| has(name)) {
        notes.origin(field, name);
    }
    Ok(BibReference { raw_paper, notes, ..BibReference::default() })
}

/// Whether a category is arXiv's (`cs.CL`, `hep-th`) and no ACM or MSC class (`F.2.2; I.2.7`, `68T50`).
fn is_subject_class(term: &str) -> bool {
    let archive = term.split('.').next().unwrap_or_default();
    !archive.is_empty()
        && archive.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && term.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'.')
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    fn check(entries: &str, expect: &[&str]) {
        let text = format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>arXiv</title>{entries}</feed>");
        check_whole(&text, expect);
    }

    fn check_whole(text: &str, expect: &[&str]) {
        let found = summaries(read(std::io::Cursor::new(text.to_owned()), "a.xml", Some(InputFormat::ArxivAtom)));
        assert_eq!(found, expect, "{text}");
    }

    const GOOD: &str = "<entry><id>http://arxiv.org/abs/2401.00001v1</id><title>Good</title></entry>";
    const TOLD: &str = "id=2401.00001 | title=Good | url=https://arxiv.org/abs/2401.00001";

    #[test]
    fn an_answer() {
        insta::assert_snapshot!(fixture("arxiv.xml").join("\n"));
    }

    #[test]
    fn an_answer_that_is_an_error() {
        assert_eq!(
            fixture("arxiv_error.xml"),
            ["arxiv_error.xml: arXiv returned an error: incorrect id format for lantern"]
        );
        check("<entry><title>Error</title></entry>", &["a.xml: arXiv returned an error: no reason given"]);
        let title = GOOD.replace("Good", "Error");
        check(&title, &[&TOLD.replace("Good", "Error")]);
    }

    #[test]
    fn accents_are_letters() {
        check(
            &GOOD.replace("Good", r#"Schr\"odinger's $\tilde{n}$"#),
            &[&TOLD.replace("Good", r"Schrödinger's $\tilde{n}$")],
        );
    }

    #[test]
    fn no_results() {
        check("", &["a.xml: no record of the arXiv API in it: expected elements such as `<entry>`"]);
    }

    #[test]
    fn a_bad_entry_does_not_spoil_its_neighbors() {
        for (bad, error) in [
            ("<entry/>", "no id: arXiv returns this for ids that do not exist"),
            ("<entry><id>x</id></entry>", "no title for `x`: arXiv returns this for ids that do not exist"),
            (
                "<entry><id>x</id><title>caf&lantern;</title></entry>",
                "unknown entity `&lantern;`: use the character itself",
            ),
        ] {
            check(&format!("{GOOD}{bad}{GOOD}"), &[TOLD, &format!("a.xml, record 2: {error}"), TOLD]);
        }
        check("<entry><id>x</id><title>t</title><published>2024-02-30</published></entry>", &["id=x | title=t"]);
    }

    #[test]
    fn damaged_and_other_xml() {
        check_whole(
            &format!("<feed>{GOOD}<entry><id>x"),
            &[TOLD, "a.xml: the XML is incomplete: the file is truncated, download it again"],
        );
        let deep = format!("<feed>{}", "<a>".repeat(100));
        check_whole(&deep, &["a.xml: XML nested too deeply for a response of the arXiv API"]);
        check_whole("<rss></rss>", &["a.xml: not a response of the arXiv API: expected an Atom feed with entries"]);
        check_whole("words", &["a.xml: not a response of the arXiv API: expected an Atom feed with entries"]);
        check_whole(
            &format!("<feed>{GOOD}<entry></feed>"),
            &[TOLD, "a.xml, record 2: damaged XML: `<entry>` is not closed"],
        );
    }

    #[test]
    fn prefixes_do_not_matter() {
        let text = GOOD.replace("<", "<a:").replace("<a:/", "</a:");
        check_whole(&format!("<a:feed xmlns:a='http://www.w3.org/2005/Atom'>{text}</a:feed>"), &[TOLD]);
    }
}

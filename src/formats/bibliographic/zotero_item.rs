//! Items of Zotero by its own names of fields, as its database and its local API have them.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::formats::common::identifiers;
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::{RawPaper, parse_date};

/// What stands before a date that Zotero cannot read.
pub(super) const UNREAD_DATE: &str = "0000-00-00 ";

/// Reads an item from its fields and its authors, texts as they are. Its date is as the database has it: `2024-01-00
/// January 2024`.
pub(crate) fn reference(fields: &HashMap<String, String>, authors: Vec<String>) -> BibReference {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let named = |name: &'static str| (name, field(name));
    let mut notes = RecordNotes::default();
    let date = field("date");
    let unread_date = date.strip_prefix(UNREAD_DATE);
    let journals =
        ["publicationTitle", "proceedingsTitle", "bookTitle", "conferenceName", "journalAbbreviation"].map(named);
    let mut raw_paper = RawPaper {
        // Cases, statutes and e-mails have titles of their own.
        title: notes.first_text("title", ["title", "caseName", "nameOfAct", "subject", "shortTitle"].map(named)),
        abstract_text: notes.first_text("abstract", [named("abstractNote")]),
        authors: notes.list("authors", "creators", authors),
        published: notes.first_date(
            "published",
            [("date", unread_date.unwrap_or(&date).to_owned())],
            if unread_date.is_some() { parse_date } else { day },
        ),
        url: fields.get("url").cloned(),
        container: notes.container(journals, &field("volume"), &field("issue")),
        source: "zotero".to_owned(),
        ..RawPaper::default()
    };
    let mut names: Vec<String> = identifiers::from_note(&field("extra")).collect();
    names.extend([field("archiveID"), field("DOI")].into_iter().filter(|name| !name.is_empty()));
    names.extend(identifiers::from_url(&field("url")));
    identifiers::assign(&mut raw_paper, names.iter().map(String::as_str));
    BibReference { raw_paper, notes, ..BibReference::default() }
}

/// The day of `2024-01-15 10:00:00`, of `2024-01-15 January 15`, and of `2024-00-00 2024`: its first. Zotero writes
/// `0000-00-00` before what it cannot read.
pub(crate) fn day(text: &str) -> Option<Date> {
    let (first, typed) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    parse_date(&first.replace("-00", "-01")).filter(|day| day.year() > 0).or_else(|| parse_date(typed))
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days() {
        for (text, expect) in [
            ("2024-02-03 10:00:00", Some("2024-02-03")),
            ("2024-01-15 January 15, 2024", Some("2024-01-15")),
            ("2024-01 January 2024", Some("2024-01-01")),
            ("2024-01-00 January 2024", Some("2024-01-01")),
            ("2024-00-00 2024", Some("2024-01-01")),
            ("0000-00-00 June 2015", Some("2015-06-01")),
            ("0000-00-00 in press", None),
            ("2023", Some("2023-01-01")),
            ("", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), expect, "{text}");
        }
    }
}

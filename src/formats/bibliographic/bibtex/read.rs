//! Reads BibTeX and biblatex, from reference managers and publishers.
//!
//! An entry is named by its arXiv id, DOI or PubMed number, also where these stand in an address or a remark; its key
//! names nothing outside of the file. The day it was entered is in a field of the program's own.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::error::RecordPosition;
use crate::formats::common::input::{InputReader, MAX_RECORD};
use crate::formats::common::{authors, dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter};
use crate::paper::RawPaper;
use crate::text::latex;

use super::TITLE_ID;
use super::entries::{BibtexEntries, fields};

/// What holds the day of entering: in BibDesk, CiteULike, JabRef (new and old), BibSonomy.
const ADDED: [&str; 7] =
    ["date-added", "posted-at", "creationdate", "dateadded", "date_added", "added-at", "timestamp"];
/// What holds tags: in most programs, Mendeley, JabRef.
const TAGS: [&str; 4] = ["keywords", "keyword", "mendeley-tags", "groups"];

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut entries = BibtexEntries::new(input);
    let mut abbreviations = HashMap::new();
    let mut held = 0;
    Box::new(std::iter::from_fn(move || {
        loop {
            let entry = match entries.entry() {
                Ok(entry) => entry?,
                Err(error) => return Some(Err(entries.input().read_error(&error))),
            };
            let expand = |word: &str| {
                let known = abbreviations.get(&word.to_lowercase());
                known.cloned().unwrap_or_else(|| word.to_owned())
            };
            let found = entry.body.and_then(|body| fields(&body, expand));
            match entry.kind.as_str() {
                "comment" | "preamble" => {}
                "string" => {
                    // Abbreviations may be made of others: without a limit, each of twice the one before.
                    let found = found.unwrap_or_default();
                    held += found.iter().map(|(_, value)| value.len()).sum::<usize>();
                    if held <= MAX_RECORD {
                        abbreviations.extend(found);
                    }
                }
                _ => {
                    let reference = found.map(|fields| reference(&BibtexFields(fields)));
                    return Some(entries.input().found_record(reference, RecordPosition::Line(entry.line)));
                }
            }
        }
    }))
}

/// Whether a file begins as a bibliography: with an entry, perhaps after remarks.
pub(crate) fn is_bibliography(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('%'));
    let Some(entry) = lines.next().and_then(|line| line.strip_prefix('@')) else { return false };
    let kind = entry.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    kind.len() < entry.len() && kind.trim_start().starts_with(['{', '('])
}

/// The fields of one entry as they stand in it.
struct BibtexFields(Vec<(String, String)>);

impl BibtexFields {
    /// A field that has a value, as it stands.
    fn raw(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// A field's text.
    fn text(&self, name: &str) -> String {
        self.raw(name).map(latex::field_text).unwrap_or_default()
    }

    /// An id or an address: no text, but some programs escape it.
    fn literal(&self, name: &str) -> Option<String> {
        Some(self.raw(name)?.chars().filter(|c| !"{}\\ \n".contains(*c)).collect())
    }
}

fn reference(fields: &BibtexFields) -> BibReference {
    let title = match (fields.text("title"), fields.text("subtitle")) {
        (title, subtitle) if subtitle.is_empty() => title,
        (title, subtitle) => format!("{title}: {subtitle}"),
    };
    let mut raw_paper = RawPaper {
        title,
        abstract_text: fields.text("abstract"),
        authors: fields.raw("author").map(authors).unwrap_or_default(),
        published: published(fields),
        categories: fields.raw("primaryclass").map(|class| vec![class.to_owned()]).unwrap_or_default(),
        source: InputFormat::Bibtex.source().to_owned(),
        url: fields.literal("url"),
        ..RawPaper::default()
    };
    let ids = ids(fields);
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    let mut tags: Vec<String> = Vec::new();
    for tag in TAGS.iter().filter_map(|name| fields.raw(name)).flat_map(|list| list.split([',', ';'])) {
        let tag = latex::field_text(tag.trim());
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    BibReference { raw_paper, added: added(fields), tags, ..BibReference::default() }
}

fn ids(fields: &BibtexFields) -> Vec<String> {
    let is_of_arxiv = |name| fields.raw(name).is_none_or(|archive| archive.eq_ignore_ascii_case("arxiv"));
    let eprint = fields.literal("eprint").filter(|_| is_of_arxiv("archiveprefix") && is_of_arxiv("eprinttype"));
    let eprint = eprint.and_then(|id| identifiers::doi(&id).or_else(|| identifiers::from_url(&id)));
    let remarks = ["journal", "journaltitle", "volume", "number", "note", "howpublished", "publisher"];
    let remarks = remarks.iter().filter_map(|name| identifiers::arxiv_in_text(fields.raw(name)?));
    let numbers = ["arxiv", "arxivid", "doi"].iter().filter_map(|name| identifiers::doi(&fields.literal(name)?));
    let pmid = fields.literal("pmid").and_then(|number| identifiers::pmid(&number));
    let addresses = ["url", "ee", "link", "bdsk-url-1", "bdsk-url-2", "citeulike-linkout-0", "howpublished"];
    let addresses = addresses.iter().filter_map(|name| {
        let address = fields.literal(name)?;
        // `howpublished` has it as `\url{https://...}`.
        identifiers::from_url(&address[address.find("http").unwrap_or(0)..])
    });
    let exported = fields.literal(TITLE_ID).and_then(|id| identifiers::of_title(&id));
    eprint.into_iter().chain(numbers).chain(pmid).chain(addresses).chain(remarks).chain(exported).collect()
}

/// Names between ` and `, each as it is spoken; a name in braces, as of a group, is one.
fn authors(list: &str) -> Vec<String> {
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && list[at..].get(..5).is_some_and(|and| and.eq_ignore_ascii_case(" and ")) => {
                names.extend(list.get(start..at));
                start = at + 5;
            }
            _ => {}
        }
    }
    names.extend(list.get(start..));
    let names = names.into_iter().map(str::trim).filter(|name| !name.is_empty() && *name != "others");
    names
        .map(|name| {
            if name.starts_with('{') && name.ends_with('}') {
                latex::field_text(name)
            } else {
                authors::given_name_first(&latex::field_text(name))
            }
        })
        .collect()
}

fn published(fields: &BibtexFields) -> Option<Date> {
    let (year, month) = (fields.text("year"), fields.text("month"));
    let mut month = month.split([' ', ',']);
    let (name, within) = (month.next().unwrap_or_default(), month.next().unwrap_or_default());
    let day = fields.text("day");
    let day = if day.is_empty() { within } else { &day };
    // A range's first day: `2020-01/2020-03`.
    let date = fields.raw("date").and_then(|date| dates::from_text(date.split('/').next()?));
    date.or_else(|| dates::from_parts(&year, name, day))
}

/// DBLP's own stamps are not the reader's.
fn added(fields: &BibtexFields) -> Option<Date> {
    let of_dblp = fields.raw("bibsource").is_some_and(|source| source.contains("dblp"));
    let mut names = ADDED.iter().filter(|name| !(of_dblp && **name == "timestamp"));
    names.find_map(|name| dates::from_text(fields.raw(name)?))
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture_references, reference_summaries};
    use crate::formats::{InputFormat, read_references};

    fn check(text: &str, expect: &[&str]) {
        let found = reference_summaries(read_references(
            std::io::Cursor::new(text.to_owned()),
            "x.bib",
            Some(InputFormat::Bibtex),
        ));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_bibliography() {
        insta::assert_snapshot!(fixture_references("papers.bib").join("\n"));
    }

    #[test]
    fn a_broken_entry_costs_itself_only() {
        let good = "@misc{g, title = {Good}}\n";
        for (bad, error) in [
            ("@misc{b, title = {never closed\n", "`@misc` is not closed: a brace is missing"),
            ("@misc{b, title = , year = 2001}\n", "`title` has no value"),
            ("@misc{b, title = {x}, , what is this}\n", "expected a field, found `what is this`"),
        ] {
            let error = format!("x.bib, line 2: {error}");
            check(&format!("{good}{bad}{good}"), &["title=Good", &error, "title=Good"]);
        }
        check("@misc{b, title = {x}}}}\n@misc{g, title = {Good}}", &["title=x", "title=Good"]);
    }

    #[test]
    fn abbreviations_of_abbreviations_have_an_end() {
        let doubled = |n: usize| format!("@string{{a{n} = a{} # a{}}}\n", n - 1, n - 1);
        let strings: String = (1..60).map(doubled).collect();
        let first = format!("@string{{a0 = \"{}\"}}\n", "x".repeat(50));
        let entries = "@misc{x, title = a59}\n@misc{y, title = a1, abstract = a17 # a17 # a17}";
        let long = "x.bib, line 62: longer than 16 MB with abbreviations expanded";
        check(&format!("{first}{strings}{entries}"), &["title=a59", long]);
    }

    #[test]
    fn ids_wherever_they_stand() {
        let arxiv = "id=2401.90001 | title=T";
        for fields in [
            "eprint = {2401.90001}, archivePrefix = {arXiv}",
            "eprint = {2401.90001v2}, eprinttype = arxiv",
            "journal = {arXiv preprint arXiv:2401.90001}",
            "journal = {CoRR}, volume = {abs/2401.90001}",
            "url = {https://arxiv.org/abs/2401.90001}",
            "howpublished = {\\url{https://arxiv.org/abs/2401.90001}}",
            "doi = {10.48550/arXiv.2401.90001}",
        ] {
            let text = format!("@misc{{k, title = {{T}}, {fields}}}");
            let found =
                reference_summaries(read_references(std::io::Cursor::new(text), "x.bib", Some(InputFormat::Bibtex)));
            assert!(found[0].starts_with(arxiv), "{fields}: {found:?}");
        }
        check(
            "@misc{k, title = {T}, doi = {10.5555/A\\_b}, eprint = {hep-th/9901001}, pmid = 12}",
            &["id=hep-th/9901001 | also=doi:10.5555/a_b pmid:12 | title=T"],
        );
        check("@misc{k, title = {T}, eprint = {123}, eprinttype = {hdl}}", &["title=T"]);
    }

    #[test]
    fn days() {
        for (fields, expect) in [
            ("year = 2001", "published=2001-01-01"),
            ("year = {2001}, month = mar", "published=2001-03-01"),
            ("year = {2001}, month = mar # \"~5\"", "published=2001-03-05"),
            ("year = {2001}, month = 3, day = {5}", "published=2001-03-05"),
            ("date = {2001-03-05/2001-03-09}", "published=2001-03-05"),
            ("date-added = {2019-03-04 10:00:00 +0100}", "added=2019-03-04"),
            ("posted-at = {2019-03-04 10:00:00}", "added=2019-03-04"),
            ("timestamp = {2019.03.04}", "added=2019-03-04"),
        ] {
            check(&format!("@misc{{k, title = {{T}}, {fields}}}"), &[&format!("title=T | {expect}")]);
        }
        let stamp = "timestamp = {Mon, 13 Aug 2018 16:46:52 +0200}";
        check(&format!("@misc{{k, title = {{T}}, {stamp}}}"), &["title=T | added=2018-08-13"]);
        check(&format!("@misc{{k, title = {{T}}, {stamp}, bibsource = {{dblp, https://x}}}}"), &["title=T"]);
        check("@misc{k, title = {T}, year = {in press}}", &["title=T"]);
    }
}

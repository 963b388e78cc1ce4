//! Reads BibTeX and biblatex, from reference managers and publishers.
//!
//! An entry is named by its arXiv id, DOI or PubMed number, also where these stand in an address or a remark; its key
//! names nothing outside of the file. The day it was entered is in a field of the program's own.

use std::collections::{HashMap, VecDeque};

use super::TITLE_ID;
use super::cross_references::{CrossReferences, ReadEntry};
use super::entries::BibtexEntries;
use super::fields::BibtexFields;
use super::names::names;
use crate::error::RecordPosition;
use crate::formats::common::input::{InputReader, MAX_RECORD};
use crate::formats::common::values::distinct;
use crate::formats::common::{dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter};
use crate::paper::{RawPaper, one_line};
use crate::text::latex;

/// What holds the day of entering: in BibDesk, CiteULike, JabRef (new and old), BibSonomy.
const ADDED: [&str; 7] =
    ["date-added", "posted-at", "creationdate", "dateadded", "date_added", "added-at", "timestamp"];
/// What holds tags: in most programs, Scopus, Web of Science, Mendeley (two), JabRef.
const TAGS: [&str; 7] =
    ["keywords", "keyword", "author_keywords", "keywords-plus", "mendeley-tags", "mendeley-groups", "groups"];
/// What a paper appeared in, the first that there is, and what tells its parts apart.
const CONTAINERS: [&str; 6] = ["journaltitle", "journal", "booktitle", "maintitle", "shortjournal", "series"];
const PARTS: [&str; 3] = ["series", "volume", "number"];
/// Kinds of entries that are no papers: data for other entries, and options of styles.
const NO_PAPERS: [&str; 4] = ["xdata", "set", "control", "ieeetranbstctl"];

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut entries = BibtexEntries::new(input);
    let mut abbreviations: HashMap<String, String> = HashMap::new();
    let mut cross_references = CrossReferences::default();
    let mut ready: VecDeque<ReadEntry> = VecDeque::new();
    let mut held = 0;
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some(entry) = ready.pop_front() {
                if NO_PAPERS.contains(&entry.kind.as_str()) {
                    continue;
                }
                let position = RecordPosition::Line(entry.line);
                return Some(entries.input().found_record(reference(entry), position));
            }
            let entry = match entries.entry() {
                Ok(Some(entry)) => entry,
                Ok(None) => {
                    ready.extend(cross_references.rest());
                    if ready.is_empty() {
                        return None;
                    }
                    continue;
                }
                Err(error) => return Some(Err(entries.input().read_error(&error))),
            };
            if matches!(entry.kind.as_str(), "comment" | "preamble") {
                continue;
            }
            let expand = |word: &str| abbreviations.get(&word.to_lowercase()).map(String::as_str);
            let fields = match entry.body {
                Ok(body) => BibtexFields::read(&body, expand),
                Err(_) if entry.kind == "string" => continue,
                Err(reason) => {
                    return Some(Err(entries.input().bad_record(RecordPosition::Line(entry.line), reason)));
                }
            };
            if entry.kind == "string" {
                // Abbreviations may be made of others: without a limit, each of twice the one before.
                held += fields.size();
                if held <= MAX_RECORD {
                    abbreviations.extend(fields.values);
                }
                continue;
            }
            let (line, kind, is_closed) = (entry.line, entry.kind, entry.is_closed);
            ready.extend(cross_references.add(ReadEntry { line, kind, fields, is_closed }));
        }
    }))
}

impl BibtexFields {
    /// A field that has a value, as it stands.
    fn raw(&self, name: &str) -> Option<&str> {
        let value = self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// A field's text.
    fn text(&self, name: &str) -> String {
        self.raw(name).map(latex::field_text).unwrap_or_default()
    }

    /// An id, which is no text, but some programs escape it.
    fn verbatim(&self, name: &str) -> Option<String> {
        Some(latex::verbatim_text(self.raw(name)?).trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// An address. Where white space is in it, it was broken, or another one follows. EndNote's `<Go to ISI>` is none.
    fn address(&self, name: &str) -> Option<String> {
        let value = self.verbatim(name).filter(|value| !value.starts_with('<'))?;
        Some(unbroken(&value))
    }
}

/// Returns the address that a text begins with.
fn unbroken(text: &str) -> String {
    let pieces = text.split_whitespace().enumerate();
    pieces.take_while(|(at, piece)| *at == 0 || !piece.contains("://")).map(|(_, piece)| piece).collect()
}

/// Returns the reference of an entry; the error says what could not be read where that leaves neither title nor
/// abstract.
fn reference(entry: ReadEntry) -> Result<BibReference, String> {
    let ReadEntry { kind, fields, is_closed, .. } = entry;
    let title = match (fields.text("title"), fields.text("subtitle")) {
        (title, subtitle) if subtitle.is_empty() => title,
        (title, subtitle) => format!("{title}: {subtitle}"),
    };
    let class = ["primaryclass", "eprintclass"].into_iter().find(|name| fields.raw(name).is_some());
    let mut reference = BibReference {
        raw_paper: RawPaper {
            title,
            abstract_text: fields.text("abstract"),
            authors: fields.raw("author").map(names).unwrap_or_default(),
            categories: class.iter().filter_map(|name| Some(fields.raw(name)?.to_owned())).collect(),
            source: InputFormat::Bibtex.source().to_owned(),
            url: fields.address("url"),
            ..RawPaper::default()
        },
        ..BibReference::default()
    };
    if reference.raw_paper.title.trim().is_empty() && reference.raw_paper.abstract_text.trim().is_empty() {
        if !is_closed {
            return Err(format!("`@{kind}` is not closed: a brace is missing"));
        }
        if let Some((_, reason)) = fields.dropped.first() {
            return Err(reason.clone());
        }
    }
    for (paper, field) in [
        ("title", "title"),
        ("abstract", "abstract"),
        ("authors", "author"),
        ("categories", class.unwrap_or_default()),
        ("url", "url"),
    ] {
        if fields.raw(field).is_some() {
            reference.notes.origin(paper, field);
        }
    }
    add_container(&fields, &mut reference);
    add_days(&fields, &mut reference);
    add_ids(&fields, &mut reference);
    add_tags(&fields, &mut reference);
    for (field, reason) in fields.dropped {
        reference.notes.drop(field, reason);
    }
    if !is_closed {
        reference.notes.drop(kind.clone(), format!("`@{kind}` is not closed: a brace is missing"));
    }
    Ok(reference)
}

fn add_container(fields: &BibtexFields, reference: &mut BibReference) {
    let Some(name) = CONTAINERS.into_iter().find(|name| fields.raw(name).is_some()) else { return };
    let parts = PARTS.iter().filter(|part| **part != name).map(|part| fields.text(part));
    let parts = std::iter::once(fields.text(name)).chain(parts).filter(|part| !part.is_empty());
    reference.raw_paper.container = parts.collect::<Vec<_>>().join(" ");
    reference.notes.origin("container", name);
}

fn add_days(fields: &BibtexFields, reference: &mut BibReference) {
    let BibReference { raw_paper, added, notes, .. } = reference;
    let date = fields.raw("date").and_then(|date| dates::from_free_text(&latex::field_text(date)));
    let parts = || dates::from_parts(&fields.text("year"), &fields.text("month"), &fields.text("day"));
    let found = date.or_else(parts);
    raw_paper.published = found.map(|found| found.date);
    match raw_paper.published {
        Some(_) => {
            let names = if date.is_some() { &["date"][..] } else { &["year", "month", "day"] };
            let typed: Vec<String> = names.iter().map(|name| fields.text(name)).collect();
            notes.origin("published", names[0]);
            if let Some(reason) = found.and_then(|found| found.wrong(&typed.join(" "))) {
                notes.drop(names[0], reason);
            }
        }
        None => {
            for name in ["date", "year"].into_iter().filter(|name| fields.raw(name).is_some()) {
                notes.drop(name, format!("`{}` is not a date", fields.text(name)));
            }
        }
    }
    // DBLP's own stamps are not the reader's.
    let of_dblp = fields.raw("bibsource").is_some_and(|source| source.contains("dblp"));
    let names = ADDED.into_iter().filter(|name| !(of_dblp && *name == "timestamp"));
    let found = names.filter_map(|name| Some((name, dates::from_free_text(fields.raw(name)?)?.date))).next();
    if let Some((name, day)) = found {
        *added = Some(day);
        notes.origin("added", name);
    }
}

/// Adds the ids, wherever they stand, each with the name of its field.
fn add_ids(fields: &BibtexFields, reference: &mut BibReference) {
    let is_of_arxiv = |name| fields.raw(name).is_none_or(|archive| archive.eq_ignore_ascii_case("arxiv"));
    let eprint = Some("eprint").filter(|_| is_of_arxiv("archiveprefix") && is_of_arxiv("eprinttype"));
    let eprint = eprint.and_then(|name| {
        let id = fields.verbatim(name)?;
        Some((name, identifiers::doi(&id).or_else(|| identifiers::from_url(&id))?))
    });
    let numbers = ["arxiv", "arxivid", "doi"];
    let numbers =
        numbers.into_iter().filter_map(|name| Some((name, identifiers::doi_in_field(&fields.verbatim(name)?)?)));
    let pmid = ["pmid", "pubmed_id"];
    let of_pubmed = fields.raw("eprinttype").is_some_and(|kind| kind.eq_ignore_ascii_case("pubmed"));
    let pmid = pmid.into_iter().chain(Some("eprint").filter(|_| of_pubmed));
    let pmid = pmid.filter_map(|name| Some((name, identifiers::pmid(&fields.verbatim(name)?)?)));
    let is_of_web_of_science = |number: &String| number.starts_with("WOS:") || number.starts_with("ISI:");
    let own = fields.verbatim("unique-id").filter(is_of_web_of_science).map(|number| ("unique-id", number));
    let addresses = ["url", "ee", "link", "bdsk-url-1", "bdsk-url-2", "citeulike-linkout-0", "howpublished"];
    let addresses = addresses.into_iter().filter_map(|name| Some((name, address_in(fields.raw(name)?)?)));
    let remarks = ["journal", "journaltitle", "volume", "number", "note", "howpublished", "publisher"];
    let remarks = remarks.into_iter().filter_map(|name| Some((name, identifiers::arxiv_in_text(fields.raw(name)?)?)));
    let exported = fields.verbatim(TITLE_ID).and_then(|id| Some((TITLE_ID, identifiers::of_title(&id)?)));
    let ids = eprint.into_iter().chain(numbers).chain(pmid).chain(own).chain(addresses).chain(remarks).chain(exported);
    let ids: Vec<(&str, String)> = ids.collect();
    let BibReference { raw_paper, notes, .. } = reference;
    identifiers::assign(raw_paper, ids.iter().map(|(_, id)| id.as_str()));
    if let Some((name, _)) = ids.iter().find(|(_, id)| Some(id) == raw_paper.id.as_ref()) {
        notes.origin("id", *name);
    }
    identifiers::noted_doi("doi", &fields.verbatim("doi").unwrap_or_default(), notes);
}

/// Returns the id in the first address of a text, as of `\url{https://arxiv.org/abs/2401.00001}`.
fn address_in(value: &str) -> Option<String> {
    let start = value.find("http")?;
    let (before, address) = value.split_at(start);
    // In braces it may be broken.
    let end = if before.ends_with('{') { address.find('}') } else { None };
    let text = latex::verbatim_text(&address[..end.unwrap_or(address.len())]);
    let first = text.split_whitespace().next()?;
    let of_first = identifiers::from_url(first);
    let of_first = of_first.or_else(|| identifiers::from_url(first.trim_end_matches([',', '.', ';', ')'])));
    of_first.or_else(|| identifiers::from_url(&unbroken(&text)))
}

fn add_tags(fields: &BibtexFields, reference: &mut BibReference) {
    let mut tags = Vec::new();
    for name in TAGS.into_iter().filter(|name| fields.raw(name).is_some()) {
        reference.notes.origin("tags", name);
        tags.extend(fields.text(name).split([',', ';']).map(one_line).filter(|tag| !tag.is_empty()));
    }
    reference.tags = distinct(tags);
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture_references, reference_summaries};
    use crate::formats::{BibReference, InputFormat, read_references};

    fn check(text: &str, expect: &[&str]) {
        let found = reference_summaries(read_references(
            std::io::Cursor::new(text.to_owned()),
            "x.bib",
            Some(InputFormat::Bibtex),
        ));
        assert_eq!(found, expect, "{text}");
    }

    fn first(text: &str) -> BibReference {
        let text = std::io::Cursor::new(text.to_owned());
        read_references(text, "x.bib", Some(InputFormat::Bibtex)).unwrap().next().unwrap().unwrap()
    }

    #[test]
    fn a_bibliography() {
        insta::assert_snapshot!(fixture_references("papers.bib").join("\n"));
    }

    #[test]
    fn entries_of_people() {
        check("@article(k, title = {A (B)}, % year = 2001,\n year = 2002\n)", &["title=A (B) | published=2002-01-01"]);
        check("@misc{k, title = {Lamps}, author = {\\SortNoop{a}Ada Oak}}", &["title=Lamps | authors=Ada Oak"]);
        check("@misc{k, author = {Ada Oak}, year = 2002}", &[""]);
    }

    #[test]
    fn a_broken_entry_costs_itself_only() {
        let good = "@misc{g, title = {Good}}\n";
        for (bad, found) in [
            ("@misc{b, title = {never closed\n", "x.bib, line 2: `@misc` is not closed: a brace is missing"),
            (
                "@misc{b, title = {never closed,\n year = 2001\n}\n",
                "x.bib, line 2: `@misc` is not closed: a brace is missing",
            ),
            ("@misc{b, title = {x,\n year = 2001}\n}\n", "x.bib, line 2: `title` is not closed: a brace is missing"),
            ("@misc{b, title = , year = 2001}\n", "x.bib, line 2: `title` has no value"),
            ("@misc{b, title = {x}, , what is this, year = 2001}\n", "title=x | published=2001-01-01"),
            ("@misc{b, title = {x},\n note = {y,\n year = 2001\n", "title=x | published=2001-01-01"),
        ] {
            check(&format!("{good}{bad}{good}"), &["title=Good", found, "title=Good"]);
        }
        check("@misc{b, title = {x}}}}\n@misc{g, title = {Good}}", &["title=x", "title=Good"]);
    }

    #[test]
    fn abbreviations_of_abbreviations_have_an_end() {
        let doubled = |n: usize| format!("@string{{a{n} = a{} # a{}}}\n", n - 1, n - 1);
        let strings: String = (1..60).map(doubled).collect();
        let first = format!("@string(a0 = \"{}\")\n", "x".repeat(50));
        let entries = "@misc{x, title = a59}\n@misc{y, title = a1, abstract = a17 # a17 # a17}";
        let whole = format!("title={}", "x".repeat(100));
        check(&format!("{first}{strings}{entries}"), &["title=a59", &whole]);
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
            "url = {https://arxiv.org/abs/\n  2401.90001 https://x.org}",
            "howpublished = {\\url{https://arxiv.org/abs/2401.90001}}",
            "note = {Available at https://arxiv.org/abs/2401.90001, seen in May}",
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
        check("@misc{k, title = {T}, eprint = {12345678}, eprinttype = {PubMed}}", &["id=pmid:12345678 | title=T"]);
        for doi in ["10.5555/A, 10.5555/B", "{https://doi.org/10.5555%2Fa}", "\\url{doi.org/10.5555/A}", "10.5555/a."] {
            check(&format!("@misc{{k, title = {{T}}, doi = {{{doi}}}}}"), &["id=doi:10.5555/a | title=T"]);
        }
        check("@misc{k, title = {T}, eprint = {123}, eprinttype = {hdl}}", &["title=T"]);
    }

    #[test]
    fn days() {
        for (fields, expect) in [
            ("year = 2001", "published=2001-01-01"),
            ("year = {2001}, month = mar", "published=2001-03-01"),
            ("year = {2001}, month = mar # \"~5\"", "published=2001-03-05"),
            ("year = {2001}, month = \"10~\" # jan", "published=2001-01-10"),
            ("year = {2001}, month = {10 sept}", "published=2001-09-10"),
            ("year = {2001}, month = {Jul.--Aug.}", "published=2001-07-01"),
            ("year = {2001}, month = 3, day = {5}", "published=2001-03-05"),
            ("year = {Sept./1988}", "published=1988-09-01"),
            ("year = {{\\noopsort{1973c}}1981}", "published=1981-01-01"),
            ("year = {c1988}", "published=1988-01-01"),
            ("year = {1988a}", "published=1988-01-01"),
            ("date = {2019-05-XX}", "published=2019-05-01"),
            ("date = {2004/2006}", "published=2004-01-01"),
            ("year = {(2002a)}, month = mai", "published=2002-05-01"),
            ("year = {{2019}}, month = {{MAY 12}}", "published=2019-05-12"),
            ("date = {2001-03-05/2001-03-09}", "published=2001-03-05"),
            ("date = {2019-05~}, year = 2001", "published=2019-05-01"),
            ("date = {2019-22}", "published=2019-01-01"),
            ("date = {/2005-03}", "published=2005-03-01"),
            ("date = {199X}", "published=1990-01-01"),
            ("date = {19XX}", "published=1900-01-01"),
            ("date = {2019-13-45}", "published=2019-01-01"),
            ("date = {soon}, year = 2001", "published=2001-01-01"),
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

    #[test]
    fn entries_that_are_no_papers() {
        let text = "@xdata{x, year = 2001}\n@set{s, entryset = {a, b}}\n@IEEEtranBSTCTL{c, option = 1}\n\
                    @comment{@misc{h, title = {Hidden}}}\n@misc{k, title = {T}, xdata = {x}}";
        check(text, &["title=T | published=2001-01-01"]);
    }

    #[test]
    fn entries_in_the_order_of_their_parents() {
        let text = "@inproceedings{a, title = {A}, crossref = {P}}\n@misc{b, title = {B}}\n\
                    @inproceedings{c, title = {C}, crossref = {none}}\n@proceedings{P, title = {P}, year = 2001}\n";
        check(text, &["title=B", "title=P | published=2001-01-01", "title=A | published=2001-01-01", "title=C"]);
        let bad = "@inproceedings{a, note = , crossref = {P}}\n@proceedings{P, title = {P}}";
        check(bad, &["title=P", "x.bib, line 1: `note` has no value"]);
    }

    #[test]
    fn containers_and_notes() {
        for (fields, expect) in [
            ("journal = {J. {Lamps}}, volume = 12, number = {3}", "J. Lamps 12 3"),
            ("journaltitle = {Lamps}, series = {2}, volume = 1", "Lamps 2 1"),
            ("booktitle = {Proc. of \\emph{Lamps} &amp; Bells}, series = {LB}", "Proc. of Lamps & Bells LB"),
            ("journal = \\apj, volume = 7", "apj 7"),
            ("series = {Lamps}, volume = 2", "Lamps 2"),
            ("volume = 2", ""),
        ] {
            let found = first(&format!("@misc{{k, title = {{T}}, {fields}}}"));
            assert_eq!(found.raw_paper.container, expect, "{fields}");
        }
        let found = first(
            "@misc{k, title = {T}, author = {A}, year = {soon}, month = may, doi = {lost}, url = {https://arxiv.org/abs/2401.90001},\n\
             journal = {J}, keywords = {a}, note = {x} {y}, date-added = {2019-03-04}",
        );
        let origins = found.notes.origins.iter().map(|origin| format!("{} {}", origin.field, origin.from));
        assert_eq!(
            origins.collect::<Vec<_>>(),
            [
                "title title",
                "authors author",
                "url url",
                "container journal",
                "added date-added",
                "id url",
                "tags keywords"
            ]
        );
        let dropped = found.notes.dropped.iter().map(|dropped| format!("{}: {}", dropped.field, dropped.reason));
        assert_eq!(
            dropped.collect::<Vec<_>>(),
            [
                "year: `soon` is not a date",
                "doi: `lost` is not a DOI",
                "note: `note` is followed by `{y}, date-added = {2019-03-04}`",
                "misc: `@misc` is not closed: a brace is missing",
            ]
        );
    }
}

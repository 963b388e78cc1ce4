//! Reads Zotero's own export, `Zotero RDF`: items, and after them the collections that they are in.
//!
//! The collections are at the end of the file, and the journal that has the DOI of an article may be too. So all items
//! are read before the first one is returned: memory holds a person's library, of [`MAX_LIBRARY`] at most. Items before
//! a damaged part of a file are returned too.
//!
//! The format has no field for the day on which an item was entered; the day of access is taken instead, which Zotero sets
//! when it saves a page.

use std::collections::HashMap;

use crate::error::{RecordPosition, Result};
use crate::formats::common::input::InputReader;
use crate::formats::common::values::truncated;
use crate::formats::common::xml::{self, XmlDialect, XmlElement};
use crate::formats::common::{dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, FoundRecord, RecordIter, RecordNotes};
use crate::paper::{RawPaper, one_line};

const KIND: XmlDialect = XmlDialect {
    what: "Zotero's RDF",
    expected: "rdf:RDF with items of Zotero",
    roots: &["RDF"],
    records: xml::WITHIN_ROOT,
    beside: &[],
};

/// Longest export, in bytes of XML.
const MAX_LIBRARY: u64 = 1 << 30;
/// Most records of an export: papers, their attachments, notes and journals. The largest libraries have some 100,000 papers.
const MAX_RECORDS: u64 = 500_000;
/// Longest path of a collection, in bytes: of a longer one the outermost names are left out. This also ends cycles.
const MAX_PATH: usize = 1000;
/// Kinds of items that are not papers.
const PARTS: [&str; 3] = ["attachment", "note", "annotation"];
/// Elements that are papers, also where they do not say which kind of item they are.
const PAPERS: [&str; 6] = ["Article", "BookSection", "ConferenceProceedings", "Manuscript", "Report", "Thesis"];

pub(crate) fn read(input: InputReader) -> RecordIter {
    Box::new(std::iter::once_with(move || library(input, MAX_LIBRARY)).flatten())
}

/// An item as far as it is known before the whole file is read.
struct ZoteroItem {
    /// Its name in the lists of collections.
    about: String,
    /// The journal or book that it is in, where that is a record of its own.
    container: Option<String>,
    ids: Vec<String>,
    reference: BibReference,
}

/// All items of a file in its order, and what is wrong with it at the end.
fn library(input: InputReader, max_bytes: u64) -> Vec<Result<FoundRecord>> {
    let mut records = xml::XmlRecords::new(input, KIND);
    let mut items: Vec<(RecordPosition, Result<ZoteroItem, String>)> = Vec::new();
    let mut containers: HashMap<String, RdfContainer> = HashMap::new();
    let mut collections = CollectionTree::default();
    let mut count = 0;
    let fault = loop {
        let (record, position) = match records.record() {
            Ok(Some(record)) => record,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        match record {
            Err(reason) => items.push((position, Err(reason))),
            Ok(record) if record.name() == "Collection" => collections.add(&record),
            Ok(record) if is_paper(&record) => items.push((position, Ok(item(&record)))),
            Ok(record) => {
                if let Some(about) = record.attribute("about") {
                    containers.insert(about.to_owned(), RdfContainer::of(&record));
                }
            }
        }
        count += 1;
        if records.position() > max_bytes || count == MAX_RECORDS {
            break Some(records.input().bad_file(format!(
                "more than {} MB or {MAX_RECORDS} items: export the collections separately, or import the Zotero directory",
                max_bytes >> 20
            )));
        }
    };
    let mut parts: HashMap<String, u32> = HashMap::new();
    for container in items.iter().filter_map(|(_, item)| item.as_ref().ok()?.container.clone()) {
        *parts.entry(container).or_default() += 1;
    }
    let finish = |item: ZoteroItem| {
        let mut reference = item.reference;
        let container = item.container.as_ref().and_then(|about| containers.get(about));
        if let Some(container) = container.filter(|container| !container.title.is_empty()) {
            reference.raw_paper.container = container.title.clone();
            reference.notes.origin("container", "isPartOf");
        }
        // The DOI in a journal is that of the article; if several articles share the journal, nobody knows whose it is.
        let is_own = item.container.as_ref().is_some_and(|container| parts.get(container) == Some(&1));
        let of_container = container.filter(|_| is_own).into_iter().flat_map(|container| &container.ids);
        identifiers::assign(&mut reference.raw_paper, item.ids.iter().chain(of_container).map(String::as_str));
        reference.tags.splice(0..0, collections.paths(&item.about));
        reference
    };
    let found = items.into_iter().map(|(position, item)| records.input().found_record(item.map(finish), position));
    found.chain(fault.map(Err)).collect()
}

fn is_paper(record: &XmlElement) -> bool {
    match record.at(&["itemType"]) {
        Some(kind) => record.name() != "Memo" && !PARTS.contains(&kind.text().trim()),
        None => PAPERS.contains(&record.name()),
    }
}

fn item(record: &XmlElement) -> ZoteroItem {
    let about = record.attribute("about").unwrap_or_default().to_owned();
    let identifiers = || record.all("identifier");
    let addresses: Vec<String> = identifiers().filter_map(|id| Some(id.at(&["URI", "value"])?.text())).collect();
    let nested: Vec<RdfContainer> =
        record.all("isPartOf").flat_map(XmlElement::children).map(RdfContainer::of).collect();
    let numbers =
        ["number", "archiveID"].iter().filter_map(|name| identifiers::arxiv_in_text(&record.text_at(&[name])));
    let ids = identifiers()
        .filter_map(doi)
        .chain(nested.iter().flat_map(|container| container.ids.clone()))
        .chain(addresses.iter().chain([&about]).filter_map(|address| identifiers::from_url(address)))
        .chain(numbers)
        .chain(identifiers::from_note(&record.text_at(&["description"])))
        .collect();
    let mut notes = RecordNotes::default();
    let people = ["authors", "presenters"].iter().find_map(|role| Some((*role, record.at(&[role, "Seq"])?)));
    let names = people.into_iter().flat_map(|(_, people)| people.all("li")).filter_map(person).collect();
    let raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["title", "shortTitle"])),
        abstract_text: notes.first_text("abstract", record.texts(&["abstract"])),
        authors: notes.list("authors", people.map_or("authors", |(role, _)| role), names),
        published: notes.first_date("published", record.texts(&["date", "issued"]), dates::from_free_text),
        source: InputFormat::ZoteroRdf.source().to_owned(),
        url: addresses.into_iter().next(),
        container: notes.container(nested.iter().map(|container| ("isPartOf", container.title.clone())), "", ""),
        ..RawPaper::default()
    };
    let added = notes.first_date("added", record.texts(&["dateSubmitted"]), dates::from_free_text);
    let tags = record.all("subject").filter_map(tag).collect();
    let reference = BibReference { raw_paper, added, tags, notes, ..BibReference::default() };
    ZoteroItem { about, container: container(record), ids, reference }
}

fn person(li: &XmlElement) -> Option<String> {
    let person = li.at(&["Person"])?;
    let part = |name| person.at(&[name]).map(|part| one_line(&part.text()));
    let parts = [part("givenName").or_else(|| part("givenname")), part("surname")];
    let name = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Some(name).filter(|name| !name.is_empty())
}

/// A tag that somebody set, or one that came with the item; a call number is none.
fn tag(subject: &XmlElement) -> Option<String> {
    let tag = match subject.children().next() {
        None => subject.text(),
        Some(_) => subject.text_at(&["AutomaticTag", "value"]),
    };
    Some(one_line(&tag)).filter(|tag| !tag.is_empty())
}

/// The DOI of an identifier that is one: others are ISBN and ISSN, and addresses.
fn doi(identifier: &XmlElement) -> Option<String> {
    identifiers::doi(identifier.text().trim().strip_prefix("DOI")?)
}

/// The journal or the book that an item is in, or the journal that a section is in.
struct RdfContainer {
    /// Its title, with volume and issue.
    title: String,
    /// The ids of an article that its journal has instead.
    ids: Vec<String>,
}

impl RdfContainer {
    fn of(container: &XmlElement) -> RdfContainer {
        let inner: Vec<RdfContainer> =
            container.all("isPartOf").flat_map(XmlElement::children).map(RdfContainer::of).collect();
        let parts = ["title", "volume", "number"].map(|name| one_line(&container.text_at(&[name])));
        let title = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        let whole = inner.iter().map(|inner| &inner.title).find(|title| !title.is_empty());
        let dois = container.all("identifier").filter_map(doi);
        let named = identifiers::arxiv_in_text(&parts[0]);
        let ids = dois.chain(named).chain(inner.iter().flat_map(|inner| inner.ids.clone())).collect();
        RdfContainer { title: whole.unwrap_or(&title).clone(), ids }
    }
}

/// Returns the journal or book that is a record of its own, also that of a section.
fn container(record: &XmlElement) -> Option<String> {
    let own = |part: &XmlElement| part.attribute("resource").map(str::to_owned);
    record.all("isPartOf").find_map(|part| own(part).or_else(|| part.children().find_map(container)))
}

/// The tree of collections, each known by its name in the file.
#[derive(Default)]
struct CollectionTree {
    titles: HashMap<String, String>,
    /// The collections that a collection or an item is part of.
    parents: HashMap<String, Vec<String>>,
}

impl CollectionTree {
    fn add(&mut self, record: &XmlElement) {
        let Some(about) = record.attribute("about") else { return };
        let title = truncated(&one_line(&record.text_at(&["title"])), MAX_PATH);
        self.titles.insert(about.to_owned(), title);
        for part in record.all("hasPart").filter_map(|part| part.attribute("resource")) {
            self.parents.entry(part.to_owned()).or_default().push(about.to_owned());
        }
    }

    /// The paths of the collections that an item is in.
    fn paths(&self, about: &str) -> Vec<String> {
        let path = |collection: &String| {
            let (mut path, mut at) = (self.titles.get(collection)?.clone(), collection);
            while let Some(parent) = self.parents.get(at).and_then(|parents| parents.first()) {
                let title = self.titles.get(parent)?;
                if path.len() + title.len() >= MAX_PATH {
                    break;
                }
                path = format!("{title}/{path}");
                at = parent;
            }
            Some(path).filter(|path| !path.is_empty())
        };
        self.parents.get(about).into_iter().flatten().filter_map(path).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::read_references;
    use crate::formats::tests::{fixture_references, reference_summaries};

    const ROOT: &str = "<rdf:RDF xmlns:z='http://www.zotero.org/namespaces/export#'>";

    #[test]
    fn a_library() {
        insta::assert_snapshot!(fixture_references("zotero.rdf").join("\n"));
    }

    fn check(records: &str, expect: &[&str]) {
        let text = format!("{ROOT}{records}");
        assert_eq!(reference_summaries(read_references(std::io::Cursor::new(text), "x", None)), expect, "{records}");
    }

    #[test]
    fn what_names_an_item() {
        for (fields, expect) in [
            ("<dc:identifier>DOI 10.5555/A</dc:identifier>", "id=doi:10.5555/a | title=T"),
            ("<dc:identifier>ISBN 10.5555/A</dc:identifier>", "title=T"),
            ("<prism:number>arXiv:2401.90021</prism:number>", "id=2401.90021 | title=T"),
            (
                "<dc:description>Read.\nPMID: 12\nDOI: 10.5555/B</dc:description>",
                "id=doi:10.5555/b | also=pmid:12 | title=T",
            ),
            (
                "<dcterms:isPartOf><bib:Part><dc:title>S</dc:title><dcterms:isPartOf><bib:Journal><dc:title>J</dc:title>\
                 <dc:identifier>DOI 10.5555/C</dc:identifier></bib:Journal></dcterms:isPartOf></bib:Part></dcterms:isPartOf>",
                "id=doi:10.5555/c | title=T",
            ),
        ] {
            check(&format!("<bib:Article><dc:title>T</dc:title>{fields}</bib:Article></rdf:RDF>"), &[expect]);
        }
    }

    #[test]
    fn texts() {
        for (title, expect) in [
            ("&lt;i&gt;E. coli&lt;/i&gt; in H&lt;sub&gt;2&lt;/sub&gt;O", "E. coli in H2O"),
            ("&lt;span style=\"font-variant:small-caps;\"&gt;Nasa&lt;/span&gt; lamps", "Nasa lamps"),
            ("&lt;span class=\"nocase\"&gt;R&amp;amp;D&lt;/span&gt;", "R&D"),
            ("Lamps at p &lt; 1", "Lamps at p < 1"),
        ] {
            let item = format!("<bib:Article><dc:title>{title}</dc:title></bib:Article></rdf:RDF>");
            check(&item, &[&format!("title={expect}")]);
        }
    }

    #[test]
    fn a_doi_of_a_shared_journal_is_nobodys() {
        let article = |title: &str, journal: &str| {
            format!("<bib:Article><dc:title>{title}</dc:title><isPartOf rdf:resource='{journal}'/></bib:Article>")
        };
        let journal = |about: &str, doi: &str| {
            format!("<bib:Journal rdf:about='{about}'><dc:identifier>DOI 10.5555/{doi}</dc:identifier></bib:Journal>")
        };
        let parts = [article("A", "j"), article("B", "j"), article("C", "k"), journal("j", "1"), journal("k", "2")];
        check(&format!("{}</rdf:RDF>", parts.concat()), &["title=A", "title=B", "id=doi:10.5555/2 | title=C"]);
    }

    #[test]
    fn collections_in_a_circle_end() {
        let collection = |about: &str, parts: &[&str]| {
            let parts: String = parts.iter().map(|part| format!("<hasPart rdf:resource='{part}'/>")).collect();
            format!("<z:Collection rdf:about='{about}'><dc:title>{about}</dc:title>{parts}</z:Collection>")
        };
        let circle = [collection("a", &["b", "i"]), collection("b", &["a"])].concat();
        let text = format!("{ROOT}<bib:Article rdf:about='i'><title>T</title></bib:Article>{circle}</rdf:RDF>");
        let mut found = read_references(std::io::Cursor::new(text), "x", None).unwrap();
        let tags = found.next().unwrap().unwrap().tags;
        assert!(tags.len() == 1 && tags[0].ends_with("/a/b/a") && tags[0].len() <= MAX_PATH, "{tags:?}");
    }

    #[test]
    fn damage_costs_what_is_damaged() {
        let good = "<bib:Article><dc:title>A</dc:title></bib:Article>";
        let bad = "<bib:Article><dc:title>&nobody;</dc:title></bib:Article>";
        let unknown = "x, record 2: unknown entity `&nobody;`: use the character itself";
        let early = "x: the XML is incomplete: the file is truncated, download it again";
        check(&[good, bad, good].concat(), &["title=A", unknown, "title=A", early]);
        let (input, _) = InputReader::new(std::io::Cursor::new(format!("{ROOT}{}", good.repeat(3))), "x").unwrap();
        let found = library(input, ROOT.len() as u64 + 1);
        assert!(matches!(&found[..], [Ok(_), Err(error)] if error.to_string().contains("export the collections")));
    }
}

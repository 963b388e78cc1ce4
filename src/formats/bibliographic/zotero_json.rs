//! Items of Zotero as JSON: as its local API has them, and as its connector saves them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::zotero_item::{UNREAD_DATE, day, reference};
use crate::formats::common::authors::{self, NameParts};
use crate::formats::common::clean::clean;
use crate::formats::common::identifiers;
use crate::formats::input_format::InputFormat;
use crate::formats::reference::BibReference;
use crate::paper::Paper;

/// Types of items that are no papers.
const PARTS: [&str; 3] = ["attachment", "note", "annotation"];

/// Reads an item of the local API; `paths` has the path of each collection by its key. `None` for an attachment or a note.
///
/// # Errors
/// What is wrong with a value that is no item.
pub(crate) fn read(item: &Value, paths: &HashMap<String, String>) -> Result<Option<BibReference>, String> {
    let data = item.get("data").and_then(Value::as_object);
    let data = data.ok_or("not an item of Zotero: expected a JSON object with `data`")?;
    if PARTS.contains(&text(data, "itemType")) {
        return Ok(None);
    }
    let texts = data.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let mut fields: HashMap<String, String> = texts.collect();
    if let Some(date) = fields.get_mut("date").filter(|date| !date.trim().is_empty()) {
        let parsed = item.pointer("/meta/parsedDate").and_then(Value::as_str).unwrap_or(UNREAD_DATE.trim_end());
        *date = format!("{parsed} {date}");
    }
    let mut reference = reference(&fields, authors(data));
    reference.added = day(&text(data, "dateAdded").replace('T', " "));
    let keys = list(data, "collections").filter_map(Value::as_str);
    let mut collections: Vec<String> = keys.filter_map(|key| paths.get(key).cloned()).collect();
    let tags = list(data, "tags").filter_map(|tag| tag.get("tag")?.as_str());
    let mut tags: Vec<String> = tags.map(str::to_owned).collect();
    collections.sort();
    tags.sort();
    reference.tags = [collections, tags].concat();
    clean(&mut reference, InputFormat::ZoteroRdf);
    Ok(Some(reference))
}

/// The names of the authors; of an item without authors, those of all creators.
fn authors(data: &Map<String, Value>) -> Vec<String> {
    let name = |creator: &Value| {
        let part = |name: &str| creator.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let whole = [part("firstName"), part("lastName"), part("name")].join(" ");
        Some(whole.trim().to_owned()).filter(|name| !name.is_empty())
    };
    let is_author = |creator: &&Value| creator.get("creatorType").and_then(Value::as_str) == Some("author");
    let named: Vec<String> = list(data, "creators").filter(is_author).filter_map(name).collect();
    if named.is_empty() { list(data, "creators").filter_map(name).collect() } else { named }
}

fn text<'v>(data: &'v Map<String, Value>, name: &str) -> &'v str {
    data.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(data: &'v Map<String, Value>, name: &str) -> impl Iterator<Item = &'v Value> {
    data.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Returns a paper as Zotero's connector saves it: an article if it has a DOI, else a preprint.
pub(crate) fn write(paper: &Paper) -> Value {
    let creator = |author: &String| match authors::name_parts(author) {
        Some(NameParts { family, given, suffix }) => {
            let last = NameParts::between_commas([family, suffix, ""]);
            json!({"creatorType": "author", "firstName": given, "lastName": last})
        }
        None => json!({"creatorType": "author", "lastName": author, "fieldMode": 1}),
    };
    let doi = identifiers::doi_of(paper);
    let arxiv = identifiers::arxiv_id_of(paper);
    // Articles have no field for these.
    let pmid = paper.all_ids().find_map(|id| id.as_str().strip_prefix("pmid:"));
    let extra = [("arXiv", arxiv.filter(|_| doi.is_some())), ("PMID", pmid)];
    let extra = extra.iter().filter_map(|(name, id)| Some(format!("{name}: {}", (*id)?)));
    let archive = arxiv.filter(|_| doi.is_none());
    let mut item = json!({
        "id": paper.id,
        "itemType": if doi.is_some() { "journalArticle" } else { "preprint" },
        "title": paper.title,
        "creators": paper.authors.iter().map(creator).collect::<Vec<Value>>(),
        "abstractNote": paper.abstract_text,
        "date": paper.published.or(paper.listed),
        "DOI": doi,
        "url": paper.link(),
        "repository": archive.map(|_| "arXiv"),
        "archiveID": archive.map(|id| format!("arXiv:{id}")),
        "extra": extra.collect::<Vec<String>>().join("\n"),
        "tags": paper.categories.iter().map(|category| json!({"tag": category})).collect::<Vec<Value>>(),
        "attachments": [],
        "notes": [],
    });
    let fields = item.as_object_mut().expect("an item is an object");
    fields.retain(|_, value| !(value.is_null() || value == ""));
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::{PaperId, RawPaper, parse_date};

    fn raw(id: &str, aliases: &[&str]) -> RawPaper {
        RawPaper {
            id: Some(id.to_owned()),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            title: "Walking robots & <ground>".to_owned(),
            abstract_text: "They sink.".to_owned(),
            authors: ["Ada Example", "Bo van Other, Jr.", "Team"].map(str::to_owned).to_vec(),
            published: parse_date("2024-01-05"),
            categories: vec!["cs.RO".to_owned()],
            ..RawPaper::default()
        }
    }

    #[test]
    fn what_is_saved_is_read_as_the_same_paper() {
        for (paper, kind) in [
            (raw("2401.00001", &[]), "preprint"),
            (raw("2401.00001", &["doi:10.1000/x", "pmid:7"]), "journalArticle"),
            (raw("doi:10.1000/x", &[]), "journalArticle"),
            (raw("openreview:abc", &[]), "preprint"),
        ] {
            let paper = paper.validate().unwrap();
            let data = write(&paper);
            assert_eq!(data["itemType"], kind, "{data}");
            let read = super::read(&json!({"data": data}), &HashMap::new()).unwrap().unwrap();
            assert_eq!(read.tags, ["cs.RO"]);
            let read = read.raw_paper.validate().unwrap();
            let ids = |paper: &Paper| paper.all_ids().map(PaperId::to_string).collect::<Vec<String>>();
            assert_eq!(ids(&read), ids(&paper), "{data}");
            assert_eq!((read.authors, read.published), (paper.authors, paper.published), "{data}");
            assert_eq!(read.abstract_text, "They sink.");
        }
    }

    #[test]
    fn what_is_no_paper() {
        let read = |item: Value| super::read(&item, &HashMap::new());
        assert_eq!(read(json!({"data": {"itemType": "note", "note": "<p>Read it.</p>"}})), Ok(None));
        for item in [json!(7), json!({}), json!({"data": "x"})] {
            assert!(read(item.clone()).is_err(), "{item}");
        }
        let found =
            read(json!({"data": {"itemType": "book", "title": 7, "creators": [{"name": " "}, 3], "tags": "x"}}));
        assert_eq!(found.unwrap().unwrap().raw_paper.title, "");
    }
}

//! Papers by their ids, from Semantic Scholar's graph (<https://api.semanticscholar.org/api-docs/graph>).

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::client::{HttpClient, HttpRequest, HttpResponse, address, failed};
use super::id_pages::pages_of_ids;
use super::{FetchedPage, PageIter, validate};
use crate::error::{Error, RecordPosition, Result};
use crate::formats::{BibReference, FoundRecord, InputFormat, RecordNotes, clean, work_list};
use crate::paper::{CitationLinks, PaperId, RawPaper, parse_date};

/// Where the service is.
const BASE: &str = "https://api.semanticscholar.org";
/// Most ids of a request.
const BATCH: usize = 500;
/// Ids of a request for references too: the service answers with 10 MB at most.
const BATCH_WITH_REFERENCES: usize = 100;
const FIELDS: &str = "title,abstract,authors,publicationDate,year,externalIds,url";
const REFERENCE_FIELDS: &str = "references.externalIds,references.title,references.year,references.authors";

/// Papers by their ids.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SemanticScholar {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// The papers: arXiv ids, DOIs, and Semantic Scholar's own ids in its spelling.
    pub ids: Vec<PaperId>,
    /// Whether to ask for what the papers cite.
    pub references: bool,
    /// A key, for more requests than everybody has.
    pub key: Option<String>,
}

/// Without the key: it is a secret.
impl fmt::Debug for SemanticScholar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "secret");
        let mut shown = f.debug_struct("SemanticScholar");
        shown.field("base", &self.base).field("ids", &self.ids).field("references", &self.references);
        shown.field("key", &key).finish()
    }
}

impl SemanticScholar {
    pub(super) fn pages<'c>(mut self, client: &'c mut HttpClient, memory: Option<&str>) -> Result<PageIter<'c>> {
        let batch_size = if self.references { BATCH_WITH_REFERENCES } else { BATCH };
        let ids = std::mem::take(&mut self.ids);
        Ok(pages_of_ids(ids, batch_size, memory, move |ids| self.batch(client, ids)))
    }

    fn batch(&self, client: &mut HttpClient, ids: &[PaperId]) -> Result<FetchedPage> {
        let spelled: Vec<String> = ids.iter().map(spelled).collect();
        let fields = if self.references { format!("{FIELDS},{REFERENCE_FIELDS}") } else { FIELDS.to_owned() };
        let request = HttpRequest {
            url: address(self.base.as_deref().unwrap_or(BASE), "/graph/v1/paper/batch", &[("fields", &fields)]),
            headers: self.key.iter().map(|key| ("x-api-key", key.clone())).collect(),
            body: Some(serde_json::json!({ "ids": spelled }).to_string()),
            ..HttpRequest::default()
        };
        let answer = client.send(&request, &[400])?;
        if answer.status == 400 {
            return none_of(&answer, ids);
        }
        let entries: Vec<Value> = serde_json::from_slice(&answer.body)
            .map_err(|error| failed(&answer.url, format!("expected a list of papers ({error})")))?;
        if entries.len() != ids.len() {
            let reason = format!("returned {} papers for {} ids", entries.len(), ids.len());
            return Err(failed(&answer.url, reason));
        }
        let mut page = FetchedPage::default();
        for (number, (entry, id)) in (1..).zip(entries.into_iter().zip(ids)) {
            if entry.is_null() {
                page.missing.push(id.clone());
                continue;
            }
            let position = RecordPosition::Record(number);
            let bad_record = |reason| Error::BadRecord {
                file: answer.url.clone(),
                place: position,
                reason: format!("{id}: {reason}"),
            };
            let record = reference(entry, id).map(|reference| FoundRecord { position, reference });
            page.papers.push(record.map_err(bad_record).and_then(|record| record.checked(&answer.url)));
        }
        page.papers = validate(&answer.url, page.papers)?;
        Ok(page)
    }
}

/// The service refuses a list of which it knows nothing, rather than to answer with nulls.
fn none_of(answer: &HttpResponse, ids: &[PaperId]) -> Result<FetchedPage> {
    let text = String::from_utf8_lossy(&answer.body);
    if text.contains("No valid paper ids") {
        return Ok(FetchedPage { missing: ids.to_vec(), ..FetchedPage::default() });
    }
    let text: String = text.chars().take(160).collect();
    Err(failed(&answer.url, format!("refused the request: {}", text.trim())))
}

/// An id as the service spells it.
fn spelled(id: &PaperId) -> String {
    match id.as_str().split_once(':') {
        Some(("doi", doi)) => format!("DOI:{doi}"),
        Some(("pmid", number)) => format!("PMID:{number}"),
        _ if id.is_arxiv() => format!("ARXIV:{id}"),
        _ => id.to_string(),
    }
}

/// A short text that tells a list of ids from others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct S2Entry {
    title: Option<String>,
    #[serde(rename = "abstract")]
    abstract_text: Option<String>,
    #[serde(default)]
    authors: Option<Vec<S2Author>>,
    publication_date: Option<String>,
    year: Option<i64>,
    external_ids: Option<ExternalIds>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct S2Author {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
struct ExternalIds {
    #[serde(rename = "ArXiv")]
    arxiv: Option<String>,
    #[serde(rename = "DOI")]
    doi: Option<String>,
}

fn reference(mut entry: Value, asked: &PaperId) -> Result<BibReference, String> {
    let references = entry.get_mut("references").map(Value::take).map(work_list).unwrap_or_default();
    let entry: S2Entry = serde_json::from_value(entry).map_err(|error| error.to_string())?;
    let ids = entry.external_ids.unwrap_or_default();
    let names: Vec<String> = ids.arxiv.into_iter().chain(ids.doi).chain([asked.to_string()]).collect();
    let mut notes = RecordNotes::default();
    let days = [("publicationDate", entry.publication_date), ("year", entry.year.map(|year| year.to_string()))];
    let published = days.into_iter().filter_map(|(field, day)| Some((field, day?))).find_map(|(field, day)| {
        let date = parse_date(&day);
        if date.is_none() {
            notes.drop(field, format!("`{day}` is not a date that exists"));
        }
        date
    });
    let is_known = names.len() > 1 || asked.url().is_some();
    let raw_paper = RawPaper {
        id: names.first().cloned(),
        aliases: names.into_iter().skip(1).collect(),
        title: entry.title.unwrap_or_default(),
        abstract_text: entry.abstract_text.unwrap_or_default(),
        authors: entry.authors.unwrap_or_default().into_iter().filter_map(|author| author.name).collect(),
        published,
        source: "s2".to_owned(),
        url: entry.url.filter(|_| !is_known),
        ..RawPaper::default()
    };
    let links = CitationLinks { references, ..CitationLinks::default() };
    let mut reference = BibReference { raw_paper, links, notes, ..BibReference::default() };
    clean(&mut reference, InputFormat::SemanticScholar);
    Ok(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_as_the_service_spells_them() {
        for (id, expect) in [
            ("https://arxiv.org/abs/2401.12345v2", "ARXIV:2401.12345"),
            ("10.1145/3292500", "DOI:10.1145/3292500"),
            ("pmid:12345", "PMID:12345"),
            ("CorpusId:14636783", "CorpusId:14636783"),
        ] {
            assert_eq!(spelled(&PaperId::parse(id).unwrap()), expect);
        }
    }

    #[test]
    fn entries() {
        let check = |entry: Value, expect: Result<&str, &str>| {
            let found = reference(entry, &PaperId::parse("CorpusId:7").unwrap());
            let found = found.and_then(|found| found.raw_paper.validate());
            let found = found.map(|paper| serde_json::to_string(&paper).unwrap());
            assert_eq!(found.as_deref().map_err(String::as_str), expect);
        };
        check(
            serde_json::json!({"title": "Tin", "abstract": null, "authors": [{"authorId": null, "name": "A"}], "year": 2024,
                "publicationDate": null, "externalIds": {"ArXiv": "2401.90001", "DOI": "10.5/x", "CorpusId": 7}, "url": "u"}),
            Ok(
                r#"{"id":"2401.90001","aliases":["doi:10.5/x","CorpusId:7"],"title":"Tin","authors":["A"],"published":"2024-01-01","source":"s2","url":"https://arxiv.org/abs/2401.90001"}"#,
            ),
        );
        check(
            serde_json::json!({"title": "Tin", "url": "u"}),
            Ok(r#"{"id":"CorpusId:7","title":"Tin","source":"s2","url":"u"}"#),
        );
        check(
            serde_json::json!({"title": "Tin", "year": 2024, "publicationDate": "soon"}),
            Ok(r#"{"id":"CorpusId:7","title":"Tin","published":"2024-01-01","source":"s2"}"#),
        );
        check(serde_json::json!({"name": "Tin"}), Err("no title and no abstract"));
        check(serde_json::json!({"title": 7}), Err("invalid type: integer `7`, expected a string"));
    }
}

//! The fields of a record that hold ids, and the choice of one as the id of the paper.
//!
//! A field `id` is the owner's own name of the paper, and stays its id. Without one, or if it is the address of a
//! catalog, the best id is chosen: arXiv's, then a DOI, then PubMed's, then the others in the order of [`NAMES`]. The
//! others become aliases.
//!
//! A field that holds no id is dropped. This is safe: the paper is named by its other ids or by its title, so it can only
//! become one paper too many, never take the place of another.

use serde_json::Value;

use crate::formats::common::identifiers;
use crate::formats::common::values::{quoted, truncated};
use crate::formats::reference::RecordNotes;
use crate::paper::{PaperId, RawPaper, is_missing_word};

/// The names of fields that hold an id or several, as [`super::field_names`] compares names.
pub(crate) const NAMES: &[&str] = &[
    "id",
    "paperid",
    "arxivid",
    "arxiv",
    "entryid",
    "doi",
    "pmid",
    "pubmedid",
    "idspmid",
    "corpusid",
    "openreview",
    "openreviewid",
    "externalids",
    "ids",
    "locations",
    "aliases",
    "also",
    "extra",
    "eid",
    "lensid",
    "publicationid",
    "utuniquewosid",
];

/// Most ids of one paper: the others are left out.
const MAX_IDS: usize = 100;

/// A field that holds an id: its rank in [`NAMES`], its name in the record, its value.
pub(crate) type IdField = (usize, String, Value);

/// Sets the id and the aliases of a paper, from fields and from its address.
pub(crate) fn assign(raw_paper: &mut RawPaper, mut fields: Vec<IdField>, notes: &mut RecordNotes) {
    fields.sort_by_key(|(rank, ..)| *rank);
    let mut own = None;
    let mut found: Vec<(String, String)> = Vec::new();
    for (rank, name, value) in fields {
        let name = truncated(&name, 40);
        let ids = ids(rank, value).unwrap_or_else(|reason| {
            notes.drop(name.clone(), reason);
            Vec::new()
        });
        for id in ids.into_iter().take(MAX_IDS.saturating_sub(found.len())) {
            let is_own = NAMES[rank] == "id" && !id.contains("://openalex.org/");
            let other = if is_own { own.replace((name.clone(), id)) } else { Some((name.clone(), id)) };
            found.extend(other);
        }
    }
    let of_url = raw_paper.url.as_deref().and_then(identifiers::from_url);
    let url_field = notes.origins.iter().find(|origin| origin.field == "url").map(|origin| origin.from.to_string());
    found.extend(url_field.zip(of_url));
    match (own, &found[..]) {
        (Some((name, id)), _) => {
            raw_paper.id = Some(id);
            raw_paper.aliases = found.iter().map(|(_, id)| id.clone()).collect();
            notes.origin("id", name);
            found.into_iter().for_each(|(name, _)| notes.origin_once("aliases", name));
        }
        (None, [(name, id)]) => {
            raw_paper.id = Some(id.clone());
            notes.origin("id", name.clone());
        }
        (None, _) => {
            identifiers::assign(raw_paper, found.iter().map(|(_, id)| id.as_str()));
            let is_id = |text: &str| {
                let id = raw_paper.id.as_deref();
                id == Some(text) || PaperId::parse(text).is_ok_and(|parsed| id == Some(parsed.as_str()))
            };
            for (name, id) in found {
                notes.origin_once(if is_id(&id) { "id" } else { "aliases" }, name);
            }
        }
    }
}

/// The ids in the value of a field whose name has this rank; or what is wrong with it.
pub(crate) fn ids(rank: usize, value: Value) -> Result<Vec<String>, String> {
    let ids: Vec<String> = match NAMES[rank] {
        "doi" => {
            let text = plain(&value)?;
            vec![identifiers::doi_in_field(&text).ok_or_else(|| identifiers::not_a_doi(&text))?]
        }
        "pmid" | "pubmedid" | "idspmid" => {
            let text = plain(&value)?;
            vec![of_pubmed(&text).ok_or_else(|| not_of_pubmed(&text))?]
        }
        "corpusid" => vec![format!("CorpusId:{}", plain(&value)?)],
        "openreview" | "openreviewid" => vec![of_openreview(&plain(&value)?)],
        "externalids" | "ids" => {
            let Value::Object(schemes) = &value else {
                return Err(format!("{} is not an object of ids", quoted(&value)));
            };
            schemes.iter().filter_map(|(scheme, value)| of_scheme(scheme, &plain(value).ok()?)).collect()
        }
        "aliases" | "also" => {
            let Value::Array(others) = &value else {
                return Err(format!("{} is not a list of ids", quoted(&value)));
            };
            let others = others.iter().filter(|other| !other.is_null()).take(MAX_IDS);
            others.map(usable).collect::<Result<_, _>>()?
        }
        "locations" => {
            let places = value.as_array().into_iter().flatten();
            places.filter_map(|place| identifiers::from_url(place.get("landing_page_url")?.as_str()?)).collect()
        }
        // Zotero's field for what it has no field for.
        "extra" => value.as_str().map(|text| identifiers::from_note(text).collect()).unwrap_or_default(),
        // Elsewhere these are names of other things.
        "eid" => with_prefix(&value, "2-s2.0-"),
        "publicationid" => with_prefix(&value, "pub."),
        _ => vec![usable(&value)?],
    };
    Ok(ids)
}

/// An id: a text, or a whole number. pandas writes whole numbers beside empty cells as `12.0`.
fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").unwrap_or(&text);
            let is_whole = whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if is_whole { Ok(whole.to_owned()) } else { Err(not_an_id(value)) }
        }
        other => Err(not_an_id(other)),
    }
}

fn not_an_id(value: &Value) -> String {
    format!("{} is not an id: expected a string or an integer", quoted(value))
}

/// An id of any kind that can be the id of a paper.
fn usable(value: &Value) -> Result<String, String> {
    let id = plain(value)?;
    PaperId::parse_new(&id).map(|_| id)
}

fn with_prefix(value: &Value, prefix: &str) -> Vec<String> {
    value.as_str().map(str::trim).filter(|id| id.starts_with(prefix)).map(str::to_owned).into_iter().collect()
}

fn of_pubmed(text: &str) -> Option<String> {
    identifiers::pmid(text.strip_suffix(".0").unwrap_or(text)).or_else(|| identifiers::from_url(text))
}

fn not_of_pubmed(text: &str) -> String {
    format!("`{}` is not a PubMed number", truncated(text, 60))
}

fn of_openreview(text: &str) -> String {
    identifiers::from_url(text).unwrap_or_else(|| format!("openreview:{text}"))
}

/// The id of one of Semantic Scholar's or OpenAlex's schemes; ids of catalogs of other things are left out.
fn of_scheme(scheme: &str, id: &str) -> Option<String> {
    if is_missing_word(id) {
        return None;
    }
    match scheme.to_ascii_lowercase().as_str() {
        "arxiv" => Some(id.to_owned()),
        "doi" => identifiers::doi_in_field(id),
        "pubmed" | "pmid" => of_pubmed(id),
        "acl" => Some(format!("https://aclanthology.org/{id}")),
        "corpusid" => Some(format!("CorpusId:{id}")),
        "openreview" => Some(of_openreview(id)),
        _ => None,
    }
}

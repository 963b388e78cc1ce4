//! The fields of a record that hold ids, and the choice of one as the id of the paper.
//!
//! A field `id` is the owner's own name of the paper, and stays its id. Without one, or if it is the address of a
//! catalog, the best id is chosen: arXiv's, then a DOI, then PubMed's, then the others in the order of [`NAMES`]. The
//! others become aliases.

use serde_json::Value;

use crate::formats::common::identifiers;
use crate::formats::common::values::{quoted, truncated};
use crate::paper::RawPaper;

/// The names of fields that hold an id or several, as [`super::field_names`] compares names.
pub(crate) const NAMES: &[&str] = &[
    "id",
    "paperid",
    "arxivid",
    "arxiv",
    "entryid",
    "doi",
    "pmid",
    "corpusid",
    "openreview",
    "openreviewid",
    "externalids",
    "ids",
    "locations",
    "aliases",
    "also",
];

/// Sets the id and the aliases of a paper, from fields `(index in NAMES, name, value)` and from its address. The error
/// names field and value.
pub(crate) fn assign(raw_paper: &mut RawPaper, mut fields: Vec<(usize, String, Value)>) -> Result<(), String> {
    fields.sort_by_key(|(rank, ..)| *rank);
    let mut own = None;
    let mut ids = Vec::new();
    for (rank, name, value) in fields {
        let wrong = |reason| format!("`{}`: {reason}", truncated(&name, 40));
        match NAMES[rank] {
            "id" => {
                let id = plain(&value).map_err(wrong)?;
                if id.contains("://openalex.org/") {
                    ids.push(id);
                } else {
                    own = Some(id);
                }
            }
            "doi" => ids.extend(first_doi(&plain(&value).map_err(wrong)?)),
            "pmid" => ids.extend(of_pubmed(&plain(&value).map_err(wrong)?)),
            "corpusid" => ids.push(format!("CorpusId:{}", plain(&value).map_err(wrong)?)),
            "openreview" | "openreviewid" => ids.push(of_openreview(&plain(&value).map_err(wrong)?)),
            "externalids" | "ids" => {
                let Value::Object(schemes) = &value else {
                    return Err(wrong(format!("{} is not an object of ids", quoted(&value))));
                };
                ids.extend(schemes.iter().filter_map(|(scheme, value)| of_scheme(scheme, &plain(value).ok()?)));
            }
            "aliases" | "also" => {
                let Value::Array(others) = &value else {
                    return Err(wrong(format!("{} is not a list of ids", quoted(&value))));
                };
                ids.extend(others.iter().map(plain).collect::<Result<Vec<_>, _>>().map_err(wrong)?);
            }
            "locations" => {
                let places = value.as_array().into_iter().flatten();
                ids.extend(
                    places.filter_map(|position| identifiers::from_url(position.get("landing_page_url")?.as_str()?)),
                );
            }
            _ => ids.push(plain(&value).map_err(wrong)?),
        }
    }
    ids.extend(raw_paper.url.as_deref().and_then(identifiers::from_url));
    if let Some(own) = own {
        raw_paper.aliases = ids;
        raw_paper.id = Some(own);
    } else if let [only] = &ids[..] {
        raw_paper.id = Some(only.clone());
    } else {
        identifiers::assign(raw_paper, ids.iter().map(String::as_str));
    }
    Ok(())
}

/// An id: a text, or a whole number.
fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Ok(number.to_string()),
        other => Err(format!("{} is not an id: expected a string or an integer", quoted(other))),
    }
}

/// The first DOI of a text, which has several where a paper has errata.
fn first_doi(text: &str) -> Option<String> {
    identifiers::doi(text).or_else(|| text.split([' ', ',', ';']).find_map(identifiers::doi))
}

fn of_pubmed(text: &str) -> Option<String> {
    identifiers::pmid(text.strip_suffix(".0").unwrap_or(text)).or_else(|| identifiers::from_url(text))
}

fn of_openreview(text: &str) -> String {
    identifiers::from_url(text).unwrap_or_else(|| format!("openreview:{text}"))
}

/// The id of one of Semantic Scholar's or OpenAlex's schemes; ids of catalogs of other things are left out.
fn of_scheme(scheme: &str, id: &str) -> Option<String> {
    match scheme.to_ascii_lowercase().as_str() {
        "arxiv" => Some(id.to_owned()),
        "doi" => first_doi(id),
        "pubmed" | "pmid" => of_pubmed(id),
        "acl" => Some(format!("https://aclanthology.org/{id}")),
        "corpusid" => Some(format!("CorpusId:{id}")),
        "openreview" => Some(of_openreview(id)),
        _ => None,
    }
}

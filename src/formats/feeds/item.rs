//! An item of a feed, of any format, and the paper that it is about.

use serde_json::Value;

use crate::formats::common::{arxiv_text, authors, identifiers};
use crate::formats::feeds::description::{ItemDescription, ItemText};
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::{RawPaper, parse_date};
use crate::text::markup::MarkupRule;

/// An item as it is written in a feed.
#[derive(Default)]
pub(crate) struct FeedItem {
    pub(crate) title: String,
    pub(crate) url: Option<String>,
    /// What the feed names it by.
    pub(crate) guid: String,
    /// Its address and everything else that may be an id.
    pub(crate) names: Vec<String>,
    pub(crate) description: ItemText,
    pub(crate) authors: Vec<String>,
    /// The days of an item, each with its field; the first one that is a date counts.
    pub(crate) days: Vec<(&'static str, String)>,
    pub(crate) categories: Vec<String>,
    /// What [`RawPaper::source`] says.
    pub(crate) format: &'static str,
    pub(crate) notes: RecordNotes,
}

/// Returns the paper that an item is about. The feed is not where it appeared: several feeds may have it.
pub(crate) fn reference(item: FeedItem) -> BibReference {
    let mut notes = item.notes;
    let description = ItemDescription::of(&item.description);
    let authors = match item.authors {
        authors if authors.is_empty() => notes.list("authors", "description", description.authors),
        authors => authors,
    };
    let published = match description.is_update {
        true => None,
        false => notes.first_date("published", item.days, parse_date),
    };
    let mut raw_paper = RawPaper {
        title: without_arxiv_id(&item.title).to_owned(),
        abstract_text: description.abstract_text,
        authors,
        published: published.or(description.published),
        votes: description.votes,
        categories: item.categories,
        source: item.format.to_owned(),
        url: item.url,
        guid: item.guid.trim().to_owned(),
        ..RawPaper::default()
    };
    let ids: Vec<String> = item.names.iter().filter_map(|name| id(name)).collect();
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    if raw_paper.id.as_deref().is_some_and(is_of_arxiv) {
        raw_paper = arxiv_text::read_accents(raw_paper);
    }
    BibReference { raw_paper, notes, ..BibReference::default() }
}

/// A title without what arXiv's feeds had behind it until 2024: `A title. (arXiv:2401.00001v1 [cs.CL] UPDATED)`.
fn without_arxiv_id(title: &str) -> &str {
    let whole = title.trim_end();
    match whole.rsplit_once(" (arXiv:") {
        Some((title, id)) if id.ends_with(')') && !id[..id.len() - 1].contains(['(', ')']) => {
            title.trim_end().trim_end_matches('.')
        }
        _ => title,
    }
}

/// Returns the id that an address, a DOI or an identifier of arXiv's feeds is.
fn id(name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_prefix("oai:arXiv.org:").unwrap_or(name);
    identifiers::doi(name).or_else(|| identifiers::from_url(name))
}

/// Whether an id is one of arXiv: its texts have TeX's accents, also in the feeds of others.
fn is_of_arxiv(id: &str) -> bool {
    identifiers::arxiv_in_text(&format!("arXiv:{id}")).is_some_and(|found| found == id)
}

/// Returns the names of all people: a feed may have several in one text, with links.
pub(crate) fn split_names(people: impl Iterator<Item = String>) -> Vec<String> {
    let names =
        people.filter_map(|people| authors::read(Value::String(MarkupRule::Html.text(&people).into_owned())).ok());
    names.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::without_arxiv_id;

    #[test]
    fn titles() {
        for (title, expect) in [
            ("Lamps in Fog. (arXiv:2001.00001v1 [cs.CL])", "Lamps in Fog"),
            ("Lamps in Fog. (arXiv:2001.00001v2 [cs.CL] UPDATED)", "Lamps in Fog"),
            ("Lamps (arXiv:2001.00001) in Fog", "Lamps (arXiv:2001.00001) in Fog"),
            ("Lamps in Fog.", "Lamps in Fog."),
        ] {
            assert_eq!(without_arxiv_id(title), expect);
        }
    }
}

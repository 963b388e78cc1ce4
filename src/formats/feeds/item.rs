//! An item of a feed, of any format, and the paper that it is about.

use serde_json::Value;

use crate::formats::common::{authors, identifiers};
use crate::formats::feeds::description::ItemDescription;
use crate::paper::{RawPaper, parse_date};
use crate::text::markup;

/// An item as it is written in a feed.
#[derive(Default)]
pub(crate) struct FeedItem {
    pub(crate) title: String,
    pub(crate) url: Option<String>,
    /// Its address and everything else that may be an id.
    pub(crate) names: Vec<String>,
    /// The text for readers, which [`ItemDescription`] takes apart.
    pub(crate) description: String,
    pub(crate) authors: Vec<String>,
    pub(crate) published: String,
    pub(crate) categories: Vec<String>,
    /// What [`RawPaper::source`] says.
    pub(crate) format: &'static str,
}

/// Returns the paper that an item is about.
pub(crate) fn raw_paper(item: FeedItem) -> RawPaper {
    let description = ItemDescription::of(&item.description);
    let authors = if item.authors.is_empty() { description.authors } else { item.authors };
    let mut raw_paper = RawPaper {
        title: markup::plain_text(&item.title),
        abstract_text: description.abstract_text,
        authors,
        published: parse_date(&item.published).filter(|_| !description.is_update),
        votes: description.votes,
        categories: item.categories,
        source: item.format.to_owned(),
        url: item.url,
        ..RawPaper::default()
    };
    let ids: Vec<String> = item.names.iter().filter_map(|name| id(name)).collect();
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    raw_paper
}

/// Returns the id that an address, a DOI or an identifier of arXiv's feeds is.
fn id(name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_prefix("oai:arXiv.org:").unwrap_or(name);
    identifiers::doi(name).or_else(|| identifiers::from_url(name))
}

/// Returns the names of all people: a feed may have several in one text.
pub(crate) fn split_names(people: impl Iterator<Item = String>) -> Vec<String> {
    let names = people.filter_map(|people| authors::read(Value::String(markup::plain_text(&people))).ok());
    names.flatten().collect()
}

//! News feeds of papers: RSS, Atom and JSON Feed, of arXiv, of journals, of the Daily Papers.
//!
//! What a feed has of a paper beside its title is in one text for readers: [`description`] takes it apart.

mod description;

use serde_json::Value;

use crate::paper::{RawPaper, parse_date};

use super::elements::JsonElements;
use super::input::InputReader;
use super::xml::{self, XmlDialect, XmlElement};
use super::{InputFormat, RecordIter, authors, markup, names};

use description::ItemDescription;

const KIND: XmlDialect = XmlDialect {
    what: "a news feed",
    expected: "RSS with items or Atom with entries",
    roots: &["rss", "feed", "RDF"],
    records: &["item", "entry"],
};

/// RSS and Atom.
pub(super) fn read(input: InputReader) -> RecordIter {
    let mut items = xml::XmlRecords::new(input, KIND);
    Box::new(std::iter::from_fn(move || {
        let (item, place) = match items.record() {
            Ok(item) => item?,
            Err(error) => return Some(Err(error)),
        };
        Some(items.input().found(item.map(|item| draft(of_xml(&item))), place))
    }))
}

/// JSON Feed.
pub(super) fn read_json(input: InputReader) -> RecordIter {
    let mut elements = JsonElements::new(input);
    let mut ready = std::collections::VecDeque::new();
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some((item, place)) = ready.pop_front() {
                return Some(elements.input().found(of_json(&item).map(draft), place));
            }
            match elements.parsed()? {
                (place, Ok(mut feed)) => match feed.get_mut("items").map(Value::take) {
                    Some(Value::Array(items)) => ready.extend(items.into_iter().map(|item| (item, place))),
                    _ => {
                        return Some(Err(elements
                            .input()
                            .bad_file("not a JSON Feed: an object with `items` is expected")));
                    }
                },
                (_, Err(error)) => return Some(Err(error)),
            }
        }
    }))
}

/// An item of any of the formats, as it stands.
#[derive(Default)]
struct FeedItem {
    title: String,
    /// Its address and everything else that may name it.
    url: Option<String>,
    names: Vec<String>,
    description: String,
    authors: Vec<String>,
    published: String,
    categories: Vec<String>,
    format: &'static str,
}

fn draft(item: FeedItem) -> RawPaper {
    let description = ItemDescription::of(&item.description);
    let authors = if item.authors.is_empty() { description.authors } else { item.authors };
    let mut draft = RawPaper {
        title: markup::text(&item.title),
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
    names::identify(&mut draft, ids.iter().map(String::as_str));
    draft
}

/// The id that an address, a DOI or an identifier of arXiv's feeds is.
fn id(name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_prefix("oai:arXiv.org:").unwrap_or(name);
    names::doi(name).or_else(|| names::of_address(name))
}

fn of_xml(item: &XmlElement) -> FeedItem {
    let linked = item.all("link").filter(|link| link.attribute("rel").is_none_or(|rel| rel == "alternate"));
    let link = linked.map(|link| link.attribute("href").map_or_else(|| link.text(), str::to_owned)).next();
    let named = ["guid", "id", "doi", "DOI", "identifier"].iter().map(|name| item.text_at(&[name]));
    let texts = ["description", "summary", "encoded", "content"].iter().map(|name| item.text_at(&[name]));
    let days = ["published", "pubDate", "date", "issued", "updated"].iter().map(|name| item.text_at(&[name]));
    let categories = item.all("category").map(|term| term.attribute("term").map_or_else(|| term.text(), str::to_owned));
    let creators = item.all("creator").map(XmlElement::text);
    let people = item.all("author").map(|author| {
        let name = author.text_at(&["name"]);
        if name.is_empty() { spoken(&author.text()) } else { name }
    });
    FeedItem {
        title: item.text_at(&["title"]),
        names: link.iter().cloned().chain(named).collect(),
        url: link.map(|link| link.trim().to_owned()),
        description: texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default(),
        authors: split(creators.chain(people)),
        published: days.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default(),
        categories: categories.collect(),
        format: InputFormat::Feed.source(),
    }
}

/// The name in `mail@example.org (Ann Lee)`, as RSS has authors.
fn spoken(author: &str) -> String {
    let within = author.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    within.map_or(author, |(name, _)| name).to_owned()
}

/// The names of all people: a feed may have several in one text.
fn split(people: impl Iterator<Item = String>) -> Vec<String> {
    let names = people.filter_map(|people| authors::read(Value::String(markup::text(&people))).ok());
    names.flatten().collect()
}

fn of_json(item: &Value) -> Result<FeedItem, String> {
    if !item.is_object() {
        return Err("not an item of a feed: a JSON object is expected".to_owned());
    }
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let first = |names: &[&str]| names.iter().map(|name| text(name)).find(|text| !text.trim().is_empty());
    let name = |author: &Value| author.get("name").and_then(Value::as_str).map(str::to_owned);
    let authors = item.get("authors").and_then(Value::as_array).into_iter().flatten().chain(item.get("author"));
    let tags = item.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Ok(FeedItem {
        title: text("title"),
        url: first(&["url", "external_url"]),
        names: ["url", "external_url", "id", "doi"].iter().map(|name| text(name)).collect(),
        description: first(&["content_text", "content_html", "summary"]).unwrap_or_default(),
        authors: split(authors.filter_map(name)),
        published: text("date_published"),
        categories: tags.map(str::to_owned).collect(),
        format: InputFormat::JsonFeed.source(),
    })
}

#[cfg(test)]
mod tests {
    use crate::sources::tests::{fixture, told};
    use crate::sources::{InputFormat, read};

    fn check(format: InputFormat, text: &str, expect: &[&str]) {
        let found = told(read(std::io::Cursor::new(text.to_owned()), "x", Some(format)));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn feeds() {
        insta::assert_snapshot!(fixture("feed.rss").join("\n"));
        insta::assert_snapshot!(fixture("feed.atom").join("\n"));
        insta::assert_snapshot!(fixture("feed.json").join("\n"));
    }

    #[test]
    fn other_files() {
        check(
            InputFormat::Feed,
            "<html></html>",
            &["x: not a news feed: RSS with items or Atom with entries is expected"],
        );
        check(InputFormat::JsonFeed, "{\"a\": 1}", &["x: not a JSON Feed: an object with `items` is expected"]);
        check(
            InputFormat::JsonFeed,
            "{\"items\": [1, {\"title\": \"A\"}]}",
            &["x, record 1: not an item of a feed: a JSON object is expected", "title=A"],
        );
        check(InputFormat::Feed, "<rss><channel><item/></channel></rss>", &["x, record 1: no title and no abstract"]);
    }
}

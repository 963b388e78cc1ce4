//! Reads RSS and Atom: feeds of arXiv, of journals, of the Daily Papers.

use crate::formats::common::input::InputReader;
use crate::formats::common::xml::{self, XmlDialect, XmlElement};
use crate::formats::feeds::item::{FeedItem, raw_paper, split_names};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::RecordIter;

const KIND: XmlDialect = XmlDialect {
    what: "a news feed",
    expected: "RSS with items or Atom with entries",
    roots: &["rss", "feed", "RDF"],
    records: &["item", "entry"],
};

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut items = xml::XmlRecords::new(input, KIND);
    Box::new(std::iter::from_fn(move || {
        let (item, position) = match items.record() {
            Ok(item) => item?,
            Err(error) => return Some(Err(error)),
        };
        Some(items.input().found_record(item.map(|item| raw_paper(feed_item(&item))), position))
    }))
}

fn feed_item(item: &XmlElement) -> FeedItem {
    let linked = item.all("link").filter(|link| link.attribute("rel").is_none_or(|rel| rel == "alternate"));
    let link = linked.map(|link| link.attribute("href").map_or_else(|| link.text(), str::to_owned)).next();
    let named = ["guid", "id", "doi", "DOI", "identifier"].iter().map(|name| item.text_at(&[name]));
    let texts = ["description", "summary", "encoded", "content"].iter().map(|name| item.text_at(&[name]));
    let days = ["published", "pubDate", "date", "issued", "updated"].iter().map(|name| item.text_at(&[name]));
    let categories = item.all("category").map(|term| term.attribute("term").map_or_else(|| term.text(), str::to_owned));
    let creators = item.all("creator").map(XmlElement::text);
    let people = item.all("author").map(|author| {
        let name = author.text_at(&["name"]);
        if name.is_empty() { name_in_parentheses(&author.text()) } else { name }
    });
    FeedItem {
        title: item.text_at(&["title"]),
        names: link.iter().cloned().chain(named).collect(),
        url: link.map(|link| link.trim().to_owned()),
        description: texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default(),
        authors: split_names(creators.chain(people)),
        published: days.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default(),
        categories: categories.collect(),
        format: InputFormat::Feed.source(),
    }
}

/// Returns the name in `mail@example.org (Ann Lee)`, as RSS has authors.
fn name_in_parentheses(author: &str) -> String {
    let within = author.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    within.map_or(author, |(name, _)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    fn check(format: InputFormat, text: &str, expect: &[&str]) {
        let found = summaries(read(std::io::Cursor::new(text.to_owned()), "x", Some(format)));
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
            &["x: not a news feed: expected RSS with items or Atom with entries"],
        );
        check(InputFormat::JsonFeed, "{\"a\": 1}", &["x: not a JSON Feed: expected an object with `items`"]);
        check(
            InputFormat::JsonFeed,
            "{\"items\": [1, {\"title\": \"A\"}]}",
            &["x, record 1: not a feed item: expected a JSON object", "title=A"],
        );
        check(InputFormat::Feed, "<rss><channel><item/></channel></rss>", &["x, record 1: no title and no abstract"]);
    }
}

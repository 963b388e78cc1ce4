//! Reads JSON Feed.

use serde_json::Value;

use crate::formats::common::input::InputReader;
use crate::formats::common::json_array::JsonElements;
use crate::formats::feeds::base_url::BaseUrl;
use crate::formats::feeds::description::ItemText;
use crate::formats::feeds::item::{FeedItem, reference, split_names};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{RecordIter, RecordNotes};
use crate::text::markup::MarkupRule;

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut elements = JsonElements::new(input);
    let mut ready = std::collections::VecDeque::new();
    let mut base = BaseUrl::of_document(elements.input().name());
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some((item, position)) = ready.pop_front() {
                return Some(elements.input().found_record(feed_item(&item, &base).map(reference), position));
            }
            match elements.next_value()? {
                (position, Ok(mut feed)) => match feed.get_mut("items").map(Value::take) {
                    Some(Value::Array(items)) => {
                        for name in ["feed_url", "home_page_url"] {
                            base.set_unless_known(feed.get(name).and_then(Value::as_str).unwrap_or_default());
                        }
                        ready.extend(items.into_iter().map(|item| (item, position)));
                    }
                    _ => {
                        return Some(Err(elements
                            .input()
                            .bad_file("not a JSON Feed: expected an object with `items`")));
                    }
                },
                (_, Err(error)) => return Some(Err(error)),
            }
        }
    }))
}

fn feed_item(item: &Value, base: &BaseUrl) -> Result<FeedItem, String> {
    if !item.is_object() {
        return Err("not a feed item: expected a JSON object".to_owned());
    }
    let mut notes = RecordNotes::default();
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let texts = |names: &[&'static str]| names.iter().map(|name| (*name, text(name))).collect::<Vec<_>>();
    let name = |author: &Value| author.get("name").and_then(Value::as_str).map(str::to_owned);
    let authors = item.get("authors").and_then(Value::as_array).into_iter().flatten().chain(item.get("author"));
    let tags = item.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let url = notes.first_text("url", texts(&["url", "external_url"]));
    let descriptions = texts(&["content_text", "content_html", "summary"]);
    // Only one of them is HTML (JSON Feed 1.1, "Items").
    let is_html =
        descriptions.iter().find(|(_, text)| !text.trim().is_empty()).is_some_and(|(name, _)| *name == "content_html");
    let rule = if is_html { MarkupRule::Html } else { MarkupRule::Plain };
    Ok(FeedItem {
        // Plain text by the specification, but programs for blogs leave character references in it.
        title: MarkupRule::Inline.text(&notes.first_text("title", texts(&["title"]))).into_owned(),
        url: Some(url).filter(|url| !url.trim().is_empty()).map(|url| base.resolved(&url)),
        guid: item.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).unwrap_or_default(),
        names: ["url", "external_url", "id", "doi"].iter().map(|name| text(name)).collect(),
        description: ItemText { text: notes.first_text("abstract", descriptions), rule },
        authors: notes.list("authors", "authors", split_names(authors.filter_map(name))),
        days: texts(&["date_published", "date_modified"]),
        categories: tags.map(str::to_owned).collect(),
        format: InputFormat::JsonFeed.source(),
        notes,
    })
}

//! Reads JSON Feed.

use serde_json::Value;

use crate::formats::common::input::InputReader;
use crate::formats::common::json_array::JsonElements;
use crate::formats::feeds::item::{FeedItem, raw_paper, split_names};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::RecordIter;

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut elements = JsonElements::new(input);
    let mut ready = std::collections::VecDeque::new();
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some((item, position)) = ready.pop_front() {
                return Some(elements.input().found_record(feed_item(&item).map(raw_paper), position));
            }
            match elements.next_value()? {
                (position, Ok(mut feed)) => match feed.get_mut("items").map(Value::take) {
                    Some(Value::Array(items)) => ready.extend(items.into_iter().map(|item| (item, position))),
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

fn feed_item(item: &Value) -> Result<FeedItem, String> {
    if !item.is_object() {
        return Err("not a feed item: expected a JSON object".to_owned());
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
        authors: split_names(authors.filter_map(name)),
        published: text("date_published"),
        categories: tags.map(str::to_owned).collect(),
        format: InputFormat::JsonFeed.source(),
    })
}

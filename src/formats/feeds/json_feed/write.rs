//! Writes JSON Feed 1.1.

use serde::Serialize;

use crate::formats::common::xml_writer::without_control_characters;
use crate::formats::feeds::document::{FeedDocument, day_of, id_of, link_of, text_of, title_of};

#[derive(Serialize)]
struct JsonFeed {
    version: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    items: Vec<JsonFeedItem>,
}

#[derive(Serialize)]
struct JsonFeedItem {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: String,
    content_text: String,
    date_published: String,
    authors: Vec<JsonFeedAuthor>,
    tags: Vec<String>,
}

#[derive(Serialize)]
struct JsonFeedAuthor {
    name: String,
}

pub(crate) fn write(document: &FeedDocument<'_>) -> String {
    let items = document.results.iter().map(|result| JsonFeedItem {
        id: id_of(&result.paper),
        url: link_of(&result.paper),
        title: title_of(&result.paper),
        content_text: text_of(result),
        date_published: format!("{}T00:00:00Z", day_of(&result.paper, document.day)),
        authors: result
            .paper
            .authors
            .iter()
            .map(|author| JsonFeedAuthor { name: without_control_characters(author) })
            .collect(),
        tags: result.paper.categories.iter().map(|category| without_control_characters(category)).collect(),
    });
    let feed = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: without_control_characters(&document.title),
        home_page_url: document.page.clone(),
        feed_url: document.address.clone(),
        items: items.collect(),
    };
    serde_json::to_string_pretty(&feed).expect("texts are JSON") + "\n"
}

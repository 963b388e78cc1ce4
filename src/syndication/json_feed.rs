//! JSON Feed 1.1.

use serde::Serialize;

use super::{Channel, clean, day_of, id_of, link_of, text_of, title_of};

#[derive(Serialize)]
struct Feed {
    version: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: String,
    content_text: String,
    date_published: String,
    authors: Vec<Author>,
    tags: Vec<String>,
}

#[derive(Serialize)]
struct Author {
    name: String,
}

pub(super) fn write(channel: &Channel<'_>) -> String {
    let items = channel.results.iter().map(|result| Item {
        id: id_of(&result.paper),
        url: link_of(&result.paper),
        title: title_of(&result.paper),
        content_text: text_of(result),
        date_published: format!("{}T00:00:00Z", day_of(&result.paper, channel.day)),
        authors: result.paper.authors.iter().map(|author| Author { name: clean(author) }).collect(),
        tags: result.paper.categories.iter().map(|category| clean(category)).collect(),
    });
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: clean(&channel.title),
        home_page_url: channel.page.clone(),
        feed_url: channel.address.clone(),
        items: items.collect(),
    };
    serde_json::to_string_pretty(&feed).expect("texts are JSON") + "\n"
}

//! Writes Atom 1.0 (RFC 4287).

use jiff::civil::Date;

use crate::formats::common::xml_writer::{XmlWriter, document, empty, nested, text, without_control_characters};
use crate::formats::feeds::document::{FeedDocument, day_of, id_of, link_of, text_of, title_of};
use crate::recommend::Recommendation;

pub(crate) fn write_atom(feed: &FeedDocument<'_>) -> String {
    document("feed", &[("xmlns", "http://www.w3.org/2005/Atom")], |xml| {
        text(xml, "id", &[], &feed.id());
        text(xml, "title", &[], &without_control_characters(&feed.title));
        text(xml, "updated", &[], &moment(feed.day));
        nested(xml, "author", &[], |xml| text(xml, "name", &[], "paperkin"));
        if let Some(address) = &feed.address {
            empty(xml, "link", &[("rel", "self"), ("href", address)]);
        }
        if let Some(page) = &feed.page {
            empty(xml, "link", &[("rel", "alternate"), ("href", page)]);
        }
        feed.results.iter().for_each(|result| entry(xml, result, feed.day));
    })
}

fn entry(xml: &mut XmlWriter, result: &Recommendation, day: Date) {
    let paper = &result.paper;
    nested(xml, "entry", &[], |xml| {
        text(xml, "id", &[], &id_of(paper));
        text(xml, "title", &[], &title_of(paper));
        text(xml, "updated", &[], &moment(day_of(paper, day)));
        if let Some(published) = paper.published {
            text(xml, "published", &[], &moment(published));
        }
        for author in &paper.authors {
            nested(xml, "author", &[], |xml| text(xml, "name", &[], &without_control_characters(author)));
        }
        for category in &paper.categories {
            empty(xml, "category", &[("term", &without_control_characters(category))]);
        }
        if let Some(link) = link_of(paper) {
            empty(xml, "link", &[("rel", "alternate"), ("href", &link)]);
        }
        text(xml, "content", &[("type", "text")], &text_of(result));
    });
}

/// The beginning of a day.
fn moment(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

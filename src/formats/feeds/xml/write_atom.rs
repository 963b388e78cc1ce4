//! Atom 1.0 (RFC 4287).

use jiff::civil::Date;

use super::{FeedDocument, XmlWriter, clean, day_of, document, empty, id_of, link_of, nested, text, text_of, title_of};
use crate::recommend::Recommendation;

pub(super) fn write(channel: &FeedDocument<'_>) -> String {
    document("feed", &[("xmlns", "http://www.w3.org/2005/Atom")], |xml| {
        text(xml, "id", &[], &channel.id());
        text(xml, "title", &[], &clean(&channel.title));
        text(xml, "updated", &[], &moment(channel.day));
        nested(xml, "author", &[], |xml| text(xml, "name", &[], "paperkin"));
        if let Some(address) = &channel.address {
            empty(xml, "link", &[("rel", "self"), ("href", address)]);
        }
        if let Some(page) = &channel.page {
            empty(xml, "link", &[("rel", "alternate"), ("href", page)]);
        }
        channel.results.iter().for_each(|result| entry(xml, result, channel.day));
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
            nested(xml, "author", &[], |xml| text(xml, "name", &[], &clean(author)));
        }
        for category in &paper.categories {
            empty(xml, "category", &[("term", &clean(category))]);
        }
        if let Some(link) = link_of(paper) {
            empty(xml, "link", &[("rel", "alternate"), ("href", &link)]);
        }
        text(xml, "content", &[("type", "text")], &text_of(result));
    });
}

/// The day's begin.
fn moment(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

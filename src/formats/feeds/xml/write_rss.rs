//! Writes RSS 2.0.

use jiff::civil::Date;

use crate::formats::common::xml_writer::{XmlWriter, document, empty, nested, text, without_control_characters};
use crate::formats::feeds::document::{FeedDocument, day_of, id_of, link_of, text_of, title_of};
use crate::recommend::Recommendation;

pub(crate) fn write_rss(feed: &FeedDocument<'_>) -> String {
    let spaces = [
        ("version", "2.0"),
        ("xmlns:atom", "http://www.w3.org/2005/Atom"),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ];
    document("rss", &spaces, |xml| {
        nested(xml, "channel", &[], |xml| {
            text(xml, "title", &[], &without_control_characters(&feed.title));
            text(xml, "link", &[], feed.page.as_deref().unwrap_or("https://arxiv.org/"));
            text(xml, "description", &[], "Papers, best first");
            text(xml, "lastBuildDate", &[], &moment(feed.day));
            if let Some(address) = &feed.address {
                let link = [("rel", "self"), ("type", "application/rss+xml"), ("href", address.as_str())];
                empty(xml, "atom:link", &link);
            }
            feed.results.iter().for_each(|result| item(xml, result, feed.day));
        });
    })
}

fn item(xml: &mut XmlWriter, result: &Recommendation, day: Date) {
    let paper = &result.paper;
    nested(xml, "item", &[], |xml| {
        text(xml, "title", &[], &title_of(paper));
        if let Some(link) = link_of(paper) {
            text(xml, "link", &[], &link);
        }
        text(xml, "guid", &[("isPermaLink", "false")], &id_of(paper));
        text(xml, "pubDate", &[], &moment(day_of(paper, day)));
        for author in &paper.authors {
            text(xml, "dc:creator", &[], &without_control_characters(author));
        }
        for category in &paper.categories {
            text(xml, "category", &[], &without_control_characters(category));
        }
        // Readers take descriptions for HTML: what looks like it is escaped once more.
        let html = quick_xml::escape::escape(text_of(result)).replace("\n\n", "<br><br>");
        text(xml, "description", &[], &html);
    });
}

/// The beginning of a day as in e-mail (RFC 822, with a year of four digits).
fn moment(day: Date) -> String {
    day.strftime("%a, %d %b %Y 00:00:00 GMT").to_string()
}

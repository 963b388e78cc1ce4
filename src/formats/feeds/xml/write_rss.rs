//! RSS 2.0.

use jiff::civil::Date;

use super::{FeedDocument, XmlWriter, clean, day_of, document, empty, id_of, link_of, nested, text, text_of, title_of};
use crate::recommend::Recommendation;

pub(super) fn write(channel: &FeedDocument<'_>) -> String {
    let spaces = [
        ("version", "2.0"),
        ("xmlns:atom", "http://www.w3.org/2005/Atom"),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ];
    document("rss", &spaces, |xml| {
        nested(xml, "channel", &[], |xml| {
            text(xml, "title", &[], &clean(&channel.title));
            text(xml, "link", &[], channel.page.as_deref().unwrap_or("https://arxiv.org/"));
            text(xml, "description", &[], "Papers, best first");
            text(xml, "lastBuildDate", &[], &moment(channel.day));
            if let Some(address) = &channel.address {
                let link = [("rel", "self"), ("type", "application/rss+xml"), ("href", address.as_str())];
                empty(xml, "atom:link", &link);
            }
            channel.results.iter().for_each(|result| item(xml, result, channel.day));
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
            text(xml, "dc:creator", &[], &clean(author));
        }
        for category in &paper.categories {
            text(xml, "category", &[], &clean(category));
        }
        // Readers take descriptions for HTML: what looks like it is escaped once more.
        let html = quick_xml::escape::escape(text_of(result)).replace("\n\n", "<br><br>");
        text(xml, "description", &[], &html);
    });
}

/// The day's begin, as mail has it (RFC 822 with four digits for the year).
fn moment(day: Date) -> String {
    day.strftime("%a, %d %b %Y 00:00:00 GMT").to_string()
}

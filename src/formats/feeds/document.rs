//! Answers for feed readers: Atom 1.0 (RFC 4287), RSS 2.0 and JSON Feed 1.1.
//!
//! Pure: an answer and its day in, text out. Papers keep their ids, so that a reader shows each of them once.

mod atom;
mod json_feed;
mod rss;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::paper::Paper;
use crate::recommend::Recommendation;

/// What a feed is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedFormat {
    /// Atom 1.0.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    JsonFeed,
}

/// A feed before it is written.
#[derive(Debug, Clone)]
pub struct FeedDocument<'a> {
    /// What it is called.
    pub title: String,
    /// Its address, if it has one.
    pub address: Option<String>,
    /// The page that shows the same, if there is one.
    pub page: Option<String>,
    /// The day it is of.
    pub day: Date,
    /// Its papers.
    pub results: &'a [Recommendation],
}

impl FeedFormat {
    /// The content type.
    pub fn media_type(self) -> &'static str {
        match self {
            FeedFormat::Atom => "application/atom+xml; charset=utf-8",
            FeedFormat::Rss => "application/rss+xml; charset=utf-8",
            FeedFormat::JsonFeed => "application/feed+json; charset=utf-8",
        }
    }

    /// The feed as text. Characters that XML has no way to say are left out.
    pub fn write(self, channel: &FeedDocument<'_>) -> String {
        match self {
            FeedFormat::Atom => atom::write(channel),
            FeedFormat::Rss => rss::write(channel),
            FeedFormat::JsonFeed => json_feed::write(channel),
        }
    }
}

impl FeedDocument<'_> {
    /// What names the feed wherever it is.
    fn id(&self) -> String {
        urn("feed", &self.title)
    }
}

/// What names a thing of ours forever.
fn urn(kind: &str, name: &str) -> String {
    format!("urn:paperkin:{kind}:{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

fn id_of(paper: &Paper) -> String {
    urn("paper", paper.id.as_str())
}

fn title_of(paper: &Paper) -> String {
    clean(paper.heading())
}

/// Where the paper can be read.
fn link_of(paper: &Paper) -> Option<String> {
    paper.link().map(|link| clean(&link))
}

/// Its day, or else that of the feed.
fn day_of(paper: &Paper, feed: Date) -> Date {
    paper.listed.or(paper.published).unwrap_or(feed)
}

/// The abstract, and why the paper is here.
fn text_of(result: &Recommendation) -> String {
    let because: Vec<String> = result.reasons.iter().map(|because| format!("“{}”", because.title)).collect();
    let reason = (!because.is_empty()).then(|| format!("Near {}.", because.join(" and ")));
    let text = [Some(result.paper.abstract_text.clone()), reason].into_iter().flatten().filter(|text| !text.is_empty());
    clean(&text.collect::<Vec<_>>().join("\n\n"))
}

/// Without what XML 1.0 has no way to say.
fn clean(text: &str) -> String {
    let is_sayable = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_sayable).collect()
}

type XmlWriter = Writer<Vec<u8>>;

/// Writes a document of XML whose root has these attributes.
fn document(root: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut XmlWriter)) -> String {
    let mut xml = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec(), b' ', 1);
    nested(&mut xml, root, attributes, content);
    let mut text = String::from_utf8(xml.into_inner()).expect("texts are UTF-8");
    text.push('\n');
    text
}

fn nested(xml: &mut XmlWriter, name: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut XmlWriter)) {
    let element = xml.create_element(name).with_attributes(attributes.iter().copied());
    element
        .write_inner_content(|xml| {
            content(xml);
            Ok(())
        })
        .expect("memory can be written to");
}

fn text(xml: &mut XmlWriter, name: &str, attributes: &[(&str, &str)], text: &str) {
    let element = xml.create_element(name).with_attributes(attributes.iter().copied());
    element.write_text_content(BytesText::new(text)).expect("memory can be written to");
}

fn empty(xml: &mut XmlWriter, name: &str, attributes: &[(&str, &str)]) {
    xml.create_element(name)
        .with_attributes(attributes.iter().copied())
        .write_empty()
        .expect("memory can be written to");
}

//! A feed before it is written, and what all formats say of its papers.

use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::formats::common::xml_writer::without_control_characters;
use crate::paper::Paper;
use crate::present;
use crate::recommend::Recommendation;
use crate::text::latex::readable;

/// A feed before it is written.
#[derive(Debug, Clone)]
pub struct FeedDocument<'a> {
    /// Its title.
    pub title: String,
    /// Its own address, if it has one.
    pub address: Option<String>,
    /// The address of the page that shows the same, if there is one.
    pub page: Option<String>,
    /// The day it is of.
    pub day: Date,
    /// Its papers, the best first.
    pub results: &'a [Recommendation],
}

impl FeedDocument<'_> {
    /// Returns the permanent id of the feed.
    pub(crate) fn id(&self) -> String {
        urn("feed", &self.title)
    }
}

fn urn(kind: &str, name: &str) -> String {
    format!("urn:paperkin:{kind}:{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// Returns the permanent id of a paper.
pub(crate) fn id_of(paper: &Paper) -> String {
    urn("paper", paper.id.as_str())
}

pub(crate) fn title_of(paper: &Paper) -> String {
    without_control_characters(&present::headline(paper))
}

/// Returns the address where a paper can be read.
pub(crate) fn link_of(paper: &Paper) -> Option<String> {
    paper.link().map(|link| without_control_characters(&link))
}

/// Returns the day of a paper or, without one, that of the feed.
pub(crate) fn day_of(paper: &Paper, feed: Date) -> Date {
    paper.date().unwrap_or(feed)
}

/// Returns the abstract, and the reason why the paper is recommended.
pub(crate) fn text_of(result: &Recommendation) -> String {
    let reason = present::reason_text(result.reasons.iter().take(present::NAMED_REASONS), |_| String::new());
    let reason = reason.map(|near| format!("N{}.", &near[1..]));
    let texts = [Some(readable(&result.paper.abstract_text)), reason].into_iter().flatten();
    let texts = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>();
    without_control_characters(&texts.join("\n\n"))
}

//! The formats of feeds that are written, by name.

use super::document::FeedDocument;
use super::{json_feed, xml};

/// A format that a feed is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedFormat {
    /// Atom 1.0.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    JsonFeed,
}

impl FeedFormat {
    /// Returns the media type (content type).
    pub fn media_type(self) -> &'static str {
        match self {
            FeedFormat::Atom => "application/atom+xml; charset=utf-8",
            FeedFormat::Rss => "application/rss+xml; charset=utf-8",
            FeedFormat::JsonFeed => "application/feed+json; charset=utf-8",
        }
    }

    /// Returns the feed as text. Characters that XML cannot express are left out.
    pub fn write(self, feed: &FeedDocument<'_>) -> String {
        match self {
            FeedFormat::Atom => xml::write_atom(feed),
            FeedFormat::Rss => xml::write_rss(feed),
            FeedFormat::JsonFeed => json_feed::write(feed),
        }
    }
}

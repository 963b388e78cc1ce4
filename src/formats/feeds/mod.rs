//! News feeds: Atom 1.0 (RFC 4287), RSS 2.0 and JSON Feed 1.1, read as papers and written from recommendations.
//!
//! Papers keep their ids in what is written, so that a feed reader shows each of them once.

mod base_url;
mod description;
mod document;
mod feed_format;
mod item;
pub(crate) mod json_feed;
#[cfg(test)]
mod tests;
pub(crate) mod xml;

pub use document::FeedDocument;
pub use feed_format::FeedFormat;

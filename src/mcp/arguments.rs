//! What an assistant can ask for.

use jiff::civil::Date;
use rmcp::schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::library::HistoryKind;
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Request};

/// Papers of a list, at most and if nothing is said.
const MAX_LIMIT: usize = 25;
const DEFAULT_LIMIT: usize = 8;
/// Characters of an abstract in a list, if nothing is said.
const DEFAULT_ABSTRACT_CHARS: usize = 300;

/// What every list of papers can be narrowed by.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct ListArguments {
    /// Number of papers, at most 25 [default: 8]
    pub(super) limit: Option<usize>,
    /// Only papers published on this day or later: YYYY-MM-DD
    pub(super) published_after: Option<String>,
    /// Only papers published on this day or before: YYYY-MM-DD
    pub(super) published_before: Option<String>,
    /// Only papers of these categories: cs.CL, or cs for all of cs
    #[serde(default)]
    pub(super) categories: Vec<String>,
    /// Characters of each abstract; 0 leaves abstracts out [default: 300]
    pub(super) abstract_chars: Option<usize>,
}

/// A search.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct SearchArguments {
    /// What to search for
    pub(super) query: String,
    #[serde(flatten)]
    pub(super) list: ListArguments,
}

/// Papers similar to one.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct SimilarArguments {
    /// Its id or title
    pub(super) paper: String,
    #[serde(flatten)]
    pub(super) list: ListArguments,
}

/// Papers for a taste.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct RecommendArguments {
    /// Ids of papers that are liked
    pub(super) like: Vec<String>,
    /// Ids of papers that are disliked
    #[serde(default)]
    pub(super) dislike: Vec<String>,
    #[serde(flatten)]
    pub(super) list: ListArguments,
}

/// One paper.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct PaperArguments {
    /// Its id or title
    pub(super) paper: String,
}

/// A reader's feed.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct FeedArguments {
    /// The name of the reader's profile
    pub(super) profile: String,
    #[serde(flatten)]
    pub(super) list: ListArguments,
}

/// What a reader did with a paper.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct RateArguments {
    /// The name of the reader's profile
    pub(super) profile: String,
    /// The id or title of the paper
    pub(super) paper: String,
    /// read, like, save, dislike or hide
    pub(super) rating: String,
}

impl ListArguments {
    /// Narrows a request.
    pub(super) fn request(&self, request: Request) -> Result<Request> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(refused("limit", format!("{limit} is not between 1 and {MAX_LIMIT}")));
        }
        Ok(Request {
            limit: Some(limit),
            published_after: day("published_after", self.published_after.as_deref())?,
            published_before: day("published_before", self.published_before.as_deref())?,
            categories: self.categories.clone(),
            ..request
        })
    }

    /// Characters of each abstract.
    pub(super) fn abstract_chars(&self) -> usize {
        self.abstract_chars.unwrap_or(DEFAULT_ABSTRACT_CHARS)
    }
}

/// A request for papers like some and unlike others.
pub(super) fn history_request(like: &[String], dislike: &[String]) -> Result<Request> {
    let items = |field, ids: &[String]| -> Result<Vec<HistoryItem>> {
        let item = |id: &String| PaperId::parse(id).map(HistoryItem::id).map_err(|reason| refused(field, reason));
        ids.iter().map(item).collect()
    };
    Ok(Request { positive: items("like", like)?, negative: items("dislike", dislike)?, ..Request::default() })
}

/// The kind of a rating.
pub(super) fn history_kind(rating: &str) -> Result<HistoryKind> {
    rating.parse().map_err(|reason| refused("rating", reason))
}

fn day(field: &'static str, text: Option<&str>) -> Result<Option<Date>> {
    let parse = |text: &str| text.parse().map_err(|_| refused(field, format!("`{text}` is no day: use YYYY-MM-DD")));
    text.map(parse).transpose()
}

fn refused(field: &'static str, reason: String) -> Error {
    Error::BadRequest { field, reason }
}

//! What an assistant can ask for.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::library::HistoryKind;
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Request};

/// Papers of a list, at most and if nothing is said.
const MAX_LIMIT: usize = 25;
const DEFAULT_LIMIT: usize = 8;
/// Characters of an abstract in a list, if nothing is said.
const DEFAULT_ABSTRACT_CHARS: usize = 300;
/// Groups of an overview, at most and if nothing is said.
const MAX_GROUPS: usize = 50;
const DEFAULT_GROUPS: usize = 12;
/// Tokens of an answer: at least, at most, and if nothing is said.
const MIN_TOKENS: usize = 100;
const MAX_TOKENS: usize = 50_000;
const DEFAULT_TOKENS: usize = 4_000;
/// Bytes of a token: English text has 4 to 5 in the tokenizers of large models, JSON and formulas fewer.
const TOKEN_BYTES: usize = 3;

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
    /// Only these fields of each paper, beside its id [default: all]
    #[serde(default)]
    pub(super) fields: Vec<ListField>,
    /// Tokens of the answer, at most and nearly; papers that do not fit are left out and counted [default: 4000]
    pub(super) max_tokens: Option<usize>,
}

/// A field of the papers of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(crate = "rmcp::schemars")]
pub(super) enum ListField {
    Title,
    Authors,
    Date,
    Relevance,
    Score,
    Abstract,
    BecauseOf,
}

/// A field of a whole paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(crate = "rmcp::schemars")]
pub(super) enum WholeField {
    Aliases,
    Title,
    Abstract,
    Authors,
    AuthorCount,
    Published,
    Listed,
    Votes,
    Comments,
    Categories,
    Source,
    Url,
    References,
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
    /// Only these fields, beside the id [default: all]
    #[serde(default)]
    pub(super) fields: Vec<WholeField>,
    /// Tokens of the answer, at most and nearly; the longest fields are cut short and named [default: 4000]
    pub(super) max_tokens: Option<usize>,
}

/// The groups of the library.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(super) struct OverviewArguments {
    /// Number of groups, at most 50 [default: 12]
    groups: Option<usize>,
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
        let limit = between("limit", self.limit, 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
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

    /// Bytes of the answer.
    pub(super) fn max_bytes(&self) -> Result<usize> {
        answer_bytes(self.max_tokens)
    }
}

impl PaperArguments {
    /// Asks for all fields of a paper.
    pub(super) fn all_of(paper: String) -> PaperArguments {
        PaperArguments { paper, fields: Vec::new(), max_tokens: Some(MAX_TOKENS) }
    }

    /// Bytes of the answer.
    pub(super) fn max_bytes(&self) -> Result<usize> {
        answer_bytes(self.max_tokens)
    }
}

impl OverviewArguments {
    /// Number of groups.
    pub(super) fn groups(&self) -> Result<usize> {
        between("groups", self.groups, 1..=MAX_GROUPS, DEFAULT_GROUPS)
    }
}

fn answer_bytes(max_tokens: Option<usize>) -> Result<usize> {
    Ok(between("max_tokens", max_tokens, MIN_TOKENS..=MAX_TOKENS, DEFAULT_TOKENS)? * TOKEN_BYTES)
}

fn between(field: &'static str, value: Option<usize>, range: RangeInclusive<usize>, default: usize) -> Result<usize> {
    let value = value.unwrap_or(default);
    match range.contains(&value) {
        true => Ok(value),
        false => Err(refused(field, format!("{value} is not between {} and {}", range.start(), range.end()))),
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

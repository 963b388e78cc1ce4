//! The one request of the command line, the library and the batch files.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::history_item::{HistoryItem, PaperRef};
use super::relevance::RelevanceWord;
use super::request_limits::check_limits;
use super::weights::Strategy;
use crate::error::{Error, Result};
use crate::paper::{PaperId, document};

/// Most results that one request may ask for.
const MAX_LIMIT: usize = 1_000_000;
/// Largest weight of a paper in a history: sums of weights are finite, and nobody counts a paper a million times.
pub(crate) const MAX_WEIGHT: f64 = 1e6;

/// A question: papers near to a text, to a reading history, or both. All fields may be left out.
///
/// ```
/// let request: paperkin::Request = serde_json::from_str(r#"{"positive": ["2401.12345"], "limit": 5}"#).unwrap();
/// assert_eq!(request.result_count(), 5);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// What the caller calls this request.
    #[cfg_attr(feature = "server", schema(max_length = 1_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Free text that the papers should be about.
    #[cfg_attr(feature = "server", schema(pattern = r"[^\s\x85]", max_length = 100_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Papers read or liked.
    #[cfg_attr(feature = "server", schema(max_items = 2_000))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub positive: Vec<HistoryItem>,
    /// Papers disliked.
    #[cfg_attr(feature = "server", schema(max_items = 2_000))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub negative: Vec<HistoryItem>,
    /// Rank these papers and no others, all of them unless `limit` is given.
    #[cfg_attr(feature = "server", schema(max_items = 100_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<PaperId>>,
    /// Never give these.
    #[cfg_attr(feature = "server", schema(max_items = 100_000))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<PaperId>,
    /// How many results; 20 when left out.
    #[cfg_attr(feature = "server", schema(minimum = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Only papers published (or listed) on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_after: Option<Date>,
    /// Only papers published (or listed) on this day or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_before: Option<Date>,
    /// Answer as on this day: later papers are not there, later history does not count. `candidates` are ranked all the
    /// same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
    /// Only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Only papers from these sources.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Only papers by one of these authors, by any form of the name.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// Only papers with all of these phrases in the title.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<String>,
    /// Only papers with all of these phrases in the title or the abstract.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// Only papers without any of these words and phrases.
    #[cfg_attr(feature = "server", schema(max_items = 100))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// How a reading history becomes a ranking.
    pub strategy: Strategy,
    /// Only for this interest of the history, named or found, by its label.
    #[cfg_attr(feature = "server", schema(max_length = 1_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// Only papers that score at least this, from 0 to 1.
    #[cfg_attr(feature = "server", schema(minimum = 0, maximum = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f32>,
    /// Only papers that are at least this close to what is asked for, or by followed authors; all when left out, but those that
    /// are at least related in a feed. When all papers are far, the three nearest are given, and the answer says
    /// `nothing_close`. A request that says by whom the papers are (`by`) or what they contain (`titles`, `phrases`) gets
    /// these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_relevance: Option<RelevanceWord>,
    /// 0: the best; towards 1: the best that differ from each other (maximal marginal relevance).
    #[cfg_attr(feature = "server", schema(minimum = 0, maximum = 1))]
    pub diversity: f32,
    /// How far a score moves towards the mean of the five papers nearest to the result: 0, not at all, to 1.
    #[cfg_attr(feature = "server", schema(minimum = 0, maximum = 1))]
    pub smoothing: f32,
    /// Days after which a dated paper of the history counts half; left out: no decay.
    #[cfg_attr(feature = "server", schema(exclusive_minimum = 0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<f64>,
    /// Authors whose papers gain.
    #[cfg_attr(feature = "server", schema(max_items = 1_000))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Of papers whose embeddings are at least this similar, only the best: 0 to 1; left out: all of them.
    #[cfg_attr(feature = "server", schema(minimum = 0, maximum = 1))]
    #[serde(alias = "distinct", skip_serializing_if = "Option::is_none")]
    pub dedup_threshold: Option<f32>,
    /// Whether to find the sentences that match best, for the first 100 results.
    pub explain: bool,
    /// How much a paper of today gains, for each deviation of what papers score: 0 to 1.
    #[cfg_attr(feature = "server", schema(minimum = 0, maximum = 1))]
    pub recency: f32,
    /// How much a paper with more votes than all others of its day gains, for each deviation of what papers score: 0 to 1.
    #[cfg_attr(feature = "server", schema(minimum = 0, maximum = 1))]
    pub votes: f32,
}

impl Request {
    /// A request for papers about a text.
    ///
    /// ```
    /// let request = paperkin::Request::text("tool use in language models").limit(5);
    /// assert_eq!((request.text.as_deref(), request.limit), (Some("tool use in language models"), Some(5)));
    /// ```
    pub fn text(text: impl Into<String>) -> Request {
        Request { text: Some(text.into()), ..Request::default() }
    }

    /// A request for papers similar to a paper of the library.
    ///
    /// ```
    /// use paperkin::{PaperId, Request};
    ///
    /// let request = Request::like(PaperId::parse("arXiv:2401.12345v2").unwrap());
    /// assert_eq!(request, Request::default().and_like(PaperId::parse("2401.12345").unwrap()));
    /// ```
    pub fn like(id: PaperId) -> Request {
        Request::default().and_like(id)
    }

    /// Adds a liked paper of the library.
    ///
    /// ```
    /// use paperkin::{PaperId, Request};
    ///
    /// let ids = ["2401.00001", "2401.00002"].map(|id| PaperId::parse(id).unwrap());
    /// let request = ids.into_iter().fold(Request::default(), Request::and_like);
    /// assert_eq!(request.positive.len(), 2);
    /// ```
    pub fn and_like(mut self, id: PaperId) -> Request {
        self.positive.push(HistoryItem::id(id));
        self
    }

    /// Adds a disliked paper of the library.
    ///
    /// ```
    /// use paperkin::{PaperId, Request};
    ///
    /// let id = PaperId::parse("2401.00001").unwrap();
    /// assert_eq!(Request::text("robots").and_dislike(id).negative.len(), 1);
    /// ```
    pub fn and_dislike(mut self, id: PaperId) -> Request {
        self.negative.push(HistoryItem::id(id));
        self
    }

    /// Asks for this many results, at least 1.
    pub fn limit(mut self, limit: usize) -> Request {
        self.limit = Some(limit);
        self
    }

    /// Keeps only papers published (or listed) on this day or later.
    ///
    /// ```
    /// use paperkin::jiff::civil::date;
    ///
    /// let request = paperkin::Request::text("robots").published_after(date(2026, 1, 1)).category("cs.RO").min_score(0.9);
    /// assert!(request.check().is_ok());
    /// ```
    pub fn published_after(mut self, day: Date) -> Request {
        self.published_after = Some(day);
        self
    }

    /// Keeps only papers published (or listed) on this day or before.
    pub fn published_before(mut self, day: Date) -> Request {
        self.published_before = Some(day);
        self
    }

    /// Keeps only papers of this category, or of one of those named before: `cs.CL`, or `cs` for all of `cs.*`.
    pub fn category(mut self, category: impl Into<String>) -> Request {
        self.categories.push(category.into());
        self
    }

    /// Trades relevance for diversity: 0 for the best results, towards 1 for results that differ from each other.
    pub fn diversity(mut self, diversity: f32) -> Request {
        self.diversity = diversity;
        self
    }

    /// Keeps only results whose score is at least this, from 0 to 1.
    pub fn min_score(mut self, score: f32) -> Request {
        self.min_score = Some(score);
        self
    }

    /// Asks for papers that are at least this close, and for the three nearest when none is.
    ///
    /// ```
    /// use paperkin::Request;
    /// use paperkin::recommend::RelevanceWord;
    ///
    /// let request = Request::text("robots").min_relevance(RelevanceWord::Related);
    /// assert_eq!(request.min_relevance, Some(RelevanceWord::Related));
    /// ```
    pub fn min_relevance(mut self, word: RelevanceWord) -> Request {
        self.min_relevance = Some(word);
        self
    }

    /// The relevance that results must have, if any: a request that says by whom the papers are or what they contain gets
    /// these, however far they are.
    pub(crate) fn least_relevance(&self) -> Option<RelevanceWord> {
        self.min_relevance.filter(|word| *word != RelevanceWord::Far && !self.says_which_papers())
    }

    /// Whether it says by whom the papers are, or what their titles or abstracts contain.
    pub(crate) fn says_which_papers(&self) -> bool {
        [&self.by, &self.titles, &self.phrases].iter().any(|filter| !filter.is_empty())
    }

    /// Asks for the sentences that match.
    pub fn explain(mut self) -> Request {
        self.explain = true;
        self
    }

    /// The texts of the history papers that this request gives in full: they have to be embedded for it, as its own text.
    pub fn inline_documents(&self) -> Vec<String> {
        let items = self.positive.iter().chain(&self.negative);
        let inline = items.filter_map(|item| match &item.paper {
            PaperRef::Inline { title, abstract_text } => Some(document(title, abstract_text)),
            PaperRef::Id(_) => None,
        });
        inline.collect()
    }

    /// How many results are wanted: all `candidates` unless told otherwise, else 20.
    pub fn result_count(&self) -> usize {
        self.limit.unwrap_or(self.candidates.as_ref().map_or(20, Vec::len))
    }

    /// Checks what the types cannot.
    ///
    /// ```
    /// let error = paperkin::Request::text("robots").diversity(2.0).check().unwrap_err();
    /// assert_eq!(error.to_string(), "`diversity`: 2 is not between 0 and 1");
    /// ```
    ///
    /// # Errors
    /// [`Error::BadRequest`] that names the field.
    pub fn check(&self) -> Result<()> {
        check_limits(self)?;
        let bad = |field, reason: String| Err(Error::BadRequest { field, reason });
        if self.limit.is_some_and(|limit| limit == 0 || limit > MAX_LIMIT) {
            return bad("limit", format!("expected a number from 1 to {MAX_LIMIT}"));
        }
        let Request { diversity, smoothing, recency, votes, .. } = self;
        let weights = [("diversity", diversity), ("smoothing", smoothing), ("recency", recency), ("votes", votes)];
        for (field, weight) in weights {
            if !(0.0..=1.0).contains(weight) {
                return bad(field, format!("{weight} is not between 0 and 1"));
            }
        }
        for (field, share) in [("min_score", self.min_score), ("dedup_threshold", self.dedup_threshold)] {
            if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
                return bad(field, format!("{share} is not between 0 and 1"));
            }
        }
        if self.half_life_days.is_some_and(|days| !(days > 0.0 && days.is_finite())) {
            return bad("half_life_days", "expected a positive number of days".to_owned());
        }
        if let (Some(after), Some(before)) = (self.published_after, self.published_before)
            && after > before
        {
            return bad("published_after", format!("{after} is later than `published_before`, {before}"));
        }
        if self.text.as_deref().is_some_and(|text| text.trim().is_empty()) {
            return bad("text", "is empty".to_owned());
        }
        for (field, items) in [("positive", &self.positive), ("negative", &self.negative)] {
            if let Some(item) = items.iter().find(|item| !(item.weight > 0.0 && item.weight <= MAX_WEIGHT)) {
                return bad(field, format!("{} is not a positive weight up to {MAX_WEIGHT}", item.weight));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Request, String> {
        let request: Request = serde_json::from_str(json).map_err(|error| error.to_string())?;
        request.check().map_err(|error| error.to_string())?;
        Ok(request)
    }

    #[test]
    fn every_form_of_a_history_item() {
        let request = parse(
            r#"{"id":"q1","positive":["arXiv:2401.12345v3",{"id":"b","weight":0.5,"at":"2025-01-02"},
                {"title":"T","abstract":"A"}],"limit":5,"published_after":"2024-01-01"}"#,
        )
        .unwrap();
        assert_eq!(request.positive[0], HistoryItem::id(PaperId::parse("2401.12345").unwrap()));
        assert_eq!((request.positive[1].weight, request.positive[1].at), (0.5, "2025-01-02".parse().ok()));
        assert!(matches!(&request.positive[2].paper, PaperRef::Inline { title, .. } if title == "T"));
        let again: Request = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        assert_eq!(again, request);
    }

    #[test]
    fn bad_requests_name_the_field() {
        let table = [
            (r#"{"limit":0}"#, "`limit`: expected a number from 1 to 1000000"),
            (r#"{"limit":-3}"#, "invalid value: integer `-3`, expected usize"),
            (r#"{"diversity":1.5}"#, "`diversity`: 1.5 is not between 0 and 1"),
            (r#"{"smoothing":-0.5}"#, "`smoothing`: -0.5 is not between 0 and 1"),
            (r#"{"half_life_days":0}"#, "`half_life_days`: expected a positive number of days"),
            (r#"{"text":" "}"#, "`text`: is empty"),
            (r#"{"positive":[{"id":"a","weight":-1}]}"#, "`positive`: -1 is not a positive weight"),
            (r#"{"positive":[{}]}"#, "a paper needs `id`, or `title` and `abstract`"),
            (r#"{"positive":[3]}"#, "expected a paper id, or an object with `id`"),
            (r#"{"positiv":[]}"#, "unknown field `positiv`"),
            (r#"{"published_after":"2024-02-30"}"#, "day"),
            (
                r#"{"published_after":"2025-01-01","published_before":"2024-01-01"}"#,
                "`published_after`: 2025-01-01 is later than `published_before`, 2024-01-01",
            ),
        ];
        for (json, expected) in table {
            let message = parse(json).unwrap_err();
            assert!(message.contains(expected), "{json}: {message}");
        }
    }

    #[test]
    fn candidates_are_all_wanted() {
        assert_eq!(parse(r#"{"candidates":["a","b"]}"#).unwrap().result_count(), 2);
        assert_eq!(parse(r#"{"candidates":["a","b"],"limit":1}"#).unwrap().result_count(), 1);
        assert_eq!(parse("{}").unwrap().result_count(), 20);
    }
}

//! Pages of an answer. A cursor is a position in the ranking of one request in one generation of the library.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::recommend::{Answer, Request, check_served_history};
use crate::server::extract::JsonFields;
use crate::server::problem::{Problem, ProblemCode};

/// A request, or a request for its next page.
#[derive(Debug, Clone, Default)]
pub(super) struct QueryRequest {
    pub request: Request,
    pub cursor: Option<String>,
}

/// The field that a [`Request`] does not have.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct PageFields {
    /// The `next_cursor` of the previous page; everything else as in the request for that page.
    #[schema(max_length = 1_000)]
    cursor: Option<String>,
}

impl<'de> Deserialize<'de> for QueryRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<QueryRequest, D::Error> {
        use serde::de::Error;
        let mut fields = JsonFields::deserialize(deserializer)?;
        let PageFields { cursor } = fields.take(&["cursor"]).read().map_err(D::Error::custom)?;
        let request = fields.read().map_err(D::Error::custom)?;
        Ok(QueryRequest { request, cursor })
    }
}

/// One page of an answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ResultPage {
    #[serde(flatten)]
    pub answer: Answer,
    /// The `cursor` of the next page, to be sent with the same request; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// How a page is computed.
pub(super) struct PagePlan {
    /// A request for all papers up to the end of the page, and one more.
    pub request: Request,
    start: usize,
    count: usize,
    generation: Option<u64>,
    hash: String,
}

impl PagePlan {
    /// # Errors
    /// For an invalid cursor or one of another request, and for a limit above `max_results`.
    pub(super) fn new(query: QueryRequest, max_results: usize) -> Result<PagePlan, Problem> {
        let QueryRequest { mut request, cursor } = query;
        let count = bound_limit(&mut request, max_results)?;
        let hash = request_hash(&request);
        let (start, generation) = match cursor {
            None => (0, None),
            Some(cursor) => parse_cursor(&cursor, &hash)?,
        };
        request.limit = Some(start + count + 1);
        Ok(PagePlan { request, start, count, generation, hash })
    }

    /// # Errors
    /// When the library has changed since the first page.
    pub(super) fn result_page(self, mut answer: Answer) -> Result<ResultPage, Problem> {
        if self.generation.is_some_and(|generation| generation != answer.generation) {
            return Err(Problem::new(ProblemCode::CursorOutdated, "start again without a cursor"));
        }
        let end = self.start + self.count;
        let next = (answer.results.len() > end).then(|| format_cursor(end, answer.generation, &self.hash));
        answer.results.truncate(end);
        answer.results.drain(..self.start.min(answer.results.len()));
        Ok(ResultPage { answer, next_cursor: next })
    }
}

/// Checks a request, and refuses a limit above the server's maximum. Without a limit there are as many results as the
/// server gives, however many candidates there are. Returns the number of results.
pub(super) fn bound_limit(request: &mut Request, max_results: usize) -> Result<usize, Problem> {
    request.check()?;
    check_served_history(request)?;
    if request.limit.is_some_and(|limit| limit > max_results) {
        return Err(Problem::bad_request(format!("`limit`: expected a number from 1 to {max_results}")));
    }
    let count = request.result_count().min(max_results);
    // No candidates, no results: a limit of 0 is none.
    request.limit = Some(count).filter(|count| *count > 0);
    Ok(count)
}

/// Refuses a request without a text and without a history.
pub(super) fn check_history(request: &Request) -> Result<(), Problem> {
    match request.text.is_none() && request.positive.is_empty() && request.negative.is_empty() {
        true => Err(Problem::new(ProblemCode::HistoryTooShort, "give `positive`, `negative` or `text`")),
        false => Ok(()),
    }
}

fn request_hash(request: &Request) -> String {
    let json = serde_json::to_vec(request).expect("a request is JSON");
    Sha256::digest(json).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn format_cursor(start: usize, generation: u64, hash: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{start}.{generation}.{hash}"))
}

fn parse_cursor(cursor: &str, hash: &str) -> Result<(usize, Option<u64>), Problem> {
    /// A page is computed by ranking all previous papers too.
    const MAX_OFFSET: usize = 100_000;
    let parse = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let mut parts = text.split('.');
        let (start, generation) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((start, generation, parts.next()?.to_owned()))
    };
    match parse() {
        Some((start, generation, request)) if request == hash && start <= MAX_OFFSET => Ok((start, Some(generation))),
        Some((start, ..)) if start > MAX_OFFSET => Err(Problem::bad_request("`cursor`: the page is too deep")),
        Some(_) => Err(Problem::bad_request("`cursor`: it belongs to another request")),
        None => Err(Problem::bad_request("`cursor`: it must be the `next_cursor` of the previous page")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_request() {
        let mine = request_hash(&Request { text: Some("a".into()), ..Request::default() });
        let cursor = format_cursor(20, 7, &mine);
        assert_eq!(parse_cursor(&cursor, &mine).unwrap(), (20, Some(7)));
        for (cursor, hash) in [(cursor.as_str(), "0000000000000000"), ("!", mine.as_str()), ("", &mine)] {
            assert_eq!(parse_cursor(cursor, hash).unwrap_err().code(), ProblemCode::BadRequest);
        }
    }
}

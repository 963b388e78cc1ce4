//! Pages of an answer: a place in the ranking of one request in one generation of the library.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::problem::{Problem, ProblemCode};
use crate::recommend::{Answer, Request};

/// A request, or the next page of one.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(super) struct QueryRequest {
    #[serde(flatten)]
    pub request: Request,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl<'de> Deserialize<'de> for QueryRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<QueryRequest, D::Error> {
        use serde::de::Error;
        let mut fields = Map::deserialize(deserializer)?;
        let cursor = match fields.remove("cursor") {
            None | Some(Value::Null) => None,
            Some(Value::String(cursor)) => Some(cursor),
            Some(_) => return Err(D::Error::custom("`cursor` is no text: give back `next_cursor` as it came")),
        };
        let request = Request::deserialize(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(QueryRequest { request, cursor })
    }
}

/// An answer, and the way to the next page of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ResultPage {
    #[serde(flatten)]
    answer: Answer,
    /// Give it back as `cursor` with the same request for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// What is asked of the engine for a page.
pub(super) struct PagePlan {
    /// The request for all papers up to the end of the page, and one more.
    pub request: Request,
    start: usize,
    count: usize,
    generation: Option<u64>,
    hash: String,
}

impl PagePlan {
    /// # Errors
    /// When the cursor is none, or of another request; when more is asked for than a request may have.
    pub(super) fn new(asked: QueryRequest, most: usize) -> Result<PagePlan, Problem> {
        let QueryRequest { mut request, cursor } = asked;
        request.check()?;
        let count = request.result_count();
        if count > most {
            return Err(Problem::bad_request(format!("`limit`: give a number from 1 to {most}, and use the cursor")));
        }
        let hash = hash(&request);
        let (start, generation) = match cursor {
            None => (0, None),
            Some(cursor) => read(&cursor, &hash)?,
        };
        request.limit = Some(start + count + 1);
        Ok(PagePlan { request, start, count, generation, hash })
    }

    /// # Errors
    /// When the library has changed since the first page.
    pub(super) fn page(self, mut answer: Answer) -> Result<ResultPage, Problem> {
        if self.generation.is_some_and(|generation| generation != answer.generation) {
            return Err(Problem::new(ProblemCode::CursorOutdated, "begin again without a cursor"));
        }
        let end = self.start + self.count;
        let next = (answer.results.len() > end).then(|| write(end, answer.generation, &self.hash));
        answer.results.truncate(end);
        answer.results.drain(..self.start.min(answer.results.len()));
        Ok(ResultPage { answer, next_cursor: next })
    }
}

fn hash(request: &Request) -> String {
    let json = serde_json::to_vec(request).expect("a request is JSON");
    Sha256::digest(json).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn write(start: usize, generation: u64, hash: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{start}.{generation}.{hash}"))
}

fn read(cursor: &str, hash: &str) -> Result<(usize, Option<u64>), Problem> {
    /// Pages are made by ranking all that comes before: deeper ones are for the command line.
    const DEEPEST: usize = 100_000;
    let parse = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let mut parts = text.split('.');
        let (start, generation) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((start, generation, parts.next()?.to_owned()))
    };
    match parse() {
        Some((start, generation, of)) if of == hash && start <= DEEPEST => Ok((start, Some(generation))),
        Some((start, ..)) if start > DEEPEST => Err(Problem::bad_request("`cursor`: no pages so deep")),
        Some(_) => Err(Problem::bad_request("`cursor`: is of another request")),
        None => Err(Problem::bad_request("`cursor`: give back `next_cursor` as it came")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_its_request() {
        let mine = hash(&Request { text: Some("a".into()), ..Request::default() });
        let cursor = write(20, 7, &mine);
        assert_eq!(read(&cursor, &mine).unwrap(), (20, Some(7)));
        for (cursor, hash) in [(cursor.as_str(), "0000000000000000"), ("!", mine.as_str()), ("", &mine)] {
            assert_eq!(read(cursor, hash).unwrap_err().code(), ProblemCode::BadRequest);
        }
    }
}

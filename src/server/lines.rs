//! Streams of JSON lines, in and out: memory holds some lines at a time.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use tokio::time::timeout;

use super::AppState;
use super::body::{check_type, too_large};
use super::problem::{Problem, ProblemCode};

/// The content type of JSON lines.
pub(super) const TYPE: &str = "application/x-ndjson";

/// A line that is not blank, with its number from 1; after an error there are no more.
pub(super) type NdjsonLine = (u64, Result<Vec<u8>, Problem>);

/// A body of JSON lines.
pub(super) struct NdjsonBody {
    chunks: BodyDataStream,
    /// What was received after the last line.
    rest: Vec<u8>,
    number: u64,
    ended: bool,
    longest: usize,
    patience: Duration,
}

impl FromRequest<AppState> for NdjsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<NdjsonBody, Problem> {
        check_type(request.headers(), &[TYPE, "application/jsonl", "application/json"])?;
        let (longest, patience) = (app.settings().body_bytes, app.settings().request_time);
        let chunks = request.into_body().into_data_stream();
        Ok(NdjsonBody { chunks, rest: Vec::new(), number: 0, ended: false, longest, patience })
    }
}

impl NdjsonBody {
    /// The lines as they come.
    pub(super) fn stream(self) -> impl Stream<Item = NdjsonLine> + Send {
        let ready = stream::unfold(self, async |mut lines| {
            let some = lines.some().await;
            (!some.is_empty()).then(|| (stream::iter(some), lines))
        });
        ready.flatten()
    }

    /// The lines of the next chunks; none at the end.
    async fn some(&mut self) -> Vec<NdjsonLine> {
        let mut some = Vec::new();
        while some.is_empty() && !self.ended {
            let problem = match timeout(self.patience, self.chunks.next()).await {
                Ok(Some(Ok(chunk))) => {
                    let from = self.rest.len();
                    self.rest.extend_from_slice(&chunk);
                    self.take(from, &mut some);
                    if self.rest.len() <= self.longest {
                        continue;
                    }
                    Some(too_large())
                }
                Ok(Some(Err(_))) => Some(Problem::bad_request("the body ended too early")),
                Err(_) => Some(Problem::new(ProblemCode::Timeout, "no more lines came: send them without such pauses")),
                Ok(None) => None,
            };
            self.ended = true;
            match problem {
                Some(problem) => some.push((self.number + 1, Err(problem))),
                None => {
                    self.rest.push(b'\n');
                    self.take(self.rest.len() - 1, &mut some);
                }
            }
        }
        some
    }

    /// Takes whole lines out of what was received; the first can end at `from` at the earliest.
    fn take(&mut self, from: usize, lines: &mut Vec<NdjsonLine>) {
        let (mut start, mut looked) = (0, from);
        while let Some(length) = self.rest[looked..].iter().position(|byte| *byte == b'\n') {
            let line = self.rest[start..looked + length].trim_ascii();
            self.number += 1;
            if !line.is_empty() {
                lines.push((self.number, Ok(line.to_vec())));
            }
            looked += length + 1;
            start = looked;
        }
        self.rest.drain(..start);
    }
}

/// An answer of JSON lines, each sent as it is made.
pub(super) fn answer<T: Serialize + 'static>(lines: impl Stream<Item = T> + Send + 'static) -> Response {
    let lines = lines.map(|line| {
        let mut json = serde_json::to_vec(&line).expect("answers are JSON");
        json.push(b'\n');
        Ok::<_, Infallible>(Bytes::from(json))
    });
    ([(header::CONTENT_TYPE, TYPE)], Body::from_stream(lines)).into_response()
}

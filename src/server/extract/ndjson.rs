//! JSON lines, streamed in both directions: memory holds a few lines at a time.

use std::convert::Infallible;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;

use super::json::{check_content_type, too_large};
use crate::server::middleware::{BodyReceipt, LineMemory};
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// The media type of JSON lines.
pub(crate) const NDJSON_TYPE: &str = "application/x-ndjson";

/// Refused lines at the start of a body after which the response begins, whether or not a later line can be used: enough
/// for a body that somebody typed, and little memory for one that never ends.
const MAX_HELD_LINES: usize = 100;

/// The buffer of a stream that waits for its next line: a long line before must not hold memory for hours.
const IDLE_BUFFER_BYTES: usize = 64 << 10;

/// A line that is not blank.
pub(crate) struct NdjsonLine {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes. An error is the last item.
    pub text: Result<Vec<u8>, Problem>,
    /// What it takes of the memory of bodies, until it is answered.
    pub memory: LineMemory,
}

impl NdjsonLine {
    pub(crate) fn new(number: u64, text: Result<Vec<u8>, Problem>) -> NdjsonLine {
        NdjsonLine { number, text, memory: LineMemory::default() }
    }
}

/// A body of JSON lines.
pub(crate) struct NdjsonBody {
    chunks: BodyDataStream,
    /// Received bytes after the last complete line.
    buffer: Vec<u8>,
    line_number: u64,
    ended: bool,
    max_line_bytes: usize,
    /// `None` for an empty body.
    receipt: Option<BodyReceipt>,
}

impl FromRequest<AppState> for NdjsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<NdjsonBody, Problem> {
        check_content_type(request.headers(), &[NDJSON_TYPE, "application/jsonl", "application/json"])?;
        let max_line_bytes = app.options().max_body_bytes;
        let receipt = request.extensions().get::<BodyReceipt>().cloned();
        let chunks = request.into_body().into_data_stream();
        Ok(NdjsonBody { chunks, buffer: Vec::new(), line_number: 0, ended: false, max_line_bytes, receipt })
    }
}

impl NdjsonBody {
    /// The lines as they arrive.
    pub(crate) fn stream(self) -> impl Stream<Item = NdjsonLine> + Send {
        let batches = stream::unfold(self, async |mut body| {
            let lines = body.next_lines().await;
            (!lines.is_empty()).then(|| (stream::iter(lines), body))
        });
        batches.flatten()
    }

    /// Returns the lines of the next chunks; none at the end.
    async fn next_lines(&mut self) -> Vec<NdjsonLine> {
        let mut lines = Vec::new();
        // A long line before must not hold memory.
        self.buffer.shrink_to(IDLE_BUFFER_BYTES);
        while lines.is_empty() && !self.ended {
            let problem = match self.chunks.next().await {
                Some(Ok(chunk)) => {
                    let from = self.buffer.len();
                    self.buffer.extend_from_slice(&chunk);
                    self.take_lines(from, &mut lines);
                    if self.buffer.len() <= self.max_line_bytes {
                        continue;
                    }
                    Some(too_large())
                }
                Some(Err(_)) => {
                    let failure = self.receipt.as_ref().and_then(BodyReceipt::take_failure);
                    Some(failure.unwrap_or_else(|| Problem::bad_request("the body ended too early")))
                }
                None => None,
            };
            self.ended = true;
            match problem {
                Some(problem) => lines.push(NdjsonLine::new(self.line_number + 1, Err(problem))),
                None => {
                    self.buffer.push(b'\n');
                    self.take_lines(self.buffer.len() - 1, &mut lines);
                }
            }
        }
        if let Some(receipt) = &self.receipt {
            let memory = receipt.keep(self.buffer.len());
            lines.iter_mut().for_each(|line| line.memory = memory.clone());
        }
        lines
    }

    /// Moves complete lines out of the buffer; the first one ends at `from` at the earliest.
    fn take_lines(&mut self, from: usize, lines: &mut Vec<NdjsonLine>) {
        let (mut start, mut scanned) = (0, from);
        while let Some(length) = self.buffer[scanned..].iter().position(|byte| *byte == b'\n') {
            let line = self.buffer[start..scanned + length].trim_ascii();
            self.line_number += 1;
            if !line.is_empty() {
                lines.push(NdjsonLine::new(self.line_number, Ok(line.to_vec())));
            }
            scanned += length + 1;
            start = scanned;
        }
        self.buffer.drain(..start);
    }
}

/// A response of JSON lines, each sent as soon as it is produced. The status is 422 if all lines were refused; to know,
/// the first ones are held back until one could be used.
pub(crate) async fn ndjson_response<T: Serialize + Send + 'static>(
    lines: impl Stream<Item = T> + Send + 'static,
    is_refused: fn(&T) -> bool,
) -> Response {
    let mut lines = Box::pin(lines);
    let mut held = Vec::new();
    let status = loop {
        match lines.next().await {
            Some(line) => {
                let was_used = !is_refused(&line);
                held.push(line);
                if was_used || held.len() == MAX_HELD_LINES {
                    break StatusCode::OK;
                }
            }
            None if held.is_empty() => break StatusCode::OK,
            None => break StatusCode::UNPROCESSABLE_ENTITY,
        }
    };
    let lines = stream::iter(held).chain(lines).map(|line| {
        let mut json = serde_json::to_vec(&line).expect("answers are JSON");
        json.push(b'\n');
        Ok::<_, Infallible>(Bytes::from(json))
    });
    (status, [(header::CONTENT_TYPE, NDJSON_TYPE)], Body::from_stream(lines)).into_response()
}

//! Answers that stay the same in one generation of the library and on one day: they have an `ETag`, and those that were
//! given last are kept.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::AppState;
use super::problem::{Problem, ProblemCode};
use crate::engine::{BoundedCache, Engine, PerGeneration};

/// Answers that are kept, in bytes: 400 lists of 20 papers. More rankings are kept by the engine.
const KEPT: usize = 16 << 20;

/// Answers of one generation by their tags.
pub(super) type EtagCache = PerGeneration<BoundedCache<String, CachedContent, KEPT>>;

/// What is answered.
pub(super) struct CachedContent {
    media_type: &'static str,
    bytes: Bytes,
}

impl CachedContent {
    /// A value as JSON.
    pub(super) fn json(value: &impl Serialize) -> Result<CachedContent, Problem> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
        Ok(CachedContent { media_type: "application/json", bytes: bytes.into() })
    }

    /// A text of a type.
    pub(super) fn text(media_type: &'static str, text: String) -> CachedContent {
        CachedContent { media_type, bytes: text.into() }
    }

    fn response(&self) -> Response {
        ([(header::CONTENT_TYPE, self.media_type)], self.bytes.clone()).into_response()
    }
}

/// What a request asks for, and which answers to it the client has.
pub(super) struct ConditionalRequest {
    address: String,
    known: String,
}

impl<S: Sync> FromRequestParts<S> for ConditionalRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ConditionalRequest, Infallible> {
        let known = parts.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Ok(ConditionalRequest { address: parts.uri.to_string(), known: known.unwrap_or_default().to_owned() })
    }
}

impl ConditionalRequest {
    /// Answers, unless the client has the answer already.
    pub(super) async fn answer(
        self,
        app: &AppState,
        work: impl FnOnce(&mut Engine) -> Result<CachedContent, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let today = app.today();
        let answers = app.clone();
        app.ask(move |engine| {
            let stamp = engine.library().generation_id()?;
            let hash = Sha256::new()
                .chain_update(stamp.nonce)
                .chain_update(today.to_string())
                .chain_update(&self.address)
                .chain_update(env!("CARGO_PKG_VERSION"))
                .finalize();
            // The time that an answer took is in it.
            let tag = weak(&hash);
            let answer = || {
                let answers = answers.answers().get_or_build(stamp, || Ok::<_, Problem>(BoundedCache::default()))?;
                let content = answers.get_or_read(tag.as_str(), |content| content.bytes.len(), || work(engine))?;
                Ok(content.response())
            };
            self.unless_known(&tag, answer)
        })
        .await
    }

    /// Answers with what changes for other reasons than the library, unless the client has the same already.
    pub(super) fn answer_with(&self, content: &CachedContent) -> Result<Response, Problem> {
        self.unless_known(&weak(&Sha256::digest(&content.bytes)), || Ok(content.response()))
    }

    fn unless_known(&self, tag: &str, answer: impl FnOnce() -> Result<Response, Problem>) -> Result<Response, Problem> {
        let is_known = self.known.split(',').map(str::trim).any(|known| known == "*" || known == tag);
        let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { answer()? };
        if let Ok(tag) = HeaderValue::try_from(tag) {
            response.headers_mut().insert(header::ETAG, tag);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        Ok(response)
    }
}

/// A weak `ETag` of a hash.
fn weak(hash: &[u8]) -> String {
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

//! Answers that stay the same in one generation of the library and on one day, by their `ETag`s.

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::{BoundedCache, PerGeneration};
use crate::server::problem::{Problem, ProblemCode};

/// Maximum size of the cached answers in bytes: 400 lists of 20 papers. The engine caches more rankings.
const CACHE_BYTES: usize = 16 << 20;

/// Answers of one generation by their tags.
pub(crate) type EtagCache = PerGeneration<BoundedCache<String, CachedContent, CACHE_BYTES>>;

/// The body of an answer with its media type.
pub(crate) struct CachedContent {
    media_type: &'static str,
    bytes: Bytes,
}

impl CachedContent {
    /// A value as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<CachedContent, Problem> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))?;
        Ok(CachedContent { media_type: "application/json", bytes: bytes.into() })
    }

    /// A text of a media type.
    pub(crate) fn text(media_type: &'static str, text: String) -> CachedContent {
        CachedContent { media_type, bytes: text.into() }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn response(&self) -> Response {
        ([(header::CONTENT_TYPE, self.media_type)], self.bytes.clone()).into_response()
    }
}

//! Conditional requests: an answer that the client has already, by its `ETag`, is not sent again.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::engine::{BoundedCache, Engine};
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, CachedContent};

/// The URL of a request, and the tags of the answers that the client has.
pub(crate) struct ConditionalRequest {
    url: String,
    if_none_match: String,
}

impl<S: Sync> FromRequestParts<S> for ConditionalRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ConditionalRequest, Infallible> {
        let tags = parts.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Ok(ConditionalRequest { url: parts.uri.to_string(), if_none_match: tags.unwrap_or_default().to_owned() })
    }
}

impl ConditionalRequest {
    /// Answers with content that depends on the URL, the library and the day alone. It is computed by a worker unless the
    /// client or the cache has it.
    pub(crate) async fn answer(
        self,
        app: &AppState,
        compute: impl FnOnce(&mut Engine) -> Result<CachedContent, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let cache_owner = app.clone();
        app.run(move |engine| {
            let id = engine.generation_id()?;
            let hash = Sha256::new()
                .chain_update(id.nonce)
                .chain_update(engine.today().to_string())
                .chain_update(&self.url)
                .chain_update(env!("CARGO_PKG_VERSION"))
                .finalize();
            // Weak, because the answer contains the time that it took.
            let tag = weak_etag(&hash);
            let answer = || {
                let cache = cache_owner.etag_cache().get_or_build(id, || Ok::<_, Problem>(BoundedCache::default()))?;
                let content = cache.get_or_read(tag.as_str(), |content| content.bytes().len(), || compute(engine))?;
                Ok(content.response())
            };
            self.unless_known(&tag, answer)
        })
        .await
    }

    /// Answers with content that also changes for other reasons; its tag is its hash.
    pub(crate) fn answer_with(&self, content: &CachedContent) -> Result<Response, Problem> {
        self.unless_known(&weak_etag(&Sha256::digest(content.bytes())), || Ok(content.response()))
    }

    fn unless_known(&self, tag: &str, answer: impl FnOnce() -> Result<Response, Problem>) -> Result<Response, Problem> {
        let is_known = self.if_none_match.split(',').map(str::trim).any(|known| known == "*" || known == tag);
        let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { answer()? };
        if let Ok(tag) = HeaderValue::try_from(tag) {
            response.headers_mut().insert(header::ETAG, tag);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        Ok(response)
    }
}

fn weak_etag(hash: &[u8]) -> String {
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

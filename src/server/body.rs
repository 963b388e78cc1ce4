//! Bodies of requests: JSON, and lines of JSON; read with limits, refused as [`Problem`]s.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use super::problem::{Problem, ProblemCode};

/// A body of `application/json`.
pub(super) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonBody<T>, Problem> {
        check_type(request.headers(), &["application/json"])?;
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                _ => Problem::bad_request("the body ended too early"),
            }
        })?;
        object(&bytes).map(JsonBody).map_err(|reason| Problem::bad_request(format!("in the body: {reason}")))
    }
}

/// Reads an object. A list of its values in order, which serde would take too, is none.
pub(super) fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    match json.trim_ascii_start().first() {
        None | Some(b'{') => serde_json::from_slice(json).map_err(|error| error.to_string()),
        Some(_) => Err("give an object: `{...}`".to_owned()),
    }
}

/// A body that is longer than the server reads.
pub(super) fn too_large() -> Problem {
    Problem::new(ProblemCode::TooLarge, "the body, or a line of it, is longer than this server reads")
}

/// Refuses bodies of other types, and compressed ones.
pub(super) fn check_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refused = |detail| Err(Problem::new(ProblemCode::UnsupportedMediaType, detail));
    if !["", "identity"].contains(&text(header::CONTENT_ENCODING)) {
        return refused("send the body without `Content-Encoding`".to_owned());
    }
    let given = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    match types.iter().any(|known| known.eq_ignore_ascii_case(given)) {
        true => Ok(()),
        false => refused(format!("send `Content-Type: {}`", types.join("` or `"))),
    }
}

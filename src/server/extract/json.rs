//! JSON bodies, and fields that come in a JSON body or in the query string.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use memchr::memmem;
use serde::de::DeserializeOwned;

use super::json_fields::JsonTree;
use super::query::QueryFields;
use crate::server::problem::{Problem, ProblemCode};

/// A body of `application/json`.
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonBody<T>, Problem> {
        check_content_type(request.headers(), &["application/json"])?;
        parse_body(&read_body(request, state).await?).map(JsonBody)
    }
}

/// The fields of a JSON body or, without a body, of the query string.
pub(crate) struct JsonOrQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOrQuery<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonOrQuery<T>, Problem> {
        let (mut parts, body) = request.into_parts();
        // The limit of the body is in the extensions of the parts.
        let bytes = read_body(Request::from_parts(parts.clone(), body), state).await?;
        if bytes.is_empty() {
            return QueryFields::from_request_parts(&mut parts, state).await.map(|fields| JsonOrQuery(fields.0));
        }
        check_content_type(&parts.headers, &["application/json"])?;
        match parts.uri.query().unwrap_or_default() {
            "" => parse_body(&bytes).map(JsonOrQuery),
            _ => Err(Problem::bad_request("give the fields in the body or in the query, not in both")),
        }
    }
}

async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::bad_request("the body ended too early"),
    })
}

fn parse_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    json_object(bytes).map_err(|reason| Problem::bad_request(format!("in the body: {reason}")))
}

/// Parses a JSON object, in which a field that is `null` counts as absent, and `5.0` as an integer. serde would also accept
/// an array with the values in order; that is refused.
pub(crate) fn json_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    let parsed = match json.trim_ascii_start().first() {
        // Most bodies need no detour, and errors have a line and a column without it.
        None | Some(b'{') if memmem::find(json, b"null").is_none() => {
            serde_json::from_slice(json).or_else(|error| read_tree(json).map_err(|_| error))
        }
        None | Some(b'{') => read_tree(json),
        Some(_) => return Err("expected an object: `{...}`".to_owned()),
    };
    parsed.map_err(|error| error.to_string())
}

fn read_tree<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json).and_then(JsonTree::read)
}

/// The problem of a body, or a line of it, that is longer than `--max-body` allows.
pub(crate) fn too_large() -> Problem {
    Problem::new(ProblemCode::TooLarge, "the body, or a line of it, is larger than this server accepts")
}

/// Whether the body is declared as JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    check_content_type(headers, &["application/json"]).is_ok()
}

/// Refuses bodies with another content type, and compressed ones.
pub(super) fn check_content_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Problem> {
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

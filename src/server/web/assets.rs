//! The files that pages name: in the program, and kept by browsers until there are others.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::server::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let (kind, bytes) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("assets/style.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("assets/page.js")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // Changes with the file: browsers ask whether they have the newest.
    let tag = format!("\"{:08x}\"", crc32fast::hash(bytes.as_bytes()));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag);
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if known { "" } else { bytes };
    let about = [(header::CONTENT_TYPE, kind), (header::ETAG, &tag), (header::CACHE_CONTROL, "no-cache")];
    (status, about, body).into_response()
}

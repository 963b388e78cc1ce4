//! Static files of the page: compiled in, and cached by browsers until they change.

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::server::access::RouteAccess;
use crate::server::guarded_router::GuardedRouter;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/assets/{name}", RouteAccess::Open, asset)
}

/// The media type and the content of a file.
fn file(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "style.css" => ("text/css; charset=utf-8", include_str!("assets/style.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("assets/page.js")),
        "icons.svg" => ("image/svg+xml", include_str!("assets/icons.svg")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return None,
    })
}

fn hash(content: &str) -> String {
    format!("{:08x}", crc32fast::hash(content.as_bytes()))
}

/// The address of a file with its hash, under which browsers keep it without asking again: a page is painted sooner.
pub(super) fn asset_address(name: &str) -> String {
    file(name).map_or_else(String::new, |(_, content)| format!("/assets/{name}?{}", hash(content)))
}

async fn asset(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some((media_type, content)) = file(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let hash = hash(content);
    let caching = if query.as_ref() == Some(&hash) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag = format!("\"{hash}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag);
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if known { "" } else { content };
    let headers_of_file = [(header::CONTENT_TYPE, media_type), (header::ETAG, &tag), (header::CACHE_CONTROL, caching)];
    (status, headers_of_file, body).into_response()
}

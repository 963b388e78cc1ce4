//! Static files of the page: compiled in, and cached by browsers until they change.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::server::access::RouteAccess;
use crate::server::guarded_router::GuardedRouter;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/assets/{name}", RouteAccess::Open, asset)
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let (media_type, bytes) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("assets/style.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("assets/page.js")),
        "icons.svg" => ("image/svg+xml", include_str!("assets/icons.svg")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // A hash of the file: browsers revalidate their copies with it.
    let tag = format!("\"{:08x}\"", crc32fast::hash(bytes.as_bytes()));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag);
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if known { "" } else { bytes };
    let headers_of_file =
        [(header::CONTENT_TYPE, media_type), (header::ETAG, &tag), (header::CACHE_CONTROL, "no-cache")];
    (status, headers_of_file, body).into_response()
}

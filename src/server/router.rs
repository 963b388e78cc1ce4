//! All routes, and what each request passes before it reaches one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa_axum::router::OpenApiRouter;

use super::problem::{Code, Problem};
use super::{App, ask, batch, lines, openapi, papers, status};

/// The service behind one address.
pub(super) fn router(app: App, _address: SocketAddr) -> Router {
    let (router, openapi) = OpenApiRouter::with_openapi(openapi::whole())
        .merge(status::routes())
        .merge(ask::routes())
        .merge(batch::routes())
        .merge(papers::routes())
        .split_for_parts();
    // Lines are sent as they are made: compression would wait for more of them.
    let compressed = DefaultPredicate::new().and(NotForContentType::const_new(lines::TYPE));
    // Made once: it is the same for everybody.
    let description = Arc::new(openapi);
    router
        .route("/openapi.json", get(async move || Json(description.as_ref()).into_response()))
        .fallback(async || Problem::new(Code::NotFound, "`/openapi.json` has all addresses"))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed, "the header `Allow` has those that are"))
        .layer(DefaultBodyLimit::max(app.settings().body_bytes))
        .layer(CompressionLayer::new().compress_when(compressed))
        .with_state(app)
}

//! All routes, and what each request passes before it reaches one.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa_axum::router::OpenApiRouter;

use super::problem::{Problem, ProblemCode};
use super::{
    AppState, ask, batch, compatible, feedback, feeds, guard, lines, numbers, observe, openapi, pages, papers,
    profiles, status,
};

/// The service: what is merged here is guarded, observed and answered as all the rest.
pub(super) fn router(app: AppState) -> Router {
    let (router, description) = OpenApiRouter::with_openapi(openapi::whole())
        .merge(status::routes())
        .merge(ask::routes())
        .merge(batch::routes())
        .merge(papers::routes())
        .merge(profiles::routes())
        .merge(feedback::routes())
        .merge(compatible::routes())
        .split_for_parts();
    // Made once: it is the same for everybody.
    let description = Arc::new(openapi::finished(description));
    // Lines are sent as they are made: compression would wait for more of them.
    let compressed = DefaultPredicate::new().and(NotForContentType::const_new(lines::TYPE));
    router
        .merge(numbers::routes())
        .merge(pages::routes())
        .merge(feeds::routes())
        .route("/openapi.json", get(async move || Json(description.as_ref()).into_response()))
        .fallback(async || Problem::new(ProblemCode::NotFound, "`/openapi.json` has all addresses"))
        .method_not_allowed_fallback(async || {
            Problem::new(ProblemCode::MethodNotAllowed, "the header `Allow` has those that are")
        })
        .layer(DefaultBodyLimit::max(app.settings().body_bytes))
        .layer(CatchPanicLayer::custom(|_| panicked()))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(middleware::from_fn(compatible::translate))
        .layer(middleware::from_fn(pages::for_people))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(middleware::from_fn(observe::observe))
        .with_state(app)
}

fn panicked() -> Response {
    Problem::new(ProblemCode::Internal, "the server's log says more under this request's id").into_response()
}

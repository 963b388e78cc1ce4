//! The service as a whole: all routes, and the middleware that every request passes.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::{Extension, Router, middleware as layers};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use super::extract::NDJSON_TYPE;
use super::guarded_router::GuardedRouter;
use super::middleware::{self, AuthGuard, AuthState, BodyLimits};
use super::problem::{Problem, ProblemCode};
use super::routes::openapi;
use super::runtime::AppState;
use super::{compat, routes, web};

fn all_routes() -> GuardedRouter {
    GuardedRouter::new().merge(routes::routes()).merge(compat::routes()).merge(web::routes())
}

/// Builds the service. The last layer is the outermost one.
pub(super) fn router(app: AppState, guard: Arc<AuthGuard>) -> Router {
    let (router, description, access) = all_routes().into_parts(openapi::base());
    // Built once: it is the same for everybody.
    let description = Arc::new(openapi::complete(description, &access, &guard, &app));
    let auth = Arc::new(AuthState::new(guard, access));
    // JSON lines are sent as they are produced: compression would buffer them.
    let compresses = DefaultPredicate::new().and(NotForContentType::const_new(NDJSON_TYPE));
    // 45 kB of a ranking become 21 kB, in a tenth of the time that the ranking takes.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compresses);
    router
        .fallback(async || Problem::new(ProblemCode::NotFound, "see `/openapi.json` for all routes"))
        .method_not_allowed_fallback(async || {
            Problem::new(ProblemCode::MethodNotAllowed, "see the header `Allow` for the methods of this route")
        })
        .layer(Extension(description))
        .layer(DefaultBodyLimit::max(app.options().max_body_bytes))
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(layers::from_fn_with_state(app.options().request_timeout, middleware::limit_time))
        .layer(layers::from_fn_with_state(BodyLimits::new(app.options()), middleware::receive_body))
        .layer(layers::from_fn_with_state(auth.clone(), middleware::authorize))
        .layer(layers::from_fn_with_state(auth, middleware::allow_origins))
        .layer(layers::from_fn(middleware::check_connection))
        .layer(layers::from_fn(middleware::translate_problem))
        .layer(layers::from_fn(middleware::show_problem_page))
        .layer(compression)
        .layer(layers::from_fn(middleware::log_access))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::access::RouteAccess;

    /// A change of this list is a change of who may do what.
    const ACCESS: [&str; 72] = [
        "GET / read, profile",
        "GET /assets/{name} open",
        "GET /bibtex/{*id} read, profile",
        "POST /density write, profile",
        "POST /done write, profile",
        "POST /embed read",
        "GET /feeds/{file} open",
        "POST /graph/v1/paper/batch read",
        "GET /graph/v1/paper/search read",
        "GET /graph/v1/paper/{*paper_id} read",
        "GET /graph/v1/paper/{paper_id}/citations read",
        "GET /graph/v1/paper/{paper_id}/references read",
        "GET /health/live open",
        "GET /health/ready open",
        "GET /info read",
        "POST /interest write, profile",
        "GET /library read, profile",
        "GET /library/export.bib read, profile",
        "GET /library/export.jsonl read, profile",
        "POST /library/import write, profile",
        "POST /library/undo-import write, profile",
        "POST /mcp read",
        "GET /metrics read, private",
        "GET /openapi.json read",
        "GET /paper/{*id} read, profile",
        "GET /profiles read, profile",
        "POST /profiles/choose write, profile",
        "POST /profiles/follow write, profile",
        "POST /profiles/remove admin, private",
        "POST /profiles/renew write, profile",
        "POST /profiles/unfollow write, profile",
        "POST /recommendations/v1/papers read",
        "POST /recommendations/v1/papers/ read",
        "GET /recommendations/v1/papers/forpaper/{*paper_id} read",
        "GET /report read, private",
        "POST /report/follow write, private",
        "POST /report/make write, private",
        "GET /report/{id}/{level}/{number} read, private",
        "GET /search read, profile",
        "GET /start read, profile",
        "POST /start write, profile",
        "POST /theme write, profile",
        "POST /unseen write, profile",
        "POST /v1/embeddings read",
        "GET /v1/models read",
        "GET /v1/models/{*name} read",
        "POST /v1/papers write, private",
        "DELETE /v1/papers/{id} admin, private",
        "GET /v1/papers/{id} read",
        "GET /v1/papers/{id}/similar read",
        "POST /v1/papers/{id}/similar read",
        "GET /v1/profiles read, profile",
        "DELETE /v1/profiles/{id} admin, profile",
        "GET /v1/profiles/{id} read, profile",
        "PUT /v1/profiles/{id} write, profile",
        "GET /v1/profiles/{id}/feed read, profile",
        "POST /v1/profiles/{id}/feed write, profile",
        "POST /v1/profiles/{id}/feedback write, profile",
        "GET /v1/profiles/{id}/interests read, profile",
        "POST /v1/profiles/{id}/interests write, profile",
        "POST /v1/recommend read",
        "POST /v1/recommend/batch read",
        "GET /v1/reports read, private",
        "POST /v1/reports write, private",
        "DELETE /v1/reports/{id} write, private",
        "GET /v1/reports/{id} read, private",
        "GET /v1/reports/{id}/files/{name} read, private",
        "GET /v1/search read",
        "POST /v1/search read",
        "GET /v1/starters read",
        "GET /v1/status read",
        "POST /vote write, profile",
    ];

    #[test]
    fn access_of_every_route() {
        let (_, _, table) = all_routes().into_parts(openapi::base());
        let rows = table.rows().into_iter().map(|(route, method, access)| match access {
            RouteAccess::Open => format!("{method} {route} open"),
            RouteAccess::PublicRead => format!("{method} {route} read"),
            RouteAccess::Private(scope) => format!("{method} {route} {scope}, private"),
            RouteAccess::Profile(scope) => format!("{method} {route} {scope}, profile"),
        });
        assert_eq!(rows.collect::<Vec<_>>(), ACCESS);
    }
}

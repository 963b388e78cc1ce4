//! `GET /openapi.json`: the description of all routes, generated from the handlers.

use std::sync::Arc;

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::nullable_fields::allow_null;
use crate::recommend::HistoryItem;
use crate::server::access::{AccessTable, RouteAccess};
use crate::server::guarded_router::GuardedRouter;
use crate::server::middleware::AuthGuard;
use crate::server::problem::Problem;

/// The tag of the APIs of other services.
const COMPATIBLE_TAG: &str = "compatible";

/// The name of the security scheme.
const TOKEN_SCHEME: &str = "token";

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/openapi.json", RouteAccess::PublicRead, openapi_json)
}

async fn openapi_json(Extension(description): Extension<Arc<OpenApi>>) -> Response {
    Json(description.as_ref()).into_response()
}

/// The general part of the description.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "paperkin", description = "Semantic recommendations for research papers."),
    components(schemas(Problem)),
    tags(
        (name = "queries", description = "Search, similar papers, recommendations"),
        (name = "papers", description = "Papers of the library"),
        (name = "profiles", description = "Reading histories, feedback and feeds"),
        (name = "service", description = "Health and status"),
        (name = "compatible", description = "APIs of other services"),
    )
)]
struct ApiDescription;

/// Returns the description without routes.
pub(in crate::server) fn base() -> OpenApi {
    <ApiDescription as utoipa::OpenApi>::openapi()
}

/// Adds what the handlers cannot describe: that every route may answer a problem, which tokens it needs on this server,
/// and that fields of request bodies may be `null`. OpenAPI has no wildcard parameters, so they become plain ones.
pub(in crate::server) fn complete(mut description: OpenApi, access: &AccessTable, guard: &AuthGuard) -> OpenApi {
    for (path, item) in &mut description.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::PUT, &mut item.put),
            (Method::POST, &mut item.post),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let problem = problem_response(operation);
            operation.responses.responses.entry("default".to_owned()).or_insert(problem);
            operation.security = access.declared(path, &method).and_then(|access| security(access, guard));
        }
    }
    allow_null(&mut description);
    let paths = std::mem::take(&mut description.paths.paths);
    description.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    if guard.has_tokens() {
        let components = description.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.security_schemes.insert(TOKEN_SCHEME.to_owned(), RefOr::T(scheme));
    }
    description
}

/// The token that an operation needs on this server, with its scope; one that is optional has an empty alternative.
fn security(access: RouteAccess, guard: &AuthGuard) -> Option<Vec<SecurityRequirement>> {
    let scope = access.scope().filter(|_| guard.has_tokens())?;
    let token = SecurityRequirement::new(TOKEN_SCHEME, [scope.to_string()]);
    Some(match guard.needs_token(access) {
        true => vec![token],
        false => vec![SecurityRequirement::default(), token],
    })
}

/// A problem, in the format that clients of the route expect.
fn problem_response(operation: &Operation) -> RefOr<utoipa::openapi::Response> {
    let response = ResponseBuilder::new().description("The problem");
    let response = match operation.tags.iter().flatten().any(|tag| tag == COMPATIBLE_TAG) {
        true => response.content("application/json", Content::new(Some(Object::with_type(Type::Object)))),
        false => response.content(
            "application/problem+json",
            Content::new(Some(Ref::from_schema_name(<Problem as ToSchema>::name()))),
        ),
    };
    response.build().into()
}

/// `HistoryItem` is deserialized by hand, so its schema is written by hand too.
impl PartialSchema for HistoryItem {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str| string().description(Some(description)).build();
        let object = ObjectBuilder::new()
            .property("id", text("A paper of the library"))
            .property("title", text("The title of a paper, which need not be in the library"))
            .property("abstract", text("Its abstract"))
            .property("weight", ObjectBuilder::new().schema_type(SchemaType::new(Type::Number)).build())
            .property("at", text("The day, such as 2025-01-31"))
            .property("interest", text("The name of the interest it belongs to, for the strategy `interests`"))
            .build();
        let id: Object = text("A paper's id");
        RefOr::T(Schema::OneOf(OneOfBuilder::new().item(id).item(object).build()))
    }
}

impl ToSchema for HistoryItem {}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

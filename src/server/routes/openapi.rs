//! `GET /openapi.json`: the description of all routes, generated from the handlers.

use std::sync::Arc;

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::Object;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, ResponseBuilder, Schema};

use super::body_fields::allow_null;
use super::request_schemas::ProfileName;
use super::search_fields::ResultField;
use crate::paper::PaperId;
use crate::server::access::{AccessTable, RouteAccess};
use crate::server::compat::{
    OpenAiErrorBody, S2ErrorBody, S2FieldName, S2GraphFieldName, S2LinkFieldName, S2Pool, TeiErrorBody, error_schema,
};
use crate::server::guarded_router::GuardedRouter;
use crate::server::middleware::AuthGuard;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// The operation whose body may be left out. utoipa would describe it as one that may be `null`.
const WITH_OPTIONAL_BODY: &str = "take_feed";
/// The schema of requests of OpenAI's API.
const OPENAI_REQUEST: &str = "OpenAiEmbedRequest";

/// Security schemes: their names, and what they are.
const SECURITY_SCHEMES: [(&str, HttpAuthScheme, &str); 2] = [
    (
        "token",
        HttpAuthScheme::Bearer,
        "A token that `paperkin token` printed. Its scope is `read` (run queries, read profiles), `write` (also add papers, \
         change profiles) or `admin` (also remove papers and profiles); each operation names the scope that it needs. A \
         server without tokens, which only its own machine can reach, needs none.",
    ),
    (
        "password",
        HttpAuthScheme::Basic,
        "A token as the password, with any name: what a browser sends when it asks for a password. The scopes are those of \
         `token`.",
    ),
];

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/openapi.json", RouteAccess::PublicRead, openapi_json)
}

async fn openapi_json(Extension(description): Extension<Arc<OpenApi>>) -> Response {
    Json(description.as_ref()).into_response()
}

/// The general part of the description.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "paperkin",
        description = "Semantic recommendations for research papers: search, similar papers, recommendations for reading \
                       histories, and feeds. Errors are problems (RFC 9457) with a `code`; the APIs of other services have \
                       the errors of those services."
    ),
    components(schemas(
        Problem, OpenAiErrorBody, S2ErrorBody, TeiErrorBody,
        // utoipa does not collect the types of parameters.
        PaperId, ProfileName, ResultField, S2FieldName, S2GraphFieldName, S2LinkFieldName, S2Pool
    )),
    tags(
        (name = "queries", description = "Search, similar papers, recommendations"),
        (name = "papers", description = "Papers of the library"),
        (name = "profiles", description = "Reading histories, feedback and feeds"),
        (name = "reports", description = "Similarity reports of the library"),
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
/// what this server's options and model allow, and that fields of request bodies may be `null`. OpenAPI has no wildcard
/// parameters, so they become plain ones.
pub(in crate::server) fn complete(
    mut description: OpenApi,
    access: &AccessTable,
    guard: &AuthGuard,
    app: &AppState,
) -> OpenApi {
    let components = description.components.get_or_insert_default();
    for (path, item) in &mut description.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::PUT, &mut item.put),
            (Method::POST, &mut item.post),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let problem = problem_response(path);
            operation.responses.responses.entry("default".to_owned()).or_insert(problem);
            if let Some(RefOr::T(body)) = &mut operation.request_body
                && operation.operation_id.as_deref() == Some(WITH_OPTIONAL_BODY)
            {
                body.required = Some(Required::False);
            }
            operation.security = access.declared(path, &method).and_then(|access| security(access, guard));
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(Parameter { name, schema: Some(schema), .. }) = parameter
                    && name == "limit"
                {
                    bound_limit(schema, app.options().max_results);
                }
            }
        }
    }
    for (name, schema) in &mut components.schemas {
        for object in objects(schema) {
            for (field, schema) in &mut object.properties {
                match (name.as_str(), field.as_str()) {
                    (_, "limit") => bound_limit(schema, app.options().max_results),
                    (OPENAI_REQUEST, "dimensions") => bound(schema, app.model().dimension, app.model().dimension),
                    _ => {}
                }
            }
        }
    }
    for (name, scheme, text) in SECURITY_SCHEMES {
        let scheme = Http::builder().scheme(scheme).description(Some(text)).build();
        components.security_schemes.insert(name.to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
    }
    allow_null(&mut description);
    let paths = std::mem::take(&mut description.paths.paths);
    description.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    description
}

/// The objects that a schema consists of.
fn objects(schema: &mut RefOr<Schema>) -> Vec<&mut Object> {
    match schema {
        RefOr::T(Schema::Object(object)) => vec![object],
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// Sets the maximum of a `limit` that has none.
fn bound_limit(schema: &mut RefOr<Schema>, max_results: usize) {
    if matches!(schema, RefOr::T(Schema::Object(Object { maximum: None, .. }))) {
        bound(schema, 1, max_results);
    }
}

fn bound(schema: &mut RefOr<Schema>, minimum: usize, maximum: usize) {
    if let RefOr::T(Schema::Object(number)) = schema {
        (number.minimum, number.maximum) = (Some(minimum.into()), Some(maximum.into()));
    }
}

/// What an operation needs on this server, each with its scope; where a token is optional, nothing is an alternative.
fn security(access: RouteAccess, guard: &AuthGuard) -> Option<Vec<SecurityRequirement>> {
    let scope = access.scope()?;
    let none = (!guard.needs_token(access)).then(SecurityRequirement::default);
    let schemes = SECURITY_SCHEMES.iter().map(|(name, ..)| SecurityRequirement::new(*name, [scope.to_string()]));
    Some(none.into_iter().chain(schemes).collect())
}

/// A problem, in the format that clients of the route expect.
fn problem_response(path: &str) -> RefOr<utoipa::openapi::Response> {
    let (media_type, name) = match error_schema(path) {
        Some(name) => ("application/json", name),
        None => ("application/problem+json", Problem::name()),
    };
    let content = Content::new(Some(Ref::from_schema_name(name)));
    ResponseBuilder::new().description("What is wrong with the request").content(media_type, content).build().into()
}

//! The native API of text-embeddings-inference: `POST /embed`, `GET /info`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::routes;

use super::{PromptName, check_texts, text_or_texts};
use crate::server::access::RouteAccess;
use crate::server::extract::JsonBody;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::runtime::AppState;

/// Maximum number of texts per request.
const MAX_TEXTS: usize = 2048;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(embed))
        .operation(RouteAccess::PublicRead, routes!(info))
}

/// A problem in the error format of text-embeddings-inference.
pub(super) fn error_body(problem: &Problem) -> Value {
    let kind = match problem.code() {
        ProblemCode::ServerBusy | ProblemCode::RateLimited => "Overloaded",
        ProblemCode::Unauthorized => "Unauthorized",
        _ if problem.status().is_server_error() => "Backend",
        _ => "Validation",
    };
    json!(TeiErrorBody { error: problem.detail().to_owned(), error_type: kind })
}

/// An error of text-embeddings-inference.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::server) struct TeiErrorBody {
    /// What is wrong with the request.
    error: String,
    /// `Validation`, `Overloaded`, `Unauthorized` or `Backend`.
    error_type: &'static str,
}

/// Texts to embed. Texts that are too long for the model are truncated.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct TeiEmbedRequest {
    inputs: TeiInputs,
    /// Must be `true`: embeddings are always normalized.
    #[serde(default = "default_normalize")]
    #[schema(schema_with = always_true)]
    normalize: bool,
    /// What the texts are: the model's prompt for it is put before each.
    prompt_name: Option<PromptName>,
}

fn default_normalize() -> bool {
    true
}

fn always_true() -> RefOr<Schema> {
    // Generators of clients know no enum of booleans, and utoipa has no field for `const`.
    let only = Extensions::from_iter([("const", true)]);
    let only = ObjectBuilder::new().schema_type(Type::Boolean).extensions(Some(only));
    let description = "Must be `true`: embeddings are always normalized.";
    OneOfBuilder::new().description(Some(description)).item(Object::with_type(Type::Null)).item(only).into()
}

/// One text or many.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TeiInputs {
    Text(String),
    Texts(Vec<String>),
}

impl PartialSchema for TeiInputs {
    fn schema() -> RefOr<Schema> {
        text_or_texts(MAX_TEXTS)
    }
}

impl ToSchema for TeiInputs {}

/// Embed texts (text-embeddings-inference)
///
/// Returns one embedding for each text, in their order. Texts that are too long for the model are truncated.
#[utoipa::path(post, path = "/embed", tag = "compatible", operation_id = "tei_embed",
    request_body(content = TeiEmbedRequest, description = "A text, or a list of texts",
        example = json!({ "inputs": ["robots that use tools", "hammers for two"] })),
    responses((status = 200, description = "An embedding for each text", body = Vec<Vec<f32>>)))]
async fn embed(
    State(app): State<AppState>,
    JsonBody(request): JsonBody<TeiEmbedRequest>,
) -> Result<Json<Vec<Vec<f32>>>, Problem> {
    if !request.normalize {
        return Err(Problem::bad_request("`normalize` must be true: embeddings are always normalized"));
    }
    let texts = match request.inputs {
        TeiInputs::Text(text) => vec![text],
        TeiInputs::Texts(texts) => texts,
    };
    check_texts("inputs", &texts, MAX_TEXTS)?;
    let embedded = app.embed(request.prompt_name.unwrap_or_default().side(), texts).await?;
    Ok(Json(embedded.iter().map(|embedded| embedded.embedding.as_slice().to_vec()).collect()))
}

/// The model, and limits of the server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TeiInfo {
    model_id: String,
    model_sha: String,
    #[schema(value_type = Object)]
    model_type: Value,
    max_client_batch_size: usize,
    auto_truncate: bool,
    version: &'static str,
}

/// Describe the model (text-embeddings-inference)
///
/// Returns the model of the library, and the limits of the server.
#[utoipa::path(get, path = "/info", tag = "compatible", operation_id = "tei_get_info",
    responses((status = 200, description = "The model and the limits", body = TeiInfo, example = json!({
        "model_id": "all-MiniLM-L6-v2", "model_sha": "6e8a4b2d", "model_type": { "embedding": { "pooling": "mean" } },
        "max_client_batch_size": 2048, "auto_truncate": true, "version": "0.1.0" }))))]
async fn info(State(app): State<AppState>) -> Json<TeiInfo> {
    let model = app.model();
    Json(TeiInfo {
        model_id: model.name.clone(),
        model_sha: model.fingerprint.clone(),
        model_type: json!({ "embedding": { "pooling": "mean" } }),
        max_client_batch_size: MAX_TEXTS,
        auto_truncate: true,
        version: env!("CARGO_PKG_VERSION"),
    })
}

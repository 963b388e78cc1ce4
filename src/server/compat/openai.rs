//! OpenAI's embeddings API: `POST /v1/embeddings`, `GET /v1/models`.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::routes;

use super::{PromptName, check_texts, text_or_texts};
use crate::server::access::RouteAccess;
use crate::server::extract::{JsonBody, PathParam};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::{Problem, ProblemCode};
use crate::server::runtime::AppState;
use crate::vector::Embedding;

/// Maximum number of texts per request, as in the original API.
const MAX_TEXTS: usize = 2048;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .operation(RouteAccess::PublicRead, routes!(create_embeddings))
        .operation(RouteAccess::PublicRead, routes!(list_models))
        .operation(RouteAccess::PublicRead, routes!(get_model))
}

/// A problem in OpenAI's error format.
pub(super) fn error_body(problem: &Problem) -> Value {
    let kind = match problem.code() {
        ProblemCode::Unauthorized => "authentication_error",
        ProblemCode::Forbidden => "permission_error",
        ProblemCode::RateLimited => "rate_limit_error",
        _ if problem.status().is_server_error() => "server_error",
        _ => "invalid_request_error",
    };
    let message = problem.detail().to_owned();
    json!(OpenAiErrorBody { error: OpenAiError { message, kind, param: None, code: problem.code() } })
}

/// An answer of OpenAI's API that is an error.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::server) struct OpenAiErrorBody {
    error: OpenAiError,
}

/// An error of OpenAI's API.
#[derive(Serialize, utoipa::ToSchema)]
struct OpenAiError {
    /// What is wrong with the request.
    message: String,
    /// The kind of error.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `null`.
    param: Option<String>,
    code: ProblemCode,
}

/// Texts to embed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct OpenAiEmbedRequest {
    /// A text, or a list of texts.
    input: OpenAiInput,
    /// The model of this server; see `/v1/models`.
    #[schema(max_length = 1_000)]
    model: String,
    #[serde(default)]
    encoding_format: EncodingFormat,
    /// Must be the dimension of the model.
    dimensions: Option<usize>,
    /// What the texts are: the model's prompt for it is put before each. Not a part of the original API.
    prompt_name: Option<PromptName>,
}

/// One text or many.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OpenAiInput {
    Text(String),
    Texts(Vec<String>),
    /// Anything else, such as tokens: refused.
    Other(IgnoredAny),
}

/// What is refused is not described.
impl PartialSchema for OpenAiInput {
    fn schema() -> RefOr<Schema> {
        text_or_texts(MAX_TEXTS)
    }
}

impl ToSchema for OpenAiInput {}

/// How embeddings are encoded.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum EncodingFormat {
    /// A JSON array.
    #[default]
    Float,
    /// Little-endian 32-bit floats in base64.
    Base64,
}

/// The embeddings of a request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OpenAiEmbedResponse {
    object: &'static str,
    data: Vec<OpenAiEmbedding>,
    model: String,
    usage: TokenUsage,
}

/// One embedding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OpenAiEmbedding {
    object: &'static str,
    index: usize,
    embedding: EmbeddingValues,
}

/// The values of an embedding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum EmbeddingValues {
    Float(Vec<f32>),
    Base64(String),
}

/// The number of embedded tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TokenUsage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// Embed texts (OpenAI)
///
/// Returns one embedding for each text, in their order. The model is that of the library; any other is not found.
#[utoipa::path(post, path = "/v1/embeddings", tag = "compatible", operation_id = "openai_create_embeddings",
    request_body(content = OpenAiEmbedRequest, description = "The texts and the model",
        example = json!({ "input": "robots that use tools", "model": "all-MiniLM-L6-v2" })),
    responses((status = 200, description = "An embedding for each text", body = OpenAiEmbedResponse)))]
async fn create_embeddings(
    State(app): State<AppState>,
    JsonBody(request): JsonBody<OpenAiEmbedRequest>,
) -> Result<Json<OpenAiEmbedResponse>, Problem> {
    let OpenAiEmbedRequest { input, model, encoding_format, dimensions, prompt_name } = request;
    check_model(&app, &model)?;
    let dimension = app.model().dimension;
    if dimensions.is_some_and(|requested| requested != dimension) {
        return Err(Problem::bad_request(format!("`dimensions`: the model has {dimension} dimensions")));
    }
    let texts = match input {
        OpenAiInput::Text(text) => vec![text],
        OpenAiInput::Texts(texts) => texts,
        OpenAiInput::Other(_) => {
            return Err(Problem::bad_request(
                "`input` must be a text or a list of texts, not tokens (LangChain: `check_embedding_ctx_length=False`)",
            ));
        }
    };
    check_texts("input", &texts, MAX_TEXTS)?;
    let embedded = app.embed(prompt_name.unwrap_or_default().side(), texts).await?;
    let tokens = embedded.iter().map(|embedded| embedded.tokens).sum();
    let item = |(index, embedding)| OpenAiEmbedding {
        object: "embedding",
        index,
        embedding: encoded_values(embedding, encoding_format),
    };
    let data = embedded.into_iter().map(|embedded| embedded.embedding).enumerate().map(item).collect();
    let usage = TokenUsage { prompt_tokens: tokens, total_tokens: tokens };
    Ok(Json(OpenAiEmbedResponse { object: "list", data, model: app.model().name.clone(), usage }))
}

fn encoded_values(embedding: Embedding, encoding: EncodingFormat) -> EmbeddingValues {
    let values = embedding.as_slice();
    match encoding {
        EncodingFormat::Float => EmbeddingValues::Float(values.to_vec()),
        EncodingFormat::Base64 => {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            EmbeddingValues::Base64(STANDARD.encode(bytes))
        }
    }
}

fn check_model(app: &AppState, name: &str) -> Result<(), Problem> {
    let known = &app.model().name;
    match name == known {
        true => Ok(()),
        false => {
            Err(Problem::new(ProblemCode::NotFound, format!("model `{name}` not found: this server has `{known}`")))
        }
    }
}

/// The models of this server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OpenAiModelList {
    object: &'static str,
    data: Vec<OpenAiModel>,
}

/// A model.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OpenAiModel {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

/// List the models (OpenAI)
///
/// A server has one model: that of its library.
#[utoipa::path(get, path = "/v1/models", tag = "compatible", operation_id = "openai_list_models",
    responses((status = 200, description = "The model", body = OpenAiModelList, example = json!({
        "object": "list",
        "data": [{ "id": "all-MiniLM-L6-v2", "object": "model", "created": 0, "owned_by": "paperkin" }] }))))]
async fn list_models(State(app): State<AppState>) -> Json<OpenAiModelList> {
    Json(OpenAiModelList { object: "list", data: vec![OpenAiModel::of(&app)] })
}

/// Get a model (OpenAI)
///
/// Any other model than that of the library is not found.
#[utoipa::path(get, path = "/v1/models/{*name}", tag = "compatible", operation_id = "openai_get_model",
    params(("name" = String, Path, description = "The model's name", example = "all-MiniLM-L6-v2")),
    responses((status = 200, description = "The model", body = OpenAiModel)))]
async fn get_model(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
) -> Result<Json<OpenAiModel>, Problem> {
    check_model(&app, &name)?;
    Ok(Json(OpenAiModel::of(&app)))
}

impl OpenAiModel {
    fn of(app: &AppState) -> OpenAiModel {
        OpenAiModel { id: app.model().name.clone(), object: "model", created: 0, owned_by: "paperkin" }
    }
}

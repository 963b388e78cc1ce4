//! OpenAI's embeddings: `POST /v1/embeddings`, `GET /v1/models`.

use axum::Json as Answered;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::AppState;
use crate::server::body::JsonBody;
use crate::server::path::PathParam;
use crate::server::problem::{Problem, ProblemCode};
use crate::vector::Embedding;

/// Most texts of one request, as there.
const MOST: usize = 2048;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(embeddings)).routes(routes!(models)).routes(routes!(model))
}

/// A problem in their words.
pub(super) fn error(problem: &Problem) -> Value {
    let kind = match problem.code() {
        ProblemCode::Unauthorized => "authentication_error",
        ProblemCode::Forbidden => "permission_error",
        ProblemCode::RateLimited => "rate_limit_error",
        _ if problem.status().is_server_error() => "server_error",
        _ => "invalid_request_error",
    };
    json!({ "error": { "message": problem.detail(), "type": kind, "param": null, "code": problem.code() } })
}

/// Texts to embed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct OpenAiEmbedRequest {
    /// A text, or a list of texts.
    input: OpenAiInput,
    /// The model of this server; see `/v1/models`.
    model: String,
    #[serde(default)]
    encoding_format: EncodingFormat,
    /// As many as the model has.
    dimensions: Option<usize>,
}

/// One text or many.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
enum OpenAiInput {
    Text(String),
    Texts(Vec<String>),
    /// Such as tokens: refused.
    #[schema(value_type = Vec<u32>)]
    Other(IgnoredAny),
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum EncodingFormat {
    /// As numbers.
    #[default]
    Float,
    /// As little-endian 32-bit floats in base64.
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

/// The numbers of an embedding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum EmbeddingValues {
    Float(Vec<f32>),
    Base64(String),
}

/// Word pieces that were embedded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TokenUsage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// Embeddings of texts, as OpenAI's API gives them
#[utoipa::path(post, path = "/v1/embeddings", tag = "compatible", request_body = OpenAiEmbedRequest,
    responses((status = 200, body = OpenAiEmbedResponse)))]
async fn embeddings(
    State(app): State<AppState>,
    JsonBody(wanted): JsonBody<OpenAiEmbedRequest>,
) -> Result<Answered<OpenAiEmbedResponse>, Problem> {
    let OpenAiEmbedRequest { input, model, encoding_format, dimensions } = wanted;
    check_model(&app, &model)?;
    let dimension = app.model().dimension;
    if dimensions.is_some_and(|wanted| wanted != dimension) {
        return Err(Problem::bad_request(format!("`dimensions`: this model has {dimension}, no more and no fewer")));
    }
    let texts = match input {
        OpenAiInput::Text(text) => vec![text],
        OpenAiInput::Texts(texts) => texts,
        OpenAiInput::Other(_) => {
            return Err(Problem::bad_request(
                "`input`: give a text or a list of texts; tokens of another model mean nothing here (langchain: \
                 `check_embedding_ctx_length=False`)",
            ));
        }
    };
    if texts.is_empty() || texts.len() > MOST {
        return Err(Problem::bad_request(format!("`input`: give from 1 to {MOST} texts")));
    }
    let embedded = app.embed(texts).await?;
    let tokens = embedded.iter().map(|embedded| embedded.tokens).sum();
    let item = |(index, embedding)| OpenAiEmbedding {
        object: "embedding",
        index,
        embedding: numbers(embedding, encoding_format),
    };
    let data = embedded.into_iter().map(|embedded| embedded.embedding).enumerate().map(item).collect();
    let usage = TokenUsage { prompt_tokens: tokens, total_tokens: tokens };
    Ok(Answered(OpenAiEmbedResponse { object: "list", data, model: app.model().name.clone(), usage }))
}

fn numbers(embedding: Embedding, encoding: EncodingFormat) -> EmbeddingValues {
    let numbers = embedding.as_slice();
    match encoding {
        EncodingFormat::Float => EmbeddingValues::Float(numbers.to_vec()),
        EncodingFormat::Base64 => {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            EmbeddingValues::Base64(STANDARD.encode(bytes))
        }
    }
}

fn check_model(app: &AppState, name: &str) -> Result<(), Problem> {
    let known = &app.model().name;
    match name == known {
        true => Ok(()),
        false => Err(Problem::new(ProblemCode::NotFound, format!("no model `{name}` here: this server has `{known}`"))),
    }
}

/// Models of this server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ModelList {
    object: &'static str,
    data: Vec<ModelEntry>,
}

/// A model.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ModelEntry {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

/// The server's one model, as OpenAI's API lists them
#[utoipa::path(get, path = "/v1/models", tag = "compatible", responses((status = 200, body = ModelList)))]
async fn models(State(app): State<AppState>) -> Answered<ModelList> {
    Answered(ModelList { object: "list", data: vec![ModelEntry::of(&app)] })
}

/// A model of this server
#[utoipa::path(get, path = "/v1/models/{*name}", tag = "compatible",
    params(("name" = String, Path, description = "The model's name")), responses((status = 200, body = ModelEntry)))]
async fn model(
    State(app): State<AppState>,
    PathParam(name): PathParam<String>,
) -> Result<Answered<ModelEntry>, Problem> {
    check_model(&app, &name)?;
    Ok(Answered(ModelEntry::of(&app)))
}

impl ModelEntry {
    fn of(app: &AppState) -> ModelEntry {
        ModelEntry { id: app.model().name.clone(), object: "model", created: 0, owned_by: "paperkin" }
    }
}

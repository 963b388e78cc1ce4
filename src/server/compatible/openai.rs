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

use crate::server::App;
use crate::server::body::Json;
use crate::server::path::Path;
use crate::server::problem::{Code, Problem};
use crate::vector::Embedding;

/// Most texts of one request, as there.
const MOST: usize = 2048;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(embeddings)).routes(routes!(models)).routes(routes!(model))
}

/// A problem in their words.
pub(super) fn error(problem: &Problem) -> Value {
    let kind = match problem.code() {
        Code::Unauthorized => "authentication_error",
        Code::Forbidden => "permission_error",
        Code::RateLimited => "rate_limit_error",
        _ if problem.status().is_server_error() => "server_error",
        _ => "invalid_request_error",
    };
    json!({ "error": { "message": problem.detail(), "type": kind, "param": null, "code": problem.code() } })
}

/// Texts to embed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Wanted {
    /// A text, or a list of texts.
    input: Input,
    /// The model of this server; see `/v1/models`.
    model: String,
    #[serde(default)]
    encoding_format: Encoding,
    /// As many as the model has.
    dimensions: Option<usize>,
}

/// One text or many.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
    /// Such as tokens: refused.
    #[schema(value_type = Vec<u32>)]
    Other(IgnoredAny),
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    /// As numbers.
    #[default]
    Float,
    /// As little-endian 32-bit floats in base64.
    Base64,
}

/// The embeddings of a request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct List {
    object: &'static str,
    data: Vec<Item>,
    model: String,
    usage: Usage,
}

/// One embedding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Item {
    object: &'static str,
    index: usize,
    embedding: Numbers,
}

/// The numbers of an embedding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Numbers {
    Float(Vec<f32>),
    Base64(String),
}

/// Word pieces that were embedded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// Embeddings of texts, as OpenAI's API gives them
#[utoipa::path(post, path = "/v1/embeddings", tag = "compatible", request_body = Wanted,
    responses((status = 200, body = List)))]
async fn embeddings(State(app): State<App>, Json(wanted): Json<Wanted>) -> Result<Answered<List>, Problem> {
    let Wanted { input, model, encoding_format, dimensions } = wanted;
    check_model(&app, &model)?;
    let dimension = app.model().dimension;
    if dimensions.is_some_and(|wanted| wanted != dimension) {
        return Err(Problem::bad_request(format!("`dimensions`: this model has {dimension}, no more and no fewer")));
    }
    let texts = match input {
        Input::Text(text) => vec![text],
        Input::Texts(texts) => texts,
        Input::Other(_) => {
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
    let item = |(index, embedding)| Item { object: "embedding", index, embedding: numbers(embedding, encoding_format) };
    let data = embedded.into_iter().map(|embedded| embedded.embedding).enumerate().map(item).collect();
    let usage = Usage { prompt_tokens: tokens, total_tokens: tokens };
    Ok(Answered(List { object: "list", data, model: app.model().name.clone(), usage }))
}

fn numbers(embedding: Embedding, encoding: Encoding) -> Numbers {
    let numbers = embedding.as_slice();
    match encoding {
        Encoding::Float => Numbers::Float(numbers.to_vec()),
        Encoding::Base64 => {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            Numbers::Base64(STANDARD.encode(bytes))
        }
    }
}

fn check_model(app: &App, name: &str) -> Result<(), Problem> {
    let known = &app.model().name;
    match name == known {
        true => Ok(()),
        false => Err(Problem::new(Code::NotFound, format!("no model `{name}` here: this server has `{known}`"))),
    }
}

/// Models of this server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Models {
    object: &'static str,
    data: Vec<Model>,
}

/// A model.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Model {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

/// The server's one model, as OpenAI's API lists them
#[utoipa::path(get, path = "/v1/models", tag = "compatible", responses((status = 200, body = Models)))]
async fn models(State(app): State<App>) -> Answered<Models> {
    Answered(Models { object: "list", data: vec![Model::of(&app)] })
}

/// A model of this server
#[utoipa::path(get, path = "/v1/models/{*name}", tag = "compatible",
    params(("name" = String, Path, description = "The model's name")), responses((status = 200, body = Model)))]
async fn model(State(app): State<App>, Path(name): Path<String>) -> Result<Answered<Model>, Problem> {
    check_model(&app, &name)?;
    Ok(Answered(Model::of(&app)))
}

impl Model {
    fn of(app: &App) -> Model {
        Model { id: app.model().name.clone(), object: "model", created: 0, owned_by: "paperkin" }
    }
}

//! The native form of text-embeddings-inference: `POST /embed`, `GET /info`.

use axum::Json as Answered;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::AppState;
use crate::server::body::JsonBody;
use crate::server::problem::{Problem, ProblemCode};

/// Most texts of one request.
const MOST: usize = 2048;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(embed)).routes(routes!(info))
}

/// A problem in their words.
pub(super) fn error(problem: &Problem) -> Value {
    let kind = match problem.code() {
        ProblemCode::ServerBusy | ProblemCode::RateLimited => "Overloaded",
        ProblemCode::Unauthorized => "Unauthorized",
        _ if problem.status().is_server_error() => "Backend",
        _ => "Validation",
    };
    json!({ "error": problem.detail(), "error_type": kind })
}

/// Texts to embed. Longer ones than the model reads are cut.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct TeiEmbedRequest {
    inputs: TeiInputs,
    /// Embeddings have unit length here: `false` is refused.
    #[serde(default = "yes")]
    normalize: bool,
}

fn yes() -> bool {
    true
}

/// One text or many.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
enum TeiInputs {
    Text(String),
    Texts(Vec<String>),
}

/// Embeddings of texts, as text-embeddings-inference gives them
#[utoipa::path(post, path = "/embed", tag = "compatible", request_body = TeiEmbedRequest,
    responses((status = 200, body = Vec<Vec<f32>>)))]
async fn embed(
    State(app): State<AppState>,
    JsonBody(wanted): JsonBody<TeiEmbedRequest>,
) -> Result<Answered<Vec<Vec<f32>>>, Problem> {
    if !wanted.normalize {
        return Err(Problem::bad_request("`normalize`: embeddings have unit length here, always"));
    }
    let texts = match wanted.inputs {
        TeiInputs::Text(text) => vec![text],
        TeiInputs::Texts(texts) => texts,
    };
    if texts.is_empty() || texts.len() > MOST {
        return Err(Problem::bad_request(format!("`inputs`: give from 1 to {MOST} texts")));
    }
    let embedded = app.embed(texts).await?;
    Ok(Answered(embedded.iter().map(|embedded| embedded.embedding.as_slice().to_vec()).collect()))
}

/// The model.
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

/// The server's one model, as text-embeddings-inference describes it
#[utoipa::path(get, path = "/info", tag = "compatible", responses((status = 200, body = TeiInfo)))]
async fn info(State(app): State<AppState>) -> Answered<TeiInfo> {
    let model = app.model();
    Answered(TeiInfo {
        model_id: model.name.clone(),
        model_sha: model.fingerprint.clone(),
        model_type: json!({ "embedding": { "pooling": "mean" } }),
        max_client_batch_size: MOST,
        auto_truncate: true,
        version: env!("CARGO_PKG_VERSION"),
    })
}

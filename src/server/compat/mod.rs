//! APIs of other services, so that their clients work with this server: requests, answers and errors in their formats.

mod openai;
mod semantic_scholar;
mod text_embeddings;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use super::guarded_router::GuardedRouter;
use super::problem::Problem;
use crate::encoder::TextSide;
use crate::recommend::{MAX_TEXT_LENGTH, check_text};

pub(super) use openai::OpenAiErrorBody;
pub(super) use semantic_scholar::{S2ErrorBody, S2FieldName, S2GraphFieldName, S2LinkFieldName, S2Pool};
pub(super) use text_embeddings::TeiErrorBody;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().merge(openai::routes()).merge(text_embeddings::routes()).merge(semantic_scholar::routes())
}

/// Returns how problems of a path are written, when it belongs to another service's API.
pub(super) fn error_format(path: &str) -> Option<fn(&Problem) -> Value> {
    OtherService::of(path).map(|service| match service {
        OtherService::OpenAi => openai::error_body,
        OtherService::TextEmbeddings => text_embeddings::error_body,
        OtherService::SemanticScholar => semantic_scholar::error_body as fn(&Problem) -> Value,
    })
}

/// Returns the name of the schema of such a problem.
pub(super) fn error_schema(path: &str) -> Option<Cow<'static, str>> {
    OtherService::of(path).map(|service| match service {
        OtherService::OpenAi => OpenAiErrorBody::name(),
        OtherService::TextEmbeddings => TeiErrorBody::name(),
        OtherService::SemanticScholar => S2ErrorBody::name(),
    })
}

/// The schema of what is embedded: one text, or a list of them.
fn text_or_texts(max_texts: usize) -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_TEXT_LENGTH));
    let texts = ArrayBuilder::new().items(text()).min_items(Some(1)).max_items(Some(max_texts));
    AnyOfBuilder::new().description(Some("A text, or a list of texts.")).item(text()).item(texts).into()
}

/// What texts to embed are, by the name that sentence-transformers has for their prompt.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum PromptName {
    /// Questions, and what else is typed to find documents.
    Query,
    /// Papers and other texts that are to be found.
    #[default]
    Document,
}

impl PromptName {
    fn side(self) -> TextSide {
        match self {
            PromptName::Query => TextSide::Query,
            PromptName::Document => TextSide::Document,
        }
    }
}

/// Checks how many texts there are to embed, and how long they are.
fn check_texts(field: &'static str, texts: &[String], max_texts: usize) -> Result<(), Problem> {
    if texts.is_empty() || texts.len() > max_texts {
        return Err(Problem::bad_request(format!("`{field}`: give 1 to {max_texts} texts")));
    }
    Ok(texts.iter().try_for_each(|text| check_text(field, text, MAX_TEXT_LENGTH))?)
}

/// The services whose APIs this server has.
enum OtherService {
    OpenAi,
    TextEmbeddings,
    SemanticScholar,
}

impl OtherService {
    fn of(path: &str) -> Option<OtherService> {
        match path {
            "/embed" | "/info" => Some(OtherService::TextEmbeddings),
            "/v1/embeddings" => Some(OtherService::OpenAi),
            _ if path.starts_with("/v1/models") => Some(OtherService::OpenAi),
            _ if path.starts_with("/recommendations/") || path.starts_with("/graph/") => {
                Some(OtherService::SemanticScholar)
            }
            _ => None,
        }
    }
}

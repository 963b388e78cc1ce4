//! Extractors: they read parts of a request within the limits, and refuse invalid ones as a `Problem`.

mod conditional;
mod json;
mod json_fields;
mod ndjson;
mod path;
mod query;

pub(super) use conditional::ConditionalRequest;
pub(super) use json::{JsonBody, JsonOrQuery, is_json, json_object, too_large};
pub(super) use json_fields::{JsonFields, JsonTree};
pub(super) use ndjson::{NDJSON_TYPE, NdjsonBody, NdjsonLine, ndjson_response};
pub(super) use path::{PathParam, ProfileParam, paper_id};
pub(super) use query::{QueryFields, has_search_text};

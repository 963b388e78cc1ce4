//! Searches by a query string: which fields of the results are returned.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::pagination::{QueryRequest, ResultPage};
use crate::paper::Paper;
use crate::recommend::{Answer, Recommendation};
use crate::server::extract::{JsonFields, has_search_text};
use crate::server::problem::{Problem, ProblemCode};

/// Fields of a result.
const RESULT_FIELDS: [&str; 10] = [
    "rank",
    "score",
    "similarity",
    "term_similarity",
    "relevance",
    "paper",
    "breakdown",
    "reasons",
    "interest",
    "sentence_match",
];
/// Fields of the paper of a result.
const PAPER_FIELDS: [&str; 13] = [
    "id",
    "aliases",
    "title",
    "abstract",
    "authors",
    "author_count",
    "published",
    "listed",
    "votes",
    "comments",
    "categories",
    "source",
    "url",
];
/// Maximum number of authors of a paper when `fields` does not ask for them: some papers have thousands.
const MAX_AUTHORS: usize = 10;

/// The description of a name in `fields`.
pub(super) enum ResultField {}

impl PartialSchema for ResultField {
    fn schema() -> RefOr<Schema> {
        let names = RESULT_FIELDS.iter().chain(&PAPER_FIELDS).copied();
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for ResultField {}

/// The fields of an object as JSON texts, so that numbers stay as they are written elsewhere.
type RawFields = BTreeMap<String, Box<RawValue>>;

/// The query string of a search: `q`, `fields`, and the fields of a request.
#[derive(Debug)]
pub(super) struct SearchQuery {
    pub query: QueryRequest,
    pub fields: FieldSelection,
}

/// The fields that the other routes do not have.
#[derive(Deserialize)]
struct SearchOnlyFields {
    q: String,
    #[serde(default)]
    fields: Vec<String>,
}

impl<'de> Deserialize<'de> for SearchQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SearchQuery, D::Error> {
        use serde::de::Error;
        let mut all = JsonFields::deserialize(deserializer)?;
        let SearchOnlyFields { q, fields } = all.take(&["q", "fields"]).read().map_err(D::Error::custom)?;
        if !has_search_text(&q) {
            return Err(D::Error::custom("`q` is empty"));
        }
        let mut query: QueryRequest = all.read().map_err(D::Error::custom)?;
        if query.request.text.is_some() {
            return Err(D::Error::custom("give the text as `q`, not as `text`"));
        }
        query.request = query.request.and_search(&q).map_err(D::Error::custom)?;
        Ok(SearchQuery { query, fields: FieldSelection(fields) })
    }
}

/// A result with the fields that were asked for; see `Recommendation`.
enum SelectedResult {}

impl PartialSchema for SelectedResult {
    fn schema() -> RefOr<Schema> {
        let paper = optional_fields(Paper::schema(), "The paper, with the fields that were asked for.");
        let mut result = optional_fields(Recommendation::schema(), "A result with the fields that were asked for.");
        result.properties.insert("paper".to_owned(), paper.into());
        result.into()
    }
}

impl ToSchema for SelectedResult {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Recommendation::schemas(schemas);
    }
}

/// The fields of a struct, none of which is required.
fn optional_fields(schema: RefOr<Schema>, description: &str) -> Object {
    let RefOr::T(Schema::Object(mut object)) = schema else { return Object::default() };
    object.required.clear();
    object.description = Some(description.to_owned());
    object
}

/// The names of the fields to return, of results and of their papers; none for all of them.
#[derive(Debug, Default)]
pub(super) struct FieldSelection(Vec<String>);

/// One page of an answer with the selected fields.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SelectedPage {
    /// As in the answer to `POST /v1/search`, with the fields that `fields` names.
    #[schema(value_type = Vec<SelectedResult>)]
    results: Vec<RawFields>,
    /// Whether all results are far from what was asked for. Left out when not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    nothing_close: bool,
    /// Ids of the request that are not in the library.
    not_found: Vec<String>,
    /// What was done in place of what was asked, and why; `null` when the question was answered as asked.
    note: Option<String>,
    /// The model whose embeddings were compared.
    model: String,
    /// The library's generation.
    generation: u64,
    /// Milliseconds that the answer took.
    took_ms: f64,
    /// The `cursor` of the next page, to be sent with the same request; `null` on the last page.
    next_cursor: Option<String>,
}

impl FieldSelection {
    /// Refuses names that no field has.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let known = || RESULT_FIELDS.iter().chain(&PAPER_FIELDS).copied();
        match self.0.iter().find(|name| !known().any(|known| known == **name)) {
            Some(name) => {
                let known: Vec<&str> = known().collect();
                Err(Problem::bad_request(format!("`fields`: unknown field `{name}`; known are {}", known.join(", "))))
            }
            None => Ok(()),
        }
    }

    /// The page with the selected fields.
    pub(super) fn select(&self, page: ResultPage) -> Result<SelectedPage, Problem> {
        let ResultPage { answer, next_cursor } = page;
        let Answer { results, nothing_close, not_found, note, model, generation, took_ms, .. } = answer;
        let results = results.into_iter().map(|result| self.select_result(result)).collect::<Result<_, _>>()?;
        Ok(SelectedPage { results, nothing_close, not_found, note, model, generation, took_ms, next_cursor })
    }

    fn select_result(&self, mut result: Recommendation) -> Result<RawFields, Problem> {
        if !self.names("authors") {
            cut_authors(&mut result.paper);
        }
        let mut fields = raw_fields(&result)?;
        if self.0.is_empty() || self.names("paper") {
            fields.retain(|name, _| self.0.is_empty() || self.names(name));
            return Ok(fields);
        }
        fields.retain(|name, _| self.names(name));
        if PAPER_FIELDS.iter().any(|name| self.names(name)) {
            let mut paper = raw_fields(&result.paper)?;
            paper.retain(|name, _| self.names(name));
            fields.insert("paper".to_owned(), to_raw_value(&paper).map_err(not_json)?);
        }
        Ok(fields)
    }

    fn names(&self, field: &str) -> bool {
        self.0.iter().any(|name| name == field)
    }
}

/// Leaves the first authors, and says how many there are.
fn cut_authors(paper: &mut Arc<Paper>) {
    if paper.authors.len() > MAX_AUTHORS {
        let paper = Arc::make_mut(paper);
        paper.author_count = paper.author_count.or(u32::try_from(paper.authors.len()).ok());
        paper.authors.truncate(MAX_AUTHORS);
    }
}

fn raw_fields(value: &impl Serialize) -> Result<RawFields, Problem> {
    let json = serde_json::to_string(value).map_err(not_json)?;
    serde_json::from_str(&json).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> Problem {
    Problem::new(ProblemCode::Internal, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_paper_can_be_selected() {
        let paper = r#"{"id":"2401.00001","aliases":["doi:10.1/a"],"title":"T","abstract":"A.","authors":["Ada"],
            "author_count":1,"published":"2024-01-01","listed":"2024-01-02","votes":1,"comments":1,"categories":["cs.CL"],
            "source":"s","url":"https://a.example"}"#;
        let paper: Paper = serde_json::from_str(paper).unwrap();
        let names: Vec<String> = raw_fields(&paper).unwrap().into_keys().collect();
        let mut known = PAPER_FIELDS.to_vec();
        known.sort_unstable();
        assert_eq!(names, known);
    }

    #[test]
    fn many_authors_are_counted() {
        let mut paper: Paper = serde_json::from_str(r#"{"id":"a","title":"T","source":"s"}"#).unwrap();
        paper.authors = (0..11).map(|number| format!("A{number}")).collect();
        let mut paper = Arc::new(paper);
        cut_authors(&mut paper);
        assert_eq!((paper.authors.len(), paper.author_count), (10, Some(11)));
        let whole = paper.clone();
        cut_authors(&mut paper);
        assert_eq!(paper, whole);
    }
}

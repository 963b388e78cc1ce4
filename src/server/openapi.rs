//! The description of all routes, made from the handlers.

use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::recommend::HistoryItem;

/// What the description says of the whole.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "paperkin", description = "Semantic recommendations for research papers."),
    tags(
        (name = "questions", description = "What is like this, and what is for me"),
        (name = "papers", description = "What is in the library"),
        (name = "profiles", description = "Reading histories and their feeds"),
        (name = "service", description = "How the service is"),
        (name = "compatible", description = "The forms of other services"),
    )
)]
struct Whole;

/// The description without routes.
pub(super) fn whole() -> OpenApi {
    <Whole as utoipa::OpenApi>::openapi()
}

/// Names of path parameters as OpenAPI has them: it knows no rest of a path.
pub(super) fn with_plain_paths(mut description: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut description.paths.paths);
    description.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    description
}

/// A history item is written by hand, so its description is.
impl PartialSchema for HistoryItem {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str| string().description(Some(description)).build();
        let object = ObjectBuilder::new()
            .property("id", text("A paper of the library"))
            .property("title", text("The title of a paper that need not be in the library"))
            .property("abstract", text("Its abstract"))
            .property("weight", ObjectBuilder::new().schema_type(SchemaType::new(Type::Number)).build())
            .property("at", text("The day, as 2025-01-31"))
            .build();
        let id: Object = text("A paper's id");
        RefOr::T(Schema::OneOf(OneOfBuilder::new().item(id).item(object).build()))
    }
}

impl ToSchema for HistoryItem {}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

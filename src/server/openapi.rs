//! The description of all routes, made from the handlers.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::problem::Problem;
use crate::recommend::HistoryItem;

/// The tag of the forms of other services.
const COMPATIBLE: &str = "compatible";

/// What the description says of the whole.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "paperkin", description = "Semantic recommendations for research papers."),
    components(schemas(Problem)),
    tags(
        (name = "questions", description = "What is like this, and what is for me"),
        (name = "papers", description = "What is in the library"),
        (name = "profiles", description = "Reading histories and their feeds"),
        (name = "service", description = "How the service is"),
        (name = "compatible", description = "The forms of other services"),
    )
)]
struct ApiDescription;

/// The description without routes.
pub(super) fn whole() -> OpenApi {
    <ApiDescription as utoipa::OpenApi>::openapi()
}

/// What the handlers cannot say of themselves: names of path parameters as OpenAPI has them, which knows no rest of a
/// path, and that any route may answer a problem.
pub(super) fn finished(mut description: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut description.paths.paths);
    description.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    for item in description.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten() {
            let problem = problem(operation);
            operation.responses.responses.entry("default".to_owned()).or_insert(problem);
        }
    }
    description
}

/// A problem, in the words that the route's clients expect.
fn problem(operation: &Operation) -> RefOr<utoipa::openapi::Response> {
    let response = ResponseBuilder::new().description("What is wrong");
    let response = match operation.tags.iter().flatten().any(|tag| tag == COMPATIBLE) {
        true => response.content("application/json", Content::new(Some(Object::with_type(Type::Object)))),
        false => response.content(
            "application/problem+json",
            Content::new(Some(Ref::from_schema_name(<Problem as ToSchema>::name()))),
        ),
    };
    response.build().into()
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
            .property("interest", text("The name of the interest that it is of, for the strategy `interests`"))
            .build();
        let id: Object = text("A paper's id");
        RefOr::T(Schema::OneOf(OneOfBuilder::new().item(id).item(object).build()))
    }
}

impl ToSchema for HistoryItem {}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

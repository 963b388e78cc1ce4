//! The description of requests: bodies and query strings with the fields of a [`Request`], and what each route needs of
//! them.
//!
//! A reader of the description sees which requests are answered, also where the types of Rust say less: a search needs a
//! text, a recommendation a text or a history, a record a title or an abstract.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, AnyOfBuilder, Array, ArrayBuilder, Object, ObjectBuilder, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::body_fields::remove_default;
use super::new_paper::NewPaperFields;
use super::pagination::PageFields;
use super::profile_feed::FeedFields;
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, MAX_HISTORY, MAX_NAME_LENGTH, MAX_TEXT_LENGTH, MAX_WEIGHT, Request};

/// A text that is not blank. JavaScript, whose patterns these are, does not count U+0085 as white space.
const TEXT: &str = r"[^\s\x85]";
/// Characters that are not shown, in a class of a pattern: ids and names have none.
const INVISIBLE: &str = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff";
/// The days of a record: a year before 1000 or after 2100 is a mistake.
const RECORD_YEARS: &str = "^(1[0-9]{3}|20[0-9]{2}|2100)-";
/// A text with a character that is shown: neither white space nor one that is left out of what is stored.
const VISIBLE_TEXT: &str = r"[^\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]";
/// An abstract of nothing but dashes and the like counts as missing.
const MEANINGFUL_TEXT: &str = r"[^\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff.…_?–—-]";

/// Declares a type that stands for a body in the description. The handler reads it as another type, which accepts more
/// and says what is missing.
macro_rules! described_body {
    ($(#[doc = $doc:literal])+ $name:ident, $schema:expr, $parts:ty) => {
        $(#[doc = $doc])+
        pub(super) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                <$parts>::schemas(schemas);
            }
        }
    };
}

described_body!(
    /// The body of a search.
    SearchRequest,
    closed(required(page_fields(), "text"), "A search: papers about a text.").into(),
    Request
);
described_body!(
    /// The body of a request for papers similar to one paper.
    SimilarRequest,
    closed(page_fields(), "Papers similar to one paper: everything is optional.").into(),
    Request
);
described_body!(
    /// The body of a request for recommendations.
    RecommendRequest,
    with_text_or_history(closed(page_fields(), "Papers for a reading history, for a text, or for both.")),
    Request
);
described_body!(
    /// One line of a batch.
    BatchRequest,
    with_text_or_history(closed(request_fields(), "One request of a batch: a reading history, a text, or both.")),
    Request
);
described_body!(
    /// The body of a request for a feed.
    FeedRequest,
    closed(feed_fields(), "What a feed should contain: everything is optional.").into(),
    Request
);
described_body!(
    /// A paper of a history, as an object.
    HistoryPaper,
    history_paper(),
    PaperId
);
described_body!(
    /// A paper to be added.
    NewPaper,
    new_paper(),
    NewPaperFields
);
described_body!(
    /// One line of records of papers.
    PaperLine,
    paper_line(),
    PaperId
);
described_body!(
    /// The name of a profile, as in a path.
    ProfileName,
    profile_name().into(),
    PaperId
);

/// `HistoryItem` is deserialized by hand, so its schema is written by hand too.
impl PartialSchema for HistoryItem {
    fn schema() -> RefOr<Schema> {
        let forms = AnyOfBuilder::new().item(reference::<PaperId>()).item(reference::<HistoryPaper>());
        forms.description(Some("A paper of a history: its id, or an object.")).into()
    }
}

impl ToSchema for HistoryItem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((PaperId::name().into_owned(), PaperId::schema()));
        schemas.push((HistoryPaper::name().into_owned(), HistoryPaper::schema()));
    }
}

/// The query string of a search: all fields of a request but the text, which is `q`.
pub(super) enum SearchParameters {}

/// The query string of a request for papers similar to one paper: all fields of a request.
pub(super) enum SimilarParameters {}

/// The query string of a feed: all fields of a request, and those of a feed.
pub(super) enum FeedParameters {}

impl IntoParams for SearchParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(page_fields(), &["text"])
    }
}

impl IntoParams for SimilarParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(page_fields(), &[])
    }
}

impl IntoParams for FeedParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(feed_fields(), &[])
    }
}

fn request_fields() -> Object {
    object(Request::schema())
}

fn page_fields() -> Object {
    merged(request_fields(), object(PageFields::schema()))
}

fn feed_fields() -> Object {
    merged(request_fields(), object(FeedFields::schema()))
}

/// The schema of a struct.
fn object(schema: RefOr<Schema>) -> Object {
    match schema {
        RefOr::T(Schema::Object(object)) => object,
        _ => Object::default(),
    }
}

/// One object with the fields of both: parts of `allOf` that refuse unknown fields would refuse each other's.
fn merged(mut object: Object, more: Object) -> Object {
    object.properties.extend(more.properties);
    object
}

/// An object without other fields.
fn closed(mut object: Object, description: &str) -> Object {
    object.description = Some(description.to_owned());
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    object
}

fn required(mut object: Object, name: &str) -> Object {
    let mut field = object.properties.remove(name).map(without_null);
    field.iter_mut().for_each(remove_default);
    object.properties.extend(field.map(|field| (name.to_owned(), field)));
    object.required.push(name.to_owned());
    object
}

/// An object of which at least one of these fields is given. They are parts of `allOf`, where generators of clients see
/// one type, and not a choice between types that differ in what is required.
fn with_any_of<const N: usize>(object: Object, fields: [(&str, RefOr<Schema>); N]) -> RefOr<Schema> {
    let choice = fields.into_iter().fold(AnyOfBuilder::new(), |choice, (name, field)| {
        choice.item(ObjectBuilder::new().property(name, field).required(name))
    });
    let description = object.description.clone();
    AllOfBuilder::new().description(description).item(object).item(choice).into()
}

fn with_text_or_history(object: Object) -> RefOr<Schema> {
    let papers = || {
        let papers = ArrayBuilder::new().items(reference::<HistoryItem>()).min_items(Some(1));
        papers.max_items(Some(MAX_HISTORY)).build().into()
    };
    with_any_of(object, [("text", text(TEXT).into()), ("positive", papers()), ("negative", papers())])
}

fn history_paper() -> RefOr<Schema> {
    let weight = ObjectBuilder::new().schema_type(Type::Number).exclusive_minimum(Some(0)).maximum(Some(MAX_WEIGHT));
    let object = ObjectBuilder::new()
        .property("id", reference::<PaperId>())
        .property("title", described("The title of a paper, which need not be in the library.", MAX_TEXT_LENGTH))
        .property("abstract", described("Its abstract.", MAX_TEXT_LENGTH))
        .property("weight", weight.description(Some("How much it counts; 1 by default.")))
        .property("at", day("The day it was read, liked or disliked."))
        .property("interest", described("The name of the interest it belongs to.", MAX_NAME_LENGTH))
        .build();
    let object =
        closed(object, "A paper of a history: one of the library by its `id`, or any by `title` and `abstract`.");
    with_any_of(object, [("id", reference::<PaperId>()), ("title", text(TEXT).into()), ("abstract", text(TEXT).into())])
}

fn new_paper() -> RefOr<Schema> {
    let mut object = closed(
        object(NewPaperFields::schema()),
        "A paper to be added: a title or an abstract, and what else is known. Of a paper that the library has, what is left \
         out stays.",
    );
    for name in ["published", "listed"] {
        if let Some(RefOr::T(Schema::Object(field))) = object.properties.get_mut(name) {
            field.pattern = Some(RECORD_YEARS.to_owned());
        }
    }
    with_any_of(object, text_of_record())
}

/// Everything but the text has the forms of its source, which no schema describes.
fn paper_line() -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "A record of a paper, with all names and forms of fields that `paperkin add` reads: those of `NewPaper`, of \
             Semantic Scholar, of OpenAlex, ...",
        ))
        .build();
    with_any_of(object, text_of_record())
}

/// What a record needs.
fn text_of_record() -> [(&'static str, RefOr<Schema>); 2] {
    let text = |pattern: &str, longest: usize| {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).max_length(Some(longest)).into()
    };
    [("title", text(VISIBLE_TEXT, 5_000)), ("abstract", text(MEANINGFUL_TEXT, 200_000))]
}

fn profile_name() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The name of a profile."))
        .pattern(Some(format!("^[^{INVISIBLE}]*[^\\s{INVISIBLE}][^{INVISIBLE}]*$")))
        .max_length(Some(200))
        .build()
}

/// Query parameters for the fields of an object but some. The values of a list are separated by commas.
fn parameters(object: Object, left_out: &[&str]) -> Vec<Parameter> {
    let fields = object.properties.into_iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
    let parameter = |(name, field): (String, RefOr<Schema>)| {
        let mut field = without_null(field);
        remove_default(&mut field);
        // The length of a URL limits a long text already.
        if let RefOr::T(Schema::Object(text)) = &mut field {
            text.max_length = text.max_length.filter(|longest| *longest < MAX_TEXT_LENGTH);
        }
        let description = take_description(&mut field);
        let parameter = ParameterBuilder::new().name(name.as_str()).parameter_in(ParameterIn::Query);
        let parameter = parameter.required(Required::False).description(description);
        match field {
            RefOr::T(Schema::Array(list)) => {
                let has_ids = ["candidates", "exclude", "negative", "positive"].contains(&name.as_str());
                let list = if has_ids { listed_ids() } else { list };
                parameter.schema(Some(list)).style(Some(ParameterStyle::Form)).explode(Some(false))
            }
            other => parameter.schema(Some(other)),
        }
        .build()
    };
    fields.map(parameter).collect()
}

/// A list of ids in a query string: none of them is an object, as in a history, and none has a comma.
fn listed_ids() -> Array {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^[^,{INVISIBLE}]*[^,\\s{INVISIBLE}][^,{INVISIBLE}]*$")))
        .max_length(Some(512));
    ArrayBuilder::new().items(id).min_items(Some(1)).build()
}

/// The schema of a field without `null`, which is what a field of Rust that is an `Option` may be.
fn without_null(mut field: RefOr<Schema>) -> RefOr<Schema> {
    let types = match &mut field {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(list)) => &mut list.schema_type,
        RefOr::T(_) | RefOr::Ref(_) => return field,
    };
    if let SchemaType::Array(several) = types {
        several.retain(|known| *known != Type::Null);
        if let [only] = &several[..] {
            *types = SchemaType::Type(only.clone());
        }
    }
    field
}

fn take_description(field: &mut RefOr<Schema>) -> Option<String> {
    match field {
        RefOr::T(Schema::Object(object)) => object.description.take(),
        RefOr::T(Schema::Array(list)) => list.description.take(),
        RefOr::Ref(reference) => Some(std::mem::take(&mut reference.description)).filter(|text| !text.is_empty()),
        RefOr::T(_) => None,
    }
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn text(pattern: &str) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    text.max_length(Some(MAX_TEXT_LENGTH)).build()
}

fn described(description: &str, longest: usize) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(longest));
    text.description(Some(description)).build()
}

fn day(description: &str) -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Date);
    let day = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
    day.description(Some(description)).build()
}

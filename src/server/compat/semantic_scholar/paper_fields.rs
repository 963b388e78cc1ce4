//! Papers as Semantic Scholar writes them: ids, and the fields that a request asks for.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::engine::Engine;
use crate::library::StoredPaper;
use crate::paper::{Paper, PaperId, WorkName};
use crate::server::problem::Problem;

/// The fields of a paper without `fields`, as in the original API.
const DEFAULT_FIELDS: [&str; 2] = ["paperId", "title"];
/// All fields of a paper; those that the library does not know are `null`.
const KNOWN_FIELDS: [&str; 23] = [
    "paperId",
    "corpusId",
    "externalIds",
    "url",
    "title",
    "abstract",
    "venue",
    "publicationVenue",
    "year",
    "referenceCount",
    "citationCount",
    "influentialCitationCount",
    "isOpenAccess",
    "openAccessPdf",
    "fieldsOfStudy",
    "s2FieldsOfStudy",
    "publicationTypes",
    "publicationDate",
    "journal",
    "citationStyles",
    "authors",
    "embedding",
    "tldr",
];
/// Fields whose values are lists of papers; only the graph has them.
const LINK_FIELDS: [&str; 2] = ["references", "citations"];
/// Fields of a link, which are not those of a paper; the library has none of them.
pub(super) const LINK_ONLY_FIELDS: [&str; 4] = ["contexts", "intents", "contextsWithIntent", "isInfluential"];
/// The prefix of ids that Semantic Scholar numbers papers by.
const CORPUS_PREFIX: &str = "CorpusId:";

/// A paper with some of its fields.
#[derive(Debug, Serialize)]
pub(super) struct S2Paper(Map<String, Value>);

impl PartialSchema for S2Paper {
    fn schema() -> RefOr<Schema> {
        let field = |kind: Type, text: &str| {
            let types = SchemaType::from_iter([kind, Type::Null]);
            ObjectBuilder::new().schema_type(types).description(Some(text)).build()
        };
        let author = ObjectBuilder::new()
            .property("authorId", field(Type::String, "Always `null`."))
            .property("name", ObjectBuilder::new().schema_type(Type::String).description(Some("The name.")));
        let links = |text: &str| {
            let types = SchemaType::from_iter([Type::Array, Type::Null]);
            let paper = ObjectBuilder::new().schema_type(Type::Object);
            ArrayBuilder::new().schema_type(types).items(paper).description(Some(text)).build()
        };
        ObjectBuilder::new()
            .description(Some(
                "A paper with the fields that were asked for. Those that the library does not have are `null`.",
            ))
            .property("paperId", field(Type::String, "The id in the library; `null` for a work that it does not have."))
            .property("corpusId", field(Type::Integer, "Semantic Scholar's number."))
            .property(
                "externalIds",
                field(Type::Object, "The ids by their kinds: `ArXiv`, `DOI`, `PubMed`, `CorpusId`."),
            )
            .property("url", field(Type::String, "Where it can be read."))
            .property("title", field(Type::String, "The title."))
            .property("abstract", field(Type::String, "The abstract."))
            .property("year", field(Type::Integer, "The year of publication."))
            .property("publicationDate", field(Type::String, "The day of publication."))
            .property(
                "authors",
                ArrayBuilder::new().schema_type(SchemaType::from_iter([Type::Array, Type::Null])).items(author),
            )
            .property("references", links("What it cites, as far as the library knows."))
            .property("citations", links("What cites it, as far as the library knows."))
            .into()
    }
}

impl ToSchema for S2Paper {}

/// The description of a name in `fields` of the recommendations API.
pub(in crate::server) enum S2FieldName {}

impl PartialSchema for S2FieldName {
    fn schema() -> RefOr<Schema> {
        field_names(format!("^{}$", known_field()))
    }
}

impl ToSchema for S2FieldName {}

/// The description of a name in `fields` of the graph API, which has lists of papers too.
pub(in crate::server) enum S2GraphFieldName {}

impl PartialSchema for S2GraphFieldName {
    fn schema() -> RefOr<Schema> {
        let (lists, known) = (LINK_FIELDS.join("|"), known_field());
        field_names(format!(r"^(({lists})(\.{known})?|{known})$"))
    }
}

impl ToSchema for S2GraphFieldName {}

/// The description of a name in `fields` of links: of the link itself, or of the work at its end.
pub(in crate::server) enum S2LinkFieldName {}

impl PartialSchema for S2LinkFieldName {
    fn schema() -> RefOr<Schema> {
        let (of_link, known) = (LINK_ONLY_FIELDS.join("|"), known_field());
        field_names(format!("^({of_link}|{known})$"))
    }
}

impl ToSchema for S2LinkFieldName {}

/// A pattern of a field, with the field of its value if it has one.
fn known_field() -> String {
    format!(r"({})(\.[A-Za-z0-9]+)*", KNOWN_FIELDS.join("|"))
}

fn field_names(pattern: String) -> RefOr<Schema> {
    let description = "The name of a field, `authors.name` for a field of its value.";
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).pattern(Some(pattern)).into()
}

/// The fields that a request asks for.
#[derive(Debug, Clone)]
pub(super) struct S2Fields {
    /// Fields of the paper.
    own: Vec<String>,
    /// Fields of the papers that it cites: `title` for `references.title`.
    of_references: Vec<String>,
    /// Fields of the papers that cite it.
    of_citations: Vec<String>,
}

impl S2Fields {
    /// Reads the parameter `fields` of the recommendations API.
    ///
    /// # Errors
    /// For a field that the original API does not have.
    pub(super) fn of_recommendations(names: &[String]) -> Result<S2Fields, Problem> {
        S2Fields::parse(names, &[])
    }

    /// Reads the parameter `fields` of the graph API.
    ///
    /// # Errors
    /// For a field that the original API does not have.
    pub(super) fn of_graph(names: &[String]) -> Result<S2Fields, Problem> {
        S2Fields::parse(names, &LINK_FIELDS)
    }

    fn parse(names: &[String], more: &[&str]) -> Result<S2Fields, Problem> {
        let is_known = |name: &str| {
            let mut parts = name.split('.');
            let is_name = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            parts.next().is_some_and(|first| KNOWN_FIELDS.contains(&first)) && parts.all(is_name)
        };
        // A field below a list of papers is a field of a paper.
        let is_accepted = |name: &String| match name.split_once('.') {
            Some((list, field)) if more.contains(&list) => is_known(field),
            _ => is_known(name) || more.contains(&name.as_str()),
        };
        if let Some(name) = names.iter().find(|name| !is_accepted(name)) {
            return Err(Problem::bad_request(format!("Unrecognized or unsupported fields: [{name}]")));
        }
        let own = names.iter().map(|name| top_level(name));
        let of_list = |list: &str| {
            let fields = names.iter().filter_map(|name| name.strip_prefix(list)?.strip_prefix('.'));
            with_defaults(fields.map(top_level).collect())
        };
        let (of_references, of_citations) = (of_list("references"), of_list("citations"));
        Ok(S2Fields { own: with_defaults(own.collect()), of_references, of_citations })
    }

    /// The selected fields of a paper.
    pub(super) fn select(&self, paper: &Paper) -> S2Paper {
        S2Paper(self.own.iter().map(|field| (field.clone(), field_value(paper, field))).collect())
    }

    /// The selected fields of a paper of the library, with the papers that it cites and that cite it if they are asked for.
    pub(super) fn select_stored(&self, engine: &Engine, stored: &StoredPaper) -> Result<S2Paper, Problem> {
        let S2Paper(mut fields) = self.select(&stored.paper);
        let of_works = |works: Vec<WorkName>, names: &[String]| {
            let works = works.iter().map(|work| work_fields(engine, work, names)).collect::<Result<Vec<_>, _>>()?;
            // Without links, the library does not know what the paper cites.
            Ok::<_, Problem>(if works.is_empty() {
                Value::Null
            } else {
                works.into_iter().map(|S2Paper(work)| work).collect()
            })
        };
        if let Some(value) = fields.get_mut("references") {
            *value = of_works(engine.library().references(stored.key)?, &self.of_references)?;
        }
        if let Some(value) = fields.get_mut("citations") {
            *value = of_works(engine.library().citations(stored.key)?, &self.of_citations)?;
        }
        Ok(S2Paper(fields))
    }

    /// The selected fields of a work that cites or is cited.
    pub(super) fn select_work(&self, engine: &Engine, work: &WorkName) -> Result<S2Paper, Problem> {
        work_fields(engine, work, &self.own)
    }
}

/// Fields of a work that cites or is cited; its `paperId` is `null` when the library does not have it.
fn work_fields(engine: &Engine, work: &WorkName, names: &[String]) -> Result<S2Paper, Problem> {
    let id = work.id();
    let known = id.as_ref().map(|id| engine.paper(id)).transpose()?.flatten();
    let value = |field: &str| match (&known, field) {
        (Some(stored), _) => field_value(&stored.paper, field),
        (None, "title") => text(if work.title.is_empty() { &work.citation } else { &work.title }),
        (None, "year") => work.year.map_or(Value::Null, Value::from),
        (None, "authors") if !work.author.is_empty() => json!([{ "authorId": null, "name": work.author }]),
        (None, "corpusId") => corpus_id(&work.ids),
        (None, "externalIds") => external_ids(&work.ids),
        (None, _) => Value::Null,
    };
    Ok(S2Paper(names.iter().map(|field| (field.clone(), value(field))).collect()))
}

/// The selected fields, or else the default ones; the id is always one of them.
fn with_defaults(names: Vec<&str>) -> Vec<String> {
    let names = if names.is_empty() { DEFAULT_FIELDS.to_vec() } else { [vec!["paperId"], names].concat() };
    names.into_iter().map(str::to_owned).collect()
}

/// Returns the top-level field: `authors` of `authors.name`.
fn top_level(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

/// Reads a paper id with or without one of Semantic Scholar's prefixes: `ARXIV:`, `DOI:`, `PMID:`, `CorpusId:`, `URL:`.
pub(super) fn s2_paper_id(text: &str) -> Result<PaperId, Problem> {
    let after = |prefix: &str| {
        let (start, rest) = text.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    let spelled = match (after("URL:"), after(CORPUS_PREFIX)) {
        (Some(url), _) => url.to_owned(),
        (None, Some(number)) => format!("{CORPUS_PREFIX}{}", number.trim()),
        (None, None) => text.to_owned(),
    };
    PaperId::parse(&spelled).map_err(|reason| Problem::bad_request(format!("`{text}`: {reason}")))
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn field_value(paper: &Paper, field: &str) -> Value {
    let ids = || std::iter::once(&paper.id).chain(&paper.aliases);
    match field {
        "paperId" => paper.id.as_str().into(),
        "corpusId" => corpus_id(ids()),
        "externalIds" => external_ids(ids()),
        "title" => text(&paper.title),
        "abstract" => text(&paper.abstract_text),
        "url" => paper.url.as_deref().map_or(Value::Null, text),
        "year" => paper.published.or(paper.listed).map_or(Value::Null, |date| date.year().into()),
        "publicationDate" => paper.published.map_or(Value::Null, |date| date.to_string().into()),
        "authors" => paper.authors.iter().map(|name| json!({ "authorId": null, "name": name })).collect(),
        _ => Value::Null,
    }
}

/// The number that Semantic Scholar knows a paper by.
fn corpus_id<'a>(ids: impl IntoIterator<Item = &'a PaperId>) -> Value {
    let mut numbers = ids.into_iter().filter_map(|id| id.as_str().strip_prefix(CORPUS_PREFIX)?.parse::<u64>().ok());
    numbers.next().map_or(Value::Null, Value::from)
}

/// The first id of each kind that Semantic Scholar has a name for.
fn external_ids<'a>(ids: impl IntoIterator<Item = &'a PaperId>) -> Value {
    let mut found = Map::new();
    for id in ids {
        let named = match id.as_str() {
            text if id.is_arxiv() => Some(("ArXiv", text.into())),
            text => match (text.strip_prefix("doi:"), text.strip_prefix("pmid:")) {
                (Some(doi), _) => Some(("DOI", doi.into())),
                (None, Some(number)) => Some(("PubMed", number.into())),
                (None, None) => Some(("CorpusId", corpus_id([id]))).filter(|(_, number)| !number.is_null()),
            },
        };
        if let Some((name, value)) = named {
            found.entry(name).or_insert(value);
        }
    }
    found.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_of_an_id() {
        for (text, expected) in [
            ("ARXIV:2106.15928", "2106.15928"),
            ("arXiv:2106.15928v2", "2106.15928"),
            ("DOI:10.1/Ab", "doi:10.1/ab"),
            ("PMID:12345", "pmid:12345"),
            ("corpusID:7", "CorpusId:7"),
            ("URL:https://arxiv.org/abs/2106.15928", "2106.15928"),
            ("2106.15928", "2106.15928"),
            ("00000000000000000000000000000000000000a1", "00000000000000000000000000000000000000a1"),
        ] {
            assert_eq!(s2_paper_id(text).unwrap().as_str(), expected, "{text}");
        }
        assert!(s2_paper_id("URL:").is_err());
    }

    #[test]
    fn fields_of_each_api() {
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let fields =
            S2Fields::of_graph(&names("year,authors.hIndex,references.year,references.authors.name,citations"));
        let S2Fields { own, of_references, of_citations } = fields.unwrap();
        assert_eq!(own, ["paperId", "year", "authors", "references", "references", "citations"]);
        assert_eq!(of_references, ["paperId", "year", "authors"]);
        assert_eq!(of_citations, ["paperId", "title"]);
        for unknown in ["headline", "references.headline", "references.references", "authors.", "authors.n ame"] {
            assert!(S2Fields::of_graph(&names(unknown)).is_err(), "{unknown}");
        }
        assert!(S2Fields::of_recommendations(&names("references")).is_err());
    }
}

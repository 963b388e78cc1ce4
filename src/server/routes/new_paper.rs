//! A paper that a client adds as JSON: its fields have the types of the description. Lines of records are read as files
//! are, with every name and form that sources use.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::paper::PaperId;
use crate::server::extract::JsonTree;

/// The fields of a paper to be added.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewPaperFields {
    /// What names it; without an id, one is made from the title.
    id: Option<PaperId>,
    /// What names it too: its DOI beside its arXiv id, ...
    aliases: Vec<PaperId>,
    /// The title.
    #[schema(max_length = 5000)]
    title: Option<String>,
    /// The abstract.
    #[serde(rename = "abstract")]
    #[schema(max_length = 200_000)]
    abstract_text: Option<String>,
    /// Names of the authors, in order.
    authors: Vec<String>,
    /// How many authors there are, if their names are not given.
    #[schema(format = Int64, maximum = 4294967295_u32)]
    author_count: Option<u32>,
    /// The day it was first published.
    published: Option<Date>,
    /// The day it appeared in a listing.
    listed: Option<Date>,
    /// Votes, as the source counts them.
    #[schema(format = Int64, maximum = 4294967295_u32)]
    votes: Option<u32>,
    /// Comments, as the source counts them.
    #[schema(format = Int64, maximum = 4294967295_u32)]
    comments: Option<u32>,
    /// Subject classes, the primary one first: `cs.CL`, ...
    categories: Vec<String>,
    /// The kind of source it came from; `jsonl` by default.
    source: Option<String>,
    /// Where it can be read.
    url: Option<String>,
    /// What it cites.
    references: Vec<LinkedWork>,
    /// What cites it.
    citations: Vec<LinkedWork>,
}

/// A work that cites or is cited: its id, or an object.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum LinkedWork {
    Id(PaperId),
    Fields(LinkedWorkFields),
}

impl<'de> Deserialize<'de> for LinkedWork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LinkedWork, D::Error> {
        match JsonTree::deserialize(deserializer)? {
            JsonTree::Object(fields) => fields.read().map(LinkedWork::Fields),
            JsonTree::Scalar(id) => serde_json::from_value(id).map(LinkedWork::Id),
            JsonTree::List(_) => Err(de::Error::custom("expected a paper id, or an object with `id` or `title`")),
        }
        .map_err(de::Error::custom)
    }
}

/// A work that cites or is cited, by its id, or by title, author and year.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct LinkedWorkFields {
    /// Its id.
    id: Option<PaperId>,
    /// The title.
    title: Option<String>,
    /// Names of the authors, in order.
    authors: Vec<String>,
    /// The year of publication.
    #[schema(maximum = 65535)]
    year: Option<u16>,
}

//! A paper that a client adds as JSON: its fields have the types of the description. Lines of records are read as files
//! are, with every name and form that sources use.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::error::Result;
use crate::formats::{MAX_AUTHORS, MAX_REFERENCES, MAX_TAGS};
use crate::paper::{MAX_ADDRESS, MAX_ALIASES, MAX_SOURCE, MAX_TITLE, PaperId};
use crate::recommend::{check_length, check_names, check_text};
use crate::server::extract::JsonTree;

/// The fields of a paper to be added.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewPaperFields {
    /// What names it; without an id, one is made from the title.
    id: Option<PaperId>,
    /// What names it too: its DOI beside its arXiv id, ...
    #[schema(max_items = 1_000)]
    aliases: Vec<PaperId>,
    /// The title.
    #[schema(max_length = 5000)]
    title: Option<String>,
    /// The abstract.
    #[serde(rename = "abstract")]
    #[schema(max_length = 200_000)]
    abstract_text: Option<String>,
    /// Names of the authors, in order.
    #[schema(max_items = 20_000)]
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
    #[schema(max_items = 1_000)]
    categories: Vec<String>,
    /// The kind of source it came from; `jsonl` by default.
    #[schema(max_length = 100)]
    source: Option<String>,
    /// Where it can be read.
    #[schema(max_length = 8_000)]
    url: Option<String>,
    /// What it cites.
    #[schema(max_items = 50_000)]
    references: Vec<LinkedWork>,
    /// What cites it.
    #[schema(max_items = 50_000)]
    citations: Vec<LinkedWork>,
}

impl NewPaperFields {
    /// Checks the lengths of lists, and of texts that a paper keeps as they are.
    pub(super) fn check(&self) -> Result<()> {
        check_length("aliases", self.aliases.len(), MAX_ALIASES)?;
        check_names("authors", &self.authors, MAX_AUTHORS)?;
        check_names("categories", &self.categories, MAX_TAGS)?;
        check_text("source", self.source.as_deref().unwrap_or_default(), MAX_SOURCE)?;
        check_text("url", self.url.as_deref().unwrap_or_default(), MAX_ADDRESS)?;
        for (field, works) in [("references", &self.references), ("citations", &self.citations)] {
            check_length(field, works.len(), MAX_REFERENCES)?;
            works.iter().try_for_each(|work| match work {
                LinkedWork::Id(_) => Ok(()),
                LinkedWork::Fields(LinkedWorkFields { title, authors, .. }) => {
                    check_text(field, title.as_deref().unwrap_or_default(), MAX_TITLE)?;
                    check_names(field, authors, MAX_AUTHORS)
                }
            })?;
        }
        Ok(())
    }
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
    #[schema(max_length = 5000)]
    title: Option<String>,
    /// Names of the authors, in order.
    #[schema(max_items = 20_000)]
    authors: Vec<String>,
    /// The year of publication.
    #[schema(maximum = 65535)]
    year: Option<u16>,
}

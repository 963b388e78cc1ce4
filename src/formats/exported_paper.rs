//! A paper as it is exported, with what the library keeps beside it.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::paper::{Paper, WorkName};

/// A paper with its references and its embedding, as JSON lines and Parquet carry it.
///
/// ```
/// use paperkin::formats::ExportedPaper;
/// use paperkin::paper::{RawPaper, WorkName};
///
/// let raw = RawPaper { id: Some("2401.90001".to_owned()), title: "Lamps".to_owned(), ..RawPaper::default() };
/// let cited = WorkName::from_id("10.5555/ferries".parse().unwrap());
/// let exported = ExportedPaper { references: vec![cited], ..ExportedPaper::from(raw.validate().unwrap()) };
/// assert_eq!(serde_json::to_value(exported).unwrap()["references"][0], "doi:10.5555/ferries");
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct ExportedPaper {
    /// The paper.
    #[serde(flatten)]
    pub paper: Paper,
    /// What it cites.
    #[serde(serialize_with = "serialize_works", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<WorkName>,
    /// Its embedding, if embeddings are exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
}

impl From<Paper> for ExportedPaper {
    fn from(paper: Paper) -> ExportedPaper {
        ExportedPaper { paper, references: Vec::new(), embedding: None }
    }
}

fn serialize_works<S: Serializer>(works: &[WorkName], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(works.iter().map(work_value))
}

/// Returns a work as readers of references read it: its id or, if it has none, an object with what is known of it.
pub(crate) fn work_value(work: &WorkName) -> Value {
    match work.ids.first() {
        // Such a text would be a printed citation, or several ids.
        Some(id) if id.as_str().contains(|c: char| c.is_whitespace() || c == ';' || c == '{') => json!({"id": id}),
        Some(id) => json!(id),
        None if work.title.is_empty() => json!({"unstructured": work.citation}),
        None => {
            let mut value = json!({"title": work.title});
            if !work.author.is_empty() {
                value["authors"] = json!([work.author]);
            }
            if let Some(year) = work.year {
                value["year"] = json!(year);
            }
            value
        }
    }
}

//! A paper of a history in a request: named, or given with its text.

use std::fmt;

use jiff::civil::Date;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::paper::PaperId;

/// One paper of a history. In JSON: an id, or an object with `id` or with `title` and `abstract`, and with `weight`,
/// `at` and `interest` if they are known.
///
/// ```
/// use paperkin::recommend::HistoryItem;
///
/// let item: HistoryItem = serde_json::from_str(r#"{"id": "2401.12345", "weight": 2.0}"#).unwrap();
/// assert_eq!(item.weight, 2.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryItem {
    /// Which paper.
    pub paper: PaperRef,
    /// How much it counts, above 0; 1 is usual.
    pub weight: f64,
    /// When it was read, liked or disliked.
    pub at: Option<Date>,
    /// The name of the interest that it is of; papers of none are grouped by what they are about.
    pub interest: Option<String>,
}

/// A paper named, or given with its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PaperRef {
    /// A paper of the library.
    Id(PaperId),
    /// A paper that need not be in the library.
    Inline {
        /// Its title; may be empty when there is an abstract.
        title: String,
        /// Its abstract; may be empty when there is a title.
        abstract_text: String,
    },
}

impl HistoryItem {
    /// A paper of the library with the usual weight.
    pub fn id(id: PaperId) -> HistoryItem {
        HistoryItem { paper: PaperRef::Id(id), weight: 1.0, at: None, interest: None }
    }
}

/// The object form of a history item.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryItemFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<PaperId>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(default, rename = "abstract", skip_serializing_if = "String::is_empty")]
    abstract_text: String,
    #[serde(default = "default_weight")]
    weight: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interest: Option<String>,
}

fn default_weight() -> f64 {
    1.0
}

impl Serialize for HistoryItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let (id, title, abstract_text) = match &self.paper {
            PaperRef::Id(id) => (Some(id.clone()), String::new(), String::new()),
            PaperRef::Inline { title, abstract_text } => (None, title.clone(), abstract_text.clone()),
        };
        let HistoryItem { weight, at, interest, .. } = self.clone();
        HistoryItemFields { id, title, abstract_text, weight, at, interest }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HistoryItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<HistoryItem, D::Error> {
        struct IdOrObject;

        impl<'de> Visitor<'de> for IdOrObject {
            type Value = HistoryItem;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a paper id, or an object with `id` or with `title` and `abstract`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<HistoryItem, E> {
                PaperId::parse(text).map(HistoryItem::id).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<HistoryItem, A::Error> {
                let HistoryItemFields { id, title, abstract_text, weight, at, interest } =
                    HistoryItemFields::deserialize(MapAccessDeserializer::new(map))?;
                let paper = match id {
                    Some(id) => PaperRef::Id(id),
                    None if title.trim().is_empty() && abstract_text.trim().is_empty() => {
                        return Err(de::Error::custom("a paper needs `id`, or `title` and `abstract`"));
                    }
                    None => PaperRef::Inline { title, abstract_text },
                };
                Ok(HistoryItem { paper, weight, at, interest })
            }
        }

        deserializer.deserialize_any(IdOrObject)
    }
}

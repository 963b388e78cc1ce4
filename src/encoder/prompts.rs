//! What a model wants to see before a text: `query: `, `passage: `, or a whole sentence.

use std::collections::HashMap;

use serde::Deserialize;

use super::config::json;
use crate::Result;

/// Where sentence-transformers keeps prompts.
pub(super) const PROMPTS_FILE: &str = "config_sentence_transformers.json";

/// What a text is in a search. Some models were trained with another prompt for each; for most, both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextSide {
    /// What somebody types to find documents.
    Query,
    /// What is found: a paper, or a sentence of one.
    Document,
}

/// What is put before the texts of either side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prompts {
    query: String,
    document: String,
}

/// Models that were trained with prompts which their repositories describe in words only: the beginning of the hub's id,
/// the prompt of queries and that of documents.
const PUBLISHED_PROMPTS: [(&str, &str, &str); 9] = [
    ("BAAI/bge-small-en", "Represent this sentence for searching relevant passages: ", ""),
    ("BAAI/bge-base-en", "Represent this sentence for searching relevant passages: ", ""),
    ("BAAI/bge-large-en", "Represent this sentence for searching relevant passages: ", ""),
    ("intfloat/e5-small", "query: ", "passage: "),
    ("intfloat/e5-base", "query: ", "passage: "),
    ("intfloat/e5-large", "query: ", "passage: "),
    ("intfloat/multilingual-e5-small", "query: ", "passage: "),
    ("intfloat/multilingual-e5-base", "query: ", "passage: "),
    // Not that of `multilingual-e5-large-instruct`, where each task has an instruction.
    ("intfloat/multilingual-e5-large", "query: ", "passage: "),
];
/// What may follow the names above: other versions with the same prompts.
const VERSIONS: [&str; 4] = ["", "-v1.5", "-v2", "-unsupervised"];

impl Prompts {
    /// Reads `config_sentence_transformers.json`, and picks prompts by the names that sentence-transformers' `encode_query` and
    /// `encode_document` look for. As these do, it leaves `default_prompt_name` alone: that is for texts on no side.
    pub(super) fn parse(model: &str, bytes: &[u8]) -> Result<Prompts> {
        #[derive(Deserialize)]
        struct PromptsConfig {
            prompts: Option<HashMap<String, Option<String>>>,
        }
        let PromptsConfig { prompts } = json(model, PROMPTS_FILE, bytes)?;
        let mut prompts = prompts.unwrap_or_default();
        let mut first = |names: &[&str]| names.iter().find_map(|name| prompts.remove(*name)?).unwrap_or_default();
        Ok(Prompts { query: first(&["query"]), document: first(&["document", "passage", "corpus"]) })
    }

    /// The prompts of a model of the hub that says nothing about them in its files.
    pub(super) fn published(id: &str) -> Prompts {
        let is_named = |name: &str| id.strip_prefix(name).is_some_and(|rest| VERSIONS.contains(&rest));
        let found = PUBLISHED_PROMPTS.into_iter().find(|(name, ..)| is_named(name));
        found.map_or_else(Prompts::default, |(_, query, document)| Prompts {
            query: query.to_owned(),
            document: document.to_owned(),
        })
    }

    /// Whether nothing is put before any text.
    pub(super) fn is_empty(&self) -> bool {
        self.query.is_empty() && self.document.is_empty()
    }

    /// The line of a model's fingerprint; empty without prompts.
    pub(super) fn recipe_line(&self, pooled: bool) -> String {
        let Prompts { query, document } = self;
        if self.is_empty() {
            String::new()
        } else {
            format!("prompts query={query:?} document={document:?} pooled={pooled}\n")
        }
    }

    /// What is put before a text.
    pub(super) fn of(&self, side: TextSide) -> &str {
        match side {
            TextSide::Query => &self.query,
            TextSide::Document => &self.document,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> (String, String) {
        let Prompts { query, document } = Prompts::parse("m", json.as_bytes()).unwrap();
        (query, document)
    }

    #[test]
    fn sides_as_in_sentence_transformers() {
        let check = |json: &str, query: &str, document: &str| {
            assert_eq!(parsed(json), (query.to_owned(), document.to_owned()), "{json}");
        };
        check("{}", "", "");
        check(r#"{"prompts":null,"default_prompt_name":null}"#, "", "");
        check(r#"{"prompts":{"query":"q: ","document":"d: "}}"#, "q: ", "d: ");
        check(r#"{"prompts":{"query":"q: ","passage":"p: ","corpus":"c: "}}"#, "q: ", "p: ");
        check(r#"{"prompts":{"query":null,"corpus":"c: "},"default_prompt_name":"corpus"}"#, "", "c: ");
        check(r#"{"prompts":{"query":"","sts":"s: "},"default_prompt_name":"sts"}"#, "", "");
    }

    #[test]
    fn published_prompts_are_for_exactly_these_models() {
        assert_eq!(Prompts::published("intfloat/e5-small-v2").of(TextSide::Document), "passage: ");
        let bge = Prompts::published("BAAI/bge-small-en-v1.5");
        assert!(bge.of(TextSide::Query).starts_with("Represent") && bge.of(TextSide::Document).is_empty());
        for other in
            ["BAAI/bge-m3", "intfloat/multilingual-e5-large-instruct", "lab/e5-small-v2", "intfloat/e5-smaller"]
        {
            assert!(Prompts::published(other).is_empty(), "{other}");
        }
    }
}

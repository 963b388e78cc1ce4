//! Finding papers by their words.

use std::sync::Arc;

use super::Engine;
use super::kept::Cache;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::lexical::Blocks;
use crate::recommend::{Background, Taste};
use crate::vector::{Row, RowSet};

/// Terms of a text or of a history that papers are found by.
const MOST_TERMS: usize = 16;

impl Engine {
    /// The `k` rows that have most of the words of the text, and as many for the history, of those allowed; with
    /// `known`, as if there were no papers but those with these keys.
    pub(super) fn with_words(
        &self,
        taste: &Taste,
        background: &Background,
        k: usize,
        known: Option<&[i64]>,
        allowed: Option<&RowSet>,
        snapshot: &Snapshot,
    ) -> Result<Vec<Row>> {
        let collection = match known {
            None => self.kept.collection.of(snapshot.stamp, || self.library.collection(None))?,
            Some(_) => Arc::new(self.library.collection(known)?),
        };
        let passes = |key| allowed.is_none_or(|allowed| snapshot.row(key).is_some_and(|row| allowed.contains(row)));
        let known_postings = self.kept.postings.of(snapshot.stamp, || Ok(Cache::default()))?;
        let mut rows = Vec::new();
        for query in taste.queries(MOST_TERMS, |term| background.rarity(term)) {
            let postings = query.terms().map(|term| {
                let size = |blocks: &Blocks| blocks.iter().map(|(_, bytes)| 64 + bytes.len()).sum();
                known_postings.of(term, size, || self.library.postings(term))
            });
            let keys = collection.score(&query, &postings.collect::<Result<Vec<_>>>()?).best(k, passes);
            rows.extend(keys.into_iter().filter_map(|key| snapshot.row(key)));
        }
        Ok(rows)
    }
}

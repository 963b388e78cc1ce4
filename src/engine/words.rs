//! The lexical half of an answer: what papers have of a question's words.

use super::Engine;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::lexical::Scores;
use crate::recommend::Taste;
use crate::vector::{Row, RowSet};

/// What every paper has of the words of a taste.
#[derive(Default)]
pub(super) struct Words {
    /// Of each text or history, and how much it counts.
    scores: Vec<(Scores, f32)>,
}

impl Engine {
    /// Reads the words of a taste; with `known`, as if there were no papers but those with these keys.
    pub(super) fn words(&self, taste: &Taste, known: Option<&[i64]>) -> Result<Words> {
        let (text, liked) = (taste.text_query(), taste.liked_query());
        if (text.is_none() && liked.is_none()) || self.options.weights.words == 0.0 {
            return Ok(Words::default());
        }
        let collection = self.library.collection(known)?;
        let queries = text.map(|query| (query, 1.0)).into_iter().chain(liked.map(|query| (query, collection.trust())));
        let scores = queries.map(|(query, counts)| Ok((self.library.word_scores(&collection, &query)?, counts)));
        Ok(Words { scores: scores.collect::<Result<_>>()? })
    }
}

impl Words {
    /// What the paper of a row has of the words of text and history, added up.
    pub(super) fn of(&self, row: Row, snapshot: &Snapshot) -> f32 {
        let key = snapshot.key(row);
        self.scores.iter().map(|(scores, counts)| counts * scores.of(key)).sum()
    }

    /// The `k` rows that have most of the words of the text, and of the history, of those allowed.
    pub(super) fn best(&self, k: usize, allowed: Option<&RowSet>, snapshot: &Snapshot) -> Vec<Row> {
        let passes = |key| allowed.is_none_or(|allowed| snapshot.row(key).is_some_and(|row| allowed.contains(row)));
        let keys = self.scores.iter().flat_map(|(scores, _)| scores.best(k, passes));
        keys.filter_map(|key| snapshot.row(key)).collect()
    }
}

//! Step 2 of a ranking: the classifier of a long history, fitted once per history and generation.

use sha2::{Digest, Sha256};

use super::Searcher;
use super::resolve::ResolvedRequest;
use crate::error::Result;
use crate::lexical::TermSlice;
use crate::recommend::{HistoryPaper, MIN_CLASSIFIER_HISTORY, Strategy, TermClassifier};
use crate::vector::RowId;

/// Fits a classifier to a long history: its papers against all others that existed on the day of the answer.
///
/// # Errors
/// When the library's file cannot be read.
pub(super) fn add_classifier(searcher: &Searcher<'_>, resolved: &mut ResolvedRequest<'_>) -> Result<()> {
    let [interest] = &resolved.queries[..] else { return Ok(()) };
    let liked = &interest.query.liked;
    if resolved.request.strategy != Strategy::Auto || liked.len() < MIN_CLASSIFIER_HISTORY {
        return Ok(());
    }
    let cached = searcher.caches.classifiers.get_or_build(searcher.snapshot.generation, || Ok(Default::default()))?;
    let key = history_hash(liked, resolved.known.as_deref());
    let classifier = cached.get_or_read(&key, TermClassifier::size_bytes, || {
        Ok(TermClassifier::fit(&resolved.background, liked, &other_papers(searcher, resolved)?))
    })?;
    resolved.queries[0].query.classifier = Some(classifier);
    Ok(())
}

/// The terms of all known papers that are not part of the history, in the order of their keys.
fn other_papers<'s>(searcher: &'s Searcher<'_>, resolved: &ResolvedRequest<'_>) -> Result<Vec<TermSlice<'s>>> {
    let rows = resolved.known_rows.as_ref().unwrap_or(searcher.snapshot.all());
    let others: Vec<RowId> = rows.iter().filter(|row| !resolved.history_rows.contains(*row)).collect();
    let terms = searcher.terms()?;
    terms.load(searcher, &others)?;
    others.into_iter().map(|row| terms.terms(searcher, row)).collect()
}

/// What the classifier depends on beside the generation.
fn history_hash(liked: &[HistoryPaper], known: Option<&[i64]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for past in liked {
        hash.update(past.weight.to_le_bytes());
        hash.update(past.id.as_ref().map_or(past.title.as_str(), |id| id.as_str()));
        hash.update([0]);
    }
    for key in known.into_iter().flatten() {
        hash.update(key.to_le_bytes());
    }
    hash.finalize().into()
}

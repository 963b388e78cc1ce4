//! Another model for the whole library.

use serde::Serialize;

use crate::embedder::{Embedder, stored_model};
use crate::encoder::{ModelChoice, TextSide};
use crate::error::Result;
use crate::library::{Library, StoredPaper};
use crate::searcher::SharedCaches;

/// Papers that are embedded and written together, as in an addition.
const BATCH: usize = 256;

/// What became of a change of models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReembedSummary {
    /// The library's model from now on.
    pub model: String,
    /// Papers that were embedded; those embedded by an interrupted run before are not among them.
    pub papers: usize,
}

/// Embeds every paper with another model (`None`: the bundled one) and makes it the library's. The library keeps
/// answering with its old model until all are done; an interrupted run resumes where it stopped. `report` is called
/// with how many papers remain, and how many more are done.
///
/// # Errors
/// Those of the model, the encoder and the library's file.
pub(crate) fn reembed(
    library: &mut Library,
    embedder: &mut Embedder,
    caches: &SharedCaches,
    model: Option<ModelChoice>,
    report: &(dyn Fn(usize, usize) + Sync),
) -> Result<ReembedSummary> {
    let encoder = embedder.open_other(&model.unwrap_or_default())?;
    let stored = stored_model(encoder.identity());
    let mut papers = 0;
    loop {
        let (batch, left) = library.without_embedding(&stored.fingerprint, BATCH)?;
        report(left, 0);
        if batch.is_empty() && library.switch_model(&stored)? {
            break;
        }
        let texts: Vec<String> = batch.iter().map(|stored| stored.paper.document()).collect();
        let embeddings = encoder.encode(TextSide::Document, &texts, &|count| report(left, count))?;
        papers += batch.len();
        let pairs: Vec<(StoredPaper, _)> = batch.into_iter().zip(embeddings).collect();
        library.write_embeddings(&stored, &pairs)?;
    }
    embedder.set_encoder(encoder);
    caches.snapshot.clear();
    Ok(ReembedSummary { model: stored.label(), papers })
}

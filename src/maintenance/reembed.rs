//! Another model for the whole library.

use std::sync::Arc;

use serde::Serialize;

use super::{Engine, stored_model};
use crate::encoder::{Encoder, Model, ModelChoice};
use crate::error::Result;
use crate::library::StoredPaper;

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

impl Engine {
    /// Embeds every paper with another model (left out: the bundled one) and makes it the library's. The library keeps
    /// answering with its old model until all are done; an interrupted run is taken up where it stopped. `report` is
    /// told how many papers are to do, and how many more are done.
    pub fn reembed(
        &mut self,
        model: Option<ModelChoice>,
        report: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<ReembedSummary> {
        let model = Model::open(&model.unwrap_or_default(), &self.options.hub)?;
        let stored = stored_model(model.identity());
        let encoder = Encoder::new(model, &self.options.runtime)?;
        let mut papers = 0;
        loop {
            let (batch, left) = self.library.without_embedding(&stored.fingerprint, BATCH)?;
            report(left, 0);
            if batch.is_empty() && self.library.switch_model(&stored)? {
                break;
            }
            let texts: Vec<String> = batch.iter().map(|stored| stored.paper.document()).collect();
            let embeddings = encoder.encode(&texts, &|count| report(left, count))?;
            papers += batch.len();
            let pairs: Vec<(StoredPaper, _)> = batch.into_iter().zip(embeddings).collect();
            self.library.write_embeddings(&stored, &pairs)?;
        }
        self.encoder = Arc::new(encoder).into();
        self.caches.snapshot.clear();
        Ok(ReembedSummary { model: stored.label(), papers })
    }
}

//! The network without layers: one vector for each word piece, whatever stands beside it (model2vec, and
//! sentence-transformers' `StaticEmbedding`).

use super::bad_model;
use super::weights::TensorFile;
use crate::Result;

/// Vectors by word piece, and one more: their mean, for texts without a known word.
pub(super) struct StaticTable {
    rows: Vec<f32>,
    size: usize,
}

impl StaticTable {
    /// Takes the table out of its file: `embedding.weight` of sentence-transformers, or model2vec's `embeddings`, where
    /// `mapping` says which row stands for a word piece, and `weights` has a factor for each.
    pub(super) fn read(model: &str, file: &str, tensors: &TensorFile) -> Result<StaticTable> {
        let bad = |reason: String| bad_model(model, format!("{file}: {reason}"));
        let name = if is_model2vec(tensors) { "embeddings" } else { "embedding.weight" };
        let Some(&[count, size]) = tensors.shape(name).as_deref() else {
            return Err(bad("no matrix `embeddings` or `embedding.weight`".to_owned()));
        };
        if count == 0 || size == 0 {
            return Err(bad(format!("tensor `{name}` is empty")));
        }
        let mut rows = tensors.numbers(name, &[count, size])?;
        if let Some(&[pieces]) = tensors.shape("mapping").as_deref() {
            let mut mapped = Vec::with_capacity(pieces * size);
            for row in tensors.indices("mapping", pieces)? {
                let Some(row) = rows.chunks_exact(size).nth(row) else {
                    return Err(bad(format!("tensor `mapping` names row {row} of {count}")));
                };
                mapped.extend_from_slice(row);
            }
            rows = mapped;
        }
        if tensors.shape("weights").is_some() {
            let weights = tensors.vector("weights", rows.len() / size)?;
            rows.chunks_exact_mut(size)
                .zip(weights)
                .for_each(|(row, weight)| row.iter_mut().for_each(|x| *x *= weight));
        }
        let pieces = rows.len() / size;
        let mut mean = vec![0.0; size];
        rows.chunks_exact(size).for_each(|row| mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / pieces as f32));
        rows.extend(mean);
        Ok(StaticTable { rows, size })
    }

    /// Numbers in a row.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How many word pieces there are; also the id of their mean.
    pub(super) fn pieces(&self) -> usize {
        self.rows.len() / self.size - 1
    }

    /// The rows of all texts, one text after the other.
    pub(super) fn rows(&self, texts: &[&[u32]]) -> Vec<f32> {
        let ids = texts.iter().copied().flatten();
        ids.flat_map(|id| &self.rows[*id as usize * self.size..][..self.size]).copied().collect()
    }
}

/// Whether the file is of model2vec, which leaves unknown words out.
pub(super) fn is_model2vec(tensors: &TensorFile) -> bool {
    tensors.shape("embeddings").is_some()
}

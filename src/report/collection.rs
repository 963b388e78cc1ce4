//! The papers of a report.

use crate::paper::Paper;
use crate::vector::{Embedding, EmbeddingMatrix};

/// Papers with their embeddings, in canonical order.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// By id; those without an embedding come last.
    pub(super) papers: Vec<Paper>,
    /// The embeddings of the first of them.
    pub(super) vectors: EmbeddingMatrix,
    pub(super) source: CollectionSource,
}

/// Where the papers of a report come from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionSource {
    /// The model of the embeddings.
    pub model: String,
    /// The generation of the library.
    pub generation: u64,
    /// What a report of them is called: which papers they are.
    pub title: String,
}

impl Collection {
    /// Puts papers in canonical order.
    ///
    /// # Panics
    /// If embeddings have different dimensions.
    pub fn new(source: CollectionSource, papers: impl IntoIterator<Item = (Paper, Option<Embedding>)>) -> Collection {
        let mut papers: Vec<(Paper, Option<Embedding>)> = papers.into_iter().collect();
        papers.sort_by(|(one, embedding), (other, others)| {
            (embedding.is_none(), &one.id).cmp(&(others.is_none(), &other.id))
        });
        let dimension = papers.iter().find_map(|(_, embedding)| embedding.as_ref()).map_or(0, Embedding::dimension);
        let mut vectors = EmbeddingMatrix::with_capacity(dimension, papers.len());
        let push = |(paper, embedding): (Paper, Option<Embedding>)| {
            embedding.iter().for_each(|embedding| vectors.push(embedding));
            paper
        };
        let papers = papers.into_iter().map(push).collect();
        Collection { papers, vectors, source }
    }

    /// The embeddings, in the order of the report's papers.
    pub fn vectors(&self) -> &EmbeddingMatrix {
        &self.vectors
    }

    /// How many papers there are.
    pub fn len(&self) -> usize {
        self.papers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.papers.is_empty()
    }
}

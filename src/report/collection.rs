//! The papers of a report.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

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
    /// Which papers of the library they are.
    pub filter: CollectionFilter,
}

/// Which papers of a library a collection has; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectionFilter {
    /// Published, or else listed, on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Date>,
    /// Published, or else listed, on this day or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Date>,
    /// Has one of these categories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Comes from one of these sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// How many ids were given; `None` when papers were not selected by ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<usize>,
}

impl Collection {
    /// Puts papers in canonical order.
    ///
    /// # Panics
    /// If embeddings have different dimensions.
    pub fn new(source: CollectionSource, papers: impl IntoIterator<Item = (Paper, Option<Embedding>)>) -> Collection {
        let papers = papers.into_iter();
        let mut builder = CollectionBuilder::new(source, papers.size_hint().0);
        papers.for_each(|(paper, embedding)| builder.push(paper, embedding));
        builder.finish()
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

/// Takes papers one after the other.
pub(crate) struct CollectionBuilder {
    source: CollectionSource,
    vectors: EmbeddingMatrix,
    /// With each paper the row of its embedding.
    papers: Vec<(Paper, Option<u32>)>,
    count: usize,
}

impl CollectionBuilder {
    /// With room for so many papers.
    pub(crate) fn new(source: CollectionSource, count: usize) -> CollectionBuilder {
        CollectionBuilder { source, vectors: EmbeddingMatrix::default(), papers: Vec::with_capacity(count), count }
    }

    pub(crate) fn push(&mut self, paper: Paper, embedding: Option<Embedding>) {
        let row = embedding.map(|embedding| {
            if self.vectors.is_empty() {
                self.vectors = EmbeddingMatrix::with_capacity(embedding.dimension(), self.count);
            }
            self.vectors.push(&embedding);
            self.vectors.len() as u32 - 1
        });
        self.papers.push((paper, row));
    }

    pub(crate) fn finish(self) -> Collection {
        let CollectionBuilder { source, mut vectors, mut papers, .. } = self;
        papers.sort_by(|(one, row), (other, others)| (row.is_none(), &one.id).cmp(&(others.is_none(), &other.id)));
        let order: Vec<u32> = papers.iter().filter_map(|(_, row)| *row).collect();
        vectors.reorder(&order);
        Collection { papers: papers.into_iter().map(|(paper, _)| paper).collect(), vectors, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_and_embeddings_are_in_the_order_of_ids() {
        let paper = |id: &str| -> Paper {
            serde_json::from_value(serde_json::json!({"id": id, "title": id, "source": "test"})).unwrap()
        };
        let unit = |numbers: [f32; 2]| Embedding::normalize(numbers.to_vec());
        let papers = [("c", unit([0.6, 0.8])), ("b", None), ("d", unit([0.0, 1.0])), ("a", unit([1.0, 0.0]))]
            .map(|(id, unit)| (paper(id), unit));
        let collection = Collection::new(CollectionSource::default(), papers);
        let ids: Vec<&str> = collection.papers.iter().map(|paper| paper.id.as_str()).collect();
        assert_eq!(ids, ["a", "c", "d", "b"]);
        assert_eq!(collection.vectors.rows().collect::<Vec<_>>(), [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]);
    }
}

//! What is usual: papers that stand for a whole library.

use std::sync::Arc;

use super::whitening::Whitening;
use crate::lexical::{CorpusStats, SparseVector, TermMap, TermVector};
use crate::vector::EmbeddingMatrix;

/// How many papers tell half of what there is to know of what is usual: with fewer, such as the listing of a day,
/// candidates are compared by their similarity more than by what sets them apart from the others.
const TRUST_HALF_SIZE: f32 = 150.0;

/// A sample of papers with its statistics. Every score says how far a paper stands out from these.
#[derive(Debug, Clone)]
pub struct Background {
    vectors: EmbeddingMatrix,
    term_vectors: Vec<Arc<TermVector>>,
    term_profiles: Vec<TermProfile>,
    /// The papers that have each term.
    postings: TermMap<Vec<BackgroundPosting>>,
    pub(super) whitening: Whitening,
    pub(super) corpus_stats: CorpusStats,
}

/// A term in a paper.
#[derive(Debug, Clone, Copy)]
struct BackgroundPosting {
    /// The paper's place.
    paper: u32,
    /// What the term weighs in its TF-IDF vector.
    weight: f32,
    /// What an occurrence in BM25's question counts.
    tf_saturation: f32,
}

/// A paper as rankings see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PaperFeatures<'a> {
    pub vector: &'a [f32],
    pub text: &'a TermVector,
    pub words: &'a TermProfile,
}

/// A text's words by what is usual.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermProfile {
    /// Its TF-IDF vector.
    pub(super) vector: SparseVector,
    /// What is usual of it.
    pub(super) background_overlap: f32,
}

impl TermProfile {
    /// How much memory it takes.
    pub fn size_bytes(&self) -> usize {
        size_of_val(self.vector.as_slice()) + size_of::<TermProfile>()
    }

    /// The cosine with another TF-IDF vector.
    pub(super) fn cosine(&self, other: &[(u32, f32)]) -> f32 {
        let own =
            |number| self.vector.binary_search_by_key(number, |(own, _)| *own).map_or(0.0, |at| self.vector[at].1);
        other.iter().map(|(number, weight)| weight * own(number)).sum()
    }
}

impl Background {
    /// Takes papers for what is usual: their unit vectors and their terms, in one order.
    ///
    /// # Panics
    /// If there are not as many of the one as of the other.
    pub fn new(vectors: EmbeddingMatrix, texts: Vec<Arc<TermVector>>) -> Background {
        assert_eq!(vectors.len(), texts.len(), "a vector and a text for each paper");
        let usage = CorpusStats::from_documents(texts.iter().map(AsRef::as_ref));
        let mut background = Background {
            whitening: Whitening::fit(&vectors),
            vectors,
            term_profiles: Vec::new(),
            postings: TermMap::default(),
            corpus_stats: usage,
            term_vectors: Vec::new(),
        };
        for (paper, text) in (0..).zip(&texts) {
            let words = background.term_profile(text);
            for ((number, weight), (_, count)) in words.vector.iter().zip(text.counts()) {
                let saturation = background.corpus_stats.tf_saturation(count, text.length());
                let posting = BackgroundPosting { paper, weight: *weight, tf_saturation: saturation };
                background.postings.entry(*number).or_default().push(posting);
            }
            background.term_profiles.push(words);
        }
        Background { term_vectors: texts, ..background }
    }

    /// How many papers there are.
    pub(super) fn len(&self) -> usize {
        self.term_vectors.len()
    }

    /// How rare a term is.
    pub fn idf(&self, term: &str) -> f32 {
        self.corpus_stats.idf(TermVector::term_id(term))
    }

    /// A text's words.
    pub fn term_profile(&self, text: &TermVector) -> TermProfile {
        let vector = self.corpus_stats.tfidf(text);
        let ordinariness = self.corpus_stats.background_overlap(&vector);
        TermProfile { vector, background_overlap: ordinariness }
    }

    /// The sum over a question's terms of what each weighs there and in the vector of each paper.
    pub(super) fn dot_products(&self, terms: &[(u32, f32)]) -> Vec<f32> {
        self.sums(terms, |posting| posting.weight)
    }

    /// BM25 of each paper for a question's weights.
    pub(super) fn bm25(&self, question: &[(u32, f32)]) -> Vec<f32> {
        self.sums(question, |posting| posting.tf_saturation)
    }

    fn sums(&self, terms: &[(u32, f32)], value: impl Fn(&BackgroundPosting) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; self.len()];
        for (number, weight) in terms {
            for posting in self.postings.get(number).into_iter().flatten() {
                sums[posting.paper as usize] += weight * value(posting);
            }
        }
        sums
    }

    /// The papers.
    pub(super) fn papers(&self) -> impl Iterator<Item = PaperFeatures<'_>> {
        let all = self.vectors.rows().zip(&self.term_vectors).zip(&self.term_profiles);
        all.map(|((vector, text), words)| PaperFeatures { vector, text, words })
    }

    /// How far it can be trusted, 0 to 1: few papers tell little of what is usual.
    pub(super) fn trust(&self) -> f32 {
        self.term_vectors.len() as f32 / (self.term_vectors.len() as f32 + TRUST_HALF_SIZE)
    }
}

//! What is usual: papers that stand for a whole library.

use std::ops::Range;
use std::sync::OnceLock;

use super::whitening::Whitening;
use crate::lexical::{CorpusStats, SparseVector, TermMap, TermNorm, TermSlice, tf_factor};
use crate::vector::{EmbeddingMatrix, prefetch};

/// How many papers tell half of what there is to know of what is usual: with fewer, such as the listing of a day,
/// candidates are compared by their similarity more than by what sets them apart from the others.
const TRUST_HALF_SIZE: f32 = 150.0;
/// Postings of a term that are asked for ahead: the processor itself asks for those that follow.
const PREFETCHED_POSTINGS: usize = 32;

/// A sample of papers with its statistics. Every score says how far a paper stands out from these.
#[derive(Debug, Clone)]
pub struct Background {
    pub(super) vectors: EmbeddingMatrix,
    /// What is usual of the terms of each paper.
    pub(super) overlaps: Vec<f32>,
    /// The papers that have each term, term after term.
    pub(super) postings: Vec<BackgroundPosting>,
    /// Where those of each term are.
    pub(super) posting_ranges: TermMap<Range<usize>>,
    /// Fitted when a question first needs it: questions for papers like one paper do not.
    pub(super) whitening: OnceLock<Whitening>,
    pub(super) corpus_stats: CorpusStats,
}

/// A term in a paper.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct BackgroundPosting {
    /// The paper's place.
    pub(super) paper: u32,
    /// What the term weighs in its TF-IDF vector.
    weight: f32,
    /// What an occurrence in BM25's question counts.
    tf_saturation: f32,
}

/// A paper as rankings see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PaperFeatures<'a> {
    pub vector: &'a [f32],
    pub terms: TermSlice<'a>,
    pub norm: TermNorm,
}

impl PaperFeatures<'_> {
    /// The sum of some weights over the terms of the paper's TF-IDF vector; each weight is times how rare the term is.
    pub(super) fn term_product(&self, weights: &[(u32, f32)]) -> f32 {
        let part = |(number, weight): &(u32, f32)| match self.terms.count(*number) {
            0 => 0.0,
            count => weight * tf_factor(count),
        };
        weights.iter().map(part).sum::<f32>() * self.norm.inverse
    }
}

/// A text's words by what is usual.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TermProfile {
    /// Its TF-IDF vector.
    pub(super) vector: SparseVector,
    /// What is usual of it.
    pub(super) background_overlap: f32,
}

impl Background {
    /// Takes papers for what is usual: their unit vectors and their terms, in one order.
    ///
    /// # Panics
    /// If there are not as many of the one as of the other.
    pub fn new(vectors: EmbeddingMatrix, texts: &[TermSlice<'_>]) -> Background {
        assert_eq!(vectors.len(), texts.len(), "a vector and a text for each paper");
        let corpus_stats = CorpusStats::from_documents(texts);
        let mut overlaps = Vec::with_capacity(texts.len());
        let mut entries = Vec::with_capacity(texts.iter().map(|text| text.numbers.len()).sum());
        for (paper, text) in (0..).zip(texts) {
            let vector = corpus_stats.tfidf(*text);
            overlaps.push(corpus_stats.background_overlap(&vector));
            for ((number, weight), (_, count)) in vector.into_iter().zip(text.counts()) {
                let tf_saturation = corpus_stats.tf_saturation(count, text.length);
                entries.push((number, BackgroundPosting { paper, weight, tf_saturation }));
            }
        }
        // Stable: the papers of a term stay in their order.
        entries.sort_by_key(|(number, _)| *number);
        let mut posting_ranges = TermMap::default();
        let mut start = 0;
        for same in entries.chunk_by(|a, b| a.0 == b.0) {
            posting_ranges.insert(same[0].0, start..start + same.len());
            start += same.len();
        }
        let postings = entries.into_iter().map(|(_, posting)| posting).collect();
        Background { vectors, overlaps, postings, posting_ranges, whitening: OnceLock::new(), corpus_stats }
    }

    pub(super) fn whitening(&self) -> &Whitening {
        self.whitening.get_or_init(|| Whitening::fit(&self.vectors))
    }

    /// How many papers there are.
    pub(crate) fn len(&self) -> usize {
        self.vectors.len()
    }

    /// How rare the term of a number is.
    pub fn idf(&self, number: u32) -> f32 {
        self.corpus_stats.idf(number)
    }

    /// A text's words.
    pub(super) fn term_profile(&self, text: TermSlice<'_>) -> TermProfile {
        let vector = self.corpus_stats.tfidf(text);
        let ordinariness = self.corpus_stats.background_overlap(&vector);
        TermProfile { vector, background_overlap: ordinariness }
    }

    /// What turns a text's terms into its TF-IDF vector.
    pub fn term_norm(&self, text: TermSlice<'_>) -> TermNorm {
        self.corpus_stats.term_norm(text)
    }

    /// Hands over what each of some terms weighs in the vectors of the papers that have it: the place of the term, the place of
    /// the paper, and the weight.
    pub(super) fn for_each_weight(&self, terms: impl Iterator<Item = u32>, mut take: impl FnMut(usize, usize, f32)) {
        let terms: Vec<(u32, usize)> = terms.zip(0..).collect();
        for (postings, term) in self.all_postings(&terms) {
            postings.iter().for_each(|posting| take(term, posting.paper as usize, posting.weight));
        }
    }

    /// The sum over a question's terms of what each weighs there and in the vector of each paper.
    pub(super) fn dot_products(&self, terms: &[(u32, f32)]) -> Vec<f32> {
        self.sums(terms, |posting| posting.weight)
    }

    /// [`Background::dot_products`] of four questions that have the same terms: as many sums as fit a vector register.
    pub(super) fn dot_products_with_each(&self, terms: &[(u32, [f32; 4])]) -> Vec<[f32; 4]> {
        let mut sums = vec![[0.0; 4]; self.len()];
        for (postings, weights) in self.all_postings(terms) {
            for posting in postings {
                let sums = &mut sums[posting.paper as usize];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * posting.weight);
            }
        }
        sums
    }

    /// BM25 of each paper for a question's weights.
    pub(super) fn bm25(&self, question: &[(u32, f32)]) -> Vec<f32> {
        self.sums(question, |posting| posting.tf_saturation)
    }

    fn sums(&self, terms: &[(u32, f32)], value: impl Fn(&BackgroundPosting) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; self.len()];
        for (postings, weight) in self.all_postings(terms) {
            for posting in postings {
                sums[posting.paper as usize] += weight * value(posting);
            }
        }
        sums
    }

    /// The papers that have each of some terms, each with what the term weighs.
    fn all_postings<W: Copy>(&self, terms: &[(u32, W)]) -> Vec<(&[BackgroundPosting], W)> {
        let postings = |(number, weight): &(u32, W)| {
            let postings = self.posting_ranges.get(number).map_or(&[][..], |range| &self.postings[range.clone()]);
            // All are asked for before the first is gone through: they lie anywhere, and most are short.
            prefetch(&postings[..postings.len().min(PREFETCHED_POSTINGS)]);
            (postings, *weight)
        };
        terms.iter().map(postings).collect()
    }

    /// The papers' unit vectors.
    pub(super) fn vectors(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.vectors.rows()
    }

    /// What is usual of the terms of each paper.
    pub(super) fn overlaps(&self) -> impl Iterator<Item = f32> {
        self.overlaps.iter().copied()
    }

    /// How far it can be trusted, 0 to 1: few papers tell little of what is usual.
    pub(super) fn trust(&self) -> f32 {
        self.len() as f32 / (self.len() as f32 + TRUST_HALF_SIZE)
    }
}

//! What is usual: papers that stand for a whole library.

use std::sync::Arc;

use super::spread::Spread;
use crate::lexical::{Bag, ByTerm, Sparse, Usage};
use crate::vector::Vectors;

/// How many papers tell half of what there is to know of what is usual: with fewer, such as the listing of a day,
/// candidates are compared by their similarity more than by what sets them apart from the others.
const TELLING: f32 = 150.0;

/// A sample of papers with its statistics. Every score says how far a paper stands out from these.
#[derive(Debug, Clone)]
pub struct Background {
    vectors: Vectors,
    texts: Vec<Arc<Bag>>,
    words: Vec<Words>,
    /// The papers that have each term.
    postings: ByTerm<Vec<Posting>>,
    pub(super) spread: Spread,
    pub(super) usage: Usage,
}

/// A term in a paper.
#[derive(Debug, Clone, Copy)]
struct Posting {
    /// The paper's place.
    paper: u32,
    /// What the term weighs in its TF-IDF vector.
    weight: f32,
    /// What an occurrence in BM25's question counts.
    saturation: f32,
}

/// A paper as rankings see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub vector: &'a [f32],
    pub text: &'a Bag,
    pub words: &'a Words,
}

/// A text's words by what is usual.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words {
    /// Its TF-IDF vector.
    pub vector: Sparse,
    /// What is usual of it.
    pub ordinariness: f32,
}

impl Background {
    /// Takes papers for what is usual: their unit vectors and their terms, in one order.
    ///
    /// # Panics
    /// If there are not as many of the one as of the other.
    pub fn new(vectors: Vectors, texts: Vec<Arc<Bag>>) -> Background {
        assert_eq!(vectors.len(), texts.len(), "a vector and a text for each paper");
        let usage = Usage::of(texts.iter().map(AsRef::as_ref));
        let mut background = Background {
            spread: Spread::of(&vectors),
            vectors,
            words: Vec::new(),
            postings: ByTerm::default(),
            usage,
            texts: Vec::new(),
        };
        for (paper, text) in (0..).zip(&texts) {
            let words = background.words(text);
            for ((number, weight), (_, count)) in words.vector.iter().zip(text.counts()) {
                let saturation = background.usage.saturation(count, text.words());
                let posting = Posting { paper, weight: *weight, saturation };
                background.postings.entry(*number).or_default().push(posting);
            }
            background.words.push(words);
        }
        Background { texts, ..background }
    }

    /// How many papers there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// How rare a term is.
    pub fn rarity(&self, term: &str) -> f32 {
        self.usage.idf(Bag::number(term))
    }

    /// A text's words.
    pub(super) fn words(&self, text: &Bag) -> Words {
        let vector = self.usage.tfidf(text);
        let ordinariness = self.usage.ordinariness(&vector);
        Words { vector, ordinariness }
    }

    /// The sum over a question's terms of what each weighs there and in the vector of each paper.
    pub(super) fn in_common(&self, terms: &[(u32, f32)]) -> Vec<f32> {
        self.sums(terms, |posting| posting.weight)
    }

    /// BM25 of each paper for a question's weights.
    pub(super) fn bm25(&self, question: &[(u32, f32)]) -> Vec<f32> {
        self.sums(question, |posting| posting.saturation)
    }

    fn sums(&self, terms: &[(u32, f32)], value: impl Fn(&Posting) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; self.len()];
        for (number, weight) in terms {
            for posting in self.postings.get(number).into_iter().flatten() {
                sums[posting.paper as usize] += weight * value(posting);
            }
        }
        sums
    }

    /// The papers.
    pub(super) fn papers(&self) -> impl Iterator<Item = Seen<'_>> {
        let all = self.vectors.rows().zip(&self.texts).zip(&self.words);
        all.map(|((vector, text), words)| Seen { vector, text, words })
    }

    /// How far it can be trusted, 0 to 1: few papers tell little of what is usual.
    pub(super) fn trust(&self) -> f32 {
        self.texts.len() as f32 / (self.texts.len() as f32 + TELLING)
    }
}

//! What is usual: papers that stand for a whole library.

use std::sync::Arc;

use super::spread::Spread;
use crate::lexical::{Bag, Sparse, Usage};
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
    pub(super) spread: Spread,
    pub(super) usage: Usage,
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
        let mut background =
            Background { spread: Spread::of(&vectors), vectors, words: Vec::new(), usage, texts: Vec::new() };
        background.words = texts.iter().map(|text| background.words(text)).collect();
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

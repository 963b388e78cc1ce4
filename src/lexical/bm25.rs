//! BM25 (Robertson and Zaragoza 2009): its two formulas, and scores over postings.

use std::borrow::Borrow;

use super::TermQuery;
use super::postings::{BLOCK_KEYS, read};

/// How soon more occurrences of a term add nothing: Lucene's default, as the next one.
const K1: f32 = 1.2;
/// How much of a text's length is held against it.
const B: f32 = 0.75;

/// How rare a term is that `found` of all texts have: above 0.
pub fn idf(texts: f32, found: f32) -> f32 {
    (1.0 + (texts - found + 0.5) / (found + 0.5)).ln()
}

/// What occurrences of a term count in a text of so many words, where `mean` are usual: 0 to 1.
pub fn tf_saturation(count: f32, words: f32, mean: f32) -> f32 {
    count / (count + K1 * (1.0 - B + B * words / mean))
}

/// Postings of one term by block.
pub type PostingBlocks = Vec<(i64, Vec<u8>)>;

/// The papers that questions are about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionStats {
    /// Words by key; 0 where there is no paper.
    lengths: Vec<u32>,
    paper_count: usize,
    mean_length: f32,
}

/// What papers score for a question's words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bm25Scores {
    by_key: Vec<f32>,
}

impl CollectionStats {
    /// The papers with these lengths; with `known`, only those of them, as if there were no others.
    pub fn new(lengths: &PostingBlocks, known: Option<&[i64]>) -> CollectionStats {
        let mut words = vec![0; lengths.iter().map(|(block, _)| (block + 1) * BLOCK_KEYS).max().unwrap_or(0) as usize];
        for (key, count) in keys(lengths) {
            if known.is_none_or(|known| known.binary_search(&(key as i64)).is_ok()) {
                words[key] = count;
            }
        }
        let papers = words.iter().filter(|count| **count > 0).count();
        let sum: u64 = words.iter().map(|count| u64::from(*count)).sum();
        CollectionStats { lengths: words, paper_count: papers, mean_length: sum as f32 / papers.max(1) as f32 }
    }

    /// Scores all papers: what they have of the query's terms, given with the postings of each, as a share of the most
    /// that a paper could have. Rare terms weigh more, terms that no paper has weigh nothing.
    pub fn score(&self, query: &TermQuery, postings: &[impl Borrow<PostingBlocks>]) -> Bm25Scores {
        let mut by_key = vec![0.0f32; self.lengths.len()];
        let mut most = 0.0;
        for (weight, blocks) in query.weights().zip(postings) {
            let words = |key: usize| self.lengths.get(key).copied().unwrap_or(0);
            let found: Vec<(usize, u32)> = keys(blocks.borrow()).filter(|(key, _)| words(*key) > 0).collect();
            if found.is_empty() {
                continue;
            }
            let weight = weight * idf(self.paper_count as f32, found.len() as f32);
            most += weight;
            for (key, count) in found {
                by_key[key] += weight * tf_saturation(count as f32, words(key) as f32, self.mean_length);
            }
        }
        if most > 0.0 {
            by_key.iter_mut().for_each(|score| *score /= most);
        }
        Bm25Scores { by_key }
    }
}

impl Bm25Scores {
    /// Keys of the `k` papers that score best, of those allowed and that score at all; ties by key.
    pub fn best(&self, k: usize, allowed: impl Fn(i64) -> bool) -> Vec<i64> {
        let scored = self.by_key.iter().enumerate().filter(|(_, score)| **score > 0.0);
        let mut all: Vec<(f32, i64)> = scored.map(|(key, score)| (*score, key as i64)).collect();
        let order = |a: &(f32, i64), b: &(f32, i64)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        all.retain(|(_, key)| allowed(*key));
        if k > 0 && k < all.len() {
            all.select_nth_unstable_by(k - 1, order);
        }
        all.truncate(k);
        all.sort_unstable_by(order);
        all.into_iter().map(|(_, key)| key).collect()
    }
}

/// Keys and counts of a term's postings.
fn keys<'a>(blocks: &'a PostingBlocks) -> impl Iterator<Item = (usize, u32)> {
    let in_block = |(block, bytes): &'a (i64, Vec<u8>)| {
        let base = (block * BLOCK_KEYS) as usize;
        let of_block = read(bytes).take_while(|(row, _)| i64::from(*row) < BLOCK_KEYS);
        of_block.map(move |(row, count)| (base + row as usize, count))
    };
    blocks.iter().flat_map(in_block)
}

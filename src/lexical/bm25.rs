//! BM25 (Robertson and Zaragoza 2009): its two formulas, and scores over postings.

use std::borrow::Borrow;

use super::TermQuery;
use super::postings::{self, BLOCK_KEYS};

/// Term frequency saturation: the smaller, the sooner repetitions stop adding to the score. Lucene's default.
const K1: f32 = 1.2;
/// Length normalization, from 0 (none) to 1 (full). Lucene's default.
const B: f32 = 0.75;

/// Inverse document frequency of a term that `doc_freq` of `doc_count` documents contain, above 0:
/// `ln(1 + (doc_count - doc_freq + 0.5) / (doc_freq + 0.5))`.
///
/// ```
/// // One of two documents contains the term.
/// let idf = paperkin::lexical::bm25::idf(2.0, 1.0);
/// assert!((idf - 2f32.ln()).abs() < 1e-6);
/// ```
pub fn idf(doc_count: f32, doc_freq: f32) -> f32 {
    (1.0 + (doc_count - doc_freq + 0.5) / (doc_freq + 0.5)).ln()
}

/// The term frequency part of BM25, from 0 to below 1, without the constant factor `K1 + 1`, as in Lucene since version
/// 8. `mean_length` is above 0.
///
/// ```
/// let once = paperkin::lexical::bm25::tf_saturation(1.0, 7.0, 7.0);
/// assert!((once - 1.0 / 2.2).abs() < 1e-6);
/// ```
#[inline]
pub fn tf_saturation(count: f32, length: f32, mean_length: f32) -> f32 {
    // The longer a text, the less an occurrence says.
    count / (count + K1 * (1.0 - B + B * length / mean_length))
}

/// The postings of one term: block numbers, ascending, and the bytes of each block (see [`super::postings`]).
pub type PostingBlocks = Vec<(i64, Vec<u8>)>;

/// The length of each paper of a collection, and their mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionStats {
    /// The blocks that have papers, ascending.
    blocks: Vec<i64>,
    /// Words of each key of these blocks, in their order; 0 where there is no paper. Keys are as large as the library is
    /// old, so memory follows the blocks that there are.
    lengths: Vec<u32>,
    paper_count: usize,
    mean_length: f32,
}

/// The BM25 scores of all papers for one query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bm25Scores {
    /// As in [`CollectionStats`].
    blocks: Vec<i64>,
    /// By place in these blocks; 0 for papers without a term of the query.
    by_place: Vec<f32>,
}

impl CollectionStats {
    /// Statistics of the papers with these lengths; with `known` (keys in ascending order), as if there were no others.
    pub fn new(lengths: &PostingBlocks, known: Option<&[i64]>) -> CollectionStats {
        let mut blocks: Vec<i64> = lengths.iter().map(|(block, _)| *block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let mut words = vec![0; blocks.len() * BLOCK_KEYS as usize];
        for (place, count) in place_counts(&blocks, lengths) {
            if known.is_none_or(|known| known.binary_search(&key(&blocks, place)).is_ok()) {
                words[place] = count;
            }
        }
        let papers = words.iter().filter(|count| **count > 0).count();
        let sum: u64 = words.iter().map(|count| u64::from(*count)).sum();
        let mean_length = sum as f32 / papers.max(1) as f32;
        CollectionStats { blocks, lengths: words, paper_count: papers, mean_length }
    }

    /// BM25 of every paper, as a share of the maximum for this query: 0 to below 1. `postings` are in the order of
    /// [`TermQuery::terms`]; terms that no paper has are ignored.
    pub fn score(&self, query: &TermQuery, postings: &[impl Borrow<PostingBlocks>]) -> Bm25Scores {
        let mut by_place = vec![0.0f32; self.lengths.len()];
        let mut max_score = 0.0;
        for (weight, postings) in query.weights().zip(postings) {
            let words = |place: usize| self.lengths[place];
            let found = place_counts(&self.blocks, postings.borrow()).filter(|(place, _)| words(*place) > 0);
            let found: Vec<(usize, u32)> = found.collect();
            if found.is_empty() {
                continue;
            }
            let weight = weight * idf(self.paper_count as f32, found.len() as f32);
            max_score += weight;
            for (place, count) in found {
                by_place[place] += weight * tf_saturation(count as f32, words(place) as f32, self.mean_length);
            }
        }
        if max_score > 0.0 {
            by_place.iter_mut().for_each(|score| *score /= max_score);
        }
        Bm25Scores { blocks: self.blocks.clone(), by_place }
    }
}

impl Bm25Scores {
    /// Keys of the `k` papers that score best, of those allowed and that score at all; ties by key.
    pub fn best(&self, k: usize, allowed: impl Fn(i64) -> bool) -> Vec<i64> {
        let scored = self.by_place.iter().enumerate().filter(|(_, score)| **score > 0.0);
        let mut all: Vec<(f32, i64)> = scored.map(|(place, score)| (*score, key(&self.blocks, place))).collect();
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

/// The key at a place in blocks.
fn key(blocks: &[i64], place: usize) -> i64 {
    let block_keys = BLOCK_KEYS as usize;
    blocks[place / block_keys] * BLOCK_KEYS + (place % block_keys) as i64
}

/// Places in blocks and counts of a term's postings; those of other blocks are left out.
fn place_counts<'a>(blocks: &'a [i64], postings: &'a PostingBlocks) -> impl Iterator<Item = (usize, u32)> + 'a {
    let in_block = |(block, bytes): &'a (i64, Vec<u8>)| {
        let base = blocks.binary_search(block).ok()? * BLOCK_KEYS as usize;
        let of_block = postings::read(bytes).take_while(|(row, _)| i64::from(*row) < BLOCK_KEYS);
        Some(of_block.map(move |(row, count)| (base + row as usize, count)))
    };
    postings.iter().filter_map(in_block).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::AnalyzedText;
    use super::super::postings::write;
    use super::*;

    fn blocks(postings: &[(u32, u32)]) -> PostingBlocks {
        vec![(0, write(postings.iter().copied()))]
    }

    /// Four papers of 3 words: "walk" is once in papers 1, 2, and 4, "robot" twice in paper 3, "zebra" in none.
    fn scores(known: Option<&[i64]>) -> Bm25Scores {
        let lengths = blocks(&[(1, 3), (2, 3), (3, 3), (4, 3)]);
        let query = TermQuery::from_weighted([(&AnalyzedText::new("robot walk zebra".to_owned()), 1.0)], 3, |_| 1.0);
        let postings = [blocks(&[(3, 2)]), blocks(&[(1, 1), (2, 1), (4, 1)]), PostingBlocks::new()];
        CollectionStats::new(&lengths, known).score(&query, &postings)
    }

    #[test]
    fn rare_terms_come_first_and_ties_are_by_key() {
        let scores = scores(None);
        assert_eq!(scores.best(10, |_| true), [3, 1, 2, 4]);
        assert_eq!(scores.best(2, |_| true), [3, 1]);
        assert_eq!(scores.best(2, |key| key != 1), [3, 2]);
        assert_eq!(scores.best(0, |_| true), [0i64; 0]);
    }

    #[test]
    fn scores_are_shares_of_the_maximum() {
        let (robot, walk) = (idf(4.0, 1.0), idf(4.0, 3.0));
        let expected = robot * (2.0 / 3.2) / (robot + walk);
        assert!((scores(None).by_place[3] - expected).abs() < 1e-6);
    }

    #[test]
    fn papers_that_are_not_known_do_not_count() {
        let scores = scores(Some(&[1, 2]));
        assert_eq!(scores.best(10, |_| true), [1, 2]);
        assert!((scores.by_place[1] - 1.0 / 2.2).abs() < 1e-6);
    }

    #[test]
    fn memory_follows_the_blocks_that_there_are() {
        let far = i64::MAX / BLOCK_KEYS / 2;
        let lengths = vec![(2, write([(1, 3)].into_iter())), (far, write([(0, 3), (8, 3)].into_iter()))];
        let stats = CollectionStats::new(&lengths, None);
        assert_eq!(stats.lengths.len(), 2 * BLOCK_KEYS as usize);
        let query = TermQuery::from_weighted([(&AnalyzedText::new("robot".to_owned()), 1.0)], 1, |_| 1.0);
        let robot = vec![(1, write([(1, 1)].into_iter())), (far, write([(8, 1)].into_iter()))];
        assert_eq!(stats.score(&query, &[robot]).best(10, |_| true), [far * BLOCK_KEYS + 8]);
    }
}

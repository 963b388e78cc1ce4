//! The terms of the papers that were added or changed since a file was written, both ways, in memory.

use crate::lexical::{TermSlice, TermVector, bm25};
use crate::vector::key_position;

/// The terms of some papers. A paper is known by its place in the list of keys.
pub(super) struct AddedTerms {
    /// Ascending.
    keys: Vec<i64>,
    terms: Vec<TermVector>,
    /// Sorted by term.
    postings: Vec<AddedPosting>,
}

/// A term in a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AddedPosting {
    term: u32,
    pub(super) paper: u32,
    count: u8,
}

impl AddedTerms {
    /// The terms of the papers with these keys, which ascend.
    pub(super) fn new(keys: Vec<i64>, terms: Vec<TermVector>) -> AddedTerms {
        let of_paper = |(paper, terms): (u32, &TermVector)| {
            let TermSlice { numbers, counts, .. } = terms.as_slice();
            let posting = |(term, count): (&u32, &u8)| AddedPosting { term: *term, paper, count: *count };
            numbers.iter().zip(counts).map(posting).collect::<Vec<_>>()
        };
        let mut postings: Vec<AddedPosting> = (0..).zip(&terms).flat_map(of_paper).collect();
        postings.sort_unstable();
        AddedTerms { keys, terms, postings }
    }

    /// The terms of a paper by its key.
    #[inline]
    pub(super) fn terms(&self, key: i64) -> Option<TermSlice<'_>> {
        if self.keys.is_empty() {
            return None;
        }
        key_position(&self.keys, key).map(|place| self.terms[place].as_slice())
    }

    pub(super) fn key(&self, paper: u32) -> i64 {
        self.keys[paper as usize]
    }

    /// Whether a paper is among those with these keys, which ascend; all are among `None`.
    pub(super) fn is_known(&self, paper: u32, known: Option<&[i64]>) -> bool {
        known.is_none_or(|known| known.binary_search(&self.key(paper)).is_ok())
    }

    /// The papers that have a term, ascending.
    pub(super) fn postings(&self, term: u32) -> &[AddedPosting] {
        let from = self.postings.partition_point(|posting| posting.term < term);
        let of_others = &self.postings[from..];
        &of_others[..of_others.partition_point(|posting| posting.term == term)]
    }

    /// The words of each paper that is known, at least 1.
    pub(super) fn lengths(&self, known: Option<&[i64]>) -> impl Iterator<Item = u32> {
        let papers = (0..).zip(&self.terms).filter(move |(paper, _)| self.is_known(*paper, known));
        papers.map(|(_, terms)| terms.length().max(1))
    }

    /// The score of each paper for some terms, each a number and its weight; 0 for one that has none of them.
    pub(super) fn scores(&self, query: &[(u32, f32)], mean_length: f32) -> impl Iterator<Item = (u32, f32)> {
        let mut scores = vec![0.0; self.keys.len()];
        for (term, weight) in query {
            for posting in self.postings(*term) {
                let length = self.terms[posting.paper as usize].length().max(1) as f32;
                let saturation = bm25::tf_saturation(f32::from(posting.count), length, mean_length);
                scores[posting.paper as usize] += weight * saturation;
            }
        }
        (0..).zip(scores)
    }
}

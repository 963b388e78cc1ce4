//! A background as bytes: to compute one takes longer than a question, and the next process asks a question.

use std::ops::Range;
use std::sync::OnceLock;

use super::background::{Background, BackgroundPosting};
use super::whitening::Whitening;
use crate::lexical::{CorpusStats, TermMap};
use crate::number_bytes::{put, take};
use crate::vector::EmbeddingMatrix;

impl Background {
    /// All of it as bytes, with the covariance of its vectors. Numbers have the byte order of this machine.
    ///
    /// ```
    /// use paperkin::lexical::TermVector;
    /// use paperkin::recommend::Background;
    /// use paperkin::vector::{Embedding, EmbeddingMatrix};
    ///
    /// let mut vectors = EmbeddingMatrix::with_capacity(2, 1);
    /// vectors.push(&Embedding::normalize(vec![3.0, 4.0]).unwrap());
    /// let background = Background::new(vectors, &[TermVector::from_text("graph networks").as_slice()]);
    /// let bytes = background.to_bytes();
    /// let graph = TermVector::term_id("graph");
    /// assert_eq!(Background::from_bytes(&bytes).unwrap().idf(graph), background.idf(graph));
    /// assert!(Background::from_bytes(&bytes[1..]).is_none());
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, &[self.vectors.dimension() as u64]);
        put(&mut bytes, self.vectors.values());
        put(&mut bytes, &self.overlaps);
        put(&mut bytes, &self.postings);
        let mut ranges: Vec<[u64; 3]> = self
            .posting_ranges
            .iter()
            .map(|(term, range)| [u64::from(*term), range.start as u64, range.end as u64])
            .collect();
        ranges.sort_unstable();
        put(&mut bytes, &ranges);
        let (totals, terms) = self.corpus_stats.to_numbers();
        put(&mut bytes, &totals);
        put(&mut bytes, &terms);
        let (mean, cholesky) = self.whitening().numbers();
        put(&mut bytes, mean);
        put(&mut bytes, cholesky);
        bytes
    }

    /// The background that these are the bytes of; `None` when they are those of none.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Background> {
        let [dimension] = take::<u64>(&mut bytes)?[..] else { return None };
        let dimension = usize::try_from(dimension).ok()?;
        let vectors = EmbeddingMatrix::from_units(dimension, take(&mut bytes)?)?;
        let overlaps: Vec<f32> = take(&mut bytes)?;
        let postings: Vec<BackgroundPosting> = take(&mut bytes)?;
        let is_in_range = |range: &Range<usize>| range.start <= range.end && range.end <= postings.len();
        let ranges = take::<[u64; 3]>(&mut bytes)?.into_iter().map(|[term, start, end]| {
            let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
            Some((u32::try_from(term).ok()?, range)).filter(|(_, range)| is_in_range(range))
        });
        let posting_ranges = ranges.collect::<Option<TermMap<_>>>()?;
        let totals: [f32; 3] = take(&mut bytes)?.try_into().ok()?;
        let corpus_stats = CorpusStats::from_numbers(totals, take(&mut bytes)?);
        let whitening = Whitening::from_numbers(take(&mut bytes)?, take(&mut bytes)?)?;
        let papers = vectors.len();
        let is_sound = bytes.is_empty()
            && overlaps.len() == papers
            && postings.iter().all(|posting| (posting.paper as usize) < papers)
            && whitening.mean().len() == dimension;
        let whitening = OnceLock::from(whitening);
        is_sound.then_some(Background { vectors, overlaps, postings, posting_ranges, whitening, corpus_stats })
    }
}

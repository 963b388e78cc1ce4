//! BM25 over a file of terms, and over what changed since it was written.

use std::cmp::Ordering;
use std::ops::Range;

use super::added_terms::AddedTerms;
use super::{Postings, TermFile, TermFileCorruption};
use crate::lexical::{TermSlice, TermVector, bm25};
use crate::vector::{RowBitmap, RowId, key_position, prefetch};

/// Papers whose sums are computed together: they stay in the cache of a core.
const PAPERS_AT_ONCE: usize = 4096;
/// Postings whose scores are computed together: the compiler divides several at once.
const POSTINGS_AT_ONCE: usize = 64;

/// The terms of the papers of one generation.
pub(crate) struct TermIndex {
    file: TermFile,
    /// Places of papers in the file that have other terms now, or are gone.
    changed: RowBitmap,
    added: AddedTerms,
    stats: LengthStats,
}

/// How many papers there are, and how long they are: what BM25 needs beside postings and the length of each.
#[derive(Debug, Clone, Copy)]
struct LengthStats {
    papers: usize,
    mean_length: f32,
}

/// The papers of the file that count: those of a generation, or some of them.
struct LivePapers<'a> {
    changed: &'a RowBitmap,
    /// Places in the file; `None`: all.
    known: Option<RowBitmap>,
}

impl LivePapers<'_> {
    fn contains(&self, place: u32) -> bool {
        let place = RowId(place);
        !self.changed.contains(place) && self.known.as_ref().is_none_or(|known| known.contains(place))
    }

    /// Whether all papers of the file count.
    fn is_whole_file(&self) -> bool {
        self.changed.is_empty() && self.known.is_none()
    }

    /// How many of some papers count, whose places ascend.
    fn count(&self, papers: &[u32]) -> usize {
        if self.is_whole_file() {
            return papers.len();
        }
        // Few papers change: they are looked for in the list, if that is shorter than looking at all of it.
        let steps = papers.len().max(1).ilog2() as usize + 1;
        if self.known.is_none() && self.changed.len() * steps < papers.len() {
            return papers.len() - self.changed.iter().filter(|place| papers.binary_search(&place.0).is_ok()).count();
        }
        papers.iter().filter(|paper| self.contains(**paper)).count()
    }
}

impl TermIndex {
    /// A file with what changed since it was written: papers whose terms changed or that are gone, by key, and the papers with
    /// new terms, ascending by key.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    pub(crate) fn new(
        file: TermFile,
        gone: &[i64],
        added_keys: Vec<i64>,
        added: Vec<TermVector>,
    ) -> Result<TermIndex, TermFileCorruption> {
        let changed = places(&file, gone.iter().chain(&added_keys));
        let added = AddedTerms::new(added_keys, added);
        let stats = LengthStats::new(&file, &added, &LivePapers { changed: &changed, known: None }, None)?;
        Ok(TermIndex { file, changed, added, stats })
    }

    /// The terms of a paper by its key; `None` for one that is not in this generation.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    #[inline]
    pub(crate) fn terms(&self, key: i64) -> Result<Option<TermSlice<'_>>, TermFileCorruption> {
        if let Some(terms) = self.added.terms(key) {
            return Ok(Some(terms));
        }
        match key_position(self.file.keys(), key) {
            Some(place) if !self.changed.contains(RowId(place as u32)) => self.file.terms(place).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether a paper of this generation has a term.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    pub(crate) fn has_term(&self, number: u32) -> Result<bool, TermFileCorruption> {
        let Postings { papers, .. } = self.file.postings(number)?;
        let is_live = |paper: &u32| !self.changed.contains(RowId(*paper));
        Ok(papers.iter().any(is_live) || !self.added.postings(number).is_empty())
    }

    /// Keys of the `k` papers with the highest BM25 for some terms, each a number and what it weighs, of those that score at all
    /// and whose keys pass, if there is a condition; ties by key. With `known` (keys in ascending order), as if there were no
    /// other papers.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    pub(crate) fn best(
        &self,
        query: &[(u32, f32)],
        known: Option<&[i64]>,
        k: usize,
        passes: Option<&dyn Fn(i64) -> bool>,
    ) -> Result<Vec<i64>, TermFileCorruption> {
        let live = LivePapers { changed: &self.changed, known: known.map(|keys| places(&self.file, keys.iter())) };
        let stats = match known {
            None => self.stats,
            Some(_) => LengthStats::new(&self.file, &self.added, &live, known)?,
        };
        let mut lists = Vec::with_capacity(query.len());
        for (number, weight) in query {
            let Postings { papers, counts } = self.file.postings(*number)?;
            let added = self.added.postings(*number).iter();
            let of_added = added.filter(|posting| self.added.is_known(posting.paper, known)).count();
            let with_term = live.count(papers) + of_added;
            if with_term > 0 {
                let weight = weight * bm25::idf(stats.papers as f32, with_term as f32);
                lists.push(WeightedPostings { number: *number, weight, papers, counts });
            }
        }
        let weights: Vec<(u32, f32)> = lists.iter().map(|list| (list.number, list.weight)).collect();
        let lengths = PaperLengths { lengths: self.file.lengths()?, mean: stats.mean_length };
        let key = |place: u32| self.file.keys()[place as usize];
        // The keys of those that are offered would be read for nothing: they lie anywhere, and better papers follow.
        let mut best = BestPapers::new(k);
        score_file(&mut lists, lengths, &mut best, |place| {
            live.contains(place) && passes.is_none_or(|passes| passes(key(place)))
        });
        let mut best = best.map(key);
        for (paper, score) in self.added.scores(&weights, stats.mean_length) {
            let key = self.added.key(paper);
            if best.takes(score) && self.added.is_known(paper, known) && passes.is_none_or(|passes| passes(key)) {
                best.push(score, key);
            }
        }
        Ok(best.sorted())
    }
}

/// Offers the papers of a file that have a term of the lists, count, and may be among the best, with their scores.
fn score_file(
    lists: &mut [WeightedPostings<'_>],
    lengths: PaperLengths<'_>,
    best: &mut BestPapers<u32>,
    counts: impl Fn(u32) -> bool,
) {
    let mut sums = [0.0f32; PAPERS_AT_ONCE];
    let count = lengths.lengths.len();
    for start in (0..count).step_by(PAPERS_AT_ONCE) {
        let papers = start..(start + PAPERS_AT_ONCE).min(count);
        let mut is_empty = true;
        for list in &mut *lists {
            is_empty &= !list.add_scores(&papers, lengths, &mut sums);
        }
        if is_empty {
            continue;
        }
        for (chunk, sums) in (start as u32..).step_by(16).zip(sums.as_chunks::<16>().0) {
            // Most are too low. Numbers that are not negative are in the order of their bits, which the compiler compares
            // several at once.
            let least = best.threshold.to_bits().max(1);
            if !sums.iter().fold(false, |is_any, sum| is_any | (sum.to_bits() as i32 >= least as i32)) {
                continue;
            }
            for (place, sum) in (chunk..).zip(sums) {
                if best.takes(*sum) && counts(place) {
                    best.push(*sum, place);
                }
            }
        }
        sums.fill(0.0);
    }
}

/// The places of those papers that are in the file.
fn places<'k>(file: &TermFile, keys: impl Iterator<Item = &'k i64>) -> RowBitmap {
    keys.filter_map(|key| key_position(file.keys(), *key)).map(|place| RowId(place as u32)).collect()
}

/// The words of each paper of the file, and of a paper on average.
#[derive(Clone, Copy)]
struct PaperLengths<'a> {
    lengths: &'a [u32],
    mean: f32,
}

/// The papers of a term that are not scored yet.
struct WeightedPostings<'a> {
    number: u32,
    /// What the term weighs in the query, times how rare it is.
    weight: f32,
    papers: &'a [u32],
    counts: &'a [u8],
}

impl WeightedPostings<'_> {
    /// Adds the scores of the next papers, those of a range, to their sums; whether there are any.
    #[inline]
    fn add_scores(
        &mut self,
        range: &Range<usize>,
        lengths: PaperLengths<'_>,
        sums: &mut [f32; PAPERS_AT_ONCE],
    ) -> bool {
        let (papers, counts, end) = (self.papers, self.counts, range.end as u32);
        let mut taken = 0;
        loop {
            let next = &papers[taken..papers.len().min(taken + POSTINGS_AT_ONCE)];
            // One after the other: memory is faster at that than at looking for the last one.
            let is_whole = next.last().is_some_and(|last| *last < end);
            let count = if is_whole { next.len() } else { next.partition_point(|paper| *paper < end) };
            // First the lengths, which lie anywhere: what is computed from them is then a loop that nothing can end early.
            let mut scores = [0.0f32; POSTINGS_AT_ONCE];
            for (length, paper) in scores.iter_mut().zip(&next[..count]) {
                *length = lengths.lengths[*paper as usize] as f32;
            }
            for (score, count) in scores.iter_mut().zip(&counts[taken..taken + count]) {
                *score = self.weight * bm25::tf_saturation(f32::from(*count), *score, lengths.mean);
            }
            for (paper, score) in next[..count].iter().zip(scores) {
                sums[(*paper as usize - range.start) % PAPERS_AT_ONCE] += score;
            }
            taken += count;
            if !is_whole {
                break;
            }
        }
        (self.papers, self.counts) = (&papers[taken..], &counts[taken..]);
        // Until it is this list's turn again, memory has the time of all other lists.
        let next = self.papers.len().min(POSTINGS_AT_ONCE);
        prefetch(&self.papers[..next]);
        prefetch(&self.counts[..next]);
        taken > 0
    }
}

impl LengthStats {
    fn new(
        file: &TermFile,
        added: &AddedTerms,
        live: &LivePapers<'_>,
        known: Option<&[i64]>,
    ) -> Result<LengthStats, TermFileCorruption> {
        let (mut papers, mut words) = (file.header.papers, file.header.words);
        if !live.is_whole_file() {
            (papers, words) = (0, 0);
            for (_, length) in (0..).zip(file.lengths()?).filter(|(place, _)| live.contains(*place)) {
                papers += 1;
                words += u64::from(*length);
            }
        }
        for length in added.lengths(known) {
            papers += 1;
            words += u64::from(length);
        }
        let mean_length = words as f32 / papers.max(1) as f32;
        Ok(LengthStats { papers, mean_length })
    }
}

/// The best of many papers, as they come. Of papers with the same score, those that come first by `P` are better.
struct BestPapers<P> {
    k: usize,
    /// At most twice as many as are wanted.
    papers: Vec<(f32, P)>,
    /// What a paper must score at least.
    threshold: f32,
}

impl<P: Copy + Ord> BestPapers<P> {
    fn new(k: usize) -> BestPapers<P> {
        let threshold = if k == 0 { f32::INFINITY } else { 0.0 };
        BestPapers { k, papers: Vec::new(), threshold }
    }

    fn takes(&self, score: f32) -> bool {
        score > 0.0 && score >= self.threshold
    }

    fn push(&mut self, score: f32, paper: P) {
        self.papers.push((score, paper));
        if self.papers.len() >= 2 * self.k + 64 {
            self.papers.select_nth_unstable_by(self.k - 1, order);
            self.papers.truncate(self.k);
            self.threshold = self.papers[self.k - 1].0;
        }
    }

    /// The same papers by other names, which are in the same order.
    fn map<Q>(self, name: impl Fn(P) -> Q) -> BestPapers<Q> {
        let papers = self.papers.into_iter().map(|(score, paper)| (score, name(paper))).collect();
        BestPapers { k: self.k, papers, threshold: self.threshold }
    }

    /// Best first.
    fn sorted(mut self) -> Vec<P> {
        self.papers.sort_unstable_by(order);
        self.papers.truncate(self.k);
        self.papers.into_iter().map(|(_, paper)| paper).collect()
    }
}

fn order<P: Ord>(a: &(f32, P), b: &(f32, P)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

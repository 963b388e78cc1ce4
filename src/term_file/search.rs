//! BM25 over a file of terms, and over what changed since it was written.

use std::cmp::Ordering;
use std::ops::Range;

use super::added_terms::AddedTerms;
use super::{Postings, TermFile, TermFileCorruption};
use crate::lexical::{TermSlice, TermVector, bm25};
use crate::vector::{RowBitmap, RowId, key_position};

/// Papers whose sums are computed together: they stay in the cache of a core.
const PAPERS_AT_ONCE: usize = 4096;
/// What a bound is multiplied with, so that no sum that is rounded up is above it.
const BOUND_SLACK: f32 = 1.0001;

/// The terms of the papers of one generation.
pub(crate) struct TermIndex {
    file: TermFile,
    /// Places of papers in the file that have other terms now, or are gone.
    changed: RowBitmap,
    added: AddedTerms,
    stats: LengthStats,
}

/// How long papers are: what BM25 needs beside postings.
struct LengthStats {
    papers: usize,
    mean_length: f32,
    /// Of each paper of the file.
    lengths: Vec<LengthFactors>,
}

/// What the length of a paper does to the score of a term.
#[derive(Debug, Clone, Copy)]
pub(super) struct LengthFactors {
    /// See [`bm25::length_penalty`].
    penalty: f32,
    /// The score of a term that occurs once: most do, and a division takes longer than all else that a posting takes.
    once: f32,
}

impl LengthFactors {
    pub(super) fn new(length: u32, mean_length: f32) -> LengthFactors {
        let penalty = bm25::length_penalty(length as f32, mean_length);
        LengthFactors { penalty, once: 1.0 / (1.0 + penalty) }
    }

    /// See [`bm25::tf_saturation`].
    #[inline]
    pub(super) fn saturation(self, count: u8) -> f32 {
        if count == 1 { self.once } else { f32::from(count) / (f32::from(count) + self.penalty) }
    }
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

    /// Keys of the `k` papers with the highest BM25 for some terms, each a number and what it weighs, of those that pass and
    /// that score at all; ties by key. With `known` (keys in ascending order), as if there were no other papers.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    pub(crate) fn best(
        &self,
        query: &[(u32, f32)],
        known: Option<&[i64]>,
        k: usize,
        passes: impl Fn(i64) -> bool,
    ) -> Result<Vec<i64>, TermFileCorruption> {
        let live = LivePapers { changed: &self.changed, known: known.map(|keys| places(&self.file, keys.iter())) };
        let of_known;
        let stats = match known {
            None => &self.stats,
            Some(_) => {
                of_known = LengthStats::new(&self.file, &self.added, &live, known)?;
                &of_known
            }
        };
        // A longer mean makes each paper shorter beside it.
        let slack = BOUND_SLACK * (stats.mean_length / self.file.header.mean_length().max(1.0)).max(1.0);
        let mut lists = Vec::with_capacity(query.len());
        for (number, weight) in query {
            let Postings { papers, counts, max_saturation } = self.file.postings(*number)?;
            let added = self.added.postings(*number).iter();
            let of_added = added.filter(|posting| self.added.is_known(posting.paper, known)).count();
            let with_term = live.count(papers) + of_added;
            if with_term > 0 {
                let weight = weight * bm25::idf(stats.papers as f32, with_term as f32);
                let bound = weight * (slack * max_saturation).min(1.0);
                lists.push(WeightedPostings { number: *number, weight, bound, papers, counts });
            }
        }
        // Sums are added up in this order, whatever is left out.
        lists.sort_by(|a, b| b.bound.total_cmp(&a.bound));
        let mut best = BestPapers::new(k);
        let weights: Vec<(u32, f32)> = lists.iter().map(|list| (list.number, list.weight)).collect();
        for (paper, score) in self.added.scores(&weights, stats.mean_length) {
            let key = self.added.key(paper);
            if best.takes(score) && self.added.is_known(paper, known) && passes(key) {
                best.push(score, key);
            }
        }
        self.score_file(&mut lists, &stats.lengths, &mut best, |place| {
            let key = self.file.keys()[place as usize];
            (live.contains(place) && passes(key)).then_some(key)
        });
        Ok(best.keys())
    }

    /// Offers the papers of the file that may be among the best, with their scores. `key` says which of them count.
    ///
    /// MaxScore (Turtle and Flood 1995): lists are in the order of what they can add, the most first. The last ones, which
    /// together do not lift a paper to the threshold, are looked at only for the papers of the others.
    fn score_file(
        &self,
        lists: &mut [WeightedPostings<'_>],
        lengths: &[LengthFactors],
        best: &mut BestPapers,
        key: impl Fn(u32) -> Option<i64>,
    ) {
        let mut rest_bounds = vec![0.0; lists.len() + 1];
        for (place, list) in lists.iter().enumerate().rev() {
            rest_bounds[place] = rest_bounds[place + 1] + list.bound;
        }
        let mut sums = [0.0f32; PAPERS_AT_ONCE];
        for start in (0..lengths.len()).step_by(PAPERS_AT_ONCE) {
            let end = (start + PAPERS_AT_ONCE).min(lengths.len());
            let essential = rest_bounds[..lists.len()].partition_point(|bound| *bound >= best.threshold);
            let (essential, others) = lists.split_at_mut(essential);
            let rest_bounds = &rest_bounds[essential.len()..];
            let mut is_empty = true;
            for list in essential {
                is_empty &= !list.add_scores(start..end, lengths, &mut sums);
            }
            if is_empty {
                continue;
            }
            for (chunk, sums) in (start as u32..).step_by(16).zip(sums.chunks_exact_mut(16)) {
                // Most of the sums are too low: the compiler compares many at once.
                let largest = sums.iter().copied().fold(0.0, f32::max);
                if largest == 0.0 {
                    continue;
                }
                if largest + rest_bounds[0] >= best.threshold {
                    for (place, sum) in (chunk..).zip(&*sums).filter(|(_, sum)| **sum > 0.0) {
                        let length = lengths[place as usize];
                        if let Some(score) = complete_score(*sum, place, length, others, rest_bounds, best.threshold)
                            && let Some(key) = key(place)
                        {
                            best.push(score, key);
                        }
                    }
                }
                sums.fill(0.0);
            }
        }
    }
}

/// The score of a paper that has a part of it, by the lists that it was not looked for in; `None` when it is below the threshold.
fn complete_score(
    mut sum: f32,
    place: u32,
    length: LengthFactors,
    lists: &mut [WeightedPostings<'_>],
    rest_bounds: &[f32],
    threshold: f32,
) -> Option<f32> {
    for (list, bound) in lists.iter_mut().zip(rest_bounds) {
        if sum + bound < threshold {
            return None;
        }
        sum += list.score(place, length);
    }
    (sum >= threshold).then_some(sum)
}

/// The places of those papers that are in the file.
fn places<'k>(file: &TermFile, keys: impl Iterator<Item = &'k i64>) -> RowBitmap {
    keys.filter_map(|key| key_position(file.keys(), *key)).map(|place| RowId(place as u32)).collect()
}

/// The papers of a term that are not scored yet.
struct WeightedPostings<'a> {
    number: u32,
    /// What the term weighs in the query, times how rare it is.
    weight: f32,
    /// What it adds to the score of a paper of the file, at most.
    bound: f32,
    papers: &'a [u32],
    counts: &'a [u8],
}

impl WeightedPostings<'_> {
    /// Adds the scores of the papers in a range to their sums, which begin with the first of them; whether there are any.
    #[inline]
    fn add_scores(&mut self, range: Range<usize>, lengths: &[LengthFactors], sums: &mut [f32; PAPERS_AT_ONCE]) -> bool {
        // It may not have been looked at in earlier ranges.
        self.skip(count_below(self.papers, range.start as u32));
        let count = count_below(self.papers, range.end as u32);
        for (paper, count) in self.papers[..count].iter().zip(&self.counts[..count]) {
            let paper = *paper as usize;
            sums[(paper - range.start) % PAPERS_AT_ONCE] += self.weight * lengths[paper].saturation(*count);
        }
        self.skip(count);
        count > 0
    }

    /// What it adds to the score of a paper, which is after all that were asked for before.
    #[inline]
    fn score(&mut self, place: u32, length: LengthFactors) -> f32 {
        self.skip(count_below(self.papers, place));
        match self.papers.first() {
            Some(paper) if *paper == place => self.weight * length.saturation(self.counts[0]),
            _ => 0.0,
        }
    }

    fn skip(&mut self, count: usize) {
        (self.papers, self.counts) = (&self.papers[count..], &self.counts[count..]);
    }
}

/// How many numbers of an ascending list are below a bound, looked for in steps that double.
fn count_below(numbers: &[u32], bound: u32) -> usize {
    let mut end = 1;
    while end < numbers.len() && numbers[end] < bound {
        end *= 2;
    }
    let from = (end / 2).min(numbers.len());
    from + numbers[from..(end + 1).min(numbers.len())].partition_point(|number| *number < bound)
}

impl LengthStats {
    fn new(
        file: &TermFile,
        added: &AddedTerms,
        live: &LivePapers<'_>,
        known: Option<&[i64]>,
    ) -> Result<LengthStats, TermFileCorruption> {
        let lengths = file.lengths()?;
        let (mut papers, mut words) = (lengths.len(), file.header.words);
        if !live.is_whole_file() {
            (papers, words) = (0, 0);
            for (_, length) in (0..).zip(lengths).filter(|(place, _)| live.contains(*place)) {
                papers += 1;
                words += u64::from(*length);
            }
        }
        for length in added.lengths(known) {
            papers += 1;
            words += u64::from(length);
        }
        let mean_length = words as f32 / papers.max(1) as f32;
        let lengths = lengths.iter().map(|length| LengthFactors::new(*length, mean_length)).collect();
        Ok(LengthStats { papers, mean_length, lengths })
    }
}

/// The best of many papers, as they come.
struct BestPapers {
    k: usize,
    /// Scores and keys: at most twice as many as are wanted.
    papers: Vec<(f32, i64)>,
    /// What a paper must score at least.
    threshold: f32,
}

impl BestPapers {
    fn new(k: usize) -> BestPapers {
        let threshold = if k == 0 { f32::INFINITY } else { 0.0 };
        BestPapers { k, papers: Vec::new(), threshold }
    }

    fn takes(&self, score: f32) -> bool {
        score > 0.0 && score >= self.threshold
    }

    fn push(&mut self, score: f32, key: i64) {
        self.papers.push((score, key));
        if self.papers.len() >= 2 * self.k + 64 {
            self.papers.select_nth_unstable_by(self.k - 1, order);
            self.papers.truncate(self.k);
            self.threshold = self.papers[self.k - 1].0;
        }
    }

    /// Best first.
    fn keys(mut self) -> Vec<i64> {
        self.papers.sort_unstable_by(order);
        self.papers.truncate(self.k);
        self.papers.into_iter().map(|(_, key)| key).collect()
    }
}

fn order(a: &(f32, i64), b: &(f32, i64)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

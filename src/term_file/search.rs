//! BM25 over a file of terms, and over what changed since it was written.

use std::cmp::Ordering;
use std::ops::Range;

use super::{TermFile, TermFileCorruption};
use crate::lexical::{TermSlice, TermVector, bm25};
use crate::vector::{RowBitmap, RowId, key_position};

/// Papers whose sums are computed together: they stay in the cache of a core.
const PAPERS_AT_ONCE: usize = 4096;

/// The terms of the papers of one generation.
pub(crate) struct TermIndex {
    file: TermFile,
    /// Places of papers in the file that have other terms now, or are gone.
    changed: RowBitmap,
    /// Papers that are not in the file, or changed: keys, ascending, and their terms.
    added_keys: Vec<i64>,
    added: Vec<TermVector>,
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
struct LengthFactors {
    /// See [`bm25::length_penalty`].
    penalty: f32,
    /// The score of a term that occurs once: most do, and a division takes longer than all else that a posting takes.
    once: f32,
}

impl LengthFactors {
    fn new(length: u32, mean_length: f32) -> LengthFactors {
        let penalty = bm25::length_penalty(length as f32, mean_length);
        LengthFactors { penalty, once: 1.0 / (1.0 + penalty) }
    }

    /// See [`bm25::tf_saturation`].
    #[inline]
    fn saturation(self, count: u8) -> f32 {
        if count == 1 { self.once } else { f32::from(count) / (f32::from(count) + self.penalty) }
    }
}

/// The papers that count: those of a generation, or some of them.
struct LivePapers<'a> {
    changed: &'a RowBitmap,
    /// Places in the file; `None`: all.
    known: Option<RowBitmap>,
    /// Places among the added ones.
    added: Vec<usize>,
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
        let added_places = (0..added.len()).collect();
        let live = LivePapers { changed: &changed, known: None, added: added_places };
        let stats = LengthStats::new(&file, &added, &live)?;
        Ok(TermIndex { file, changed, added_keys, added, stats })
    }

    /// The terms of a paper by its key; `None` for one that is not in this generation.
    ///
    /// # Errors
    /// [`TermFileCorruption`].
    #[inline]
    pub(crate) fn terms(&self, key: i64) -> Result<Option<TermSlice<'_>>, TermFileCorruption> {
        if !self.added_keys.is_empty()
            && let Some(place) = key_position(&self.added_keys, key)
        {
            return Ok(Some(self.added[place].as_slice()));
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
        let (papers, _) = self.file.postings(number)?;
        let is_live = |paper: &u32| !self.changed.contains(RowId(*paper));
        Ok(papers.iter().any(is_live) || self.added.iter().any(|terms| terms.as_slice().count(number) > 0))
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
        let live = self.live_papers(known);
        let of_known;
        let stats = match known {
            None => &self.stats,
            Some(_) => {
                of_known = LengthStats::new(&self.file, &self.added, &live)?;
                &of_known
            }
        };
        let mut lists = Vec::with_capacity(query.len());
        for (number, weight) in query {
            let (papers, counts) = self.file.postings(*number)?;
            let of_file = match live.is_whole_file() {
                true => papers.len(),
                false => papers.iter().filter(|paper| live.contains(**paper)).count(),
            };
            let of_added = live.added.iter().filter(|place| self.added[**place].as_slice().count(*number) > 0).count();
            if of_file + of_added > 0 {
                let idf = bm25::idf(stats.papers as f32, (of_file + of_added) as f32);
                lists.push(WeightedPostings { number: *number, weight: weight * idf, papers, counts });
            }
        }
        let mut best = BestPapers::new(k);
        self.score_file(&mut lists, &stats.lengths, |place, score| {
            if best.takes(score) && live.contains(place) {
                let key = self.file.keys()[place as usize];
                if passes(key) {
                    best.push(score, key);
                }
            }
        });
        for place in live.added {
            let (key, terms) = (self.added_keys[place], self.added[place].as_slice());
            let length = LengthFactors::new(terms.length.max(1), stats.mean_length);
            let part = |list: &WeightedPostings<'_>| match terms.count(list.number) {
                0 => 0.0,
                count => list.weight * length.saturation(count as u8),
            };
            let score: f32 = lists.iter().map(part).sum();
            if best.takes(score) && passes(key) {
                best.push(score, key);
            }
        }
        Ok(best.keys())
    }

    fn live_papers(&self, known: Option<&[i64]>) -> LivePapers<'_> {
        let is_known = |key: &i64| known.is_none_or(|known| known.binary_search(key).is_ok());
        LivePapers {
            changed: &self.changed,
            known: known.map(|keys| places(&self.file, keys.iter())),
            added: (0..self.added.len()).filter(|place| is_known(&self.added_keys[*place])).collect(),
        }
    }

    /// Hands over each paper of the file that has one of the terms, in the order of places, with the sum of its parts.
    fn score_file(
        &self,
        lists: &mut [WeightedPostings<'_>],
        lengths: &[LengthFactors],
        mut take: impl FnMut(u32, f32),
    ) {
        let mut sums = [0.0f32; PAPERS_AT_ONCE];
        for start in (0..lengths.len()).step_by(PAPERS_AT_ONCE) {
            let end = (start + PAPERS_AT_ONCE).min(lengths.len());
            let mut is_empty = true;
            for list in &mut *lists {
                is_empty &= !list.add_scores(start..end, lengths, &mut sums);
            }
            if is_empty {
                continue;
            }
            // Most of a chunk's sums are below what would be taken: the compiler compares many at once.
            for (chunk, sums) in (start as u32..).step_by(16).zip(sums.chunks_exact_mut(16)) {
                if sums.iter().any(|sum| *sum > 0.0) {
                    (chunk..).zip(&*sums).filter(|(_, sum)| **sum > 0.0).for_each(|(place, sum)| take(place, *sum));
                    sums.fill(0.0);
                }
            }
        }
    }
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
    papers: &'a [u32],
    counts: &'a [u8],
}

impl WeightedPostings<'_> {
    /// Adds the scores of the papers in a range to their sums, which begin with the first of them; whether there are any.
    #[inline]
    fn add_scores(&mut self, range: Range<usize>, lengths: &[LengthFactors], sums: &mut [f32; PAPERS_AT_ONCE]) -> bool {
        let count = count_below(self.papers, range.end as u32);
        let ((papers, rest), (counts, other)) = (self.papers.split_at(count), self.counts.split_at(count));
        for (paper, count) in papers.iter().zip(counts) {
            let paper = *paper as usize;
            sums[(paper - range.start) % PAPERS_AT_ONCE] += self.weight * lengths[paper].saturation(*count);
        }
        (self.papers, self.counts) = (rest, other);
        count > 0
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
    fn new(file: &TermFile, added: &[TermVector], live: &LivePapers<'_>) -> Result<LengthStats, TermFileCorruption> {
        let lengths = file.lengths()?;
        let (mut papers, mut words) = (lengths.len(), file.header.words);
        if !live.is_whole_file() {
            (papers, words) = (0, 0);
            for (_, length) in (0..).zip(lengths).filter(|(place, _)| live.contains(*place)) {
                papers += 1;
                words += u64::from(*length);
            }
        }
        papers += live.added.len();
        words += live.added.iter().map(|place| u64::from(added[*place].length().max(1))).sum::<u64>();
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

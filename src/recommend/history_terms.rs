//! The terms of a reading history: what each of them weighs.

use super::background::{Background, PaperFeatures, TermProfile};
use super::expansion::expansion_shares;
use super::resolved_query::ExpansionPaper;
use crate::lexical::{SparseVector, TermTable, tf_factor};
use crate::vector::add_scaled;

/// One in so many papers of a history that have a term make it a common one: adding its weights in all papers, as many at once
/// as fit a register of 512 bits, takes less time than adding those that there are, one by one.
const COMMON_SHARE: usize = 16;

/// The terms of a history and of the papers that it borrows from, in the order of their numbers.
#[derive(Debug, Clone)]
pub(super) struct HistoryTerms {
    table: TermTable,
    terms: Vec<HistoryTerm>,
    /// The papers of the history that have each term, and what it weighs in each.
    papers: Vec<(u32, f32)>,
    paper_count: usize,
    /// What common terms weigh in each paper, 0 where it is not in it.
    weights: Vec<f32>,
}

/// A term of a history.
#[derive(Debug, Clone, Copy)]
pub(super) struct HistoryTerm {
    pub(super) idf: f32,
    /// What it counts in a contrast.
    pub(super) contrast: f32,
    pub(super) inverse_variance: f32,
    /// What it weighs in the centroid: the parts of the history and of the expansion papers.
    pub(super) centroid: f32,
    pub(super) expansion: f32,
    /// Where its papers are in [`HistoryTerms::papers`].
    papers: (u32, u32),
    /// Where its weights begin in [`HistoryTerms::weights`]; [`HistoryTerm::RARE`] if it is not a common term.
    weights: u32,
}

/// What a term of a history of one paper counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct TermWeights {
    /// What it weighs in the paper.
    pub(super) in_paper: f32,
    pub(super) contrast: f32,
    pub(super) centroid: f32,
}

impl Default for HistoryTerms {
    fn default() -> HistoryTerms {
        HistoryTerms {
            table: TermTable::new(Vec::new()),
            terms: Vec::new(),
            papers: Vec::new(),
            paper_count: 0,
            weights: Vec::new(),
        }
    }
}

impl HistoryTerm {
    const RARE: u32 = u32::MAX;

    /// A term that has no papers yet.
    fn new(idf: f32, inverse_variance: f32) -> HistoryTerm {
        HistoryTerm {
            idf,
            inverse_variance,
            contrast: 0.0,
            centroid: 0.0,
            expansion: 0.0,
            papers: (0, 0),
            weights: HistoryTerm::RARE,
        }
    }
}

impl HistoryTerms {
    /// The terms of papers, each paper with its share of the whole, and of expansion papers. The centroid of both has length 1;
    /// second what the sums of the papers' term vectors, each times its share, are divided by in it.
    pub(super) fn new(
        background: &Background,
        papers: &[TermProfile],
        shares: &[f32],
        expansion: &[ExpansionPaper],
    ) -> (HistoryTerms, f32) {
        // Expansion papers follow those of the history.
        let borrowed: Vec<SparseVector> =
            expansion.iter().map(|paper| background.corpus_stats.tfidf(paper.terms.as_slice())).collect();
        let mut entries: Vec<(u32, u32, f32)> = Vec::new();
        for (paper, vector) in (0..).zip(papers.iter().map(|paper| &paper.vector).chain(&borrowed)) {
            entries.extend(vector.iter().map(|(number, weight)| (*number, paper, *weight)));
        }
        // Stable: the papers of a term stay in their order. Each paper's terms are sorted, which this sort makes use of.
        entries.sort_by_key(|(number, ..)| *number);
        let borrowed_shares: Vec<f32> = expansion_shares(expansion.len()).collect();
        let mut all = HistoryTerms { paper_count: papers.len(), ..HistoryTerms::default() };
        let mut numbers = Vec::with_capacity(entries.len());
        all.terms.reserve(entries.len());
        for of_term in entries.chunk_by(|a, b| a.0 == b.0) {
            let stats = background.corpus_stats.term(of_term[0].0);
            let mut term = HistoryTerm::new(stats.idf, stats.inverse_variance);
            term.papers.0 = all.papers.len() as u32;
            for (_, paper, weight) in of_term {
                match (*paper as usize).checked_sub(papers.len()) {
                    None => {
                        let share = shares[*paper as usize];
                        term.contrast += share * weight * term.inverse_variance;
                        term.centroid += share * weight;
                        all.papers.push((*paper, *weight));
                    }
                    Some(place) => term.expansion += borrowed_shares[place] * weight,
                }
            }
            numbers.push(of_term[0].0);
            term.papers.1 = all.papers.len() as u32;
            all.add_weights(&mut term);
            all.terms.push(term);
        }
        all.table = TermTable::new(numbers);
        let norm = all.scale_centroid();
        (all, norm)
    }

    /// Adds the weights of a common term.
    fn add_weights(&mut self, term: &mut HistoryTerm) {
        let papers = &self.papers[term.papers.0 as usize..term.papers.1 as usize];
        if papers.len() < 2 || papers.len() * COMMON_SHARE < self.paper_count {
            return;
        }
        let start = self.weights.len();
        term.weights = start as u32;
        self.weights.resize(start + self.paper_count, 0.0);
        papers.iter().for_each(|(paper, weight)| self.weights[start + *paper as usize] = *weight);
    }

    /// Scales the centroid to length 1: the part of the history counts 1 in it, and shares of expansion papers are shares of
    /// that. Returns what the history's sums were divided by.
    fn scale_centroid(&mut self) -> f32 {
        let length = |weight: fn(&HistoryTerm) -> f32, terms: &[HistoryTerm]| {
            let norm = terms.iter().map(|term| weight(term) * weight(term)).sum::<f32>().sqrt();
            if norm > 0.0 { norm } else { 1.0 }
        };
        let own = length(|term| term.centroid, &self.terms);
        self.terms.iter_mut().for_each(|term| term.expansion *= own);
        let norm = length(|term| term.centroid + term.expansion, &self.terms);
        for term in &mut self.terms {
            term.centroid /= norm;
            term.expansion /= norm;
        }
        norm
    }

    /// The numbers of the terms, and the terms.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &HistoryTerm)> {
        self.numbers().zip(&self.terms)
    }

    /// The numbers of the terms, ascending.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.table.numbers().iter().copied()
    }

    /// A term by its number, with its place.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<(usize, &HistoryTerm)> {
        let place = self.table.place(number)?;
        Some((place, &self.terms[place]))
    }

    /// The papers of the history that have the term at a place, and what it weighs in each.
    #[inline]
    pub(super) fn papers(&self, place: usize) -> &[(u32, f32)] {
        let (start, end) = self.terms[place].papers;
        &self.papers[start as usize..end as usize]
    }

    /// Adds what the term at a place weighs in each paper of the history, multiplied by a factor, to the paper's sum.
    #[inline]
    pub(super) fn add_products(&self, place: usize, factor: f32, sums: &mut [f32]) {
        match self.terms[place].weights {
            HistoryTerm::RARE => {
                self.papers(place).iter().for_each(|(paper, weight)| sums[*paper as usize] += factor * weight);
            }
            start => add_scaled(sums, factor, &self.weights[start as usize..start as usize + self.paper_count]),
        }
    }

    /// Hands over the terms that a paper has in common with the history, each with its place, and what it weighs in the paper's
    /// TF-IDF vector.
    #[inline]
    pub(super) fn for_each_common_term(
        &self,
        paper: &PaperFeatures<'_>,
        mut take: impl FnMut(usize, &HistoryTerm, f32),
    ) {
        self.table.for_each_common(paper.terms.numbers, |at, place| {
            let term = &self.terms[place];
            take(place, term, tf_factor(u32::from(paper.terms.counts[at])) * term.idf * paper.norm.inverse);
        });
    }

    /// The terms of a history of one paper, each with its number.
    pub(super) fn into_weights(self) -> impl Iterator<Item = (u32, TermWeights)> {
        (0..self.terms.len()).map(move |place| {
            let HistoryTerm { contrast, centroid, .. } = self.terms[place];
            let in_paper = self.papers(place).first().map_or(0.0, |(_, weight)| *weight);
            (self.table.numbers()[place], TermWeights { in_paper, contrast, centroid })
        })
    }
}

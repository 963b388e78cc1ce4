//! Disliked papers, prepared for scoring: each by itself, because a paper is like one of them or like none.

use super::background::{Background, PaperFeatures};
use super::history_model::TermSums;
use super::history_terms::TermWeights;
use super::resolved_query::HistoryPaper;
use super::similarity_model::{ContentParts, SimilarityModel};
use super::standardizer::Standardizer;
use super::weights::{RankingWeights, Strategy};
use crate::lexical::{TermMap, tf_factor};

/// Disliked papers. Their terms are looked up together: a candidate shares few terms with each of many papers.
pub(super) struct DislikedPapers<'a> {
    papers: Vec<DislikedPaper<'a>>,
    /// The papers that have each term, by their places; and how rare the term is.
    terms: TermMap<(f32, Vec<(u32, TermWeights)>)>,
}

struct DislikedPaper<'a> {
    model: SimilarityModel<'a>,
    /// How similar ordinary papers are to it.
    scale: Standardizer,
}

impl<'a> DislikedPapers<'a> {
    pub(super) fn new(background: &'a Background, past: &'a [HistoryPaper], weights: &RankingWeights) -> Self {
        let mut terms: TermMap<(f32, Vec<(u32, TermWeights)>)> = TermMap::default();
        let mut papers = Vec::with_capacity(past.len());
        for (place, past) in (0..).zip(past) {
            let past = std::slice::from_ref(past);
            let mut model = SimilarityModel::for_history(background, past, &[], None, Strategy::Auto, weights, true);
            let scale = Standardizer::from_values(model.background_parts().map(ContentParts::total), 0.0);
            for (number, weights) in model.take_terms() {
                let (idf, papers) = terms.entry(number).or_default();
                *idf = background.corpus_stats.idf(number);
                papers.push((place, weights));
            }
            papers.push(DislikedPaper { model, scale });
        }
        DislikedPapers { papers, terms }
    }

    /// By how many deviations a paper is more like one of them than ordinary papers are: the one that it is most like. 0 when
    /// it is like none.
    pub(super) fn largest_similarity(&self, background: &Background, paper: &PaperFeatures<'_>) -> f32 {
        if self.papers.is_empty() {
            return 0.0;
        }
        let none = (0.0, TermSums { contrast: -paper.norm.background_overlap, ..TermSums::default() });
        let mut similarities = vec![none; self.papers.len()];
        for (number, count) in paper.terms.counts() {
            let Some((idf, papers)) = self.terms.get(&number) else { continue };
            let weight = tf_factor(count) * idf * paper.norm.inverse;
            for (place, term) in papers {
                let (similarity, sums) = &mut similarities[*place as usize];
                *similarity += weight * term.in_paper;
                sums.contrast += weight * term.contrast;
                sums.centroid += weight * term.centroid;
            }
        }
        let similarity = |(DislikedPaper { model, scale }, (words, sums)): (&DislikedPaper<'_>, (f32, TermSums))| {
            scale.z_score(model.content_parts_of_terms(background, paper, words, sums).total())
        };
        self.papers.iter().zip(similarities).map(similarity).fold(0.0, f32::max)
    }
}

//! Scores candidates for a query, and names the history papers behind a score.

use std::sync::Arc;

use jiff::civil::Date;

use super::background::{Background, PaperFeatures};
use super::breakdown::ScoreBreakdown;
use super::calibration::Calibration;
use super::citation_evidence::{CitationCounts, CitationEvidence};
use super::disliked_papers::DislikedPapers;
use super::relevance::{Relevance, RelevanceFeatures};
use super::resolved_query::{ResolvedQuery, days_between};
use super::similarity_model::{ContentParts, SimilarityModel};
use super::standardizer::Standardizer;
use super::weights::{RankingWeights, Strategy};
use crate::lexical::{TermNorm, TermSlice};

/// A paper that may be recommended.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its unit vector.
    pub vector: &'a [f32],
    /// Its terms.
    pub terms: TermSlice<'a>,
    /// What turns them into a TF-IDF vector [of the background](Background::term_norm).
    pub norm: TermNorm,
    /// What else is known of it.
    pub signals: QueryIndependentSignals,
    /// Its citation links with the history.
    pub citations: CitationEvidence,
}

impl<'a> Candidate<'a> {
    /// A paper of which nothing but its text is known.
    pub fn new(vector: &'a [f32], terms: TermSlice<'a>, norm: TermNorm) -> Candidate<'a> {
        Candidate {
            vector,
            terms,
            norm,
            signals: QueryIndependentSignals::default(),
            citations: CitationEvidence::default(),
        }
    }

    /// What rankings compare of it.
    pub(super) fn features(&self) -> PaperFeatures<'a> {
        PaperFeatures { vector: self.vector, terms: self.terms, norm: self.norm }
    }
}

/// What is known of a candidate beside its text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct QueryIndependentSignals {
    /// When it appeared.
    pub date: Option<Date>,
    /// The share of the papers of its day that have fewer votes, 0 to 1.
    pub popularity: f32,
    /// Whether it has an author who is followed.
    pub followed: bool,
    /// Its largest similarity to a paper that was shown; 0 for none.
    pub shown_similarity: f32,
}

/// Papers less alike than this are different papers: the similarity of two on one narrow subject.
const NOVELTY_THRESHOLD: f32 = 0.6;

/// The least cosine of a result with a history paper that is named as its reason: papers of one subject have about 0.4, others
/// about 0.1.
const MIN_REASON_COSINE: f32 = 0.35;
/// The least part of what the best reason adds that a reason adds.
const MIN_REASON_SHARE: f32 = 0.25;

/// A history paper's share in a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Its place in [`ResolvedQuery::liked`].
    pub history_index: usize,
    /// What it adds to the score.
    pub amount: f32,
    /// What of that comes through other papers: those nearest to the history.
    pub borrowed: f32,
    /// Its citation links with the candidate.
    pub citations: CitationCounts,
}

/// The citation links of a candidate with one paper of the history.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HistoryCitations {
    /// Its part of the candidate's evidence, 0 to 1.
    pub share: f32,
    /// The part of `share` that comes through papers near it.
    pub borrowed_share: f32,
    /// The links.
    pub counts: CitationCounts,
}

/// Scores candidates for a taste, on a given day, beside the ordinary papers of a background.
pub struct Ranker<'a> {
    background: &'a Background,
    weights: RankingWeights,
    today: Date,
    text: Option<SimilarityModel<'a>>,
    liked: Option<SimilarityModel<'a>>,
    disliked: Arc<DislikedPapers<'a>>,
    /// The share of the library's papers that have references.
    share_with_references: f32,
    /// What the sides count: each half, when there are both; and less the more ordinary papers deviate.
    content_scale: f32,
    calibration: Calibration,
}

impl<'a> Ranker<'a> {
    /// Prepares to score. The weights of the taste must be [`ResolvedQuery::normalized`].
    pub fn new(
        background: &'a Background,
        taste: &'a ResolvedQuery,
        strategy: Strategy,
        weights: RankingWeights,
        today: Date,
    ) -> Ranker<'a> {
        let disliked = Arc::new(DislikedPapers::new(background, &taste.disliked, &weights));
        Ranker::with_disliked(background, taste, disliked, strategy, weights, today)
    }

    /// A ranker for each interest of a history. The disliked papers are those of the first.
    pub fn for_interests(
        background: &'a Background,
        tastes: impl Iterator<Item = &'a ResolvedQuery> + Clone,
        strategy: Strategy,
        weights: &RankingWeights,
        today: Date,
    ) -> Vec<Ranker<'a>> {
        let Some(first) = tastes.clone().next() else { return Vec::new() };
        let disliked = Arc::new(DislikedPapers::new(background, &first.disliked, weights));
        let ranker =
            |taste| Ranker::with_disliked(background, taste, disliked.clone(), strategy, weights.clone(), today);
        tastes.map(ranker).collect()
    }

    fn with_disliked(
        background: &'a Background,
        taste: &'a ResolvedQuery,
        disliked: Arc<DislikedPapers<'a>>,
        strategy: Strategy,
        weights: RankingWeights,
        today: Date,
    ) -> Ranker<'a> {
        let text = taste.text.as_ref().map(|text| SimilarityModel::for_text(background, text, &weights));
        let classifier = taste.classifier.as_deref();
        let is_alone = taste.text.is_none();
        let history = |past| {
            SimilarityModel::for_history(background, past, &taste.expansion, classifier, strategy, &weights, is_alone)
        };
        let liked = (!taste.liked.is_empty()).then(|| history(&taste.liked));
        let calibration = Calibration::from_scores([]);
        let mut ranker = Ranker {
            background,
            weights,
            today,
            text,
            liked,
            disliked,
            share_with_references: 0.0,
            content_scale: 1.0,
            calibration,
        };
        let usual = |side: &Option<SimilarityModel<'_>>| -> Vec<ContentParts> {
            let none = || vec![ContentParts::default(); background.len()];
            side.as_ref().map_or_else(none, |side| side.background_parts().collect())
        };
        let both = usual(&ranker.text).into_iter().zip(usual(&ranker.liked));
        let interest: Vec<f32> = both.map(|(text, liked)| ranker.content_score(text, liked).total()).collect();
        let scale = Standardizer::from_values(interest.iter().copied(), 0.0);
        ranker.content_scale = scale.inverse_deviation();
        ranker.calibration = Calibration::from_scores(interest.iter().map(|interest| scale.z_score(*interest)));
        ranker
    }

    /// Lets citation links count, in a library in which such a share of the papers has references.
    pub fn with_citations(self, share_with_references: f32) -> Ranker<'a> {
        Ranker { share_with_references, ..self }
    }

    /// What a text or a history counts beside the other, if there are both.
    fn half(&self) -> f32 {
        if self.text.is_some() && self.liked.is_some() { 0.5 } else { 1.0 }
    }

    /// What a paper has in common with text and history, each by its embedding and its words.
    fn content_score(&self, text: ContentParts, liked: ContentParts) -> ScoreBreakdown {
        ScoreBreakdown {
            text: text.embedding,
            liked: liked.embedding,
            words: text.terms + liked.terms,
            expansion: liked.expansion,
            ..ScoreBreakdown::default()
        }
        .scale(self.half() * self.content_scale)
    }

    /// The parts of a candidate's score, in deviations of the scores of ordinary papers. [`Ranker::calibrate`] makes a score
    /// of them.
    pub fn score(&self, candidate: &Candidate<'_>) -> ScoreBreakdown {
        self.score_each(std::slice::from_ref(candidate))[0]
    }

    /// [`Ranker::score`] of each of some candidates, in their order. Together they are compared with a long history in less time.
    pub fn score_each(&self, candidates: &[Candidate<'_>]) -> Vec<ScoreBreakdown> {
        let papers: Vec<PaperFeatures<'_>> = candidates.iter().map(Candidate::features).collect();
        let score = |((candidate, paper), content): ((&Candidate<'_>, &PaperFeatures<'_>), ScoreBreakdown)| {
            let ScoreBreakdown { text, liked, words, expansion, .. } = content;
            let disliked = 0.0 - self.weights.disliked * self.disliked.largest_similarity(self.background, paper);
            let citations = self.citation_score(candidate.citations);
            ScoreBreakdown { text, liked, words, expansion, citations, disliked, ..self.priors(candidate.signals) }
        };
        candidates.iter().zip(&papers).zip(self.paper_content(&papers)).map(score).collect()
    }

    /// What each of some papers has in common with the query, in deviations of the scores of ordinary papers.
    fn paper_content(&self, papers: &[PaperFeatures<'_>]) -> Vec<ScoreBreakdown> {
        let of = |side: &Option<SimilarityModel<'_>>| match side {
            Some(side) => side.content_parts(self.background, papers),
            None => vec![ContentParts::default(); papers.len()],
        };
        of(&self.text).into_iter().zip(of(&self.liked)).map(|(text, liked)| self.content_score(text, liked)).collect()
    }

    /// How similar a candidate's text is to the query's, as a z-score.
    pub fn similarity(&self, candidate: &Candidate<'_>) -> f32 {
        self.paper_content(&[candidate.features()])[0].total()
    }

    fn citation_score(&self, evidence: CitationEvidence) -> f32 {
        self.half() * evidence.score(self.weights.citations, self.share_with_references)
    }

    /// Parts in deviations as parts of a score from 0 to 1: the share of ordinary papers that are less like what is
    /// asked for. `base` is what a paper has that does not deviate; the others share the difference in their proportions.
    pub fn calibrate(&self, parts: &ScoreBreakdown) -> ScoreBreakdown {
        let total = parts.total();
        let base = self.calibration.percentile(0.0);
        let slope = match total.abs() < 1e-3 {
            true => (self.calibration.percentile(1e-3) - self.calibration.percentile(-1e-3)) / 2e-3,
            false => (self.calibration.percentile(total) - base) / total,
        };
        ScoreBreakdown { base, ..parts.scale(slope) }
    }

    /// The papers of the history that add most to a candidate's score, of which `parts` are the unfinished parts. `links` has
    /// the candidate's citation links with each of them; it may be empty. A paper that is neither similar to the candidate nor
    /// linked with it, or that adds little beside the first, is not a reason.
    pub fn reasons(
        &self,
        candidate: &Candidate<'_>,
        parts: &ScoreBreakdown,
        links: &[HistoryCitations],
        most: usize,
    ) -> Vec<Contribution> {
        let Some(side) = self.liked.as_ref().filter(|_| most > 0) else { return Vec::new() };
        let paper = candidate.features();
        let total = parts.total();
        let slope = (self.calibrate(parts).total() - self.calibration.percentile(0.0)) / total;
        let scale = self.content_scale * slope * self.half();
        let (shares, by_expansion) = (side.history_shares(), slope * parts.expansion);
        let by_links = slope * self.citation_score(candidate.citations);
        let contributions = side.contributions(self.background, &paper).into_iter().enumerate();
        let mut all: Vec<Contribution> = contributions
            .map(|(history_index, amount)| {
                let links = links.get(history_index).copied().unwrap_or_default();
                Contribution {
                    history_index,
                    amount: amount * scale + by_links * links.share,
                    borrowed: by_expansion * shares[history_index] + by_links * links.borrowed_share,
                    citations: links.counts,
                }
            })
            .collect();
        let cosines = side.history_cosines(candidate.vector);
        all.retain(|Contribution { history_index, amount, borrowed, citations }| {
            let is_near = cosines[*history_index] >= MIN_REASON_COSINE;
            *amount > 0.0 && (is_near || citations.any() || *borrowed > amount / 2.0)
        });
        all.sort_by(|a, b| b.amount.total_cmp(&a.amount));
        all.truncate(most);
        let least = all.first().map_or(0.0, |best| MIN_REASON_SHARE * best.amount);
        all.retain(|contribution| contribution.amount >= least);
        all
    }

    /// How similar a candidate is to the text or to the liked papers, and how linked with these: to that of them which makes
    /// it more likely to be relevant. `None` without both.
    pub fn relevance_features(&self, candidate: &Candidate<'_>) -> Option<RelevanceFeatures> {
        let paper = candidate.features();
        let text = self.text.as_ref().map(|side| side.relevance_features(&paper));
        // What near papers cite is as far from a history as they are.
        let links = CitationEvidence { near_citation: 0.0, ..candidate.citations };
        let citations = links.score(1.0, self.share_with_references);
        let liked = self.liked.as_ref().map(|side| RelevanceFeatures { citations, ..side.relevance_features(&paper) });
        let probability = |features: &RelevanceFeatures| Relevance::new(*features).probability;
        text.into_iter().chain(liked).max_by(|a, b| probability(a).total_cmp(&probability(b)))
    }

    /// What a paper has for all but its text, in deviations.
    pub fn prior_score(&self, standing: QueryIndependentSignals) -> f32 {
        self.priors(standing).total()
    }

    fn priors(
        &self,
        QueryIndependentSignals { date, popularity, followed, shown_similarity: shown }: QueryIndependentSignals,
    ) -> ScoreBreakdown {
        let RankingWeights { recency, votes, authors, novelty, recency_half_life_days, .. } = self.weights;
        ScoreBreakdown {
            recency: recency * recency_decay(date, self.today, recency_half_life_days),
            votes: votes * popularity,
            authors: authors * f32::from(followed),
            novelty: 0.0 - novelty * ((shown - NOVELTY_THRESHOLD) / (1.0 - NOVELTY_THRESHOLD)).clamp(0.0, 1.0),
            ..ScoreBreakdown::default()
        }
    }

    /// Whether there is a text or a history that papers can be like.
    pub fn has_query(&self) -> bool {
        self.text.is_some() || self.liked.is_some()
    }

    /// Vectors that papers with high scores are near to, those that say most first.
    pub fn retrieval_vectors(&self) -> Vec<Vec<f32>> {
        self.text.iter().chain(&self.liked).flat_map(SimilarityModel::retrieval_vectors).collect()
    }
}

/// 1 for a paper of today, half of it after each half-life, 0 without a date.
fn recency_decay(date: Option<Date>, today: Date, half_life_days: f64) -> f32 {
    date.map_or(0.0, |date| 0.5f64.powf(days_between(date, today) / half_life_days) as f32)
}

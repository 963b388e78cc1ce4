//! The rankings that every other has to beat.

use super::document_stats::{DocumentStats, DocumentTerms, TermVocabulary};
use super::kmeans::kmeans_centroids;
use crate::linear_model::{LinearModel, LossFunction, SparseFeatures, balanced, mean, weighted_mean};
use crate::paper::PaperMetadata;
use crate::random::SplitMix64;
use crate::vector::{Embedding, EmbeddingMatrix, dot};

/// The most papers that stand for all that nobody picked: what a classifier learns from is a sample of so many.
const BACKGROUND: usize = 10_000;
/// The cost of an SVM's errors on TF-IDF: arxiv-sanity-lite's.
const SVM_COST: f64 = 0.01;
/// The cost of a logistic regression's errors on embeddings: Scholar Inbox's.
const LOGISTIC_COST: f64 = 0.1;
/// The weight of embeddings beside terms, in the simplest fusion of both.
const FUSION_WEIGHT: f64 = 0.7;
/// The most clusters of a history.
const CLUSTERS: f64 = 10.0;

/// A simple way to rank papers for a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// By chance.
    Random,
    /// Most votes first.
    Popularity,
    /// Newest first: a list by date.
    Recency,
    /// Cosine with the mean of the history's TF-IDF vectors.
    TfIdfMean,
    /// The sum of BM25 for each paper of the history as a query.
    Bm25,
    /// Cosine with the mean of the history's embeddings.
    DenseMean,
    /// 0.7 times this and 0.3 times the cosine of TF-IDF, each in standard deviations over the candidates.
    Fusion,
    /// The same with weights of `1 / (1 + log10 rank)`, the newest first, as zotero-arxiv-daily has them.
    RankDecayedMean,
    /// Mean of the cosines with the three nearest papers of the history.
    NearestThree,
    /// A linear support vector machine on TF-IDF, as in arxiv-sanity-lite: the history against what was disliked and a
    /// sample of all other papers, both sides of equal weight.
    Svm,
    /// Logistic regression on embeddings, as in Scholar Inbox, with the same examples.
    Logistic,
    /// The largest cosine with one of the centers of the history's clusters.
    Clusters,
}

impl Baseline {
    /// All methods.
    pub const ALL: [Baseline; 12] = [
        Baseline::Random,
        Baseline::Popularity,
        Baseline::Recency,
        Baseline::TfIdfMean,
        Baseline::Bm25,
        Baseline::DenseMean,
        Baseline::Fusion,
        Baseline::RankDecayedMean,
        Baseline::NearestThree,
        Baseline::Svm,
        Baseline::Logistic,
        Baseline::Clusters,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Baseline::Random => "random",
            Baseline::Popularity => "popularity",
            Baseline::Recency => "recency",
            Baseline::TfIdfMean => "tfidf-mean",
            Baseline::Bm25 => "bm25",
            Baseline::DenseMean => "dense-mean",
            Baseline::Fusion => "fusion",
            Baseline::RankDecayedMean => "rank-decayed-mean",
            Baseline::NearestThree => "nearest-3",
            Baseline::Svm => "svm-tfidf",
            Baseline::Logistic => "logistic-dense",
            Baseline::Clusters => "k-means",
        }
    }

    /// Whether it has anything to go by: votes or dates, for the two that need them.
    pub fn applies(self, collection: &EvalCollection) -> bool {
        match self {
            Baseline::Popularity => collection.facts.iter().any(|facts| facts.votes.is_some()),
            Baseline::Recency => collection.facts.iter().any(|facts| facts.date.is_some()),
            _ => true,
        }
    }

    /// Scores of the case's candidates, in their order. Nothing is looked at but the case's papers.
    pub fn score(self, collection: &EvalCollection, case: &EvalQuery, seed: u64) -> Vec<f64> {
        let vector = |place: &usize| collection.vectors.row(*place);
        let facts = |place: &usize| collection.facts[*place];
        let counts = |place: &usize| &collection.counts[*place];
        let dimension = collection.vectors.dimension();
        let near =
            |mean: Vec<f64>| -> Vec<f64> { case.candidates.iter().map(|place| vector(place).dot(&mean)).collect() };
        let statistics = || DocumentStats::of(case.known.iter().map(counts));
        match self {
            Baseline::Random => {
                let mut random = SplitMix64::new(seed);
                case.candidates.iter().map(|_| random.unit()).collect()
            }
            Baseline::Popularity => {
                case.candidates.iter().map(|place| facts(place).votes.map_or(-1.0, f64::from)).collect()
            }
            Baseline::Recency => {
                let days = |date: jiff::civil::Date| f64::from(date.year()) * 366.0 + f64::from(date.day_of_year());
                case.candidates.iter().map(|place| facts(place).date.map_or(0.0, days)).collect()
            }
            Baseline::TfIdfMean => {
                let statistics = statistics();
                let mean = mean(case.liked.iter().map(|place| statistics.tfidf(counts(place))), statistics.dimension());
                case.candidates.iter().map(|place| statistics.tfidf(counts(place)).as_slice().dot(&mean)).collect()
            }
            Baseline::Bm25 => {
                let statistics = statistics();
                let query = statistics.query(case.liked.iter().map(counts));
                case.candidates.iter().map(|place| statistics.bm25(&query, counts(place))).collect()
            }
            Baseline::DenseMean => near(mean(case.liked.iter().map(vector), dimension)),
            Baseline::Fusion => {
                let scores = |method: Baseline| standardized(method.score(collection, case, seed));
                let both = scores(Baseline::DenseMean).into_iter().zip(scores(Baseline::TfIdfMean));
                both.map(|(dense, words)| FUSION_WEIGHT * dense + (1.0 - FUSION_WEIGHT) * words).collect()
            }
            Baseline::RankDecayedMean => {
                let weights = (1..).map(|rank| 1.0 / (1.0 + f64::from(rank).log10()));
                near(weighted_mean(case.liked.iter().rev().map(vector).zip(weights), dimension))
            }
            Baseline::NearestThree => case
                .candidates
                .iter()
                .map(|place| {
                    let mut all: Vec<f32> = case.liked.iter().map(|liked| dot(vector(liked), vector(place))).collect();
                    all.sort_unstable_by(|a, b| b.total_cmp(a));
                    all.iter().take(3).map(|cosine| f64::from(*cosine)).sum()
                })
                .collect(),
            Baseline::Svm => {
                let statistics = statistics();
                let tfidf = |place: &usize| statistics.tfidf(counts(place));
                let (wanted, unwanted) = case.examples(seed);
                let (wanted, unwanted): (Vec<_>, Vec<_>) =
                    (wanted.iter().map(tfidf).collect(), unwanted.iter().map(tfidf).collect());
                let examples = balanced(weighted(&wanted), weighted(&unwanted), SVM_COST);
                let model = LinearModel::fit(&examples, statistics.dimension(), LossFunction::SquaredHinge, seed);
                case.candidates.iter().map(|place| model.score(&tfidf(place))).collect()
            }
            Baseline::Logistic => {
                let (wanted, unwanted) = case.examples(seed);
                let (wanted, unwanted): (Vec<_>, Vec<_>) =
                    (wanted.iter().map(vector).collect(), unwanted.iter().map(vector).collect());
                let examples = balanced(weighted(&wanted), weighted(&unwanted), LOGISTIC_COST);
                let model = LinearModel::fit(&examples, dimension, LossFunction::Logistic, seed);
                case.candidates.iter().map(|place| model.score(vector(place))).collect()
            }
            Baseline::Clusters => {
                let liked: Vec<&[f32]> = case.liked.iter().map(vector).collect();
                let k = (liked.len() as f64 / 2.0).sqrt().ceil().min(CLUSTERS) as usize;
                let centroids = kmeans_centroids(&liked, k, seed);
                let nearest = |place| centroids.iter().map(|centroid| vector(place).dot(centroid)).fold(-1.0, f64::max);
                case.candidates.iter().map(nearest).collect()
            }
        }
    }
}

/// Scores in standard deviations from their mean; 0 where all are equal.
fn standardized(mut scores: Vec<f64>) -> Vec<f64> {
    let count = scores.len().max(1) as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let deviation = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count).sqrt();
    let scale = if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
    scores.iter_mut().for_each(|score| *score = (*score - mean) * scale);
    scores
}

/// Examples of one side, all of equal weight.
fn weighted<'a, T: 'a, F: AsRef<[T]>>(examples: &'a [F]) -> impl ExactSizeIterator<Item = (&'a [T], f64)> + Clone {
    examples.iter().map(|features| (features.as_ref(), 1.0))
}

/// Papers, and texts that stand for one, as the methods see them: by their place, from 0.
#[derive(Debug, Clone, Default)]
pub struct EvalCollection {
    vocabulary: TermVocabulary,
    counts: Vec<DocumentTerms>,
    vectors: EmbeddingMatrix,
    facts: Vec<PaperMetadata>,
}

impl EvalCollection {
    /// Nothing yet; embeddings will have so many numbers.
    pub fn new(dimension: usize) -> EvalCollection {
        EvalCollection { vectors: EmbeddingMatrix::with_capacity(dimension, 0), ..EvalCollection::default() }
    }

    /// Adds a text and gives its place.
    pub fn push(&mut self, document: &str, embedding: &Embedding, facts: PaperMetadata) -> usize {
        self.counts.push(self.vocabulary.count(document));
        self.vectors.push(embedding);
        self.facts.push(facts);
        self.facts.len() - 1
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// What is known of one, beside its text.
    pub fn facts(&self, place: usize) -> PaperMetadata {
        self.facts[place]
    }
}

/// A question to the methods: places in a [`EvalCollection`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EvalQuery {
    /// What the candidates should be like, oldest first.
    pub liked: Vec<usize>,
    /// What they should not be like.
    pub disliked: Vec<usize>,
    /// All papers that may be looked at beside the candidates: term statistics and examples of what was not picked
    /// come from them.
    pub known: Vec<usize>,
    /// What is ranked.
    pub candidates: Vec<usize>,
}

impl EvalQuery {
    /// What a classifier learns from: wanted, and unwanted.
    fn examples(&self, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let taken = |place: &usize| self.liked.contains(place) || self.disliked.contains(place);
        let mut others: Vec<usize> = self.known.iter().copied().filter(|place| !taken(place)).collect();
        if others.len() > BACKGROUND {
            SplitMix64::new(seed).shuffle(&mut others);
            others.truncate(BACKGROUND);
        }
        (self.liked.clone(), self.disliked.iter().copied().chain(others).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Papers of two subjects by turns, each with more votes and a later day than the one before.
    fn collection() -> EvalCollection {
        let mut collection = EvalCollection::new(3);
        for index in 0..40u8 {
            let (subject, text) = match index % 2 {
                0 => (vec![1.0, 0.2, f32::from(index) / 100.0], format!("robots that walk and grasp number{index}")),
                _ => (vec![0.1, 1.0, f32::from(index) / 100.0], format!("translation between languages number{index}")),
            };
            let date = jiff::civil::date(2025, 1, 1).checked_add(jiff::Span::new().days(index)).ok();
            let facts = PaperMetadata { date, votes: Some(u32::from(index)) };
            collection.push(&text, &Embedding::normalize(subject).unwrap(), facts);
        }
        collection
    }

    fn case() -> EvalQuery {
        EvalQuery {
            liked: vec![0, 2, 4, 6],
            disliked: vec![1],
            known: (0..20).collect(),
            candidates: (20..40).collect(),
        }
    }

    fn best(method: Baseline, collection: &EvalCollection, case: &EvalQuery) -> Vec<usize> {
        let scores = method.score(collection, case, 5);
        assert!(scores.iter().all(|score| score.is_finite()), "{method:?}");
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        order.into_iter().map(|at| case.candidates[at]).collect()
    }

    #[test]
    fn every_method_that_reads_finds_the_subject() {
        let collection = collection();
        for method in Baseline::ALL.into_iter().filter(|method| method.applies(&collection)) {
            let first = best(method, &collection, &case());
            match method {
                Baseline::Random => assert_eq!(first, best(method, &collection, &case())),
                Baseline::Popularity | Baseline::Recency => assert_eq!(first, (20..40).rev().collect::<Vec<_>>()),
                _ => assert!(first[..10].iter().all(|place| place % 2 == 0), "{method:?}: {first:?}"),
            }
        }
    }

    #[test]
    fn an_empty_history_and_no_facts_are_no_panic() {
        let mut collection = EvalCollection::new(2);
        collection.push("words", &Embedding::normalize(vec![1.0, 1.0]).unwrap(), PaperMetadata::default());
        let case = EvalQuery { candidates: vec![0], ..EvalQuery::default() };
        assert!(Baseline::ALL.into_iter().all(|method| method.score(&collection, &case, 1)[0].is_finite()));
        assert!(!Baseline::Recency.applies(&collection) && !Baseline::Popularity.applies(&collection));
    }

    #[test]
    fn later_papers_are_not_looked_at() {
        let whole = collection();
        let mut less = EvalCollection::new(3);
        let case = EvalQuery { candidates: (20..30).collect(), ..case() };
        for place in 0..30 {
            less.counts.push(whole.counts[place].clone());
            less.vectors.push(&whole.vectors.embedding(place));
            less.facts.push(whole.facts[place]);
        }
        for method in Baseline::ALL {
            assert_eq!(method.score(&whole, &case, 1), method.score(&less, &case, 1), "{method:?}");
        }
    }
}

//! Laws of the ranking, over made-up papers of four subjects with their own words.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::background::PaperFeatures;
use super::disliked_papers::DislikedPapers;
use super::similarity_model::{ContentParts, SimilarityModel};
use super::standardizer::Standardizer;
use super::{
    Background, Candidate, CitationEvidence, HistoryPaper, QueryIndependentSignals, QueryText, Ranker, RankingWeights,
    RelevanceKind, ResolvedQuery, Strategy, scattered_interests,
};
use crate::lexical::{AnalyzedText, TermNorm, TermSlice, TermVector};
use crate::random::SplitMix64;
use crate::vector::{Embedding, EmbeddingMatrix};

const TODAY: Date = date(2025, 3, 1);
const DIMENSION: usize = 8;
const WORDS: [&str; 4] =
    ["robots grasp walk motors", "speech audio voices", "proofs lemmas theory", "cells proteins drugs"];

/// A made-up paper.
#[derive(Debug, Clone)]
struct Made {
    embedding: Embedding,
    document: AnalyzedText,
}

/// Papers of the subject `0..4`, no two alike.
fn made(subject: usize, number: u64) -> Made {
    let mut random = SplitMix64::new(number);
    let mut numbers: Vec<f32> = (0..DIMENSION).map(|_| 0.6 * (random.unit() as f32 - 0.5)).collect();
    numbers[subject] += 1.0;
    numbers[DIMENSION - 1] += 0.8;
    let words: Vec<&str> = WORDS[subject].split(' ').collect();
    let word = words[number as usize % words.len()];
    let document = AnalyzedText::new(format!("a model of {word} {} paper{number}", words[0]));
    Made { embedding: Embedding::normalize(numbers).unwrap(), document }
}

fn background() -> Background {
    let mut vectors = EmbeddingMatrix::with_capacity(DIMENSION, 200);
    let mut texts = Vec::new();
    for number in 0..200 {
        let made = made(number as usize % 4, number);
        vectors.push(&made.embedding);
        texts.push(TermVector::from(made.document.terms()));
    }
    Background::new(vectors, &texts.iter().map(TermVector::as_slice).collect::<Vec<_>>())
}

fn past(Made { embedding, document }: Made, weight: f32, title: String) -> HistoryPaper {
    HistoryPaper { id: None, key: None, title, embedding, document, weight, interest: None }
}

fn text(Made { embedding, document }: Made) -> QueryText {
    QueryText { embedding, text: document, is_personal: false }
}

fn history(papers: &[(usize, u64)]) -> Vec<HistoryPaper> {
    papers.iter().map(|(subject, number)| past(made(*subject, *number), 1.0, number.to_string())).collect()
}

/// The score of a paper.
fn score(background: &Background, taste: &ResolvedQuery, strategy: Strategy, paper: &Made) -> f32 {
    let ranker = Ranker::new(background, taste, strategy, RankingWeights::default(), TODAY);
    let bag = TermVector::from(paper.document.terms());
    let candidate = Candidate {
        vector: paper.embedding.as_slice(),
        terms: bag.as_slice(),
        norm: background.term_norm(bag.as_slice()),
        signals: QueryIndependentSignals::default(),
        citations: CitationEvidence::default(),
    };
    ranker.calibrate(&ranker.score(&candidate)).total()
}

const STRATEGIES: [Strategy; 4] = [Strategy::Auto, Strategy::Mean, Strategy::Nearest, Strategy::Classifier];

fn papers(most: usize) -> impl proptest::strategy::Strategy<Value = Vec<(usize, u64)>> {
    proptest::collection::vec((0usize..4, 1_000u64..9_000), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn parts_add_up_and_reasons_come_in_order(
        asked in proptest::option::of((0usize..4, 1_000u64..9_000)), liked in papers(8), disliked in papers(4),
        paper in (0usize..4, 1_000u64..9_000),
    ) {
        let background = background();
        let taste = ResolvedQuery {
            text: asked.map(|(subject, number)| text(made(subject, number))),
            liked: history(&liked),
            disliked: history(&disliked).into(),
            expansion: Vec::new(),
            classifier: None,
        }.normalized();
        let weights = RankingWeights { recency: 0.5, votes: 0.5, ..RankingWeights::default() };
        let ranker = Ranker::new(&background, &taste, Strategy::Auto, weights, TODAY);
        let paper = made(paper.0, paper.1);
        let bag = TermVector::from(paper.document.terms());
        let norm = background.term_norm(bag.as_slice());
        let standing = QueryIndependentSignals { date: Some(date(2025, 1, 1)), popularity: 0.5, followed: true, shown_similarity: 0.8 };
        let candidate = Candidate { vector: paper.embedding.as_slice(), terms: bag.as_slice(), norm, signals: standing, citations: CitationEvidence::default() };
        let parts = ranker.score(&candidate);
        let finished = ranker.calibrate(&parts);
        let sum: f32 = finished.named().map(|(_, part)| part).sum();
        prop_assert!((sum - finished.total()).abs() < 1e-5);
        prop_assert!((0.0..=1.0 + 1e-6).contains(&finished.total()), "{finished:?}");
        prop_assert!(finished.disliked <= 0.0 && finished.recency >= 0.0 && finished.votes >= 0.0);
        let because = ranker.reasons(&candidate, &parts, &[], 3);
        prop_assert!(because.len() <= 3 && because.is_sorted_by(|a, b| a.amount >= b.amount));
    }

    #[test]
    fn the_order_of_the_history_does_not_matter(liked in papers(8), disliked in papers(4), paper in (0usize..4, 1_000u64..9_000)) {
        let background = background();
        let taste = |turn: bool| {
            let (mut liked, mut disliked) = (history(&liked), history(&disliked));
            if turn {
                liked.reverse();
                disliked.reverse();
            }
            ResolvedQuery { liked, disliked: disliked.into(), ..ResolvedQuery::default() }.normalized()
        };
        let paper = made(paper.0, paper.1);
        for strategy in STRATEGIES {
            let score = |turn| score(&background, &taste(turn), strategy, &paper);
            prop_assert_eq!(score(false), score(true));
        }
    }

    #[test]
    fn papers_of_one_title_have_an_order(subjects in proptest::collection::vec(0usize..4, 2..8), number in 1_000u64..9_000) {
        let liked: Vec<(usize, u64)> = subjects.iter().map(|subject| (*subject, number)).collect();
        let query = |turn: bool| {
            let mut liked = history(&liked);
            if turn {
                liked.reverse();
            }
            ResolvedQuery { liked, ..ResolvedQuery::default() }.normalized()
        };
        prop_assert_eq!(query(false), query(true));
    }

    #[test]
    fn a_dislike_raises_nothing(liked in papers(6), disliked in papers(4), more in (0usize..4, 1_000u64..9_000), paper in (0usize..4, 1_000u64..9_000)) {
        let background = background();
        let score = |disliked: &[(usize, u64)]| {
            let taste = ResolvedQuery { liked: history(&liked), disliked: history(disliked).into(), ..ResolvedQuery::default() }.normalized();
            score(&background, &taste, Strategy::Auto, &made(paper.0, paper.1))
        };
        let before = score(&disliked);
        let after = score(&[disliked.clone(), vec![more]].concat());
        prop_assert!(after <= before + f32::EPSILON, "{before}, then {after}");
    }

    #[test]
    fn a_copy_of_the_one_liked_paper_comes_first(liked in (0usize..4, 1_000u64..9_000), others in papers(30)) {
        let background = background();
        let taste = ResolvedQuery { liked: history(&[liked]), ..ResolvedQuery::default() };
        for strategy in STRATEGIES {
            let copy = score(&background, &taste, strategy, &made(liked.0, liked.1));
            let others = others.iter().filter(|other| **other != liked);
            for (subject, number) in others {
                // Shares this near to 1 differ by their rounding.
                let other = score(&background, &taste, strategy, &made(*subject, *number));
                prop_assert!(other <= copy + f32::EPSILON, "{strategy}: {other} and {copy}");
            }
        }
    }
}

#[test]
fn every_strategy_finds_the_subject_of_a_history() {
    let background = background();
    let taste = ResolvedQuery { liked: history(&[(1, 501), (1, 502), (1, 503), (1, 504)]), ..ResolvedQuery::default() };
    for strategy in STRATEGIES {
        let least = (600..620).map(|number| score(&background, &taste, strategy, &made(1, number))).fold(1.0, f32::min);
        let most = (600..660)
            .filter(|number| number % 4 != 1)
            .map(|number| score(&background, &taste, strategy, &made(number as usize % 4, number)))
            .fold(0.0, f32::max);
        assert!(least > most, "{strategy:?}: {least} {most}");
        assert!(least > 0.5, "{strategy:?}: {least}");
    }
}

#[test]
fn a_history_of_single_papers_is_scattered() {
    let background = background();
    let alone = |count: usize| Some((0..count).map(|place| vec![place]).collect::<Vec<_>>());
    for (papers, expected) in [
        (vec![(0, 9_000), (1, 9_001), (2, 9_002), (3, 9_003)], alone(4)),
        (vec![(0, 9_000), (1, 9_001)], alone(2)),
        (
            vec![(0, 9_000), (0, 9_000), (1, 9_001), (2, 9_002), (3, 9_003)],
            Some(vec![vec![0, 1], vec![2], vec![3], vec![4]]),
        ),
        (vec![(0, 9_000), (0, 9_000)], None),
        (vec![(0, 9_000), (0, 9_000), (1, 9_002), (1, 9_002)], None),
        (vec![(0, 9_000)], None),
        (vec![], None),
    ] {
        assert_eq!(scattered_interests(&history(&papers), &background), expected, "{papers:?}");
    }
    let mut named = history(&[(0, 9_000), (1, 9_001)]);
    named[0].interest = Some("robots".to_owned());
    assert_eq!(scattered_interests(&named, &background), None);
}

#[test]
fn a_disliked_subject_goes_down_from_the_first_dislike_on() {
    let background = background();
    let taste = |disliked: &[(usize, u64)]| ResolvedQuery {
        liked: history(&[(1, 501)]),
        disliked: history(disliked).into(),
        ..ResolvedQuery::default()
    };
    for number in 600..620 {
        let score = |disliked: &[(usize, u64)]| score(&background, &taste(disliked), Strategy::Auto, &made(2, number));
        assert!(score(&[(2, 701)]) < score(&[]));
    }
}

#[test]
fn disliked_papers_are_compared_together_as_one_by_one() {
    let (background, weights) = (background(), RankingWeights::default());
    let papers = history(&[(0, 700), (1, 701), (1, 702), (2, 703), (3, 704)]);
    let together = DislikedPapers::new(&background, &papers, &weights);
    for number in 600..640 {
        let candidate = made(number as usize % 4, number);
        let bag = TermVector::from(candidate.document.terms());
        let (terms, norm) = (bag.as_slice(), background.term_norm(bag.as_slice()));
        let candidate = PaperFeatures { vector: candidate.embedding.as_slice(), terms, norm };
        let alone = |paper: &HistoryPaper| {
            let paper = std::slice::from_ref(paper);
            let model = SimilarityModel::for_history(&background, paper, &[], None, Strategy::Auto, &weights, true);
            let scale = Standardizer::from_values(model.background_parts().map(ContentParts::total), 0.0);
            scale.z_score(model.content_parts(&background, &[candidate])[0].total())
        };
        let expected = papers.iter().map(alone).fold(0.0, f32::max);
        let found = together.largest_similarity(&background, &candidate);
        assert!((found - expected).abs() < 1e-4, "{number}: {found} {expected}");
    }
}

#[test]
fn a_score_is_a_share_of_ordinary_papers() {
    let background = background();
    for number in 500..520 {
        let taste = ResolvedQuery { liked: history(&[(number as usize % 4, number)]), ..ResolvedQuery::default() };
        let shares: Vec<f32> = (0..200)
            .map(|other| score(&background, &taste, Strategy::Auto, &made(other as usize % 4, 5_000 + other)))
            .collect();
        for least in [0.25, 0.5, 0.75, 0.9] {
            let above = shares.iter().filter(|share| **share >= least).count() as f32 / shares.len() as f32;
            assert!((above - (1.0 - least)).abs() < 0.12, "{number}: {above} above {least}");
        }
    }
}

#[test]
fn relevance_is_that_of_the_nearest_papers_or_of_the_text() {
    let background = background();
    let paper = made(1, 4);
    let features = |taste: &ResolvedQuery| {
        let ranker = Ranker::new(&background, taste, Strategy::Auto, RankingWeights::default(), TODAY);
        let bag = TermVector::from(paper.document.terms());
        let signals = QueryIndependentSignals::default();
        ranker.relevance_features(&Candidate {
            vector: paper.embedding.as_slice(),
            terms: bag.as_slice(),
            norm: background.term_norm(bag.as_slice()),
            signals,
            citations: CitationEvidence::default(),
        })
    };
    let cosine = |subject, number| paper.embedding.cosine(&made(subject, number).embedding);
    let near = [(1, 5), (1, 6), (1, 7)];
    let nearest = near.iter().map(|(subject, number)| cosine(*subject, *number)).sum::<f32>() / 3.0;
    let liked = |papers: &[(usize, u64)]| ResolvedQuery { liked: history(papers), ..ResolvedQuery::default() };
    let asked = |subject| Some(text(made(subject, 8)));
    let table = [
        (ResolvedQuery::default(), None),
        (liked(&[(1, 5)]), Some((RelevanceKind::Paper, cosine(1, 5)))),
        // Far papers of a history take nothing from near ones, whatever they weigh.
        (liked(&[near[0], near[1], near[2], (2, 8), (3, 9)]), Some((RelevanceKind::History, nearest))),
        (ResolvedQuery { text: asked(1), ..ResolvedQuery::default() }, Some((RelevanceKind::Text, cosine(1, 8)))),
        (ResolvedQuery { text: asked(1), ..liked(&[(2, 5)]) }, Some((RelevanceKind::Text, cosine(1, 8)))),
        (ResolvedQuery { text: asked(2), ..liked(&[(1, 5)]) }, Some((RelevanceKind::Paper, cosine(1, 5)))),
    ];
    for (taste, expected) in table {
        let found = features(&taste);
        let kind = found.map(|found| found.kind);
        assert_eq!(kind, expected.map(|(kind, _)| kind));
        let difference = found.zip(expected).map_or(0.0, |(found, (_, similarity))| found.similarity - similarity);
        assert!(difference.abs() < 1e-6, "{found:?} {expected:?}");
        assert!(found.is_none_or(|found| (0.0..=1.0 + 1e-6).contains(&found.term_similarity)), "{found:?}");
    }
}

#[test]
fn priors() {
    let background = background();
    let taste = ResolvedQuery::default();
    let weights = RankingWeights { recency: 0.1, votes: 0.2, ..RankingWeights::default() };
    let ranker = Ranker::new(&background, &taste, Strategy::Auto, weights, TODAY);
    let parts = |standing| {
        ranker.score(&Candidate {
            vector: &[],
            terms: TermSlice::default(),
            norm: TermNorm::default(),
            signals: standing,
            citations: CitationEvidence::default(),
        })
    };
    let on = |day: &str| {
        parts(QueryIndependentSignals { date: Some(day.parse().unwrap()), ..QueryIndependentSignals::default() })
            .recency
    };
    assert_eq!(parts(QueryIndependentSignals::default()).total(), 0.0);
    assert_eq!([on("2025-03-01"), on("2025-01-30"), on("2030-01-01")], [0.1, 0.05, 0.1]);
    assert_eq!(parts(QueryIndependentSignals { popularity: 0.5, ..QueryIndependentSignals::default() }).votes, 0.1);
    assert_eq!(parts(QueryIndependentSignals { followed: true, ..QueryIndependentSignals::default() }).authors, 1.0);
    let novelty = |shown| {
        parts(QueryIndependentSignals { shown_similarity: shown, ..QueryIndependentSignals::default() }).novelty
    };
    assert_eq!([novelty(0.5), novelty(1.0)], [0.0, -0.5]);
    assert!(novelty(0.9) < novelty(0.7));
}

#[test]
fn nothing_is_usual_in_an_empty_library() {
    let background = Background::new(EmbeddingMatrix::with_capacity(DIMENSION, 0), &[]);
    let taste = ResolvedQuery {
        text: Some(text(made(1, 1))),
        liked: history(&[(1, 2)]),
        disliked: history(&[(2, 3)]).into(),
        expansion: Vec::new(),
        classifier: None,
    };
    for strategy in STRATEGIES {
        assert_eq!(score(&background, &taste, strategy, &made(1, 4)), 0.5);
    }
}

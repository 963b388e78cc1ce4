use super::*;
use crate::lexical::{AnalyzedText, TermVector};
use crate::vector::{Embedding, EmbeddingMatrix};

#[test]
fn equations_by_hand() {
    let mut equations = [[0.0; 5]; 4];
    for (row, equation) in equations.iter_mut().enumerate() {
        equation[row] = 2.0;
        equation[4] = row as f32;
    }
    equations[0][1] = 1.0;
    equations[1][0] = 1.0;
    let solved = solve_positive_definite(equations);
    let expected = [-1.0 / 3.0, 2.0 / 3.0, 1.0, 1.5];
    assert!(solved.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{solved:?}");
}

const TEXTS: [&str; 4] = ["graph network", "network words words", "zebra graph zebra", "tree of words"];

fn embedding(x: f32) -> Embedding {
    Embedding::normalize(vec![x, 1.0 - x, x * x]).expect("a vector")
}

fn background() -> Background {
    let mut vectors = EmbeddingMatrix::with_capacity(3, TEXTS.len());
    (0..TEXTS.len()).for_each(|at| vectors.push(&embedding(at as f32 / 4.0)));
    Background::new(vectors, &bags().each_ref().map(TermVector::as_slice))
}

fn bags() -> [TermVector; TEXTS.len()] {
    TEXTS.map(TermVector::from_text)
}

/// The papers of the background.
fn papers<'a>(background: &'a Background, bags: &'a [TermVector]) -> Vec<PaperFeatures<'a>> {
    let paper = |(vector, bag): (&'a [f32], &'a TermVector)| {
        let terms = bag.as_slice();
        PaperFeatures { vector, terms, norm: background.term_norm(terms) }
    };
    background.vectors().zip(bags).map(paper).collect()
}

fn past(title: &str, x: f32, weight: f32) -> HistoryPaper {
    let (embedding, document) = (embedding(x), AnalyzedText::new(title.to_owned()));
    HistoryPaper { id: None, key: None, title: title.to_owned(), embedding, document, weight, interest: None }
}

fn borrowed(text: &str, x: f32) -> ExpansionPaper {
    ExpansionPaper { embedding: embedding(x), terms: TermVector::from_text(text) }
}

#[test]
fn ordinary_papers_have_the_features_of_any_paper() {
    let (background, bags) = (background(), bags());
    let history = [past("zebra words", 0.3, 1.0), past("graph of graphs", 0.8, 0.5)];
    let text = QueryText::new("words of zebra zebra unknown", embedding(0.6));
    let expansion = [borrowed("tree of zebra", 0.4), borrowed("unknown graph", 0.9)];
    let classifier = TermClassifier::fit(&background, &history, &[TermVector::from_text("tree").as_slice()]);
    let weights = RankingWeights::default();
    let history = |expansion, classifier| {
        SimilarityModel::for_history(&background, &history, expansion, classifier, Strategy::Auto, &weights, false)
    };
    let sides = [
        SimilarityModel::for_text(&background, &text, &weights),
        history(&[], None),
        history(&expansion, Some(&classifier)),
    ];
    for side in sides {
        for (paper, usual) in papers(&background, &bags).into_iter().zip(side.target.background_features(&background)) {
            let features = side.target.features(&background, &[paper])[0];
            assert!(features.iter().zip(usual).all(|(a, b)| (a - b).abs() < 1e-6), "{features:?} {usual:?}");
        }
    }
}

#[test]
fn what_history_papers_contribute_is_the_score() {
    let (background, bags) = (background(), bags());
    let history = [past("zebra words", 0.3, 1.0), past("graph of graphs", 0.8, 0.5), past("a tree", 0.1, 0.75)];
    let expansion = [borrowed("tree of zebra", 0.4), borrowed("unknown graph", 0.9)];
    for count in 1..=history.len() {
        let weights = RankingWeights::default();
        let history = &history[..count];
        let side = SimilarityModel::for_history(&background, history, &expansion, None, Strategy::Auto, &weights, true);
        for paper in papers(&background, &bags) {
            let contributions: f32 = side.contributions(&background, &paper).iter().sum();
            let score = side.content_parts(&background, &[paper])[0].total();
            assert!((contributions - score).abs() < 1e-4, "{count}: {contributions} {score}");
        }
    }
}

#[test]
fn one_paper_is_compared_by_cosines() {
    let (background, bags) = (background(), bags());
    let history = [past("zebra words", 0.3, 1.0)];
    let terms = |text: &str| background.term_profile(TermVector::from_text(text).as_slice()).vector;
    let cosine = |a: &[(u32, f32)], b: &[(u32, f32)]| -> f32 {
        a.iter().flat_map(|(term, x)| b.iter().filter(move |(other, _)| other == term).map(move |(_, y)| x * y)).sum()
    };
    let weights = RankingWeights::default();
    let side = SimilarityModel::for_history(&background, &history, &[], None, Strategy::Auto, &weights, true);
    let scores: Vec<(f32, f32)> = papers(&background, &bags)
        .into_iter()
        .zip(TEXTS)
        .map(|(paper, text)| {
            let words = cosine(&terms(text), &terms("zebra words"));
            let cosines = dot(paper.vector, history[0].embedding.as_slice()) + 1.5 * background.trust() * words;
            (cosines, side.content_parts(&background, &[paper])[0].total())
        })
        .collect();
    // The one is the other but for a scale and a constant.
    let (first, last) = (scores[0], scores[scores.len() - 1]);
    let scale = (last.1 - first.1) / (last.0 - first.0);
    for (cosines, score) in &scores {
        assert!((score - first.1 - scale * (cosines - first.0)).abs() < 1e-4, "{scores:?}");
    }
    assert!(scale > 0.0, "{scores:?}");
}

#[test]
fn what_is_near_to_expansion_papers_rises() {
    let (background, bags) = (background(), bags());
    let (history, weights) = ([past("zebra words", 0.3, 1.0)], RankingWeights::default());
    let score = |expansion: &[ExpansionPaper]| {
        let side = SimilarityModel::for_history(&background, &history, expansion, None, Strategy::Auto, &weights, true);
        let scores: Vec<f32> =
            side.content_parts(&background, &papers(&background, &bags)).into_iter().map(ContentParts::total).collect();
        // The paper of the tree beside the others.
        scores[3] - scores[..3].iter().sum::<f32>() / 3.0
    };
    assert!(score(&[borrowed("a tree of leaves", 0.75)]) > score(&[]));
}

#[test]
fn a_paper_alone_has_the_scores_that_it_has_beside_a_text() {
    let (background, bags) = (background(), bags());
    let (history, weights) = ([past("zebra words", 0.3, 1.0)], RankingWeights::default());
    let expansion = [borrowed("tree of zebra", 0.4), borrowed("unknown graph", 0.9)];
    // In deviations: the unit of one paper alone is another.
    let scores = |is_alone| -> Vec<f32> {
        let side =
            SimilarityModel::for_history(&background, &history, &expansion, None, Strategy::Auto, &weights, is_alone);
        let scale = Standardizer::from_values(side.background_parts().map(ContentParts::total), 0.0);
        papers(&background, &bags)
            .iter()
            .map(|paper| scale.z_score(side.content_parts(&background, &[*paper])[0].total()))
            .collect()
    };
    let (alone, beside) = (scores(true), scores(false));
    assert!(alone.iter().zip(&beside).all(|(a, b)| (a - b).abs() < 1e-4), "{alone:?} {beside:?}");
}

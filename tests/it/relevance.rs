//! How likely results are relevant, and whether a library has anything close.

use std::cmp::Ordering;

use paperkin::{Answer, Engine, EngineOptions, LibraryLocation, Request};

use crate::support::answers::results;
use crate::support::sandbox::Sandbox;

/// Texts on the subjects of the example papers, in other words than theirs, also short ones.
const TOPICS: &str = include_str!("../fixtures/relevance/example_topics.txt");
/// Texts on other subjects, in other languages, and in no language.
const OFF_TOPIC: &str = include_str!("../fixtures/relevance/off_topic.txt");

/// The probability of the result that is most likely to be relevant.
fn best_probability(answer: &Answer) -> f32 {
    answer.results.iter().map(|result| result.relevance.unwrap().probability).fold(0.0, f32::max)
}

#[test]
fn topics_are_told_from_what_is_off_topic() {
    let sandbox = Sandbox::with_papers();
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.library()))).unwrap();
    let answers = |texts: &str| -> Vec<Answer> { texts.lines().map(|text| engine.search(text).unwrap()).collect() };
    let (topics, others) = (answers(TOPICS), answers(OFF_TOPIC));
    assert_eq!((topics.len(), others.len()), (60, 60));
    let wins: f64 = topics
        .iter()
        .flat_map(|topic| others.iter().map(|other| best_probability(topic).total_cmp(&best_probability(other))))
        .map(|order| match order {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        })
        .sum();
    let auc = wins / 3_600.0;
    // docs/evaluation.md has what was measured: .988, 56 and 60.
    assert!(auc >= 0.97, "{auc}");
    let close = topics.iter().filter(|answer| !answer.nothing_close).count();
    let nothing_close = others.iter().filter(|answer| answer.nothing_close).count();
    assert!(close >= 54 && nothing_close >= 58, "{close} topics, {nothing_close} off topic");
}

#[test]
fn an_answer_says_how_likely_its_results_are_relevant() {
    let sandbox = Sandbox::with_papers();
    let search = |text: &str| sandbox.json(&["search", text, "-n", "5", "--format", "json"]);
    let good = search("robots that grasp by touch");
    let first = &results(&good)[0];
    assert_eq!(first["relevance"]["word"], "close");
    assert!(first["relevance"]["probability"].as_f64().unwrap() > 0.3);
    assert!(first["similarity"].as_f64().unwrap() > 0.4);
    assert!(first["term_similarity"].as_f64().unwrap() > 0.0);
    assert!(good.get("nothing_close").is_none());

    let bad = search("apple pie with cinnamon");
    assert_eq!(bad["nothing_close"], true);
    assert!(results(&bad).iter().all(|result| result["relevance"]["word"] == "far"));
    assert!(results(&bad)[0]["score"].as_f64().unwrap() > 0.9, "the percentile is high all the same");

    let run = sandbox.run(&["search", "apple pie with cinnamon", "-n", "1"]);
    assert!(run.out.contains("  far "), "{}", run.out);
    assert!(run.err.contains("nothing close"), "{}", run.err);
    let csv = sandbox.run(&["search", "apple pie with cinnamon", "-n", "1", "--format", "csv"]).out;
    assert!(csv.lines().next().unwrap().ends_with(",relevance,relevance_word"), "{csv}");
    assert!(csv.trim_end().ends_with(",far"), "{csv}");

    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.library()))).unwrap();
    let popular = engine.recommend(&Request::default()).unwrap();
    let first = &popular.results[0];
    assert_eq!((first.similarity, first.term_similarity, first.relevance), (None, None, None));
    assert!(!popular.nothing_close, "nothing was asked for");
}

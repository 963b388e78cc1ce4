//! Strategies, explanations, scores that mean the same everywhere, and the parts of the feed.

use serde_json::Value;

use crate::support::answers::{ids, results};
use crate::support::sandbox::Sandbox;

fn titled(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let find = |title: &&str| {
        let answer = sandbox.json(&["search", title, "-n", "1", "--format", "json"]);
        ids(&answer).remove(0)
    };
    words.iter().map(find).collect()
}

/// Papers on robots and on instruction tuning.
fn two_interests(sandbox: &Sandbox) -> Vec<String> {
    let titles = [
        "Kitchen Hands: Learning Bimanual Manipulation from Unscripted Cooking",
        "Touch Before You Look: Tactile Exploration for Grasping in Clutter",
        "Walking on What Gives Way: Legged Locomotion over Soft Ground",
        "How Few Instructions Are Enough? A Budget Study of Supervised Finetuning",
        "PlainSpeak: Instruction Tuning from Requests That Were Answered Twice",
    ];
    titled(sandbox, &titles)
}

#[test]
fn every_strategy_answers() {
    let sandbox = Sandbox::with_papers();
    let like = two_interests(&sandbox).join(",");
    for strategy in ["auto", "mean", "nearest", "interests", "classifier"] {
        let args = [
            "recommend",
            "--like",
            &like,
            "--strategy",
            strategy,
            "-n",
            "6",
            "--min-relevance",
            "far",
            "--format",
            "json",
        ];
        let answer = sandbox.json(&args);
        assert_eq!(results(&answer).len(), 6, "{strategy}");
        assert_eq!(sandbox.json(&args)["results"], answer["results"], "{strategy}: the same again");
    }
    let run = sandbox.run(&["recommend", "--like", &like, "--strategy", "magic"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("`magic` is not a strategy: use auto, mean, nearest, interests, classifier"),
        "{}",
        run.err
    );
}

#[test]
fn interests_take_turns() {
    let sandbox = Sandbox::with_papers();
    let like = two_interests(&sandbox).join(",");
    let answer = sandbox.json(&[
        "recommend",
        "--like",
        &like,
        "--strategy",
        "interests",
        "-n",
        "5",
        "--min-relevance",
        "far",
        "--format",
        "json",
    ]);
    let labels: Vec<&str> =
        results(&answer).iter().map(|result| result["interest"]["label"].as_str().unwrap()).collect();
    let of_first = labels.iter().filter(|label| **label == labels[0]).count();
    assert_eq!(of_first, 3, "three of five papers are on robots: {labels:?}");
    let shares: f64 = results(&answer)[..2].iter().map(|result| result["interest"]["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-6);
    let unique: std::collections::BTreeSet<String> = ids(&answer).into_iter().collect();
    assert_eq!(unique.len(), 5);
}

#[test]
fn the_least_score_is_kept() {
    let sandbox = Sandbox::with_papers();
    let all = sandbox.json(&["search", "robots that grasp", "-n", "40", "--min-relevance", "far", "--format", "json"]);
    let good = sandbox.json(&[
        "search",
        "robots that grasp",
        "-n",
        "40",
        "--min-relevance",
        "far",
        "--min-score",
        "0.8",
        "--format",
        "json",
    ]);
    let above: Vec<Value> =
        results(&all).iter().filter(|result| result["score"].as_f64().unwrap() >= 0.8).cloned().collect();
    assert!(!above.is_empty() && above.len() < results(&all).len());
    assert_eq!(results(&good), above);
    let run = sandbox.run(&["search", "x", "--min-score", "90"]);
    assert_eq!((run.code, run.err.contains("`min_score`: 90 is not between 0 and 1")), (1, true), "{}", run.err);
}

#[test]
fn explanations_name_sentences_of_both_papers() {
    let sandbox = Sandbox::with_papers();
    let id = titled(&sandbox, &["Touch Before You Look"]).remove(0);
    let answer = sandbox.json(&["similar", &id, "-n", "3", "--explain", "--format", "json"]);
    let own = sandbox.json(&["search", "Touch Before You Look", "-n", "1", "--format", "json"]);
    let own = results(&own)[0]["paper"]["abstract"].as_str().unwrap();
    for result in results(&answer) {
        let matched = &result["sentence_match"];
        assert!(result["paper"]["abstract"].as_str().unwrap().contains(matched["sentence"].as_str().unwrap()));
        assert!(own.contains(matched["matched_sentence"].as_str().unwrap()));
        assert!(matched["similarity"].as_f64().unwrap() > 0.1);
    }
    let plain = sandbox.json(&["similar", &id, "-n", "3", "--format", "json"]);
    assert!(results(&plain)[0].get("sentence_match").is_none());
    let table = sandbox.run(&["search", "robots that feel what they touch", "-n", "1", "--explain"]);
    assert!(table.out.contains("\u{201c}robots that feel what they touch\u{201d}"), "{}", table.out);
}

/// Papers with authors and votes, two of them nearly the same.
const PAPERS: &str = r#"{"id":"a","title":"Robot hands that grasp soft fruit","abstract":"We teach robot hands to grasp soft fruit without bruises.","authors":["Ada Field"],"published":"2025-01-01","votes":3}
{"id":"a2","title":"Robot hands that grasp soft fruit, extended","abstract":"We teach robot hands to grasp soft fruit without bruises.","authors":["Ada Field"],"published":"2025-01-02","votes":1}
{"id":"b","title":"Grasping tools with robot hands","abstract":"A policy for robot hands that pick up tools in clutter.","authors":["Bo Stone"],"published":"2025-01-01","votes":9}
{"id":"c","title":"Speech recognition in kitchens","abstract":"Recognition of speech beside running water.","authors":["Cy Brook"],"published":"2025-01-01","votes":0}
{"id":"d","title":"Proof search with language models","abstract":"Language models suggest lemmas to a prover.","authors":["Di Marsh"],"published":"2025-01-01","votes":40}
{"id":"e","title":"Folding proteins by diffusion","abstract":"A diffusion model of protein structure.","authors":["Ed Moor"],"published":"2025-01-01"}
{"id":"h","title":"Robot hands for the kitchen","abstract":"Robot hands that cook.","published":"2024-06-01"}
"#;

fn with_profile() -> Sandbox {
    let sandbox = Sandbox::new();
    let papers = sandbox.file("papers.jsonl", PAPERS);
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    assert_eq!(sandbox.run(&["profile", "me", "like", "h"]).code, 0);
    sandbox
}

fn part(answer: &Value, id: &str, name: &str) -> f64 {
    let result = results(answer).iter().find(|result| result["paper"]["id"] == id);
    result.map_or(0.0, |result| result["breakdown"][name].as_f64().unwrap_or(0.0))
}

#[test]
fn a_feed_has_one_of_papers_that_are_the_same() {
    let sandbox = with_profile();
    let feed = ids(&sandbox.json(&["feed", "--profile", "me", "--format", "json"]));
    assert_eq!(feed.iter().filter(|id| id.starts_with('a')).count(), 1, "{feed:?}");
    let all = ids(&sandbox.json(&["feed", "--profile", "me", "--again", "--dedup-threshold", "1", "--format", "json"]));
    assert_eq!(all.iter().filter(|id| id.starts_with('a')).count(), 2, "{all:?}");
}

#[test]
fn what_is_hidden_stays_away_and_counts_for_nothing() {
    let sandbox = with_profile();
    let feed = || sandbox.json(&["feed", "--profile", "me", "--again", "--format", "json"]);
    sandbox.run(&["feed", "--profile", "me"]);
    let before = feed();
    let (first, second) = (ids(&before).remove(0), ids(&before).remove(1));
    assert_eq!(sandbox.run(&["profile", "me", "hide", &first]).code, 0);
    let after = feed();
    assert_eq!(ids(&after).first(), Some(&second));
    let score = |answer: &Value| {
        results(answer).iter().find(|result| result["paper"]["id"] == second.as_str()).unwrap()["score"].clone()
    };
    assert_eq!(score(&after), score(&before));
    assert_eq!(sandbox.run(&["profile", "me", "save", &first]).code, 0);
    assert!(score(&feed()) != score(&before), "what is saved counts");
    assert!(sandbox.run(&["profile", "me", "show"]).out.contains("  save     1"));
}

#[test]
fn followed_authors_gain() {
    let sandbox = with_profile();
    let feed = |sandbox: &Sandbox| sandbox.json(&["feed", "--profile", "me", "--again", "--format", "json"]);
    sandbox.run(&["feed", "--profile", "me"]);
    let is_shown = |answer: &Value| ids(answer).contains(&"d".to_owned());
    let before = feed(&sandbox);
    let run = sandbox.run(&["profile", "me", "follow", "di marsh", "Nobody Yet"]);
    assert_eq!((run.code, run.out.as_str()), (0, "me: follows di marsh, Nobody Yet\n"));
    assert!(run.err.contains("no papers by `Nobody Yet` yet"), "{}", run.err);
    let after = feed(&sandbox);
    assert!(is_shown(&after) && !is_shown(&before), "it is far from what is liked");
    assert!(part(&after, "d", "authors") > 0.0 && part(&after, "b", "authors") == 0.0);
    assert!(sandbox.run(&["profile", "me", "show"]).out.contains("follows di marsh, Nobody Yet"));
    let run = sandbox.run(&["profile", "me", "unfollow", "Di Marsh", "Ed Moor"]);
    assert_eq!((run.code, run.out.as_str()), (1, "me: 1 removed, 1 followed\n"));
    assert_eq!(ids(&feed(&sandbox)), ids(&before));
}

#[test]
fn votes_count_within_their_day() {
    let sandbox = with_profile();
    let feed = sandbox.json(&["feed", "--profile", "me", "--min-relevance", "far", "--format", "json"]);
    assert!(part(&feed, "d", "votes") > part(&feed, "b", "votes"));
    assert!(part(&feed, "b", "votes") > part(&feed, "c", "votes"));
    assert_eq!(part(&feed, "e", "votes"), 0.0);
}

#[test]
fn what_was_shown_stays_away_for_a_window_and_is_no_news() {
    let sandbox = with_profile();
    let first = ids(&sandbox.json(&["feed", "--profile", "me", "-n", "2", "--format", "json"]));
    let since = ["feed", "--profile", "me", "--since", "2024-01-01", "--format", "json"];
    let second = sandbox.json(&since);
    assert!(first.iter().all(|id| !ids(&second).contains(id)), "{first:?}");
    let copy = if first.contains(&"a".to_owned()) { "a2" } else { "a" };
    assert!(part(&second, copy, "novelty") < 0.0, "{second}");
    assert_eq!(part(&second, "e", "novelty"), 0.0);

    let database = rusqlite::Connection::open(sandbox.library().join("library.sqlite3")).unwrap();
    database.execute("UPDATE impression SET on_day = '2020-01-01'", []).unwrap();
    let again = sandbox.json(&[&since[..], &["--seen-days", "30"]].concat());
    assert!(first.iter().any(|id| ids(&again).contains(id)));
}

#[test]
fn an_answer_as_of_a_day_is_that_of_a_library_that_ends_there() {
    let whole = Sandbox::with_papers();
    let everything = whole.json(&["search", "models", "-n", "40", "--min-relevance", "far", "--format", "json"]);
    let earlier = results(&everything).iter().map(|result| &result["paper"]);
    let earlier: Vec<String> =
        earlier.filter(|paper| paper["published"].as_str().unwrap() <= "2025-03-01").map(Value::to_string).collect();
    assert!((15..35).contains(&earlier.len()), "{}", earlier.len());
    let past = Sandbox::new();
    let file = past.file("earlier.jsonl", earlier.join("\n"));
    assert_eq!(past.run(&["add", &file]).code, 0);
    let like = titled(&past, &["Touch Before You Look", "Walking on What Gives Way", "How Few Instructions"]).join(",");
    for strategy in ["auto", "interests"] {
        let list = |sandbox: &Sandbox| -> Vec<String> {
            let args = ["recommend", "--like", &like, "--as-of", "2025-03-01", "--strategy", strategy];
            let answer =
                sandbox.json(&[&args[..], &["-n", "40", "--min-relevance", "far", "--format", "json"]].concat());
            let line = |result: &Value| format!("{} {:.4}", result["paper"]["id"], result["score"].as_f64().unwrap());
            results(&answer).iter().map(line).collect()
        };
        assert_eq!(list(&whole), list(&past), "{strategy}");
    }
}

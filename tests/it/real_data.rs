//! The real files that are shared with the checkout.

use std::path::Path;

use crate::support::answers::{results, titles};
use crate::support::prerequisites::shared;
use crate::support::sandbox::Sandbox;

fn similar(page: &Path, title: &str) -> Vec<String> {
    let page = page.to_str().unwrap();
    titles(&Sandbox::new().json(&["similar", "--papers", page, title, "--format", "json", "-n", "4"]))
}

#[test]
fn a_copied_page_is_read_and_its_papers_are_compared() {
    let Some(page) = shared("data/raw_formats/hf_papers_page.txt") else { return };

    let first = similar(&page, "Instruction Tuned Models are Quick Learners");
    for word in ["SELF-GUIDE", "Task-aware Curriculum", "TCIA"] {
        assert!(first[..4].iter().any(|title| title.contains(word)), "{word}: {first:?}");
    }
    let second = similar(&page, "Deep Task-specific Bottom Representation Network");
    assert!(second[..2].iter().all(|title| title.contains("Multi-Task") || title.contains("Multi-task")), "{second:?}");
}

#[test]
fn every_raw_file_that_paperkin_reads_goes_in() {
    let Some(folder) = shared("data/raw_formats") else { return };
    let sandbox = Sandbox::new();
    let files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.contains("hf_api_daily_20") && !path.contains("PYREPR") || path.contains("hf_papers_page"))
        .collect();
    assert_eq!(files.len(), 6, "{files:?}");
    let mut args = vec!["add"];
    args.extend(files.iter().map(String::as_str));
    let run = sandbox.run(&args);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    let status = sandbox.json(&["status", "--format", "json"]);
    assert_eq!(status["papers"], status["with_abstract"]);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn a_score_is_the_same_share_for_every_question() {
    let Some(folder) = shared("data/cisi") else { return };
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["add", folder.join("docs.jsonl").to_str().unwrap()]).code, 0);
    let queries = std::fs::read_to_string(folder.join("queries.jsonl")).unwrap();
    let papers = sandbox.json(&["status", "--format", "json"])["papers"].as_f64().unwrap();
    let mut shares = Vec::new();
    for line in queries.lines().take(20) {
        let query: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = query["text"].as_str().unwrap();
        let answer = sandbox.json(&[
            "search",
            text,
            "-n",
            "2000",
            "--min-score",
            "0.9",
            "--min-relevance",
            "far",
            "--format",
            "json",
        ]);
        shares.push(results(&answer).len() as f64 / papers);
    }
    assert!(shares.iter().all(|share| (0.08..0.12).contains(share)), "{shares:?}");
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!((mean - 0.1).abs() < 0.01, "{mean}");
}

use super::*;
use crate::paper::RawPaper;
use crate::recommend::{InterestShare, Reason, ScoreBreakdown};

fn result(rank: usize, title: &str, abstract_text: &str) -> Recommendation {
    let draft = RawPaper {
        id: Some(format!("2501.0000{rank}")),
        title: title.to_owned(),
        abstract_text: abstract_text.to_owned(),
        authors: ["Ada Example", "Bo Other", "Cy Third", "Di Fourth"].map(str::to_owned).to_vec(),
        published: Some(jiff::civil::date(2025, 1, 2)),
        votes: Some(7),
        source: "test".to_owned(),
        ..RawPaper::default()
    };
    let because =
        Reason { id: None, title: "Robots & <b>others</b>".to_owned(), contribution: 0.5, ..Reason::default() };
    Recommendation {
        rank,
        score: 0.9,
        similarity: None,
        term_similarity: None,
        relevance: None,
        paper: draft.validate().unwrap().into(),
        breakdown: ScoreBreakdown::default(),
        reasons: vec![because],
        interest: None,
        sentence_match: None,
    }
}

#[test]
fn formulas_are_readable() {
    let mut results = [result(1, "On $\\alpha^2$", "Of $x_1 \\leq 2$.")];
    results[0].reasons[0].title = "About $\\beta$".to_owned();
    let day = jiff::civil::date(2025, 1, 3);
    let digest = Digest { reader: "me", day, results: &results, best_of_library: &[], note: None, page: None };
    for text in [digest.text(), digest.html()] {
        for readable in ["On α²", "Of x₁ ≤2.", "near “About β”"] {
            assert!(text.contains(readable), "{text}");
        }
    }
}

#[test]
fn a_name_begins_no_other_header() {
    let day = jiff::civil::date(2025, 1, 3);
    let reader = "me\r\nBcc: you@example.org\u{1b}[2J";
    let digest = Digest { reader, day, results: &[], best_of_library: &[], note: None, page: None };
    assert_eq!(digest.subject(), "0 papers for me  Bcc: you@example.org[2J, 2025-01-03");
}

#[test]
fn by_example() {
    let long = "Robots walk on many kinds of ground. ".repeat(20);
    let mut results = [result(1, "Walking <script>alert(1)</script>", &long), result(2, "Sinking", "")];
    results[1].interest = Some(InterestShare { label: "Reading/RL".to_owned(), share: 0.5, is_named: true });
    let day = jiff::civil::date(2025, 1, 3);
    let page = Some("http://localhost:7474/");
    let best = [result(3, "Old but good", "")];
    let note = Some("A first list.");
    let digest = Digest { reader: "me", day, results: &results, best_of_library: &best, note, page };
    insta::assert_snapshot!("text", digest.text());
    insta::assert_snapshot!("html", digest.html());
    assert!(digest.text().lines().all(|line| line.chars().count() <= WIDTH));
    assert_eq!(
        Digest { results: &results[..1], best_of_library: &[], ..digest }.subject(),
        "1 paper for me, 2025-01-03"
    );
}

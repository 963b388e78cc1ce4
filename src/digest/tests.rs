use super::*;
use crate::paper::Draft;
use crate::recommend::{Because, Interest, Parts};

fn result(rank: usize, title: &str, abstract_text: &str) -> Recommendation {
    let draft = Draft {
        id: Some(format!("2501.0000{rank}")),
        title: title.to_owned(),
        abstract_text: abstract_text.to_owned(),
        authors: ["Ada Example", "Bo Other", "Cy Third", "Di Fourth"].map(str::to_owned).to_vec(),
        published: Some(jiff::civil::date(2025, 1, 2)),
        votes: Some(7),
        source: "test".to_owned(),
        ..Draft::default()
    };
    let because = Because { id: None, title: "Robots & <b>others</b>".to_owned(), contribution: 0.5 };
    Recommendation {
        rank,
        score: 0.9,
        paper: draft.finish().unwrap(),
        parts: Parts::default(),
        because: vec![because],
        interest: None,
        matched: None,
    }
}

#[test]
fn by_example() {
    let long = "Robots walk on many kinds of ground. ".repeat(20);
    let mut results = [result(1, "Walking <script>alert(1)</script>", &long), result(2, "Sinking", "")];
    results[1].interest = Some(Interest { label: "Reading/RL".to_owned(), share: 0.5 });
    let day = jiff::civil::date(2025, 1, 3);
    let page = Some("http://localhost:7474/");
    let digest = Digest { reader: "me", day, results: &results, note: Some("A first list."), page };
    insta::assert_snapshot!("text", digest.text());
    insta::assert_snapshot!("html", digest.html());
    assert!(digest.text().lines().all(|line| line.chars().count() <= WIDTH));
    assert_eq!(Digest { results: &results[..1], ..digest }.subject(), "1 paper for me, 2025-01-03");
}

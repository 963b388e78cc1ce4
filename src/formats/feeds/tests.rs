//! Feeds by example, and laws of hostile texts.

use jiff::civil::date;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{FeedDocument, FeedFormat};
use crate::recommend::{Reason, Recommendation, ScoreBreakdown};

fn result(title: &str, abstract_text: &str) -> Recommendation {
    let paper = serde_json::json!({
        "id": "2501.00001", "title": title, "abstract": abstract_text, "authors": ["Ann Lee", title],
        "published": "2025-01-02", "listed": "2025-01-03", "categories": ["cs.CL"], "source": "arxiv",
    });
    Recommendation {
        rank: 1,
        score: 0.99,
        similarity: None,
        term_similarity: None,
        relevance: None,
        paper: serde_json::from_value(paper).unwrap(),
        breakdown: ScoreBreakdown::default(),
        reasons: vec![Reason { id: None, title: "What was read".to_owned(), contribution: 0.1, ..Reason::default() }],
        interest: None,
        sentence_match: None,
    }
}

fn written(format: FeedFormat, result: Recommendation) -> String {
    let channel = FeedDocument {
        title: "Papers for me".to_owned(),
        address: Some("http://localhost/feeds/me?token=a&b".to_owned()),
        page: Some("http://localhost/".to_owned()),
        day: date(2025, 1, 4),
        results: &[result],
    };
    format.write(&channel)
}

#[test]
fn by_example() {
    let result = || result("Less <b> & \u{1}more", "Of $x < y$.");
    insta::assert_snapshot!("atom", written(FeedFormat::Atom, result()));
    insta::assert_snapshot!("rss", written(FeedFormat::Rss, result()));
    insta::assert_snapshot!("json_feed", written(FeedFormat::JsonFeed, result()));
}

#[test]
fn formulas_are_readable() {
    let mut result = result("On $\\alpha^2$", "Of $x_1 \\leq 2$.");
    result.reasons[0].title = "About $\\beta$".to_owned();
    for format in [FeedFormat::Atom, FeedFormat::Rss, FeedFormat::JsonFeed] {
        let feed = written(format, result.clone());
        for readable in ["On α²", "Of x₁ ≤2.", "Near “About β”."] {
            assert!(feed.contains(readable), "{format:?}: {feed}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_well_formed(title in any::<String>(), text in any::<String>()) {
        for format in [FeedFormat::Atom, FeedFormat::Rss] {
            let feed = written(format, result(&title, &text));
            let mut reader = Reader::from_str(&feed);
            let mut depth = 0;
            loop {
                match reader.read_event() {
                    Ok(Event::Start(_)) => depth += 1,
                    Ok(Event::End(_)) => depth -= 1,
                    Ok(Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => prop_assert!(false, "{error} in {feed}"),
                }
            }
            prop_assert_eq!(depth, 0);
            prop_assert!(!feed.chars().any(|c| c < ' ' && !"\t\n\r".contains(c)));
        }
        let feed: serde_json::Value = serde_json::from_str(&written(FeedFormat::JsonFeed, result(&title, &text))).unwrap();
        prop_assert_eq!(feed["items"].as_array().unwrap().len(), 1);
    }
}

//! A paper in a list: what a reader sees of it.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::mathematics::readable;
use crate::library::{HistoryKind, Profile};
use crate::paper::{Paper, PaperId};
use crate::recommend::Recommendation;

/// Authors that are named.
pub(super) const AUTHORS: usize = 3;

/// A paper as a page shows it.
pub(super) struct PaperCard {
    /// Names the entry in its page.
    pub anchor: String,
    pub id: String,
    /// The paper's page.
    pub page: String,
    pub title: String,
    /// Authors, day, source, votes.
    pub facts: String,
    /// The abstract in pieces, and which of them matched.
    pub pieces: Vec<(String, bool)>,
    /// Where it can be read.
    pub url: Option<String>,
    /// Why it is here.
    pub reason: Option<String>,
    /// Its score in percent; empty when it has none.
    pub score: String,
    pub parts: Vec<ScorePart>,
    /// What the reader said of it; empty for nothing.
    pub said: String,
}

/// A part of a score.
pub(super) struct ScorePart {
    pub name: &'static str,
    pub value: String,
    /// From 0 to 1, for a bar.
    pub size: String,
    pub less: bool,
}

/// What a reader said of papers.
#[derive(Default)]
pub(super) struct ReaderVotes(HashMap<PaperId, HistoryKind>);

impl ReaderVotes {
    pub(super) fn by(profile: Option<&Profile>) -> ReaderVotes {
        ReaderVotes(
            profile.iter().flat_map(|profile| &profile.history).map(|entry| (entry.id.clone(), entry.kind)).collect(),
        )
    }

    fn of(&self, id: &PaperId) -> String {
        self.0.get(id).map(HistoryKind::to_string).unwrap_or_default()
    }

    /// "saved", "liked" or "read".
    fn deed(&self, id: &PaperId) -> &'static str {
        match self.0.get(id) {
            Some(HistoryKind::Save) => "saved",
            Some(HistoryKind::Like) => "liked",
            _ => "read",
        }
    }
}

/// The history papers behind a recommendation.
pub(super) fn why(result: &Recommendation, said: &ReaderVotes) -> Option<String> {
    let because = result.reasons.iter().take(2).map(|because| {
        let deed = because.id.as_ref().map_or("read", |id| said.deed(id));
        format!("“{}”, which you {deed}", readable(&because.title))
    });
    let because: Vec<String> = because.collect();
    (!because.is_empty()).then(|| format!("near {}", because.join(", and ")))
}

/// Recommendations as a page shows them; `question` is what was asked for, if it was a text.
pub(super) fn entries(results: Vec<Recommendation>, said: &ReaderVotes, question: Option<&str>) -> Vec<PaperCard> {
    results
        .into_iter()
        .map(|result| {
            let reason = why(&result, said);
            let parts = result.breakdown.named().filter(|(name, _)| *name != "base").map(|(name, value)| ScorePart {
                name,
                value: format!("{value:+.3}"),
                size: format!("{:.3}", value.abs().min(1.0)),
                less: value < 0.0,
            });
            let matched = result.sentence_match.as_ref().map(|matched| matched.sentence.as_str());
            let mut entry = PaperCard::new(&result.paper, said, matched);
            entry.anchor = format!("p{}", result.rank);
            entry.parts = parts.collect();
            entry.score = format!("{:.1}", (f64::from(result.score) * 1000.0).floor() / 10.0);
            entry.reason = reason;
            if let Some(question) = question {
                entry.page = format!("{}?q={}", entry.page, encoded(question));
            }
            entry
        })
        .collect()
}

impl PaperCard {
    pub(super) fn new(paper: &Paper, said: &ReaderVotes, matched: Option<&str>) -> PaperCard {
        PaperCard {
            anchor: "paper".to_owned(),
            id: paper.id.to_string(),
            page: page_of(&paper.id),
            title: readable(paper.heading()),
            facts: facts(paper),
            pieces: pieces(&paper.abstract_text, matched),
            url: paper.link(),
            reason: None,
            score: String::new(),
            parts: Vec::new(),
            said: said.of(&paper.id),
        }
    }
}

/// The address of a paper's page.
pub(super) fn page_of(id: &PaperId) -> String {
    format!("/paper/{}", encoded(id.as_str()))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn facts(paper: &Paper) -> String {
    let more = paper.authors.len().max(paper.author_count.unwrap_or(0) as usize).saturating_sub(AUTHORS);
    let mut authors: Vec<&str> = paper.authors.iter().take(AUTHORS).map(String::as_str).collect();
    let others = format!("{more} more");
    if more > 0 && !authors.is_empty() {
        authors.push(&others);
    }
    let date = paper.listed.or(paper.published).map(|day| day.to_string());
    let votes = paper.votes.map(|votes| format!("{votes} vote{}", if votes == 1 { "" } else { "s" }));
    let category = paper.categories.first().cloned();
    let all = [Some(authors.join(", ")), date, category, Some(paper.source.clone()), votes];
    all.into_iter().flatten().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The abstract, with the sentence that matched as a piece of its own.
fn pieces(text: &str, matched: Option<&str>) -> Vec<(String, bool)> {
    let place = matched.and_then(|matched| Some((text.find(matched)?, matched.len())));
    let Some((start, length)) = place else { return vec![(readable(text), false)] };
    let (before, rest) = text.split_at(start);
    let (sentence, after) = rest.split_at(length);
    [(before, false), (sentence, true), (after, false)].map(|(piece, marked)| (readable(piece), marked)).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(json: &str) -> Paper {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn facts_are_one_line() {
        let of = |json| facts(&paper(json));
        assert_eq!(
            of(
                r#"{"id":"a","title":"T","source":"arxiv","authors":["A","B","C","D","E"],"listed":"2025-01-02","votes":1}"#
            ),
            "A, B, C, 2 more · 2025-01-02 · arxiv · 1 vote"
        );
        assert_eq!(
            of(r#"{"id":"a","title":"T","source":"jsonl","categories":["cs.CL"],"votes":3}"#),
            "cs.CL · jsonl · 3 votes"
        );
    }

    #[test]
    fn what_matched_is_marked() {
        let marked = |matched| pieces("One. Two is it. Three.", matched);
        assert_eq!(marked(Some("Two is it."))[1], ("Two is it.".to_owned(), true));
        assert_eq!(marked(Some("Four.")), [("One. Two is it. Three.".to_owned(), false)]);
    }

    #[test]
    fn addresses_run_no_script() {
        let entry = PaperCard::new(
            &paper(r#"{"id":"a/..b","title":"T","source":"s","url":"javascript:alert(1)"}"#),
            &ReaderVotes::default(),
            None,
        );
        assert_eq!((entry.url, entry.page.as_str()), (None, "/paper/a%2F%2E%2Eb"));
    }
}

//! A paper as the page shows it.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::mathematics::readable;
use crate::library::{HistoryKind, Profile};
use crate::paper::{Paper, PaperId};
use crate::recommend::Recommendation;

/// Authors that are named.
pub(super) const AUTHORS: usize = 3;

/// A paper in a list.
pub(super) struct PaperCard {
    /// The fragment of the card in its page.
    pub anchor: String,
    pub id: String,
    /// The path of the paper's page.
    pub page: String,
    pub title: String,
    /// Authors, day, source, votes.
    pub facts: String,
    /// The abstract in pieces, and whether they match.
    pub abstract_pieces: Vec<(String, bool)>,
    /// The URL of the paper.
    pub url: Option<String>,
    /// Why it is recommended.
    pub reason: Option<String>,
    /// The score in percent; empty when there is none.
    pub score: String,
    pub breakdown: Vec<ScorePart>,
    /// The vote of the reader; empty when there is none.
    pub vote: String,
}

/// A part of a score.
pub(super) struct ScorePart {
    pub name: &'static str,
    pub value: String,
    /// From 0 to 1, for a bar.
    pub magnitude: String,
    pub is_negative: bool,
}

/// The votes of a reader.
#[derive(Default)]
pub(super) struct ReaderVotes(HashMap<PaperId, HistoryKind>);

impl ReaderVotes {
    pub(super) fn of(profile: Option<&Profile>) -> ReaderVotes {
        ReaderVotes(
            profile.iter().flat_map(|profile| &profile.history).map(|entry| (entry.id.clone(), entry.kind)).collect(),
        )
    }

    fn vote(&self, id: &PaperId) -> String {
        self.0.get(id).map(HistoryKind::to_string).unwrap_or_default()
    }

    /// "saved", "liked" or "read".
    fn past_participle(&self, id: &PaperId) -> &'static str {
        match self.0.get(id) {
            Some(HistoryKind::Save) => "saved",
            Some(HistoryKind::Like) => "liked",
            _ => "read",
        }
    }
}

/// The history papers behind a recommendation.
pub(super) fn reason_text(result: &Recommendation, votes: &ReaderVotes) -> Option<String> {
    let because = result.reasons.iter().take(2).map(|because| {
        let verb = because.id.as_ref().map_or("read", |id| votes.past_participle(id));
        format!("“{}”, which you {verb}", readable(&because.title))
    });
    let because: Vec<String> = because.collect();
    (!because.is_empty()).then(|| format!("near {}", because.join(", and ")))
}

/// Recommendations as the page shows them, after a search for a text if there was one.
pub(super) fn paper_cards(
    results: Vec<Recommendation>,
    votes: &ReaderVotes,
    search_text: Option<&str>,
) -> Vec<PaperCard> {
    results
        .into_iter()
        .map(|result| {
            let reason = reason_text(&result, votes);
            let breakdown =
                result.breakdown.named().filter(|(name, _)| *name != "base").map(|(name, value)| ScorePart {
                    name,
                    value: format!("{value:+.3}"),
                    magnitude: format!("{:.3}", value.abs().min(1.0)),
                    is_negative: value < 0.0,
                });
            let matched = result.sentence_match.as_ref().map(|matched| matched.sentence.as_str());
            let mut card = PaperCard::new(&result.paper, votes, matched);
            card.anchor = format!("p{}", result.rank);
            card.breakdown = breakdown.collect();
            card.score = format!("{:.1}", (f64::from(result.score) * 1000.0).floor() / 10.0);
            card.reason = reason;
            if let Some(text) = search_text {
                card.page = format!("{}?q={}", card.page, percent_encoded(text));
            }
            card
        })
        .collect()
}

impl PaperCard {
    pub(super) fn new(paper: &Paper, votes: &ReaderVotes, matched: Option<&str>) -> PaperCard {
        PaperCard {
            anchor: "paper".to_owned(),
            id: paper.id.to_string(),
            page: paper_path(&paper.id),
            title: readable(paper.heading()),
            facts: facts(paper),
            abstract_pieces: marked_pieces(&paper.abstract_text, matched),
            url: paper.link(),
            reason: None,
            score: String::new(),
            breakdown: Vec::new(),
            vote: votes.vote(&paper.id),
        }
    }
}

/// Returns the path of a paper's page.
pub(super) fn paper_path(id: &PaperId) -> String {
    format!("/paper/{}", percent_encoded(id.as_str()))
}

fn percent_encoded(text: &str) -> String {
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

/// Splits an abstract, so that the matching sentence is a piece of its own.
fn marked_pieces(text: &str, matched: Option<&str>) -> Vec<(String, bool)> {
    let range = matched.and_then(|matched| Some((text.find(matched)?, matched.len())));
    let Some((start, length)) = range else { return vec![(readable(text), false)] };
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
    fn the_matching_sentence_is_marked() {
        let marked = |matched| marked_pieces("One. Two is it. Three.", matched);
        assert_eq!(marked(Some("Two is it."))[1], ("Two is it.".to_owned(), true));
        assert_eq!(marked(Some("Four.")), [("One. Two is it. Three.".to_owned(), false)]);
    }

    #[test]
    fn urls_run_no_script() {
        let card = PaperCard::new(
            &paper(r#"{"id":"a/..b","title":"T","source":"s","url":"javascript:alert(1)"}"#),
            &ReaderVotes::default(),
            None,
        );
        assert_eq!((card.url, card.page.as_str()), (None, "/paper/a%2F%2E%2Eb"));
    }
}

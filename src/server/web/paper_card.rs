//! A paper as the page shows it.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::library::{HistoryKind, Profile};
use crate::paper::{Paper, PaperId};
use crate::present::{self, NAMED_REASONS, PaperFact};
use crate::recommend::Recommendation;
use crate::text::latex::readable;

/// What is known of a paper beside its title.
const FACTS: [PaperFact; 5] =
    [PaperFact::Authors, PaperFact::Date, PaperFact::Category, PaperFact::Source, PaperFact::Votes];

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
    /// How likely it is relevant, in a word and in percent.
    pub relevance: Option<(&'static str, String)>,
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
    present::reason_text(result.reasons.iter().take(NAMED_REASONS), |reason| {
        reason.id.as_ref().map_or("read", |id| votes.past_participle(id)).to_owned()
    })
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
            card.relevance = result
                .relevance
                .map(|relevance| (relevance.word.name(), format!("{:.0}", f64::from(relevance.probability) * 100.0)));
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
            title: present::headline(paper),
            facts: present::fact_line(paper, &FACTS),
            abstract_pieces: marked_pieces(&paper.abstract_text, matched),
            url: paper.link(),
            reason: None,
            score: String::new(),
            relevance: None,
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
    fn the_matching_sentence_is_marked() {
        let marked = |matched| marked_pieces("One. Two is it. Three.", matched);
        assert_eq!(marked(Some("Two is it."))[1], ("Two is it.".to_owned(), true));
        assert_eq!(marked(Some("Four.")), [("One. Two is it. Three.".to_owned(), false)]);
    }

    #[test]
    fn formulas_are_readable() {
        let json = r#"{"id":"a","title":"On $\\alpha^2$","abstract":"Of $x_1$.","source":"s"}"#;
        let card = PaperCard::new(&paper(json), &ReaderVotes::default(), None);
        assert_eq!((card.title.as_str(), card.abstract_pieces[0].0.as_str()), ("On α²", "Of x₁."));
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

//! A paper in a list: what a reader sees of it.

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
    present::near(result.reasons.iter().take(NAMED_REASONS), |reason| {
        reason.id.as_ref().map_or("read", |id| said.deed(id)).to_owned()
    })
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
            title: present::headline(paper),
            facts: present::fact_line(paper, &FACTS),
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

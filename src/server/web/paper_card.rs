//! A paper as the page shows it.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::score_parts::ShownScore;
use super::search_words::{SearchWords, TextPiece};
use crate::library::{HistoryKind, Profile};
use crate::paper::{Paper, PaperId};
use crate::present::{self, NAMED_AUTHORS, NAMED_REASONS, PaperFact};
use crate::recommend::Recommendation;
use crate::text::latex::readable;

/// What is known of a paper beside its title and its authors.
const FACTS: [PaperFact; 4] = [PaperFact::Date, PaperFact::Category, PaperFact::Source, PaperFact::Votes];
/// How much of an abstract a list shows, in characters: three lines. The page of the paper has all of it.
const EXCERPT_CHARS: usize = 240;
/// What need not be encoded in a path or a query.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// A paper in a list.
pub(super) struct PaperCard {
    /// The fragment of the card in its page.
    pub anchor: String,
    pub id: String,
    /// The id as people know it; empty when it is made from the title.
    pub public_id: String,
    /// The path of the paper's page.
    pub page: String,
    pub title: Vec<TextPiece>,
    pub authors: Byline,
    /// Day, category, source, votes.
    pub facts: String,
    /// Where it can be read.
    pub links: Vec<CardLink>,
    /// The path of its BibTeX entry.
    pub bibtex: String,
    /// The abstract in pieces, and whether they match.
    pub abstract_pieces: Vec<TextPiece>,
    /// Whether that is all of the abstract.
    pub is_whole: bool,
    /// Why it is recommended.
    pub reason: Option<String>,
    pub score: Option<ShownScore>,
    /// The vote of the reader; empty when there is none.
    pub vote: String,
}

/// The authors of a paper.
pub(super) struct Byline {
    pub named: Vec<AuthorLink>,
    /// What follows the names: `and 9 more`; empty when all are named.
    pub rest: String,
}

/// An author, and the path of a search for the papers by this name.
pub(super) struct AuthorLink {
    pub name: String,
    pub search: String,
}

/// An address of a paper.
pub(super) struct CardLink {
    /// What it leads to.
    pub name: &'static str,
    /// The name, short.
    pub label: &'static str,
    pub url: String,
}

/// A button that votes, or takes a vote back.
pub(super) struct VoteButton {
    /// The name of the icon.
    pub icon: &'static str,
    /// What the form sends.
    pub value: &'static str,
    pub label: &'static str,
    pub is_pressed: bool,
}

/// Icons of votes, what the button says, and what it says when it is pressed.
const VOTES: [(&str, &str, &str); 4] = [
    ("like", "like", "liked: undo"),
    ("dislike", "dislike", "disliked: undo"),
    ("save", "save", "saved: undo"),
    ("hide", "hide", "hidden: undo"),
];

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

/// Recommendations as the page shows them, after a search for a text if there was one. Their anchors are numbered from
/// the place of the first.
pub(super) fn paper_cards(
    results: Vec<Recommendation>,
    votes: &ReaderVotes,
    search: Option<(&str, &SearchWords)>,
    first: usize,
) -> Vec<PaperCard> {
    let no_words = SearchWords::default();
    let (text, words) = search.map_or((None, &no_words), |(text, words)| (Some(text), words));
    let card = |(place, result): (usize, Recommendation)| {
        let reasons = reason_text(&result, votes).into_iter().chain(result.interest.as_ref().map(present::interest));
        let reason = Some(reasons.collect::<Vec<_>>().join(", ")).filter(|reason| !reason.is_empty());
        let score = Some(ShownScore::new(&result));
        let card = PaperCard::new(&result.paper, votes, words);
        let page = match text {
            Some(text) => format!("{}?q={}", card.page, percent_encoded(text)),
            None => card.page,
        };
        PaperCard { anchor: format!("p{place}"), page, reason, score, ..card }
    };
    (first..).zip(results).map(card).collect()
}

impl PaperCard {
    /// A card with an excerpt of the abstract.
    pub(super) fn new(paper: &Paper, votes: &ReaderVotes, words: &SearchWords) -> PaperCard {
        let abstract_text = readable(&paper.abstract_text);
        let excerpt = words.excerpt(&abstract_text, EXCERPT_CHARS);
        let links = present::links(paper).into_iter();
        PaperCard {
            anchor: "paper".to_owned(),
            id: paper.id.to_string(),
            public_id: if paper.id.is_of_title() { String::new() } else { paper.id.to_string() },
            page: paper_path(&paper.id),
            title: words.pieces(&present::headline(paper)),
            authors: Byline::new(paper, NAMED_AUTHORS),
            facts: present::fact_line(paper, &FACTS),
            links: links
                .map(|link| CardLink { name: link.name, label: short_label(link.name), url: link.url })
                .collect(),
            bibtex: format!("/bibtex/{}", percent_encoded(paper.id.as_str())),
            is_whole: excerpt == abstract_text,
            abstract_pieces: words.pieces(&excerpt),
            reason: None,
            score: None,
            vote: votes.vote(&paper.id),
        }
    }

    /// The title without marks.
    pub(super) fn title_text(&self) -> String {
        self.title.iter().map(|(piece, _)| piece.as_str()).collect()
    }

    pub(super) fn vote_buttons(&self) -> Vec<VoteButton> {
        let button = |(icon, label, pressed)| match self.vote == icon {
            true => VoteButton { icon, value: "undo", label: pressed, is_pressed: true },
            false => VoteButton { icon, value: icon, label, is_pressed: false },
        };
        // What was imported as read has no vote.
        let read = VoteButton { icon: "read", value: "undo", label: "read: undo", is_pressed: true };
        let read = Some(read).filter(|_| self.vote == HistoryKind::Read.name());
        VOTES.into_iter().map(button).chain(read).collect()
    }
}

impl Byline {
    /// The first authors of a paper.
    pub(super) fn new(paper: &Paper, named: usize) -> Byline {
        let first = &paper.authors[..paper.authors.len().min(named)];
        let line = present::byline_of(paper, named);
        let rest = line.strip_prefix(&first.join(", ")).unwrap_or(&line).trim_start().to_owned();
        Byline { named: first.iter().map(|name| AuthorLink::new(name)).collect(), rest }
    }
}

impl AuthorLink {
    pub(super) fn new(name: &str) -> AuthorLink {
        // Quotes would end the name in the search.
        let search = format!("/search?q=author:{}", percent_encoded(&format!("\"{}\"", name.replace('"', ""))));
        AuthorLink { name: name.to_owned(), search: search.replace("%20", "+") }
    }
}

/// The short name of a link.
fn short_label(name: &'static str) -> &'static str {
    match name {
        "Hugging Face" => "HF",
        name => name,
    }
}

/// Returns the path of a paper's page.
pub(super) fn paper_path(id: &PaperId) -> String {
    format!("/paper/{}", percent_encoded(id.as_str()))
}

/// Encodes a part of a path, or a value of a query.
pub(super) fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Splits an abstract, so that the matching sentence is a piece of its own. Formulas are read before, as a sentence may end
/// within one.
pub(super) fn marked_pieces(text: &str, matched: Option<&str>) -> Vec<TextPiece> {
    let text = readable(text);
    let matched = matched.map(readable).filter(|matched| !matched.is_empty());
    let Some((start, length)) = matched.and_then(|matched| Some((text.find(&matched)?, matched.len()))) else {
        return vec![(text, false)];
    };
    let (before, rest) = text.split_at(start);
    let (sentence, after) = rest.split_at(length);
    [(before, false), (sentence, true), (after, false)].map(|(piece, marked)| (piece.to_owned(), marked)).to_vec()
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
        let formula = marked_pieces("Of $x_1$. And $y^2$. So.", Some("And $y^2$."));
        assert_eq!(formula[1], ("And y².".to_owned(), true));
    }

    fn card(json: &str) -> PaperCard {
        PaperCard::new(&paper(json), &ReaderVotes::default(), &SearchWords::default())
    }

    #[test]
    fn formulas_are_readable() {
        let card = card(r#"{"id":"a","title":"On $\\alpha^2$","abstract":"Of $x_1$.","source":"s"}"#);
        assert_eq!((card.title_text().as_str(), card.abstract_pieces[0].0.as_str()), ("On α²", "Of x₁."));
    }

    #[test]
    fn urls_run_no_script() {
        let card = card(r#"{"id":"a/..b","title":"T","source":"s","url":"javascript:alert(1)"}"#);
        assert_eq!((card.links.len(), card.page.as_str()), (0, "/paper/a%2F%2E%2Eb"));
    }

    #[test]
    fn authors_lead_to_their_papers() {
        let card = card(r#"{"id":"a","title":"T","source":"s","authors":["Ada \"O\" Oak","B","C","D","E"]}"#);
        let Byline { named, rest } = card.authors;
        assert_eq!((named.len(), rest.as_str()), (3, "and 2 more"));
        assert_eq!(named[0].search, "/search?q=author:%22Ada+O+Oak%22");
        let counted = Byline::new(&paper(r#"{"id":"a","title":"T","source":"s","author_count":7}"#), 3);
        assert_eq!((counted.named.len(), counted.rest.as_str()), (0, "7 authors"));
    }

    #[test]
    fn a_long_abstract_is_cut() {
        let json = format!(r#"{{"id":"a","title":"T","source":"s","abstract":"{}"}}"#, "Lamps shine. ".repeat(50));
        let card = card(&json);
        assert!(!card.is_whole && card.abstract_pieces[0].0.chars().count() <= EXCERPT_CHARS + 1);
    }
}

//! Votes of the reader.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Deserializer, de};

use super::page_frame::{PageProblem, redirect_to};
use super::page_reader::PageReader;
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, find_paper};

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().post("/vote", RouteAccess::Profile(Scope::Write), vote)
}

/// The form of a page; its buttons are the votes.
#[derive(Deserialize)]
struct VoteForm {
    vote: PaperVote,
    /// The profile of the page that the form is on.
    profile: Option<String>,
    /// The named interest that the page is of.
    interest: Option<String>,
    /// The page that the form is on.
    #[serde(default)]
    back: String,
}

/// What a button sends: `like p3 2401.12345`. One form with many buttons makes a page much smaller than a form for each
/// paper.
struct PaperVote {
    /// `None` takes a vote back.
    kind: Option<HistoryKind>,
    /// Where the paper is on the page.
    anchor: String,
    paper: PaperId,
}

impl<'de> Deserialize<'de> for PaperVote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PaperVote, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut parts = text.splitn(3, ' ');
        let (Some(kind), Some(anchor), Some(paper)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(de::Error::custom("a vote is a kind, a place and an id, such as `like p1 2401.12345`"));
        };
        let kind = match kind {
            "like" => Some(HistoryKind::Like),
            "dislike" => Some(HistoryKind::Dislike),
            "save" => Some(HistoryKind::Save),
            "hide" => Some(HistoryKind::Hide),
            "undo" => None,
            _ => return Err(de::Error::custom("a vote is like, dislike, save, hide or undo")),
        };
        let paper = PaperId::parse(paper).map_err(de::Error::custom)?;
        // It becomes part of an address.
        let anchor = anchor.chars().filter(char::is_ascii_alphanumeric).collect();
        Ok(PaperVote { kind, anchor, paper })
    }
}

async fn vote(
    State(app): State<AppState>,
    reader: PageReader,
    Form(vote): Form<VoteForm>,
) -> Result<Response, PageProblem> {
    let VoteForm { vote: PaperVote { kind, anchor, paper }, profile, interest, back } = vote;
    app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, profile.as_deref())?;
        match kind {
            Some(kind) => {
                let id = find_paper(engine, &paper)?.id;
                let entry = HistoryEntry { interest, ..HistoryEntry::new(id, kind, engine.today()) };
                engine.add_to_history(&name, &[entry])?;
            }
            None => {
                if let Some(profile) = reader.profile(engine)? {
                    engine.remove_from_history(&profile.name, &[paper])?;
                }
            }
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(redirect_to(&format!("{back}#{anchor}")))
}

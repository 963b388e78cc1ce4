//! Votes of the reader.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::page_frame::{PageProblem, redirect_to};
use super::page_reader::PageReader;
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, find_paper};

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().post("/vote", RouteAccess::Private(Scope::Write), vote)
}

/// The form of a paper; its buttons are the kinds.
#[derive(Deserialize)]
struct VoteForm {
    paper: PaperId,
    kind: VoteKind,
    /// The profile of the page that the form is on.
    profile: Option<String>,
    /// The page that the form is on.
    #[serde(default)]
    back: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VoteKind {
    Like,
    Dislike,
    Save,
    Hide,
    Undo,
}

impl VoteKind {
    /// The kind of history entry; `None` removes the entry.
    fn history_kind(self) -> Option<HistoryKind> {
        match self {
            VoteKind::Like => Some(HistoryKind::Like),
            VoteKind::Dislike => Some(HistoryKind::Dislike),
            VoteKind::Save => Some(HistoryKind::Save),
            VoteKind::Hide => Some(HistoryKind::Hide),
            VoteKind::Undo => None,
        }
    }
}

async fn vote(
    State(app): State<AppState>,
    reader: PageReader,
    Form(vote): Form<VoteForm>,
) -> Result<Response, PageProblem> {
    let VoteForm { paper, kind, profile, back } = vote;
    app.run(move |engine| {
        let name = reader.profile_name_of_form(engine, profile.as_deref())?;
        match kind.history_kind() {
            Some(kind) => {
                let id = find_paper(engine, &paper)?.id;
                let entry = HistoryEntry::new(id, kind, engine.today());
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
    Ok(redirect_to(&back))
}

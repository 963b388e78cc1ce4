//! What a reader says of a paper.

use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;

use super::frame::{PageProblem, PageReader, back_to};
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;
use crate::server::AppState;
use crate::server::papers::stored;
use crate::server::problem::Problem;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/vote", post(vote))
}

/// A button of a paper.
#[derive(Deserialize)]
struct VoteButton {
    paper: PaperId,
    kind: VoteKind,
    /// Where the reader is.
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
    /// What is entered; `None` takes out what was.
    fn history(self) -> Option<HistoryKind> {
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
    Form(vote): Form<VoteButton>,
) -> Result<Response, PageProblem> {
    let today = app.today();
    let VoteButton { paper, kind, back } = vote;
    app.ask(move |engine| {
        let name = reader.name(engine)?;
        match kind.history() {
            Some(kind) => {
                let id = stored(engine, &paper)?.id;
                let entry = HistoryEntry::new(id, kind, today);
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
    Ok(back_to(&back))
}

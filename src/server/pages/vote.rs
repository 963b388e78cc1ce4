//! What a reader says of a paper.

use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Form, Router};
use serde::Deserialize;

use super::frame::{Reader, Trouble, back_to};
use crate::library::{HistoryEntry, HistoryKind};
use crate::paper::PaperId;
use crate::server::App;
use crate::server::papers::stored;
use crate::server::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/vote", post(vote))
}

/// A button of a paper.
#[derive(Deserialize)]
struct Vote {
    paper: PaperId,
    kind: Kind,
    /// Where the reader is.
    #[serde(default)]
    back: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Like,
    Dislike,
    Save,
    Hide,
    Undo,
}

impl Kind {
    /// What is entered; `None` takes out what was.
    fn history(self) -> Option<HistoryKind> {
        match self {
            Kind::Like => Some(HistoryKind::Like),
            Kind::Dislike => Some(HistoryKind::Dislike),
            Kind::Save => Some(HistoryKind::Save),
            Kind::Hide => Some(HistoryKind::Hide),
            Kind::Undo => None,
        }
    }
}

async fn vote(State(app): State<App>, reader: Reader, Form(vote): Form<Vote>) -> Result<Response, Trouble> {
    let today = app.today();
    let Vote { paper, kind, back } = vote;
    app.ask(move |engine| {
        let name = reader.name(engine)?;
        match kind.history() {
            Some(kind) => {
                let id = stored(engine, &paper)?.id;
                let entry = HistoryEntry::new(id, kind, today);
                engine.library_mut().remember(&name, &[entry])?;
            }
            None => {
                if let Some(profile) = reader.profile(engine)? {
                    engine.library_mut().forget(&profile, &[paper])?;
                }
            }
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(back_to(&back))
}

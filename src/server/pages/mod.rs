//! The reading page: what is new, questions, one paper, a person's library.
//!
//! Rendered here, so that it can be read and voted on without JavaScript; what `page.js` does is done by a form too.

mod assets;
mod entry;
mod feed;
mod frame;
mod library;
mod paper;
mod profiles;
mod search;
mod vote;

use axum::Router;

use super::AppState;

pub(super) use frame::for_people;

/// The page and what belongs to it.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .merge(assets::routes())
        .merge(feed::routes())
        .merge(search::routes())
        .merge(paper::routes())
        .merge(library::routes())
        .merge(profiles::routes())
        .merge(vote::routes())
}

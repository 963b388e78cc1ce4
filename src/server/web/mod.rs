//! The web page for reading: the feed, search, one paper, the reader's library, profiles.
//!
//! It is rendered on the server, so that people can read and vote without JavaScript; everything that `page.js` does, a
//! form or a link does too.

mod assets;
mod facets;
mod feed_groups;
mod feed_page;
mod library_page;
mod page_frame;
mod page_reader;
mod paper_card;
mod paper_map;
mod paper_page;
mod profiles_page;
mod report_page;
mod score_parts;
mod search_form;
mod search_page;
mod search_words;
mod start_page;
mod vote;

use super::guarded_router::GuardedRouter;

pub(super) use page_frame::problem_page;
pub(super) use page_reader::PageReader;

/// The pages, their forms and their assets.
pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new()
        .merge(assets::routes())
        .merge(feed_page::routes())
        .merge(search_page::routes())
        .merge(paper_page::routes())
        .merge(library_page::routes())
        .merge(profiles_page::routes())
        .merge(report_page::routes())
        .merge(start_page::routes())
        .merge(vote::routes())
}

//! The routes of the service, one file for each resource.

mod batch;
mod body_fields;
mod feedback;
mod feeds;
mod interests;
#[cfg(feature = "mcp")]
mod mcp;
mod metrics;
mod new_paper;
pub(super) mod openapi;
mod pagination;
mod papers;
mod profile_feed;
mod profiles;
mod reports;
mod request_schemas;
mod search;
mod search_fields;
mod starters;
mod status;

use super::guarded_router::GuardedRouter;

pub(super) use feeds::feed_path;

pub(super) fn routes() -> GuardedRouter {
    let routes = GuardedRouter::new()
        .merge(status::routes())
        .merge(search::routes())
        .merge(batch::routes())
        .merge(papers::routes())
        .merge(profiles::routes())
        .merge(profile_feed::routes())
        .merge(feedback::routes())
        .merge(interests::routes())
        .merge(starters::routes())
        .merge(reports::routes())
        .merge(feeds::routes())
        .merge(metrics::routes())
        .merge(openapi::routes());
    #[cfg(feature = "mcp")]
    let routes = routes.merge(mcp::routes());
    routes
}

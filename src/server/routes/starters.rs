//! Papers for readers without a history.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::routes;

use crate::engine::StarterPage;
use crate::server::access::RouteAccess;
use crate::server::extract::QueryFields;
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// The largest number of a page; there are never as many.
const MAX_PAGE: usize = 10_000;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().operation(RouteAccess::PublicRead, routes!(list_starters))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct StarterQuery {
    /// The number of the page, from 1.
    #[serde(default = "first_page")]
    #[param(minimum = 1, maximum = 10_000, default = 1, example = 1)]
    page: usize,
}

fn first_page() -> usize {
    1
}

/// List papers to begin with
///
/// For readers who have no history yet: thirty papers of thirty subjects of the library, recent ones and those with many
/// votes first. They choose those that they would read, and `record_feedback` makes a history of them. Each page has others;
/// all day they are the same, as long as the library is the same.
#[utoipa::path(get, path = "/v1/starters", tag = "papers", operation_id = "list_starters", params(StarterQuery),
    responses((status = 200, description = "The papers", body = StarterPage)))]
async fn list_starters(
    State(app): State<AppState>,
    QueryFields(StarterQuery { page }): QueryFields<StarterQuery>,
) -> Result<Json<StarterPage>, Problem> {
    if !(1..=MAX_PAGE).contains(&page) {
        return Err(Problem::bad_request(format!("`page`: {page} is not from 1 to {MAX_PAGE}")));
    }
    app.run(move |engine| engine.starter_page(page)).await.map(Json)
}

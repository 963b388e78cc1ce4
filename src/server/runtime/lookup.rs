//! Looks up a paper that a request names.

use crate::engine::Engine;
use crate::error::Error;
use crate::paper::{Paper, PaperId};
use crate::server::problem::Problem;

/// Returns the paper with an id.
///
/// # Errors
/// The problem `paper_not_found`.
pub(crate) fn find_paper(engine: &Engine, id: &PaperId) -> Result<Paper, Problem> {
    let missing = || Error::NotFound { what: "paper", name: id.to_string(), hint: String::new() };
    Ok(engine.paper(id)?.ok_or_else(missing)?.paper)
}

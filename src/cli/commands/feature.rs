//! Commands that this build does not have.
#![cfg_attr(
    all(feature = "daily", feature = "mcp", feature = "server"),
    allow(dead_code, reason = "this build has all commands")
)]

use crate::error::Error;

/// Returns the error of a command that was built without its feature.
pub(super) fn missing(feature: &'static str) -> Error {
    let reason = format!("built without the `{feature}` feature: rebuild with `--features {feature}`");
    Error::BadRequest { field: feature, reason }
}

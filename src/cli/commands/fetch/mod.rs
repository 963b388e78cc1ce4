//! `paperkin fetch`

#[cfg(feature = "fetch")]
mod run;

#[cfg(feature = "fetch")]
pub(in crate::cli) use run::run;
#[cfg(feature = "fetch")]
pub(super) use run::{client_options, service_key, with_progress};

#[cfg(not(feature = "fetch"))]
pub(in crate::cli) fn run(
    _: &crate::cli::args::GlobalArgs,
    _: crate::cli::args::FetchArgs,
) -> crate::Result<crate::cli::outcome::CommandOutcome> {
    Err(super::feature::missing("fetch"))
}

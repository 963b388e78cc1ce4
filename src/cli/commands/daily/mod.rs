//! `paperkin daily`

#[cfg(feature = "daily")]
mod run;

#[cfg(feature = "daily")]
pub(in crate::cli) use run::run;

#[cfg(not(feature = "daily"))]
pub(in crate::cli) fn run(
    _: &crate::cli::args::GlobalArgs,
    _: crate::cli::args::DailyArgs,
) -> crate::Result<crate::cli::outcome::CommandOutcome> {
    Err(super::feature::missing("daily"))
}

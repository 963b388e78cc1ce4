//! `paperkin add`

mod by_id;
mod dry_run;
mod explain;
mod input;
mod links;
mod run;

pub(in crate::cli) use run::run;

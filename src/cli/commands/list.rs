//! `paperkin recent` and `paperkin list`: papers without a ranking.

use jiff::Span;

use crate::cli::args::{GlobalArgs, ListArgs, PaperListArgs, RecentArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::{Clock, Engine, LibraryLocation};
use crate::error::Result;
use crate::library::PaperFilter;
use crate::paper::{Paper, YearRange};

pub(in crate::cli) fn recent(common: &GlobalArgs, args: RecentArgs) -> Result<CommandOutcome> {
    let first = args.days.map(|days| Clock::System.today().saturating_sub(Span::new().days(days)));
    print(common, &PaperFilter { published_after: first, ..PaperFilter::default() }, &args.list)
}

pub(in crate::cli) fn list(common: &GlobalArgs, args: ListArgs) -> Result<CommandOutcome> {
    let YearRange { first, last } = args.year.unwrap_or_default();
    let filter = PaperFilter {
        published_after: first,
        published_before: last,
        categories: args.category,
        sources: args.source,
        authors: args.author,
        ..PaperFilter::default()
    };
    print(common, &filter, &args.list)
}

/// Prints the newest papers that pass.
fn print(common: &GlobalArgs, filter: &PaperFilter, args: &PaperListArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let stored = engine.library().newest_papers(filter, args.limit as usize)?;
    let papers: Vec<Paper> = stored.into_iter().map(|stored| stored.paper).collect();
    if papers.is_empty() {
        output::diagnostic(Severity::Note, "no papers match the filters");
    }
    output::print_papers(&papers, args.format)?;
    Ok(CommandOutcome::Complete)
}

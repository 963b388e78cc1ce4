//! `paperkin status`

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::args::{GlobalArgs, SummaryArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::engine::{Engine, GraphStatus, LibraryLocation, LibraryStatus};
use crate::error::Result;
use crate::library::DayRange;

#[derive(Serialize)]
struct StatusOutput {
    library: String,
    #[serde(flatten)]
    status: LibraryStatus,
}

pub(in crate::cli) fn run(common: &GlobalArgs, args: SummaryArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let shown = StatusOutput { library: engine.library().path().display().to_string(), status: engine.status()? };
    output::print_summary(args.format, &shown, table)?;
    Ok(CommandOutcome::Complete)
}

fn table(out: &mut dyn Write, shown: &StatusOutput) -> io::Result<()> {
    let StatusOutput { library, status: LibraryStatus { generation, model, index, summary, citations } } = shown;
    let listed = |counts: Vec<String>| if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    let sources = summary.sources.iter().map(|size| format!("{} ({})", size.source, size.papers)).collect();
    let profiles = summary.profiles.iter().map(|size| format!("{} ({})", size.name, size.papers)).collect();
    writeln!(out, "library   {library}")?;
    writeln!(out, "papers    {}, {} with abstract", summary.papers, summary.with_abstract)?;
    if let Some(DayRange { first, last }) = &summary.days {
        writeln!(out, "dates     {first} to {last}")?;
    }
    writeln!(out, "sources   {}", listed(sources))?;
    if citations.links > 0 {
        writeln!(out, "citations {} links, {} papers with some", citations.links, citations.papers)?;
    }
    writeln!(out, "profiles  {}", listed(profiles))?;
    match model {
        Some(model) => writeln!(out, "model     {}, {} dimensions", model.label(), model.dimension)?,
        None => writeln!(out, "model     none yet")?,
    }
    writeln!(out, "index     {}, generation {generation}", index.kind)?;
    if let Some(GraphStatus { papers, changed, recall_at_10, bytes, .. }) = &index.graph {
        let size = *bytes as f64 / 1e6;
        writeln!(out, "graph     {papers} papers, {changed} changed since, recall@10 {recall_at_10:.3}, {size:.1} MB")?;
    }
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    match index.bytes {
        0 => writeln!(out, "disk      {}", megabytes(summary.bytes)),
        bytes => writeln!(out, "disk      {}, and {} of the index", megabytes(summary.bytes), megabytes(bytes)),
    }
}

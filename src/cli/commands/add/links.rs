//! `paperkin add --links`: lists of which papers cite which.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::input::open_links;
use crate::cli::args::AddArgs;
use crate::cli::output::{self, CommandProgress};
use crate::engine::{AddSummary, Engine};
use crate::error::{Error, Result};
use crate::library::{Library, LinkCounts};
use crate::text::visible;

/// Links that are looked at together.
const LINKS_AT_A_TIME: usize = 16_384;

/// What would be read of a list of links.
#[derive(Serialize)]
pub(super) struct LinkFileSummary {
    pub(super) file: String,
    pub(super) links: usize,
    /// What would become of them; `None` if there is no library.
    pub(super) counts: Option<LinkCounts>,
    pub(super) rejected: usize,
}

impl LinkFileSummary {
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let LinkFileSummary { file, links, counts, rejected } = self;
        write!(out, "{}: {links} citation links", visible(file))?;
        if let Some(LinkCounts { new, known, unresolved }) = counts {
            write!(out, " ({new} new, {known} known, {unresolved} of papers that are not in the library)")?;
        }
        writeln!(out, ", {rejected} rejected")
    }
}

/// Adds the links of one file after the other. A file that cannot be read at all counts as one rejected record.
pub(super) fn add(engine: &mut Engine, args: &AddArgs) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    for path in &args.links {
        let bar = CommandProgress::of_file(path);
        match open_links(path, args, &bar) {
            Ok(links) => added += engine.add_links(links, &|progress| bar.show(progress))?,
            Err(error) => {
                bar.aside(|| output::reject(&error));
                added.rejected += 1;
            }
        }
        bar.finish();
    }
    Ok(added)
}

/// Whether all links of all files can be used; says which cannot.
///
/// # Errors
/// For standard input, which cannot be read once more to add what is in it.
pub(super) fn are_valid(args: &AddArgs) -> Result<bool> {
    if args.strict && args.links.iter().any(|path| path == Path::new("-")) {
        let reason = "standard input cannot be checked before it is added: give a file, or omit --strict".to_owned();
        return Err(Error::BadRequest { field: "links", reason });
    }
    let mut rejected = 0;
    for path in &args.links {
        rejected += read(path, args, None)?.rejected;
    }
    Ok(rejected == 0)
}

/// Reads a file of links, and says of each bad one what is wrong with it.
pub(super) fn read(path: &Path, args: &AddArgs, library: Option<&Library>) -> Result<LinkFileSummary> {
    let bar = CommandProgress::of_file(path);
    let (file, counts) = (path.display().to_string(), library.map(|_| LinkCounts::default()));
    let mut summary = LinkFileSummary { file, links: 0, counts, rejected: 0 };
    let mut reject = |error: &Error| {
        bar.reject(error);
        summary.rejected += 1;
    };
    let mut links = open_links(path, args, &bar).map_err(|error| reject(&error)).ok();
    let mut batch = Vec::new();
    loop {
        match links.as_mut().and_then(Iterator::next) {
            Some(Ok(link)) => {
                summary.links += 1;
                batch.push(link);
                if batch.len() < LINKS_AT_A_TIME {
                    continue;
                }
            }
            Some(Err(error)) => {
                reject(&error);
                continue;
            }
            None => links = None,
        }
        if let (Some(library), Some(counts)) = (library, &mut summary.counts) {
            *counts += library.plan_links(&batch)?;
        }
        batch.clear();
        if links.is_none() {
            bar.finish();
            return Ok(summary);
        }
    }
}

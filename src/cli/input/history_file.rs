//! Files of reading histories.

use std::io;
use std::path::Path;

use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, Severity};
use crate::engine::Engine;
use crate::error::{Fault, Result};
use crate::formats::ReadOptions;
use crate::import::{self, ImportedPaper};
use crate::library::HistoryKind;
use crate::paper::{PaperId, RawPaper};
use crate::recommend::{HistoryItem, PaperRef};

/// The contents of a history file.
pub(crate) struct HistoryFile {
    papers: Vec<ImportedPaper>,
    pub(crate) outcome: CommandOutcome,
}

/// What counts for and against papers.
#[derive(Default)]
pub(crate) struct HistorySides {
    pub(crate) liked: Vec<HistoryItem>,
    pub(crate) disliked: Vec<HistoryItem>,
}

impl HistoryFile {
    /// Reads what `profile NAME import` reads; `-` is standard input. Records that cannot be used are reported and skipped.
    pub(crate) fn read(path: &Path) -> Result<HistoryFile> {
        let options = ReadOptions::default();
        let read = match path.as_os_str() == "-" {
            true => import::read_stream(io::stdin(), "-", &options)?,
            false => import::read(path, &options)?,
        };
        read.errors.iter().for_each(output::reject);
        output::warn_of_dropped(&read.dropped, &path.display().to_string());
        let outcome = CommandOutcome::complete_if(read.errors.is_empty());
        Ok(HistoryFile { papers: read.papers, outcome })
    }

    /// What its papers count for and against. A paper that the library does not have counts by its text.
    pub(crate) fn sides(self, engine: &Engine) -> Result<HistorySides> {
        let mut sides = HistorySides::default();
        for ImportedPaper { reference, kind, weight, interest } in self.papers {
            let side = match kind {
                Some(HistoryKind::Dislike) => &mut sides.disliked,
                Some(HistoryKind::Hide) => continue,
                Some(HistoryKind::Read | HistoryKind::Like | HistoryKind::Save) | None => &mut sides.liked,
            };
            let paper = paper_ref(engine, reference.raw_paper)?;
            side.push(HistoryItem { paper, weight: weight.unwrap_or(1.0), at: reference.added, interest });
        }
        Ok(sides)
    }
}

/// The paper of the library with this id or title, or else the text.
fn paper_ref(engine: &Engine, RawPaper { id, title, abstract_text, .. }: RawPaper) -> Result<PaperRef> {
    let id = id.and_then(|id| PaperId::parse(&id).ok());
    let name = id.as_ref().map_or(title.as_str(), PaperId::as_str);
    match (engine.find(name), id) {
        (Ok(stored), _) => Ok(PaperRef::Id(stored.paper.id)),
        (Err(error), _) if error.fault() != Fault::Missing => Err(error),
        (Err(_), Some(id)) if title.is_empty() => Ok(PaperRef::Id(id)),
        (Err(_), _) => {
            if abstract_text.is_empty() {
                let message = format!("not in the library: `{title}`: compared by these words alone");
                output::diagnostic(Severity::Warning, &message);
            }
            Ok(PaperRef::Inline { title, abstract_text })
        }
    }
}

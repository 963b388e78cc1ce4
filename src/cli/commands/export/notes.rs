//! `paperkin export --one-file-per-paper`: a directory of notes.

use std::collections::HashMap;
use std::path::Path;

use crate::cli::output::{self, CommandProgress};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::formats::{NoteLink, note, note_name};
use crate::paper::{Paper, PaperId};
use crate::present::counted;
use crate::recommend::{Recommendation, RelevanceWord, Request};

/// Similar papers that a note links to.
const SIMILAR_PAPERS: usize = 5;

/// Writes a note for each paper. A note that is there stays as it is, because its reader may have written in it.
///
/// # Errors
/// [`Error::Io`] when the directory cannot be written to; notes that were written stay.
pub(super) fn write(engine: &Engine, directory: &Path, papers: &[Paper]) -> Result<()> {
    std::fs::create_dir_all(directory).map_err(Error::io(directory, "create the directory"))?;
    let names: HashMap<&PaperId, String> = papers.iter().map(|paper| (&paper.id, note_name(&paper.id))).collect();
    let progress = CommandProgress::of_count("notes", papers.len());
    let (mut written, mut kept) = (0, 0);
    for paper in papers {
        progress.advance(1);
        let path = directory.join(format!("{}.md", names[&paper.id]));
        if path.symlink_metadata().is_ok() {
            kept += 1;
            continue;
        }
        let similar = similar_papers(engine, &paper.id)?;
        let link = |result: &'_ Recommendation| names.get(&result.paper.id).cloned();
        let links = similar.iter().map(|result| NoteLink { paper: &result.paper, note: link(result) });
        let text = note(paper, &links.collect::<Vec<NoteLink<'_>>>());
        file::replace(&path, FileAccess::Shared, |file| {
            std::io::Write::write_all(file, text.as_bytes()).map_err(Error::io(&path, "write"))
        })?;
        written += 1;
    }
    progress.finish();
    let already = if kept > 0 { format!(", {kept} were there and stay as they are") } else { String::new() };
    output::print(|out| writeln!(out, "{}: {} written{already}", directory.display(), counted(written, "note")))
}

/// Papers that are related at least; none for a paper that is not in the library.
fn similar_papers(engine: &Engine, id: &PaperId) -> Result<Vec<Recommendation>> {
    if engine.paper(id)?.is_none() {
        return Ok(Vec::new());
    }
    let request = Request::like(id.clone()).limit(SIMILAR_PAPERS).min_relevance(RelevanceWord::Related);
    let answer = engine.recommend(&request)?;
    Ok(if answer.nothing_close { Vec::new() } else { answer.results })
}

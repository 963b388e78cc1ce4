//! The papers and vectors of a similarity report.

use super::SearchContext;
use crate::error::Result;
use crate::library::{Library, PaperFilter, StoredPaper};
use crate::paper::{Paper, PaperId};
use crate::report::{Collection, CollectionSource, PhaseProgress, ReportObserver, ReportPhase};
use crate::vector::Embedding;

/// Papers of a library.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PaperSelection {
    /// Those that pass; the default lets all pass.
    pub filter: PaperFilter,
    /// Only these; `None` for all.
    pub ids: Option<Vec<PaperId>>,
    /// What a report of them is called.
    pub title: String,
}

/// Reads selected papers with their embeddings.
///
/// # Errors
/// When the library's file cannot be read.
pub(crate) fn collection(
    context: SearchContext<'_>,
    selection: &PaperSelection,
    observer: ReportObserver<'_>,
) -> Result<Collection> {
    let library = context.library;
    context.retry_without_corrupt_file(|| {
        library.read_transaction(|| {
            let snapshot = context.snapshot(1)?;
            let source = CollectionSource {
                model: library.model()?.map(|model| model.label()).unwrap_or_default(),
                generation: snapshot.generation.generation,
                title: selection.title.clone(),
            };
            let keys = selected_keys(library, selection)?;
            let count = keys.as_ref().map_or(library.summary()?.papers as usize, Vec::len);
            let progress = PhaseProgress::start(ReportPhase::Reading, count, observer);
            let mut papers: Vec<(Paper, Option<Embedding>)> = Vec::with_capacity(count);
            let mut add = |StoredPaper { key, paper }: StoredPaper| {
                let embedding = snapshot.row(key).map(|row| snapshot.embedding(row)).transpose()?;
                papers.push((paper, embedding));
                progress.advance(1);
                Ok(())
            };
            match keys {
                Some(keys) => keys.into_iter().try_for_each(|key| add(library.paper_at(key)?))?,
                None => library.for_each_paper(&mut add)?,
            }
            Ok(Collection::new(source, papers))
        })
    })
}

/// The keys of selected papers, ascending; `None` for all papers.
fn selected_keys(library: &Library, selection: &PaperSelection) -> Result<Option<Vec<i64>>> {
    let passing = library.matching_keys(&selection.filter)?;
    let Some(ids) = &selection.ids else { return Ok(passing) };
    let mut keys = Vec::new();
    for id in ids {
        keys.extend(library.paper(id)?.map(|stored| stored.key));
    }
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| passing.as_ref().is_none_or(|passing| passing.binary_search(key).is_ok()));
    Ok(Some(keys))
}

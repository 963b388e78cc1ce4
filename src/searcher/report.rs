//! The papers and vectors of a similarity report.

use super::SearchContext;
use crate::error::Result;
use crate::library::PaperFilter;
use crate::paper::PaperId;
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
            let keys = selected_keys(context, selection)?;
            let progress = PhaseProgress::start(ReportPhase::Reading, keys.len(), observer);
            let paper = |key: i64| {
                let paper = library.paper_at(key)?.paper;
                let embedding: Option<Embedding> = snapshot.row(key).map(|row| snapshot.embedding(row)).transpose()?;
                progress.advance(1);
                Ok((paper, embedding))
            };
            let papers = keys.into_iter().map(paper).collect::<Result<Vec<_>>>()?;
            Ok(Collection::new(source, papers))
        })
    })
}

fn selected_keys(context: SearchContext<'_>, selection: &PaperSelection) -> Result<Vec<i64>> {
    let library = context.library;
    let passing = library.matching_keys(&selection.filter)?;
    let Some(ids) = &selection.ids else {
        return match passing {
            Some(keys) => Ok(keys),
            None => library.all_keys(),
        };
    };
    let mut keys = Vec::new();
    for id in ids {
        keys.extend(library.paper(id)?.map(|stored| stored.key));
    }
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| passing.as_ref().is_none_or(|passing| passing.binary_search(key).is_ok()));
    Ok(keys)
}

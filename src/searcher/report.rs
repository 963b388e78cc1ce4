//! The papers and vectors of a similarity report.

use std::collections::HashSet;

use super::SearchContext;
use crate::error::Result;
use crate::library::{Library, PaperFilter, StoredPaper};
use crate::paper::PaperId;
use crate::report::{
    Collection, CollectionBuilder, CollectionFilter, CollectionSource, PhaseProgress, ReportObserver, ReportPhase,
};
use crate::vector::RowId;

/// The title of a report of a whole library.
const ALL_PAPERS: &str = "All papers";

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

impl PaperSelection {
    /// The papers that pass a filter, with a title that says which they are.
    ///
    /// ```
    /// use paperkin::engine::PaperSelection;
    /// use paperkin::library::PaperFilter;
    /// use paperkin::PaperId;
    ///
    /// let filter = PaperFilter { categories: vec!["cs.CL".to_owned()], ..PaperFilter::default() };
    /// let selection = PaperSelection::new(filter).within(vec![PaperId::parse("2401.00001").unwrap()], "of my list");
    /// assert_eq!(selection.title, "Papers of cs.CL, of my list");
    /// assert_eq!(PaperSelection::new(PaperFilter::default()).title, "All papers");
    /// ```
    pub fn new(filter: PaperFilter) -> PaperSelection {
        let PaperFilter { published_after, published_before, categories, sources, .. } = &filter;
        let described = [
            published_after.map(|day| format!("published on or after {day}")),
            published_before.map(|day| format!("published on or before {day}")),
            (!categories.is_empty()).then(|| format!("of {}", categories.join(", "))),
            (!sources.is_empty()).then(|| format!("from {}", sources.join(", "))),
        ];
        let selection = PaperSelection { ids: None, title: ALL_PAPERS.to_owned(), filter: filter.clone() };
        described.into_iter().flatten().fold(selection, |selection, part| selection.described(&part))
    }

    /// Those of the papers that have one of these ids; `description` says what these are.
    pub fn within(mut self, ids: Vec<PaperId>, description: &str) -> PaperSelection {
        self.ids = Some(match self.ids {
            Some(others) => {
                let ids: HashSet<PaperId> = ids.into_iter().collect();
                others.into_iter().filter(|id| ids.contains(id)).collect()
            }
            None => ids,
        });
        self.described(description)
    }

    fn described(mut self, part: &str) -> PaperSelection {
        self.title = match self.title.as_str() {
            ALL_PAPERS => format!("Papers {part}"),
            title => format!("{title}, {part}"),
        };
        self
    }
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
                filter: CollectionFilter {
                    after: selection.filter.published_after,
                    before: selection.filter.published_before,
                    categories: selection.filter.categories.clone(),
                    sources: selection.filter.sources.clone(),
                    ids: selection.ids.as_ref().map(Vec::len),
                },
            };
            let keys = selected_keys(library, selection)?;
            let count = match &keys {
                Some(keys) => keys.len(),
                None => library.paper_count()? as usize,
            };
            let rows = keys.as_ref().map_or_else(|| snapshot.all().clone(), |keys| snapshot.row_set(keys));
            snapshot.load(&rows.iter().collect::<Vec<RowId>>())?;
            let progress = PhaseProgress::start(ReportPhase::Reading, count, observer);
            let mut papers = CollectionBuilder::new(source, count);
            let mut add = |StoredPaper { key, paper }: StoredPaper| {
                let embedding = snapshot.row(key).map(|row| snapshot.embedding(row)).transpose()?;
                papers.push(paper, embedding);
                progress.advance(1);
                Ok(())
            };
            match keys {
                Some(keys) => library.for_each_paper_at(&keys, &mut add)?,
                None => library.for_each_paper(&mut add)?,
            }
            Ok(papers.finish())
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

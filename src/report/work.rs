//! The work on a report: what can be stopped and gone on with, what is done side by side, and how long it takes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use super::files::SavedWork;
use super::groups::GroupLevels;
use super::layout::MapState;
use super::saved_work::{PhaseWatcher, WorkStore};
use super::{
    ComparisonMethod, DuplicateGroup, MapPlace, PhaseProgress, ReportObserver, ReportOptions, ReportPart, ReportPhase,
    StoredReport, duplicates, labels, layout,
};
use crate::cancellation::Cancellation;
use crate::error::{Error, Result};
use crate::index::{ApproximateNeighbors, NeighborLists, PairState, approximate_nearest, continue_all_nearest};
use crate::paper::Paper;
use crate::vector::EmbeddingMatrix;

/// The phases that take long: they can be stopped, and gone on with.
pub(super) struct ReportWork<'a> {
    pub(super) store: Option<WorkStore<'a>>,
    pub(super) cancellation: Option<&'a Cancellation>,
}

impl ReportWork<'_> {
    pub(super) fn unless_canceled<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        self.cancellation.map_or(Ok(()), Cancellation::check)?;
        Ok(work())
    }

    pub(super) fn neighbors(
        &self,
        vectors: &EmbeddingMatrix,
        k: usize,
        exact: bool,
        progress: &PhaseProgress<'_>,
    ) -> Result<(NeighborLists, ComparisonMethod)> {
        let watcher = PhaseWatcher {
            progress,
            cancellation: self.cancellation,
            store: self.store.as_ref(),
            name: SavedWork::Pairs,
            to_bytes: PairState::to_bytes,
        };
        if !exact {
            let found = approximate_nearest(vectors, k, &watcher).ok_or(Error::Canceled)?;
            let ApproximateNeighbors { lists, recall, audited } = found;
            return Ok((lists, ComparisonMethod { exact: false, recall, audited }));
        }
        let saved = self.store.as_ref().and_then(|store| store.saved(SavedWork::Pairs));
        let state = saved.and_then(|bytes| PairState::from_bytes(&bytes));
        let lists = continue_all_nearest(vectors, k, state, &watcher).ok_or(Error::Canceled)?;
        Ok((lists, ComparisonMethod { exact: true, recall: 1.0, audited: 0 }))
    }

    pub(super) fn map(
        &self,
        lists: &NeighborLists,
        vectors: &EmbeddingMatrix,
        progress: &PhaseProgress<'_>,
    ) -> Result<Vec<MapPlace>> {
        let watcher = PhaseWatcher {
            progress,
            cancellation: self.cancellation,
            store: self.store.as_ref(),
            name: SavedWork::Map,
            to_bytes: MapState::to_bytes,
        };
        let saved = self.store.as_ref().and_then(|store| store.saved(SavedWork::Map));
        let state = saved.and_then(|bytes| MapState::from_bytes(&bytes));
        layout::map_places(lists, vectors, state, &watcher).ok_or(Error::Canceled)
    }
}

/// What needs no map.
pub(super) struct Grouping {
    pub(super) duplicates: Vec<DuplicateGroup>,
    pub(super) levels: GroupLevels,
    /// The labels of each group of each level.
    pub(super) labels: Vec<Vec<Vec<String>>>,
}

impl Grouping {
    /// Finds it. The progress that people see is that of the map.
    pub(super) fn new(
        papers: &[Paper],
        vectors: &EmbeddingMatrix,
        lists: &NeighborLists,
        base: Option<&StoredReport>,
        options: &ReportOptions,
        work: &ReportWork<'_>,
        times: &PhaseTimes,
    ) -> Result<Grouping> {
        let duplicates = match options.has(ReportPart::Duplicates) {
            true => times.time(ReportPhase::Duplicates, 1, &|_| {}, |_| {
                work.unless_canceled(|| duplicates::duplicate_groups(papers, lists, options.threshold))
            })?,
            false => Vec::new(),
        };
        if !options.has(ReportPart::Groups) {
            return Ok(Grouping { duplicates, levels: GroupLevels::default(), labels: Vec::new() });
        }
        let levels = times.time(ReportPhase::Grouping, 1, &|_| {}, |_| {
            work.unless_canceled(|| match base {
                Some(base) => base.groups(papers, vectors, lists),
                None => Some(GroupLevels::find(lists)),
            })
        })?;
        let levels = levels.ok_or_else(|| bad_base("it has none of these papers"))?;
        let labels = times.time(ReportPhase::Labeling, 1, &|_| {}, |_| {
            work.unless_canceled(|| match base {
                Some(base) => base.labels(levels.levels()),
                None => labels::group_labels(papers, levels.levels()),
            })
        })?;
        Ok(Grouping { duplicates, levels, labels })
    }
}

/// How long phases take; some are done beside others.
#[derive(Default)]
pub(super) struct PhaseTimes(Mutex<BTreeMap<&'static str, f64>>);

impl PhaseTimes {
    pub(super) fn time<T>(
        &self,
        phase: ReportPhase,
        steps: usize,
        observer: ReportObserver<'_>,
        work: impl FnOnce(&PhaseProgress<'_>) -> T,
    ) -> T {
        let start = Instant::now();
        let progress = PhaseProgress::start(phase, steps, observer);
        let result = work(&progress);
        let mut seconds = self.0.lock().expect("no thread panicked");
        *seconds.entry(phase.name()).or_default() += start.elapsed().as_secs_f64();
        result
    }

    pub(super) fn seconds(self) -> BTreeMap<&'static str, f64> {
        self.0.into_inner().expect("no thread panicked")
    }
}

pub(super) fn bad_base(reason: &str) -> Error {
    Error::BadRequest { field: "base", reason: format!("the earlier report cannot be gone on from: {reason}") }
}

//! The similarity report: what is in a collection of papers.
//!
//! A [`Collection`] is papers with their embeddings, in canonical order: whatever order they were added in, the report is
//! the same, to the byte. [`Report::new`] compares every paper with every other, and derives everything else from the
//! neighbor lists: [duplicates](DuplicateGroup), [groups](PaperGroup) with labels and [trends](Trend), and the map.
//! [`Report::write`] writes the files that `docs/report.md` describes.

mod base;
mod collection;
mod coverage;
mod duplicates;
mod files;
mod findings;
mod groups;
mod labels;
mod layout;
mod options;
mod phrases;
mod saved_work;
mod stored;
mod summary;
mod text_hash;
mod trends;

pub(crate) use collection::CollectionBuilder;
pub use collection::{Collection, CollectionFilter, CollectionSource};
pub use coverage::{Coverage, CoverageState, CoveredGroup, CoveredPaper};
pub use duplicates::{DuplicateGroup, DuplicatePair, DuplicateReason};
pub use files::ReportDirectory;
pub use layout::MapPlace;
pub(crate) use options::PhaseProgress;
pub use options::{ReportObserver, ReportOptions, ReportPart, ReportPhase, ReportProgress};
pub use stored::{GroupedPaper, StoredGroup, StoredReport};
pub use summary::{PaperGroup, PaperPlace, ReportLevel};
pub use trends::{Month, Trend};

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::index::{ApproximateNeighbors, NeighborLists, PairState, approximate_nearest, continue_all_nearest};
use crate::kernels::Cpu;
use crate::paper::Paper;
use crate::vector::EmbeddingMatrix;
use files::SavedWork;
use groups::{GRAPH_NEIGHBORS, GroupLevels};
use layout::MapState;
use saved_work::{PhaseWatcher, WorkStore};

/// What a collection of papers contains.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What it was made from.
    pub manifest: ReportManifest,
    /// The papers in canonical order; those without an embedding come last, and everything below leaves them out.
    pub papers: Vec<Paper>,
    /// The embeddings of the papers that have one, in the order of `papers`; empty unless they are a part of the report.
    pub vectors: EmbeddingMatrix,
    /// The nearest neighbors of each paper, as indices into `papers`: at least 15, for groups and map.
    pub neighbors: NeighborLists,
    /// Papers that are the same work, or nearly, the largest groups first.
    pub duplicates: Vec<DuplicateGroup>,
    /// Groups at each level, coarsest first.
    pub levels: Vec<ReportLevel>,
    /// How each paper is placed: in groups and on the map.
    pub places: Vec<PaperPlace>,
    /// The months from the first paper to the last; empty without dates or without trends.
    pub months: Vec<Month>,
    /// Papers of each month.
    pub by_month: Vec<u32>,
    /// Papers far from all others, the farthest first.
    pub outliers: Vec<u32>,
    /// Papers least like what was published before them, the most novel first; outliers are left out.
    pub novel: Vec<u32>,
    /// The papers beside another collection; `None` if there was none to compare with.
    pub coverage: Option<Coverage>,
    /// The findings in words, a sentence each.
    pub findings: Vec<String>,
}

/// What a report was made from, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReportManifest {
    /// The program's version.
    pub paperkin: &'static str,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The generation of the library.
    pub generation: u64,
    /// What the report is called: which papers it is of.
    pub title: String,
    /// Which papers of the library it is of.
    pub filter: CollectionFilter,
    /// How many papers there are.
    pub papers: usize,
    /// How many of them have no embedding.
    pub without_embedding: usize,
    /// How many of them an earlier report does not have; `None` without one.
    pub new_papers: Option<usize>,
    /// Its parts.
    pub parts: Vec<&'static str>,
    /// How many neighbors each paper has, at most.
    pub neighbors: usize,
    /// The cosine from which on two papers are duplicates for their embeddings alone.
    pub threshold: f32,
    /// How the neighbors were found.
    pub comparison: ComparisonMethod,
    /// The seeds of random numbers.
    pub seeds: ReportSeeds,
    /// Groups at each level, coarsest first.
    pub groups: Vec<usize>,
    /// Groups of duplicates.
    pub duplicates: usize,
    /// Seconds of each phase: the one thing that is not the same each time.
    pub seconds: BTreeMap<&'static str, f64>,
}

/// How neighbors were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ComparisonMethod {
    /// Whether all pairs were compared, so that all neighbors are the nearest. Else an HNSW graph was used.
    pub exact: bool,
    /// The share of the nearest neighbors that were found, in a sample of the lists.
    pub recall: f32,
    /// The size of the sample; 0 when all pairs were compared.
    pub audited: usize,
}

/// The seeds of a report's random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReportSeeds {
    /// Of the Leiden algorithm.
    pub groups: u64,
    /// Of the map.
    pub map: u64,
}

impl Default for ReportSeeds {
    fn default() -> ReportSeeds {
        ReportSeeds { groups: groups::SEED, map: layout::SEED }
    }
}

/// What a report is made with, besides its papers.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReportContext<'a> {
    /// Another collection that the papers are compared with: see [`Coverage`].
    pub against: Option<&'a Collection>,
    /// An earlier report, whose groups keep their numbers and names, and whose papers keep their groups and places.
    pub base: Option<&'a StoredReport>,
    /// Where work is saved from time to time, and found again: the directory in which the report will be written.
    pub directory: Option<&'a ReportDirectory>,
    /// Set to true by somebody else, it stops the work.
    pub cancelled: Option<&'a AtomicBool>,
}

impl Report {
    /// Makes a report.
    ///
    /// ```
    /// use paperkin::engine::{Engine, EngineOptions, LibraryLocation, PaperSelection};
    /// use paperkin::report::{Report, ReportOptions};
    ///
    /// let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let papers = engine.collection(&PaperSelection::default(), &|_| {}).unwrap();
    /// let report = Report::new(papers, &ReportOptions::default(), &|_| {});
    /// assert_eq!(report.findings, ["0 papers."]);
    /// ```
    pub fn new(collection: Collection, options: &ReportOptions, observer: ReportObserver<'_>) -> Report {
        let report = Report::with(collection, ReportContext::default(), options, observer);
        report.expect("without a context nothing can go wrong")
    }

    /// Makes a report with a context.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when an earlier report is of another model, or of other papers; [`Error::Cancelled`].
    ///
    /// # Panics
    /// If the other collection has embeddings of another dimension.
    pub fn with(
        collection: Collection,
        context: ReportContext<'_>,
        options: &ReportOptions,
        observer: ReportObserver<'_>,
    ) -> Result<Report> {
        let ReportContext { against, base, directory, cancelled } = context;
        let Collection { papers, vectors, source } = collection;
        if base.is_some_and(|base| base.model != source.model) {
            return Err(bad_base("it was made with another model"));
        }
        let embedded = &papers[..vectors.len()];
        let k = options.neighbors.max(GRAPH_NEIGHBORS).min(embedded.len().saturating_sub(1));
        let comparison = if embedded.len() > options.exact_limit { "graph" } else { "exact" };
        let parameters = format!("{} {} {comparison} {k}", env!("CARGO_PKG_VERSION"), Cpu::detect());
        let store = directory.map(|directory| WorkStore::new(directory, &vectors, &parameters));
        let work = ReportWork { store, cancelled };
        let times = PhaseTimes::default();

        let (lists, comparison) = times.time(ReportPhase::Comparing, vectors.len(), observer, |progress| {
            work.neighbors(&vectors, k, comparison == "exact", progress)
        })?;
        let coverage = against.map(|other| {
            times.time(ReportPhase::Comparing, 1, observer, |_| {
                work.unless_cancelled(|| coverage::coverage(embedded, &vectors, other, options.threshold))
            })
        });
        let keeps_map = base.is_some_and(StoredReport::has_map);
        let (map, grouping) = rayon::join(
            // The layout has one thread, and takes as long as the rest has to do.
            || match options.has(ReportPart::Map) && !keeps_map {
                true => times
                    .time(ReportPhase::Mapping, layout::EPOCHS, observer, |progress| {
                        work.map(&lists, &vectors, progress)
                    })
                    .map(Some),
                false => Ok(None),
            },
            || Grouping::new(embedded, &vectors, &lists, base, options, &work, &times),
        );
        let (map, Grouping { duplicates, levels, labels }) = (map?, grouping?);
        let map = match base.filter(|_| options.has(ReportPart::Map) && keeps_map) {
            Some(base) => Some(base.places(embedded, &levels, &lists)),
            None => map,
        };
        let mut report = times.time(ReportPhase::Summarizing, 1, observer, |_| {
            work.unless_cancelled(|| {
                let found = Found { lists: &lists, levels: &levels, labels, map: map.as_deref(), base };
                summary::summarize(embedded, &vectors, found, options)
            })
        })?;
        report.duplicates = duplicates;
        report.coverage = coverage.transpose()?;
        report.manifest = ReportManifest {
            paperkin: env!("CARGO_PKG_VERSION"),
            model: source.model,
            generation: source.generation,
            title: source.title,
            filter: source.filter,
            papers: papers.len(),
            without_embedding: papers.len() - embedded.len(),
            new_papers: base.map(|base| papers.iter().filter(|paper| !base.has(paper)).count()),
            parts: ReportPart::ALL.into_iter().filter(|part| options.has(*part)).map(ReportPart::name).collect(),
            neighbors: options.neighbors,
            threshold: options.threshold,
            comparison,
            seeds: ReportSeeds::default(),
            groups: report.levels.iter().map(|level| level.groups.len()).collect(),
            duplicates: report.duplicates.len(),
            seconds: times.seconds(),
        };
        report.papers = papers;
        report.vectors = if options.has(ReportPart::Embeddings) { vectors } else { EmbeddingMatrix::default() };
        report.neighbors = lists;
        report.findings = findings::findings(&report);
        Ok(report)
    }

    /// The papers that have an embedding.
    pub fn embedded_papers(&self) -> &[Paper] {
        &self.papers[..self.places.len()]
    }
}

/// What a summary is made from.
struct Found<'a> {
    lists: &'a NeighborLists,
    levels: &'a GroupLevels,
    /// The labels of each group of each level.
    labels: Vec<Vec<Vec<String>>>,
    map: Option<&'a [MapPlace]>,
    base: Option<&'a StoredReport>,
}

/// The phases that take long: they can be stopped, and gone on with.
struct ReportWork<'a> {
    store: Option<WorkStore<'a>>,
    cancelled: Option<&'a AtomicBool>,
}

impl ReportWork<'_> {
    fn unless_cancelled<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        match self.cancelled.is_some_and(|cancelled| cancelled.load(Ordering::Relaxed)) {
            true => Err(Error::Cancelled),
            false => Ok(work()),
        }
    }

    fn neighbors(
        &self,
        vectors: &EmbeddingMatrix,
        k: usize,
        exact: bool,
        progress: &PhaseProgress<'_>,
    ) -> Result<(NeighborLists, ComparisonMethod)> {
        let watcher = PhaseWatcher {
            progress,
            cancelled: self.cancelled,
            store: self.store.as_ref(),
            name: SavedWork::Pairs,
            to_bytes: PairState::to_bytes,
        };
        if !exact {
            let found = approximate_nearest(vectors, k, &watcher).ok_or(Error::Cancelled)?;
            let ApproximateNeighbors { lists, recall, audited } = found;
            return Ok((lists, ComparisonMethod { exact: false, recall, audited }));
        }
        let saved = self.store.as_ref().and_then(|store| store.saved(SavedWork::Pairs));
        let state = saved.and_then(|bytes| PairState::from_bytes(&bytes));
        let lists = continue_all_nearest(vectors, k, state, &watcher).ok_or(Error::Cancelled)?;
        Ok((lists, ComparisonMethod { exact: true, recall: 1.0, audited: 0 }))
    }

    fn map(
        &self,
        lists: &NeighborLists,
        vectors: &EmbeddingMatrix,
        progress: &PhaseProgress<'_>,
    ) -> Result<Vec<MapPlace>> {
        let watcher = PhaseWatcher {
            progress,
            cancelled: self.cancelled,
            store: self.store.as_ref(),
            name: SavedWork::Map,
            to_bytes: MapState::to_bytes,
        };
        let saved = self.store.as_ref().and_then(|store| store.saved(SavedWork::Map));
        let state = saved.and_then(|bytes| MapState::from_bytes(&bytes));
        layout::map_places(lists, vectors, state, &watcher).ok_or(Error::Cancelled)
    }
}

/// What needs no map.
struct Grouping {
    duplicates: Vec<DuplicateGroup>,
    levels: GroupLevels,
    labels: Vec<Vec<Vec<String>>>,
}

impl Grouping {
    /// Finds it. The progress that people see is that of the map.
    fn new(
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
                work.unless_cancelled(|| duplicates::duplicate_groups(papers, lists, options.threshold))
            })?,
            false => Vec::new(),
        };
        if !options.has(ReportPart::Groups) {
            return Ok(Grouping { duplicates, levels: GroupLevels::default(), labels: Vec::new() });
        }
        let levels = times.time(ReportPhase::Grouping, 1, &|_| {}, |_| {
            work.unless_cancelled(|| match base {
                Some(base) => base.groups(papers, vectors, lists),
                None => Some(GroupLevels::find(lists)),
            })
        })?;
        let levels = levels.ok_or_else(|| bad_base("it has none of these papers"))?;
        let labels = times.time(ReportPhase::Labeling, 1, &|_| {}, |_| {
            work.unless_cancelled(|| match base {
                Some(base) => base.labels(levels.levels()),
                None => labels::group_labels(papers, levels.levels()),
            })
        })?;
        Ok(Grouping { duplicates, levels, labels })
    }
}

/// How long phases take; some are done beside others.
#[derive(Default)]
struct PhaseTimes(Mutex<BTreeMap<&'static str, f64>>);

impl PhaseTimes {
    fn time<T>(
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

    fn seconds(self) -> BTreeMap<&'static str, f64> {
        self.0.into_inner().expect("no thread panicked")
    }
}

fn bad_base(reason: &str) -> Error {
    Error::BadRequest { field: "base", reason: format!("the earlier report cannot be gone on from: {reason}") }
}

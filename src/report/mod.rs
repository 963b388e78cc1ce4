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
mod manifest;
mod options;
mod phrases;
mod saved_work;
mod stored;
mod summary;
mod text_hash;
mod trends;
mod work;

pub(crate) use collection::CollectionBuilder;
pub use collection::{Collection, CollectionFilter, CollectionSource};
pub use coverage::{Coverage, CoverageState, CoveredGroup, CoveredPaper};
pub use duplicates::{DuplicateGroup, DuplicatePair, DuplicateReason};
pub use files::ReportDirectory;
pub use layout::MapPlace;
pub use manifest::{ComparisonMethod, ReportManifest, ReportSeeds};
pub(crate) use options::PhaseProgress;
pub use options::{ReportObserver, ReportOptions, ReportPart, ReportPhase, ReportProgress};
pub use stored::{GroupedPaper, StoredGroup, StoredManifest, StoredReport};
pub use summary::{PaperGroup, PaperPlace, ReportLevel};
pub use trends::{Month, Trend};

use crate::cancellation::Cancellation;
use crate::error::Result;
use crate::index::NeighborLists;
use crate::kernels::Cpu;
use crate::paper::Paper;
use crate::vector::EmbeddingMatrix;
use groups::{GRAPH_NEIGHBORS, GroupLevels};
use saved_work::WorkStore;
use work::{Grouping, PhaseTimes, ReportWork, bad_base};

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

/// What a report is made with, besides its papers.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReportContext<'a> {
    /// Another collection that the papers are compared with: see [`Coverage`].
    pub against: Option<&'a Collection>,
    /// An earlier report, whose groups keep their numbers and names, and whose papers keep their groups and places.
    pub base: Option<&'a StoredReport>,
    /// Where work is saved from time to time, and found again: the directory in which the report will be written.
    pub directory: Option<&'a ReportDirectory>,
    /// Stops the work.
    pub cancellation: Option<&'a Cancellation>,
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
    /// [`BadRequest`](crate::error::Error::BadRequest) when an earlier report is of another model, or of other papers;
    /// [`Canceled`](crate::error::Error::Canceled).
    ///
    /// # Panics
    /// If the other collection has embeddings of another dimension.
    pub fn with(
        collection: Collection,
        context: ReportContext<'_>,
        options: &ReportOptions,
        observer: ReportObserver<'_>,
    ) -> Result<Report> {
        let ReportContext { against, base, directory, cancellation } = context;
        let Collection { papers, vectors, source } = collection;
        if base.is_some_and(|base| base.model != source.model) {
            return Err(bad_base("it was made with another model"));
        }
        let embedded = &papers[..vectors.len()];
        let k = options.neighbors.max(GRAPH_NEIGHBORS).min(embedded.len().saturating_sub(1));
        let is_exact = embedded.len() <= options.exact_limit;
        let parameters = format!("{} {} {is_exact} {k}", env!("CARGO_PKG_VERSION"), Cpu::detect());
        let store = directory.map(|directory| WorkStore::new(directory, &vectors, &parameters));
        let work = ReportWork { store, cancellation };
        let times = PhaseTimes::default();

        let (lists, comparison) = times.time(ReportPhase::Comparing, vectors.len(), observer, |progress| {
            work.neighbors(&vectors, k, is_exact, progress)
        })?;
        let coverage = against.map(|other| {
            times.time(ReportPhase::Comparing, 1, observer, |_| {
                work.unless_canceled(|| coverage::coverage(embedded, &vectors, other, options.threshold))
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
            work.unless_canceled(|| {
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
            parts: ReportPart::ALL.into_iter().filter(|part| options.has(*part)).collect(),
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

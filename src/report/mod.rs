//! The similarity report: what is in a collection of papers.
//!
//! A [`Collection`] is papers with their embeddings, in canonical order: whatever order they were added in, the report is
//! the same, to the byte. [`Report::new`] compares every paper with every other, and derives everything else from the
//! neighbor lists: [duplicates](DuplicateGroup), [groups](PaperGroup) with labels and [trends](Trend), and the map.
//! [`Report::write`] writes the files that `docs/report.md` describes.

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
mod summary;
mod text_hash;
mod trends;

pub use collection::{Collection, CollectionSource};
pub use coverage::{Coverage, CoverageState, CoveredGroup, CoveredPaper};
pub use duplicates::{DuplicateGroup, DuplicatePair, DuplicateReason};
pub use files::check_directory;
pub use layout::MapPlace;
pub(crate) use options::PhaseProgress;
pub use options::{ReportObserver, ReportOptions, ReportPart, ReportPhase, ReportProgress};
pub use summary::{PaperGroup, PaperPlace, ReportLevel};
pub use trends::{Month, Trend};

use serde::Serialize;

use crate::index::{NeighborLists, all_nearest};
use crate::paper::Paper;
use groups::{GRAPH_NEIGHBORS, GroupLevels};

/// What a collection of papers contains.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What it was made from.
    pub manifest: ReportManifest,
    /// The papers in canonical order; those without an embedding come last, and everything below leaves them out.
    pub papers: Vec<Paper>,
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
    /// How many papers there are.
    pub papers: usize,
    /// How many of them have no embedding.
    pub without_embedding: usize,
    /// Its parts.
    pub parts: Vec<&'static str>,
    /// How many neighbors each paper has, at most.
    pub neighbors: usize,
    /// The cosine from which on two papers are duplicates for their embeddings alone.
    pub threshold: f32,
    /// Groups at each level, coarsest first.
    pub groups: Vec<usize>,
    /// Groups of duplicates.
    pub duplicates: usize,
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
        Report::make(collection, None, options, observer)
    }

    /// Makes a report that also compares the papers with another collection: see [`Coverage`].
    ///
    /// # Panics
    /// If the embeddings of the two have different dimensions.
    pub fn against(
        collection: Collection,
        other: &Collection,
        options: &ReportOptions,
        observer: ReportObserver<'_>,
    ) -> Report {
        Report::make(collection, Some(other), options, observer)
    }

    fn make(
        collection: Collection,
        other: Option<&Collection>,
        options: &ReportOptions,
        observer: ReportObserver<'_>,
    ) -> Report {
        let Collection { papers, vectors, source } = collection;
        let embedded = &papers[..vectors.len()];
        let k = options.neighbors.max(GRAPH_NEIGHBORS).min(embedded.len().saturating_sub(1));
        let start = |phase, steps| PhaseProgress::start(phase, steps, observer);
        let comparing = start(ReportPhase::Comparing, vectors.len());
        let lists = all_nearest(&vectors, k, &|papers| comparing.advance(papers));
        drop(comparing);
        let duplicates = options.has(ReportPart::Duplicates).then(|| {
            let _progress = start(ReportPhase::Duplicates, 1);
            duplicates::duplicate_groups(embedded, &lists, options.threshold)
        });
        let coverage = other.map(|other| {
            let _progress = start(ReportPhase::Comparing, 1);
            coverage::coverage(embedded, &vectors, other, options.threshold)
        });
        let map = options.has(ReportPart::Map).then(|| {
            let progress = start(ReportPhase::Mapping, layout::EPOCHS);
            layout::map_places(&lists, &vectors, &|steps| progress.advance(steps))
        });
        let grouping = start(ReportPhase::Grouping, 1);
        let levels = match options.has(ReportPart::Groups) {
            true => GroupLevels::find(&lists),
            false => GroupLevels::default(),
        };
        let mut report = summary::summarize(embedded, &vectors, &lists, &levels, map.as_deref(), options);
        drop(grouping);
        report.duplicates = duplicates.unwrap_or_default();
        report.coverage = coverage;
        report.manifest = ReportManifest {
            paperkin: env!("CARGO_PKG_VERSION"),
            model: source.model,
            generation: source.generation,
            title: source.title,
            papers: papers.len(),
            without_embedding: papers.len() - embedded.len(),
            parts: ReportPart::ALL.into_iter().filter(|part| options.has(*part)).map(ReportPart::name).collect(),
            neighbors: options.neighbors,
            threshold: options.threshold,
            groups: report.levels.iter().map(|level| level.groups.len()).collect(),
            duplicates: report.duplicates.len(),
        };
        report.papers = papers;
        report.neighbors = lists;
        report.findings = findings::findings(&report);
        report
    }

    /// The papers that have an embedding.
    pub fn embedded_papers(&self) -> &[Paper] {
        &self.papers[..self.places.len()]
    }
}

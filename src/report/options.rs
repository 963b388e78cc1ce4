//! What a report contains, and how far it is.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::string_enum::string_enum;

/// A part of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ReportPart {
    /// The nearest neighbors of every paper.
    Neighbors,
    /// Papers that are the same work, or nearly.
    Duplicates,
    /// Groups of papers on one subject, with labels.
    Groups,
    /// How groups grow and shrink from month to month.
    Trends,
    /// A place in the plane for every paper.
    Map,
    /// The beginning of every abstract, on the page.
    Abstracts,
    /// The embeddings, as a table.
    Embeddings,
}

string_enum!(ReportPart, "a part of a report", {
    Neighbors => "neighbors",
    Duplicates => "duplicates",
    Groups => "groups",
    Trends => "trends",
    Map => "map",
    Abstracts => "abstracts",
    Embeddings => "embeddings",
});

/// What a report contains.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportOptions {
    /// Its parts. Trends are those of groups, so [`ReportPart::Trends`] includes [`ReportPart::Groups`].
    pub parts: Vec<ReportPart>,
    /// Neighbors of each paper that are reported.
    pub neighbors: usize,
    /// The cosine from which on two papers are duplicates for their embeddings alone.
    pub threshold: f32,
    /// Papers up to which all pairs are compared; beyond, an HNSW graph finds most of the neighbors, in time that grows
    /// hardly faster than the number of papers.
    pub exact_limit: usize,
}

impl ReportOptions {
    /// [`exact_limit`](ReportOptions::exact_limit) unless it is set: with so many papers, both take about the same time.
    pub const EXACT_LIMIT: usize = 1_000_000;
}

impl Default for ReportOptions {
    /// All parts but the embeddings, ten neighbors, 0.95.
    fn default() -> ReportOptions {
        let parts = ReportPart::ALL.into_iter().filter(|part| *part != ReportPart::Embeddings).collect();
        ReportOptions { parts, neighbors: 10, threshold: 0.95, exact_limit: ReportOptions::EXACT_LIMIT }
    }
}

impl ReportOptions {
    /// Whether a part is wanted.
    pub fn has(&self, part: ReportPart) -> bool {
        self.parts.contains(&part) || part == ReportPart::Groups && self.parts.contains(&ReportPart::Trends)
    }
}

/// A step of making a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportPhase {
    /// Papers and vectors are read.
    Reading,
    /// Every paper is compared with every other.
    Comparing,
    /// Duplicates are looked for.
    Duplicates,
    /// Groups are formed.
    Grouping,
    /// Groups are named.
    Labeling,
    /// The map is drawn.
    Mapping,
    /// Papers are placed in groups.
    Summarizing,
    /// Files are written.
    Writing,
}

string_enum!(ReportPhase, "a phase", {
    Reading => "reading",
    Comparing => "comparing",
    Duplicates => "finding duplicates",
    Grouping => "grouping",
    Labeling => "naming groups",
    Mapping => "mapping",
    Summarizing => "summarizing",
    Writing => "writing",
});

/// How far a report is: `done` of `total` steps of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportProgress {
    /// The phase.
    pub phase: ReportPhase,
    /// Steps that are done.
    pub done: usize,
    /// All steps of the phase.
    pub total: usize,
}

/// Called as a report proceeds, from any thread.
pub type ReportObserver<'a> = &'a (dyn Fn(ReportProgress) + Sync);

/// A phase that is being done; complete when it is dropped.
pub(crate) struct PhaseProgress<'a> {
    phase: ReportPhase,
    total: usize,
    done: AtomicUsize,
    observer: ReportObserver<'a>,
}

impl<'a> PhaseProgress<'a> {
    /// Starts a phase of so many steps.
    pub(crate) fn start(phase: ReportPhase, total: usize, observer: ReportObserver<'a>) -> PhaseProgress<'a> {
        observer(ReportProgress { phase, done: 0, total });
        PhaseProgress { phase, total, done: AtomicUsize::new(0), observer }
    }

    /// So many more steps are done.
    pub(crate) fn advance(&self, steps: usize) {
        let done = self.done.fetch_add(steps, Ordering::Relaxed) + steps;
        (self.observer)(ReportProgress { phase: self.phase, done: done.min(self.total), total: self.total });
    }
}

impl Drop for PhaseProgress<'_> {
    fn drop(&mut self) {
        let PhaseProgress { phase, total, .. } = *self;
        (self.observer)(ReportProgress { phase, done: total, total });
    }
}

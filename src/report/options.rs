//! What a report contains, and how far it is.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::string_enum::string_enum;

/// A part of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
}

string_enum!(ReportPart, "a part of a report", {
    Neighbors => "neighbors",
    Duplicates => "duplicates",
    Groups => "groups",
    Trends => "trends",
    Map => "map",
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
}

impl Default for ReportOptions {
    /// All parts, ten neighbors, 0.95.
    fn default() -> ReportOptions {
        ReportOptions { parts: ReportPart::ALL.to_vec(), neighbors: 10, threshold: 0.95 }
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
    /// Groups are formed and named.
    Grouping,
    /// The map is drawn.
    Mapping,
    /// Files are written.
    Writing,
}

string_enum!(ReportPhase, "a phase", {
    Reading => "reading",
    Comparing => "comparing",
    Duplicates => "finding duplicates",
    Grouping => "grouping",
    Mapping => "mapping",
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

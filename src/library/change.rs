//! What adding records will do to a library.

use serde::Serialize;

use crate::paper::{Paper, PaperId};

/// What an addition will do to one paper.
#[derive(Debug, Clone, PartialEq)]
pub enum PaperChange {
    /// Not in the library yet: it has to be embedded.
    New(MergedPaper),
    /// Its text changed: it has to be embedded again.
    Text(MergedPaper),
    /// Only facts changed, such as votes.
    Metadata(MergedPaper),
    /// As it was: the paper of this id.
    Unchanged(PaperId),
}

/// How many papers an addition changed, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ChangeCounts {
    /// Papers that were not there before.
    pub new: usize,
    /// Papers with another text or other facts.
    pub updated: usize,
    /// Papers that are as they were.
    pub unchanged: usize,
}

/// A paper with all that was said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedPaper {
    /// What it all comes to.
    pub paper: Paper,
    /// What each source said, the oldest first; empty when there is only one.
    pub records: Vec<Paper>,
    /// Ids of other papers of the library that turn out to be this one.
    pub duplicates: Vec<PaperId>,
}

impl From<Paper> for MergedPaper {
    fn from(paper: Paper) -> MergedPaper {
        MergedPaper { paper, records: Vec::new(), duplicates: Vec::new() }
    }
}

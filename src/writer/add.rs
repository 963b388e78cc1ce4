//! Adds papers: compared, embedded and written in small batches, so that an interruption loses little.

use std::collections::HashSet;
use std::ops::AddAssign;

use serde::Serialize;

use super::Writer;
use crate::embedder::stored_model;
use crate::error::{Error, Result};
use crate::formats::PaperRecord;
use crate::library::{ChangeCounts, PaperChange};
use crate::paper::{Paper, PaperId, title_key};

/// Papers that are embedded and written together: some seconds of work for two cores, and enough of them to
/// find documents of like length.
const BATCH: usize = 256;

/// What an addition came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AddSummary {
    /// What happened to the papers.
    #[serde(flatten)]
    pub changes: ChangeCounts,
    /// Records that could not be used.
    pub rejected: usize,
    /// Fields that could not be used; the rest of their records was.
    pub dropped_fields: usize,
}

impl AddAssign for AddSummary {
    fn add_assign(&mut self, other: AddSummary) {
        self.changes.new += other.changes.new;
        self.changes.updated += other.changes.updated;
        self.changes.unchanged += other.changes.unchanged;
        self.rejected += other.rejected;
        self.dropped_fields += other.dropped_fields;
    }
}

/// What happens during an addition.
#[derive(Debug)]
pub enum AddProgress<'a> {
    /// A record could not be used.
    Rejected(&'a Error),
    /// A field of a record could not be used; the rest of the record was.
    Dropped(&'a Error),
    /// So many more papers are embedded.
    Embedded(usize),
    /// So many more papers are in the library, or were there as they are.
    Committed(usize),
}

/// A paper to add, and what is to be said of its record.
#[derive(Debug)]
pub struct IncomingPaper {
    /// The paper.
    pub paper: Paper,
    /// The fields of its record that could not be used, as [`Error::BadField`].
    pub dropped: Vec<Error>,
}

impl From<Paper> for IncomingPaper {
    fn from(paper: Paper) -> IncomingPaper {
        IncomingPaper { paper, dropped: Vec::new() }
    }
}

impl From<PaperRecord> for IncomingPaper {
    fn from(PaperRecord { paper, dropped, .. }: PaperRecord) -> IncomingPaper {
        IncomingPaper { paper, dropped }
    }
}

/// Adds papers, or updates those that are in the library; embeds new and changed texts. Invalid records are reported and
/// skipped, and so are invalid fields. A batch is durable once its papers are reported as committed.
///
/// # Errors
/// Those of the model, the encoder and the library's file: what was committed before stays.
pub(crate) fn add<P: Into<IncomingPaper>>(
    writer: &mut Writer<'_>,
    papers: impl IntoIterator<Item = Result<P>>,
    report: &(dyn Fn(AddProgress<'_>) + Sync),
) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut waiting = PendingBatch::default();
    for paper in papers {
        let IncomingPaper { paper, dropped } = match paper {
            Ok(paper) => paper.into(),
            Err(error) => {
                added.rejected += 1;
                report(AddProgress::Rejected(&error));
                continue;
            }
        };
        added.dropped_fields += dropped.len();
        dropped.iter().for_each(|error| report(AddProgress::Dropped(error)));
        let title = title_key(&paper.title);
        if batch.len() == BATCH || waiting.may_match(&paper, &title) {
            commit_batch(writer, &mut batch, &mut added.changes, report)?;
            waiting = PendingBatch::default();
        }
        waiting.insert(&paper, title);
        match writer.library.plan_upsert(paper)? {
            PaperChange::Unchanged(_) => {
                added.changes.unchanged += 1;
                report(AddProgress::Committed(1));
            }
            change => batch.push(change),
        }
    }
    commit_batch(writer, &mut batch, &mut added.changes, report)?;
    Ok(added)
}

/// Embeds and writes a batch of changes to different papers, and empties it.
pub(super) fn commit_batch(
    writer: &mut Writer<'_>,
    batch: &mut Vec<PaperChange>,
    changes: &mut ChangeCounts,
    report: &(dyn Fn(AddProgress<'_>) + Sync),
) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = batch.iter().filter_map(text_to_embed).collect();
    let model = match writer.library.model()? {
        Some(model) if texts.is_empty() => model,
        _ => stored_model(writer.encoder()?.identity()),
    };
    let mut embeddings = if texts.is_empty() {
        Vec::new()
    } else {
        writer.encoder()?.encode(&texts, &|count| report(AddProgress::Embedded(count)))?
    }
    .into_iter();
    let written: Vec<_> = batch
        .drain(..)
        .map(|change| {
            let embedding = text_to_embed(&change).and_then(|_| embeddings.next());
            match change {
                PaperChange::New(_) => changes.new += 1,
                _ => changes.updated += 1,
            }
            (change, embedding)
        })
        .collect();
    writer.library.write(&model, &written)?;
    report(AddProgress::Committed(written.len()));
    Ok(())
}

/// Names and titles of a batch: what may be the same paper as one of them is compared with it in the library.
#[derive(Default)]
struct PendingBatch {
    names: HashSet<PaperId>,
    titles: HashSet<String>,
}

impl PendingBatch {
    fn may_match(&self, paper: &Paper, title: &str) -> bool {
        paper.all_ids().any(|name| self.names.contains(name)) || self.titles.contains(title)
    }

    fn insert(&mut self, paper: &Paper, title: String) {
        self.names.extend(paper.all_ids().cloned());
        // Papers without a title have none in common.
        self.titles.extend(Some(title).filter(|title| !title.is_empty()));
    }
}

fn text_to_embed(change: &PaperChange) -> Option<String> {
    match change {
        PaperChange::New(known) | PaperChange::Text(known) => Some(known.paper.document()),
        PaperChange::Metadata(_) | PaperChange::Unchanged(_) => None,
    }
}

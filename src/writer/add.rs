//! Adds papers in batches: each is compared with the library, embedded and committed, so that an interruption loses one
//! batch at most.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use serde::Serialize;

use super::Writer;
use crate::embedder::stored_model;
use crate::encoder::TextSide;
use crate::error::{Error, Result};
use crate::formats::PaperRecord;
use crate::library::{ChangeCounts, Library, LinkCounts, PaperChange};
use crate::paper::{CitationLinks, Paper, PaperId, WorkName, title_key};
use crate::vector::Embedding;

/// Papers embedded and committed together: a few seconds of work on two cores, and enough to group texts of similar
/// length.
const BATCH_PAPERS: usize = 256;

/// Links committed together, at least: enough that the disk is not waited for too often.
const BATCH_LINKS: usize = 16_384;

/// The result of an addition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AddSummary {
    /// What happened to the papers.
    #[serde(flatten)]
    pub changes: ChangeCounts,
    /// Records that could not be used.
    pub rejected: usize,
    /// Fields that could not be used; the rest of their records was.
    pub dropped_fields: usize,
    /// What happened to the citation links.
    #[serde(skip_serializing_if = "LinkCounts::is_empty")]
    pub links: LinkCounts,
}

impl AddAssign for AddSummary {
    fn add_assign(&mut self, other: AddSummary) {
        self.changes.new += other.changes.new;
        self.changes.updated += other.changes.updated;
        self.changes.unchanged += other.changes.unchanged;
        self.rejected += other.rejected;
        self.dropped_fields += other.dropped_fields;
        self.links += other.links;
    }
}

/// A step of an addition, reported as it happens.
#[derive(Debug)]
pub enum AddProgress<'a> {
    /// A record could not be used.
    Rejected(&'a Error),
    /// A field of a record could not be used; the rest of the record was.
    Dropped(&'a Error),
    /// This many more papers were embedded.
    Embedded(usize),
    /// This many more papers are committed, or were in the library unchanged.
    Committed(usize),
}

/// A paper to add, and what is to be said of its record.
#[derive(Debug)]
pub struct IncomingPaper {
    /// The paper.
    pub paper: Paper,
    /// What it cites, and what cites it.
    pub links: CitationLinks,
    /// Its embedding by the library's model; computed if `None`.
    pub embedding: Option<Embedding>,
    /// The fields of its record that could not be used, as [`Error::BadField`].
    pub dropped: Vec<Error>,
}

impl From<Paper> for IncomingPaper {
    fn from(paper: Paper) -> IncomingPaper {
        IncomingPaper { paper, links: CitationLinks::default(), embedding: None, dropped: Vec::new() }
    }
}

impl From<PaperRecord> for IncomingPaper {
    fn from(PaperRecord { paper, links, embedding, dropped, .. }: PaperRecord) -> IncomingPaper {
        IncomingPaper { paper, links, embedding, dropped }
    }
}

/// Adds new papers and updates known ones.
///
/// Embeds new and changed texts. Invalid records and invalid fields are reported and skipped. A batch is durable once its papers are
/// reported as committed.
///
/// # Errors
/// Those of the model, the encoder and the library's file: what was committed before stays.
pub(crate) fn add<P: Into<IncomingPaper>>(
    writer: &mut Writer<'_>,
    papers: impl IntoIterator<Item = Result<P>>,
    report: &(dyn Fn(AddProgress<'_>) + Sync),
) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    let mut batch = ChangeBatch::default();
    let mut pending = PendingBatch::default();
    for paper in papers {
        let IncomingPaper { paper, links, embedding, dropped } = match paper {
            Ok(paper) => paper.into(),
            Err(error) => {
                added.rejected += 1;
                report(AddProgress::Rejected(&error));
                continue;
            }
        };
        added.dropped_fields += dropped.len();
        dropped.iter().for_each(|error| report(AddProgress::Dropped(error)));
        if batch.is_full() || pending.may_match(&paper) {
            commit_batch(writer, &mut batch, &mut added, report)?;
            pending = PendingBatch::default();
        }
        let record = paper.clone();
        match writer.library.plan_upsert(paper)? {
            PaperChange::Unchanged(_) if links.is_empty() => {
                added.changes.unchanged += 1;
                report(AddProgress::Committed(1));
            }
            change => {
                if !matches!(change, PaperChange::Unchanged(_)) {
                    pending.insert(&record);
                }
                batch.links.extend(links.of_paper(&record));
                batch.push(change, embedding.map(|embedding| (record.document(), embedding)));
            }
        }
    }
    commit_batch(writer, &mut batch, &mut added, report)?;
    Ok(added)
}

/// Adds citation links, in batches: an interruption loses one at most. Invalid ones are reported and skipped.
///
/// # Errors
/// Those of the library's file: what was committed before stays.
pub(crate) fn add_links(
    library: &mut Library,
    links: impl IntoIterator<Item = Result<(WorkName, WorkName)>>,
    report: &(dyn Fn(AddProgress<'_>) + Sync),
) -> Result<AddSummary> {
    let mut added = AddSummary::default();
    let mut batch = Vec::new();
    let mut commit = |batch: &mut Vec<(WorkName, WorkName)>| -> Result<LinkCounts> {
        let counts = library.write_links(batch)?;
        batch.clear();
        Ok(counts)
    };
    for link in links {
        match link {
            Ok(link) => batch.push(link),
            Err(error) => {
                added.rejected += 1;
                report(AddProgress::Rejected(&error));
            }
        }
        if batch.len() >= BATCH_LINKS {
            added.links += commit(&mut batch)?;
        }
    }
    added.links += commit(&mut batch)?;
    Ok(added)
}

/// Changes of different papers and their links, to be committed together.
#[derive(Default)]
pub(super) struct ChangeBatch {
    pub(super) changes: Vec<PaperChange>,
    /// Embeddings that need not be computed, by their texts.
    pub(super) embeddings: HashMap<String, Embedding>,
    /// What cites, and what is cited.
    pub(super) links: Vec<(WorkName, WorkName)>,
}

impl ChangeBatch {
    /// Adds a change, and the embedding of a text if it is known. The text of a paper that was merged may be another one.
    fn push(&mut self, change: PaperChange, embedding: Option<(String, Embedding)>) {
        self.embeddings.extend(embedding);
        self.changes.push(change);
    }

    fn is_full(&self) -> bool {
        self.changes.len() >= BATCH_PAPERS || self.links.len() >= BATCH_LINKS
    }
}

/// Embeds and writes a batch, and empties it.
pub(super) fn commit_batch(
    writer: &mut Writer<'_>,
    batch: &mut ChangeBatch,
    added: &mut AddSummary,
    report: &(dyn Fn(AddProgress<'_>) + Sync),
) -> Result<()> {
    let ChangeBatch { changes, embeddings: known, links } = std::mem::take(batch);
    if changes.iter().all(|change| matches!(change, PaperChange::Unchanged(_))) {
        added.links += writer.library.write_links(&links)?;
        added.changes.unchanged += changes.len();
        report(AddProgress::Committed(changes.len()));
        return Ok(());
    }
    let is_new = |text: &String| !known.contains_key(text);
    let texts: Vec<String> = changes.iter().filter_map(text_to_embed).filter(is_new).collect();
    // Without new texts, the encoder is not loaded.
    let model = match writer.library.model()? {
        Some(model) if texts.is_empty() => model,
        _ => stored_model(writer.encoder()?.identity()),
    };
    if known.values().any(|embedding| embedding.dimension() != model.dimension) {
        let reason = format!("has not the {} dimensions of the library's model", model.dimension);
        return Err(Error::BadRequest { field: "embedding", reason });
    }
    let embeddings = match texts.is_empty() {
        true => Vec::new(),
        false => writer.encoder()?.encode(TextSide::Document, &texts, &|count| report(AddProgress::Embedded(count)))?,
    };
    let mut embeddings = embeddings.into_iter();
    let written: Vec<_> = changes
        .into_iter()
        .map(|change| {
            let embedding = match text_to_embed(&change) {
                Some(text) => known.get(&text).cloned().or_else(|| embeddings.next()),
                None => None,
            };
            match change {
                PaperChange::New(_) => added.changes.new += 1,
                PaperChange::Text(_) | PaperChange::Metadata(_) => added.changes.updated += 1,
                PaperChange::Unchanged(_) => added.changes.unchanged += 1,
            }
            (change, embedding)
        })
        .collect();
    added.links += writer.library.write_with_links(&model, &written, &links)?;
    report(AddProgress::Committed(written.len()));
    Ok(())
}

/// IDs and title keys of the uncommitted batch. A record that may be one of its papers waits for the commit, so that it
/// is compared with what was written.
#[derive(Default)]
pub(crate) struct PendingBatch {
    ids: HashSet<PaperId>,
    titles: HashSet<String>,
}

impl PendingBatch {
    /// Whether a record may be one of the papers that were added.
    pub(crate) fn may_match(&self, record: &Paper) -> bool {
        record.all_ids().any(|id| self.ids.contains(id))
            || identifying_title(record).is_some_and(|title| self.titles.contains(&title))
    }

    /// Adds a paper.
    pub(crate) fn insert(&mut self, paper: &Paper) {
        self.ids.extend(paper.all_ids().cloned());
        self.titles.extend(identifying_title(paper));
    }
}

/// The key of a title by which a record may be found to be a paper: not that of `Editorial`, unless the id is made from it.
fn identifying_title(paper: &Paper) -> Option<String> {
    (paper.has_telling_title() || paper.id.is_of_title()).then(|| title_key(&paper.title))
}

/// The text that a change needs an embedding of; `None` if the stored embedding stays valid.
fn text_to_embed(change: &PaperChange) -> Option<String> {
    match change {
        PaperChange::New(known) | PaperChange::Text(known) => Some(known.paper.document()),
        PaperChange::Metadata(_) | PaperChange::Unchanged(_) => None,
    }
}

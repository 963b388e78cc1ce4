//! Step 3 of a ranking: citation links between the papers of the library and a history.
//!
//! A list of references counts for its papers as far as it holds papers of the history, and as far as the text of the citing
//! paper is near to the history. As of a day, only the lists of papers that existed by then count; the references of a
//! candidate are part of the candidate, like its text.

use std::collections::HashMap;

use super::Searcher;
use super::background::candidates;
use super::resolve::{InterestQuery, ResolvedRequest};
use super::snapshot::{IndexSnapshot, SnapshotReader};
use crate::citation_graph::{CitationGraph, GraphCorruption};
use crate::error::{Error, Result};
use crate::recommend::{CitationCounts, CitationEvidence, HistoryCitations, HistoryPaper, Ranker, Strategy};
use crate::vector::{RowBitmap, RowId};

/// Papers with references that are near to the history: so many lists count for their texts.
const NEAR_CITING_PAPERS: usize = 100;
/// Works that cite one paper of the history, at most: of more, those that the library came to know last.
const MAX_CITING_WORKS: usize = 1_000;
/// References with more citations say nothing of what two papers have in common.
const MAX_SHARED_REFERENCE_CITATIONS: usize = 500;

/// The links of one generation, and the papers that have references.
pub(super) struct SnapshotCitations {
    pub(super) graph: CitationGraph,
    /// Rows of the papers with references.
    citing_rows: RowBitmap,
    /// How many works have references, papers of the library or not.
    citing_works: usize,
}

impl SnapshotCitations {
    /// # Errors
    /// [`Error::DamagedIndex`].
    pub(super) fn new(graph: CitationGraph, snapshot: &IndexSnapshot) -> Result<SnapshotCitations> {
        let works = graph.citing_works().map_err(corrupt_graph)?;
        let mut citing_rows = RowBitmap::default();
        for work in &works {
            if let Some(row) = graph.paper(*work).map_err(corrupt_graph)?.and_then(|key| snapshot.row(key)) {
                citing_rows.insert(row);
            }
        }
        Ok(SnapshotCitations { graph, citing_rows, citing_works: works.len() })
    }
}

/// The citation links of a query: of each paper that has some with the history.
#[derive(Default)]
pub(super) struct CitationTable {
    evidence: HashMap<RowId, CitationEvidence>,
    /// The links of each paper of the history, in their order.
    history: Vec<HistoryLinks>,
    /// The share of the library's papers that have references, at most 1.
    pub(super) share_with_references: f32,
}

/// The links of one paper of a history; of one that is not in the library there are none.
struct HistoryLinks {
    /// What each of its links counts: its weight, over the root of the sum of all weights.
    weight: f32,
    /// Its part of the history.
    share: f32,
    works: Vec<WorkLinks>,
}

/// A work with those that cite it, of those known, and those that it cites.
struct WorkLinks {
    number: u32,
    citing: Vec<u32>,
    references: Vec<u32>,
}

impl CitationTable {
    /// The links of the paper in a row.
    pub(super) fn evidence(&self, row: RowId) -> CitationEvidence {
        self.evidence.get(&row).copied().unwrap_or_default()
    }

    /// The rows with most evidence, of those that pass.
    pub(super) fn best(&self, count: usize, passes: impl Fn(RowId) -> bool) -> Vec<RowId> {
        let all = self.evidence.iter().filter(|(row, _)| passes(**row));
        let mut rows: Vec<(f32, RowId)> = all.map(|(row, evidence)| (evidence.total(), *row)).collect();
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        rows.truncate(count);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// A table for each query; empty ones without a history, in a library without links, and for strategies that compare texts
/// alone.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn citation_tables(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    rankers: &[Ranker<'_>],
) -> Result<Vec<CitationTable>> {
    let has_history = resolved.queries.iter().any(|interest| !interest.query.liked.is_empty());
    let applies = has_history && matches!(resolved.request.strategy, Strategy::Auto | Strategy::Interests);
    let citations = if applies { searcher.citations()? } else { None };
    let Some(citations) = citations else {
        return Ok(rankers.iter().map(|_| CitationTable::default()).collect());
    };
    let links = KnownLinks::new(searcher, resolved, &citations);
    let share_with_references = links.share_with_references();
    let table = |(interest, ranker): (&InterestQuery, &Ranker<'_>)| {
        let history = links.history(&interest.query.liked)?;
        let evidence = links.evidence(searcher, resolved, &history, ranker)?;
        Ok(CitationTable { evidence, history, share_with_references })
    };
    resolved.queries.iter().zip(rankers).map(table).collect()
}

/// The links of the papers in some rows with each paper of the history, in its order; nothing for a paper without links.
///
/// # Errors
/// When the index is corrupt or the library's file cannot be read.
pub(super) fn history_citations(
    searcher: &Searcher<'_>,
    resolved: &ResolvedRequest<'_>,
    table: &CitationTable,
    rows: &[RowId],
) -> Result<Vec<Vec<HistoryCitations>>> {
    let citations = if table.evidence.is_empty() { None } else { searcher.citations()? };
    let Some(citations) = citations else { return Ok(rows.iter().map(|_| Vec::new()).collect()) };
    let links = KnownLinks::new(searcher, resolved, &citations);
    let of_row = |row: &RowId| match table.evidence.get(row) {
        Some(evidence) if evidence.total() > 0.0 => links.by_history_paper(&table.history, *row, *evidence),
        _ => Ok(Vec::new()),
    };
    rows.iter().map(of_row).collect()
}

/// The links that are known on the day of the answer.
struct KnownLinks<'s> {
    citations: &'s SnapshotCitations,
    graph: &'s CitationGraph,
    snapshot: &'s SnapshotReader<'s>,
    known: Option<&'s RowBitmap>,
}

impl<'s> KnownLinks<'s> {
    fn new(
        searcher: &'s Searcher<'_>,
        resolved: &'s ResolvedRequest<'_>,
        citations: &'s SnapshotCitations,
    ) -> KnownLinks<'s> {
        let known = resolved.known_rows.as_ref();
        KnownLinks { citations, graph: &citations.graph, snapshot: &searcher.snapshot, known }
    }

    fn history(&self, liked: &[HistoryPaper]) -> Result<Vec<HistoryLinks>> {
        let sum: f32 = liked.iter().map(|past| past.weight).sum();
        let history_links = |past: &HistoryPaper| {
            let works = past.key.map_or(Ok(Vec::new()), |key| self.linked_works(key))?;
            Ok(HistoryLinks { weight: past.weight / sum.max(1.0).sqrt(), share: past.weight / sum, works })
        };
        liked.iter().map(history_links).collect()
    }

    fn linked_works(&self, key: i64) -> Result<Vec<WorkLinks>> {
        let linked =
            |number| Ok(WorkLinks { number, citing: self.citing(number)?, references: self.references(number)? });
        self.works(key)?.into_iter().map(linked).collect()
    }

    /// The evidence of each paper that has some.
    fn evidence(
        &self,
        searcher: &Searcher<'_>,
        resolved: &ResolvedRequest<'_>,
        history: &[HistoryLinks],
        ranker: &Ranker<'_>,
    ) -> Result<HashMap<RowId, CitationEvidence>> {
        // Works with what their reference lists count: for papers of the history in them, and for their own texts.
        let mut lists: Vec<(u32, [f32; 2])> = Vec::new();
        let mut links: Vec<(u32, CitationEvidence)> = Vec::new();
        for HistoryLinks { weight, works, .. } in history {
            for work in works {
                let newest = work.citing.len().saturating_sub(MAX_CITING_WORKS);
                lists.extend(work.citing[newest..].iter().map(|list| (*list, [*weight, 0.0])));
                self.add_direct(work, *weight, &mut links)?;
                self.add_coupling(work, *weight, &mut links)?;
            }
        }
        for (work, z_score) in self.near_citing_works(searcher, resolved, history, ranker)? {
            lists.push((work, [0.0, z_score]));
        }
        for (list, [cocitation, near_citation]) in merged(lists, |sum, [held, near]| [sum[0] + held, sum[1] + near]) {
            let references = self.references(list)?;
            let scale = 1.0 / (references.len().max(1) as f32).sqrt();
            let evidence = CitationEvidence { cocitation, near_citation, ..CitationEvidence::default() };
            let evidence = evidence.scale_lists(scale);
            links.extend(references.into_iter().map(|work| (work, evidence)));
        }
        let mut by_row: HashMap<RowId, CitationEvidence> = HashMap::new();
        for (work, evidence) in merged(links, |sum, evidence| sum + evidence) {
            if let Some(row) = self.row(work)? {
                let scale = 1.0 / (self.citation_count(work)? as f32 + 1.0).sqrt();
                let sum = by_row.entry(row).or_default();
                *sum = *sum + evidence.scale_lists(scale);
            }
        }
        Ok(by_row)
    }

    /// The share of the papers that have references, of those known.
    fn share_with_references(&self) -> f32 {
        let (citing, all) = match self.known {
            None => (self.citations.citing_works, self.snapshot.rows()),
            Some(known) => (known.iter().filter(|row| self.citations.citing_rows.contains(*row)).count(), known.len()),
        };
        (citing as f32 / all.max(1) as f32).min(1.0)
    }

    /// A history paper is linked with those that it cites and those that cite it.
    fn add_direct(&self, work: &WorkLinks, weight: f32, links: &mut Vec<(u32, CitationEvidence)>) -> Result<()> {
        let evidence = CitationEvidence { direct: weight, ..CitationEvidence::default() };
        // A candidate's own references count on any day.
        let citing = self.graph.citations(work.number).map_err(corrupt_graph)?;
        links.extend(citing.iter().chain(work.references.iter().copied()).map(|other| (other, evidence)));
        Ok(())
    }

    /// Other works that have references of a history paper.
    fn add_coupling(&self, work: &WorkLinks, weight: f32, links: &mut Vec<(u32, CitationEvidence)>) -> Result<()> {
        for reference in &work.references {
            let citing = self.graph.citations(*reference).map_err(corrupt_graph)?;
            if citing.len() > MAX_SHARED_REFERENCE_CITATIONS {
                continue;
            }
            let coupling = weight / (self.citation_count(*reference)? as f32 + 1.0).sqrt();
            for other in citing.iter().filter(|other| *other != work.number) {
                let length = self.reference_count(other)? as f32;
                let evidence = CitationEvidence { coupling: coupling / length.sqrt(), ..CitationEvidence::default() };
                links.push((other, evidence));
            }
        }
        Ok(())
    }

    /// Works of the papers with references whose texts are nearest to the history, its own among them, with the z-scores
    /// of their texts; those below the mean count nothing.
    fn near_citing_works(
        &self,
        searcher: &Searcher<'_>,
        resolved: &ResolvedRequest<'_>,
        history: &[HistoryLinks],
        ranker: &Ranker<'_>,
    ) -> Result<Vec<(u32, f32)>> {
        let vectors = ranker.retrieval_vectors();
        let Some(vector) = vectors.first() else { return Ok(Vec::new()) };
        let citing_rows = match self.known {
            None => self.citations.citing_rows.clone(),
            Some(known) => known.iter().filter(|row| self.citations.citing_rows.contains(*row)).collect(),
        };
        let hits = self.snapshot.nearest(vector, NEAR_CITING_PAPERS, Some(&citing_rows))?;
        let mut rows: RowBitmap = hits.into_iter().map(|hit| hit.row).collect();
        for work in history.iter().flat_map(|past| &past.works) {
            if let Some(row) = self.row(work.number)?.filter(|row| citing_rows.contains(*row)) {
                rows.insert(row);
            }
        }
        let mut works = Vec::new();
        let rows: Vec<RowId> = rows.iter().collect();
        for (row, candidate) in rows.iter().zip(candidates(searcher, resolved, &rows)?) {
            let z_score = ranker.similarity(&candidate).max(0.0);
            works.extend(self.works(self.snapshot.key(*row))?.into_iter().map(|work| (work, z_score)));
        }
        Ok(works)
    }

    /// The links of the paper in a row, of which `evidence` is the sum, with each paper of the history.
    fn by_history_paper(
        &self,
        history: &[HistoryLinks],
        row: RowId,
        evidence: CitationEvidence,
    ) -> Result<Vec<HistoryCitations>> {
        let [mut own, mut citing, mut references] = [const { Vec::new() }; 3];
        for work in self.linked_works(self.snapshot.key(row))? {
            own.push(work.number);
            citing.extend(work.citing);
            references.extend(work.references);
        }
        citing.sort_unstable();
        references.sort_unstable();
        let scale = 1.0 / (citing.len() as f32 + 1.0).sqrt();
        let mut all = Vec::with_capacity(history.len());
        for HistoryLinks { weight, share, works } in history {
            let mut counts = CitationCounts::default();
            let near_citation = evidence.near_citation * share;
            let borrowed = CitationEvidence { near_citation, ..CitationEvidence::default() };
            let mut part = borrowed;
            for work in works {
                for list in work.citing.iter().filter(|list| citing.binary_search(list).is_ok()) {
                    counts.cocited_by += 1;
                    part.cocitation += weight * scale / (self.reference_count(*list)? as f32).sqrt();
                }
                for reference in work.references.iter().filter(|work| references.binary_search(work).is_ok()) {
                    counts.shared_references += 1;
                    let citations = self.citation_count(*reference)? as f32 + 1.0;
                    part.coupling += weight / (citations * references.len() as f32).sqrt();
                }
                counts.cited |= work.references.iter().any(|reference| own.contains(reference));
                counts.cites |= references.binary_search(&work.number).is_ok();
            }
            part.direct = weight * (u8::from(counts.cites) + u8::from(counts.cited)) as f32;
            let [share, borrowed_share] = [part, borrowed].map(|part| part.total() / evidence.total());
            all.push(HistoryCitations { share, borrowed_share, counts });
        }
        Ok(all)
    }

    fn works(&self, key: i64) -> Result<Vec<u32>> {
        self.graph.works(key).map_err(corrupt_graph)
    }

    fn row(&self, work: u32) -> Result<Option<RowId>> {
        Ok(self.graph.paper(work).map_err(corrupt_graph)?.and_then(|key| self.snapshot.row(key)))
    }

    fn references(&self, work: u32) -> Result<Vec<u32>> {
        Ok(self.graph.references(work).map_err(corrupt_graph)?.iter().collect())
    }

    fn reference_count(&self, work: u32) -> Result<usize> {
        Ok(self.graph.references(work).map_err(corrupt_graph)?.len())
    }

    /// How many works cite a work, of those known.
    fn citation_count(&self, work: u32) -> Result<usize> {
        match self.known {
            None => Ok(self.graph.citations(work).map_err(corrupt_graph)?.len()),
            Some(_) => Ok(self.citing(work)?.len()),
        }
    }

    /// Works that cite a work, of those known.
    fn citing(&self, work: u32) -> Result<Vec<u32>> {
        let citing = self.graph.citations(work).map_err(corrupt_graph)?.iter();
        let Some(known) = self.known else { return Ok(citing.collect()) };
        let is_known = |work: &u32| Ok(self.row(*work)?.is_some_and(|row| known.contains(row)));
        citing.filter_map(|work| is_known(&work).map(|is| is.then_some(work)).transpose()).collect()
    }
}

/// The items with the same work as one: in the order of the works, added in the order in which they came.
fn merged<T: Copy>(mut items: Vec<(u32, T)>, add: impl Fn(T, T) -> T) -> Vec<(u32, T)> {
    items.sort_by_key(|(work, _)| *work);
    let mut merged: Vec<(u32, T)> = Vec::with_capacity(items.len());
    for (work, item) in items {
        match merged.last_mut().filter(|(last, _)| *last == work) {
            Some((_, sum)) => *sum = add(*sum, item),
            None => merged.push((work, item)),
        }
    }
    merged
}

/// The crate's error for a corrupt file of links.
pub(super) fn corrupt_graph(corruption: GraphCorruption) -> Error {
    Error::DamagedIndex { reason: corruption.to_string() }
}

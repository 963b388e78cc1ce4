//! Nearest neighbours: an exact scan, and a frozen HNSW graph for large libraries.

mod exact;
mod frozen;
mod hnsw;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::vector::{Row, RowSet, Vectors};
use exact::Flat;

pub use crate::file::Mapped;
pub use exact::Keep;

pub use frozen::{Damage, Frozen, ORIGIN};

/// A row and its similarity to the query. Sorted by similarity, larger first, then by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The row.
    pub row: Row,
    /// Cosine similarity, -1 to 1.
    pub score: f32,
}

impl Eq for Hit {}

impl Ord for Hit {
    fn cmp(&self, other: &Hit) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Hit) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How neighbours are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexKind {
    /// Whichever is expected to answer all questions sooner.
    #[default]
    Auto,
    /// Compare with every row.
    Exact,
    /// Walk a graph: approximate.
    Hnsw,
}

impl IndexKind {
    /// Every kind, for help texts.
    pub const ALL: [IndexKind; 3] = [IndexKind::Auto, IndexKind::Exact, IndexKind::Hnsw];
}

impl fmt::Display for IndexKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IndexKind::Auto => "auto",
            IndexKind::Exact => "exact",
            IndexKind::Hnsw => "hnsw",
        })
    }
}

impl FromStr for IndexKind {
    type Err = String;
    fn from_str(text: &str) -> Result<IndexKind, String> {
        let kind = IndexKind::ALL.into_iter().find(|kind| kind.to_string() == text);
        kind.ok_or_else(|| format!("`{text}` is no index: auto, exact or hnsw"))
    }
}

/// An index over rows of unit vectors: a frozen graph, and what has changed since it was built.
#[derive(Debug)]
pub struct Index {
    frozen: Option<Arc<Frozen>>,
    /// Whether the frozen graph is walked, or only what it holds is scanned.
    walks: bool,
    /// Rows of the frozen graph that are gone or have another vector by now.
    stale: RowSet,
    /// Vectors that the frozen graph does not have, and their rows, ascending.
    tail: Flat,
    tail_rows: Vec<Row>,
    /// The rows that there are.
    live: RowSet,
}

/// What has changed since a graph was frozen.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Rows that are gone.
    pub gone: RowSet,
    /// Rows that are new or have another vector, ascending; new ones follow those of the graph without a gap.
    pub rows: Vec<Row>,
    /// Their vectors.
    pub vectors: Vectors,
}

impl Index {
    /// An index in memory of the kind asked for; with [`IndexKind::Auto`], the one that answers `queries` questions
    /// soonest, the time to build it counted.
    pub fn build(vectors: Vectors, kind: IndexKind, queries: usize) -> Index {
        let graph = match kind {
            IndexKind::Exact => false,
            IndexKind::Hnsw => !vectors.is_empty(),
            IndexKind::Auto => graph_pays(vectors.len(), queries),
        };
        if !graph {
            let rows = (0..vectors.len() as u32).map(Row).collect();
            return Index::new(None, Changes { rows, vectors, gone: RowSet::default() }, kind);
        }
        let keys: Vec<i64> = (0..vectors.len() as i64).collect();
        let frozen = Frozen::build(&keys, &vectors, [0; ORIGIN], &|_| ());
        let none = Vectors::with_capacity(vectors.dimension(), 0);
        Index::new(Some(Arc::new(frozen)), Changes { vectors: none, ..Changes::default() }, kind)
    }

    /// An index over a frozen graph and what has changed since. With [`IndexKind::Exact`] the graph is not walked, only
    /// its vectors are used.
    pub fn new(frozen: Option<Arc<Frozen>>, changes: Changes, kind: IndexKind) -> Index {
        let Changes { gone, rows, vectors } = changes;
        let known = frozen.as_ref().map_or(0, |frozen| frozen.rows());
        let mut live = RowSet::below(known);
        gone.iter().for_each(|row| live.remove(row));
        let mut stale = gone;
        for row in &rows {
            live.insert(*row);
            if row.index() < known {
                stale.insert(*row);
            }
        }
        let walks = frozen.is_some() && kind != IndexKind::Exact;
        Index { frozen, walks, stale, tail: Flat::new(vectors), tail_rows: rows, live }
    }

    /// How rows are found: never [`IndexKind::Auto`].
    pub fn kind(&self) -> IndexKind {
        if self.walks { IndexKind::Hnsw } else { IndexKind::Exact }
    }

    /// The frozen graph underneath.
    pub fn frozen(&self) -> Option<&Frozen> {
        self.frozen.as_deref()
    }

    /// How many rows the frozen graph knows nothing of, or the wrong thing: changes since it was built.
    pub fn changed(&self) -> usize {
        self.stale.len() + self.tail_rows.iter().filter(|row| !self.stale.contains(**row)).count()
    }

    /// The rows that there are.
    pub fn rows(&self) -> &RowSet {
        &self.live
    }

    /// The vector of a row that there is.
    ///
    /// # Errors
    /// [`Damage`] of the frozen graph.
    pub fn vector(&self, row: Row) -> Result<&[f32], Damage> {
        match &self.frozen {
            Some(frozen) if row.index() < frozen.rows() && !self.stale.contains(row) => frozen.vector(row),
            _ => match self.tail_rows.binary_search(&row) {
                Ok(at) => Ok(self.tail.vectors().row(at)),
                Err(_) => Err(frozen::damaged("a row is gone")),
            },
        }
    }

    /// The `k` rows nearest to a unit vector, best first; all of them when there are fewer. With `allowed`, only rows
    /// of that set.
    ///
    /// # Errors
    /// [`Damage`] of the frozen graph.
    pub fn nearest(&self, query: &[f32], k: usize, allowed: Option<&RowSet>) -> Result<Vec<Hit>, Damage> {
        let mut hits = match &self.frozen {
            Some(frozen) => self.nearest_frozen(frozen, query, k, allowed)?,
            None => Vec::new(),
        };
        let in_tail = |at: Row| allowed.is_none_or(|allowed| allowed.contains(self.tail_rows[at.index()]));
        let found = exact::nearest(&self.tail, query, k, allowed.is_some().then_some(&in_tail))?;
        hits.extend(found.into_iter().map(|hit| Hit { row: self.tail_rows[hit.row.index()], ..hit }));
        best(&mut hits, k);
        Ok(hits)
    }

    fn nearest_frozen(
        &self,
        frozen: &Frozen,
        query: &[f32],
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Hit>, Damage> {
        let is_kept = |row: Row| !self.stale.contains(row) && allowed.is_none_or(|allowed| allowed.contains(row));
        let keep: Keep<'_> = if self.stale.is_empty() && allowed.is_none() { None } else { Some(&is_kept) };
        let passing = allowed.map_or(frozen.rows(), RowSet::len).min(frozen.rows());
        let effort = frozen.ef().max(2 * k);
        if self.walks && walk_pays(frozen.nodes(), passing, effort) {
            let ef = (effort * frozen.rows() / passing.max(1)).min(frozen.nodes());
            let hits = frozen.nearest(query, k, ef, keep)?;
            if hits.len() == k {
                return Ok(hits);
            }
        }
        match allowed {
            Some(allowed) if passing < frozen.rows() / 2 => {
                let rows = allowed.iter().take_while(|row| row.index() < frozen.rows());
                let mut nodes: Vec<u32> = rows.map(|row| frozen.node(row)).collect();
                nodes.sort_unstable();
                nodes.dedup();
                exact::nearest_of(frozen, &nodes, query, k, keep)
            }
            _ => exact::nearest(frozen, query, k, keep),
        }
    }

    /// For every row its `k` nearest other rows, best first, in ascending order of the rows. `done` is told how many
    /// more rows are finished.
    ///
    /// # Errors
    /// [`Damage`] of the frozen graph.
    pub fn neighbours(&self, k: usize, done: &(dyn Fn(usize) + Sync)) -> Result<Vec<(Row, Vec<Hit>)>, Damage> {
        use rayon::prelude::*;
        let rows: Vec<Row> = self.live.iter().collect();
        let vectors: Vec<&[f32]> = rows.iter().map(|row| self.vector(*row)).collect::<Result<_, _>>()?;
        let found: Vec<Vec<Hit>> = if self.frozen.is_none() {
            let found = exact::nearest_to_each(&self.tail, &vectors, k + 1, None, done)?;
            let renumber = |hit: Hit| Hit { row: self.tail_rows[hit.row.index()], ..hit };
            found.into_iter().map(|hits| hits.into_iter().map(renumber).collect()).collect()
        } else {
            let of_row = |vector: &&[f32]| {
                let hits = self.nearest(vector, k + 1, None);
                done(1);
                hits
            };
            vectors.par_iter().map(of_row).collect::<Result<_, _>>()?
        };
        let without_itself = |(row, mut hits): (Row, Vec<Hit>)| {
            hits.retain(|hit| hit.row != row);
            hits.truncate(k);
            (row, hits)
        };
        Ok(rows.into_iter().zip(found).map(without_itself).collect())
    }
}

/// Keeps the best `k` hits, sorted.
fn best(hits: &mut Vec<Hit>, k: usize) {
    if k < hits.len() && k > 0 {
        hits.select_nth_unstable(k - 1);
    }
    hits.truncate(k);
    hits.sort_unstable();
}

/// Whether building a graph and walking it takes less time than scanning all rows for every question. The costs in
/// nanoseconds (384 dimensions, one core with AVX-512) are those that `examples/ann_curve.rs` measures; a graph's grow
/// slowly with its size.
fn graph_pays(rows: usize, queries: usize) -> bool {
    const SCAN_A_ROW: f64 = 15.0;
    const BUILD_A_ROW: f64 = 400_000.0;
    const WALK: f64 = 60_000.0;
    let (rows, queries) = (rows as f64, queries as f64);
    rows * BUILD_A_ROW + queries * WALK < queries * rows * SCAN_A_ROW
}

/// Whether a walk through a graph of `nodes` takes less time than scanning the `passing` rows. A walk that keeps one node
/// in ten has to come by ten times as many.
fn walk_pays(nodes: usize, passing: usize, ef: usize) -> bool {
    /// What a candidate of a walk costs, in rows of a scan: on 100,000 abstracts the two take the same time when one row
    /// in fourteen passes (`examples/ann_curve.rs --share`).
    const A_CANDIDATE: f64 = 8.0;
    let (nodes, passing, ef) = (nodes as f64, passing.max(1) as f64, ef as f64);
    ef * nodes / passing * A_CANDIDATE < passing
}

#[cfg(test)]
mod tests;

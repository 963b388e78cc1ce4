//! The exact scan: every code is compared, then the vectors of those that may be among the best.
//!
//! A similarity of codes is off by no more than a known error, so a node whose similarity lies further below the k-th
//! best than twice that error cannot be one of the k best: what is left is compared by its vectors, and the result is
//! the same as if all vectors had been compared.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::hnsw::{HnswGraph, IndexCorruption};
use super::{SearchHit, best};
use crate::file::ZeroedBuffer;
use crate::vector::{EmbeddingMatrix, Quantizer, QueryCode, RowId, dot, padded_len, prefetch};

/// Nodes in a tile: their similarities stay in the fastest cache until they are looked at.
const TILE: usize = 256;
/// Nodes that one task scans for a single query: below this, more than one thread does not pay.
const STRIP: usize = 65_536;

/// Nodes with codes, and the rows that they stand for.
pub(super) trait QuantizedVectors: Sync {
    /// How many nodes.
    fn nodes(&self) -> usize;
    /// How numbers became codes.
    fn quantizer(&self) -> Quantizer;
    /// Codes of these nodes, one after the other.
    fn codes(&self, nodes: Range<usize>) -> Result<&[u8], IndexCorruption>;
    /// Nodes of which the quantizer's error says nothing.
    fn clipped(&self) -> &[u32];
    /// The rows of a node.
    fn rows_of(&self, node: u32) -> impl Iterator<Item = RowId>;
    /// The vector of a row.
    fn vector(&self, row: RowId) -> Result<&[f32], IndexCorruption>;
}

/// Which rows may be found; `None` for all.
pub type RowFilter<'a> = Option<&'a (dyn Fn(RowId) -> bool + Sync)>;

/// The `k` rows nearest to the query, best first.
pub(super) fn nearest(
    coded: &impl QuantizedVectors,
    query: &[f32],
    k: usize,
    keep: RowFilter<'_>,
) -> Result<Vec<SearchHit>, IndexCorruption> {
    let code = coded.quantizer().query(query);
    let strips = (0..coded.nodes()).step_by(STRIP).collect::<Vec<_>>();
    let of_strip = |from: &usize| {
        let nodes = *from..coded.nodes().min(from + STRIP);
        scan(coded, nodes, &code, k, keep)
    };
    let found: Vec<TopCandidates> = match &strips[..] {
        [one] => vec![of_strip(one)?],
        strips => strips.par_iter().map(of_strip).collect::<Result<_, _>>()?,
    };
    let mut all = TopCandidates::new(k, &code);
    found.into_iter().for_each(|candidates| all.nodes.extend(candidates.nodes));
    rescore(coded, query, &code, all, keep)
}

/// The rows nearest to each of some queries, so many of each, best first: as [`nearest`], but codes are read once for all
/// queries, and reading them is most of the time of a scan.
pub(super) fn nearest_to_each(
    coded: &impl QuantizedVectors,
    queries: &[(&[f32], usize)],
    keep: RowFilter<'_>,
) -> Result<Vec<Vec<SearchHit>>, IndexCorruption> {
    let quantizer = coded.quantizer();
    let query_codes: Vec<QueryCode> = queries.iter().map(|(query, _)| quantizer.query(query)).collect();
    let mut found: Vec<TopCandidates> =
        queries.iter().zip(&query_codes).map(|((_, k), code)| TopCandidates::new(*k, code)).collect();
    let mut tile = Vec::with_capacity(TILE);
    let (mut codes, mut dots) = (Vec::with_capacity(TILE), vec![Vec::with_capacity(TILE); queries.len()]);
    for from in (0..coded.nodes()).step_by(TILE) {
        let to = coded.nodes().min(from + TILE);
        tile.clear();
        tile.extend(from as u32..to as u32);
        let code_bytes = query_codes.first().map_or(1, |code| code.code_bytes().max(1));
        codes.clear();
        codes.extend(coded.codes(from..to)?.chunks_exact(code_bytes));
        QueryCode::dots_of_each(&query_codes, &codes, &mut dots);
        for (candidates, dots) in found.iter_mut().zip(&dots) {
            candidates.offer(coded, &tile, dots, keep);
        }
    }
    let searches = queries.iter().zip(&query_codes).zip(found);
    searches.map(|(((query, _), code), candidates)| rescore(coded, query, code, candidates, keep)).collect()
}

/// The `k` rows nearest to the query among those of a few nodes, best first.
pub(super) fn nearest_of(
    coded: &impl QuantizedVectors,
    nodes: &[u32],
    query: &[f32],
    k: usize,
    keep: RowFilter<'_>,
) -> Result<Vec<SearchHit>, IndexCorruption> {
    let code = coded.quantizer().query(query);
    let mut candidates = TopCandidates::new(k, &code);
    let (mut codes, mut dots) = (Vec::with_capacity(TILE), Vec::with_capacity(TILE));
    for tile in nodes.chunks(TILE) {
        codes.clear();
        for node in tile {
            codes.push(coded.codes(*node as usize..*node as usize + 1)?);
        }
        code.dots(&codes, &mut dots);
        candidates.offer(coded, tile, &dots, keep);
    }
    rescore(coded, query, &code, candidates, keep)
}

/// The nodes of a range that may be among the `k` best.
fn scan(
    coded: &impl QuantizedVectors,
    nodes: Range<usize>,
    query: &QueryCode,
    k: usize,
    keep: RowFilter<'_>,
) -> Result<TopCandidates, IndexCorruption> {
    let mut candidates = TopCandidates::new(k, query);
    let mut tile = Vec::with_capacity(TILE);
    let (mut codes, mut dots) = (Vec::with_capacity(TILE), Vec::with_capacity(TILE));
    for from in nodes.clone().step_by(TILE) {
        let to = nodes.end.min(from + TILE);
        tile.clear();
        tile.extend(from as u32..to as u32);
        codes.clear();
        codes.extend(coded.codes(from..to)?.chunks_exact(query.code_bytes().max(1)));
        query.dots(&codes, &mut dots);
        candidates.offer(coded, &tile, &dots, keep);
    }
    Ok(candidates)
}

/// Nodes that may be among the `k` best.
struct TopCandidates {
    k: usize,
    /// By how much a similarity can be too large or too small.
    error: i32,
    nodes: Vec<(i32, u32)>,
    /// A node below it is none of the best.
    threshold: i32,
    /// When so many are kept, those below the bar are dropped.
    capacity: usize,
}

impl TopCandidates {
    fn new(k: usize, query: &QueryCode) -> TopCandidates {
        TopCandidates { k, error: query.error(), nodes: Vec::new(), threshold: i32::MIN, capacity: (4 * k).max(256) }
    }

    #[inline]
    fn offer(&mut self, coded: &impl QuantizedVectors, nodes: &[u32], dots: &[i32], keep: RowFilter<'_>) {
        for (nodes, dots) in nodes.chunks(16).zip(dots.chunks(16)) {
            // Most are too low: the compiler compares several at once.
            if !dots.iter().fold(false, |is_any, steps| is_any | (*steps >= self.threshold)) {
                continue;
            }
            for (node, steps) in nodes.iter().zip(dots) {
                if *steps >= self.threshold && keep.is_none_or(|keep| coded.rows_of(*node).any(keep)) {
                    self.nodes.push((*steps, *node));
                    if self.nodes.len() >= self.capacity {
                        self.drop_the_worst();
                    }
                }
            }
        }
    }

    /// Raises the bar and drops what is below it.
    #[cold]
    fn drop_the_worst(&mut self) {
        if (1..self.nodes.len()).contains(&self.k) {
            let (_, (kth, _), _) = self.nodes.select_nth_unstable_by(self.k - 1, |a, b| b.cmp(a));
            self.threshold = kth.saturating_sub(self.error.saturating_mul(2));
            let bar = self.threshold;
            self.nodes.retain(|(steps, _)| *steps >= bar);
        }
        self.capacity = self.capacity.max(2 * self.nodes.len());
    }
}

/// The best rows of the candidates and of the nodes whose codes say too little, by their vectors.
///
/// The codes of a row differ from its vector by no more than the error. So first the vectors of the `k` nodes with the best codes
/// are compared, and then only those of nodes that come within one error of the last of these; by codes alone it is two errors.
fn rescore(
    coded: &impl QuantizedVectors,
    query: &[f32],
    code: &QueryCode,
    mut candidates: TopCandidates,
    keep: RowFilter<'_>,
) -> Result<Vec<SearchHit>, IndexCorruption> {
    candidates.drop_the_worst();
    let TopCandidates { k, mut nodes, .. } = candidates;
    let clipped = coded.clipped();
    nodes.retain(|(_, node)| clipped.binary_search(node).is_err());
    let mut others = Vec::new();
    if (1..nodes.len()).contains(&k) {
        nodes.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
        others = nodes.split_off(k);
    }
    let first = nodes.into_iter().map(|(_, node)| node).chain(clipped.iter().copied());
    let mut found = hits(coded, query, first, k, keep)?;
    if let Some(last) = k.checked_sub(1).and_then(|last| found.get(last)) {
        let bar = code.steps(last.score).saturating_sub(code.error());
        others.retain(|(steps, _)| *steps >= bar);
    }
    found.extend(hits(coded, query, others.into_iter().map(|(_, node)| node), k, keep)?);
    best(&mut found, k);
    Ok(found)
}

/// The best `k` rows of some nodes by their vectors.
pub(super) fn hits(
    coded: &impl QuantizedVectors,
    query: &[f32],
    nodes: impl IntoIterator<Item = u32>,
    k: usize,
    keep: RowFilter<'_>,
) -> Result<Vec<SearchHit>, IndexCorruption> {
    let mut found = Vec::new();
    for node in nodes {
        for row in coded.rows_of(node).filter(|row| keep.is_none_or(|keep| keep(*row))) {
            // All are asked for before the first is looked at: they lie anywhere.
            let vector = coded.vector(row)?;
            prefetch(vector);
            found.push((row, vector));
        }
    }
    let mut hits: Vec<SearchHit> =
        found.into_iter().map(|(row, vector)| SearchHit { row, score: dot(query, vector) }).collect();
    best(&mut hits, k);
    Ok(hits)
}

impl QuantizedVectors for HnswGraph {
    fn nodes(&self) -> usize {
        self.nodes()
    }
    fn quantizer(&self) -> Quantizer {
        self.quantizer()
    }
    fn codes(&self, nodes: Range<usize>) -> Result<&[u8], IndexCorruption> {
        self.codes(nodes)
    }
    fn clipped(&self) -> &[u32] {
        self.clipped()
    }
    fn rows_of(&self, node: u32) -> impl Iterator<Item = RowId> {
        self.rows_of(node)
    }
    fn vector(&self, row: RowId) -> Result<&[f32], IndexCorruption> {
        self.vector(row)
    }
}

/// Vectors in memory: each row is a node. The codes are made when the first question is asked, as a small library is
/// often ranked without one.
#[derive(Debug)]
pub(super) struct FlatIndex {
    vectors: EmbeddingMatrix,
    encoded: OnceLock<EncodedRows>,
}

#[derive(Debug)]
struct EncodedRows {
    quantizer: Quantizer,
    codes: ZeroedBuffer,
    clipped: Vec<u32>,
}

impl FlatIndex {
    pub(super) fn new(vectors: EmbeddingMatrix) -> FlatIndex {
        FlatIndex { vectors, encoded: OnceLock::new() }
    }

    pub(super) fn vectors(&self) -> &EmbeddingMatrix {
        &self.vectors
    }

    fn encoded(&self) -> &EncodedRows {
        self.encoded.get_or_init(|| {
            let (quantizer, bytes, clipped) = Quantizer::encode(self.vectors.dimension(), self.vectors.rows());
            let mut codes = ZeroedBuffer::zeros(bytes.len());
            codes.copy_from_slice(&bytes);
            EncodedRows { quantizer, codes, clipped }
        })
    }
}

impl QuantizedVectors for FlatIndex {
    fn nodes(&self) -> usize {
        self.vectors.len()
    }
    fn quantizer(&self) -> Quantizer {
        self.encoded().quantizer
    }
    fn codes(&self, nodes: Range<usize>) -> Result<&[u8], IndexCorruption> {
        let code_bytes = padded_len(self.vectors.dimension());
        Ok(&self.encoded().codes[nodes.start * code_bytes..nodes.end * code_bytes])
    }
    fn clipped(&self) -> &[u32] {
        &self.encoded().clipped
    }
    fn rows_of(&self, node: u32) -> impl Iterator<Item = RowId> {
        std::iter::once(RowId(node))
    }
    fn vector(&self, row: RowId) -> Result<&[f32], IndexCorruption> {
        Ok(self.vectors.row(row.index()))
    }
}

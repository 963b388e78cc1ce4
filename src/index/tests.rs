use super::*;
use crate::random::SplitMix64;
use crate::vector::{Embedding, dot};
use proptest::prelude::*;

/// Unit vectors around a few directions, as abstracts of a few fields are.
pub(super) fn clustered(rows: usize, dimension: usize, clusters: u64) -> EmbeddingMatrix {
    let noise = |seed: u64, index: usize| {
        let mut random = SplitMix64::new(seed ^ (index as u64) << 32);
        2.0 * random.unit() as f32 - 1.0
    };
    let mut vectors = EmbeddingMatrix::with_capacity(dimension, rows);
    for row in 0..rows as u64 {
        let direction = |index| noise(row % clusters, index) + 0.8 * noise(1_000 + row, index);
        vectors.push(&Embedding::normalize((0..dimension).map(direction).collect()).unwrap());
    }
    vectors
}

/// The share of the `k` nearest rows that an index finds, tried with every seventh row.
fn recall(index: &VectorIndex, vectors: &EmbeddingMatrix, k: usize) -> f64 {
    let mut found = 0;
    for query in vectors.rows().step_by(7) {
        let worst = sorted(vectors, query, k, &|_| true)[k - 1].score;
        let hits = index.nearest(query, k, None).unwrap();
        found += hits.iter().filter(|hit| hit.score >= worst).count();
    }
    found as f64 / (k * vectors.len().div_ceil(7)) as f64
}

/// The `k` nearest rows as a sort finds them.
fn sorted(vectors: &EmbeddingMatrix, query: &[f32], k: usize, keep: &dyn Fn(RowId) -> bool) -> Vec<SearchHit> {
    let rows = (0..vectors.len() as u32).map(RowId).filter(|row| keep(*row));
    let mut hits: Vec<SearchHit> =
        rows.map(|row| SearchHit { row, score: dot(query, vectors.row(row.index())) }).collect();
    hits.sort();
    hits.truncate(k);
    hits
}

#[test]
fn the_graph_finds_what_the_scan_finds() {
    let vectors = clustered(3_000, 64, 40);
    let recall = recall(&VectorIndex::build(vectors.clone(), IndexKind::Hnsw, 1), &vectors, 10);
    assert!(recall >= 0.95, "recall@10 {recall}");
}

#[test]
fn many_queries_at_once_find_what_each_finds() {
    let vectors = clustered(1_200, 64, 9);
    let rows: Vec<RowId> = (0..1_200).map(|row| RowId(row + row / 100)).collect();
    let delta = IndexDelta { rows, vectors: vectors.clone(), removed: RowBitmap::default() };
    let few: RowBitmap = (0..600).step_by(3).map(RowId).collect();
    let exact = VectorIndex::new(None, delta, IndexKind::Auto);
    for index in [exact, VectorIndex::build(vectors.clone(), IndexKind::Hnsw, 1)] {
        let queries: Vec<(&[f32], usize)> =
            vectors.rows().step_by(97).zip([5, 0, 300, 1, 2_000].into_iter().cycle()).collect();
        for allowed in [None, Some(&few)] {
            let found = index.nearest_to_each(&queries, allowed).unwrap();
            for (hits, (query, k)) in found.into_iter().zip(&queries) {
                assert_eq!(hits, index.nearest(query, *k, allowed).unwrap());
            }
        }
    }
}

#[test]
fn duplicates_are_all_found() {
    let one = clustered(1, 16, 1).embedding(0);
    let mut vectors = clustered(500, 16, 5);
    (0..3_000).for_each(|_| vectors.push(&one));
    let graph = VectorIndex::build(vectors.clone(), IndexKind::Hnsw, 1);
    assert_eq!(graph.nearest(one.as_slice(), 50, None).unwrap(), sorted(&vectors, one.as_slice(), 50, &|_| true));
    assert!(recall(&graph, &vectors, 10) >= 0.99);
}

#[test]
fn the_same_vectors_give_the_same_graph() {
    let vectors = clustered(1_500, 32, 10);
    let keys: Vec<i64> = (0..1_500).collect();
    let build = || HnswGraph::build(&keys, &vectors, [0; SOURCE_ID_LEN], &|_| ()).as_bytes().unwrap().to_vec();
    assert!(build() == build());
}

#[test]
fn an_empty_index_answers_nothing() {
    for kind in IndexKind::ALL {
        let index = VectorIndex::build(EmbeddingMatrix::with_capacity(4, 0), kind, 1);
        assert_eq!(index.nearest(&[1.0, 0.0, 0.0, 0.0], 3, None), Ok(vec![]));
    }
}

#[test]
fn a_graph_pays_only_for_many_questions_to_many_rows() {
    let table = [(13_610, 1, false), (13_610, 13_610, false), (165_737, 1_000, false), (1_000_000, 1_000_000, true)];
    for (rows, queries, pays) in table {
        assert_eq!(graph_pays(rows, queries), pays, "{queries} queries to {rows} rows");
    }
}

#[test]
fn a_walk_pays_only_when_many_rows_pass() {
    let table = [(100_000, 100_000, true), (100_000, 50_000, true), (100_000, 1_000, false), (10_000, 200, false)];
    for (nodes, passing, pays) in table {
        assert_eq!(walk_pays(nodes, passing, 64), pays, "{passing} of {nodes}");
    }
}

proptest! {
    #[test]
    fn the_scan_is_a_sort(rows in 1usize..200, k in 0usize..30, query in 0usize..200, allowed in any::<u64>()) {
        let vectors = clustered(rows, 8, 7);
        let query = vectors.row(query % rows).to_vec();
        let index = VectorIndex::build(vectors.clone(), IndexKind::Exact, 1);
        prop_assert_eq!(index.nearest(&query, k, None).unwrap(), sorted(&vectors, &query, k, &|_| true));
        let keep = |row: RowId| allowed >> (row.0 % 64) & 1 == 1;
        let set: RowBitmap = (0..rows as u32).map(RowId).filter(|row| keep(*row)).collect();
        prop_assert_eq!(index.nearest(&query, k, Some(&set)).unwrap(), sorted(&vectors, &query, k, &keep));
    }

    /// An index over a graph and what has changed since is an index over what there is now.
    #[test]
    fn changes_are_seen(
        k in 1usize..20,
        gone in prop::collection::btree_set(0u32..250, 0..60),
        replaced in prop::collection::btree_set(0u32..250, 0..40),
        new in 0u32..50,
        allowed in any::<u64>(),
    ) {
        let (before, other) = (clustered(250, 16, 9), clustered(300, 16, 11));
        let keys: Vec<i64> = (0..250).collect();
        let frozen = Arc::new(HnswGraph::build(&keys, &before, [0; SOURCE_ID_LEN], &|_| ()));
        let rows: Vec<RowId> = replaced.difference(&gone).copied().chain(250..250 + new).map(RowId).collect();
        let mut vectors = EmbeddingMatrix::with_capacity(16, rows.len());
        let mut now: Vec<Option<&[f32]>> = before.rows().map(Some).collect();
        now.resize(250 + new as usize, None);
        gone.iter().for_each(|row| now[*row as usize] = None);
        for row in &rows {
            vectors.push(&other.embedding(row.index()));
            now[row.index()] = Some(other.row(row.index()));
        }
        let gone = gone.iter().copied().map(RowId).collect();
        let query = other.row(299);
        let keep = |row: RowId| allowed >> (row.0 % 64) & 1 == 1;
        let expected = |keep: &dyn Fn(RowId) -> bool| {
            let rows = now.iter().zip(0..).filter_map(|(vector, row)| vector.map(|vector| (RowId(row), vector)));
            let mut hits: Vec<SearchHit> =
                rows.filter(|(row, _)| keep(*row)).map(|(row, vector)| SearchHit { row, score: dot(query, vector) }).collect();
            hits.sort();
            hits.truncate(k);
            hits
        };
        let set: RowBitmap = (0..now.len() as u32).map(RowId).filter(|row| keep(*row)).collect();
        let changes = IndexDelta { removed: gone, rows, vectors };
        for kind in [IndexKind::Exact, IndexKind::Hnsw] {
            let index = VectorIndex::new(Some(frozen.clone()), changes.clone(), kind);
            prop_assert_eq!(index.rows().len(), now.iter().flatten().count());
            let found = index.nearest(query, k, None).unwrap();
            let filtered = index.nearest(query, k, Some(&set)).unwrap();
            if kind == IndexKind::Exact {
                prop_assert_eq!(&found, &expected(&|_| true));
                prop_assert_eq!(&filtered, &expected(&keep));
                let of_each = index.nearest_to_each(&[(query, k), (other.row(0), k)], None).unwrap();
                prop_assert_eq!(&of_each[0], &found);
            }
            prop_assert_eq!(found.len(), expected(&|_| true).len());
            prop_assert_eq!(filtered.len(), expected(&keep).len());
            for hit in found.iter().chain(&filtered) {
                prop_assert_eq!(hit.score, dot(query, now[hit.row.index()].unwrap()));
            }
        }
    }
}

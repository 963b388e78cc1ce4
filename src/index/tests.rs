use super::*;
use crate::vector::Embedding;
use proptest::prelude::*;

/// Unit vectors around a few directions, as abstracts of a few fields are.
fn clustered(rows: usize, dimension: usize, clusters: u64) -> Vectors {
    let noise = |seed: u64, index: usize| {
        let mut z = (seed ^ (index as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 32).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut vectors = Vectors::with_capacity(dimension, rows);
    for row in 0..rows as u64 {
        let direction = |index| noise(row % clusters, index) + 0.8 * noise(1_000 + row, index);
        vectors.push(&Embedding::normalize((0..dimension).map(direction).collect()).unwrap());
    }
    vectors
}

fn recall(index: &Index, oracle: &Index, k: usize) -> f64 {
    let vectors = oracle.vectors().clone();
    let mut found = 0;
    for query in vectors.rows().step_by(7) {
        let truth = oracle.nearest(query, k, None);
        let worst = truth[k - 1].score;
        found += index.nearest(query, k, None).iter().filter(|hit| hit.score >= worst).count();
    }
    found as f64 / (k * vectors.len().div_ceil(7)) as f64
}

#[test]
fn the_graph_finds_what_the_scan_finds() {
    let vectors = Arc::new(clustered(3_000, 64, 40));
    let exact = Index::build(vectors.clone(), IndexKind::Exact, 1);
    let graph = Index::build(vectors, IndexKind::Hnsw, 1);
    let recall = recall(&graph, &exact, 10);
    assert!(recall >= 0.95, "recall@10 {recall}");
}

#[test]
fn duplicates_are_all_found() {
    let one = clustered(1, 16, 1).embedding(0);
    let mut vectors = clustered(500, 16, 5);
    (0..300).for_each(|_| vectors.push(&one));
    let vectors = Arc::new(vectors);
    let exact = Index::build(vectors.clone(), IndexKind::Exact, 1);
    let graph = Index::build(vectors, IndexKind::Hnsw, 1);
    assert_eq!(graph.nearest(one.as_slice(), 50, None), exact.nearest(one.as_slice(), 50, None));
    assert!(recall(&graph, &exact, 10) >= 0.95);
}

#[test]
fn the_same_vectors_give_the_same_graph() {
    let vectors = Arc::new(clustered(800, 32, 10));
    let all = |index: Index| index.neighbours(5, &|_| ());
    let first = all(Index::build(vectors.clone(), IndexKind::Hnsw, 1));
    assert_eq!(first, all(Index::build(vectors, IndexKind::Hnsw, 1)));
}

#[test]
fn neighbours_leave_out_the_row_itself() {
    let vectors = Arc::new(clustered(100, 16, 5));
    for kind in [IndexKind::Exact, IndexKind::Hnsw] {
        let index = Index::build(vectors.clone(), kind, 1);
        for (row, hits) in index.neighbours(3, &|_| ()).iter().enumerate() {
            assert_eq!(hits.len(), 3, "{kind}");
            assert!(hits.iter().all(|hit| hit.row.index() != row), "{kind}");
        }
    }
}

#[test]
fn an_empty_index_answers_nothing() {
    for kind in IndexKind::ALL {
        let index = Index::build(Arc::new(Vectors::with_capacity(4, 0)), kind, 1);
        assert_eq!(index.nearest(&[1.0, 0.0, 0.0, 0.0], 3, None), []);
        assert!(index.neighbours(3, &|_| ()).is_empty());
    }
}

#[test]
fn a_graph_pays_only_for_many_questions_to_many_rows() {
    let table = [(13_610, 1, false), (13_610, 13_610, false), (165_737, 1_000, false), (1_000_000, 1_000_000, true)];
    for (rows, queries, pays) in table {
        assert_eq!(graph_pays(rows, queries), pays, "{queries} queries to {rows} rows");
    }
}

proptest! {
    #[test]
    fn the_scan_is_a_sort(rows in 1usize..200, k in 0usize..30, query in 0usize..200, allowed in any::<u64>()) {
        let vectors = Arc::new(clustered(rows, 8, 7));
        let query = vectors.row(query % rows).to_vec();
        let index = Index::build(vectors.clone(), IndexKind::Exact, 1);
        let sorted = |keep: &dyn Fn(usize) -> bool| {
            let mut hits: Vec<Hit> = (0..rows).filter(|row| keep(*row)).map(|row| index.hit(&query, Row(row as u32))).collect();
            hits.sort();
            hits.truncate(k);
            hits
        };
        prop_assert_eq!(index.nearest(&query, k, None), sorted(&|_| true));
        let keep = |row: usize| allowed >> (row % 64) & 1 == 1;
        let set: RowSet = (0..rows).filter(|row| keep(*row)).map(|row| Row(row as u32)).collect();
        prop_assert_eq!(index.nearest(&query, k, Some(&set)), sorted(&keep));
    }
}

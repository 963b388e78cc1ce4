//! How long does a question to the index take, and how long an index?
//!
//! On clustered random unit vectors of 384 numbers: 10,000 and 100,000 rows for the scan, 10,000 for the graph, whose
//! build dominates. The library chooses between the two by these figures: `src/index/mod.rs`.
//!
//! `cargo bench --bench search`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use paperkin::evaluate::SplitMix64;
use paperkin::index::{IndexKind, VectorIndex};
use paperkin::vector::{Embedding, EmbeddingMatrix};

fn clustered(rows: u64) -> EmbeddingMatrix {
    let noise = |seed: u64, index: u64| 2.0 * SplitMix64::new(seed << 20 ^ index).unit() as f32 - 1.0;
    let mut vectors = EmbeddingMatrix::with_capacity(384, rows as usize);
    for row in 0..rows {
        let numbers = (0..384).map(|index| noise(row % 200, index) + 0.8 * noise(1_000 + row, index)).collect();
        vectors.push(&Embedding::normalize(numbers).expect("not zero"));
    }
    vectors
}

fn search(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("search");
    group.sample_size(20);
    for rows in [10_000, 100_000] {
        let vectors = clustered(rows);
        let query = vectors.embedding(7);
        let index = VectorIndex::build(vectors, IndexKind::Exact, 1);
        group.bench_function(format!("scan/{rows}"), |bencher| {
            bencher.iter(|| index.nearest(black_box(query.as_slice()), 10, None));
        });
    }
    let vectors = clustered(10_000);
    let query = vectors.embedding(7);
    let index = VectorIndex::build(vectors, IndexKind::Hnsw, 1);
    group.bench_function("walk/10000", |bencher| {
        bencher.iter(|| index.nearest(black_box(query.as_slice()), 10, None));
    });
    group.finish();

    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    let vectors = clustered(2_000);
    group.bench_function("graph/2000", |bencher| {
        bencher.iter(|| VectorIndex::build(vectors.clone(), IndexKind::Hnsw, 1));
    });
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);

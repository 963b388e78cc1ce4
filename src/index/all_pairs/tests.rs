use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::vector::Embedding;

/// The definition: every vector is compared with every other one.
fn by_comparing_all(vectors: &EmbeddingMatrix, k: usize) -> NeighborLists {
    let list = |row: usize| {
        let others = (0..vectors.len()).filter(|other| *other != row);
        let mut others: Vec<(u32, f32)> =
            others.map(|other| (other as u32, dot(vectors.row(row), vectors.row(other)))).collect();
        others.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        others
    };
    NeighborLists::from_lists(k, (0..vectors.len()).map(list))
}

/// The definition of an index: every query is compared with every vector.
fn by_comparing_queries(queries: &EmbeddingMatrix, vectors: &EmbeddingMatrix, k: usize) -> NeighborLists {
    let list = |query: usize| {
        let cosine = |row| dot(queries.row(query), vectors.row(row));
        let mut all: Vec<(u32, f32)> = (0..vectors.len()).map(|row| (row as u32, cosine(row))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        all
    };
    NeighborLists::from_lists(k, (0..queries.len()).map(list))
}

/// Rows of these numbers.
fn matrix(values: &[f32], dimension: usize) -> EmbeddingMatrix {
    let mut vectors = EmbeddingMatrix::with_capacity(dimension, values.len() / dimension);
    assert!(values.chunks(dimension).all(|row| vectors.push_unit(row)));
    vectors
}

fn on_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// What a vector is made of.
#[derive(Debug, Clone)]
enum Kind {
    Random(Vec<f32>),
    /// One number alone: its code is clipped when enough others are not of this kind.
    Axis(usize),
    /// An earlier vector, and how far away from it.
    Near(usize, f32, Vec<f32>),
}

fn kinds(dimension: usize, most: usize) -> impl Strategy<Value = Vec<Kind>> {
    let numbers = move || proptest::collection::vec(-1.0f32..1.0, dimension);
    let distances = prop_oneof![Just(0.0f32), 0.0f32..0.01, 0.0f32..1.0];
    let kind = prop_oneof![
        6 => numbers().prop_map(Kind::Random),
        1 => (0..dimension).prop_map(Kind::Axis),
        3 => (any::<usize>(), distances, numbers()).prop_map(|(at, far, numbers)| Kind::Near(at, far, numbers)),
    ];
    proptest::collection::vec(kind, 0..most)
}

/// The unit vectors of these kinds, one after the other.
fn unit_vectors(dimension: usize, kinds: &[Kind]) -> Vec<f32> {
    let mut values: Vec<f32> = Vec::new();
    for kind in kinds {
        let count = values.len() / dimension;
        let numbers = match kind {
            Kind::Random(numbers) => numbers.clone(),
            Kind::Axis(axis) => (0..dimension).map(|at| f32::from(u8::from(at == *axis))).collect(),
            Kind::Near(_, _, numbers) if count == 0 => numbers.clone(),
            Kind::Near(at, far, numbers) => {
                let near = &values[at % count * dimension..][..dimension];
                if *far == 0.0 {
                    let copy = near.to_vec();
                    values.extend(copy);
                    continue;
                }
                near.iter().zip(numbers).map(|(near, number)| near + far * number).collect()
            }
        };
        if let Some(unit) = Embedding::normalize(numbers) {
            values.extend(unit.as_slice());
        }
    }
    values
}

fn here() -> impl Iterator<Item = Cpu> {
    Cpu::ALL.into_iter().filter(|cpu| cpu.is_here())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn it_is_as_if_all_were_compared(
        (dimension, kinds) in (1usize..140).prop_flat_map(|dimension| (Just(dimension), kinds(dimension, 160))),
        k in 0usize..40,
        block in prop_oneof![Just(BLOCK), 1usize..70],
    ) {
        let values = unit_vectors(dimension, &kinds);
        let vectors = matrix(&values, dimension);
        let expected = by_comparing_all(&vectors, k);
        for cpu in here() {
            for threads in [1, 2] {
                let found = on_threads(threads, || all_nearest_with(cpu, block, &vectors, k, None, &|_: usize| {}).unwrap());
                prop_assert!(found == expected, "{cpu}, {threads} threads: {found:?} for {expected:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn many_queries_are_as_one_after_the_other(
        (dimension, kinds, asked) in (1usize..140).prop_flat_map(|dimension| {
            (Just(dimension), kinds(dimension, 160), kinds(dimension, 60))
        }),
        k in 0usize..40,
    ) {
        let (values, asked) = (unit_vectors(dimension, &kinds), unit_vectors(dimension, &asked));
        let (vectors, queries) = (matrix(&values, dimension), matrix(&asked, dimension));
        let expected = by_comparing_queries(&queries, &vectors, k);
        for cpu in here() {
            let index = BatchIndex::with_cpu(cpu, vectors.clone());
            for threads in [1, 2] {
                let found = on_threads(threads, || index.nearest(&queries, k));
                prop_assert!(found == expected, "{cpu}, {threads} threads: {found:?} for {expected:?}");
            }
        }
    }
}

#[test]
fn queries_meet_many_blocks() {
    let values = clusters(3_000, 48);
    let (asked, held) = values.split_at(1_200 * 48);
    let (queries, vectors) = (matrix(asked, 48), matrix(held, 48));
    let expected = by_comparing_queries(&queries, &vectors, 7);
    for cpu in here() {
        let index = BatchIndex::with_cpu(cpu, vectors.clone());
        assert!(on_threads(2, || index.nearest(&queries, 7)) == expected, "{cpu}");
    }
}

/// Vectors around a few centers, some of them copies.
fn clusters(count: usize, dimension: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let centers: Vec<Vec<f32>> = (0..9).map(|_| (0..dimension).map(|_| random()).collect()).collect();
    let mut values: Vec<f32> = Vec::new();
    for row in 0..count {
        if row % 50 == 49 {
            values.extend_from_within(values.len() - 7 * dimension..values.len() - 6 * dimension);
        } else {
            let near = centers[row % 9].iter().map(|x| x + 0.4 * random()).collect();
            values.extend(Embedding::normalize(near).unwrap().as_slice());
        }
    }
    values
}

#[test]
fn many_blocks_and_pivots() {
    let values = clusters(1_700, 48);
    let vectors = matrix(&values, 48);
    let expected = by_comparing_all(&vectors, 7);
    for cpu in here() {
        for (block, threads) in [(64, 1), (64, 2), (100, 2), (BLOCK, 2)] {
            let found =
                on_threads(threads, || all_nearest_with(cpu, block, &vectors, 7, None, &|_: usize| {}).unwrap());
            assert!(found == expected, "{cpu}, blocks of {block}, {threads} threads");
        }
    }
}

#[test]
fn few_rows() {
    let values = [1.0, 0.0, 0.6, 0.8];
    let of = |count: usize, k| all_nearest(&matrix(&values[..2 * count], 2), k, &|_: usize| {});
    let lists = |k, lists: Vec<Vec<(u32, f32)>>| NeighborLists::from_lists(k, lists.into_iter());
    assert_eq!(of(0, 3), lists(3, vec![]));
    assert_eq!(of(1, 1), lists(1, vec![vec![]]));
    assert_eq!(of(2, 0), lists(0, vec![vec![], vec![]]));
    assert_eq!(of(2, 2), lists(2, vec![vec![(1, 0.6)], vec![(0, 0.6)]]));
}

#[test]
fn progress_comes_to_all_rows() {
    let values = clusters(500, 8);
    let told = AtomicUsize::new(0);
    all_nearest(&matrix(&values, 8), 3, &|rows| {
        told.fetch_add(rows, Ordering::Relaxed);
    });
    assert_eq!(told.into_inner(), 500);
}

/// Stops the work when so many block rows are through, and keeps the last state.
struct StoppingWatcher {
    left: AtomicUsize,
    state: Mutex<Option<PairState>>,
}

impl WorkWatcher<PairState> for StoppingWatcher {
    fn advance(&self, _rows: usize) {
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    }

    fn is_canceled(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn offer_state(&self, state: &dyn Fn() -> PairState) {
        // Under the lock: the state of a slower thread must not replace a later one.
        let mut kept = self.state.lock().unwrap();
        *kept = Some(state());
    }
}

#[test]
fn work_that_was_stopped_goes_on() {
    let vectors = matrix(&clusters(1_000, 24), 24);
    let expected = by_comparing_all(&vectors, 5);
    for (stop, threads) in [(1, 1), (3, 2), (7, 1), (12, 2), (15, 2)] {
        let watcher = StoppingWatcher { left: AtomicUsize::new(stop), state: Mutex::new(None) };
        let run = |from, watcher: &dyn WorkWatcher<PairState>| {
            on_threads(threads, || all_nearest_with(Cpu::detect(), 64, &vectors, 5, from, watcher))
        };
        assert!(run(None, &watcher).is_none());
        let state = watcher.state.into_inner().unwrap().unwrap();
        assert!(state.finished.iter().filter(|finished| **finished).count() >= stop.min(15));
        let state = PairState::from_bytes(&state.to_bytes()).unwrap();
        assert!(run(Some(state), &|_: usize| {}).unwrap() == expected, "stopped at {stop}");
    }
}

#[test]
fn a_state_of_other_work_is_ignored() {
    let vectors = matrix(&clusters(200, 8), 8);
    let other = PairState { finished: vec![true; 4], keys: vec![7; 200] };
    let found = all_nearest_with(Cpu::detect(), 64, &vectors, 5, Some(other.clone()), &|_: usize| {});
    assert!(found.unwrap() == by_comparing_all(&vectors, 5));
    let bytes = other.to_bytes();
    for length in [0, 7, 11, 13, bytes.len() - 1] {
        assert_eq!(PairState::from_bytes(&bytes[..length]), None, "{length}");
    }
}

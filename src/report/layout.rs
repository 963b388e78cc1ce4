//! The map: a place in the plane for every paper, so that papers with common neighbors are near each other.
//!
//! The layout is that of UMAP (McInnes, Healy and Melville 2018) from the same neighbor lists as everything else: a graph
//! whose edges are probabilities, and places that are improved by stochastic gradient descent, edges pulling and randomly
//! chosen papers pushing. It differs in the curve that turns distances into probabilities, 1 / (1 + 2 d^1.5): its heavy tail
//! leaves room between near papers, so that more of the neighbors of a paper are its neighbors on the map
//! (docs/evaluation.md), and it needs two square roots in place of a power.
//!
//! Places depend on the neighbor lists and the vectors alone: the start is the two principal components, random numbers are
//! seeded, and edges are visited in one order by one thread.

use crate::index::{NeighborLists, WorkWatcher};
use crate::random::SplitMix64;
use crate::vector::EmbeddingMatrix;

/// Passes over the edges: the steps of the progress of a layout.
pub(super) const EPOCHS: usize = 200;
/// Random papers that push a paper for each edge that pulls it.
const PUSHES: usize = 5;
/// `a` and `b` of the curve 1 / (1 + a d^2b). The power is computed in [`curve_power`].
const CURVE: (f32, f32) = (2.0, 0.75);
/// The longest step along one axis.
const MAX_STEP: f32 = 4.0;
/// Keeps the push of papers in one place finite.
const SMALL_DISTANCE: f32 = 1e-3;
/// Half the width of the start.
const START_RADIUS: f32 = 10.0;
/// Papers from which the principal components are computed, at most.
const PCA_SAMPLE: usize = 4096;
/// Steps of the power iteration: the axes need not be exact.
const PCA_STEPS: usize = 30;
/// The seed of its random numbers.
pub(super) const SEED: u64 = 42;

/// A place on the map; the unit is arbitrary.
pub type MapPlace = [f32; 2];

/// An edge that pulls `one` toward `other` every `period` epochs.
struct Pull {
    one: u32,
    other: u32,
    period: f32,
    next: f32,
}

/// A layout as it stands, to be saved and gone on with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MapState {
    /// Epochs that are done.
    epoch: u32,
    /// The state of the random numbers.
    random: u64,
    places: Vec<MapPlace>,
}

/// Lays out papers with these neighbors, from a state of the same work on; `None` when the watcher stopped it. A step is an
/// epoch, of [`EPOCHS`].
pub(super) fn map_places(
    neighbors: &NeighborLists,
    vectors: &EmbeddingMatrix,
    from: Option<MapState>,
    watcher: &dyn WorkWatcher<MapState>,
) -> Option<Vec<MapPlace>> {
    let mut pulls = pulls(&edge_weights(neighbors));
    let from = from.filter(|state| state.places.len() == vectors.len() && state.epoch as usize <= EPOCHS);
    let MapState { epoch: first, random, mut places } = from.unwrap_or_else(|| {
        let mut random = SplitMix64::new(SEED);
        let places = start(vectors, &mut random);
        MapState { epoch: 0, random: random.state(), places }
    });
    let mut random = SplitMix64::new(random);
    for epoch in 0..EPOCHS {
        let is_done = epoch < first as usize;
        let rate = 1.0 - epoch as f32 / EPOCHS as f32;
        for pull in pulls.iter_mut().filter(|pull| pull.next <= epoch as f32) {
            pull.next += pull.period;
            if !is_done {
                step(&mut places, pull, rate, &mut random);
            }
        }
        if !is_done {
            watcher.offer_state(&|| MapState {
                epoch: epoch as u32 + 1,
                random: random.state(),
                places: places.clone(),
            });
        }
        watcher.advance(1);
        if watcher.is_canceled() {
            return None;
        }
    }
    Some(places)
}

impl MapState {
    /// The state as bytes: the epoch, the random numbers and the places, little-endian.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let MapState { epoch, random, places } = self;
        let mut bytes = [&epoch.to_le_bytes()[..], &random.to_le_bytes()].concat();
        bytes.extend(places.iter().flatten().flat_map(|x| x.to_le_bytes()));
        bytes
    }

    /// The state of [`to_bytes`](MapState::to_bytes); `None` for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<MapState> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (random, rest) = rest.split_first_chunk()?;
        let (places, []) = rest.as_chunks::<8>() else { return None };
        let place = |[a, b, c, d, e, f, g, h]: &[u8; 8]| [[*a, *b, *c, *d], [*e, *f, *g, *h]].map(f32::from_le_bytes);
        Some(MapState {
            epoch: u32::from_le_bytes(*epoch),
            random: u64::from_le_bytes(*random),
            places: places.iter().map(place).collect(),
        })
    }
}

fn step(places: &mut [MapPlace], pull: &Pull, rate: f32, random: &mut SplitMix64) {
    let (a, b) = CURVE;
    let (one, other) = (pull.one as usize, pull.other as usize);
    let clipped = |gradient: f32| gradient.clamp(-MAX_STEP, MAX_STEP) * rate;
    let mut place = places[one];
    let [x, y] = difference(place, places[other]);
    let squared = x * x + y * y;
    if squared > 0.0 {
        let power = curve_power(squared);
        let slope = -2.0 * a * b * power / squared / (1.0 + a * power);
        let (x, y) = (clipped(slope * x), clipped(slope * y));
        place = [place[0] + x, place[1] + y];
        places[other] = [places[other][0] - x, places[other][1] - y];
    }
    for _ in 0..PUSHES {
        let pushing = random.below(places.len());
        if pushing == one {
            continue;
        }
        let [x, y] = difference(place, places[pushing]);
        let squared = x * x + y * y;
        let slope = 2.0 * b / ((SMALL_DISTANCE + squared) * (1.0 + a * curve_power(squared)));
        place = [place[0] + clipped(slope * x), place[1] + clipped(slope * y)];
    }
    places[one] = place;
}

fn difference(one: MapPlace, other: MapPlace) -> MapPlace {
    [one[0] - other[0], one[1] - other[1]]
}

/// A squared distance to the power of `b`, three quarters.
fn curve_power(squared: f32) -> f32 {
    let distance = squared.sqrt();
    distance * distance.sqrt()
}

/// For every paper, those that it has an edge with, ascending, and the probability of the edge.
///
/// The nearest neighbor has the probability 1, and all of a paper together have log2 k. Of the two directions of an edge,
/// it is the probability that one of them is there.
fn edge_weights(neighbors: &NeighborLists) -> Vec<Vec<(u32, f32)>> {
    let mut directed: Vec<Vec<(u32, f32, f32)>> = vec![Vec::new(); neighbors.len()];
    for paper in 0..neighbors.len() {
        let near: Vec<(u32, f32)> =
            neighbors.of(paper).map(|(other, cosine)| (other, (1.0 - cosine).max(0.0))).collect();
        let nearest = near.iter().map(|(_, distance)| *distance).find(|distance| *distance > 0.0).unwrap_or(0.0);
        let scale = scale(&near, nearest);
        for (other, distance) in near {
            let weight = (-(distance - nearest).max(0.0) / scale).exp();
            directed[paper].push((other, weight, 0.0));
            directed[other as usize].push((paper as u32, 0.0, weight));
        }
    }
    let united = |mut edges: Vec<(u32, f32, f32)>| {
        edges.sort_by_key(|(other, ..)| *other);
        edges.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                *kept = (kept.0, kept.1 + next.1, kept.2 + next.2);
            }
            is_same
        });
        edges.into_iter().map(|(other, there, back)| (other, there + back - there * back)).collect()
    };
    directed.into_iter().map(united).collect()
}

/// The scale with which the weights of a paper's edges add up to log2 of their number.
fn scale(near: &[(u32, f32)], nearest: f32) -> f32 {
    let target = (near.len() as f32).log2();
    let sum = |scale: f32| near.iter().map(|(_, distance)| (-(distance - nearest).max(0.0) / scale).exp()).sum::<f32>();
    let (mut low, mut high) = (1e-6f32, 1e3f32);
    for _ in 0..40 {
        let middle = (low * high).sqrt();
        if sum(middle) > target { high = middle } else { low = middle }
    }
    high
}

/// The edges that pull at least once.
fn pulls(weights: &[Vec<(u32, f32)>]) -> Vec<Pull> {
    let most = weights.iter().flatten().map(|(_, weight)| *weight).fold(0.0, f32::max);
    let edges = weights.iter().enumerate().flat_map(|(one, edges)| edges.iter().map(move |edge| (one as u32, *edge)));
    let often = edges.filter(|(_, (_, weight))| *weight * EPOCHS as f32 >= most && *weight > 0.0);
    often.map(|(one, (other, weight))| Pull { one, other, period: most / weight, next: most / weight }).collect()
}

/// The papers on the plane of their two principal components, a little shaken, so that no two are in one place.
fn start(vectors: &EmbeddingMatrix, random: &mut SplitMix64) -> Vec<MapPlace> {
    let axes = principal_axes(vectors, random);
    let mut places: Vec<MapPlace> = vectors.rows().map(|row| [0, 1].map(|axis| inner(row, &axes[axis]))).collect();
    let count = places.len().max(1) as f32;
    let mean = [0, 1].map(|axis| places.iter().map(|place| place[axis]).sum::<f32>() / count);
    places.iter_mut().for_each(|place| *place = difference(*place, mean));
    let radius = places.iter().flatten().fold(0.0f32, |most, x| most.max(x.abs()));
    let factor = if radius > 0.0 { START_RADIUS / radius } else { 0.0 };
    let shaken = |x: f32, random: &mut SplitMix64| x * factor + (random.unit() as f32 - 0.5) * SMALL_DISTANCE;
    places.iter_mut().for_each(|place| *place = place.map(|x| shaken(x, random)));
    places
}

/// The two directions in which the vectors differ most, by power iteration on a sample.
fn principal_axes(vectors: &EmbeddingMatrix, random: &mut SplitMix64) -> [Vec<f32>; 2] {
    let dimension = vectors.dimension();
    let stride = vectors.len().div_ceil(PCA_SAMPLE).max(1);
    let sample: Vec<&[f32]> = vectors.rows().step_by(stride).collect();
    let mut mean = vec![0.0f32; dimension];
    for row in &sample {
        add_scaled(&mut mean, row, 1.0 / sample.len() as f32);
    }
    let mut axes = [(); 2].map(|()| (0..dimension).map(|_| random.unit() as f32 - 0.5).collect::<Vec<f32>>());
    for _ in 0..PCA_STEPS {
        let mut next = [vec![0.0; dimension], vec![0.0; dimension]];
        for row in &sample {
            for (axis, next) in axes.iter().zip(&mut next) {
                let along = inner(row, axis) - inner(&mean, axis);
                add_scaled(next, row, along);
                add_scaled(next, &mean, -along);
            }
        }
        let [first, second] = &mut next;
        normalize(first);
        let along = inner(first, second);
        add_scaled(second, first, -along);
        normalize(second);
        axes = next;
    }
    axes
}

fn inner(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn add_scaled(sum: &mut [f32], row: &[f32], factor: f32) {
    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
}

/// Scales to length 1; what has no length stays 0.
fn normalize(axis: &mut [f32]) {
    let length = inner(axis, axis).sqrt();
    if length > 0.0 {
        axis.iter_mut().for_each(|x| *x /= length);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::vector::Embedding;

    /// So many papers around each of some directions.
    fn bundles(bundles: usize, size: usize) -> EmbeddingMatrix {
        let mut random = SplitMix64::new(7);
        let mut vectors = EmbeddingMatrix::with_capacity(16, bundles * size);
        for paper in 0..bundles * size {
            let direction = |axis: usize| if axis == paper / size { 1.0 } else { 0.0 };
            let vector = (0..16).map(|axis| direction(axis) + 0.3 * (random.unit() as f32 - 0.5)).collect();
            vectors.push(&Embedding::normalize(vector).unwrap());
        }
        vectors
    }

    fn lists(vectors: &EmbeddingMatrix, k: usize) -> NeighborLists {
        let near = |paper: usize| {
            let others = (0..vectors.len()).filter(|other| *other != paper);
            let mut near: Vec<(u32, f32)> =
                others.map(|other| (other as u32, inner(vectors.row(paper), vectors.row(other)))).collect();
            near.sort_by(|one, other| other.1.total_cmp(&one.1));
            near.truncate(k);
            near
        };
        NeighborLists::from_lists(k, (0..vectors.len()).map(near))
    }

    fn map(lists: &NeighborLists, vectors: &EmbeddingMatrix) -> Vec<MapPlace> {
        map_places(lists, vectors, None, &|_: usize| {}).unwrap()
    }

    /// Stops after so many epochs, and keeps the last state.
    struct StoppingWatcher {
        left: AtomicUsize,
        state: Mutex<Option<MapState>>,
    }

    impl WorkWatcher<MapState> for StoppingWatcher {
        fn advance(&self, epochs: usize) {
            self.left.fetch_sub(epochs, Ordering::Relaxed);
        }

        fn is_canceled(&self) -> bool {
            self.left.load(Ordering::Relaxed) == 0
        }

        fn offer_state(&self, state: &dyn Fn() -> MapState) {
            *self.state.lock().unwrap() = Some(state());
        }
    }

    #[test]
    fn a_layout_that_was_stopped_goes_on() {
        let vectors = bundles(4, 25);
        let lists = lists(&vectors, 10);
        let expected = map(&lists, &vectors);
        for epochs in [1, 2, 77, 199] {
            let watcher = StoppingWatcher { left: AtomicUsize::new(epochs), state: Mutex::new(None) };
            assert_eq!(map_places(&lists, &vectors, None, &watcher), None);
            let state = watcher.state.into_inner().unwrap().unwrap();
            let state = MapState::from_bytes(&state.to_bytes());
            assert_eq!(map_places(&lists, &vectors, state, &|_: usize| {}).as_ref(), Some(&expected), "{epochs}");
        }
        let other = MapState { epoch: 3, random: 1, places: vec![[0.0; 2]; 7] };
        assert_eq!(map_places(&lists, &vectors, Some(other.clone()), &|_: usize| {}), Some(expected));
        assert_eq!(MapState::from_bytes(&other.to_bytes()[..30]), None);
    }

    #[test]
    fn near_papers_are_near_on_the_map() {
        let vectors = bundles(4, 25);
        let lists = lists(&vectors, 10);
        let places = map(&lists, &vectors);
        let distance = |one: usize, other: usize| {
            let [x, y] = difference(places[one], places[other]);
            x * x + y * y
        };
        for paper in 0..100 {
            let nearest = (0..100)
                .filter(|other| *other != paper)
                .min_by(|one, other| distance(paper, *one).total_cmp(&distance(paper, *other)));
            assert_eq!(nearest.unwrap() / 25, paper / 25, "{paper}");
        }
        assert_eq!(map(&lists, &vectors), places);
    }

    #[test]
    fn papers_that_are_the_same_have_places() {
        for papers in [0, 1, 2, 40] {
            let mut vectors = EmbeddingMatrix::with_capacity(3, papers);
            (0..papers).for_each(|_| vectors.push(&Embedding::normalize(vec![1.0, 2.0, 2.0]).unwrap()));
            let places = map(&lists(&vectors, 5), &vectors);
            assert_eq!(places.len(), papers);
            assert!(places.iter().flatten().all(|x| x.is_finite()), "{places:?}");
        }
    }

    #[test]
    fn weights_of_edges_add_up() {
        let near: Vec<(u32, f32)> = [0.1, 0.2, 0.4, 0.5].into_iter().map(|distance| (0, distance)).collect();
        let scale = scale(&near, 0.1);
        let sum: f32 = near.iter().map(|(_, distance)| (-(distance - 0.1) / scale).exp()).sum();
        assert!((sum - 2.0).abs() < 1e-3, "{sum}");
    }
}

//! Groups of papers: communities of the neighbor graph, at several nested granularities.
//!
//! The finest groups are communities that the Leiden algorithm (Traag, Waltman and van Eck 2019) finds in the graph of
//! nearest neighbors; the coarser ones are communities of those groups, so that every group is whole within one of the next
//! level. Leiden puts every paper into a group: how sure that is, [`Memberships`] says.

use std::cmp::Reverse;

use single_clustering::community_search::leiden::{LeidenConfig, ObjectiveKind, leiden};
use single_clustering::network::CSRNetwork;

use crate::index::NeighborLists;

/// Neighbors of a paper that are its edges in the graph.
pub(super) const GRAPH_NEIGHBORS: usize = 15;
/// How many groups the coarsest level has, about: as many as can be told apart by color.
const COARSEST_GROUPS: usize = 12;
/// How many groups of a level make one of the next coarser.
const BRANCHING: usize = 4;
/// Levels at most.
const MAX_LEVELS: u32 = 4;
/// A level whose groups would have fewer papers in the mean is left out.
const MIN_MEAN_SIZE: usize = 40;
/// Papers of a group in a collection too small for that.
const SMALL_GROUP: usize = 10;
/// Resolutions that are tried for a number of groups.
const MAX_TRIALS: usize = 12;
/// The range of resolutions. A higher one gives more groups.
const RESOLUTIONS: (f64, f64) = (0.02, 500.0);
/// Leiden takes no weights of 0 or less.
const MIN_WEIGHT: f32 = 1e-3;
/// The seed of the algorithm's random numbers.
pub(super) const SEED: u64 = 1;

/// The groups of each level, coarsest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GroupLevels {
    levels: Vec<GroupAssignment>,
}

/// The group of every paper at one level. The indices of groups count from 0, the largest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GroupAssignment {
    pub(super) of_paper: Vec<u32>,
    pub(super) sizes: Vec<u32>,
    /// The numbers by which readers know the groups.
    pub(super) numbers: Vec<u32>,
}

/// An undirected edge, the smaller node first, and its weight.
type Edge = (usize, usize, f64);

impl GroupLevels {
    /// Finds the groups of papers with these neighbors. A few papers are one group, none have no level.
    pub(super) fn find(neighbors: &NeighborLists) -> GroupLevels {
        let papers = neighbors.len();
        if papers == 0 {
            return GroupLevels::default();
        }
        let edges = neighbor_edges(neighbors);
        let mut levels: Vec<GroupAssignment> = Vec::new();
        for target in level_sizes(papers).into_iter().rev() {
            let assignment = match levels.last() {
                None => GroupAssignment::new(communities(papers, &edges, target)),
                Some(finer) => {
                    let of_group = communities(finer.sizes.len(), &merged_edges(&edges, finer), target);
                    GroupAssignment::new(finer.of_paper.iter().map(|group| of_group[*group as usize]).collect())
                }
            };
            if levels.last().is_none_or(|finer| assignment.sizes.len() < finer.sizes.len()) {
                levels.push(assignment);
            }
        }
        levels.reverse();
        GroupLevels { levels }
    }

    /// Levels that are nested, coarsest first.
    pub(super) fn new(levels: Vec<GroupAssignment>) -> GroupLevels {
        GroupLevels { levels }
    }

    /// The levels, coarsest first.
    pub(super) fn levels(&self) -> &[GroupAssignment] {
        &self.levels
    }
}

impl GroupAssignment {
    /// Numbers groups from 1 by size, and equal ones by their first paper.
    pub(super) fn new(labels: Vec<usize>) -> GroupAssignment {
        let mut groups = GroupAssignment::by_size(labels.iter().copied());
        groups.numbers = (1..=groups.sizes.len() as u32).collect();
        groups
    }

    /// Groups whose numbers are given.
    pub(super) fn of_numbers(numbers: &[u32]) -> GroupAssignment {
        let mut groups = GroupAssignment::by_size(numbers.iter().map(|number| *number as usize));
        groups.numbers = vec![0; groups.sizes.len()];
        for (group, number) in groups.of_paper.iter().zip(numbers) {
            groups.numbers[*group as usize] = *number;
        }
        groups
    }

    fn by_size(labels: impl Iterator<Item = usize> + Clone) -> GroupAssignment {
        let groups = labels.clone().max().map_or(0, |most| most + 1);
        let mut sizes = vec![0u32; groups];
        let mut first = vec![usize::MAX; groups];
        for (paper, label) in labels.clone().enumerate() {
            sizes[label] += 1;
            first[label] = first[label].min(paper);
        }
        let mut order: Vec<usize> = (0..groups).filter(|group| sizes[*group] > 0).collect();
        order.sort_by_key(|group| (Reverse(sizes[*group]), first[*group]));
        let mut indices = vec![0u32; groups];
        for (index, group) in order.iter().enumerate() {
            indices[*group] = index as u32;
        }
        GroupAssignment {
            of_paper: labels.map(|label| indices[label]).collect(),
            sizes: order.into_iter().map(|group| sizes[group]).collect(),
            numbers: Vec::new(),
        }
    }

    /// The papers of each group, ascending.
    pub(super) fn members(&self) -> Vec<Vec<u32>> {
        let mut members: Vec<Vec<u32>> = self.sizes.iter().map(|size| Vec::with_capacity(*size as usize)).collect();
        for (paper, group) in self.of_paper.iter().enumerate() {
            members[*group as usize].push(paper as u32);
        }
        members
    }

    /// The group of a coarser level that each group is in.
    pub(super) fn parents(&self, coarser: &GroupAssignment) -> Vec<u32> {
        let mut parents = vec![0; self.sizes.len()];
        for (group, parent) in self.of_paper.iter().zip(&coarser.of_paper) {
            parents[*group as usize] = *parent;
        }
        parents
    }
}

/// How many groups each level should have, coarsest first.
fn level_sizes(papers: usize) -> Vec<usize> {
    let sizes = (0..MAX_LEVELS).map(|level| COARSEST_GROUPS * BRANCHING.pow(level));
    let sizes: Vec<usize> = sizes.take_while(|size| papers / size >= MIN_MEAN_SIZE).collect();
    match sizes.is_empty() {
        true => vec![(papers / SMALL_GROUP).clamp(1, COARSEST_GROUPS)],
        false => sizes,
    }
}

/// Every pair of which one is among the nearest of the other, by its cosine; ascending.
fn neighbor_edges(neighbors: &NeighborLists) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::with_capacity(neighbors.len() * GRAPH_NEIGHBORS);
    for paper in 0..neighbors.len() {
        for (other, cosine) in neighbors.of(paper).take(GRAPH_NEIGHBORS) {
            let other = other as usize;
            edges.push((paper.min(other), paper.max(other), f64::from(cosine.max(MIN_WEIGHT))));
        }
    }
    edges.sort_unstable_by_key(|(one, other, _)| (*one, *other));
    edges.dedup_by_key(|(one, other, _)| (*one, *other));
    edges
}

/// The graph of groups: the weights between all papers of two groups, and within one.
fn merged_edges(edges: &[Edge], groups: &GroupAssignment) -> Vec<Edge> {
    let group = |paper: usize| groups.of_paper[paper] as usize;
    let mut merged: Vec<Edge> = edges
        .iter()
        .map(|(one, other, weight)| (group(*one).min(group(*other)), group(*one).max(group(*other)), *weight))
        .collect();
    // Stable, so that weights are added in one order.
    merged.sort_by_key(|(one, other, _)| (*one, *other));
    merged.dedup_by(|next, kept| {
        let is_same = (next.0, next.1) == (kept.0, kept.1);
        if is_same {
            kept.2 += next.2;
        }
        is_same
    });
    merged
}

/// The community of each node, with the resolution that gives nearest to `target` communities.
fn communities(nodes: usize, edges: &[Edge], target: usize) -> Vec<usize> {
    if edges.is_empty() || target <= 1 || nodes < 2 {
        return vec![0; nodes];
    }
    let graph = CSRNetwork::from_edges(nodes, edges).expect("edges are between nodes and have positive weights");
    let (mut low, mut high) = RESOLUTIONS;
    let mut best: Option<(usize, Vec<usize>)> = None;
    for _ in 0..MAX_TRIALS {
        let resolution = (low * high).sqrt();
        let config =
            LeidenConfig { objective: ObjectiveKind::Rb { resolution }, seed: Some(SEED), ..LeidenConfig::default() };
        let labels = leiden(&graph, &config).expect("the configuration is valid").into_labels();
        let found = labels.iter().max().map_or(0, |most| most + 1);
        let distance = found.abs_diff(target);
        if best.as_ref().is_none_or(|(other, _)| distance < *other) {
            best = Some((distance, labels));
        }
        match found {
            _ if found == target => break,
            _ if found > target => high = resolution,
            _ => low = resolution,
        }
    }
    best.map(|(_, labels)| labels).unwrap_or_default()
}

/// How each paper belongs to its group of the finest level.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Memberships {
    /// The share of a paper's neighbors, by weight, that are in its group: 0 to 1.
    pub(super) certainty: Vec<f32>,
    /// The other group that most neighbors are in, where fewer than half are in its own.
    pub(super) between: Vec<Option<u32>>,
}

impl Memberships {
    /// Compares the groups of papers with those of their neighbors. A paper without neighbors is sure of its group.
    pub(super) fn new(neighbors: &NeighborLists, groups: &GroupAssignment) -> Memberships {
        let mut memberships = Memberships::default();
        let mut weights: Vec<f32> = vec![0.0; groups.sizes.len()];
        for (paper, own) in groups.of_paper.iter().enumerate() {
            let near = || neighbors.of(paper).take(GRAPH_NEIGHBORS);
            let group = |paper: u32| groups.of_paper[paper as usize];
            let mut total = 0.0;
            for (other, cosine) in near() {
                let weight = cosine.max(MIN_WEIGHT);
                weights[group(other) as usize] += weight;
                total += weight;
            }
            let certainty = if total > 0.0 { weights[*own as usize] / total } else { 1.0 };
            let others = near().map(|(other, _)| group(other)).filter(|group| group != own);
            let second = others.max_by(|one, other| {
                let [weight, others] = [one, other].map(|group| weights[*group as usize]);
                weight.total_cmp(&others).then(other.cmp(one))
            });
            memberships.certainty.push(certainty);
            memberships.between.push(second.filter(|_| certainty < 0.5));
            near().for_each(|(other, _)| weights[group(other) as usize] = 0.0);
        }
        memberships
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rings of papers: each is near to the next of its ring, and the first of a ring to that of the next ring.
    fn rings(count: usize, size: usize) -> NeighborLists {
        let of = |paper: usize| {
            let (ring, place) = (paper / size, paper % size);
            let mut near: Vec<(u32, f32)> =
                (1..4).map(|step| ((ring * size + (place + step) % size) as u32, 0.9)).collect();
            if place == 0 {
                near.push((((paper + size) % (count * size)) as u32, 0.2));
            }
            near
        };
        NeighborLists::from_lists(4, (0..count * size).map(of))
    }

    #[test]
    fn what_is_dense_is_a_group() {
        let levels = GroupLevels::find(&rings(8, 12));
        let finest = levels.levels().last().unwrap();
        for ring in finest.of_paper.chunks(12) {
            assert!(ring.iter().all(|group| *group == ring[0]), "{ring:?}");
        }
    }

    #[test]
    fn levels_are_nested_and_numbered_by_size() {
        let levels = GroupLevels::find(&rings(120, 20));
        assert!(levels.levels().len() >= 2, "{}", levels.levels().len());
        for pair in levels.levels().windows(2) {
            let parents = pair[1].parents(&pair[0]);
            for (group, parent) in pair[1].of_paper.iter().zip(&pair[0].of_paper) {
                assert_eq!(parents[*group as usize], *parent);
            }
        }
        for level in levels.levels() {
            assert!(level.sizes.is_sorted_by(|one, other| one >= other));
            assert_eq!(level.sizes.iter().sum::<u32>() as usize, level.of_paper.len());
        }
    }

    #[test]
    fn small_collections_have_a_group() {
        for papers in [1, 2, 3] {
            let near = |paper: usize| (0..papers).filter(move |other| *other != paper).map(|other| (other as u32, 0.5));
            let lists = NeighborLists::from_lists(2, (0..papers).map(|paper| near(paper).collect()));
            assert_eq!(GroupLevels::find(&lists).levels().last().unwrap().of_paper, vec![0; papers]);
        }
        assert_eq!(GroupLevels::find(&NeighborLists::from_lists(2, std::iter::empty())), GroupLevels::default());
    }

    #[test]
    fn a_paper_between_two_groups_is_not_certain() {
        let lists = [vec![(1, 0.9)], vec![(0, 0.9)], vec![(3, 0.9)], vec![(2, 0.9)], vec![(0, 0.8), (2, 0.2)]];
        let lists = NeighborLists::from_lists(2, lists.into_iter());
        let groups = GroupAssignment::new(vec![0, 0, 1, 1, 1]);
        let Memberships { certainty, between } = Memberships::new(&lists, &groups);
        assert_eq!(certainty[0], 1.0);
        assert!((certainty[4] - 0.2).abs() < 1e-6, "{certainty:?}");
        assert_eq!(between, [None, None, None, None, Some(groups.of_paper[0])]);
    }
}

//! Going on from an earlier report: its groups keep their numbers and names, its papers their places, and new papers are
//! put among them.

use std::collections::BTreeMap;

use super::groups::{GRAPH_NEIGHBORS, GroupAssignment, GroupLevels};
use super::summary::nearest_row;
use super::{GroupedPaper, MapPlace, StoredReport};
use crate::index::NeighborLists;
use crate::paper::Paper;
use crate::vector::EmbeddingMatrix;

/// Neighbors between which a new paper is put on the map.
const PLACED_BETWEEN: usize = 5;
/// Rounds in which new papers may change their groups: two that follow each other would do so for ever.
const MAX_ROUNDS: usize = 20;

impl StoredReport {
    /// Whether a paper is in the earlier report, by any of its ids.
    pub(super) fn has(&self, paper: &Paper) -> bool {
        self.paper(paper).is_some()
    }

    fn paper(&self, paper: &Paper) -> Option<&GroupedPaper> {
        paper.all_ids().find_map(|id| self.paper_by_id(id))
    }

    /// The groups of papers: those of the earlier report, and for new ones the groups that most of their neighbors are in.
    /// `None` when the earlier report has a group of none of them.
    pub(super) fn groups(
        &self,
        papers: &[Paper],
        vectors: &EmbeddingMatrix,
        neighbors: &NeighborLists,
    ) -> Option<GroupLevels> {
        let known: Vec<Option<u32>> = papers.iter().map(|paper| self.paper(paper)?.finest_group()).collect();
        if known.iter().all(Option::is_none) {
            return None;
        }
        let found = spread(&known, |paper, groups| vote(paper, groups, neighbors));
        let found = settled(&known, found, |paper, groups| vote(paper, groups, neighbors));
        let nearest = |paper: usize| {
            let (row, _) = nearest_row(vectors.row(paper), vectors, |row| found[row as usize].is_some())?;
            found[row as usize]
        };
        let mut numbers: Vec<u32> =
            (0..papers.len()).map(|paper| found[paper].or_else(|| nearest(paper)).expect("one is known")).collect();
        let mut levels = Vec::new();
        for level in (0..self.levels.len()).rev() {
            levels.push(GroupAssignment::of_numbers(&numbers));
            let parent = |number: u32| self.group(level, number).and_then(|group| group.parent).unwrap_or_default();
            numbers.iter_mut().for_each(|number| *number = parent(*number));
        }
        levels.reverse();
        Some(GroupLevels::new(levels))
    }

    /// The labels of each group of each level.
    pub(super) fn labels(&self, levels: &[GroupAssignment]) -> Vec<Vec<Vec<String>>> {
        let labels = |level: usize, number: u32| self.group(level, number).map(|group| group.labels.clone());
        let of_level = |(level, groups): (usize, &GroupAssignment)| {
            groups.numbers.iter().map(|number| labels(level, *number).unwrap_or_default()).collect()
        };
        levels.iter().enumerate().map(of_level).collect()
    }

    /// Whether papers of the earlier report have places.
    pub(super) fn has_map(&self) -> bool {
        self.papers.iter().any(|paper| paper.place.is_some())
    }

    /// The places of papers: those of the earlier report, and for new ones the mean place of their nearest neighbors, of
    /// those in their own group if there are any. One that nothing leads to is in the middle of the others.
    pub(super) fn places(&self, papers: &[Paper], levels: &GroupLevels, neighbors: &NeighborLists) -> Vec<MapPlace> {
        let known: Vec<Option<MapPlace>> = papers.iter().map(|paper| self.paper(paper)?.place).collect();
        let group = |paper: usize| levels.levels().last().map(|level| level.of_paper[paper]);
        let between = |paper: usize, places: &[Option<MapPlace>]| {
            let near = neighbors.of(paper).filter_map(|(other, _)| Some((other as usize, places[other as usize]?)));
            let (own, others): (Vec<_>, Vec<_>) = near.partition(|(other, _)| group(*other) == group(paper));
            let near = if own.is_empty() { others } else { own };
            let count = near.len().min(PLACED_BETWEEN);
            let mean = |axis: usize| near[..count].iter().map(|(_, place)| place[axis]).sum::<f32>() / count as f32;
            (count > 0).then(|| [0, 1].map(mean))
        };
        let found = spread(&known, between);
        let placed: Vec<MapPlace> = found.iter().flatten().copied().collect();
        let center =
            [0, 1].map(|axis| placed.iter().map(|place| place[axis]).sum::<f32>() / placed.len().max(1) as f32);
        found.into_iter().map(|place| place.unwrap_or(center)).collect()
    }
}

/// Gives values to papers that have none, from papers that have one, until nothing changes. A round uses what was there
/// before it, so the order of papers does not matter.
fn spread<T: Copy>(known: &[Option<T>], value: impl Fn(usize, &[Option<T>]) -> Option<T>) -> Vec<Option<T>> {
    let mut values = known.to_vec();
    loop {
        let without = (0..values.len()).filter(|paper| values[*paper].is_none());
        let found: Vec<(usize, T)> = without.filter_map(|paper| Some((paper, value(paper, &values)?))).collect();
        if found.is_empty() {
            return values;
        }
        found.into_iter().for_each(|(paper, value)| values[paper] = Some(value));
    }
}

/// Lets papers without a known value decide again, now that their neighbors have values, until nothing changes.
fn settled<T: Copy + PartialEq>(
    known: &[Option<T>],
    mut values: Vec<Option<T>>,
    value: impl Fn(usize, &[Option<T>]) -> Option<T>,
) -> Vec<Option<T>> {
    for _ in 0..MAX_ROUNDS {
        let open = (0..values.len()).filter(|paper| known[*paper].is_none());
        let changed =
            open.map(|paper| (paper, value(paper, &values))).filter(|(paper, value)| values[*paper] != *value);
        let changed: Vec<(usize, Option<T>)> = changed.collect();
        if changed.is_empty() {
            break;
        }
        changed.into_iter().for_each(|(paper, value)| values[paper] = value);
    }
    values
}

/// The group that most neighbors of a paper are in, by their cosines; of equal ones that with the lower number.
fn vote(paper: usize, groups: &[Option<u32>], neighbors: &NeighborLists) -> Option<u32> {
    let mut votes: BTreeMap<u32, f32> = BTreeMap::new();
    for (other, cosine) in neighbors.of(paper).take(GRAPH_NEIGHBORS) {
        if let Some(group) = groups[other as usize] {
            *votes.entry(group).or_default() += cosine.max(0.0);
        }
    }
    let best = votes.into_iter().max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)));
    best.map(|(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_spread_round_by_round() {
        // A chain: each has only the one before it.
        let known = [Some(7), None, None, None];
        let before = |paper: usize, values: &[Option<i32>]| values[paper.checked_sub(1)?];
        assert_eq!(spread(&known, before), [Some(7); 4]);
        assert_eq!(spread(&[None, None, Some(1)], before), [None, None, Some(1)]);
    }

    #[test]
    fn papers_decide_again_when_their_neighbors_have_groups() {
        // The third paper has one neighbor in group 1, and two that will be in group 2.
        let near: [&[(u32, f32)]; 6] = [
            &[(2, 0.9)],
            &[(3, 0.9), (4, 0.9)],
            &[(0, 0.9), (3, 0.8), (4, 0.8)],
            &[(1, 0.9), (5, 0.9)],
            &[(1, 0.9), (5, 0.9)],
            &[(1, 0.9)],
        ];
        let lists = NeighborLists::from_lists(3, near.iter().map(|near| near.to_vec()));
        let known = [Some(1), Some(2), None, None, None, None];
        let value = |paper: usize, groups: &[Option<u32>]| vote(paper, groups, &lists);
        let first = spread(&known, value);
        assert_eq!(first[2], Some(1));
        assert_eq!(settled(&known, first, value), [1, 2, 2, 2, 2, 2].map(Some));
    }

    #[test]
    fn the_nearer_half_decides() {
        let lists = NeighborLists::from_lists(3, [vec![(1, 0.9), (2, 0.5), (3, 0.3)]].into_iter());
        assert_eq!(vote(0, &[None, Some(2), Some(1), Some(1)], &lists), Some(2));
        assert_eq!(vote(0, &[None, Some(2), Some(1), None], &lists), Some(2));
        assert_eq!(vote(0, &[None; 4], &lists), None);
    }
}

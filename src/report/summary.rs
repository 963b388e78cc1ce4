//! What the neighbor lists, the groups and the map say of each group and of each paper.

use std::collections::HashSet;

use jiff::civil::Date;
use rayon::prelude::*;

use super::groups::{GroupAssignment, Memberships};
use super::trends::{Month, MonthCounts, Trend};
use super::{Found, MapPlace, Report, ReportOptions, ReportPart};
use crate::index::NeighborLists;
use crate::paper::Paper;
use crate::vector::{EmbeddingMatrix, dot};

/// Labels that make the name of a group.
pub(super) const NAME_LABELS: usize = 2;
/// Novel papers that are listed.
const LISTED: usize = 50;
/// A paper is an outlier below the lower quartile by so many interquartile ranges: between Tukey's two fences, 1.5 and 3.
const OUTLIER_FENCE: f32 = 2.0;
/// Earlier papers, at least, of a paper that can be novel.
const MIN_EARLIER: usize = 100;

/// The groups of one granularity, the largest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportLevel {
    /// The groups.
    pub groups: Vec<PaperGroup>,
    /// The index in `groups` of the group of each paper.
    pub of_paper: Vec<u32>,
    /// The cosine of each paper with the center of its group: the mean of the embeddings of the group.
    pub centralities: Vec<f32>,
}

/// Papers on one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperGroup {
    /// From 1, the largest first; with an earlier report, the number that it has there.
    pub number: u32,
    /// What it is about: its first labels.
    pub name: String,
    /// Phrases of its papers, best first.
    pub labels: Vec<String>,
    /// The index of the group of the next coarser level that it is part of.
    pub parent: Option<u32>,
    /// How many papers it has.
    pub papers: u32,
    /// How many of them an earlier report does not have; `None` without one.
    pub new_papers: Option<u32>,
    /// The share of the neighbors of its papers that are in it too: 0 to 1.
    pub certainty: f32,
    /// The index of the paper nearest to its center.
    pub representative: u32,
    /// Papers of each month of [`Report::months`].
    pub by_month: Vec<u32>,
    /// The month of its first paper.
    pub first_month: Option<Month>,
    /// Its shares of all papers before the last months and in them: see [`Trend`].
    pub shares: Option<[f64; 2]>,
    /// Where it is going.
    pub trend: Trend,
    /// The middle of its papers on the map.
    pub place: Option<MapPlace>,
}

/// A paper in its group and on the map.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PaperPlace {
    /// The share of its neighbors that are in its group of the finest level: 0 to 1.
    pub certainty: Option<f32>,
    /// The index of the group of the finest level that most of the others are in, when fewer than half are in its own.
    pub between: Option<u32>,
    /// 1 less the cosine of the most similar earlier paper; `None` without a date, or with few earlier papers.
    pub novelty: Option<f32>,
    /// Whether it is far from all others.
    pub is_outlier: bool,
    /// Its place on the map.
    pub place: Option<MapPlace>,
    /// Whether an earlier report does not have it; `None` without one.
    pub is_new: Option<bool>,
}

/// Everything that follows from lists, groups and map; the rest of the report is empty.
pub(super) fn summarize(
    papers: &[Paper],
    vectors: &EmbeddingMatrix,
    found: Found<'_>,
    options: &ReportOptions,
) -> Report {
    let Found { lists, levels, labels, map, base } = found;
    let is_new: Option<Vec<bool>> = base.map(|base| papers.iter().map(|paper| !base.has(paper)).collect());
    let dates: Vec<Option<Date>> = papers.iter().map(report_date).collect();
    let months = match options.has(ReportPart::Trends) {
        true => MonthCounts::new(dates.iter().flatten().copied()),
        false => MonthCounts::default(),
    };
    let memberships: Vec<Memberships> = levels.levels().iter().map(|level| Memberships::new(lists, level)).collect();
    let finest = memberships.last();
    let novelties = novelties(lists, vectors, &dates);
    let ranked_outliers = outliers(lists);
    let outliers: HashSet<u32> = ranked_outliers.iter().copied().collect();
    let novel = most_novel(&novelties, &outliers);
    let report_level = |(index, (level, labels)): (usize, (&GroupAssignment, Vec<Vec<String>>))| {
        let parents = index.checked_sub(1).map(|coarser| level.parents(&levels.levels()[coarser]));
        let centralities = centralities(level, vectors);
        let groups = level.members().into_par_iter().zip(labels).enumerate().map(|(group, (members, labels))| {
            let by_month = by_month(&members, &dates, &months);
            let certainties = members.iter().map(|paper| memberships[index].certainty[*paper as usize]);
            PaperGroup {
                number: level.numbers[group],
                name: group_name(&labels),
                labels,
                parent: parents.as_ref().map(|parents| parents[group]),
                papers: members.len() as u32,
                new_papers: is_new
                    .as_ref()
                    .map(|is_new| members.iter().filter(|paper| is_new[**paper as usize]).count() as u32),
                certainty: certainties.sum::<f32>() / members.len() as f32,
                representative: representative(&members, &centralities),
                first_month: by_month.iter().position(|count| *count > 0).map(|month| months.months[month]),
                shares: months.shares(&by_month),
                trend: months.trend(&by_month),
                by_month,
                place: map.map(|map| middle(&members, map)),
            }
        });
        let groups = groups.collect();
        ReportLevel { groups, of_paper: level.of_paper.clone(), centralities }
    };
    let place = |paper: usize| PaperPlace {
        certainty: finest.map(|finest| finest.certainty[paper]),
        between: finest.and_then(|finest| finest.between[paper]),
        novelty: novelties[paper],
        is_outlier: outliers.contains(&(paper as u32)),
        place: map.map(|map| map[paper]),
        is_new: is_new.as_ref().map(|is_new| is_new[paper]),
    };
    Report {
        levels: levels.levels().iter().zip(labels).enumerate().map(report_level).collect(),
        places: (0..papers.len()).map(place).collect(),
        outliers: ranked_outliers,
        novel,
        by_month: months.all,
        months: months.months,
        ..Report::default()
    }
}

/// When a paper was published, or else listed: the day that filters go by.
pub(super) fn report_date(paper: &Paper) -> Option<Date> {
    paper.published.or(paper.listed)
}

/// The name of a group with these labels.
pub(super) fn group_name(labels: &[String]) -> String {
    labels.iter().take(NAME_LABELS).cloned().collect::<Vec<_>>().join(", ")
}

fn by_month(members: &[u32], dates: &[Option<Date>], months: &MonthCounts) -> Vec<u32> {
    let mut counts = vec![0; months.months.len()];
    for month in members.iter().filter_map(|paper| months.index(dates[*paper as usize]?)) {
        counts[month] += 1;
    }
    counts
}

/// The cosine of each paper with the mean of its group.
fn centralities(groups: &GroupAssignment, vectors: &EmbeddingMatrix) -> Vec<f32> {
    let of_group = |members: Vec<u32>| {
        let mut mean = vec![0.0f32; vectors.dimension()];
        for paper in &members {
            mean.iter_mut().zip(vectors.row(*paper as usize)).for_each(|(sum, x)| *sum += x);
        }
        let length = dot(&mean, &mean).sqrt().max(f32::MIN_POSITIVE);
        let cosine = |paper: &u32| (*paper, dot(vectors.row(*paper as usize), &mean) / length);
        members.iter().map(cosine).collect::<Vec<(u32, f32)>>()
    };
    let cosines: Vec<Vec<(u32, f32)>> = groups.members().into_par_iter().map(of_group).collect();
    let mut centralities = vec![0.0; vectors.len()];
    cosines.into_iter().flatten().for_each(|(paper, cosine)| centralities[paper as usize] = cosine);
    centralities
}

/// The paper nearest to the center of a group.
fn representative(members: &[u32], centralities: &[f32]) -> u32 {
    let centrality = |paper: u32| centralities[paper as usize];
    let best =
        members.iter().max_by(|one, other| centrality(**one).total_cmp(&centrality(**other)).then(other.cmp(one)));
    best.copied().unwrap_or_default()
}

/// The median of the places: a group can have papers far away.
fn middle(members: &[u32], map: &[MapPlace]) -> MapPlace {
    [0, 1].map(|axis| {
        let mut values: Vec<f32> = members.iter().map(|paper| map[*paper as usize][axis]).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f32::total_cmp).1
    })
}

/// Papers whose neighbors are far: the mean cosine with them is below the fence. The farthest first.
fn outliers(lists: &NeighborLists) -> Vec<u32> {
    let mean = |paper: usize| {
        let (sum, count) = lists.of(paper).fold((0.0, 0), |(sum, count), (_, cosine)| (sum + cosine, count + 1));
        sum / count.max(1) as f32
    };
    let means: Vec<f32> = (0..lists.len()).map(mean).collect();
    let mut sorted = means.clone();
    sorted.sort_by(f32::total_cmp);
    let [Some(lower), Some(upper)] = [1, 3].map(|quarter| sorted.get(sorted.len() * quarter / 4)) else {
        return Vec::new();
    };
    let fence = lower - OUTLIER_FENCE * (upper - lower);
    let mut outliers: Vec<u32> = (0..lists.len() as u32).filter(|paper| means[*paper as usize] < fence).collect();
    outliers.sort_by(|one, other| means[*one as usize].total_cmp(&means[*other as usize]).then(one.cmp(other)));
    outliers
}

/// For each paper, 1 less the cosine of the nearest earlier paper. Where none of its neighbors is earlier, it is compared
/// with all papers.
fn novelties(lists: &NeighborLists, vectors: &EmbeddingMatrix, dates: &[Option<Date>]) -> Vec<Option<f32>> {
    let mut sorted: Vec<Date> = dates.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let novelty = |paper: usize| {
        let date = dates[paper]?;
        if sorted.partition_point(|other| *other < date) < MIN_EARLIER {
            return None;
        }
        let is_earlier = |other: u32| dates[other as usize].is_some_and(|other| other < date);
        if let Some((_, cosine)) = lists.of(paper).find(|(other, _)| is_earlier(*other)) {
            return Some(1.0 - cosine);
        }
        nearest_row(vectors.row(paper), vectors, is_earlier).map(|(_, cosine)| 1.0 - cosine)
    };
    (0..lists.len()).into_par_iter().map(novelty).collect()
}

/// The row most similar to a vector, of those that may be it, with the cosine; of equal ones the first.
pub(super) fn nearest_row(
    vector: &[f32],
    vectors: &EmbeddingMatrix,
    may_be: impl Fn(u32) -> bool,
) -> Option<(u32, f32)> {
    let rows = (0u32..).zip(vectors.rows()).filter(|(row, _)| may_be(*row));
    let cosines = rows.map(|(row, other)| (row, dot(vector, other)));
    cosines.max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)))
}

fn most_novel(novelties: &[Option<f32>], outliers: &HashSet<u32>) -> Vec<u32> {
    let papers = (0u32..).zip(novelties).filter_map(|(paper, novelty)| Some((paper, (*novelty)?)));
    let mut novel: Vec<(u32, f32)> = papers.filter(|(paper, _)| !outliers.contains(paper)).collect();
    novel.sort_by(|(one, novelty), (other, others)| others.total_cmp(novelty).then(one.cmp(other)));
    novel.truncate(LISTED);
    novel.into_iter().map(|(paper, _)| paper).collect()
}

impl ReportLevel {
    /// The groups with a trend, those whose share has changed most first.
    pub fn groups_with(&self, trend: Trend) -> Vec<&PaperGroup> {
        let change = |group: &PaperGroup| {
            let [was, is] = group.shares.unwrap_or([1.0, 1.0]);
            ((is + 1e-9) / (was + 1e-9)).ln().abs()
        };
        let mut groups: Vec<&PaperGroup> = self.groups.iter().filter(|group| group.trend == trend).collect();
        groups.sort_by(|one, other| change(other).total_cmp(&change(one)).then(one.number.cmp(&other.number)));
        groups
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::vector::Embedding;

    #[test]
    fn papers_far_from_their_neighbors_are_outliers() {
        let cosine = |paper: usize| if paper == 7 { 0.1 } else { 0.7 + 0.01 * (paper % 5) as f32 };
        let lists = (0..50).map(|paper| vec![((paper as u32 + 1) % 50, cosine(paper))]);
        assert_eq!(outliers(&NeighborLists::from_lists(1, lists)), [7]);
        assert!(outliers(&NeighborLists::default()).is_empty());
    }

    #[test]
    fn a_paper_is_novel_beside_what_was_there_before() {
        let day = |paper: usize| Some(date(2020, 1, 1).saturating_add(jiff::Span::new().days(paper as i64)));
        let mut dates: Vec<Option<Date>> = (0..104).map(day).collect();
        dates[103] = None;
        let mut vectors = EmbeddingMatrix::with_capacity(2, 104);
        // The papers go along a quarter of a circle, and the last stand in its middle.
        let angle = |paper: usize| if paper < 100 { paper as f32 / 100.0 } else { 0.5 + (paper - 100) as f32 };
        for paper in 0..104 {
            let angle = angle(paper) * std::f32::consts::FRAC_PI_2;
            vectors.push(&Embedding::normalize(vec![angle.cos(), angle.sin()]).unwrap());
        }
        let near = |paper: usize| match paper {
            // A later paper is nearer, an earlier one is not.
            101 => vec![(102, 0.9), (3, 0.6)],
            // No neighbor is earlier: all papers are compared.
            _ => vec![(103, 0.9)],
        };
        let lists = NeighborLists::from_lists(2, (0..104).map(near));
        let found = novelties(&lists, &vectors, &dates);
        assert_eq!((found[99], found[103]), (None, None), "99 papers are earlier; no date");
        assert!((found[101].unwrap() - 0.4).abs() < 1e-6);
        assert!(found[100].unwrap().abs() < 1e-6, "the 50th paper is where it is");
        assert_eq!(most_novel(&found, &HashSet::from([101])), [102, 100]);
    }
}

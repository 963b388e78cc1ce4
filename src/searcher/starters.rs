//! Papers to begin with, for readers without a history: one of each subject of the library, and then others.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::background::sample_rows;
use super::feed::DEDUP_THRESHOLD;
use super::signals::SignalTable;
use super::{SearchContext, Searcher};
use crate::embedder::TextEmbeddings;
use crate::error::Result;
use crate::evaluate::kmeans_centroids;
use crate::library::NearestQuery;
use crate::paper::Paper;
use crate::recommend::time_decay;
use crate::vector::{Embedding, RowBitmap, RowId, dot};

/// Papers of a page, and subjects that the library is divided into: a first page has one paper of each.
const PAGE_PAPERS: usize = 30;
/// Papers near the center of a subject that are looked at.
const SUBJECT_CANDIDATES: usize = 60;
/// What a paper of today, and one with the most votes of its day, are worth: as much as so much more cosine with the
/// center of its subject. The papers that are looked at differ by about 0.1, so these count as much.
const PRIOR_WEIGHT: f32 = 0.1;
/// Days after which a paper is worth half as much for being new.
const HALF_LIFE_DAYS: f64 = 365.0;
/// The same subjects are found each time.
const SEED: u64 = 30;
/// Orders in memory, in bytes: those of a few days.
pub(super) const STARTER_CACHE_BYTES: usize = 64 << 10;

/// A page of papers for readers who have no history yet. They choose some of them, and those are a history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StarterPage {
    /// At most 30 papers, of as many subjects as there are. None is on another page.
    pub papers: Vec<Paper>,
    /// The number of the page, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
}

/// A page of starter papers, counted from 1: the same all day, as long as the library is the same.
///
/// # Errors
/// When the library's file cannot be read or the index is corrupt.
pub(crate) fn starter_page(context: SearchContext<'_>, page: usize, today: Date) -> Result<StarterPage> {
    context.search(&TextEmbeddings::default(), |searcher| page_of(searcher, page, today))
}

fn page_of(searcher: &Searcher<'_>, page: usize, today: Date) -> Result<StarterPage> {
    let Searcher { library, snapshot, caches, .. } = searcher;
    let orders = caches.starters.get_or_build(snapshot.generation, || Ok(Default::default()))?;
    let keys = orders.get_or_read(&today, |keys| size_of_val(keys.as_slice()), || starter_keys(searcher, today))?;
    let first = page.saturating_sub(1).saturating_mul(PAGE_PAPERS);
    let papers = library.papers_at(keys.get(first..).map_or(&[][..], |keys| &keys[..keys.len().min(PAGE_PAPERS)]))?;
    let papers = papers.into_iter().map(|stored| stored.paper).collect();
    Ok(StarterPage { papers, page: page.max(1), pages: keys.len().div_ceil(PAGE_PAPERS) })
}

/// The keys of all starter papers, in the order in which they are offered.
fn starter_keys(searcher: &Searcher<'_>, today: Date) -> Result<Vec<i64>> {
    let snapshot = &searcher.snapshot;
    let subjects = subjects(searcher)?;
    let signals = SignalTable::read(searcher, &[], true, &RowBitmap::default())?;
    let mut lists = Vec::with_capacity(subjects.len());
    for subject in subjects {
        searcher.library.check_canceled()?;
        let mut papers = Vec::with_capacity(subject.len());
        for (row, similarity) in subject {
            let signals = signals.signals(row, snapshot)?;
            let recency = signals.date.map_or(0.0, |date| time_decay(Some(date), today, Some(HALF_LIFE_DAYS)) as f32);
            papers.push((row, similarity + PRIOR_WEIGHT * (recency + signals.popularity)));
        }
        papers.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut different: Vec<RowId> = Vec::with_capacity(papers.len());
        for (row, _) in papers {
            let vector = snapshot.vector(row)?;
            let mut is_new = true;
            for other in &different {
                is_new &= dot(vector, snapshot.vector(*other)?) < DEDUP_THRESHOLD;
            }
            if is_new {
                different.push(row);
            }
        }
        lists.push(different);
    }
    Ok(in_turn(lists).into_iter().map(|row| snapshot.key(row)).collect())
}

/// The papers nearest to the center of each subject, with how near they are; each is of one subject. Subjects are clusters of
/// the papers that stand for the library.
fn subjects(searcher: &Searcher<'_>) -> Result<Vec<Vec<(RowId, f32)>>> {
    let snapshot = &searcher.snapshot;
    let rows = sample_rows(snapshot, snapshot.all());
    snapshot.load(&rows)?;
    let vectors: Vec<Embedding> = rows.iter().map(|row| snapshot.embedding(*row)).collect::<Result<_>>()?;
    let slices: Vec<&[f32]> = vectors.iter().map(Embedding::as_slice).collect();
    let centers: Vec<Embedding> = kmeans_centroids(&slices, PAGE_PAPERS, SEED)
        .into_iter()
        .filter_map(|center| Embedding::normalize(center.into_iter().map(|x| x as f32).collect()))
        .collect();
    let directions = directions(&centers, &vectors);
    let near = directions.iter().map(|center| NearestQuery { vector: center.as_slice(), k: SUBJECT_CANDIDATES });
    let queries: Vec<NearestQuery<'_>> = near.collect();
    let hits = snapshot.nearest_to_each(&queries, None)?;
    let hits: Vec<Vec<(RowId, f32)>> =
        hits.into_iter().map(|hits| hits.into_iter().map(|hit| (hit.row, hit.score)).collect()).collect();
    Ok(of_one_list_each(hits))
}

/// How each center differs from the mean of all vectors. All embeddings are on one side of the sphere: the papers nearest to a
/// plain center are general ones, and those of different subjects are alike.
fn directions(centers: &[Embedding], vectors: &[Embedding]) -> Vec<Embedding> {
    let mut mean = vec![0.0; vectors.first().map_or(0, |vector| vector.as_slice().len())];
    for vector in vectors {
        mean.iter_mut().zip(vector.as_slice()).for_each(|(sum, x)| *sum += x / vectors.len() as f32);
    }
    let difference = |center: &Embedding| center.as_slice().iter().zip(&mean).map(|(x, mean)| x - mean).collect();
    // Only a library of one subject has one that is the mean.
    centers.iter().map(|center| Embedding::normalize(difference(center)).unwrap_or_else(|| center.clone())).collect()
}

/// Leaves each item only in the list in which its number is the largest; of equal ones, in the first.
fn of_one_list_each<T: Copy + Ord>(mut lists: Vec<Vec<(T, f32)>>) -> Vec<Vec<(T, f32)>> {
    let mut best: BTreeMap<T, (usize, f32)> = BTreeMap::new();
    for (place, list) in lists.iter().enumerate() {
        for (item, number) in list {
            let entry = best.entry(*item).or_insert((place, *number));
            if *number > entry.1 {
                *entry = (place, *number);
            }
        }
    }
    for (place, list) in lists.iter_mut().enumerate() {
        list.retain(|(item, _)| best[item].0 == place);
    }
    lists
}

/// The first of each list, then the second of each, until all are at their ends.
fn in_turn<T: Copy>(lists: Vec<Vec<T>>) -> Vec<T> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|turn| lists.iter().filter_map(move |list| list.get(turn).copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centers_differ_from_the_mean() {
        let unit = |vector: [f32; 2]| Embedding::normalize(vector.to_vec()).unwrap();
        let vectors = [unit([1.0, 0.2]), unit([1.0, -0.2])];
        assert_eq!(directions(&vectors, &vectors), [unit([0.0, 1.0]), unit([0.0, -1.0])]);
        assert_eq!(directions(&vectors[..1], &vectors[..1]), vectors[..1]);
        assert!(directions(&[], &[]).is_empty());
    }

    #[test]
    fn lists_take_turns() {
        assert_eq!(in_turn(vec![vec![1, 2, 3], vec![4], vec![], vec![5, 6]]), [1, 4, 5, 2, 6, 3]);
        assert!(in_turn::<u8>(Vec::new()).is_empty());
    }

    #[test]
    fn an_item_is_in_the_list_that_it_is_nearest_to() {
        let lists = vec![vec![('a', 0.9), ('b', 0.5)], vec![('b', 0.8), ('a', 0.4), ('c', 0.1)], vec![('c', 0.1)]];
        let expected = [vec![('a', 0.9)], vec![('b', 0.8), ('c', 0.1)], vec![]];
        assert_eq!(of_one_list_each(lists), expected);
    }
}

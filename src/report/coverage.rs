//! A collection beside another one: what of it is new there, what is known, and what is nearly the same.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Collection;
use super::duplicates::title_hash;
use super::groups::{GRAPH_NEIGHBORS, GroupLevels};
use super::labels::group_labels;
use super::summary::{group_name, nearest_row};
use crate::index::all_nearest;
use crate::paper::{Paper, PaperId};
use crate::string_enum::string_enum;
use crate::vector::{EmbeddingMatrix, dot};

/// A paper is known if the nearest paper of the other collection is as near as those papers are to each other: three
/// quarters of them have a neighbor at least that near.
const KNOWN_QUANTILE: f64 = 0.25;
/// Of fewer papers, the nearest of each says little: then the cosine from which on two papers are often on one subject.
const MIN_PAPERS: usize = 20;
const KNOWN_COSINE: f32 = 0.55;
/// Papers with this cosine are on one subject, however near those of the other collection are to each other.
const SAME_SUBJECT: f32 = 0.7;

/// What another collection has of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageState {
    /// Nothing like it.
    New,
    /// Papers on the same subject.
    Known,
    /// The paper itself, or nearly: the same id, the same title, or a very similar embedding.
    NearCopy,
}

string_enum!(CoverageState, "a state", { New => "new", Known => "known", NearCopy => "near copy" });

/// A paper beside another collection.
#[derive(Debug, Clone, PartialEq)]
pub struct CoveredPaper {
    /// What the other collection has of it.
    pub state: CoverageState,
    /// The nearest paper there, or the one that is the same, with the cosine; `None` if it has no papers.
    pub nearest: Option<(PaperId, f32)>,
}

/// A group of papers of the other collection.
#[derive(Debug, Clone, PartialEq)]
pub struct CoveredGroup {
    /// What it is about.
    pub name: String,
    /// How many papers it has.
    pub papers: u32,
    /// How many known papers and near copies of the report's collection are nearest to one of them.
    pub matched: u32,
}

/// A collection beside another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// What the other collection is called.
    pub other: String,
    /// The cosine from which on a paper is known.
    pub known_cosine: f32,
    /// Each paper of the report.
    pub papers: Vec<CoveredPaper>,
    /// The groups of the other collection, the largest first.
    pub groups: Vec<CoveredGroup>,
}

impl Coverage {
    /// How many papers have a state.
    pub fn count(&self, state: CoverageState) -> usize {
        self.papers.iter().filter(|paper| paper.state == state).count()
    }
}

/// Compares papers with another collection; a cosine of `threshold` makes a near copy.
pub(super) fn coverage(papers: &[Paper], vectors: &EmbeddingMatrix, other: &Collection, threshold: f32) -> Coverage {
    let others = &other.papers[..other.vectors.len()];
    let k = GRAPH_NEIGHBORS.min(others.len().saturating_sub(1));
    let lists = all_nearest(&other.vectors, k, &|_| {});
    let nearest_cosines = (0..lists.len()).filter_map(|paper| lists.of(paper).next().map(|(_, cosine)| cosine));
    let known_cosine = known_cosine(nearest_cosines.collect());
    let named = NamedPapers::new(others);
    let compared = |(paper, vector): (&Paper, &[f32])| {
        let nearest = nearest_row(vector, &other.vectors, |_| true);
        match (named.same(paper), nearest) {
            (Some(same), _) => {
                let cosine = dot(vector, other.vectors.row(same as usize));
                (CoverageState::NearCopy, Some((same, cosine)))
            }
            (None, Some((_, cosine))) if cosine >= threshold => (CoverageState::NearCopy, nearest),
            (None, Some((_, cosine))) if cosine >= known_cosine => (CoverageState::Known, nearest),
            (None, nearest) => (CoverageState::New, nearest),
        }
    };
    let rows: Vec<&[f32]> = vectors.rows().collect();
    let compared: Vec<(CoverageState, Option<(u32, f32)>)> = papers.par_iter().zip(rows).map(compared).collect();
    let matched = compared.iter().filter(|(state, _)| *state != CoverageState::New);
    let groups = groups(others, &GroupLevels::find(&lists), matched.filter_map(|(_, nearest)| Some((*nearest)?.0)));
    let covered = |(state, nearest): (CoverageState, Option<(u32, f32)>)| CoveredPaper {
        state,
        nearest: nearest.map(|(paper, cosine)| (others[paper as usize].id.clone(), cosine)),
    };
    Coverage {
        other: other.source.title.clone(),
        known_cosine,
        papers: compared.into_iter().map(covered).collect(),
        groups,
    }
}

fn known_cosine(mut nearest: Vec<f32>) -> f32 {
    if nearest.len() < MIN_PAPERS {
        return KNOWN_COSINE;
    }
    let rank = (nearest.len() as f64 * KNOWN_QUANTILE) as usize;
    nearest.select_nth_unstable_by(rank, f32::total_cmp).1.min(SAME_SUBJECT)
}

/// Papers by what names them.
struct NamedPapers<'p> {
    ids: FxHashMap<&'p str, u32>,
    titles: FxHashMap<u64, u32>,
}

impl<'p> NamedPapers<'p> {
    fn new(papers: &'p [Paper]) -> NamedPapers<'p> {
        let mut named = NamedPapers { ids: FxHashMap::default(), titles: FxHashMap::default() };
        for (index, paper) in (0u32..).zip(papers) {
            for id in paper.all_ids() {
                named.ids.entry(id.as_str()).or_insert(index);
            }
            if let Some(title) = title_hash(paper) {
                named.titles.entry(title).or_insert(index);
            }
        }
        named
    }

    /// The paper that has an id or the title of this one.
    fn same(&self, paper: &Paper) -> Option<u32> {
        let by_id = paper.all_ids().find_map(|id| self.ids.get(id.as_str()));
        by_id.or_else(|| self.titles.get(&title_hash(paper)?)).copied()
    }
}

/// The coarsest groups, with how many of the papers that matched are in each.
fn groups(papers: &[Paper], levels: &GroupLevels, matched: impl Iterator<Item = u32>) -> Vec<CoveredGroup> {
    let Some(coarsest) = levels.levels().first() else { return Vec::new() };
    let labels = group_labels(papers, std::slice::from_ref(coarsest)).pop().unwrap_or_default();
    let mut groups: Vec<CoveredGroup> = coarsest
        .sizes
        .iter()
        .zip(labels)
        .map(|(papers, labels)| CoveredGroup { name: group_name(&labels), papers: *papers, matched: 0 })
        .collect();
    for paper in matched {
        groups[coarsest.of_paper[paper as usize] as usize].matched += 1;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::CollectionSource;
    use crate::vector::Embedding;

    fn paper(id: &str, title: &str, numbers: [f32; 3]) -> (Paper, Option<Embedding>) {
        let json = serde_json::json!({"id": id, "title": title, "source": "test"});
        (serde_json::from_value(json).unwrap(), Embedding::normalize(numbers.to_vec()))
    }

    #[test]
    fn papers_are_new_known_or_copies() {
        use CoverageState::{Known, NearCopy, New};
        let other = [paper("a", "On the oil of lanterns", [1.0, 0.0, 0.0]), paper("b", "Boats", [0.0, 1.0, 0.0])];
        let other =
            Collection::new(CollectionSource { title: "mine".to_owned(), ..CollectionSource::default() }, other);
        let table = [
            (paper("a", "Another title", [0.0, 0.0, 1.0]), NearCopy, "a"),
            (paper("x1", "On the Oil of Lanterns", [0.0, 0.0, 1.0]), NearCopy, "a"),
            (paper("x2", "Ships", [0.0, 1.0, 0.05]), NearCopy, "b"),
            (paper("x3", "Harbors", [0.0, 1.0, 0.9]), Known, "b"),
            (paper("x4", "Moss", [0.1, 0.0, 1.0]), New, "a"),
        ];
        let papers: Vec<_> = table.iter().map(|(paper, ..)| paper.clone()).collect();
        let Collection { papers, vectors, .. } = Collection::new(CollectionSource::default(), papers);
        let found = coverage(&papers, &vectors, &other, 0.95);
        for (paper, covered) in papers.iter().zip(&found.papers) {
            let (_, state, nearest) = table.iter().find(|((expected, _), ..)| expected.id == paper.id).unwrap();
            assert_eq!(covered.state, *state, "{}", paper.id);
            assert_eq!(covered.nearest.as_ref().unwrap().0.as_str(), *nearest, "{}", paper.id);
        }
        assert_eq!((found.other.as_str(), found.count(NearCopy), found.count(New)), ("mine", 3, 1));
        assert_eq!(found.groups.iter().map(|group| group.matched).sum::<u32>(), 4);
    }

    #[test]
    fn beside_nothing_everything_is_new() {
        let Collection { papers, vectors, .. } =
            Collection::new(CollectionSource::default(), [paper("x", "Moss", [1.0, 0.0, 0.0])]);
        let found = coverage(&papers, &vectors, &Collection::default(), 0.95);
        assert_eq!(found.papers, [CoveredPaper { state: CoverageState::New, nearest: None }]);
        assert!(found.groups.is_empty());
    }

    #[test]
    fn what_is_known_depends_on_how_near_papers_are() {
        let cosines: Vec<f32> = (0..100).map(|number| number as f32 / 100.0).collect();
        assert_eq!(known_cosine(cosines), 0.25);
        assert_eq!(known_cosine(vec![0.9; 19]), KNOWN_COSINE);
        assert_eq!(known_cosine(vec![0.9; 20]), SAME_SUBJECT);
    }
}

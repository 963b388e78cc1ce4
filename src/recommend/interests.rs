//! The interests of a reading history: groups of papers that have a name, or that are alike.

use std::collections::{BTreeMap, HashMap};

use super::background::Background;
use super::resolved_query::HistoryPaper;
use crate::lexical::{TermCounts, TermVector};
use crate::vector::dot;

/// Papers are of one interest while the mean of their cosines is at least this: two papers of one subject have about
/// 0.4, two of different subjects about 0.1.
const MIN_MEAN_COSINE: f32 = 0.35;
/// The most interests; a list of ten papers shows each of them.
const MAX_INTERESTS: usize = 8;
/// More papers than these are not grouped: the others join the group that they are most like.
const MAX_CLUSTERED: usize = 300;
/// Words in a label.
const LABEL_TERMS: usize = 3;
/// The share of background papers that a paper of a history is more similar to the others than, if it is one of them.
const MIN_PERCENTILE: f32 = 0.6;
/// Background papers that are looked at for that.
const SCATTER_SAMPLE: usize = 250;

/// The interests of a short history whose papers are mostly of subjects of their own, so that each should have its share of a
/// list; `None` for other histories. Cross-validation: each paper is compared with the paper of the others that is most
/// similar, as background papers are, and those that the others do not find are interests of their own. Papers with a named
/// interest are not looked at: their readers have said how they belong together.
pub fn scattered_interests(past: &[HistoryPaper], background: &Background) -> Option<Vec<Vec<usize>>> {
    if !(2..=MAX_INTERESTS).contains(&past.len()) || past.iter().any(|paper| paper.interest.is_some()) {
        return None;
    }
    let cosines =
        |vector: &[f32]| -> Vec<f32> { past.iter().map(|paper| dot(paper.embedding.as_slice(), vector)).collect() };
    let step = background.len().div_ceil(SCATTER_SAMPLE).max(1);
    let sample: Vec<Vec<f32>> = background.vectors().step_by(step).map(cosines).collect();
    let is_isolated = |place: &usize| {
        let best_other = |cosines: &[f32]| {
            let others = cosines.iter().enumerate().filter(|(other, _)| other != place);
            others.map(|(_, cosine)| *cosine).fold(f32::NEG_INFINITY, f32::max)
        };
        let own = best_other(&cosines(past[*place].embedding.as_slice()));
        let lower = sample.iter().filter(|cosines| best_other(cosines) < own).count();
        (lower as f32) < MIN_PERCENTILE * sample.len() as f32
    };
    let (isolated, others): (Vec<usize>, Vec<usize>) = (0..past.len()).partition(is_isolated);
    let mut groups: Vec<Vec<usize>> = isolated.into_iter().map(|place| vec![place]).collect();
    let is_scattered = 2 * groups.len() > past.len();
    groups.extend(average_linkage(past, others));
    is_scattered.then(|| by_weight(past, groups))
}

/// Parts a history into interests, those with most weight first: places in the history, in ascending order. Papers of an
/// interest with a name are together, the others with those that they are like.
pub fn cluster_history(past: &[HistoryPaper]) -> Vec<Vec<usize>> {
    let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut others = Vec::new();
    for (place, paper) in past.iter().enumerate() {
        match &paper.interest {
            Some(name) => named.entry(name).or_default().push(place),
            None => others.push(place),
        }
    }
    by_weight(past, named.into_values().chain(average_linkage(past, others)).collect())
}

/// Groups in the order of their weights, their places ascending.
fn by_weight(past: &[HistoryPaper], mut groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let weight = |group: &Vec<usize>| group.iter().map(|place| past[*place].weight).sum::<f32>();
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
    groups
}

/// Groups of papers that are alike, of these places: average linkage (Sokal and Michener 1958), until no two groups are.
fn average_linkage(past: &[HistoryPaper], mut order: Vec<usize>) -> Vec<Vec<usize>> {
    let similarity = |a: usize, b: usize| dot(past[a].embedding.as_slice(), past[b].embedding.as_slice());
    let mean = |a: &[usize], b: &[usize]| {
        let sum: f32 = a.iter().flat_map(|a| b.iter().map(|b| similarity(*a, *b))).sum();
        sum / (a.len() * b.len()) as f32
    };
    order.sort_by(|a, b| past[*b].weight.total_cmp(&past[*a].weight).then(a.cmp(b)));
    let (grouped, others) = order.split_at(order.len().min(MAX_CLUSTERED));
    let mut groups: Vec<Vec<usize>> = grouped.iter().map(|place| vec![*place]).collect();
    // Means of similarities between groups, kept up as groups are merged.
    let mut means: Vec<Vec<f32>> = groups.iter().map(|a| groups.iter().map(|b| mean(a, b)).collect()).collect();
    while groups.len() > 1 {
        let pairs = (0..groups.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let Some((a, b)) = pairs.max_by(|x, y| means[x.0][x.1].total_cmp(&means[y.0][y.1]).then(y.cmp(x))) else {
            break;
        };
        if means[a][b] < MIN_MEAN_COSINE && groups.len() <= MAX_INTERESTS {
            break;
        }
        let (of_a, of_b) = (groups[a].len() as f32, groups[b].len() as f32);
        let joined: Vec<f32> =
            means[a].iter().zip(&means[b]).map(|(to_a, to_b)| (of_a * to_a + of_b * to_b) / (of_a + of_b)).collect();
        means.iter_mut().zip(&joined).for_each(|(row, joined)| row[a] = *joined);
        means[a] = joined;
        means.remove(b);
        for row in &mut means {
            row.remove(b);
        }
        let merged = groups.remove(b);
        groups[a].extend(merged);
    }
    for other in others {
        let near = |group: &Vec<usize>| mean(group, &[*other]);
        if let Some(group) = groups.iter_mut().max_by(|a, b| near(a).total_cmp(&near(b))) {
            group.push(*other);
        }
    }
    groups
}

/// What an interest is about: its name or, if it has none, the words that set its papers apart, most telling first.
pub fn interest_label(papers: &[&HistoryPaper], background: &Background) -> String {
    if let Some(name) = papers.first().and_then(|past| past.interest.clone()) {
        return name;
    }
    let terms: Vec<TermCounts> = papers.iter().map(|past| past.document.spelled_terms()).collect();
    let mut words: HashMap<&str, (f32, usize)> = HashMap::new();
    for (past, terms) in papers.iter().zip(&terms) {
        for (term, count) in terms.counts() {
            let (weight, in_papers) = words.entry(term).or_default();
            let idf = background.idf(TermVector::term_id(term));
            *weight += past.weight * (1.0 + (count as f32).ln()) * idf;
            *in_papers += 1;
        }
    }
    let least = if papers.len() > 2 { 2 } else { 1 };
    let mut words: Vec<(&str, f32)> = words
        .into_iter()
        .filter(|(_, (_, papers))| *papers >= least)
        .map(|(word, (weight, _))| (word, weight))
        .collect();
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    words.iter().take(LABEL_TERMS).map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}

/// The order in which lists of these lengths take turns until all are at their ends, so that each has its share of every
/// beginning (Sainte-Laguë): places of lists.
///
/// ```
/// // The list of 3/4 of the history comes first, and has three of the first four places.
/// let order = paperkin::recommend::interleave_by_share(&[0.75, 0.25], &[4, 4]);
/// assert_eq!(order[..4], [0, 0, 1, 0]);
/// ```
pub fn interleave_by_share(shares: &[f32], lengths: &[usize]) -> Vec<usize> {
    let mut taken = vec![0; shares.len()];
    let mut order = Vec::with_capacity(lengths.iter().sum());
    let claim = |place: usize, taken: &[usize]| shares[place] / (2 * taken[place] + 1) as f32;
    loop {
        let left = (0..shares.len()).filter(|place| taken[*place] < lengths[*place]);
        let next = left.max_by(|a, b| claim(*a, &taken).total_cmp(&claim(*b, &taken)).then(b.cmp(a)));
        let Some(next) = next else { return order };
        taken[next] += 1;
        order.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::{AnalyzedText, TermSlice};
    use crate::vector::{Embedding, EmbeddingMatrix};

    fn past(numbers: [f32; 3], weight: f32, text: &str) -> HistoryPaper {
        let embedding = Embedding::normalize(numbers.to_vec()).unwrap();
        HistoryPaper {
            id: None,
            key: None,
            title: text.to_owned(),
            embedding,
            document: AnalyzedText::new(text.to_owned()),
            weight,
            interest: None,
        }
    }

    fn history() -> Vec<HistoryPaper> {
        vec![
            past([1.0, 0.1, 0.0], 1.0, "robots that grasp"),
            past([0.0, 1.0, 0.1], 1.0, "speech of robots"),
            past([1.0, 0.0, 0.1], 0.5, "a grasp planner"),
            past([0.1, 1.0, 0.0], 1.0, "speech synthesis"),
            past([0.9, 0.2, 0.1], 1.0, "hands that grasp"),
        ]
    }

    #[test]
    fn papers_that_are_alike_are_one_interest() {
        assert_eq!(cluster_history(&history()), [vec![0, 2, 4], vec![1, 3]]);
        assert_eq!(cluster_history(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(cluster_history(&history()[..1]), [vec![0]]);
        let mut named = history();
        named[0].interest = Some("hands".to_owned());
        named[3].interest = Some("hands".to_owned());
        assert_eq!(cluster_history(&named), [vec![0, 3], vec![2, 4], vec![1]]);
        let many: Vec<HistoryPaper> = (0..700).map(|at| history()[at % 5].clone()).collect();
        let groups = cluster_history(&many);
        assert_eq!((groups.len(), groups.iter().map(Vec::len).sum::<usize>()), (2, 700));
    }

    #[test]
    fn a_label_has_the_words_of_most_papers() {
        let history = history();
        let mut vectors = EmbeddingMatrix::with_capacity(3, 5);
        history.iter().for_each(|past| vectors.push(&past.embedding));
        let terms: Vec<TermSlice<'_>> = history.iter().map(|past| past.document.terms()).collect();
        let background = Background::new(vectors, &terms);
        assert_eq!(interest_label(&[&history[0], &history[2], &history[4]], &background), "grasp");
    }

    #[test]
    fn every_beginning_has_its_shares() {
        let order = interleave_by_share(&[0.6, 0.3, 0.1], &[100, 100, 100]);
        assert_eq!([0, 1, 2].map(|list| order[..10].iter().filter(|turn| **turn == list).count()), [6, 3, 1]);
        assert_eq!(interleave_by_share(&[0.9, 0.1], &[1, 2]), [0, 1, 1]);
        assert!(interleave_by_share(&[], &[]).is_empty());
    }
}

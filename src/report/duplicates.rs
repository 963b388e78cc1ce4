//! Groups of papers that are the same work, or nearly: with what shows it and what differs.

use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::text_hash::hashed;
use crate::index::NeighborLists;
use crate::lexical::word_sequence;
use crate::paper::{Paper, surname_key, title_key};
use crate::random::SplitMix64;
use crate::string_enum::string_enum;

/// Words of a shingle.
const SHINGLE: usize = 3;
/// Bands of a signature, and hashes of a band. Two abstracts with 60% of their shingles in common share a band with a
/// probability of 0.999, two with 20% of 0.2: candidates are compared by all their shingles.
const BANDS: usize = 28;
const BAND_HASHES: usize = 3;
/// The share of common shingles, of all of both abstracts, from which on two abstracts are copies.
const MIN_COMMON_SHINGLES: f32 = 0.6;
/// Shorter abstracts, in words, are placeholders, and shorter titles are of many papers.
const MIN_ABSTRACT_WORDS: usize = 20;
const MIN_TITLE_WORDS: usize = 3;
const SEED: u64 = 3;

/// What shows that two papers are the same, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DuplicateReason {
    /// They share an id, such as a DOI.
    SameId,
    /// Their abstracts are equal, but for case and punctuation.
    SameAbstract,
    /// Their titles are.
    SameTitle,
    /// Most sequences of three words of one abstract are in the other.
    CommonText,
    /// Their embeddings are very similar.
    Similar,
}

string_enum!(DuplicateReason, "a reason", {
    SameId => "same id",
    SameAbstract => "same abstract",
    SameTitle => "same title",
    CommonText => "common text",
    Similar => "similar embedding",
});

/// Two papers that may be the same.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicatePair {
    /// Index of the first paper.
    pub one: u32,
    /// Index of the other, which is larger.
    pub other: u32,
    /// What shows it best.
    pub reason: DuplicateReason,
    /// The share of common text for [`DuplicateReason::CommonText`], the cosine for [`DuplicateReason::Similar`], else 1.
    pub score: f32,
    /// What differs: `title`, `authors`, `year`, `abstract`.
    pub differences: Vec<&'static str>,
}

/// Papers that pairs connect.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateGroup {
    /// Indices of the papers, ascending.
    pub papers: Vec<u32>,
    /// The pairs among them.
    pub pairs: Vec<DuplicatePair>,
}

impl DuplicateGroup {
    /// The surest reason of its pairs.
    pub fn reason(&self) -> DuplicateReason {
        self.pairs.iter().map(|pair| pair.reason).min().unwrap_or(DuplicateReason::Similar)
    }

    /// What differs within the group.
    pub fn differences(&self) -> Vec<&'static str> {
        let has = |what: &&str| self.pairs.iter().any(|pair| pair.differences.contains(what));
        DIFFERENCES.into_iter().filter(has).collect()
    }
}

const DIFFERENCES: [&str; 4] = ["title", "authors", "year", "abstract"];

/// Finds the groups of duplicates: the largest first. Pairs that only their embeddings show need a cosine of `threshold`.
pub(super) fn duplicate_groups(papers: &[Paper], neighbors: &NeighborLists, threshold: f32) -> Vec<DuplicateGroup> {
    let mut reasons: FxHashMap<(u32, u32), (DuplicateReason, f32)> = FxHashMap::default();
    let mut note = |one: u32, other: u32, reason: DuplicateReason, score: f32| {
        let known = reasons.entry((one.min(other), one.max(other))).or_insert((reason, score));
        if reason < known.0 {
            *known = (reason, score);
        }
    };
    let ids = papers.iter().map(|paper| paper.all_ids().map(|id| hashed(id.as_str())).collect());
    pairs_with_common_key(ids, |one, other| note(one, other, DuplicateReason::SameId, 1.0));
    let texts: Vec<ComparedText> = papers.par_iter().map(ComparedText::new).collect();
    let titles = texts.iter().map(|text| text.title.into_iter().collect());
    pairs_with_common_key(titles, |one, other| note(one, other, DuplicateReason::SameTitle, 1.0));
    let abstracts = texts.iter().map(|text| text.abstract_text.into_iter().collect());
    pairs_with_common_key(abstracts, |one, other| note(one, other, DuplicateReason::SameAbstract, 1.0));
    for (one, other, share) in pairs_with_common_text(papers, &texts) {
        note(one, other, DuplicateReason::CommonText, share);
    }
    for paper in 0..neighbors.len() {
        for (other, cosine) in neighbors.of(paper).take_while(|(_, cosine)| *cosine >= threshold) {
            note(paper as u32, other, DuplicateReason::Similar, cosine);
        }
    }
    let pair = |((one, other), (reason, score))| {
        let differences = differences(&papers[one as usize], &papers[other as usize]);
        DuplicatePair { one, other, reason, score, differences }
    };
    let mut pairs: Vec<DuplicatePair> = reasons.into_iter().map(pair).collect();
    pairs.sort_unstable_by_key(|pair| (pair.one, pair.other));
    connected(papers.len(), pairs)
}

/// What is compared of a paper's texts.
struct ComparedText {
    /// Hash of the title; `None` for titles that many papers have.
    title: Option<u64>,
    /// Hash of the abstract; `None` for no abstract worth the name.
    abstract_text: Option<u64>,
    /// Hashes of the bands; empty without an abstract.
    bands: Vec<u64>,
}

impl ComparedText {
    fn new(paper: &Paper) -> ComparedText {
        let words = word_sequence(&paper.abstract_text);
        let is_abstract = words.len() >= MIN_ABSTRACT_WORDS;
        ComparedText {
            title: title_hash(paper),
            abstract_text: is_abstract.then(|| hashed(&words.join(" "))),
            bands: if is_abstract { bands(&shingles(&words)) } else { Vec::new() },
        }
    }
}

/// A hash of what tells the title from others; `None` for short titles, which many papers have.
pub(super) fn title_hash(paper: &Paper) -> Option<u64> {
    let title = title_key(&paper.title);
    (title.split(' ').count() >= MIN_TITLE_WORDS).then(|| hashed(&title))
}

/// Pairs of papers that have a key in common: each paper with the first that has the key.
fn pairs_with_common_key(keys: impl Iterator<Item = Vec<u64>>, mut pair: impl FnMut(u32, u32)) {
    let mut first: FxHashMap<u64, u32> = FxHashMap::default();
    for (paper, keys) in (0u32..).zip(keys) {
        for key in keys {
            let first = *first.entry(key).or_insert(paper);
            if first != paper {
                pair(first, paper);
            }
        }
    }
}

/// Pairs of abstracts most of whose shingles are the same, with the share of those that are.
fn pairs_with_common_text(papers: &[Paper], texts: &[ComparedText]) -> Vec<(u32, u32, f32)> {
    let mut candidates: FxHashSet<(u32, u32)> = FxHashSet::default();
    for band in 0..BANDS {
        let keys = texts.iter().map(|text| text.bands.get(band).copied().into_iter().collect());
        pairs_with_common_key(keys, |one, other| {
            candidates.insert((one, other));
        });
    }
    let mut candidates: Vec<(u32, u32)> = candidates.into_iter().collect();
    candidates.sort_unstable();
    let share = |(one, other): &(u32, u32)| {
        let [a, b] = [one, other].map(|paper| shingles(&word_sequence(&papers[*paper as usize].abstract_text)));
        let common = a.intersection(&b).count();
        (*one, *other, common as f32 / (a.len() + b.len() - common).max(1) as f32)
    };
    let shares: Vec<(u32, u32, f32)> = candidates.par_iter().map(share).collect();
    shares.into_iter().filter(|(.., share)| *share >= MIN_COMMON_SHINGLES).collect()
}

/// Hashes of all sequences of three words.
fn shingles(words: &[String]) -> FxHashSet<u64> {
    let hashes: Vec<u64> = words.iter().map(|word| hashed(word)).collect();
    hashes.windows(SHINGLE).map(|words| words.iter().fold(0, |all, word| mixed(all ^ word))).collect()
}

/// The bands of a MinHash signature (Broder 1997), each as one hash.
fn bands(shingles: &FxHashSet<u64>) -> Vec<u64> {
    let mut random = SplitMix64::new(SEED);
    let mut least = |_| {
        let salt = random.bits();
        shingles.iter().map(|shingle| mixed(shingle ^ salt)).min().unwrap_or(0)
    };
    let minima: Vec<u64> = (0..BANDS * BAND_HASHES).map(&mut least).collect();
    minima.chunks(BAND_HASHES).map(|band| band.iter().fold(0, |all, least| mixed(all ^ least))).collect()
}

/// All bits depend on all bits.
fn mixed(bits: u64) -> u64 {
    SplitMix64::new(bits).bits()
}

fn differences(one: &Paper, other: &Paper) -> Vec<&'static str> {
    let surnames = |paper: &Paper| paper.authors.iter().map(|name| surname_key(name)).collect::<Vec<_>>();
    let year = |paper: &Paper| paper.published.or(paper.listed).map(|date| date.year());
    let differs = [
        title_key(&one.title) != title_key(&other.title),
        !one.authors.is_empty() && !other.authors.is_empty() && surnames(one) != surnames(other),
        year(one).zip(year(other)).is_some_and(|(one, other)| one != other),
        word_sequence(&one.abstract_text) != word_sequence(&other.abstract_text),
    ];
    DIFFERENCES.into_iter().zip(differs).filter(|(_, differs)| *differs).map(|(what, _)| what).collect()
}

/// Papers that pairs connect, the largest groups first.
fn connected(papers: usize, pairs: Vec<DuplicatePair>) -> Vec<DuplicateGroup> {
    let mut roots: Vec<u32> = (0..papers as u32).collect();
    for pair in &pairs {
        let [one, other] = [pair.one, pair.other].map(|paper| root(&mut roots, paper));
        roots[one.max(other) as usize] = one.min(other);
    }
    let mut groups: FxHashMap<u32, DuplicateGroup> = FxHashMap::default();
    for pair in pairs {
        let group = groups.entry(root(&mut roots, pair.one));
        let group = group.or_insert_with(|| DuplicateGroup { papers: Vec::new(), pairs: Vec::new() });
        group.papers.extend([pair.one, pair.other]);
        group.pairs.push(pair);
    }
    let mut groups: Vec<DuplicateGroup> = groups.into_values().collect();
    for group in &mut groups {
        group.papers.sort_unstable();
        group.papers.dedup();
    }
    groups.sort_by_key(|group| (Reverse(group.papers.len()), group.reason(), group.papers[0]));
    groups
}

/// The first paper of the group of a paper; shortens the way to it.
fn root(roots: &mut [u32], mut paper: u32) -> u32 {
    while roots[paper as usize] != paper {
        roots[paper as usize] = roots[roots[paper as usize] as usize];
        paper = roots[paper as usize];
    }
    paper
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(from: usize, to: usize) -> String {
        (from..to).map(|number| format!("w{number}x")).collect::<Vec<_>>().join(" ")
    }

    fn paper(id: &str, title: &str, abstract_text: &str) -> Paper {
        let json = json!({"id": id, "title": title, "abstract": abstract_text, "source": "test"});
        serde_json::from_value(json).unwrap()
    }

    type Found = (Vec<u32>, DuplicateReason, Vec<&'static str>);

    fn found(papers: &[Paper], neighbors: &NeighborLists) -> Vec<Found> {
        let groups = duplicate_groups(papers, neighbors, 0.95);
        groups.into_iter().map(|group| (group.papers.clone(), group.reason(), group.differences())).collect()
    }

    fn no_neighbors(papers: usize) -> NeighborLists {
        NeighborLists::from_lists(1, (0..papers).map(|_| Vec::new()))
    }

    #[test]
    fn each_reason_finds_its_pair_and_says_what_differs() {
        use DuplicateReason::{CommonText, SameAbstract, SameId, SameTitle};
        let whole = words(0, 100);
        let nearly = format!("{} {}", words(0, 90), words(200, 205));
        let half = words(50, 150);
        let table = [
            (["On the oil of lanterns", "On the Oil of Lanterns!"], ["", ""], Some((SameTitle, vec![]))),
            (["Editorial", "Editorial"], ["", ""], None),
            (["Lantern oil", "Of lamps"], [&whole, &whole.to_uppercase()], Some((SameAbstract, vec!["title"]))),
            (["Oil in lanterns", "Oil in lanterns"], [&whole, &nearly], Some((SameTitle, vec!["abstract"]))),
            (["Lantern oil", "Of lamps"], [&whole, &nearly], Some((CommonText, vec!["title", "abstract"]))),
            (["Lantern oil", "Of lamps"], [&whole, &half], None),
        ];
        for (titles, abstracts, expected) in table {
            let papers = [paper("a", titles[0], abstracts[0]), paper("b", titles[1], abstracts[1])];
            let expected: Vec<Found> = expected.into_iter().map(|(why, differs)| (vec![0, 1], why, differs)).collect();
            assert_eq!(found(&papers, &no_neighbors(2)), expected, "{papers:?}");
        }
        let doi = crate::paper::PaperId::parse("10.1000/a").unwrap();
        let alias = Paper { aliases: vec![doi], ..paper("b", "Of ferries at dawn", "") };
        let papers = [paper("10.1000/a", "Of ferries at dawn", ""), alias];
        assert_eq!(found(&papers, &no_neighbors(2)), [(vec![0, 1], SameId, vec![])]);
    }

    #[test]
    fn similar_embeddings_are_the_last_reason() {
        let papers = [paper("a", "Boats", ""), paper("b", "Ships", ""), paper("c", "Moss", "")];
        let lists = [vec![(1, 0.96), (2, 0.2)], vec![(0, 0.96)], vec![(0, 0.94)]];
        let lists = NeighborLists::from_lists(2, lists.into_iter());
        assert_eq!(found(&papers, &lists), [(vec![0, 1], DuplicateReason::Similar, vec!["title"])]);
    }

    #[test]
    fn what_pairs_connect_is_one_group() {
        let papers: Vec<Paper> = ["a", "b", "c"].map(|id| paper(id, "A title of four words", "")).into();
        let groups = duplicate_groups(&papers, &no_neighbors(3), 0.95);
        assert_eq!((groups.len(), &groups[0].papers), (1, &vec![0, 1, 2]));
        assert!(duplicate_groups(&[], &no_neighbors(0), 0.95).is_empty());
    }
}

//! What groups are about, in phrases of their own papers: class-based TF-IDF.
//!
//! A phrase counts for a group by the share of its papers that have it, times how much rarer it is in other groups. Labels
//! are chosen one after the other (maximal marginal relevance), so that the labels of one group, of a group and the group
//! that it is part of, and of sibling groups do not say the same.

use std::collections::HashSet;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::groups::GroupAssignment;
use super::phrases::{MAX_WORDS, PhraseKey, Spellings, for_each_phrase};
use super::summary::NAME_LABELS;
use crate::lexical::word_sequence;
use crate::paper::Paper;

/// Labels of a group, at most. Those after the first two, which make its name, are as good as the best, nearly.
const LABELS: usize = 4;
const NEARLY_AS_GOOD: f32 = 0.7;
/// Phrases from which the labels of a group are chosen.
const CANDIDATES: usize = 60;
/// A phrase in the title counts for so many in the abstract.
const TITLE_WEIGHT: f32 = 2.0;
/// How much more than a word a phrase of several words says.
const WORD_FACTORS: [f32; MAX_WORDS] = [1.0, 1.6, 1.7, 1.7];
/// A phrase that goes on in the same way in so much of its occurrences is a part of the longer one: `large language`.
const WHOLE_SHARE: f32 = 0.6;
/// What is left of the score of a phrase all of whose words are in labels chosen before: of the group itself, of the group
/// that it is part of, and of its siblings.
const REPEATED_OWN: f32 = 0.05;
const REPEATED_PARENT: f32 = 0.2;
const REPEATED_SIBLING: f32 = 0.5;
/// Letters of a word, at least, of which a longer one is made.
const SHORTEST_STEM: usize = 5;
/// Papers of a group that have a label, at least: three, and one in so many; two of a
/// small group, and one of a very small one.
const MIN_PAPERS: u32 = 3;
const PAPERS_PER_LABEL: u32 = 20;
const SMALL_GROUP: usize = 10;
const VERY_SMALL_GROUP: usize = 4;

/// How much of a group has a phrase.
#[derive(Clone, Copy, Default)]
struct PhraseCount {
    /// Papers that have it; those with it in the title count twice.
    weight: f32,
    papers: u32,
    words: u8,
}

type PhraseCounts = FxHashMap<PhraseKey, PhraseCount>;

#[derive(Clone, Copy)]
struct ScoredPhrase {
    key: PhraseKey,
    weight: f32,
    score: f32,
}

/// The labels of each group of each level, best first; `levels` are nested, coarsest first.
pub(super) fn group_labels(papers: &[Paper], levels: &[GroupAssignment]) -> Vec<Vec<Vec<String>>> {
    let Some(finest) = levels.last() else { return Vec::new() };
    let counts: Vec<PhraseCounts> = finest.members().par_iter().map(|members| phrase_counts(papers, members)).collect();
    let mut by_level: Vec<Vec<PhraseCounts>> = vec![counts];
    for pair in levels.windows(2).rev() {
        let parents = pair[1].parents(&pair[0]);
        let merged = merged_counts(by_level.last().expect("the finest level is there"), &parents, pair[0].sizes.len());
        by_level.push(merged);
    }
    by_level.reverse();
    let totals = totals(&by_level[0]);
    let of_level = |(level, counts): (&GroupAssignment, &Vec<PhraseCounts>)| {
        let mean_size = papers.len() as f32 / level.sizes.len() as f32;
        let of_group = |(counts, size): (&PhraseCounts, &u32)| candidates(counts, *size as f32, mean_size, &totals);
        counts.par_iter().zip(&level.sizes).map(of_group).collect()
    };
    let candidates: Vec<Vec<Vec<ScoredPhrase>>> = levels.iter().zip(&by_level).map(of_level).collect();
    let keys: HashSet<PhraseKey> = candidates.iter().flatten().flatten().map(|phrase| phrase.key).collect();
    choose(levels, &candidates, &spellings(papers, &keys))
}

/// The phrases that some of these papers have.
fn phrase_counts(papers: &[Paper], members: &[u32]) -> PhraseCounts {
    let mut counts = PhraseCounts::default();
    let mut of_paper = PhraseCounts::default();
    for paper in members.iter().map(|paper| &papers[*paper as usize]) {
        of_paper.clear();
        for (text, weight) in [(&paper.title, TITLE_WEIGHT), (&paper.abstract_text, 1.0)] {
            for_each_phrase(text, |phrase| {
                let count = of_paper.entry(phrase.key).or_default();
                count.weight = count.weight.max(weight);
                count.words = phrase.words as u8;
            });
        }
        for (key, PhraseCount { weight, words, .. }) in &of_paper {
            let count = counts.entry(*key).or_default();
            count.weight += weight;
            count.papers += 1;
            count.words = *words;
        }
    }
    let least = match members.len() {
        ..VERY_SMALL_GROUP => 1,
        VERY_SMALL_GROUP..SMALL_GROUP => 2,
        size => MIN_PAPERS.max(size as u32 / PAPERS_PER_LABEL),
    };
    counts.retain(|_, count| count.papers >= least);
    counts
}

/// The counts of coarser groups: the sums of those of the groups in them.
fn merged_counts(finer: &[PhraseCounts], parents: &[u32], groups: usize) -> Vec<PhraseCounts> {
    let mut merged = vec![PhraseCounts::default(); groups];
    for (counts, parent) in finer.iter().zip(parents) {
        let all = &mut merged[*parent as usize];
        for (key, PhraseCount { weight, papers, words }) in counts {
            let count = all.entry(*key).or_default();
            count.weight += weight;
            count.papers += papers;
            count.words = *words;
        }
    }
    merged
}

fn totals(counts: &[PhraseCounts]) -> FxHashMap<PhraseKey, f32> {
    let mut totals = FxHashMap::default();
    for (key, count) in counts.iter().flatten() {
        *totals.entry(*key).or_default() += count.weight;
    }
    totals
}

/// The best phrases of a group with their scores: tf · ln(1 + A / f), with `A` the mean size of a group.
fn candidates(
    counts: &PhraseCounts,
    size: f32,
    mean_size: f32,
    totals: &FxHashMap<PhraseKey, f32>,
) -> Vec<ScoredPhrase> {
    let score = |(key, count): (&PhraseKey, &PhraseCount)| {
        let rarity = (1.0 + mean_size / totals[key]).ln();
        let score = count.weight / size * rarity * WORD_FACTORS[usize::from(count.words) - 1];
        ScoredPhrase { key: *key, weight: count.weight, score }
    };
    let mut scored: Vec<ScoredPhrase> = counts.iter().map(score).collect();
    let order =
        |one: &ScoredPhrase, other: &ScoredPhrase| other.score.total_cmp(&one.score).then(one.key.cmp(&other.key));
    if scored.len() > CANDIDATES {
        scored.select_nth_unstable_by(CANDIDATES, order);
        scored.truncate(CANDIDATES);
    }
    scored.sort_unstable_by(order);
    scored
}

/// How the phrases are written in all papers.
fn spellings<'t>(papers: &'t [Paper], keys: &HashSet<PhraseKey>) -> Spellings<'t> {
    let none = || Spellings::of(keys.iter().copied());
    let count = |mut spellings: Spellings<'t>, paper: &'t Paper| {
        spellings.count(&paper.title);
        spellings.count(&paper.abstract_text);
        spellings
    };
    // Sums of counts do not depend on how the papers are divided.
    papers.par_iter().fold(none, count).reduce(none, Spellings::merge)
}

/// Chooses the labels of all groups, coarsest level first.
fn choose(
    levels: &[GroupAssignment],
    candidates: &[Vec<Vec<ScoredPhrase>>],
    spellings: &Spellings<'_>,
) -> Vec<Vec<Vec<String>>> {
    let mut chosen: Vec<Vec<Vec<String>>> = Vec::new();
    for (index, (level, candidates)) in levels.iter().zip(candidates).enumerate() {
        let parents = match index {
            0 => vec![0; level.sizes.len()],
            _ => level.parents(&levels[index - 1]),
        };
        let mut of_siblings: FxHashMap<u32, LabelWords> = FxHashMap::default();
        let mut of_level = Vec::new();
        for (candidates, parent) in candidates.iter().zip(&parents) {
            let of_parent = chosen.last().map(|coarser| LabelWords::new(&coarser[*parent as usize]));
            let siblings = of_siblings.entry(*parent).or_default();
            let labels = labels(candidates, spellings, &of_parent.unwrap_or_default(), siblings);
            siblings.add(labels.iter().take(1));
            of_level.push(labels);
        }
        chosen.push(of_level);
    }
    chosen
}

/// The labels of a group.
fn labels(
    candidates: &[ScoredPhrase],
    spellings: &Spellings<'_>,
    parent: &LabelWords,
    siblings: &LabelWords,
) -> Vec<String> {
    let written = |phrase: &ScoredPhrase| {
        let text = spellings.usual(phrase.key)?;
        Some(LabelCandidate { words: word_sequence(&text), text, weight: phrase.weight, score: phrase.score })
    };
    let candidates: Vec<LabelCandidate> = candidates.iter().filter_map(written).collect();
    let is_part = |part: &LabelCandidate| candidates.iter().any(|whole| part.is_part_of(whole));
    let mut candidates: Vec<&LabelCandidate> = candidates.iter().filter(|candidate| !is_part(candidate)).collect();
    let repeated = |words: &[String]| parent.kept(words, REPEATED_PARENT) * siblings.kept(words, REPEATED_SIBLING);
    let mut own = LabelWords::default();
    let (mut labels, mut best_score) = (Vec::new(), 0.0f32);
    while labels.len() < LABELS {
        let score = |LabelCandidate { words, score, .. }: &LabelCandidate| {
            score * repeated(words) * own.kept(words, REPEATED_OWN)
        };
        let scores: Vec<f32> = candidates.iter().map(|candidate| score(candidate)).collect();
        let best = (0..scores.len()).max_by(|one, other| scores[*one].total_cmp(&scores[*other]).then(other.cmp(one)));
        let Some(best) = best else { break };
        best_score = best_score.max(scores[best]);
        if labels.len() >= NAME_LABELS && scores[best] < NEARLY_AS_GOOD * best_score {
            break;
        }
        let text = &candidates.remove(best).text;
        own.add([text].into_iter());
        labels.push(text.clone());
    }
    labels
}

/// What a label can be.
struct LabelCandidate {
    text: String,
    words: Vec<String>,
    weight: f32,
    score: f32,
}

impl LabelCandidate {
    /// Whether it mostly occurs within a longer phrase.
    fn is_part_of(&self, whole: &LabelCandidate) -> bool {
        whole.words.len() > self.words.len()
            && whole.weight >= WHOLE_SHARE * self.weight
            && whole.words.windows(self.words.len()).any(|words| words == self.words)
    }
}

/// The words of labels that were chosen.
#[derive(Default)]
struct LabelWords(HashSet<String>);

impl LabelWords {
    fn new(labels: &[String]) -> LabelWords {
        let mut words = LabelWords::default();
        words.add(labels.iter());
        words
    }

    fn add<'l>(&mut self, labels: impl Iterator<Item = &'l String>) {
        self.0.extend(labels.flat_map(|label| word_sequence(label)));
    }

    /// Whether a word is here, or one that goes on from the other, such as `robot` and `robotic`.
    fn has(&self, word: &str) -> bool {
        let goes_on = |longer: &str, word: &str| {
            longer.strip_prefix(word).is_some_and(|end| end == "s" || word.len() >= SHORTEST_STEM)
        };
        self.0.contains(word) || self.0.iter().any(|other| goes_on(other, word) || goes_on(word, other))
    }

    /// The factor of the score of a phrase: 1 if none of its words is here, `repeated` if all are.
    fn kept(&self, words: &[String], repeated: f32) -> f32 {
        let here = words.iter().filter(|word| self.has(word)).count();
        1.0 - (1.0 - repeated) * here as f32 / words.len().max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(title: &str, abstract_text: &str) -> Paper {
        let json = serde_json::json!({"id": title, "title": title, "abstract": abstract_text, "source": "test"});
        serde_json::from_value(json).unwrap()
    }

    fn harbor_papers() -> Vec<Paper> {
        let of = |subject: &str, other: &str| {
            let abstract_text = format!("We study {subject} at dawn. The {other} is discussed, and results are good.");
            [paper(&format!("On {subject}"), &abstract_text), paper(&format!("More {subject}"), &abstract_text)]
        };
        [of("lantern oil", "wick"), of("boat engines", "propeller"), of("tide tables", "moon")].concat()
    }

    #[test]
    fn groups_are_named_by_what_others_do_not_have() {
        let groups = GroupAssignment::new(vec![0, 0, 1, 1, 2, 2]);
        let labels = group_labels(&harbor_papers(), &[groups]);
        let first: Vec<&str> = labels[0].iter().map(|labels| labels[0].as_str()).collect();
        assert_eq!(first, ["lantern oil", "boat engines", "tide tables"]);
    }

    #[test]
    fn labels_do_not_stop_within_a_phrase() {
        let text = "the slow boat engine noise meter hums";
        let papers = [paper("1", text), paper("2", text), paper("3", "moss on old stones"), paper("4", "moss")];
        let groups = GroupAssignment::new(vec![0, 0, 1, 1]);
        let labels = group_labels(&papers, &[groups]);
        let first = &labels[0][0][0];
        assert!(
            ["slow boat engine noise", "boat engine noise meter", "engine noise meter hums"].contains(&first.as_str()),
            "{first}"
        );
    }

    #[test]
    fn a_part_is_not_named_as_the_whole() {
        let of = |part: &str| {
            let title = format!("{part} of boat engines");
            [paper(&title, "boat engines"), paper(&format!("{title} again"), "boat engines")]
        };
        let papers = [of("Propellers"), of("Noise"), [paper("Moss", "moss"), paper("Moss twice", "moss")]].concat();
        let coarse = GroupAssignment::new(vec![0, 0, 0, 0, 1, 1]);
        let fine = GroupAssignment::new(vec![0, 0, 1, 1, 2, 2]);
        let labels = group_labels(&papers, &[coarse, fine]);
        assert_eq!(labels[0][0][0], "boat engines");
        for (group, word) in [(0, "propellers"), (1, "noise")] {
            assert!(labels[1][group].concat().to_lowercase().contains(word), "{:?}", labels[1]);
        }
    }

    #[test]
    fn words_are_repeated_in_other_forms() {
        let words = LabelWords::new(&["robots".to_owned(), "art".to_owned()]);
        for (word, is_here) in
            [("robot", true), ("robotic", true), ("arts", true), ("robo", false), ("artist", false), ("moss", false)]
        {
            assert_eq!(words.has(word), is_here, "{word}");
        }
    }

    #[test]
    fn papers_without_words_have_no_labels() {
        let papers = [paper("1", ""), paper("2", "")];
        let groups = GroupAssignment::new(vec![0, 0]);
        assert_eq!(group_labels(&papers, &[groups]), [[Vec::<String>::new()]]);
        assert!(group_labels(&[], &[]).is_empty());
    }
}

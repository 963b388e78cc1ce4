//! Laws of the file: what is read is what was written, and BM25 is that of postings that are read from the library.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::layout::HEADER;
use super::*;
use crate::lexical::{AnalyzedText, CollectionStats, PostingBlocks, TermCounts, TermQuery, TermVector, postings};

const SOURCE_ID: [u8; SOURCE_ID_LEN] = [7; SOURCE_ID_LEN];
const WORDS: [&str; 8] = ["robot", "walk", "graph", "speech", "proof", "cell", "lemma", "motor"];

/// Texts by key.
type Texts = BTreeMap<i64, String>;

fn bytes(texts: &Texts) -> Vec<u8> {
    let mut builder = TermFileBuilder::default();
    for (key, text) in texts {
        builder.push(*key, TermVector::from_text(text).as_slice());
    }
    let mut file = Cursor::new(Vec::new());
    builder.write(SOURCE_ID, &mut file).unwrap();
    file.into_inner()
}

fn open(bytes: &[u8]) -> Result<TermFile, TermFileCorruption> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    TermFile::open(File::open(file.path()).unwrap())
}

/// A file of some texts, and others since.
fn index(before: &Texts, now: &Texts) -> TermIndex {
    let gone: Vec<i64> = before.keys().filter(|key| !now.contains_key(key)).copied().collect();
    let added: Vec<(i64, TermVector)> = now
        .iter()
        .filter(|(key, text)| before.get(key) != Some(text))
        .map(|(key, text)| (*key, TermVector::from_text(text)))
        .collect();
    let (keys, terms) = added.into_iter().unzip();
    TermIndex::new(open(&bytes(before)).unwrap(), &gone, keys, terms).unwrap()
}

/// The postings of each term of some texts, as the library keeps them.
fn posting_blocks(texts: &Texts, term: &str) -> PostingBlocks {
    let count = |text: &str| match term {
        postings::DOC_LENGTH_TERM => TermCounts::from_text(text).length().max(1),
        _ => TermVector::from_text(text).as_slice().count(TermVector::term_id(term)),
    };
    let mut blocks: BTreeMap<i64, Vec<(u32, u32)>> = BTreeMap::new();
    for (key, text) in texts.iter().filter(|(_, text)| count(text) > 0) {
        let (block, row) = (key / postings::BLOCK_KEYS, (key % postings::BLOCK_KEYS) as u32);
        blocks.entry(block).or_default().push((row, count(text)));
    }
    blocks.into_iter().map(|(block, rows)| (block, postings::write(rows.into_iter()))).collect()
}

fn texts(most: usize) -> impl Strategy<Value = Texts> {
    let text = proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..12).prop_map(|words| words.join(" "));
    proptest::collection::btree_map(1i64..20_000, text, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn terms_are_those_of_now(before in texts(40), now in texts(40), kept in 0usize..40) {
        // Some papers stay as they were.
        let mut now = now;
        now.extend(before.iter().take(kept).map(|(key, text)| (*key, text.clone())));
        let index = index(&before, &now);
        for word in WORDS {
            let number = TermVector::term_id(word);
            let has_word = |text: &String| TermVector::from_text(text).as_slice().count(number) > 0;
            prop_assert_eq!(index.has_term(number).unwrap(), now.values().any(has_word), "{}", word);
        }
        for key in before.keys().chain(now.keys()) {
            let expected = now.get(key).map(|text| TermVector::from_text(text));
            let found = index.terms(*key).unwrap();
            prop_assert_eq!(found.map(|terms| terms.numbers), expected.as_ref().map(|terms| terms.as_slice().numbers));
            prop_assert_eq!(found.map(|terms| terms.counts), expected.as_ref().map(|terms| terms.as_slice().counts));
        }
    }

    #[test]
    fn the_best_are_those_of_postings(
        before in texts(60), now in texts(60), kept in 0usize..60, k in 0usize..30, even_alone: bool, some_known: bool,
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..6),
    ) {
        let mut now = now;
        now.extend(before.iter().take(kept).map(|(key, text)| (*key, text.clone())));
        let known: Vec<i64> = now.keys().filter(|key| *key % 3 > 0).copied().collect();
        let known = some_known.then_some(&known[..]);
        let passes = |key: i64| !even_alone || key % 2 == 0;
        let query = TermQuery::from_weighted([(&AnalyzedText::new(words.join(" ")), 1.0)], 16, |_| 1.0);
        let stats = CollectionStats::new(&posting_blocks(&now, postings::DOC_LENGTH_TERM), known);
        let postings: Vec<PostingBlocks> = query.terms().map(|term| posting_blocks(&now, term)).collect();
        let expected = stats.score(&query, &postings).best(k, passes);
        let found = index(&before, &now).best(&query.numbers(), known, k, even_alone.then_some(&passes)).unwrap();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn many_papers_and_the_same_score() {
    // More papers than are scored at once, and more of one score than are wanted: the first keys stay.
    let texts: Texts = (1..10_000).map(|key| (key, "robot".to_owned())).collect();
    let query = [(TermVector::term_id("robot"), 1.0)];
    let best = index(&texts, &texts).best(&query, None, 100, Some(&|key| key > 50)).unwrap();
    assert_eq!(best, (51..151).collect::<Vec<i64>>());
}

#[test]
fn a_term_counts_255_times_at_most() {
    let texts = Texts::from([(3, "robot ".repeat(300))]);
    let index = index(&texts, &texts);
    let terms = index.terms(3).unwrap().unwrap();
    assert_eq!((terms.count(TermVector::term_id("robot")), terms.length), (255, 300));
}

#[test]
fn what_is_damaged_is_refused_or_read_as_it_was() {
    let texts: Texts = (1..40)
        .map(|key| (key, format!("{} {} paper{key}", WORDS[key as usize % 8], WORDS[key as usize % 5])))
        .collect();
    let whole = bytes(&texts);
    let read = |bytes: &[u8]| -> Result<(), TermFileCorruption> {
        let file = open(bytes)?;
        file.check()?;
        for (place, text) in texts.values().enumerate() {
            assert_eq!(file.terms(place)?, TermVector::from_text(text).as_slice());
        }
        Ok(())
    };
    assert_eq!(read(&whole), Ok(()));
    assert_eq!(open(&whole).unwrap().source_id(), &SOURCE_ID);
    for length in [0, 7, HEADER - 1, HEADER, whole.len() / 2, whole.len() - 1] {
        assert!(read(&whole[..length]).is_err(), "cut to {length}");
    }
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        refused += usize::from(read(&damaged).is_err());
    }
    // What lies between sections is no part of them.
    assert!(refused + 7 * 10 >= whole.len(), "{refused} of {}", whole.len());
    let mut other = whole.clone();
    other[8] = 9;
    assert_eq!(open(&other).unwrap_err().to_string(), "unsupported version");
}

#[test]
fn blocks_are_read_when_they_are_looked_at() {
    let texts: Texts = (1..5_000).map(|key| (key, format!("robot paper{key}"))).collect();
    let mut whole = bytes(&texts);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &whole).unwrap();
    let opened = TermFile::open(File::open(file.path()).unwrap()).unwrap();
    let first = opened.terms(0).unwrap().numbers.to_vec();
    // Another process cuts the file.
    whole.truncate(whole.len() / 8);
    std::fs::write(file.path(), &whole).unwrap();
    assert_eq!(opened.terms(0).unwrap().numbers, first, "of the blocks that were read");
    assert!(opened.terms(4_998).is_err());
    let mut rest = Vec::new();
    File::open(file.path()).unwrap().read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), whole.len());
}

//! A text's terms as numbers, for statistics that need no spelling.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::postings::{number, push};
use super::{TermCounts, for_each_term};

/// The terms of a text by number and how often each occurs, in ascending order of the numbers.
///
/// A term's number is the CRC-32 of its letters: half a million terms share one with another term once in ten thousand.
///
/// ```
/// use paperkin::lexical::TermVector;
///
/// let vector = TermVector::from_text("models of models");
/// assert_eq!(vector.counts().collect::<Vec<_>>(), [(TermVector::term_id("model"), 2)]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermVector {
    numbers: Vec<u32>,
    counts: Vec<u8>,
    length: u32,
}

/// The terms of a text, in arrays that belong to others: those of a [`TermVector`], or of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TermSlice<'a> {
    /// The numbers of the terms, ascending.
    pub numbers: &'a [u32],
    /// How often each occurs.
    pub counts: &'a [u8],
    /// How many words the text has, stop words left out.
    pub length: u32,
}

impl<'a> TermSlice<'a> {
    /// The numbers of terms and how often each occurs.
    pub fn counts(self) -> impl ExactSizeIterator<Item = (u32, u32)> + use<'a> {
        self.numbers.iter().zip(self.counts).map(|(number, count)| (*number, u32::from(*count)))
    }

    /// How often a term occurs.
    pub fn count(self, number: u32) -> u32 {
        self.numbers.binary_search(&number).map_or(0, |place| u32::from(self.counts[place]))
    }
}

impl TermVector {
    /// The number of a term.
    pub fn term_id(term: &str) -> u32 {
        crc32fast::hash(term.as_bytes())
    }

    /// The terms, borrowed.
    pub fn as_slice(&self) -> TermSlice<'_> {
        TermSlice { numbers: &self.numbers, counts: &self.counts, length: self.length }
    }

    /// The numbers of terms and how often each occurs.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        self.as_slice().counts()
    }

    /// Bytes that it takes in memory.
    pub fn size_bytes(&self) -> usize {
        5 * self.numbers.len() + size_of::<TermVector>()
    }

    /// How many words the text has, stop words left out.
    pub fn length(&self) -> u32 {
        self.length
    }
}

impl TermVector {
    /// The terms of a text: those of [`TermCounts::from_text`], faster.
    pub fn from_text(text: &str) -> TermVector {
        let mut counts = Vec::with_capacity(256);
        let words = for_each_term(text, |term| counts.push((TermVector::term_id(term), 1)));
        TermVector::from_counts(counts, words)
    }

    /// The bag of a text of so many words that has the terms of these numbers, each as often as it says; where two terms
    /// have one number, their counts add up. A term counts 255 times at most.
    pub fn from_counts(mut counts: Vec<(u32, u32)>, words: u32) -> TermVector {
        counts.sort_unstable();
        counts.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 += later.1;
            }
            same
        });
        let (numbers, counts) = counts.into_iter().map(|(number, count)| (number, saturate(count))).unzip();
        TermVector { numbers, counts, length: words }
    }

    /// The bag as bytes: how many words and how many terms it has in LEB128, the terms' numbers in four bytes each, the
    /// lowest first, and how often each occurs in LEB128.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 5 * self.numbers.len());
        push(&mut bytes, self.length);
        push(&mut bytes, self.numbers.len() as u32);
        self.numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        self.counts.iter().for_each(|count| push(&mut bytes, u32::from(*count)));
        bytes
    }

    /// The bag that these are the bytes of; `None` when they are those of none.
    ///
    /// ```
    /// use paperkin::lexical::TermVector;
    ///
    /// let vector = TermVector::from_text("sparse attention");
    /// assert_eq!(TermVector::from_bytes(&vector.to_bytes()), Some(vector));
    /// assert_eq!(TermVector::from_bytes(&[200]), None);
    /// assert_eq!(TermVector::from_bytes(&[1, 1, 0, 0, 0, 0, 0]), None, "a term that does not occur");
    /// ```
    pub fn from_bytes(mut bytes: &[u8]) -> Option<TermVector> {
        let length = number(&mut bytes)?;
        let terms = number(&mut bytes)? as usize;
        let (numbers, mut rest) = bytes.split_at_checked(terms.checked_mul(4)?)?;
        let numbers: Vec<u32> = numbers.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        let mut counts = Vec::with_capacity(terms);
        for _ in 0..terms {
            counts.push(saturate(number(&mut rest)?));
        }
        let is_sound = rest.is_empty() && numbers.is_sorted_by(|a, b| a < b) && !counts.contains(&0);
        is_sound.then_some(TermVector { numbers, counts, length })
    }
}

fn saturate(count: u32) -> u8 {
    count.min(u32::from(u8::MAX)) as u8
}

impl From<TermSlice<'_>> for TermVector {
    fn from(TermSlice { numbers, counts, length }: TermSlice<'_>) -> TermVector {
        TermVector { numbers: numbers.to_vec(), counts: counts.to_vec(), length }
    }
}

impl From<&TermCounts> for TermVector {
    fn from(terms: &TermCounts) -> TermVector {
        let counts = terms.counts().map(|(term, count)| (TermVector::term_id(term), count)).collect();
        TermVector::from_counts(counts, terms.length())
    }
}

/// A map by term numbers, which are as good as hashes already.
pub type TermMap<T> = HashMap<u32, T, BuildHasherDefault<IdentityHasher>>;

/// Takes a number for its hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u32(&mut self, number: u32) {
        // A map looks at the highest bits as well as at the lowest.
        self.0 = u64::from(number) << 32 | u64::from(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ways_to_a_bag_are_one(text in "([A-Za-z0-9é ,.'-]|models |GPT-4o ){0,80}") {
            prop_assert_eq!(TermVector::from_text(&text), TermVector::from(&TermCounts::from_text(&text)));
        }

        #[test]
        fn there_and_back(text in "([A-Za-z0-9é ,.'-]|models |GPT-4o ){0,80}", more in prop::collection::vec(any::<u8>(), 1..9)) {
            let bag = TermVector::from_text(&text);
            let mut bytes = bag.to_bytes();
            prop_assert_eq!(TermVector::from_bytes(&bytes), Some(bag));
            prop_assert_eq!(TermVector::from_bytes(&bytes[..bytes.len() - 1]), None);
            bytes.extend(more);
            prop_assert_eq!(TermVector::from_bytes(&bytes), None);
        }
    }
}

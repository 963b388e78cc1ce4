//! The vocabulary, and the longest of its pieces that a word begins with.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What marks a piece that goes on with a word.
pub(super) const CONTINUES: &str = "##";

/// Word pieces and their ids.
#[derive(Default)]
pub(super) struct Vocab {
    first: VocabTable,
    /// Without the mark.
    further: VocabTable,
}

#[derive(Default)]
struct VocabTable {
    ids: HashMap<Box<[u8]>, u32, BuildHasherDefault<VocabHasher>>,
    /// Bytes of the longest piece.
    longest: usize,
}

impl Vocab {
    /// Adds a piece; `false` if it is there already.
    pub(super) fn insert(&mut self, piece: &str, id: u32) -> bool {
        let (table, piece) = match piece.strip_prefix(CONTINUES) {
            Some(rest) => (&mut self.further, rest),
            None => (&mut self.first, piece),
        };
        table.longest = table.longest.max(piece.len());
        table.ids.insert(piece.as_bytes().into(), id).is_none()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.first.ids.len() + self.further.ids.len()
    }

    /// The characters of each piece, with its mark.
    pub(super) fn lengths(&self) -> Vec<usize> {
        let lengths = |table: &VocabTable, mark: usize| -> Vec<usize> {
            table.ids.keys().map(|piece| String::from_utf8_lossy(piece).chars().count() + mark).collect()
        };
        [lengths(&self.first, 0), lengths(&self.further, CONTINUES.len())].concat()
    }

    /// The id of a piece, written with its mark.
    pub(super) fn id(&self, piece: &str) -> Option<u32> {
        let (table, piece) = match piece.strip_prefix(CONTINUES) {
            Some(rest) => (&self.further, rest),
            None => (&self.first, piece),
        };
        table.ids.get(piece.as_bytes()).copied()
    }

    /// Splits a word, UTF-8, by taking the longest piece again and again. `false`, with nothing added to `ids`, if at
    /// some place there is none.
    ///
    /// A piece is whole characters, and so is what it matches at the beginning of whole characters.
    pub(super) fn split(&self, word: &[u8], ids: &mut Vec<u32>) -> bool {
        let before = ids.len();
        let (mut table, mut rest) = (&self.first, word);
        while !rest.is_empty() {
            let Some((size, id)) = table.longest_of(rest) else {
                ids.truncate(before);
                return false;
            };
            ids.push(id);
            (table, rest) = (&self.further, &rest[size..]);
        }
        true
    }
}

impl VocabTable {
    fn longest_of(&self, word: &[u8]) -> Option<(usize, u32)> {
        let sizes = (1..=word.len().min(self.longest)).rev();
        sizes.into_iter().find_map(|size| Some((size, *self.ids.get(&word[..size])?)))
    }
}

/// A multiplicative hash, eight bytes at a time. Nobody can add to a vocabulary, so nobody can make its hashes collide.
#[derive(Default)]
struct VocabHasher(u64);

impl VocabHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for VocabHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        self.mix(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }

    fn write_usize(&mut self, size: usize) {
        self.mix(size as u64);
    }

    fn finish(&self) -> u64 {
        // The table takes its bits from both ends; a product is good at the upper one.
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_first() {
        let mut pieces = Vocab::default();
        for (piece, id) in ["un", "una", "##ff", "##f", "##able", "é", "##é", "##a"].into_iter().zip(0..) {
            assert!(pieces.insert(piece, id));
        }
        assert_eq!((pieces.len(), pieces.id("##é"), pieces.id("ff")), (8, Some(6), None));
        let check = |word: &str, expect: &[u32]| {
            let mut ids = vec![77];
            assert_eq!(pieces.split(word.as_bytes(), &mut ids), !expect.is_empty());
            assert_eq!(ids[1..], *expect, "{word}");
        };
        check("un", &[0]);
        check("unaffable", &[1, 2, 4]);
        check("unfffé", &[0, 2, 3, 6]);
        check("éa", &[5, 7]);
        check("able", &[]);
        check("unè", &[]);
        assert!(!pieces.insert("##ff", 2));
    }
}

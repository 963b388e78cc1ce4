//! Rows: the numbering of vectors inside one process.

/// A vector's place in [`super::EmbeddingMatrix`]: dense, from 0. It names nothing outside of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u32);

impl RowId {
    /// The row as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of rows, one bit each.
///
/// ```
/// use paperkin::vector::{RowBitmap, RowId};
///
/// let mut rows: RowBitmap = [RowId(70), RowId(3)].into_iter().collect();
/// rows.insert(RowId(4));
/// rows.remove(RowId(70));
/// assert_eq!(rows.iter().collect::<Vec<_>>(), [RowId(3), RowId(4)]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowBitmap {
    words: Vec<u64>,
    len: usize,
}

impl RowBitmap {
    /// The first `count` rows.
    ///
    /// ```
    /// use paperkin::vector::{RowBitmap, RowId};
    ///
    /// let rows = RowBitmap::first_n(100);
    /// assert!(rows.len() == 100 && rows.contains(RowId(99)) && !rows.contains(RowId(100)));
    /// ```
    pub fn first_n(count: usize) -> RowBitmap {
        let mut words = vec![u64::MAX; count / 64];
        if !count.is_multiple_of(64) {
            words.push((1 << (count % 64)) - 1);
        }
        RowBitmap { words, len: count }
    }

    /// Adds a row.
    pub fn insert(&mut self, row: RowId) {
        let (word, bit) = (row.index() / 64, 1u64 << (row.index() % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.len += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    /// Takes a row out.
    pub fn remove(&mut self, row: RowId) {
        if self.contains(row) {
            self.words[row.index() / 64] &= !(1 << (row.index() % 64));
            self.len -= 1;
        }
    }

    /// Whether the row is in.
    pub fn contains(&self, row: RowId) -> bool {
        self.words.get(row.index() / 64).is_some_and(|word| word >> (row.index() % 64) & 1 == 1)
    }

    /// How many rows are in.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = RowId> {
        // Most words of a set of a few hundred rows are empty.
        let used = (0u32..).zip(&self.words).filter(|(_, word)| **word != 0);
        used.flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(RowId(64 * index + bit))
            })
        })
    }
}

impl FromIterator<RowId> for RowBitmap {
    fn from_iter<I: IntoIterator<Item = RowId>>(rows: I) -> RowBitmap {
        let mut set = RowBitmap::default();
        rows.into_iter().for_each(|row| set.insert(row));
        set
    }
}

/// The place of a key among keys, which ascend. They are given out one after the other: where none is missing, a key is as far
/// from the first as their numbers are, and where some are, it comes earlier.
pub(crate) fn key_position(keys: &[i64], key: i64) -> Option<usize> {
    let distance = usize::try_from(key - keys.first()?).ok()?;
    match keys.get(distance) == Some(&key) {
        true => Some(distance),
        false => keys[..distance.min(keys.len())].binary_search(&key).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn the_first_rows_are_those_below(count in 0usize..300) {
            prop_assert_eq!(RowBitmap::first_n(count), (0..count as u32).map(RowId).collect());
        }

        #[test]
        fn behaves_as_a_set(steps in proptest::collection::vec((any::<bool>(), 0u32..300), 0..200)) {
            let (mut set, mut model) = (RowBitmap::default(), BTreeSet::new());
            for (insert, row) in steps {
                if insert {
                    set.insert(RowId(row));
                    model.insert(row);
                } else {
                    set.remove(RowId(row));
                    model.remove(&row);
                }
                prop_assert_eq!(set.len(), model.len());
                prop_assert_eq!(set.contains(RowId(row)), insert);
            }
            prop_assert_eq!(set.iter().map(|row| row.0).collect::<Vec<_>>(), model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn keys_are_found_with_gaps_and_without() {
        for keys in [vec![], vec![5], vec![5, 6, 7, 8], vec![1, 4, 5, 6, 900, 901], vec![2, 3, 1 << 31]] {
            for key in (-1..12).chain([899, 900, 901, 902, 1 << 31]) {
                assert_eq!(key_position(&keys, key), keys.binary_search(&key).ok(), "{key} among {keys:?}");
            }
        }
    }
}

//! Postings: the papers that have a term and how often, as bytes.
//!
//! Rows are numbered within a block of [`BLOCK_KEYS`] of the library's keys, so that what an addition changes is small
//! however large the library is. A posting is two numbers in LEB128: the distance from the row before, and the count.

/// Keys in a block. With fewer, a question reads more blocks; with more, an addition rewrites more.
pub const BLOCK_KEYS: i64 = 8192;

/// The term that every paper has: how many words it has.
pub const DOC_LENGTH_TERM: &str = "";

/// The postings in bytes: rows within the block, ascending, and counts. Ends where the bytes make no sense.
pub fn read(mut bytes: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    let mut row = 0u32;
    std::iter::from_fn(move || {
        row = row.checked_add(number(&mut bytes)?)?;
        Some((row, number(&mut bytes)?))
    })
}

/// Whether bytes are postings to their end: rows within a block, ascending, each with a count above 0.
pub fn are_sound(mut bytes: &[u8]) -> bool {
    let mut next = 0u32;
    while !bytes.is_empty() {
        let (Some(distance), Some(count)) = (number(&mut bytes), number(&mut bytes)) else { return false };
        // The distance from the row before, which is one less than the next row, is above 0 but for the first.
        let Some(row) = (next.saturating_sub(1)).checked_add(distance) else { return false };
        if row < next || i64::from(row) >= BLOCK_KEYS || count == 0 {
            return false;
        }
        next = row + 1;
    }
    true
}

/// The bytes of postings with rows in ascending order.
pub fn write(postings: impl Iterator<Item = (u32, u32)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for (row, count) in postings {
        push(&mut bytes, row - before);
        push(&mut bytes, count);
        before = row;
    }
    bytes
}

/// Postings after changes to them, of which the last of each row counts; a count of 0 takes a row out.
pub fn change(bytes: &[u8], changes: &[(u32, u32)]) -> Vec<u8> {
    let mut all: Vec<(u32, u32)> = read(bytes).chain(changes.iter().copied()).collect();
    all.sort_by_key(|(row, _)| *row);
    all.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            *earlier = *later;
        }
        same
    });
    write(all.into_iter().filter(|(_, count)| *count > 0))
}

/// Takes a number in LEB128 off the front.
pub(super) fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u32::from(byte & 0x7f);
        // Bits beyond the 32nd would be lost.
        if bits > u32::MAX >> shift {
            return None;
        }
        value |= bits << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Adds a number in LEB128.
pub(super) fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn changes() -> impl Strategy<Value = Vec<(u32, u32)>> {
        prop::collection::vec((0..BLOCK_KEYS as u32, prop_oneof![Just(0), 1..4u32, any::<u32>()]), 0..40)
    }

    proptest! {
        #[test]
        fn changes_are_those_of_a_map(first in changes(), second in changes()) {
            let mut map = BTreeMap::new();
            let mut bytes = Vec::new();
            for changes in [first, second] {
                bytes = change(&bytes, &changes);
                map.extend(changes);
                map.retain(|_, count| *count > 0);
                prop_assert!(read(&bytes).eq(map.iter().map(|(row, count)| (*row, *count))));
                prop_assert!(are_sound(&bytes));
            }
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert!(read(&bytes).count() <= bytes.len());
            // Sound bytes are those of what is read from them, but for longer spellings of numbers.
            if are_sound(&bytes) {
                let postings: Vec<(u32, u32)> = read(&bytes).collect();
                prop_assert!(postings.is_sorted_by(|a, b| a.0 < b.0) && write(postings.into_iter()).len() <= bytes.len());
            }
        }

        #[test]
        fn what_is_cut_within_a_posting_is_not_sound(changes in changes()) {
            let bytes = change(&[], &changes);
            let postings: Vec<(u32, u32)> = read(&bytes).collect();
            let ends = (0..=postings.len()).map(|count| write(postings[..count].iter().copied()).len());
            let ends: Vec<usize> = ends.collect();
            for end in 0..=bytes.len() {
                prop_assert_eq!(are_sound(&bytes[..end]), ends.contains(&end));
            }
        }
    }
}

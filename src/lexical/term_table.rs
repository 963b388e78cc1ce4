//! Terms by number, looked up in a few steps.

/// Slots for each term, at least: most are empty, so that most lookups look at one.
const SLOTS_PER_TERM: usize = 2;
/// Bits of the filter.
const FILTER_BITS: usize = 1 << 16;

/// The places of some terms in an ascending list. Most terms of a text are none of them: a bit for the last 16 bits of a number,
/// in the fastest cache, says so sooner than the table does.
#[derive(Debug, Clone)]
pub(crate) struct TermTable {
    filter: Box<[u64; FILTER_BITS / 64]>,
    /// Each 0, or one more than the place of a term whose number ends as the slot's does; those that find it taken follow.
    slots: Box<[u32]>,
    numbers: Vec<u32>,
}

impl TermTable {
    /// The table of these numbers, which ascend.
    pub(crate) fn new(numbers: Vec<u32>) -> TermTable {
        debug_assert!(numbers.is_sorted_by(|a, b| a < b));
        let mut filter = Box::new([0u64; FILTER_BITS / 64]);
        let mut slots = vec![0u32; (SLOTS_PER_TERM * numbers.len()).next_power_of_two()];
        let mask = slots.len() - 1;
        for (place, number) in (1..).zip(&numbers) {
            let bit = *number as usize % FILTER_BITS;
            filter[bit / 64] |= 1 << (bit % 64);
            let mut slot = *number as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = place;
        }
        TermTable { filter, slots: slots.into(), numbers }
    }

    /// The numbers, ascending.
    pub(crate) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Hands over those of some numbers that are in the list: their places among these numbers, and in the list.
    ///
    /// Whether a number passes the filter is a matter of chance, so that a branch on it costs more than the rest: many numbers are
    /// filtered without one, and then those are looked up that passed.
    #[inline]
    pub(crate) fn for_each_common(&self, numbers: &[u32], mut take: impl FnMut(usize, usize)) {
        for (start, numbers) in (0..).step_by(64).zip(numbers.chunks(64)) {
            let mut passed = (0..).zip(numbers).fold(0, |passed, (at, number)| passed | self.filter_bit(*number) << at);
            while passed != 0 {
                let at = passed.trailing_zeros() as usize;
                passed &= passed - 1;
                if let Some(place) = self.slot_place(numbers[at]) {
                    take(start + at, place);
                }
            }
        }
    }

    /// The place of a number in the list; `None` if it is not there.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<usize> {
        if self.filter_bit(number) == 0 { None } else { self.slot_place(number) }
    }

    /// 1 if a number may be in the list.
    #[inline]
    fn filter_bit(&self, number: u32) -> u64 {
        let bit = number as usize % FILTER_BITS;
        self.filter[bit / 64] >> (bit % 64) & 1
    }

    /// [`TermTable::place`], without a look at the filter.
    #[inline]
    fn slot_place(&self, number: u32) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut slot = number as usize & mask;
        loop {
            let place = self.slots[slot].checked_sub(1)? as usize;
            if self.numbers[place] == number {
                return Some(place);
            }
            slot = (slot + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_those_of_the_list(
            numbers in prop::collection::btree_set(prop_oneof![any::<u32>(), 0u32..40, (0u32..40).prop_map(|n| n << 16)], 0..60),
            others in prop::collection::vec(prop_oneof![any::<u32>(), 0u32..40, (0u32..40).prop_map(|n| n << 16)], 0..150),
        ) {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            let table = TermTable::new(numbers.clone());
            for number in numbers.iter().chain(&others) {
                prop_assert_eq!(table.place(*number), numbers.binary_search(number).ok(), "{}", number);
            }
            let place = |(at, number): (usize, &u32)| Some((at, numbers.binary_search(number).ok()?));
            let expected: Vec<(usize, usize)> = others.iter().enumerate().filter_map(place).collect();
            let mut common = Vec::new();
            table.for_each_common(&others, |at, place| common.push((at, place)));
            prop_assert_eq!(common, expected);
        }
    }
}

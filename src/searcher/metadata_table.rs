//! Dates and votes of all papers of a generation, in arrays.

use bytemuck::{Pod, Zeroable};
use jiff::civil::Date;

use crate::number_bytes::{put, take};
use crate::paper::PaperMetadata;
use crate::vector::key_position;

/// The day of a paper without a date.
const NO_DAY: i32 = i32::MIN;
/// The votes of a paper that has none: it was never on a list with votes.
const NO_VOTES: u32 = u32::MAX;

/// Dates and votes of papers.
#[derive(Debug, Default, PartialEq)]
pub(super) struct MetadataTable {
    /// The papers' keys, ascending.
    keys: Vec<i64>,
    /// The day of each, or [`NO_DAY`].
    days: Vec<i32>,
    /// The votes of each, or [`NO_VOTES`].
    votes: Vec<u32>,
    /// The votes of the papers that have a date: by day, ascending for each.
    day_votes: Vec<DayVotes>,
}

/// Votes on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct DayVotes {
    day: i32,
    votes: u32,
}

/// A date as a number: `20251231`. Later days are larger.
fn day_number(date: Date) -> i32 {
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
}

/// The date of a [`day_number`]; `None` if it is of none.
fn date_of(day: i32) -> Option<Date> {
    let year = i16::try_from(day.div_euclid(10_000)).ok()?;
    let rest = day.rem_euclid(10_000);
    Date::new(year, (rest / 100) as i8, (rest % 100) as i8).ok()
}

impl MetadataTable {
    /// The table of papers in the order of their keys.
    pub(super) fn new(papers: &[(i64, PaperMetadata)]) -> MetadataTable {
        let day = |metadata: &PaperMetadata| metadata.date.map_or(NO_DAY, day_number);
        let dated = |(_, metadata): &(i64, PaperMetadata)| {
            metadata.date.zip(metadata.votes).map(|(date, votes)| DayVotes { day: day_number(date), votes })
        };
        let mut day_votes: Vec<DayVotes> = papers.iter().filter_map(dated).collect();
        day_votes.sort_unstable();
        MetadataTable {
            keys: papers.iter().map(|(key, _)| *key).collect(),
            days: papers.iter().map(|(_, metadata)| day(metadata)).collect(),
            votes: papers.iter().map(|(_, metadata)| metadata.votes.unwrap_or(NO_VOTES)).collect(),
            day_votes,
        }
    }

    /// How many papers there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many papers have this date or a later one.
    pub(super) fn papers_since(&self, date: Date) -> usize {
        let day = day_number(date);
        self.days.iter().filter(|other| **other >= day).count()
    }

    /// What is known of a paper; nothing of one that is not there.
    pub(super) fn get(&self, key: i64) -> PaperMetadata {
        let Some(place) = key_position(&self.keys, key) else { return PaperMetadata::default() };
        let (day, votes) = (self.days[place], self.votes[place]);
        PaperMetadata {
            date: date_of(day).filter(|_| day != NO_DAY),
            votes: Some(votes).filter(|votes| *votes != NO_VOTES),
        }
    }

    /// The share of a day's papers that have fewer votes; those with as many count half.
    pub(super) fn popularity(&self, date: Date, votes: u32) -> f32 {
        let day = day_number(date);
        let below = |day, votes| self.day_votes.partition_point(|other| *other < DayVotes { day, votes });
        let (first, end) = (below(day, 0), below(day + 1, 0));
        let fewer = below(day, votes) - first;
        let as_many = self.day_votes.partition_point(|other| *other <= DayVotes { day, votes }) - first - fewer;
        (fewer as f32 + as_many as f32 / 2.0) / (end - first).max(1) as f32
    }

    /// The table as bytes. Numbers have the byte order of this machine.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, &self.keys);
        put(&mut bytes, &self.days);
        put(&mut bytes, &self.votes);
        put(&mut bytes, &self.day_votes);
        bytes
    }

    /// The table that these are the bytes of; `None` when they are those of none.
    pub(super) fn from_bytes(mut bytes: &[u8]) -> Option<MetadataTable> {
        let table = MetadataTable {
            keys: take(&mut bytes)?,
            days: take(&mut bytes)?,
            votes: take(&mut bytes)?,
            day_votes: take(&mut bytes)?,
        };
        let is_sound = bytes.is_empty()
            && table.keys.is_sorted_by(|a, b| a < b)
            && [table.days.len(), table.votes.len()] == [table.keys.len(); 2]
            && table.day_votes.is_sorted();
        is_sound.then_some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> MetadataTable {
        let [one, other] = [jiff::civil::date(2025, 1, 31), jiff::civil::date(2025, 2, 1)].map(Some);
        let papers =
            [(one, Some(5)), (one, Some(1)), (None, Some(7)), (one, Some(40)), (one, Some(5)), (other, Some(200))];
        let papers = papers.into_iter().chain([(one, None), (None, None)]);
        let metadata = |(key, (date, votes))| (key, PaperMetadata { date, votes });
        MetadataTable::new(&(3..).zip(papers).map(metadata).collect::<Vec<_>>())
    }

    #[test]
    fn votes_count_within_their_day() {
        let popularity = |date, votes| table().popularity(date, votes);
        let [one, other] = [jiff::civil::date(2025, 1, 31), jiff::civil::date(2025, 2, 1)];
        assert_eq!([1, 5, 40].map(|votes| popularity(one, votes)), [0.125, 0.5, 0.875]);
        assert_eq!(popularity(other, 200), 0.5);
        assert_eq!(popularity(jiff::civil::date(2024, 12, 31), 5), 0.0);
    }

    #[test]
    fn what_is_known_of_a_paper() {
        let date = Some(jiff::civil::date(2025, 1, 31));
        let table = table();
        for (key, expected) in [
            (3, PaperMetadata { date, votes: Some(5) }),
            (5, PaperMetadata { date: None, votes: Some(7) }),
            (9, PaperMetadata { date, votes: None }),
            (10, PaperMetadata::default()),
            (2, PaperMetadata::default()),
        ] {
            assert_eq!(table.get(key), expected, "{key}");
        }
        let since =
            |day| table.papers_since(jiff::civil::date(2025, 1, 31).saturating_add(jiff::Span::new().days(day)));
        assert_eq!([-1, 0, 1, 2].map(since), [6, 6, 1, 0]);
        let first = jiff::civil::date(-9999, 1, 1);
        assert_eq!(date_of(day_number(first)), Some(first));
    }

    #[test]
    fn bytes_are_read_as_they_were_written_or_refused() {
        let bytes = table().to_bytes();
        assert_eq!(MetadataTable::from_bytes(&bytes), Some(table()));
        for length in 0..bytes.len() {
            assert_eq!(MetadataTable::from_bytes(&bytes[..length]), None, "cut to {length}");
        }
        let mut unsorted = bytes;
        // The first key, after the bytes that say how many there are.
        unsorted[8] = 99;
        assert_eq!(MetadataTable::from_bytes(&unsorted), None);
    }
}

//! What is known of candidates beside their texts: dates, votes, authors, and what was shown before.

use std::collections::HashMap;

use jiff::civil::Date;

use super::Engine;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::paper::Facts;
use crate::recommend::{Request, Standing};
use crate::vector::{Row, RowSet, dot};

/// Of what was shown, so many papers are compared with: those of the last weeks.
const SHOWN: usize = 200;

/// What is known of every paper.
#[derive(Default)]
pub(super) struct Standings {
    facts: HashMap<i64, Facts>,
    /// The votes of each day's papers, ascending.
    votes: HashMap<Date, Vec<u32>>,
    /// Papers by authors who are followed.
    pub followed: RowSet,
    shown: Vec<Row>,
}

impl Engine {
    /// What plays a role in a request: nothing is read that does not.
    pub(super) fn standings(
        &self,
        request: &Request,
        with_facts: bool,
        shown: &RowSet,
        snapshot: &Snapshot,
    ) -> Result<Standings> {
        let facts = if with_facts { self.library.facts()? } else { HashMap::new() };
        let mut votes: HashMap<Date, Vec<u32>> = HashMap::new();
        for facts in facts.values() {
            if let (Some(date), Some(count)) = (facts.date, facts.votes) {
                votes.entry(date).or_default().push(count);
            }
        }
        votes.values_mut().for_each(|votes| votes.sort_unstable());
        let followed = match request.authors.is_empty() {
            true => RowSet::default(),
            false => snapshot.row_set(&self.library.papers_by(&request.authors)?),
        };
        let last = shown.len().saturating_sub(SHOWN);
        Ok(Standings { facts, votes, followed, shown: shown.iter().skip(last).collect() })
    }
}

impl Standings {
    /// What is known of the paper in a row.
    pub(super) fn of(&self, row: Row, snapshot: &Snapshot) -> Result<Standing> {
        let Facts { date, votes } = self.facts.get(&snapshot.key(row)).copied().unwrap_or_default();
        let vector = snapshot.vector(row)?;
        let mut shown = 0.0f32;
        for row in &self.shown {
            shown = shown.max(dot(vector, snapshot.vector(*row)?));
        }
        let popularity = date.zip(votes).map_or(0.0, |(date, votes)| self.popularity(date, votes));
        Ok(Standing { date, popularity, followed: self.followed.contains(row), shown })
    }

    /// The share of a day's papers that have fewer votes; those with as many count half.
    fn popularity(&self, date: Date, votes: u32) -> f32 {
        let all = self.votes.get(&date).map_or(&[][..], Vec::as_slice);
        let fewer = all.partition_point(|other| *other < votes);
        let as_many = all.partition_point(|other| *other <= votes) - fewer;
        (fewer as f32 + as_many as f32 / 2.0) / all.len().max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_count_within_their_day() {
        let [one, other] = [jiff::civil::date(2025, 1, 1), jiff::civil::date(2025, 1, 2)];
        let votes = HashMap::from([(one, vec![1, 5, 5, 40]), (other, vec![200])]);
        let standings = Standings { votes, ..Standings::default() };
        let popularity = |date, votes| standings.popularity(date, votes);
        assert_eq!([1, 5, 40].map(|votes| popularity(one, votes)), [0.125, 0.5, 0.875]);
        assert_eq!(popularity(other, 200), 0.5);
    }
}

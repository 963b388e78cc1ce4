//! A reading history split by date: what was known before, and what was picked later.

use jiff::civil::Date;

/// A history before and from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct HistorySplit<T> {
    /// The first day that is held out.
    pub day: Date,
    /// Picks before that day, oldest first.
    pub known: Vec<T>,
    /// Picks of that day and later.
    pub held_out: Vec<T>,
}

/// Holds out the last part of dated picks: whole days, as near to that `share` of the picks as can be. `None` for picks
/// that are all of one day.
///
/// ```
/// use paperkin::jiff::civil::date;
///
/// let picks = (1..=10).map(|day| (date(2026, 1, day), day)).collect();
/// let split = paperkin::evaluate::temporal_split(picks, 0.3).unwrap();
/// assert_eq!((split.day, split.held_out), (date(2026, 1, 8), vec![8, 9, 10]));
/// ```
pub fn temporal_split<T>(mut picks: Vec<(Date, T)>, share: f64) -> Option<HistorySplit<T>> {
    picks.sort_by_key(|(day, _)| *day);
    let wanted = picks.len() as f64 * (1.0 - share);
    let starts = (1..picks.len()).filter(|at| picks[*at].0 > picks[at - 1].0);
    let away = |at: &usize| (*at as f64 - wanted).abs();
    let at = starts.min_by(|a, b| away(a).total_cmp(&away(b)))?;
    let day = picks[at].0;
    let mut known: Vec<T> = picks.into_iter().map(|(_, pick)| pick).collect();
    let held_out = known.split_off(at);
    Some(HistorySplit { day, known, held_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: &[i8], expected: Option<(i8, usize)>) {
        let picks = days.iter().map(|day| (jiff::civil::date(2025, 1, *day), *day)).collect();
        let split = temporal_split(picks, 0.3);
        assert_eq!(split.as_ref().map(|split| (split.day.day(), split.known.len())), expected, "{days:?}");
        if let Some(split) = split {
            assert!(split.known.iter().all(|known| split.held_out.iter().all(|later| known < later)));
            assert_eq!(split.known.len() + split.held_out.len(), days.len());
        }
    }

    #[test]
    fn whole_days_are_held_out() {
        check(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Some((8, 7)));
        check(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], Some((8, 7)));
        check(&[1, 1, 1, 1, 2, 2, 2, 2, 2, 2], Some((2, 4)));
        check(&[1, 2], Some((2, 1)));
        check(&[5, 5, 5], None);
        check(&[], None);
    }
}

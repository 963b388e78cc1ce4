//! How groups grow and shrink from month to month.

use jiff::civil::Date;

use crate::string_enum::string_enum;

/// Months that are counted, at most: the last century. Older dates are mistakes, or not of papers.
const MAX_MONTHS: i32 = 1200;
/// Months at the end of the collection that are compared with those before.
const RECENT_MONTHS: usize = 6;
/// Fewer papers with a date say nothing of a trend.
const MIN_DATED: u32 = 12;
/// Recent papers of the whole collection, at least: of fewer, shares are chance.
const MIN_RECENT: f64 = 20.0;
/// A share that has grown by this factor is growing, and one that has shrunk by it is shrinking.
const CHANGE: f64 = 1.5;
/// Differences smaller than so many standard deviations are noise.
const MIN_DEVIATIONS: f64 = 2.0;

/// The first day of a month.
pub type Month = Date;

/// Where a group is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// All its papers are of the last months.
    New,
    /// Its share of all papers is larger in the last months than before.
    Growing,
    /// Neither.
    Steady,
    /// Its share is smaller.
    Shrinking,
    /// Too few papers have a date.
    Unknown,
}

string_enum!(Trend, "a trend", {
    New => "new",
    Growing => "growing",
    Steady => "steady",
    Shrinking => "shrinking",
    Unknown => "unknown",
});

/// Papers by month.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MonthCounts {
    /// All months from the first to the last, without a gap: at most those of a century.
    pub(super) months: Vec<Month>,
    /// Papers of each month.
    pub(super) all: Vec<u32>,
}

impl MonthCounts {
    /// Counts papers by their dates.
    pub(super) fn new(dates: impl Iterator<Item = Date> + Clone) -> MonthCounts {
        let (Some(first), Some(last)) = (dates.clone().min(), dates.clone().max()) else {
            return MonthCounts::default();
        };
        let last = month_number(last);
        let first = month_number(first).max(last + 1 - MAX_MONTHS);
        let months = (first..=last).map(month_of_number).collect();
        let mut all = vec![0; (last - first + 1) as usize];
        for month in dates.filter_map(|date| usize::try_from(month_number(date) - first).ok()) {
            all[month] += 1;
        }
        MonthCounts { months, all }
    }

    /// The index in `months` of a date; `None` if it is not one of them.
    pub(super) fn index(&self, date: Date) -> Option<usize> {
        let first = month_number(*self.months.first()?);
        usize::try_from(month_number(date) - first).ok().filter(|index| *index < self.months.len())
    }

    /// The months that are compared with those before: the last six, or the last third when there are fewer than 18.
    pub(super) fn recent(&self) -> usize {
        RECENT_MONTHS.min(self.months.len() / 3)
    }

    /// The shares of all papers that a group with so many papers in each month has before the recent months and in them;
    /// `None` when one of the two has no papers at all.
    pub(super) fn shares(&self, counts: &[u32]) -> Option<[f64; 2]> {
        let sums = |counts: &[u32]| {
            let (before, after) = counts.split_at(counts.len() - self.recent());
            [before, after].map(|counts| f64::from(counts.iter().sum::<u32>()))
        };
        let ([before, after], [all_before, all_after]) = (sums(counts), sums(&self.all));
        (all_before > 0.0 && all_after > 0.0).then(|| [before / all_before, after / all_after])
    }

    /// The trend of a group with so many papers in each month.
    ///
    /// Its share has changed when it is half as large again or more, and by more than chance: two standard deviations of a
    /// binomial.
    pub(super) fn trend(&self, counts: &[u32]) -> Trend {
        let Some([was, is]) = self.shares(counts) else { return Trend::Unknown };
        let dated: u32 = counts.iter().sum();
        if dated < MIN_DATED {
            return Trend::Unknown;
        }
        let all_after = f64::from(self.all[self.all.len() - self.recent()..].iter().sum::<u32>());
        let all = f64::from(self.all.iter().sum::<u32>());
        if all_after < MIN_RECENT {
            return Trend::Unknown;
        }
        let mean = f64::from(dated) / all;
        let deviation = (mean * (1.0 - mean) * (1.0 / (all - all_after) + 1.0 / all_after)).sqrt();
        if was == 0.0 {
            return Trend::New;
        }
        match (is - was).abs() > MIN_DEVIATIONS * deviation {
            true if is > CHANGE * was => Trend::Growing,
            true if was > CHANGE * is => Trend::Shrinking,
            _ => Trend::Steady,
        }
    }
}

fn month_number(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

fn month_of_number(number: i32) -> Month {
    jiff::civil::date(number.div_euclid(12) as i16, number.rem_euclid(12) as i8 + 1, 1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_have_no_gap() {
        let dates = [date(2024, 11, 30), date(2025, 2, 1), date(2024, 11, 2), date(11, 1, 1)];
        let counts = MonthCounts::new(dates[..3].iter().copied());
        let months: Vec<String> = counts.months.iter().map(|month| month.strftime("%Y-%m").to_string()).collect();
        assert_eq!(months, ["2024-11", "2024-12", "2025-01", "2025-02"]);
        assert_eq!(counts.all, [2, 0, 0, 1]);
        assert_eq!((counts.index(dates[1]), counts.index(date(2025, 3, 1))), (Some(3), None));
        assert_eq!(MonthCounts::new(std::iter::empty()), MonthCounts::default());
        assert_eq!(MonthCounts::new(dates.into_iter()).months.len(), 1200);
    }

    #[test]
    fn trends_are_of_shares_and_beyond_chance() {
        let months = (0..24).map(|month| date(2023 + month / 12, (month % 12 + 1) as i8, 1)).collect();
        let counts = MonthCounts { months, all: vec![100; 24] };
        let group = |before: u32, after: u32| [vec![before; 18], vec![after; 6]].concat();
        let table = [
            (group(5, 5), Trend::Steady),
            (group(5, 20), Trend::Growing),
            (group(20, 5), Trend::Shrinking),
            (group(0, 5), Trend::New),
            (group(0, 1), Trend::Unknown),
            // A paper more in some of the months is chance.
            (
                group(1, 1).into_iter().enumerate().map(|(month, count)| count + u32::from(month > 20)).collect(),
                Trend::Steady,
            ),
        ];
        for (group, trend) in table {
            assert_eq!(counts.trend(&group), trend, "{group:?}");
        }
        let few = MonthCounts { all: [vec![100; 18], vec![3; 6]].concat(), ..counts };
        assert_eq!(few.trend(&group(5, 3)), Trend::Unknown);
        assert_eq!(MonthCounts { months: vec![date(2024, 1, 1)], all: vec![20] }.trend(&[20]), Trend::Unknown);
    }
}

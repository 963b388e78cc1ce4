//! Dates in reference managers and tables. They are typed by hand, so what is not a date is left out.

use jiff::civil::Date;

use crate::formats::common::values::truncated;
use crate::paper::PartialDate;

/// Longest text that is searched for a date: what is longer is a text about something else.
const MAX_DATE_BYTES: usize = 100;

/// A date that was read, as far as it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TypedDate {
    pub(crate) date: Date,
    /// Whether the month and the day that were typed exist. Else the date is what is known without them.
    pub(crate) exists: bool,
}

impl TypedDate {
    fn of(found: PartialDate) -> Option<TypedDate> {
        let date = found.first_day()?;
        Some(TypedDate { date, exists: found.exists && found.day.is_none_or(|day| day == date.day()) })
    }

    /// What to say of one that does not exist.
    pub(crate) fn wrong(self, typed: &str) -> Option<String> {
        (!self.exists).then(|| format!("`{}` does not exist: read as {}", truncated(typed.trim(), 60), self.date))
    }
}

impl From<Date> for TypedDate {
    fn from(date: Date) -> TypedDate {
        TypedDate { date, exists: true }
    }
}

/// Returns the date within a text: a whole date, else month and year, else the only year, in any spelling that
/// [`crate::paper::parse_date`] reads, and beside any other words: `Spring 2018`, `c1988`, `1999-2000`,
/// `2015/05/21/`. The first day of what is known; of `03/04/2005`, which has two meanings, of the year.
pub(crate) fn from_free_text(text: &str) -> Option<TypedDate> {
    if text.len() > MAX_DATE_BYTES {
        return None;
    }
    TypedDate::of(PartialDate::find(text)?)
}

/// Returns the date of a year, a month and a day, each as it is typed: a year may name its month (`June 1980`), a month
/// its day (`10 sept`). The first day if these are missing or wrong.
pub(crate) fn from_parts(year: &str, month: &str, day: &str) -> Option<TypedDate> {
    let mut date = PartialDate::find(year)?;
    // 0 is for what is not known.
    let number = |text: &str| text.trim().parse::<i8>().ok().filter(|number| *number > 0);
    if date.month.is_none() {
        match number(month) {
            Some(month @ 1..=12) => date.month = Some(month),
            // Seasons.
            Some(21..=24) => {}
            Some(_) => date.exists = false,
            None => {
                let named = PartialDate::month_and_day(month);
                (date.month, date.day) = named.map_or((None, None), |(month, day)| (Some(month), day));
            }
        }
    }
    date.day = date.day.or_else(|| number(day)).filter(|_| date.month.is_some());
    TypedDate::of(date)
}

/// Whether a text is a month, perhaps with a day, of a year that stands elsewhere: `MAY 12`, `MAY-JUN`.
pub(crate) fn is_within_year(text: &str) -> bool {
    text.len() <= MAX_DATE_BYTES
        && text.contains(|c: char| c.is_alphabetic())
        && PartialDate::find(text).is_none()
        && PartialDate::month_and_day(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (text, expect) in [
            ("2015/05/21/", Some("2015-05-21")),
            ("2015///", Some("2015-01-01")),
            ("2015/05//", Some("2015-05-01")),
            ("2023 Jan 15", Some("2023-01-15")),
            ("2023 Mar-Apr", Some("2023-03-01")),
            ("2019.03.04", Some("2019-03-04")),
            ("05/2015", Some("2015-05-01")),
            ("21/05/2015", Some("2015-05-21")),
            ("2023 Feb 30", Some("2023-02-01")),
            ("2023 Winter", Some("2023-01-01")),
            ("2017-12-02 10:11:36", Some("2017-12-02")),
            ("c2014", Some("2014-01-01")),
            ("1999-2000", Some("1999-01-01")),
            ("Spring 2018", Some("2018-01-01")),
            ("03/04/2005", Some("2005-01-01")),
            (&format!("2018 {}", "x".repeat(95)), Some("2018-01-01")),
            (&format!("2018 {}", "x".repeat(96)), None),
            ("in press", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(from_free_text(text).map(|found| found.date.to_string()).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn parts() {
        for (year, month, day, expect) in [
            ("2001", "", "", Some("2001-01-01")),
            ("2001", "3", "5", Some("2001-03-05")),
            ("2001", "mar", "", Some("2001-03-01")),
            ("2001", "mar 5", "", Some("2001-03-05")),
            ("2001", "10 sept", "", Some("2001-09-10")),
            ("2001", "Mar-Apr", "", Some("2001-03-01")),
            ("2001", "Oktober", "31", Some("2001-10-31")),
            ("2001", "Feb", "30", Some("2001-02-01")),
            ("2001", "", "5", Some("2001-01-01")),
            ("2001", "13", "5", Some("2001-01-01")),
            ("June 1980", "", "", Some("1980-06-01")),
            ("June 1980", "July", "", Some("1980-06-01")),
            ("1999-2000", "May", "", Some("1999-05-01")),
            ("2002a", "May", "2", Some("2002-05-02")),
            ("98", "May", "2", None),
            ("", "May", "2", None),
        ] {
            let found = from_parts(year, month, day).map(|found| found.date.to_string());
            assert_eq!(found.as_deref(), expect, "{year}, {month}, {day}");
        }
    }

    #[test]
    fn days_that_do_not_exist() {
        for (text, exists) in [
            ("2019-02-30", false),
            ("2019-13-45", false),
            ("2019-13", false),
            ("2023 Feb 30", false),
            ("31.04.2019", false),
            ("45/13/2019", false),
            ("2019-02-28", true),
            ("2019-09-00", true),
            ("2019-00-00", true),
            ("2019-22", true),
            ("2013-14", true),
            ("1998-99", true),
            ("03/04/2005", true),
            ("Winter 2005-06", true),
            ("199X", true),
        ] {
            assert_eq!(from_free_text(text).unwrap().exists, exists, "{text}");
        }
        for (month, day, exists) in [
            ("2", "31", false),
            ("Feb", "30", false),
            ("Feb 30", "", false),
            ("13", "", false),
            ("5", "32", false),
            ("2", "28", true),
            ("0", "0", true),
            ("22", "", true),
            ("5", "00", true),
            ("", "5", true),
            ("soon", "x", true),
        ] {
            assert_eq!(from_parts("2019", month, day).unwrap().exists, exists, "{month}, {day}");
        }
        assert_eq!(
            from_free_text("2019-02-30").unwrap().wrong(" 2019-02-30").unwrap(),
            "`2019-02-30` does not exist: read as 2019-02-01"
        );
    }

    #[test]
    fn months_of_a_year_elsewhere() {
        for (text, is) in
            [("MAY 12", true), ("MAY-JUN", true), ("12-May", true), ("May 2019", false), ("12", false), ("SPR", false)]
        {
            assert_eq!(is_within_year(text), is, "{text}");
        }
    }
}

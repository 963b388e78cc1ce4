//! Dates in reference managers and tables. They are typed by hand, so what is not a date is left out.

use jiff::civil::Date;

use crate::paper::PartialDate;

/// Longest text that is searched for a date: what is longer is a text about something else.
const MAX_DATE_BYTES: usize = 100;

/// Returns the date within a text: a whole date, else month and year, else the only year, in any spelling that
/// [`crate::paper::parse_date`] reads, and beside any other words: `Spring 2018`, `c1988`, `1999-2000`,
/// `2015/05/21/`. The first day of what is known; of `03/04/2005`, which has two meanings, of the year.
pub(crate) fn from_free_text(text: &str) -> Option<Date> {
    if text.len() > MAX_DATE_BYTES {
        return None;
    }
    PartialDate::find(text)?.first_day()
}

/// Returns the date of a year, a month and a day, each as it is typed: a year may name its month (`June 1980`), a month
/// its day (`10 sept`). The first day if these are missing or wrong.
pub(crate) fn from_parts(year: &str, month: &str, day: &str) -> Option<Date> {
    let mut date = PartialDate::find(year)?;
    if date.month.is_none() {
        let number = month.trim().parse().ok().filter(|number| (1..=12).contains(number)).map(|number| (number, None));
        let named = number.or_else(|| PartialDate::month_and_day(month));
        (date.month, date.day) = named.map_or((None, None), |(month, day)| (Some(month), day));
    }
    date.day = date.day.or_else(|| day.trim().parse().ok()).filter(|_| date.month.is_some());
    date.first_day()
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
            assert_eq!(from_free_text(text).map(|date| date.to_string()).as_deref(), expect, "{text}");
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
            let found = from_parts(year, month, day).map(|date| date.to_string());
            assert_eq!(found.as_deref(), expect, "{year}, {month}, {day}");
        }
    }
}

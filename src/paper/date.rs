//! Dates as sources spell them: a text that is a date, and a date within a text.

use jiff::civil::Date;
use jiff::fmt::rfc2822;

use super::date_tokens::{DateToken, tokens};

/// The years that papers are of, where a number alone has to be recognized as a year.
const YEARS: std::ops::RangeInclusive<u32> = 1000..=2100;

/// Returns the day that a text names, in any spelling that has one meaning: ISO 8601 with or without a time
/// (`2024-12-19`, `2024-12-19T18:59:59.000Z`), `20241219`, RFC 2822, the names of months in any order (`Dec 19, 2024`,
/// `19 Sept. 2024`, `May 2006`, `März 2006`), numbers by their order (`2006/05//`, `05/2006`, `15.03.2005`,
/// `15/03/2005`), and level 1 of ISO 8601-2 (EDTF): `2019-05~`, `199X`, `2019-05-XX`, `2019-22`, `2004/2006`, `../2005`.
///
/// A month or a year alone is its first day, a season is its year, and a range is its start. `None` for anything else,
/// for days that do not exist, and for `03/04/2005`, which is in March in America and in April elsewhere.
///
/// ```
/// use paperkin::paper::parse_date;
///
/// assert_eq!(parse_date("2025-03-04").unwrap().to_string(), "2025-03-04");
/// assert_eq!(parse_date("4 March 2025").unwrap().to_string(), "2025-03-04");
/// assert_eq!(parse_date("someday"), None);
/// ```
pub fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Some(day) = text.split(['T', ' ']).next().filter(|day| day.len() == 10 && day.as_bytes()[4] == b'-')
        && let Ok(date) = day.parse()
    {
        return Some(date);
    }
    if text.contains(':')
        && let Ok(moment) = rfc2822::parse(text)
    {
        return Some(moment.date());
    }
    whole(text).or_else(|| {
        let (start, end) = text.split_once('/')?;
        let (start, end) = (start.trim(), end.trim());
        match (start, end) {
            ("" | "..", end) => whole(end),
            (start, "" | "..") => whole(start),
            (start, end) => whole(end).and(whole(start)),
        }
    })
}

/// Returns the date of a text that is a date and nothing else. `CACM December, 1958` is one too: an issue.
fn whole(text: &str) -> Option<Date> {
    let tokens = tokens(text);
    let found = find(&tokens).filter(|found| found.is_exact)?;
    let numbers = tokens.iter().filter(|token| matches!(token, DateToken::Number { .. })).count();
    let words = tokens.iter().any(|token| matches!(token, DateToken::Word));
    let is_issue = found.date.day.is_none() && tokens.iter().any(|token| matches!(token, DateToken::Month { .. }));
    let date = found.date;
    (found.numbers == numbers && (!words || is_issue))
        .then(|| Date::new(date.year, date.month.unwrap_or(1), date.day.unwrap_or(1)).ok())
        .flatten()
}

/// A date as far as a text has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PartialDate {
    pub(crate) year: i16,
    pub(crate) month: Option<i8>,
    pub(crate) day: Option<i8>,
    /// Whether there was no month or day that does not exist, as in `2019-13`.
    pub(crate) exists: bool,
}

impl PartialDate {
    /// Returns the date within a text that may have anything else: a whole date, else month and year, else the only
    /// year or the first of a range of years. What cannot be, or has two meanings, is left out: of `03/04/2005` the
    /// year is known.
    pub(crate) fn find(text: &str) -> Option<PartialDate> {
        find(&tokens(text)).map(|found| found.date)
    }

    /// Returns the month and the day of a text without a year: `10 sept`, `Mar-Apr`.
    pub(crate) fn month_and_day(text: &str) -> Option<(i8, Option<i8>)> {
        let named = NamedMonth::of(&tokens(text))?;
        Some((named.month, named.day))
    }

    /// Returns the first day of what is known; a day that the month does not have is left out.
    pub(crate) fn first_day(self) -> Option<Date> {
        let month = self.month.unwrap_or(1);
        Date::new(self.year, month, self.day.unwrap_or(1)).or_else(|_| Date::new(self.year, month, 1)).ok()
    }
}

/// A date that was found among other words.
struct FoundDate {
    date: PartialDate,
    /// How many numbers it is made of.
    numbers: usize,
    /// Whether all of these numbers were understood.
    is_exact: bool,
}

impl FoundDate {
    fn new(year: i16, month: Option<i8>, day: Option<i8>, numbers: usize) -> FoundDate {
        FoundDate { date: PartialDate { year, month, day: month.and(day), exists: true }, numbers, is_exact: true }
    }

    /// A year beside numbers that say no month, or one that does not exist.
    fn inexact(year: i16, numbers: usize, exists: bool) -> FoundDate {
        let date = PartialDate { year, month: None, day: None, exists };
        FoundDate { date, numbers, is_exact: false }
    }
}

fn find(tokens: &[DateToken]) -> Option<FoundDate> {
    let is_whole = |found: &FoundDate| found.is_exact && found.date.day.is_some();
    let found = compact(tokens).or_else(|| year_first(tokens).filter(is_whole)).or_else(|| with_named_month(tokens));
    if tokens.contains(&DateToken::Season) {
        return found.or_else(|| year_alone(tokens));
    }
    found
        .or_else(|| year_first(tokens))
        .or_else(|| year_last(tokens))
        .or_else(|| month_and_year(tokens))
        .or_else(|| year_alone(tokens))
}

/// `20241219`.
fn compact(tokens: &[DateToken]) -> Option<FoundDate> {
    let [DateToken::Number { value, digits: 8, .. }] = *tokens else { return None };
    let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
    let in_range = YEARS.contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    in_range.then(|| FoundDate::new(year as i16, Some(month as i8), Some(day as i8), 1))
}

/// `19 December 2024`, `Dec 19, 2024`, `2024 Dec 19`, `December 2024`.
fn with_named_month(tokens: &[DateToken]) -> Option<FoundDate> {
    let named = NamedMonth::of(tokens)?;
    // `Dec-1999 Jan` ends the range that begins with `1998 Dec`.
    let before = year(tokens, named.start.wrapping_sub(1)).filter(|_| gap(tokens, named.end) != Some(' '));
    let after = || (named.end..named.end + 4).find_map(|at| year(tokens, at));
    let year = before.or_else(after).or_else(|| year(tokens, named.start.wrapping_sub(1)))?;
    Some(FoundDate::new(year, Some(named.month), named.day, 1 + named.numbers))
}

/// The name of a month with the day beside it.
struct NamedMonth {
    month: i8,
    day: Option<i8>,
    /// How many numbers the day is made of: two for a range of days.
    numbers: usize,
    /// Where month and day begin and end among the tokens.
    start: usize,
    end: usize,
}

impl NamedMonth {
    /// Returns the first name of a month that stands beside a number or another month: `may` is a verb, too.
    fn of(tokens: &[DateToken]) -> Option<NamedMonth> {
        let is_beside = |at: usize| matches!(tokens.get(at), Some(DateToken::Number { .. } | DateToken::Month { .. }));
        let is_alone = tokens.len() == 1;
        let (at, month) = tokens.iter().enumerate().find_map(|(at, token)| match token {
            DateToken::Month { month, .. } if is_alone || is_beside(at.wrapping_sub(1)) || is_beside(at + 1) => {
                Some((at, *month))
            }
            _ => None,
        })?;
        let is_range = |end: usize| gap(tokens, end) == Some('-');
        if let Some(mut before) = day(tokens, at.wrapping_sub(1)) {
            let mut start = at - 1;
            if let Some(first) = day(tokens, start.wrapping_sub(1)).filter(|_| is_range(start)) {
                (before, start) = (first, start - 1);
            }
            // In `2005-03 March` the number is the month.
            let is_month =
                gap(tokens, start).is_some_and(|gap| gap != ' ') && year(tokens, start.wrapping_sub(1)).is_some();
            let day = Some(before).filter(|_| !is_month);
            return Some(NamedMonth { month, day, numbers: at - start, start, end: at + 1 });
        }
        let day_after = day(tokens, at + 1);
        let mut end = at + 1 + usize::from(day_after.is_some());
        if day_after.is_some() && is_range(end) && day(tokens, end).is_some() {
            end += 1;
        }
        Some(NamedMonth { month, day: day_after, numbers: end - at - 1, start: at, end })
    }
}

/// `2024-12-19`, `2024/12//`, `2024.12`, `2024年12月19日`; the seasons of EDTF, `2024-21` to `2024-24`, are no months.
fn year_first(tokens: &[DateToken]) -> Option<FoundDate> {
    let (at, year) = (0..tokens.len()).find_map(|at| {
        short(tokens, at + 1).filter(|_| is_joined(tokens, at + 1))?;
        Some((at, year(tokens, at)?))
    })?;
    let month = short(tokens, at + 1)?;
    let day = short(tokens, at + 2).filter(|_| is_joined(tokens, at + 2));
    let numbers = 2 + usize::from(day.is_some());
    // `2013-14`, `1998-99`.
    let is_range = day.is_none() && (month > 31 || i16::from(month) == (year + 1) % 100);
    Some(match (month, day) {
        (0 | 21..=24, None | Some(0)) => FoundDate::new(year, None, None, numbers),
        (1..=12, None | Some(0..=31)) => FoundDate::new(year, Some(month), day.filter(|day| *day > 0), numbers),
        _ => FoundDate::inexact(year, numbers, is_range),
    })
}

/// `15.03.2005`, `15/03/2005`, `03/15/2005`. Between dots the day is first; between others it is whichever is no month.
fn year_last(tokens: &[DateToken]) -> Option<FoundDate> {
    let (at, year) = (0..tokens.len()).find_map(|at| {
        let fits = short(tokens, at).is_some() && short(tokens, at + 1).is_some();
        (fits && is_joined(tokens, at + 1) && is_joined(tokens, at + 2)).then_some(())?;
        Some((at, year(tokens, at + 2)?))
    })?;
    let (first, second) = (short(tokens, at)?, short(tokens, at + 1)?);
    let is_dotted = gap(tokens, at + 1) == Some('.') && gap(tokens, at + 2) == Some('.');
    let whole = |day, month| FoundDate::new(year, Some(month), Some(day), 3);
    Some(match (first, second) {
        (0, month @ 1..=12) => FoundDate::new(year, Some(month), None, 3),
        (day @ 1..=31, month @ 1..=12) if is_dotted || day > 12 || day == month => whole(day, month),
        (month @ 1..=12, day @ 13..=31) => whole(day, month),
        (first, second) => FoundDate::inexact(year, 3, (1..=12).contains(&first) && (1..=12).contains(&second)),
    })
}

/// `05/2006`.
fn month_and_year(tokens: &[DateToken]) -> Option<FoundDate> {
    let (month, year) = (0..tokens.len()).find_map(|at| {
        let year = year(tokens, at + 1).filter(|_| is_joined(tokens, at + 1))?;
        Some((short(tokens, at)?, year))
    })?;
    Some(match month {
        1..=12 => FoundDate::new(year, Some(month), None, 2),
        _ => FoundDate::inexact(year, 2, true),
    })
}

/// The only year, or the first of a range.
fn year_alone(tokens: &[DateToken]) -> Option<FoundDate> {
    let mut years = (0..tokens.len()).filter_map(|at| Some((at, year(tokens, at)?)));
    let (at, first) = years.next()?;
    let others: Vec<i16> = years.map(|(_, year)| year).filter(|year| *year != first).collect();
    let is_range = year(tokens, at + 1).is_some_and(|second| second > first) && is_joined(tokens, at + 1);
    match others[..] {
        [] => Some(FoundDate::new(first, None, None, 1)),
        [_] if is_range => Some(FoundDate::new(first, None, None, 2)),
        _ => None,
    }
}

fn year(tokens: &[DateToken], at: usize) -> Option<i16> {
    match tokens.get(at) {
        Some(DateToken::Number { value, digits: 4, .. }) if YEARS.contains(value) => i16::try_from(*value).ok(),
        _ => None,
    }
}

fn day(tokens: &[DateToken], at: usize) -> Option<i8> {
    short(tokens, at).filter(|day| (1..=31).contains(day))
}

/// Returns a number of one or two digits.
fn short(tokens: &[DateToken], at: usize) -> Option<i8> {
    match tokens.get(at) {
        Some(DateToken::Number { value, digits: 1 | 2, .. }) => i8::try_from(*value).ok(),
        _ => None,
    }
}

/// Returns what stands before a number or a month.
fn gap(tokens: &[DateToken], at: usize) -> Option<char> {
    match tokens.get(at) {
        Some(DateToken::Number { gap, .. } | DateToken::Month { gap, .. }) => Some(*gap),
        _ => None,
    }
}

/// Whether a number is joined to what is before it.
fn is_joined(tokens: &[DateToken], at: usize) -> bool {
    gap(tokens, at).is_some_and(|gap| gap != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_dates() {
        let table = [
            ("2024-12-19", Some("2024-12-19")),
            (" 2024-12-19T18:59:59.000Z ", Some("2024-12-19")),
            ("2024-12-19 18:59:59", Some("2024-12-19")),
            ("2024-12-19T23:30:00-05:00", Some("2024-12-19")),
            ("20241219", Some("2024-12-19")),
            ("Dec 19, 2024", Some("2024-12-19")),
            ("Sept 9, 2024", Some("2024-09-09")),
            ("9 Sept. 2024", Some("2024-09-09")),
            ("December 19, 2024", Some("2024-12-19")),
            ("19 Dec 2024", Some("2024-12-19")),
            ("3rd of May, 2004", Some("2004-05-03")),
            ("15-Mar-2005", Some("2005-03-15")),
            ("3-5 May 2004", Some("2004-05-03")),
            ("May 3–5, 2004", Some("2004-05-03")),
            ("2004 May 3", Some("2004-05-03")),
            ("Thu, 19 Dec 2024 18:59:59 GMT", Some("2024-12-19")),
            ("Thu, 19 Dec 2024 18:59:59 +0000", Some("2024-12-19")),
            ("Sun, 19 Dec 2024 18:59:59 -0500", Some("2024-12-19")),
            ("Sat Aug  5 10:00:00 2017", Some("2017-08-05")),
            ("2024/12/19", Some("2024-12-19")),
            ("2024.12.19", Some("2024-12-19")),
            ("15.03.2005", Some("2005-03-15")),
            ("3. 4. 2005", Some("2005-04-03")),
            ("15/03/2005", Some("2005-03-15")),
            ("03/15/2005", Some("2005-03-15")),
            ("04/04/2005", Some("2005-04-04")),
            ("03/04/2005", None),
            ("2005年3月15日", Some("2005-03-15")),
            ("2005년 3월", Some("2005-03-01")),
            ("2024-12", Some("2024-12-01")),
            ("2014//", Some("2014-01-01")),
            ("2006-05//", Some("2006-05-01")),
            ("2006/05/", Some("2006-05-01")),
            ("05/2006", Some("2006-05-01")),
            ("13/2006", None),
            ("2011", Some("2011-01-01")),
            ("(2002)", Some("2002-01-01")),
            ("May 2006", Some("2006-05-01")),
            ("Jul-Aug 2006", Some("2006-07-01")),
            ("2005 Mar–Apr", Some("2005-03-01")),
            ("Sept./1988", Some("1988-09-01")),
            ("2024 Spring", Some("2024-01-01")),
            ("Spring 2024", Some("2024-01-01")),
            ("Winter 2005-06", None),
            ("1999-2000", Some("1999-01-01")),
            ("2000-1999", None),
            ("December 1958", Some("1958-12-01")),
            ("CACM December, 1958", Some("1958-12-01")),
            ("CACM July,1962", Some("1962-07-01")),
            ("Dec 1958", Some("1958-12-01")),
            ("30 February 1958", None),
            ("volume December", None),
            ("paper 2024", None),
            ("2024-02-30", None),
            ("Feb 30, 2024", None),
            ("2024-13", None),
            ("c1988", None),
            ("soon", None),
            ("", None),
            ("12", None),
            ("0000", None),
            ("2413", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_date(text).map(|d| d.to_string()).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn extended_dates() {
        let table = [
            ("2019-05~", Some("2019-05-01")),
            ("2019-05-03?", Some("2019-05-03")),
            ("1984%", Some("1984-01-01")),
            ("2019-05-XX", Some("2019-05-01")),
            ("2019-XX-XX", Some("2019-01-01")),
            ("2019-00-00", Some("2019-01-01")),
            ("199X", Some("1990-01-01")),
            ("199u", Some("1990-01-01")),
            ("19XX", Some("1900-01-01")),
            ("20XX", Some("2000-01-01")),
            ("2XXX", None),
            ("2019-22", Some("2019-01-01")),
            ("2019-25", None),
            ("2004/2006", Some("2004-01-01")),
            ("2004-06/2006-08", Some("2004-06-01")),
            ("2004-02-01/2005-02-08", Some("2004-02-01")),
            ("2004-06-11/..", Some("2004-06-11")),
            ("2004-06-11/", Some("2004-06-11")),
            ("/2005-03", Some("2005-03-01")),
            ("../2005", Some("2005-01-01")),
            ("1997~/2000", Some("1997-01-01")),
            ("2004-06/soon", None),
            ("-0044", None),
            ("..", None),
            ("/", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_date(text).map(|d| d.to_string()).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn dates_within_texts() {
        let table = [
            ("c1988", Some("1988-01-01")),
            ("2002a", Some("2002-01-01")),
            ("©2003", Some("2003-01-01")),
            ("[ca. 1980]", Some("1980-01-01")),
            ("1988, reprinted", Some("1988-01-01")),
            ("03/04/2005", Some("2005-01-01")),
            ("13/2006", Some("2006-01-01")),
            ("2023 Feb 30", Some("2023-02-01")),
            ("2024-02-30", Some("2024-02-01")),
            ("Winter 2005-06", Some("2005-01-01")),
            ("1994///Spring", Some("1994-01-01")),
            ("3rd Quarter 2005", Some("2005-01-01")),
            ("2005 Q3", Some("2005-01-01")),
            ("Vol. 12, May 2005", Some("2005-05-01")),
            ("1998 Dec-1999 Jan", Some("1998-12-01")),
            ("Dec 1998-Jan 1999", Some("1998-12-01")),
            ("28 May - 1 June 2004", Some("2004-05-28")),
            ("2005 Mar 28-Apr 2", Some("2005-03-28")),
            ("1985; presented in May 2004", Some("2004-05-01")),
            ("may appear in 2005", Some("2005-01-01")),
            ("2005-03-00 March 2005", Some("2005-03-01")),
            ("2005-03 March", Some("2005-03-01")),
            ("2005-03-15 March 15, 2005", Some("2005-03-15")),
            ("1998–2001", Some("1998-01-01")),
            ("1950 [1999]", None),
            ("12005", None),
            ("in press", None),
            ("n.d.", None),
        ];
        for (text, expected) in table {
            let found = PartialDate::find(text).and_then(PartialDate::first_day);
            assert_eq!(found.map(|d| d.to_string()).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn months_without_a_year() {
        for (text, expected) in [
            ("sep", Some((9, None))),
            ("10 sept", Some((9, Some(10)))),
            ("mar 5", Some((3, Some(5)))),
            ("Mar-Apr", Some((3, None))),
            ("28-30 juin", Some((6, Some(28)))),
            ("spring", None),
            ("", None),
        ] {
            assert_eq!(PartialDate::month_and_day(text), expected, "{text:?}");
        }
    }
}

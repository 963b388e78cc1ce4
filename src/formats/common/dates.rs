//! Dates in parts, as in reference managers. They are typed by hand, so what is not a date is left out.

use jiff::civil::Date;

use crate::paper::parse_date;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Returns the date of a year, a month and a day; the first day if the last two are missing or wrong.
pub(crate) fn from_parts(year: &str, month: &str, day: &str) -> Option<Date> {
    let year = year.trim();
    let year: i16 =
        Some(year).filter(|year| year.len() == 4).and_then(|year| year.parse().ok()).filter(|y| *y >= 1000)?;
    let month = month_of(month).unwrap_or(1);
    Date::new(year, month, day.trim().parse().unwrap_or(1)).or_else(|_| Date::new(year, month, 1)).ok()
}

/// Returns the number of a month from its number or its name: `3`, `03`, `mar`, `March`, `Mar-Apr`.
fn month_of(text: &str) -> Option<i8> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number).filter(|number| (1..=12).contains(number));
    }
    let start = text.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    i8::try_from(at + 1).ok()
}

/// Returns the date of a text of parts: `2015/05/21`, `2015/05//`, `2023 Jan 15`, `2023 Jan-Feb`, `05/2015`, or anything that
/// [`parse_date`] reads.
pub(crate) fn from_text(text: &str) -> Option<Date> {
    let text = text.trim();
    let parts: Vec<&str> = text
        .split(|c: char| c == '/' || c == '.' || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .take(4)
        .collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let month_first = || from_parts(part(1), part(0), "").filter(|_| parts.len() == 2);
    parse_date(text).or_else(|| from_parts(part(0), part(1), part(2))).or_else(month_first)
}

#[cfg(test)]
mod tests {
    use super::from_text;

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
            ("21/05/2015", None),
            ("2023 Feb 30", Some("2023-02-01")),
            ("2023 Winter", Some("2023-01-01")),
            ("2017-12-02 10:11:36", Some("2017-12-02")),
            ("in press", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(from_text(text).map(|date| date.to_string()).as_deref(), expect, "{text}");
        }
    }
}

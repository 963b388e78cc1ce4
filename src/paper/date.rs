//! Dates as sources spell them.

use jiff::civil::Date;
use jiff::fmt::{rfc2822, strtime};

/// A day from any of the spellings met in sources: ISO 8601 with or without a time (`2024-12-19`,
/// `2024-12-19T18:59:59.000Z`), `20241219`, `Dec 19, 2024`, `19 December 2024`, RFC 2822, a month or a
/// year alone (its first day), a journal's issue (`CACM December, 1958`). `None` for anything else and for days that
/// do not exist.
///
/// ```
/// use paperkin::paper::parse_date;
///
/// assert_eq!(parse_date("2025-03-04").unwrap().to_string(), "2025-03-04");
/// assert_eq!(parse_date("someday"), None);
/// ```
pub fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    if day.len() == 10 && day.as_bytes()[4] == b'-' {
        return day.parse().ok();
    }
    const SPELLINGS: [&str; 6] = ["%Y%m%d", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d"];
    let parsed = SPELLINGS.iter().find_map(|spelling| strtime::parse(spelling, text).ok()?.to_date().ok());
    let parsed = parsed.or_else(|| Some(rfc2822::parse(text).ok()?.date()));
    parsed.or_else(|| month_or_year(text)).or_else(|| issue(text))
}

/// `December 1958` or `December, 1958`, after words without digits.
fn issue(text: &str) -> Option<Date> {
    let mut words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).rev();
    let (year, month) = (words.next()?, words.next()?);
    let year = Some(year).filter(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))?;
    if words.any(|word| word.contains(|c: char| c.is_ascii_digit())) {
        return None;
    }
    let day = format!("1 {month} {year}");
    ["%d %b %Y", "%d %B %Y"].iter().find_map(|spelling| strtime::parse(spelling, &day).ok()?.to_date().ok())
}

fn month_or_year(text: &str) -> Option<Date> {
    let (year, month) = text.split_once(['-', '/']).unwrap_or((text, "1"));
    if year.len() != 4 || month.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok().filter(|y| *y >= 1000)?, month.parse().ok()?, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::parse_date;

    #[test]
    fn spellings() {
        let table = [
            ("2024-12-19", Some("2024-12-19")),
            (" 2024-12-19T18:59:59.000Z ", Some("2024-12-19")),
            ("2024-12-19 18:59:59", Some("2024-12-19")),
            ("2024-12-19T23:30:00-05:00", Some("2024-12-19")),
            ("20241219", Some("2024-12-19")),
            ("Dec 19, 2024", Some("2024-12-19")),
            ("Sept 9, 2024", None),
            ("December 19, 2024", Some("2024-12-19")),
            ("19 Dec 2024", Some("2024-12-19")),
            ("Thu, 19 Dec 2024 18:59:59 GMT", Some("2024-12-19")),
            ("Thu, 19 Dec 2024 18:59:59 +0000", Some("2024-12-19")),
            ("2024/12/19", Some("2024-12-19")),
            ("2024-12", Some("2024-12-01")),
            ("2011", Some("2011-01-01")),
            ("December 1958", Some("1958-12-01")),
            ("CACM December, 1958", Some("1958-12-01")),
            ("CACM July,1962", Some("1962-07-01")),
            ("Dec 1958", Some("1958-12-01")),
            ("30 February 1958", None),
            ("volume December", None),
            ("2024-02-30", None),
            ("Feb 30, 2024", None),
            ("2024-13", None),
            ("soon", None),
            ("", None),
            ("12", None),
            ("0000", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_date(text).map(|d| d.to_string()).as_deref(), expected, "{text:?}");
        }
    }
}

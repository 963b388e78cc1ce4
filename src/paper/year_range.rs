//! Years that a person types: `2024`, `2024..2025`, `2024..`, `..2025`.

use std::str::FromStr;

use jiff::civil::Date;

/// Years from a first to a last one, one of which may be open.
///
/// ```
/// use paperkin::paper::YearRange;
///
/// let years: YearRange = "2024..".parse().unwrap();
/// assert_eq!((years.first.unwrap().to_string(), years.last), ("2024-01-01".to_owned(), None));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct YearRange {
    /// First day of the first year.
    pub first: Option<Date>,
    /// Last day of the last year.
    pub last: Option<Date>,
}

impl FromStr for YearRange {
    type Err = String;

    fn from_str(text: &str) -> Result<YearRange, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let year = |text: &str| match text.trim() {
            "" => Some(None),
            year if year.len() == 4 => year.parse::<i16>().ok().filter(|year| *year > 0).map(Some),
            _ => None,
        };
        let day = |year: i16, month, day| Date::new(year, month, day).expect("the first and last days of years exist");
        match (year(first), year(last)) {
            (Some(None), Some(None)) | (None, _) | (_, None) => {
                Err("not a year: use the form 2024, 2024..2025, 2024.. or ..2025".to_owned())
            }
            (Some(first), Some(last)) if first.is_some() && last.is_some() && first > last => {
                Err("the first year is later than the last".to_owned())
            }
            (Some(first), Some(last)) => {
                Ok(YearRange { first: first.map(|year| day(year, 1, 1)), last: last.map(|year| day(year, 12, 31)) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_years() {
        for (text, expected) in [
            ("2024", Some(("2024-01-01", "2024-12-31"))),
            ("2024..2025", Some(("2024-01-01", "2025-12-31"))),
            ("2024..", Some(("2024-01-01", ""))),
            ("..2025", Some(("", "2025-12-31"))),
            ("2025..2024", None),
            ("..", None),
            ("", None),
            ("24", None),
            ("2024-01", None),
        ] {
            let found = text.parse().ok().map(|YearRange { first, last }| {
                let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
                (day(first), day(last))
            });
            let expected = expected.map(|(first, last)| (first.to_owned(), last.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }
}

//! Parsers of values that several commands take.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::civil::Date;

use crate::paper::parse_date;

/// Longest time that an option in seconds accepts: a day.
const MAX_SECONDS: u64 = 86_400;

/// A calendar date.
pub(super) fn date(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "not a valid date: use the form 2025-01-31".to_owned())
}

/// An address with a port.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().unwrap_or_default();
        let port = if port.parse::<u16>().is_ok() { port } else { "7474" };
        format!("expected an IP address and a port, such as 127.0.0.1:{port}, or 0.0.0.0:{port} for all networks")
    })
}

/// Years from a first to a last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct YearRange {
    /// First day of the first year.
    pub(crate) first: Option<Date>,
    /// Last day of the last year.
    pub(crate) last: Option<Date>,
}

/// A year, or two with `..` between them, one of which may be left out.
pub(super) fn years(text: &str) -> Result<YearRange, String> {
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

/// A number of seconds, with or without decimals.
#[cfg_attr(not(feature = "fetch"), allow(dead_code, reason = "only `fetch` has times"))]
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|time| time.as_secs() <= MAX_SECONDS)
        .ok_or_else(|| format!("expected a number of seconds from 0 to {MAX_SECONDS}"))
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
            let found = years(text).ok().map(|YearRange { first, last }| {
                let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
                (day(first), day(last))
            });
            let expected = expected.map(|(first, last)| (first.to_owned(), last.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }
}

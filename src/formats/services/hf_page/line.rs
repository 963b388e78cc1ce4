//! The shapes of the lines on a papers page.

use jiff::civil::Date;

use crate::paper::parse_date;

/// Lines of the page itself, in lower case.
const PAGE: [&str; 16] = [
    "new",
    "get trending papers in your email inbox!",
    "get trending papers in your email inbox once a day!",
    "subscribe",
    "daily papers",
    "trending papers",
    "byak and the research community",
    "by ak and the research community",
    "daily",
    "weekly",
    "monthly",
    "trending",
    "previous",
    "next",
    "upvote",
    "submitted by",
];

/// The number of authors in `• 11 authors`, and what follows on the same line.
pub(crate) fn author_line(text: &str) -> Option<(u32, &str)> {
    let text = text.trim_start_matches(is_bullet);
    let (count, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let rest = rest.trim_start().strip_prefix("author")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    let after = rest.trim_start_matches(is_bullet);
    let ends = after.is_empty() || after.len() < rest.len() && date_line(after).is_some();
    Some((count.parse().ok()?, after)).filter(|_| ends)
}

pub(crate) struct DateLine {
    pub(crate) text: String,
    /// `None` for a day that does not exist.
    pub(crate) date: Option<Date>,
    pub(crate) comments: Option<u32>,
}

/// `Dec 19, 2024`, or with the number of comments behind it.
pub(crate) fn date_line(text: &str) -> Option<DateLine> {
    let mut words = text.trim_matches(is_bullet).split_whitespace();
    let (month, day, year) = (words.next()?, words.next()?, words.next()?);
    let comments = words.next();
    let is_number =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let is_date = is_month(month)
        && day.strip_suffix(',').is_some_and(|day| is_number(day, 2))
        && year.len() == 4
        && is_number(year, 4)
        && comments.is_none_or(|comments| is_number(comments, 9))
        && words.next().is_none();
    let text = format!("{month} {day} {year}");
    let comments = comments.and_then(|comments| comments.parse().ok());
    is_date.then(|| DateLine { date: parse_date(&text), text, comments })
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    MONTHS.iter().any(|month| *month == word || month[..3] == word)
}

/// A line of the page itself: one of its labels, a number of votes, the day of the listing.
pub(crate) fn is_page_line(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = text.split_whitespace();
    let is_day = words.next().is_some_and(is_month)
        && words.next().is_some_and(|day| day.len() <= 2 && day.bytes().all(|b| b.is_ascii_digit()))
        && words.next().is_none();
    let votes = lower.strip_suffix('k').unwrap_or(&lower);
    let is_votes = !votes.is_empty() && votes.len() <= 6 && votes.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    PAGE.contains(&lower.as_str()) || is_day || is_votes
}

/// A line of bullets alone.
pub(crate) fn is_separator(text: &str) -> bool {
    text.chars().all(is_bullet)
}

fn is_bullet(c: char) -> bool {
    c.is_whitespace() || "•·‧∙⋅●◦○▪▫‣⁃*-–—|".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn author_lines() {
        for (text, expect) in [
            ("  • 11 authors", Some(11)),
            ("• 1 author", Some(1)),
            ("-  3 authors", Some(3)),
            ("7 authors · Dec 19, 2024", Some(7)),
            ("7 authors of books", None),
            ("seven authors", None),
            ("authors", None),
            ("99999999999 authors", None),
            ("7", None),
        ] {
            assert_eq!(author_line(text).map(|(count, _)| count), expect, "{text}");
        }
    }

    #[test]
    fn date_lines() {
        for (text, expect) in [
            ("Dec 19, 2024", Some((Some("2024-12-19"), None))),
            ("· December 19, 2024", Some((Some("2024-12-19"), None))),
            ("Jun 21, 2025 1", Some((Some("2025-06-21"), Some(1)))),
            ("Jun 21, 2025\u{a0}12", Some((Some("2025-06-21"), Some(12)))),
            ("Feb 30, 2025 1", Some((None, Some(1)))),
            ("Jan 8", None),
            ("Jun 21, 2025 was a day", None),
            ("Marching 21, 2025", None),
            ("", None),
        ] {
            let found = date_line(text).map(|line| (line.date.map(|date| date.to_string()), line.comments));
            let found = found.as_ref().map(|(date, comments)| (date.as_deref(), *comments));
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn lines_of_the_page() {
        for (text, expect) in
            [("Jan 8", true), ("Subscribe", true), ("123", true), ("1.2k", true), ("A Title", false), ("May I?", false)]
        {
            assert_eq!(is_page_line(text), expect, "{text}");
        }
    }
}

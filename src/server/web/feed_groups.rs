//! Groups the papers of a feed by day and by interest.

use std::collections::HashSet;

use jiff::civil::Date;

use crate::recommend::Recommendation;

/// Older papers are grouped by month, and those that are older still by year, so that a page does not consist of
/// headings.
const DAYS_BY_NAME: i32 = 7;
const DAYS_BY_MONTH: i32 = 92;

/// Papers of a day, or of a month, for an interest.
pub(super) struct FeedGroup {
    pub heading: String,
    /// The interest; empty when the history has one only.
    pub interest: String,
    /// Best first.
    pub results: Vec<Recommendation>,
}

/// Groups papers: the newest first, and those of a day by interest in the order of the best paper. Within a group they
/// stay in their order. When most groups would have one paper, interests make no groups: each paper keeps its own.
pub(super) fn feed_groups(results: Vec<Recommendation>, today: Date) -> Vec<FeedGroup> {
    let heading =
        |result: &Recommendation| result.paper.date().map_or("Without a date".to_owned(), |date| name(date, today));
    let label = |result: &Recommendation| result.interest.as_ref().map(|interest| interest.label.clone());
    let with_interests: HashSet<_> = results.iter().map(|result| (heading(result), label(result))).collect();
    let is_by_interest = 2 * with_interests.len() <= results.len();
    let mut groups: Vec<(Option<Date>, FeedGroup)> = Vec::new();
    for mut result in results {
        let heading = heading(&result);
        let interest = if is_by_interest { result.interest.take() } else { None };
        let interest = interest.map(|interest| interest.label).unwrap_or_default();
        match groups.iter_mut().find(|(_, group)| group.heading == heading && group.interest == interest) {
            Some((_, group)) => group.results.push(result),
            None => {
                let start = result.paper.date().map(|date| period(date, today));
                groups.push((start, FeedGroup { heading, interest, results: vec![result] }));
            }
        }
    }
    // The sort is stable; no date is before all dates.
    groups.sort_by(|(one, _), (other, _)| other.cmp(one));
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The day itself when it is of the last week, else the first day of its month or its year.
fn period(date: Date, today: Date) -> Date {
    match days_ago(date, today) {
        days if days < DAYS_BY_NAME => date,
        days if days < DAYS_BY_MONTH => date.first_of_month(),
        _ => date.first_of_year(),
    }
}

fn days_ago(date: Date, today: Date) -> i32 {
    (today - date).get_days()
}

fn name(date: Date, today: Date) -> String {
    match days_ago(date, today) {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        days if days < DAYS_BY_NAME => date.strftime("%A, %B %-d").to_string(),
        days if days < DAYS_BY_MONTH => date.strftime("%B %Y").to_string(),
        _ if date.year() == today.year() => format!("Earlier in {}", date.year()),
        _ => date.year().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::recommend::{InterestShare, ScoreBreakdown};

    fn result(title: &str, listed: &str, interest: &str) -> Recommendation {
        let listed = if listed.is_empty() { "null".to_owned() } else { format!("\"{listed}\"") };
        let paper = format!(r#"{{"id":"{title}","title":"{title}","source":"s","listed":{listed}}}"#);
        let interest = Some(interest).filter(|name| !name.is_empty());
        Recommendation {
            rank: 1,
            score: 0.5,
            similarity: None,
            term_similarity: None,
            relevance: None,
            paper: serde_json::from_str(&paper).unwrap(),
            breakdown: ScoreBreakdown::default(),
            reasons: Vec::new(),
            interest: interest.map(|label| InterestShare { label: label.to_owned(), share: 0.5, is_named: false }),
            sentence_match: None,
        }
    }

    fn shown(results: Vec<Recommendation>) -> Vec<String> {
        let group = |group: FeedGroup| {
            let papers: Vec<&str> = group.results.iter().map(|result| result.paper.id.as_str()).collect();
            format!("{}/{}: {}", group.heading, group.interest, papers.join(" "))
        };
        feed_groups(results, date(2026, 6, 10)).into_iter().map(group).collect()
    }

    #[test]
    fn groups_are_named_and_the_newest_is_first() {
        let dates = [
            ("a", "2026-02-01"),
            ("b", ""),
            ("c", "2026-06-10"),
            ("d", "2026-06-09"),
            ("f", "2026-05-30"),
            ("g", "2026-06-10"),
            ("h", "2026-06-05"),
            ("i", "2024-01-01"),
            ("j", "2026-05-01"),
            ("k", "2024-12-31"),
        ];
        let expected = [
            "Today/: c g",
            "Yesterday/: d",
            "Friday, June 5/: h",
            "May 2026/: f j",
            "Earlier in 2026/: a",
            "2024/: i k",
            "Without a date/: b",
        ];
        assert_eq!(shown(dates.iter().map(|(id, date)| result(id, date, "")).collect()), expected);
    }

    #[test]
    fn interests_make_groups_unless_those_were_of_one_paper() {
        let mut results: Vec<Recommendation> = [("a", "robots"), ("b", "speech"), ("c", "robots"), ("d", "speech")]
            .map(|(id, interest)| result(id, "2026-06-10", interest))
            .into();
        assert_eq!(shown(results.clone()), ["Today/robots: a c", "Today/speech: b d"]);
        results.truncate(3);
        assert_eq!(shown(results.clone()), ["Today/: a b c"]);
        let kept = &feed_groups(results, date(2026, 6, 10))[0].results[0].interest;
        assert_eq!(kept.as_ref().map(|interest| interest.label.as_str()), Some("robots"));
    }
}

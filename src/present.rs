//! A paper and a recommendation as text for people: the same words in the terminal, on the web page, in e-mail digests,
//! in feeds and in Markdown.
//!
//! Formulas are written as readable Unicode ([`readable`]). Exports for programs keep the text as it is.

#[cfg(any(feature = "cli", feature = "server"))]
mod links;
mod source_name;

use std::borrow::Cow;

use crate::paper::Paper;
use crate::recommend::{CitationCounts, InterestShare, Reason};
use crate::text::latex::readable;
use crate::text::{truncate_at_word, visible};

#[cfg(feature = "cli")]
pub(crate) use links::PaperLink;
#[cfg(any(feature = "cli", feature = "server"))]
pub(crate) use links::links;
pub(crate) use source_name::source_name;

/// How many authors are named.
pub(crate) const NAMED_AUTHORS: usize = 3;
/// How many history papers are named as reasons where space is short.
pub(crate) const NAMED_REASONS: usize = 2;
/// What stands above the older papers of a first feed.
pub(crate) const BEST_OF_LIBRARY: &str = "Best of your library";
/// Longest headline that is made of an abstract, in characters.
const MAX_ABSTRACT_HEADLINE: usize = 120;

/// Returns the title of a paper; of one without a title the beginning of its abstract.
pub(crate) fn headline(paper: &Paper) -> String {
    if !paper.title.is_empty() {
        return shown(&paper.title);
    }
    match truncate_at_word(&shown(&paper.abstract_text), MAX_ABSTRACT_HEADLINE) {
        start if start.is_empty() => paper.id.to_string(),
        start => start,
    }
}

/// Returns a text as people read it, on one line. Libraries of older versions have papers with control characters.
pub(crate) fn shown(text: &str) -> String {
    visible(&readable(text)).into_owned()
}

/// Returns the first authors and the number of the others: `Ann Lee, Bo Chen, Cy Diaz and 2 more`. Without names, the
/// number of authors; empty if that is unknown too.
pub(crate) fn byline(paper: &Paper) -> String {
    byline_of(paper, NAMED_AUTHORS)
}

/// As [`byline`], with up to so many names.
pub(crate) fn byline_of(paper: &Paper, named: usize) -> String {
    let count = paper.authors.len().max(paper.author_count.unwrap_or(0) as usize);
    if paper.authors.is_empty() {
        return if count > 0 { counted(count, "author") } else { String::new() };
    }
    let names: Vec<Cow<'_, str>> = paper.authors.iter().take(named).map(|name| visible(name)).collect();
    match count - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Something that is known of a paper beside its title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaperFact {
    /// See [`byline`].
    Authors,
    /// The newest date known.
    Date,
    /// The year of publication.
    Year,
    /// The primary subject class.
    Category,
    /// The name of the source.
    Source,
    /// The number of votes, if there are any.
    Votes,
    /// The number of comments, if there are any.
    Comments,
    /// The day of publication or, where that is not known, of its listing.
    Published,
    /// Its id.
    Id,
    /// Its address, if there is one.
    Link,
}

/// Returns the given facts that are known of a paper, in their order.
pub(crate) fn facts(paper: &Paper, facts: &[PaperFact]) -> Vec<String> {
    let count = |count: Option<u32>, what| count.filter(|count| *count > 0).map(|count| counted(count as usize, what));
    let fact = |fact: &PaperFact| match fact {
        PaperFact::Authors => Some(byline(paper)),
        PaperFact::Date => paper.date().map(|date| date.to_string()),
        PaperFact::Year => paper.published.or(paper.listed).map(|date| date.year().to_string()),
        PaperFact::Category => paper.categories.first().cloned(),
        PaperFact::Source => Some(source_name(&paper.source)),
        PaperFact::Votes => count(paper.votes, "vote"),
        PaperFact::Comments => count(paper.comments, "comment"),
        PaperFact::Published => paper.published.or(paper.listed).map(|date| date.to_string()),
        PaperFact::Id => Some(paper.id.to_string()),
        PaperFact::Link => paper.url.clone().filter(|url| *url != paper.id.as_str()),
    };
    facts.iter().filter_map(fact).filter(|text| !text.is_empty()).map(|fact| visible(&fact).into_owned()).collect()
}

/// Returns [`facts`] on one line: `Ann Lee · 2025-01-02 · 7 votes`.
pub(crate) fn fact_line(paper: &Paper, chosen: &[PaperFact]) -> String {
    facts(paper, chosen).join(" · ")
}

/// Returns the history papers behind a recommendation, `near “A” (liked) and “B” (read); cites “C” (liked)`, or `None` if
/// there are none. `remark` is what stands in parentheses after a title, if it is not empty.
pub(crate) fn reason_text<'r>(
    reasons: impl IntoIterator<Item = &'r Reason>,
    remark: impl Fn(&Reason) -> String,
) -> Option<String> {
    let [mut near, mut borrowed, mut linked] = [const { Vec::new() }; 3];
    for reason in reasons {
        let name = match remark(reason) {
            remark if remark.is_empty() => format!("“{}”", shown(&reason.title)),
            remark => format!("“{}” ({remark})", shown(&reason.title)),
        };
        match &reason.citations {
            Some(counts) => linked.push(citation_text(counts, &name)),
            None if reason.borrowed > reason.contribution / 2.0 => borrowed.push(name),
            None => near.push(name),
        }
    }
    let near = enumeration(&near).map(|names| format!("near {names}"));
    let borrowed = enumeration(&borrowed).map(|names| format!("through papers near {names}"));
    let clauses: Vec<String> = near.into_iter().chain(borrowed).chain(linked).collect();
    (!clauses.is_empty()).then(|| clauses.join("; "))
}

/// What a recommended paper has to do with the named one: `cited together with “A” by 7 works, shares 9 references with it`.
fn citation_text(counts: &CitationCounts, name: &str) -> String {
    let number = |count: u32, what| counted(count as usize, what);
    let CitationCounts { cocited_by, shared_references, cites, cited } = *counts;
    let links = [
        (cocited_by > 0).then(|| ("cited together with".to_owned(), format!(" by {}", number(cocited_by, "work")))),
        (shared_references > 0)
            .then(|| (format!("shares {} with", number(shared_references, "reference")), String::new())),
        cites.then(|| ("cites".to_owned(), String::new())),
        cited.then(|| ("cited by".to_owned(), String::new())),
    ];
    let clause = |(index, (link, rest)): (usize, (String, String))| {
        format!("{link} {}{rest}", if index == 0 { name } else { "it" })
    };
    links.into_iter().flatten().enumerate().map(clause).collect::<Vec<_>>().join(", ")
}

/// `A`, `A and B`, `A, B and C`.
fn enumeration(names: &[String]) -> Option<String> {
    let (last, others) = names.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) })
}

/// Returns the interest that a recommendation is for: `for Reading/RL`.
pub(crate) fn interest(interest: &InterestShare) -> String {
    format!("for {}", visible(&interest.label))
}

/// A count with its noun: `1 vote`, `2 votes`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(json: &str) -> Paper {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn headlines() {
        let of = |json| headline(&paper(json));
        assert_eq!(of(r#"{"id":"a","title":"On $\\alpha^2$","source":"s"}"#), "On α²");
        assert_eq!(of(r#"{"id":"a","title":"","abstract":"We show $x_1$.","source":"s"}"#), "We show x₁.");
        assert_eq!(of(r#"{"id":"a","title":"","source":"s"}"#), "a");
        let long = format!(r#"{{"id":"a","title":"","abstract":"{}","source":"s"}}"#, "word ".repeat(100));
        assert!(of(&long).ends_with("word…") && of(&long).len() < 130);
    }

    #[test]
    fn bylines() {
        let of = |authors: &str, count: &str| {
            byline(&paper(&format!(
                r#"{{"id":"a","title":"T","source":"s","authors":{authors},"author_count":{count}}}"#
            )))
        };
        assert_eq!(of(r#"["A","B","C"]"#, "null"), "A, B, C");
        assert_eq!(of(r#"["A","B","C","D","E"]"#, "null"), "A, B, C and 2 more");
        assert_eq!(of(r#"["A"]"#, "7"), "A and 6 more");
        let all = paper(r#"{"id":"a","title":"T","source":"s","authors":["A","B","C","D"]}"#);
        assert_eq!(byline_of(&all, 2), "A, B and 2 more");
        assert_eq!(byline_of(&all, usize::MAX), "A, B, C, D");
        assert_eq!(of("[]", "1"), "1 author");
        assert_eq!(of("[]", "null"), "");
    }

    #[test]
    fn facts_are_one_line() {
        use PaperFact::*;
        let paper = paper(
            r#"{"id":"a","title":"T","source":"arxiv","authors":["A"],"listed":"2025-01-02","published":"2024-12-30",
                "votes":1,"comments":0,"categories":["cs.CL","cs.LG"]}"#,
        );
        let all = [Authors, Date, Published, Year, Category, Source, Votes, Comments, Id, Link];
        assert_eq!(fact_line(&paper, &all), "A · 2025-01-02 · 2024-12-30 · 2024 · cs.CL · arXiv · 1 vote · a");
        let linked = Paper { url: Some("https://a.org/1".to_owned()), ..paper };
        assert_eq!(fact_line(&linked, &[Id, Link]), "a · https://a.org/1");
    }

    #[test]
    fn reasons_name_papers() {
        let reason = |title: &str| Reason { title: title.to_owned(), contribution: 0.25, ..Reason::default() };
        let reasons = [reason("A"), reason("$\\beta$"), reason("C")];
        let near_of = |count: usize| reason_text(&reasons[..count], |_| String::new());
        assert_eq!(near_of(0), None);
        assert_eq!(near_of(1).as_deref(), Some("near “A”"));
        assert_eq!(near_of(3).as_deref(), Some("near “A”, “β” and “C”"));
        let remarked = reason_text(&reasons[..2], |reason| format!("{:.2}", reason.contribution));
        assert_eq!(remarked.as_deref(), Some("near “A” (0.25) and “β” (0.25)"));
    }

    #[test]
    fn reasons_name_links_and_what_is_borrowed() {
        let reason = |title: &str, borrowed: f32, citations: [u32; 4]| {
            let [cocited_by, shared_references, cites, cited] = citations;
            let counts = CitationCounts { cocited_by, shared_references, cites: cites > 0, cited: cited > 0 };
            let citations = Some(counts).filter(|counts| counts.any());
            Reason { title: title.to_owned(), contribution: 0.25, borrowed, citations, ..Reason::default() }
        };
        for (reasons, expected) in [
            (vec![reason("A", 0.2, [0; 4])], "through papers near “A”"),
            (vec![reason("A", 0.2, [0; 4]), reason("B", 0.1, [0; 4])], "near “B”; through papers near “A”"),
            (vec![reason("A", 0.2, [1, 0, 0, 0])], "cited together with “A” by 1 work"),
            (
                vec![reason("A", 0.0, [7, 9, 0, 0]), reason("B", 0.0, [0; 4])],
                "near “B”; cited together with “A” by 7 works, shares 9 references with it",
            ),
            (vec![reason("A", 0.0, [0, 1, 1, 1])], "shares 1 reference with “A”, cites it, cited by it"),
        ] {
            assert_eq!(reason_text(&reasons, |_| String::new()).as_deref(), Some(expected));
        }
    }
}

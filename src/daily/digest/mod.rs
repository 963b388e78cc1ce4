//! A day's papers for one reader, as an e-mail or a file: HTML and plain text.
//!
//! Pure: recommendations and their day in, text out.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use askama::Template;
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::present::{self, BEST_OF_LIBRARY, NAMED_REASONS, PaperFact};
use crate::recommend::Recommendation;
use crate::text::{truncate_at_word, visible};

/// What is known of a paper beside its title.
const FACTS: [PaperFact; 3] = [PaperFact::Authors, PaperFact::Date, PaperFact::Votes];
/// Characters of an abstract, at most.
const ABSTRACT: usize = 400;
/// Characters of a line of plain text.
const WIDTH: usize = 78;

/// Papers for a reader.
#[derive(Debug, Clone, Copy)]
pub struct Digest<'a> {
    /// Whose papers they are.
    pub reader: &'a str,
    /// The day it is of.
    pub day: Date,
    /// The new papers, the best first.
    pub results: &'a [Recommendation],
    /// In a first digest, the best of the papers that are too old to be new.
    pub best_of_library: &'a [Recommendation],
    /// What was done in place of what was asked.
    pub note: Option<&'a str>,
    /// Where the reading page is, if there is one.
    pub page: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "digest.html", config = "src/daily/digest/askama.toml")]
struct DigestTemplate<'a> {
    subject: String,
    note: Option<&'a str>,
    entries: Vec<DigestEntry>,
    /// The heading of the older papers, and these.
    best_heading: &'static str,
    best_entries: Vec<DigestEntry>,
}

/// A paper as a reader sees it.
struct DigestEntry {
    title: String,
    link: Option<String>,
    facts: String,
    summary: String,
    reason: Option<String>,
    /// Its place on the reading page.
    more: Option<String>,
}

impl Digest<'_> {
    /// What it is called.
    pub fn subject(&self) -> String {
        let count = self.results.len() + self.best_of_library.len();
        let papers = if count == 1 { "paper" } else { "papers" };
        format!("{count} {papers} for {}, {}", visible(self.reader), self.day)
    }

    /// It as HTML that needs nothing else.
    pub fn html(&self) -> String {
        let html = DigestTemplate {
            subject: self.subject(),
            note: self.note,
            entries: self.entries(self.results).collect(),
            best_heading: BEST_OF_LIBRARY,
            best_entries: self.entries(self.best_of_library).collect(),
        };
        html.render().expect("text can be written to memory")
    }

    /// It as plain text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.subject());
        if let Some(note) = self.note {
            let _ = writeln!(text, "{}", wrapped(note, ""));
        }
        self.write_entries(&mut text, self.results, 1);
        if !self.best_of_library.is_empty() {
            let _ = writeln!(text, "\n{BEST_OF_LIBRARY}");
            self.write_entries(&mut text, self.best_of_library, self.results.len() + 1);
        }
        text
    }

    /// Writes papers as plain text, with numbers from `first`.
    fn write_entries(&self, text: &mut String, results: &[Recommendation], first: usize) {
        for (entry, number) in self.entries(results).zip(first..) {
            let _ = writeln!(text, "\n{}", wrapped(&format!("{number}. {}", entry.title), ""));
            let lines = [Some(entry.facts), Some(entry.summary), entry.reason].into_iter().flatten();
            for line in lines.filter(|line| !line.is_empty()) {
                let _ = writeln!(text, "{}", wrapped(&line, "   "));
            }
            for address in [entry.link, entry.more].into_iter().flatten() {
                let _ = writeln!(text, "   {address}");
            }
        }
    }

    fn entries(&self, results: &[Recommendation]) -> impl Iterator<Item = DigestEntry> {
        let page = self.page.map(|page| page.trim_end_matches('/'));
        results.iter().map(move |result| {
            let paper = &result.paper;
            let id = utf8_percent_encode(paper.id.as_str(), NON_ALPHANUMERIC);
            DigestEntry {
                title: present::headline(paper),
                link: paper.link().map(|link| visible(&link).into_owned()),
                facts: facts(result),
                summary: truncate_at_word(&present::shown(&paper.abstract_text), ABSTRACT),
                reason: reason(result),
                more: page.map(|page| format!("{page}/paper/{id}")),
            }
        })
    }
}

/// What is known of it beside its title: how relevant it is, then facts.
fn facts(result: &Recommendation) -> String {
    let facts = present::fact_line(&result.paper, &FACTS);
    match result.relevance {
        Some(relevance) if facts.is_empty() => relevance.word.to_string(),
        Some(relevance) => format!("{} · {facts}", relevance.word),
        None => facts,
    }
}

/// The papers that it is near to, and the interest that it is for.
fn reason(result: &Recommendation) -> Option<String> {
    let near = present::reason_text(result.reasons.iter().take(NAMED_REASONS), |_| String::new());
    let reasons: Vec<String> = near.into_iter().chain(result.interest.as_ref().map(present::interest)).collect();
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// A text in lines that begin with an indent.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if line.len() > indent.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{indent}{word}"));
        } else {
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

//! A day's papers for one reader, as an e-mail or a file: HTML and plain text.
//!
//! Pure: recommendations and their day in, text out.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use askama::Template;
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::paper::Paper;
use crate::recommend::Recommendation;

/// Authors that are named.
const AUTHORS: usize = 3;
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
    /// The papers, the best first.
    pub results: &'a [Recommendation],
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
        let papers = if self.results.len() == 1 { "paper" } else { "papers" };
        format!("{} {papers} for {}, {}", self.results.len(), self.reader, self.day)
    }

    /// It as HTML that needs nothing else.
    pub fn html(&self) -> String {
        let html = DigestTemplate { subject: self.subject(), note: self.note, entries: self.entries().collect() };
        html.render().expect("text can be written to memory")
    }

    /// It as plain text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.subject());
        if let Some(note) = self.note {
            let _ = writeln!(text, "{}", wrapped(note, ""));
        }
        for (entry, number) in self.entries().zip(1..) {
            let _ = writeln!(text, "\n{}", wrapped(&format!("{number}. {}", entry.title), ""));
            let lines = [Some(entry.facts), Some(entry.summary), entry.reason].into_iter().flatten();
            for line in lines.filter(|line| !line.is_empty()) {
                let _ = writeln!(text, "{}", wrapped(&line, "   "));
            }
            for address in [entry.link, entry.more].into_iter().flatten() {
                let _ = writeln!(text, "   {address}");
            }
        }
        text
    }

    fn entries(&self) -> impl Iterator<Item = DigestEntry> {
        let page = self.page.map(|page| page.trim_end_matches('/'));
        self.results.iter().map(move |result| {
            let paper = &result.paper;
            let id = utf8_percent_encode(paper.id.as_str(), NON_ALPHANUMERIC);
            DigestEntry {
                title: paper.heading().to_owned(),
                link: paper.link(),
                facts: facts(paper),
                summary: shortened(&paper.abstract_text),
                reason: reason(result),
                more: page.map(|page| format!("{page}/paper/{id}")),
            }
        })
    }
}

/// The papers that it is near to, and the interest that it is for.
fn reason(result: &Recommendation) -> Option<String> {
    let because: Vec<String> = result.reasons.iter().take(2).map(|past| format!("“{}”", past.title)).collect();
    let near = (!because.is_empty()).then(|| format!("near {}", because.join(" and ")));
    let interest = result.interest.as_ref().map(|interest| format!("for {}", interest.label));
    let reasons: Vec<String> = [near, interest].into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// Authors, day and votes.
fn facts(paper: &Paper) -> String {
    let day = paper.date().map(|day| day.to_string());
    let votes = paper.votes.filter(|votes| *votes > 0).map(|votes| format!("{votes} votes"));
    let facts = [Some(paper.first_authors(AUTHORS)), day, votes].into_iter().flatten().filter(|fact| !fact.is_empty());
    facts.collect::<Vec<_>>().join(" · ")
}

/// The begin of a text, up to the end of a word.
fn shortened(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(ABSTRACT) else { return text.to_owned() };
    let end = text[..end].rfind(' ').unwrap_or(end);
    format!("{}…", text[..end].trim_end())
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

//! Results for people: a numbered list that fits the terminal.

use std::io::{self, Write};

use anstyle::Style;

use crate::paper::Paper;
use crate::recommend::{Answer, Recommendation};

/// Width when there is no terminal to ask.
const USUAL_WIDTH: usize = 100;
/// Columns taken by rank and score.
const MARGIN: usize = 12;
/// Authors named in a line.
const AUTHORS: usize = 3;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Whether to print why a paper is recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReasonDisplay {
    /// The history papers behind it.
    Show,
    /// Nothing: the question says it all.
    Hide,
}

/// Columns to print in.
fn width() -> usize {
    let asked = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    asked.unwrap_or(USUAL_WIDTH).clamp(40, 160)
}

pub(super) fn write(out: &mut dyn Write, answer: &Answer, reasons: ReasonDisplay) -> io::Result<()> {
    for (index, result) in answer.results.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_result(out, result, reasons, width() - MARGIN)?;
    }
    Ok(())
}

fn write_result(out: &mut dyn Write, result: &Recommendation, reasons: ReasonDisplay, width: usize) -> io::Result<()> {
    let paper = &result.paper;
    let title = if paper.title.is_empty() { &paper.abstract_text } else { &paper.title };
    for (index, line) in textwrap::wrap(title, width).iter().take(3).enumerate() {
        match index {
            // Rounded down: no score is 1.
            0 => write!(out, "{:>3}  {:>5.3}  ", result.rank, (result.score * 1e3).floor() / 1e3)?,
            _ => write!(out, "{:MARGIN$}", "")?,
        }
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    let mut lines = vec![facts(paper)];
    if reasons == ReasonDisplay::Show {
        let parts: Vec<String> = result
            .breakdown
            .named()
            .filter(|(_, part)| part.abs() >= 0.0005)
            .map(|(name, part)| format!("{name} {part:+.3}"))
            .collect();
        if parts.len() > 1 {
            lines.push(parts.join("  "));
        }
        if !result.reasons.is_empty() {
            let near = result.reasons.iter().map(|because| format!("{} ({:.3})", because.title, because.contribution));
            lines.push(format!("near {}", near.collect::<Vec<_>>().join("; ")));
        }
    }
    if let Some(interest) = &result.interest {
        lines.push(format!("for {} ({:.0}% of the history)", interest.label, 100.0 * interest.share));
    }
    if let Some(matched) = &result.sentence_match {
        lines
            .push(format!("\u{201c}{}\u{201d} matches \u{201c}{}\u{201d}", matched.sentence, matched.matched_sentence));
    }
    for line in lines.iter().flat_map(|line| textwrap::wrap(line, width)) {
        writeln!(out, "{:MARGIN$}{DIM}{line}{DIM:#}", "")?;
    }
    Ok(())
}

/// What is known beside the title, on one line.
fn facts(paper: &Paper) -> String {
    let mut facts = Vec::new();
    let count = paper.author_count.unwrap_or(0).max(paper.authors.len() as u32);
    if paper.authors.is_empty() {
        if count > 0 {
            facts.push(counted(count, "author"));
        }
    } else {
        let mut names = paper.authors.iter().take(AUTHORS).cloned().collect::<Vec<_>>().join(", ");
        if count as usize > AUTHORS {
            names.push_str(&format!(" and {} more", count as usize - AUTHORS));
        }
        facts.push(names);
    }
    facts.extend(paper.date().map(|date| date.to_string()));
    facts.extend(paper.votes.map(|votes| counted(votes, "vote")));
    facts.extend(paper.comments.filter(|comments| *comments > 0).map(|comments| counted(comments, "comment")));
    facts.push(paper.url.clone().unwrap_or_else(|| paper.id.to_string()));
    facts.join(" · ")
}

fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

//! Ranked papers as a numbered list that fits the terminal.

use std::io::{self, Write};

use anstyle::Style;

use crate::paper::Paper;
use crate::recommend::{Answer, Recommendation};

/// Columns when standard output is not a terminal.
const DEFAULT_WIDTH: usize = 100;
/// Columns taken by the rank and the score.
const MARGIN: usize = 12;
/// Authors named in a line.
const MAX_AUTHORS: usize = 3;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Whether to print the reasons for a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReasonDisplay {
    /// Print the history papers behind it.
    Show,
    /// Print nothing: the query itself is the reason.
    Hide,
}

/// Returns the number of columns to print in.
fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(DEFAULT_WIDTH).clamp(40, 160)
}

/// Writes the results of an answer.
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
            // Rounded down: no score reaches 1.
            0 => write!(out, "{:>3}  {:>5.3}  ", result.rank, (result.score * 1e3).floor() / 1e3)?,
            _ => write!(out, "{:MARGIN$}", "")?,
        }
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    let mut lines = vec![metadata_line(paper)];
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
            let near = result.reasons.iter().map(|reason| format!("{} ({:.3})", reason.title, reason.contribution));
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

/// Returns authors, date, votes and link on one line.
fn metadata_line(paper: &Paper) -> String {
    let mut facts = Vec::new();
    let count = paper.author_count.unwrap_or(0).max(paper.authors.len() as u32);
    if paper.authors.is_empty() {
        if count > 0 {
            facts.push(counted(count, "author"));
        }
    } else {
        let mut names = paper.authors.iter().take(MAX_AUTHORS).cloned().collect::<Vec<_>>().join(", ");
        if count as usize > MAX_AUTHORS {
            names.push_str(&format!(" and {} more", count as usize - MAX_AUTHORS));
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

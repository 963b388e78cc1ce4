//! Ranked papers as a numbered list that fits the terminal.

use std::io::{self, Write};

use anstyle::Style;

use crate::present::{self, PaperFact};
use crate::recommend::{Answer, Recommendation};
use crate::text::latex::readable;

/// Columns when standard output is not a terminal.
const DEFAULT_WIDTH: usize = 100;
/// Columns taken by the rank and the score.
const MARGIN: usize = 12;
/// Columns taken by the word for the relevance.
const WORD_WIDTH: usize = 9;
/// What the second line of a result says.
const FACTS: [PaperFact; 6] =
    [PaperFact::Authors, PaperFact::Date, PaperFact::Votes, PaperFact::Comments, PaperFact::Id, PaperFact::Link];
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Whether to print the reasons for a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReasonDisplay {
    /// Print the history papers behind it.
    Show,
    /// Print citation links alone: else the query itself is the reason.
    Links,
}

/// Returns the number of columns to print in; `default` where standard output is not a terminal.
pub(super) fn width(default: usize) -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(default).clamp(40, 160)
}

/// Writes the results of an answer.
pub(super) fn write(out: &mut dyn Write, answer: &Answer, reasons: ReasonDisplay) -> io::Result<()> {
    for (index, result) in answer.results.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_result(out, result, reasons, width(DEFAULT_WIDTH))?;
    }
    Ok(())
}

fn write_result(out: &mut dyn Write, result: &Recommendation, reasons: ReasonDisplay, width: usize) -> io::Result<()> {
    let paper = &result.paper;
    let word = result.relevance.map(|relevance| format!("{:WORD_WIDTH$}", relevance.word.name())).unwrap_or_default();
    let margin = MARGIN + word.len();
    let width = width - margin;
    for (index, line) in textwrap::wrap(&present::headline(paper), width).iter().take(3).enumerate() {
        match index {
            // Rounded down: no score reaches 1.
            0 => write!(out, "{:>3}  {:>5.3}  {word}", result.rank, (result.score * 1e3).floor() / 1e3)?,
            _ => write!(out, "{:margin$}", "")?,
        }
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    let mut lines = vec![present::fact_line(paper, &FACTS)];
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
        lines.extend(present::reason_text(&result.reasons, |reason| format!("{:.3}", reason.contribution)));
    } else {
        let linked = result.reasons.iter().filter(|reason| reason.citations.is_some());
        lines.extend(present::reason_text(linked, |_| String::new()));
    }
    if let Some(interest) = &result.interest {
        lines.push(format!("{} ({:.0}% of the history)", present::interest(interest), 100.0 * interest.share));
    }
    if let Some(matched) = &result.sentence_match {
        let (sentence, other) = (readable(&matched.sentence), readable(&matched.matched_sentence));
        lines.push(format!("“{sentence}” matches “{other}”"));
    }
    for line in lines.iter().flat_map(|line| textwrap::wrap(line, width)) {
        writeln!(out, "{:margin$}{DIM}{line}{DIM:#}", "")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{Reason, ScoreBreakdown, SentenceMatch};

    #[test]
    fn formulas_are_readable() {
        let paper = r#"{"id":"a","title":"On $\\alpha^2$","authors":["A","B","C","D"],"votes":1,"source":"s"}"#;
        let result = Recommendation {
            rank: 1,
            score: 0.5,
            similarity: None,
            term_similarity: None,
            relevance: None,
            paper: serde_json::from_str(paper).unwrap(),
            breakdown: ScoreBreakdown::default(),
            reasons: vec![Reason {
                id: None,
                title: "About $\\beta$".to_owned(),
                contribution: 0.25,
                ..Reason::default()
            }],
            interest: None,
            sentence_match: Some(SentenceMatch {
                sentence: "Of $x_1$.".to_owned(),
                matched_sentence: "Of $x_2$.".to_owned(),
                similarity: 0.5,
            }),
        };
        let mut out = Vec::new();
        write_result(&mut out, &result, ReasonDisplay::Show, 80).unwrap();
        let text = String::from_utf8(out).unwrap();
        for readable in
            ["On α²", "A, B, C and 1 more · 1 vote · a", "near “About β” (0.250)", "“Of x₁.” matches “Of x₂.”"]
        {
            assert!(text.contains(readable), "{text}");
        }
    }
}

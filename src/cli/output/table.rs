//! Ranked papers as a numbered list that fits the terminal.

use std::io::{self, Write};

use anstyle::Style;
use textwrap::{Options, WordSplitter};

use crate::present::{self, BEST_OF_LIBRARY, PaperFact};
use crate::recommend::{Answer, Recommendation, Relevance};

/// Columns when standard output is not a terminal.
const DEFAULT_WIDTH: usize = 100;
/// Columns taken by the rank and the score.
const MARGIN: usize = 12;
/// Columns taken by the word for the relevance.
const WORD_WIDTH: usize = 7;
/// Columns of the bar of a probability of 1.
const BAR_WIDTH: usize = 4;
/// Left parts of a column, in eighths.
const BLOCKS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
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
    for (index, result) in answer.all_results().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        if index == answer.results.len() {
            writeln!(out, "{BOLD}{BEST_OF_LIBRARY}{BOLD:#}\n")?;
        }
        write_result(out, result, reasons, width(DEFAULT_WIDTH))?;
    }
    Ok(())
}

fn write_result(out: &mut dyn Write, result: &Recommendation, reasons: ReasonDisplay, width: usize) -> io::Result<()> {
    let paper = &result.paper;
    let relevance = |Relevance { probability, word }| format!("{:WORD_WIDTH$} {}  ", word.name(), bar(probability));
    let word = result.relevance.map(relevance).unwrap_or_default();
    let margin = MARGIN + word.chars().count();
    let width = width - margin;
    for (index, line) in textwrap::wrap(&present::headline(paper), width).iter().take(3).enumerate() {
        match index {
            // Rounded down: no score reaches 1.
            0 => write!(out, "{:>3}  {:>5.3}  {word}", result.rank, (result.score * 1e3).floor() / 1e3)?,
            _ => write!(out, "{:margin$}", "")?,
        }
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    let similarity = result.similarity.map(|similarity| format!("similarity {similarity:.2}"));
    let facts = [similarity.unwrap_or_default(), present::fact_line(paper, &FACTS)];
    let facts: Vec<&str> = facts.iter().map(String::as_str).filter(|facts| !facts.is_empty()).collect();
    let mut lines = vec![facts.join(" · ")];
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
        let (sentence, other) = (present::shown(&matched.sentence), present::shown(&matched.matched_sentence));
        lines.push(format!("“{sentence}” matches “{other}”"));
    }
    // An address or an id that is cut in two cannot be copied.
    let options = Options::new(width).break_words(false).word_splitter(WordSplitter::NoHyphenation);
    for line in lines.iter().flat_map(|line| textwrap::wrap(line, &options)) {
        writeln!(out, "{:margin$}{DIM}{line}{DIM:#}", "")?;
    }
    Ok(())
}

/// A bar for a probability.
fn bar(probability: f32) -> String {
    let eighths = (probability.clamp(0.0, 1.0) * (8 * BAR_WIDTH) as f32).round() as usize;
    let bar = "█".repeat(eighths / 8) + BLOCKS[eighths % 8];
    format!("{bar:BAR_WIDTH$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{Reason, ScoreBreakdown, SentenceMatch};

    #[test]
    fn bars_of_probabilities() {
        for (probability, expected) in [(0.0, "    "), (0.1, "▍   "), (0.5, "██  "), (0.69, "██▊ "), (1.0, "████")]
        {
            assert_eq!(bar(probability), expected, "{probability}");
        }
    }

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

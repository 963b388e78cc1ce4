//! Files of reading histories.

use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use super::lines::TextLines;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output;
use crate::error::Result;
use crate::paper::{PaperId, parse_date};
use crate::recommend::HistoryItem;

/// The contents of a history file.
pub(crate) struct HistoryFile {
    pub(crate) liked: Vec<HistoryItem>,
    pub(crate) disliked: Vec<HistoryItem>,
    pub(crate) outcome: CommandOutcome,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryFileEntry {
    id: PaperId,
    weight: Option<f64>,
    #[serde(alias = "at")]
    date: Option<String>,
    #[serde(default)]
    dislike: bool,
    interest: Option<String>,
}

impl HistoryFile {
    /// Reads ids, one per line, or JSON lines. Invalid lines are reported and skipped.
    pub(crate) fn read(path: &Path) -> Result<HistoryFile> {
        let mut history = HistoryFile { liked: Vec::new(), disliked: Vec::new(), outcome: CommandOutcome::Complete };
        let mut lines = TextLines::open(path)?;
        while let Some(line) = lines.next() {
            match line.and_then(|line| parse(&line).map_err(|reason| lines.bad(reason))) {
                Ok((item, true)) => history.disliked.push(item),
                Ok((item, false)) => history.liked.push(item),
                Err(error) => {
                    output::reject(&error);
                    history.outcome = CommandOutcome::Incomplete;
                }
            }
        }
        Ok(history)
    }
}

/// Parses one line into a paper and whether it is disliked.
fn parse(line: &str) -> Result<(HistoryItem, bool), String> {
    if !line.starts_with('{') {
        return Ok((HistoryItem::id(PaperId::parse(line)?), false));
    }
    let entry: HistoryFileEntry = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let weight = entry.weight.unwrap_or(1.0);
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(format!("`weight` is {weight}: expected a positive number"));
    }
    let day = |text: String| -> Result<Date, String> { parse_date(&text).ok_or(format!("`{text}` is not a date")) };
    let at = entry.date.map(day).transpose()?;
    Ok((HistoryItem { weight, at, interest: entry.interest, ..HistoryItem::id(entry.id) }, entry.dislike))
}

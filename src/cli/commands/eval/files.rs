//! The files of an evaluation: queries, judgments and runs.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use crate::cli::input::TextLines;
use crate::error::{Error, Result};
use crate::evaluate::{QrelsLine, RunLine, TrecError};
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Request};

/// The judgments, or the scores, of papers for each query.
pub(super) type JudgmentSet = BTreeMap<String, HashMap<PaperId, f64>>;

/// One line of a file of queries.
#[derive(Deserialize)]
struct EvalQueryLine {
    #[serde(alias = "qid", alias = "_id", alias = "user")]
    id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default, alias = "positive")]
    history: Vec<HistoryItem>,
    #[serde(default, alias = "negative")]
    disliked: Vec<HistoryItem>,
    #[serde(default)]
    candidates: Option<Vec<PaperId>>,
    #[serde(default)]
    as_of: Option<Date>,
    #[serde(default)]
    published_after: Option<Date>,
    #[serde(default)]
    published_before: Option<Date>,
}

/// Reads the queries in order. The first invalid line is an error, because the metrics of a subset would be misleading.
pub(super) fn read_queries(path: &Path) -> Result<Vec<(String, Request)>> {
    let mut queries: Vec<(String, Request)> = Vec::new();
    let mut lines = TextLines::open(path)?;
    while let Some(line) = lines.next() {
        let query: EvalQueryLine = serde_json::from_str(&line?).map_err(|error| lines.bad(error))?;
        let EvalQueryLine { id, text, history, disliked, candidates, as_of, published_after, published_before } = query;
        let request = Request {
            id: Some(id.clone()),
            text,
            positive: history,
            negative: disliked,
            candidates,
            as_of,
            published_after,
            published_before,
            ..Request::default()
        };
        request.check().map_err(|error| lines.bad(error))?;
        if request.text.is_none() && request.positive.is_empty() {
            return Err(lines.bad("expected `text` or `history`"));
        }
        queries.push((id, request));
    }
    Ok(queries)
}

/// Reads judgments. The first line may be a header.
pub(super) fn read_judgments(path: &Path) -> Result<JudgmentSet> {
    let mut lines = TextLines::open(path)?;
    let mut judgments = JudgmentSet::new();
    while let Some(line) = lines.next() {
        let QrelsLine { query, paper, gain } = match QrelsLine::parse(&line?) {
            Ok(judgment) => judgment,
            Err(TrecError::Number(_)) if lines.number() == 1 => continue,
            Err(malformed) => return Err(lines.bad(malformed)),
        };
        let paper = PaperId::parse(&paper).map_err(|reason| lines.bad(reason))?;
        if judgments.entry(query).or_default().insert(paper, gain).is_some() {
            return Err(lines.bad("duplicate judgment of this paper for this query"));
        }
    }
    if judgments.is_empty() {
        return Err(Error::BadFile { file: path.display().to_string(), reason: "contains no judgments".to_owned() });
    }
    Ok(judgments)
}

/// Reads the scores of a TREC run.
pub(super) fn read_run(path: &Path) -> Result<JudgmentSet> {
    let mut lines = TextLines::open(path)?;
    let mut run = JudgmentSet::new();
    while let Some(line) = lines.next() {
        let RunLine { query, paper, score } = RunLine::parse(&line?).map_err(|reason| lines.bad(reason))?;
        let paper = PaperId::parse(&paper).map_err(|reason| lines.bad(reason))?;
        if run.entry(query).or_default().insert(paper, score).is_some() {
            return Err(lines.bad("duplicate paper for this query"));
        }
    }
    Ok(run)
}

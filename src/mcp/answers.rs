//! Answers that are short enough for a model.

use serde::Serialize;

use super::arguments::ListArguments;
use crate::paper::{Paper, WorkName};
use crate::present;
use crate::recommend::{Answer, Recommendation, RelevanceWord};
use crate::text::truncate_at_word;

/// Authors that a list names.
const NAMED_AUTHORS: usize = 3;
/// References of a paper that are listed.
const MAX_REFERENCES: usize = 50;

/// A list of papers.
#[derive(Debug, Serialize)]
pub(super) struct PaperList {
    papers: Vec<ListedPaper>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_found: Vec<String>,
}

/// A paper of a list.
#[derive(Debug, Serialize)]
struct ListedPaper {
    id: String,
    title: String,
    authors: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    /// How close it is to what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    relevance: Option<RelevanceWord>,
    score: f32,
    #[serde(rename = "abstract", skip_serializing_if = "String::is_empty")]
    abstract_text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because_of: Vec<String>,
}

/// All that is known of a paper.
#[derive(Debug, Serialize)]
pub(super) struct WholePaper {
    #[serde(flatten)]
    paper: Paper,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
}

impl PaperList {
    pub(super) fn new(answer: Answer, list: &ListArguments) -> PaperList {
        let (note, not_found) = (answer.note.clone(), answer.not_found.clone());
        let papers = answer.all_results().map(|result| ListedPaper::new(result, list.abstract_chars())).collect();
        PaperList { papers, note, not_found }
    }
}

impl ListedPaper {
    fn new(result: &Recommendation, abstract_chars: usize) -> ListedPaper {
        let paper = &result.paper;
        ListedPaper {
            id: paper.id.to_string(),
            title: present::headline(paper),
            authors: present::byline_of(paper, NAMED_AUTHORS),
            date: paper.published.or(paper.listed).map(|date| date.to_string()),
            relevance: result.relevance.map(|relevance| relevance.word),
            score: (result.score * 1e3).round() / 1e3,
            abstract_text: match abstract_chars {
                0 => String::new(),
                most => truncate_at_word(&present::shown(&paper.abstract_text), most),
            },
            because_of: result
                .reasons
                .iter()
                .filter_map(|reason| reason.id.as_ref().map(ToString::to_string))
                .collect(),
        }
    }
}

impl WholePaper {
    pub(super) fn new(paper: Paper, references: Vec<WorkName>) -> WholePaper {
        let names = references.iter().filter_map(WorkName::id).take(MAX_REFERENCES);
        WholePaper { paper, references: names.map(|id| id.to_string()).collect() }
    }
}

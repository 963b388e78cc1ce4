//! Answers that are short enough for a model.

use serde::Serialize;
use serde_json::Value;

use super::arguments::{ListArguments, PaperArguments};
use crate::error::Result;
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
    papers: Vec<Value>,
    /// Papers that did not fit.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: usize,
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
    score: f64,
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
    /// The papers of an answer, as many as fit.
    pub(super) fn new(answer: Answer, list: &ListArguments) -> Result<PaperList> {
        let (note, not_found) = (answer.note.clone(), answer.not_found.clone());
        let all: Vec<&Recommendation> = answer.all_results().collect();
        let mut free = list.max_bytes()?;
        let mut papers = Vec::new();
        for result in &all {
            let mut paper = selected(&ListedPaper::new(result, list.abstract_chars()), &list.fields);
            // The first is there in any case: an answer without papers would say that there are none.
            if papers.is_empty() {
                shorten(&mut paper, free);
            }
            let bytes = paper.to_string().len();
            if bytes > free && !papers.is_empty() {
                break;
            }
            free = free.saturating_sub(bytes);
            papers.push(paper);
        }
        Ok(PaperList { left_out: all.len() - papers.len(), papers, note, not_found })
    }
}

/// A paper with its ID and these fields; all of them if none are named.
fn selected<F: Serialize>(paper: &impl Serialize, fields: &[F]) -> Value {
    let mut value = serde_json::to_value(paper).unwrap_or_default();
    let names: Vec<Value> = fields.iter().filter_map(|field| serde_json::to_value(field).ok()).collect();
    if let Some(object) = value.as_object_mut().filter(|_| !names.is_empty()) {
        object.retain(|name, _| name == "id" || names.iter().any(|field| field == name));
    }
    value
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
            score: (f64::from(result.score) * 1e3).round() / 1e3,
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

    /// The fields that were asked for, the longest cut short until they fit.
    pub(super) fn fitted(&self, arguments: &PaperArguments) -> Result<Value> {
        let mut paper = selected(self, &arguments.fields);
        shorten(&mut paper, arguments.max_bytes()?);
        Ok(paper)
    }
}

/// Cuts the longest fields of a paper until it has at most so many bytes, and names them in the field `shortened`.
fn shorten(paper: &mut Value, max_bytes: usize) {
    let mut shortened = Vec::new();
    while let Some(excess) = paper.to_string().len().checked_sub(max_bytes).filter(|excess| *excess > 0)
        && let Some(name) = shorten_longest(paper, excess)
    {
        if !shortened.contains(&name) {
            shortened.push(name);
        }
    }
    if let Some(object) = paper.as_object_mut().filter(|_| !shortened.is_empty()) {
        object.insert("shortened".to_owned(), Value::from(shortened));
    }
}

/// Takes about so many bytes from the longest field, and tells its name; `None` if there is nothing to take.
fn shorten_longest(paper: &mut Value, excess: usize) -> Option<String> {
    let fields = paper.as_object_mut()?.iter_mut().filter(|(name, _)| *name != "id");
    let (bytes, name, value) =
        fields.map(|(name, value)| (value.to_string().len(), name, value)).max_by_key(|(bytes, ..)| *bytes)?;
    match value {
        Value::String(text) if !text.is_empty() => {
            // In JSON a character has one to six bytes: the share of the bytes that fits is also about that of the characters.
            let chars = text.chars().count();
            let kept = (chars * bytes.saturating_sub(excess) / bytes).saturating_sub(2);
            let cut = if kept == 0 { String::new() } else { truncate_at_word(text, kept) };
            *text = if cut.len() < text.len() { cut } else { String::new() };
        }
        Value::Array(list) if !list.is_empty() => {
            let mut taken = 0;
            while taken < excess
                && let Some(last) = list.pop()
            {
                taken += last.to_string().len() + 1;
            }
        }
        _ => return None,
    }
    Some(name.clone())
}

/// Whether a count is left out of an answer.
pub(super) fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_paper_is_cut_to_its_budget() {
        let authors: Vec<String> = (0..3_000).map(|number| format!("Author {number}")).collect();
        let abstract_text = "A sentence of an abstract that goes on. ".repeat(200);
        let paper = json!({ "id": "2401.00001", "title": "A title", "abstract": abstract_text, "authors": authors });
        let chinese = json!({ "id": "2401.00001", "title": "A title", "abstract": "\u{8bed}\u{8a00}\u{6a21}\u{578b}".repeat(1_000) });
        let quotes = json!({ "id": "2401.00001", "title": "A title", "abstract": "\\\" ".repeat(3_000) });
        for (paper, budget) in [&paper, &chinese, &quotes]
            .into_iter()
            .flat_map(|paper| [300, 1_000, 4_000, 50_000].map(|budget| (paper, budget)))
        {
            let mut cut = paper.clone();
            shorten(&mut cut, budget);
            let bytes = cut.to_string().len();
            let is_cut = paper.to_string().len() > budget;
            assert_eq!((cut["id"].as_str(), cut["shortened"].is_array()), (Some("2401.00001"), is_cut));
            // The names of the fields that were cut come on top; and no more is cut than is needed.
            assert!(bytes <= budget + 40, "{budget}: {bytes}");
            assert!(!is_cut || bytes * 2 > budget, "{budget}: {bytes}");
        }
    }
}

//! Reads pages of Hugging Face as a browser saves them: of one paper, or a day's list. Their data is in them as JSON,
//! in the attribute `data-props` of the interactive parts.

use std::collections::VecDeque;
use std::io::Read;

use serde_json::Value;

use crate::error::RecordPosition;
use crate::formats::common::input::{InputReader, MAX_RECORD};
use crate::formats::reference::RecordIter;
use crate::formats::services::hf_daily;
use crate::text::markup::unescape;

const ATTRIBUTE: &str = "data-props=";

/// The first record of a page is the paper that it is of.
pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut input = Some(input);
    let mut ready = VecDeque::new();
    let mut count = 0;
    let mut page = None;
    Box::new(std::iter::from_fn(move || {
        if let Some(mut input) = input.take() {
            let mut bytes = Vec::new();
            if let Err(error) = input.by_ref().take(MAX_RECORD as u64 + 1).read_to_end(&mut bytes) {
                return Some(Err(input.read_error(&error)));
            }
            if bytes.len() > MAX_RECORD {
                return Some(Err(input.bad_file(format!("the page is larger than {} MB", MAX_RECORD >> 20))));
            }
            ready.extend(entries(&String::from_utf8_lossy(&bytes)));
            if ready.is_empty() {
                return Some(Err(input.bad_file(
                    "an HTML page without the data of papers: save the page of a paper of huggingface.co/papers, copy \
                     the page's text into a file (hf-page), or fetch https://huggingface.co/api/daily_papers (hf-daily)",
                )));
            }
            page = Some(input);
        }
        let entry = ready.pop_front()?;
        count += 1;
        Some(page.as_ref()?.found_record(hf_daily::entry(entry, None), RecordPosition::Record(count)))
    }))
}

/// The entries in a page's data, as `/api/daily_papers` has them.
fn entries(page: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    for (at, _) in page.match_indices(ATTRIBUTE) {
        let value = &page[at + ATTRIBUTE.len()..];
        let Some(quote) = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
        let Some(value) = value[1..].split(quote).next().filter(|value| value.contains("paper")) else { continue };
        let Ok(mut props) = serde_json::from_str::<Value>(&unescape(value)) else { continue };
        if let Some(Value::Array(list)) = props.get_mut("dailyPapers").map(Value::take) {
            entries.extend(list);
        } else if props.pointer("/paper/id").is_some() && props.pointer("/paper/title").is_some() {
            let comments = props.get("comments").and_then(Value::as_array).map(Vec::len);
            entries.push(serde_json::json!({ "paper": props["paper"].take(), "numComments": comments }));
            break;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    #[test]
    fn a_page_of_one_paper() {
        insta::assert_snapshot!(fixture("hf_paper.html").join("\n"));
    }

    #[test]
    fn a_list_and_other_pages() {
        let check = |text: &'static str| summaries(read(std::io::Cursor::new(text), "x", Some(InputFormat::HfHtml)));
        let list = "<html><div data-props=\"{&quot;dailyPapers&quot;:[{&quot;paper&quot;:{&quot;id&quot;:&quot;2401.90001&quot;,\
                    &quot;title&quot;:&quot;A &lt; B&quot;}}, 3]}\">";
        assert_eq!(
            check(list),
            [
                "id=2401.90001 | title=A < B | url=https://huggingface.co/papers/2401.90001",
                "x, record 2: not a daily-papers entry: expected a JSON object with `paper`",
            ]
        );
        assert!(check("<html data-props='{}'>")[0].starts_with("x: an HTML page without the data of papers: save"));
    }
}

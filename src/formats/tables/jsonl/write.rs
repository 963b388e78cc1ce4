//! Writes JSON lines: all fields, one paper a line.

use serde_json::json;

use crate::paper::Paper;

pub(crate) fn write(papers: &[Paper]) -> String {
    papers.iter().map(|paper| json!(paper).to_string() + "\n").collect()
}

//! Lists of ids, addresses and titles, one a line.

use crate::formats::{BibReference, identifiers};
use crate::paper::RawPaper;

/// Reads a list; `None` if the text is something else.
pub(super) fn read(text: &str) -> Option<Vec<BibReference>> {
    let lines = text.split(['\n', '\r']).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_list = !lines.is_empty() && lines.iter().all(|line| line.len() < 500 && !line.starts_with(['<', '{', '[']));
    let reference = |line: &&str| {
        let mut raw_paper = RawPaper { source: "list".to_owned(), ..RawPaper::default() };
        match line.contains(' ') {
            true => raw_paper.title = (*line).to_owned(),
            false => identifiers::assign(&mut raw_paper, [*line]),
        }
        BibReference { raw_paper, ..BibReference::default() }
    };
    is_list.then(|| lines.iter().map(reference).collect())
}

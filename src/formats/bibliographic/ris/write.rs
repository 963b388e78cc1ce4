//! Writes RIS.

use std::fmt::Write as _;

use crate::formats::common::authors::{self, NameParts};
use crate::formats::common::identifiers;
use crate::paper::Paper;
use crate::text::visible;

pub(crate) fn write(papers: &[Paper]) -> String {
    let mut text = String::new();
    papers.iter().for_each(|paper| entry(&mut text, paper));
    text
}

fn entry(text: &mut String, paper: &Paper) {
    let mut line = |tag: &str, value: &str| {
        // A line break would begin another field.
        let value = visible(value);
        if !value.is_empty() {
            let _ = write!(text, "{tag}  - {value}\r\n");
        }
    };
    line("TY", if identifiers::doi_of(paper).is_some() { "JOUR" } else { "GEN" });
    line("TI", &paper.title);
    for author in &paper.authors {
        let in_order = authors::name_parts(author)
            .map(|NameParts { family, given, suffix }| NameParts::between_commas([family, given, suffix]));
        line("AU", in_order.as_ref().unwrap_or(author));
    }
    if let Some(date) = paper.published.or(paper.listed) {
        line("PY", &date.year().to_string());
        line("DA", &format!("{:04}/{:02}/{:02}", date.year(), date.month(), date.day()));
    }
    line("AB", &paper.abstract_text);
    line("DO", identifiers::doi_of(paper).unwrap_or_default());
    line("UR", &paper.link().unwrap_or_default());
    line("ID", identifiers::title_id_of(paper).unwrap_or_default());
    line("AN", &identifiers::arxiv_id_of(paper).map(|id| format!("arXiv:{id}")).unwrap_or_default());
    paper.categories.iter().for_each(|category| line("KW", category));
    text.push_str("ER  - \r\n\r\n");
}

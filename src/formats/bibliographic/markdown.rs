//! Writes Markdown: a list with links, for people.

use crate::paper::Paper;
use crate::present::{self, PaperFact};
use crate::text::visible;

pub(crate) fn write(papers: &[Paper]) -> String {
    papers.iter().map(line).collect()
}

fn line(paper: &Paper) -> String {
    let title = escaped(&present::headline(paper));
    let link = paper.link().map(|url| visible(&url).into_owned());
    let title = match link.filter(|url| !url.contains(['<', '>'])) {
        Some(url) => format!("[{title}](<{url}>)"),
        None => title,
    };
    let facts = escaped(&present::facts(paper, &[PaperFact::Authors, PaperFact::Year]).join(", "));
    if facts.is_empty() { format!("- {title}\n") } else { format!("- {title} ({facts})\n") }
}

/// Returns a text without markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !",.:;?'\"()%/-=+".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

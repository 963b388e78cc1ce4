//! A list with links.

use crate::paper::Paper;

/// Authors that are named.
const AUTHORS: usize = 3;

pub(super) fn write(papers: &[Paper]) -> String {
    papers.iter().map(line).collect()
}

fn line(paper: &Paper) -> String {
    let title = escaped(paper.heading());
    let title = match paper.link().filter(|url| !url.contains(['<', '>', '\n'])) {
        Some(url) => format!("[{title}](<{url}>)"),
        None => title,
    };
    let year = paper.published.or(paper.listed).map(|date| date.year().to_string());
    let facts =
        [Some(escaped(&paper.first_authors(AUTHORS))), year].into_iter().flatten().filter(|fact| !fact.is_empty());
    let facts = facts.collect::<Vec<_>>().join(", ");
    if facts.is_empty() { format!("- {title}\n") } else { format!("- {title} ({facts})\n") }
}

/// Text that is no markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !",.:;?'\"()%/-=+".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

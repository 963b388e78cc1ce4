//! The findings as Markdown.

use std::io::{self, Write};

use crate::report::{PaperGroup, Report, ReportLevel};
use crate::text::visible;

/// Papers in lists, and duplicates.
const LISTED: usize = 20;

/// Writes the findings and the lists that they come from.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# Similarity report\n")?;
    for finding in &report.findings {
        writeln!(out, "{}", escaped(finding))?;
    }
    for (index, level) in report.levels.iter().enumerate().take(2) {
        writeln!(out, "\n## {}\n", if index == 0 { "Groups" } else { "Groups within groups" })?;
        write_groups(report, index, level, out)?;
    }
    write_papers("Farthest from all others", report, &report.outliers, out)?;
    write_papers("Least like anything earlier", report, &report.novel, out)?;
    if !report.duplicates.is_empty() {
        writeln!(out, "\n## Papers that may be the same\n")?;
    }
    for group in report.duplicates.iter().take(LISTED) {
        let titles: Vec<String> = group.papers.iter().map(|paper| titled(report, *paper)).collect();
        let differences = group.differences();
        let differs =
            if differences.is_empty() { String::new() } else { format!("; different: {}", differences.join(", ")) };
        writeln!(out, "- {} ({}{differs})", titles.join("; "), group.reason())?;
    }
    write_rest(report.duplicates.len(), "duplicates", out)
}

fn write_groups(report: &Report, index: usize, level: &ReportLevel, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "| {} | papers | certainty | trend | for instance |",
        if index == 0 { "group" } else { "group, part of" }
    )?;
    writeln!(out, "|---|---|---|---|---|")?;
    for group in &level.groups {
        let parent = |group: &PaperGroup| {
            let coarser = report.levels.get(index.checked_sub(1)?)?;
            Some(format!(" ({})", coarser.groups[group.parent? as usize].name))
        };
        writeln!(
            out,
            "| {}{} | {} | {:.0}% | {} | {} |",
            escaped(&group.labels.join(", ")),
            escaped(&parent(group).unwrap_or_default()),
            group.papers,
            100.0 * group.certainty,
            group.trend,
            titled(report, group.representative)
        )?;
    }
    Ok(())
}

fn write_papers(heading: &str, report: &Report, papers: &[u32], out: &mut impl Write) -> io::Result<()> {
    if papers.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {heading}\n")?;
    for paper in papers.iter().take(LISTED) {
        writeln!(out, "- {}", titled(report, *paper))?;
    }
    write_rest(papers.len(), "papers", out)
}

fn write_rest(count: usize, table: &str, out: &mut impl Write) -> io::Result<()> {
    match count.saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "\n{more} more are in `{table}.csv`."),
    }
}

/// The title of a paper as a link.
fn titled(report: &Report, paper: u32) -> String {
    let paper = &report.papers[paper as usize];
    let title = escaped(if paper.title.is_empty() { paper.id.as_str() } else { &paper.title });
    match paper.link() {
        Some(link) => format!("[{title}](<{}>)", visible(&link).replace(['<', '>'], "")),
        None => title,
    }
}

/// Text without anything that Markdown or HTML understands.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' => escaped.extend(['\\', character]),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("a|b <img> [x](y) `c`\n& *d*"), "a\\|b &lt;img> \\[x\\](y) \\`c\\` &amp; \\*d\\*");
    }
}

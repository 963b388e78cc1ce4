//! Results for programs.

use std::io::{self, Write};

use crate::cli::today;
use crate::formats::{FeedDocument, FeedFormat};
use crate::recommend::Answer;

/// One result a line.
pub(super) fn jsonl(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    for result in &answer.results {
        serde_json::to_writer(&mut *out, result)?;
        writeln!(out)?;
    }
    Ok(())
}

/// A header and one result a row.
pub(super) fn csv(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["rank", "score", "id", "title", "authors", "published", "votes", "url", "reasons"])?;
    for result in &answer.results {
        let paper = &result.paper;
        let because: Vec<&str> = result.reasons.iter().map(|because| because.title.as_str()).collect();
        csv.write_record([
            &result.rank.to_string(),
            &result.score.to_string(),
            paper.id.as_str(),
            &paper.title,
            &paper.authors.join("; "),
            &paper.published.map(|date| date.to_string()).unwrap_or_default(),
            &paper.votes.map(|votes| votes.to_string()).unwrap_or_default(),
            paper.url.as_deref().unwrap_or_default(),
            &because.join("; "),
        ])?;
    }
    csv.flush()
}

/// For feed readers.
pub(super) fn feed(out: &mut dyn Write, answer: &Answer, format: FeedFormat) -> io::Result<()> {
    let title = answer.id.as_ref().map_or("Papers".to_owned(), |id| format!("Papers: {id}"));
    let channel = FeedDocument { title, address: None, page: None, day: today(), results: &answer.results };
    out.write_all(format.write(&channel).as_bytes())
}

//! Ranked papers as JSON lines, CSV and feeds.

use std::io::{self, Write};

use jiff::civil::Date;

use crate::formats::{FeedDocument, FeedFormat, cell_of_text};
use crate::recommend::Answer;

/// Writes one JSON object per result.
pub(super) fn jsonl(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    for result in answer.all_results() {
        serde_json::to_writer(&mut *out, result)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes a header and one row per result.
pub(super) fn csv(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "rank",
        "score",
        "id",
        "title",
        "authors",
        "published",
        "votes",
        "url",
        "reasons",
        "relevance",
        "relevance_word",
    ])?;
    for result in answer.all_results() {
        let paper = &result.paper;
        let reasons: Vec<&str> = result.reasons.iter().map(|reason| reason.title.as_str()).collect();
        csv.write_record::<[&str; 11], &str>([
            &result.rank.to_string(),
            &result.score.to_string(),
            &cell_of_text(paper.id.as_str()),
            &cell_of_text(&paper.title),
            &cell_of_text(&paper.authors.join("; ")),
            &paper.published.map(|date| date.to_string()).unwrap_or_default(),
            &paper.votes.map(|votes| votes.to_string()).unwrap_or_default(),
            &cell_of_text(paper.url.as_deref().unwrap_or_default()),
            &cell_of_text(&reasons.join("; ")),
            &result.relevance.map(|relevance| relevance.probability.to_string()).unwrap_or_default(),
            &result.relevance.map(|relevance| relevance.word.to_string()).unwrap_or_default(),
        ])?;
    }
    csv.flush()
}

/// Writes a feed.
pub(super) fn feed(out: &mut dyn Write, answer: &Answer, format: FeedFormat, day: Date) -> io::Result<()> {
    let title = answer.id.as_ref().map_or("Papers".to_owned(), |id| format!("Papers: {id}"));
    let feed = FeedDocument { title, address: None, page: None, day, results: &answer.results };
    out.write_all(format.write(&feed).as_bytes())
}

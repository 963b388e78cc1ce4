//! `paperkin rank`

use std::collections::HashSet;
use std::io::{self, Write};

use crate::cli::args::{GlobalArgs, RankArgs};
use crate::cli::input::{self, TextLines};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, Severity};
use crate::engine::{Engine, TextEmbeddings};
use crate::error::{Error, Result};
use crate::recommend::{Answer, HistoryItem, PaperRef, Request};

/// Requests whose texts are embedded together.
const BATCH_SIZE: usize = 256;

pub(in crate::cli) fn run(common: &GlobalArgs, args: RankArgs) -> Result<CommandOutcome> {
    let (mut requests, outcome) = read(&args)?;
    if requests.is_empty() && outcome == CommandOutcome::Complete {
        let reason = "contains no requests: expected a JSON object on each line, such as {\"text\": \"soft robots\"}";
        return Err(Error::BadFile { file: args.requests.display().to_string(), reason: reason.to_owned() });
    }
    let (engine, opened) = input::open_engine(common, &args.papers)?;
    let bar = CommandProgress::of_count("ranking", requests.len());
    output::write_to(&args.run, |out| {
        for batch in requests.chunks_mut(BATCH_SIZE) {
            let embeddings = engine.embed_requests(batch)?;
            for request in batch {
                let mut answer = rank(&engine, request, &embeddings, args.depth as usize)?;
                if has_unknown_history(request, &answer) {
                    answer.results.clear();
                    answer.note = Some("none of the history papers is in the library: no papers are ranked".to_owned());
                }
                bar.aside(|| report(&answer));
                write_run(out, &answer).map_err(Error::io(&args.run, "write"))?;
                bar.advance(1);
            }
        }
        Ok(())
    })?;
    bar.finish();
    Ok(outcome.and(opened))
}

/// Reads the valid requests. A request without an id gets the number of its line.
fn read(args: &RankArgs) -> Result<(Vec<Request>, CommandOutcome)> {
    let mut lines = TextLines::open(&args.requests)?;
    let mut requests = Vec::new();
    let mut outcome = CommandOutcome::Complete;
    while let Some(line) = lines.next() {
        let request = line.and_then(|line| {
            let mut request: Request = serde_json::from_str(&line).map_err(|error| lines.bad(error))?;
            let id = request.id.get_or_insert_with(|| lines.number().to_string());
            if id.is_empty() || id.contains(char::is_whitespace) {
                return Err(lines.bad(format!("`id` is `{id}`: the ids of a TREC run are single words")));
            }
            request.check().map_err(|error| lines.bad(error))?;
            Ok(request)
        });
        match request {
            Ok(request) => requests.push(request),
            Err(error) => {
                output::reject(&error);
                outcome = CommandOutcome::Incomplete;
            }
        }
    }
    Ok((requests, outcome))
}

fn rank(engine: &Engine, request: &mut Request, embeddings: &TextEmbeddings, depth: usize) -> Result<Answer> {
    if request.candidates.is_none() {
        request.limit.get_or_insert(depth);
    }
    engine.recommend_with(request, embeddings)
}

/// Whether a request has nothing but papers that the library does not have: popular papers are no answer to it.
fn has_unknown_history(request: &Request, answer: &Answer) -> bool {
    let not_found: HashSet<&str> = answer.not_found.iter().map(String::as_str).collect();
    let is_unknown = |item: &HistoryItem| match &item.paper {
        PaperRef::Id(id) => not_found.contains(id.as_str()),
        PaperRef::Inline { .. } => false,
    };
    let history = || request.positive.iter().chain(&request.negative);
    request.text.is_none() && history().next().is_some() && history().all(is_unknown)
}

/// Reports what the format of a run has no room for.
fn report(answer: &Answer) {
    let id = answer.id.as_deref().unwrap_or_default();
    if !answer.not_found.is_empty() {
        let message = format!("{id}: not in the library: {}", answer.not_found.join(", "));
        output::diagnostic(Severity::Warning, &message);
    }
    if let Some(note) = &answer.note {
        output::diagnostic(Severity::Note, &format!("{id}: {note}"));
    }
}

/// Writes lines of a TREC run. Whitespace in a paper's id is percent-encoded.
fn write_run(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let query = answer.id.as_deref().unwrap_or_default();
    for result in &answer.results {
        let mut paper = result.paper.id.to_string();
        if paper.contains(char::is_whitespace) {
            paper = paper.split(char::is_whitespace).collect::<Vec<_>>().join("%20");
        }
        writeln!(out, "{query} Q0 {paper} {} {:.7} paperkin", result.rank, result.score)?;
    }
    Ok(())
}

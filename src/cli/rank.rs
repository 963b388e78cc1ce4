//! `paperkin rank`

use std::io::{self, Write};

use super::args::{GlobalArgs, RankArgs};
use super::input::{TextLines, reject};
use super::progress::CommandProgress;
use super::{CommandOutcome, input, output};
use crate::engine::{Engine, TextEmbeddings};
use crate::error::{Error, Result};
use crate::recommend::{Answer, Request};

/// Requests whose texts are embedded together.
const CHUNK: usize = 256;

pub(super) fn run(common: &GlobalArgs, command: RankArgs) -> Result<CommandOutcome> {
    let (mut requests, mut outcome) = read(&command)?;
    let (engine, complete) = input::engine(common, &command.papers)?;
    if complete == CommandOutcome::Incomplete {
        outcome = complete;
    }
    let bar = CommandProgress::of_count("ranking", requests.len());
    output::write_to(&command.run, |out| {
        for chunk in requests.chunks_mut(CHUNK) {
            let embeddings = engine.embed_requests(chunk)?;
            for request in chunk {
                let answer = rank(&engine, request, &embeddings, command.depth as usize)?;
                bar.aside(|| report(&answer));
                write_run(out, &answer).map_err(Error::io(&command.run, "write it"))?;
                bar.advance(1);
            }
        }
        Ok(())
    })?;
    bar.finish();
    Ok(outcome)
}

/// The sound requests, each with an id: its line's number if it has none.
fn read(command: &RankArgs) -> Result<(Vec<Request>, CommandOutcome)> {
    let mut lines = TextLines::open(&command.requests)?;
    let mut requests = Vec::new();
    let mut outcome = CommandOutcome::Complete;
    while let Some(line) = lines.next() {
        let request = line.and_then(|line| {
            let mut request: Request = serde_json::from_str(&line).map_err(|error| lines.bad(error))?;
            let id = request.id.get_or_insert_with(|| lines.number().to_string());
            if id.is_empty() || id.contains(char::is_whitespace) {
                return Err(lines.bad(format!("an `id` of `{id}`: a run's ids are single words")));
            }
            request.check().map_err(|error| lines.bad(error))?;
            Ok(request)
        });
        match request {
            Ok(request) => requests.push(request),
            Err(error) => {
                reject(&error);
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

/// Says what a run cannot say.
fn report(answer: &Answer) {
    let id = answer.id.as_deref().unwrap_or_default();
    if !answer.not_found.is_empty() {
        output::complain("warning", &format!("{id}: not in the library: {}", answer.not_found.join(", ")));
    }
    if let Some(fallback) = &answer.note {
        output::complain("note", &format!("{id}: {fallback}"));
    }
}

/// Lines of a TREC run; white space in a paper's id is percent-encoded.
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

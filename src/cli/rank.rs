//! `paperkin rank`

use std::io::{self, Write};

use super::args::{GlobalArgs, RankArgs};
use super::input::{TextLines, reject};
use super::progress::CommandProgress;
use super::{CommandOutcome, input, output, today};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::paper::document;
use crate::recommend::{Answer, PaperRef, Request};

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
            engine.prepare(&texts(chunk.iter()))?;
            for request in chunk {
                let answer = rank(&engine, request, command.depth as usize)?;
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

/// The texts that requests need embedded.
fn texts<'a>(requests: impl Iterator<Item = &'a Request>) -> Vec<String> {
    let of_request = |request: &'a Request| {
        let inline = request.positive.iter().chain(&request.negative).filter_map(|item| match &item.paper {
            PaperRef::Inline { title, abstract_text } => Some(document(title, abstract_text)),
            PaperRef::Id(_) => None,
        });
        request.text.clone().into_iter().chain(inline).collect::<Vec<_>>()
    };
    requests.flat_map(of_request).collect()
}

fn rank(engine: &Engine, request: &mut Request, depth: usize) -> Result<Answer> {
    if request.candidates.is_none() {
        request.limit.get_or_insert(depth);
    }
    engine.recommend(request, today())
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

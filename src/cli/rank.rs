//! `paperkin rank`

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::args::{Common, Rank};
use super::input::{Lines, bad_line, reject};
use super::output::complain;
use super::progress::Bar;
use super::{Outcome, input, today};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::paper::document;
use crate::recommend::{Answer, PaperRef, Request};

/// Requests whose texts are embedded together.
const CHUNK: usize = 256;

pub(super) fn run(common: &Common, command: Rank) -> Result<Outcome> {
    let (mut requests, mut outcome) = read(&command)?;
    let (engine, complete) = input::engine(common, &command.papers)?;
    if complete == Outcome::Incomplete {
        outcome = complete;
    }
    let bar = Bar::of_count("ranking", requests.len());
    let mut run = |out: &mut dyn Write| -> Result<io::Result<()>> {
        for chunk in requests.chunks_mut(CHUNK) {
            engine.prepare(&texts(chunk.iter().map(|(_, request)| request)))?;
            for (line, request) in chunk {
                match rank(&engine, request, command.depth as usize) {
                    Ok(answer) => {
                        bar.aside(|| report(&answer));
                        if let Err(error) = write_run(out, &answer) {
                            return Ok(Err(error));
                        }
                    }
                    Err(error @ Error::BadRequest { .. }) => {
                        outcome = Outcome::Incomplete;
                        bar.aside(|| reject(&bad_line(&command.requests, *line, error)));
                    }
                    Err(error) => return Err(error),
                }
                bar.advance(1);
            }
        }
        Ok(Ok(()))
    };
    write(&command.run, &mut run)?;
    bar.finish();
    Ok(outcome)
}

/// The sound requests with their line numbers, each with an id.
fn read(command: &Rank) -> Result<(Vec<(u64, Request)>, Outcome)> {
    let mut lines = Lines::open(&command.requests)?;
    let mut requests = Vec::new();
    let mut outcome = Outcome::Complete;
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
            Ok(request) => requests.push((lines.number(), request)),
            Err(error) => {
                reject(&error);
                outcome = Outcome::Incomplete;
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
        complain("warning", &format!("{id}: not in the library: {}", answer.not_found.join(", ")));
    }
    if let Some(fallback) = &answer.fallback {
        complain("note", &format!("{id}: {fallback}"));
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

/// Writes to a file, which appears when it is complete, or to standard output for `-`.
fn write(path: &Path, run: &mut dyn FnMut(&mut dyn Write) -> Result<io::Result<()>>) -> Result<()> {
    if path.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        return run(&mut out)?.and_then(|()| out.flush()).map_err(super::stdout_failed);
    }
    let mut failed = None;
    let written = crate::report::replace(path, |file| match run(file) {
        Ok(written) => written,
        Err(error) => {
            failed = Some(error);
            Err(io::Error::other("unfinished"))
        }
    });
    failed.map_or(written, Err)
}

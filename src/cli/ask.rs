//! `paperkin search`, `similar`, `recommend` and `feed`: four ways to make a request.

use super::args::{FeedArgs, GlobalArgs, OutputFormat, RecommendArgs, SearchArgs, SimilarArgs, TemporaryLibrary};
use super::output::{self, ReasonDisplay};
use super::{CommandOutcome, history, input, upkeep};
use crate::engine::{Engine, FeedMode, FeedOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::recommend::{Answer, HistoryItem, Request};

pub(super) fn search(common: &GlobalArgs, command: SearchArgs) -> Result<CommandOutcome> {
    let request = Request { text: Some(command.text), ..command.ask.request() };
    answer(common, &command.papers, &request, command.ask.format, ReasonDisplay::Hide, Engine::recommend)
}

pub(super) fn similar(common: &GlobalArgs, command: SimilarArgs) -> Result<CommandOutcome> {
    let request = command.ask.request();
    let ask = |engine: &Engine, request: &Request| {
        let positive = vec![HistoryItem::id(engine.find(&command.paper)?.paper.id)];
        engine.recommend(&Request { positive, ..request.clone() })
    };
    answer(common, &command.papers, &request, command.ask.format, ReasonDisplay::Hide, ask)
}

pub(super) fn recommend(common: &GlobalArgs, command: RecommendArgs) -> Result<CommandOutcome> {
    let mut request = command.ask.request();
    request.positive = command.like.into_iter().map(HistoryItem::id).collect();
    request.negative = command.dislike.into_iter().map(HistoryItem::id).collect();
    let mut outcome = CommandOutcome::Complete;
    if let Some(path) = &command.history {
        let read = history::read(path)?;
        request.positive.extend(read.liked);
        request.negative.extend(read.disliked);
        outcome = read.outcome;
    }
    if request.positive.is_empty() && request.negative.is_empty() && command.history.is_none() {
        return Err(Error::BadRequest {
            field: "like",
            reason: "nothing to go by: give --like ID, --dislike ID or --history FILE".to_owned(),
        });
    }
    let format = command.ask.format;
    let answered = answer(common, &command.papers, &request, format, ReasonDisplay::Show, Engine::recommend)?;
    Ok(if outcome == CommandOutcome::Complete { answered } else { outcome })
}

pub(super) fn feed(common: &GlobalArgs, command: FeedArgs) -> Result<CommandOutcome> {
    let mut engine = Engine::open(common.options(LibraryLocation::Existing(common.directory()?)))?;
    let options = FeedOptions {
        mode: if command.again { FeedMode::Last } else { FeedMode::New },
        seen_days: command.seen_days,
        since: command.since,
        request: command.ask.request(),
    };
    let answer = engine.feed(&command.profile, &options)?;
    output::print_answer(&answer, command.ask.format, ReasonDisplay::Show)?;
    upkeep::after_an_answer(&engine);
    // A history outlives its papers: what is not found is no fault of this command's input.
    Ok(CommandOutcome::Complete)
}

fn answer(
    common: &GlobalArgs,
    papers: &TemporaryLibrary,
    request: &Request,
    format: OutputFormat,
    reasons: ReasonDisplay,
    ask: impl FnOnce(&Engine, &Request) -> Result<Answer>,
) -> Result<CommandOutcome> {
    request.check()?;
    let (engine, outcome) = input::engine(common, papers)?;
    let answer = ask(&engine, request)?;
    output::print_answer(&answer, format, reasons)?;
    upkeep::after_an_answer(&engine);
    Ok(if answer.not_found.is_empty() { outcome } else { CommandOutcome::Incomplete })
}

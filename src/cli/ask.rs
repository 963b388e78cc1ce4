//! `paperkin search`, `similar`, `recommend` and `feed`: four ways to make a request.

use super::args::{Common, Feed, OutputFormat, Papers, Recommend, Search, Similar};
use super::output::{self, Reasons};
use super::{Outcome, history, input, today, upkeep};
use crate::engine::{Engine, FeedOptions, Look, Place};
use crate::error::{Error, Result};
use crate::recommend::{Answer, HistoryItem, Request};

pub(super) fn search(common: &Common, command: Search) -> Result<Outcome> {
    let request = Request { text: Some(command.text), ..command.ask.request() };
    answer(common, &command.papers, &request, command.ask.format, Reasons::Hide, Engine::recommend)
}

pub(super) fn similar(common: &Common, command: Similar) -> Result<Outcome> {
    let request = command.ask.request();
    let ask = |engine: &Engine, request: &Request, today| engine.similar(&command.paper, request, today);
    answer(common, &command.papers, &request, command.ask.format, Reasons::Hide, ask)
}

pub(super) fn recommend(common: &Common, command: Recommend) -> Result<Outcome> {
    let mut request = command.ask.request();
    request.positive = command.like.into_iter().map(HistoryItem::id).collect();
    request.negative = command.dislike.into_iter().map(HistoryItem::id).collect();
    let mut outcome = Outcome::Complete;
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
    let answered = answer(common, &command.papers, &request, format, Reasons::Show, Engine::recommend)?;
    Ok(if outcome == Outcome::Complete { answered } else { outcome })
}

pub(super) fn feed(common: &Common, command: Feed) -> Result<Outcome> {
    let mut engine = Engine::open(common.options(Place::Existing(common.directory()?)))?;
    let options = FeedOptions {
        look: if command.again { Look::Again } else { Look::New },
        seen_days: command.seen_days,
        since: command.since,
        request: command.ask.request(),
    };
    let answer = engine.feed(&command.profile, &options, today())?;
    output::print_answer(&answer, command.ask.format, Reasons::Show)?;
    upkeep::after_an_answer(&engine);
    // A history outlives its papers: what is not found is no fault of this command's input.
    Ok(Outcome::Complete)
}

fn answer(
    common: &Common,
    papers: &Papers,
    request: &Request,
    format: OutputFormat,
    reasons: Reasons,
    ask: impl FnOnce(&Engine, &Request, jiff::civil::Date) -> Result<Answer>,
) -> Result<Outcome> {
    request.check()?;
    let (engine, outcome) = input::engine(common, papers)?;
    let answer = ask(&engine, request, today())?;
    output::print_answer(&answer, format, reasons)?;
    upkeep::after_an_answer(&engine);
    Ok(if answer.not_found.is_empty() { outcome } else { Outcome::Incomplete })
}

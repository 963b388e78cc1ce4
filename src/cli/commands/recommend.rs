//! `paperkin recommend`

use super::query;
use crate::cli::args::{GlobalArgs, RecommendArgs};
use crate::cli::input::HistoryFile;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::ReasonDisplay;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::recommend::HistoryItem;

pub(in crate::cli) fn run(common: &GlobalArgs, args: RecommendArgs) -> Result<CommandOutcome> {
    let mut request = args.query.request();
    request.positive = args.like.into_iter().map(HistoryItem::id).collect();
    request.negative = args.dislike.into_iter().map(HistoryItem::id).collect();
    let mut outcome = CommandOutcome::Complete;
    if let Some(path) = &args.history {
        let history = HistoryFile::read(path)?;
        request.positive.extend(history.liked);
        request.negative.extend(history.disliked);
        outcome = history.outcome;
    }
    if request.positive.is_empty() && request.negative.is_empty() && args.history.is_none() {
        return Err(Error::BadRequest {
            field: "like",
            reason: "a reading history is required: give --like ID, --dislike ID or --history FILE".to_owned(),
        });
    }
    let format = args.query.format;
    let answered = query::answer(common, &args.papers, &request, format, ReasonDisplay::Show, Engine::recommend)?;
    Ok(outcome.and(answered))
}

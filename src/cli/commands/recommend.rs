//! `paperkin recommend`

use super::query;
use crate::cli::args::{GlobalArgs, RecommendArgs};
use crate::cli::input::{HistoryFile, HistorySides};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::ReasonDisplay;
use crate::engine::Engine;
use crate::error::{Error, Fault, Result};
use crate::paper::PaperId;
use crate::recommend::{HistoryItem, Request};

pub(in crate::cli) fn run(common: &GlobalArgs, args: RecommendArgs) -> Result<CommandOutcome> {
    let request = args.history_ranking.applied_to(args.query.request());
    let history = args.history.as_deref().map(HistoryFile::read).transpose()?;
    let outcome = history.as_ref().map_or(CommandOutcome::Complete, |history| history.outcome);
    if args.like.is_empty() && args.dislike.is_empty() && args.history.is_none() {
        return Err(Error::BadRequest {
            field: "like",
            reason: "a reading history is required: give --like ID, --dislike ID or --history FILE".to_owned(),
        });
    }
    let format = args.query.format;
    let ask = |engine: &Engine, request: &Request| {
        let mut request = request.clone();
        let HistorySides { liked, disliked } =
            history.map(|history| history.sides(engine)).transpose()?.unwrap_or_default();
        let (likes, dislikes) = (named_papers(engine, &args.like)?, named_papers(engine, &args.dislike)?);
        if let Some(id) = dislikes.iter().find(|id| likes.contains(id)) {
            return Err(Error::BadRequest { field: "dislike", reason: format!("`{id}` is also given to --like") });
        }
        request.positive = likes.into_iter().map(HistoryItem::id).chain(liked).collect();
        request.negative = dislikes.into_iter().map(HistoryItem::id).chain(disliked).collect();
        engine.recommend(&request)
    };
    let answered = query::answer(common, &args.papers, &request, format, ReasonDisplay::Show, ask)?;
    Ok(outcome.and(answered))
}

/// The papers that are named, also those that the library does not have.
fn named_papers(engine: &Engine, names: &[String]) -> Result<Vec<PaperId>> {
    let papers = names.iter().map(|name| papers_of(engine, name)).collect::<Result<Vec<_>>>()?;
    Ok(papers.concat())
}

/// The paper with this id or title; or, if there is none, those of ids with commas between them. Titles have commas too,
/// so these count as separators only where one of the parts names a paper, or all of them could.
fn papers_of(engine: &Engine, name: &str) -> Result<Vec<PaperId>> {
    let parse = |text: &str| PaperId::parse(text).map_err(|reason| Error::BadRequest { field: "like", reason });
    let whole = parse(name)?;
    if let Some(stored) = engine.library().lookup(&whole)? {
        return Ok(vec![stored.paper.id]);
    }
    let parts = name.split(',').filter(|part| !part.trim().is_empty()).map(parse).collect::<Result<Vec<PaperId>>>()?;
    let known = parts.iter().map(|id| Ok(engine.paper(id)?.is_some())).collect::<Result<Vec<bool>>>()?;
    if name.contains(',') && (known.contains(&true) || parts.iter().all(PaperId::is_fetchable)) {
        return Ok(parts);
    }
    match engine.find(name) {
        Ok(stored) => Ok(vec![stored.paper.id]),
        Err(error) if error.fault() == Fault::Missing => Ok(vec![whole]),
        Err(error) => Err(error),
    }
}

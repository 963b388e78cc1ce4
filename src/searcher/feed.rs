//! The feed: what is new for a profile since it was last seen.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;

use super::{RequestScope, Searcher};
use crate::error::Result;
use crate::library::{HistoryEntry, HistoryKind, Library, PaperFilter, Profile};
use crate::paper::PaperId;
use crate::recommend::{Answer, HistoryItem, PaperRef, Request};

/// Days after which a paper of the history counts half.
const HALF_LIFE_DAYS: f64 = 365.0;
/// Weight of recency and of votes in a feed, in standard deviations of the score: less than the difference between a
/// paper on the profile's subject and one beside it.
const FEED_PRIOR_WEIGHT: f32 = 0.5;
/// Cosine from which on two papers are shown as one: versions of it, or its announcement.
const DEDUP_THRESHOLD: f32 = 0.95;

/// History papers that are not in the library and count by their own text, at most: each has to be embedded.
const MAX_UNRESOLVED_TEXTS: usize = 100;

/// Which papers a feed shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedOptions {
    /// Which feed, and whether it is recorded as seen.
    pub mode: FeedMode,
    /// Days after which a paper that was shown may be shown again; `None`: never.
    pub seen_days: Option<u16>,
    /// Papers published (or listed) on this day or later that were not shown yet, instead of those added since the feed was
    /// last seen.
    pub since: Option<Date>,
    /// Limit, filters and diversity; its history is replaced by the profile's.
    pub request: Request,
}

/// Which papers a feed shows, and whether they are recorded as seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FeedMode {
    /// New papers; recorded as seen, so that the next feed shows others.
    #[default]
    New,
    /// New papers; nothing is recorded.
    Peek,
    /// The last feed once more.
    Last,
}

/// Ranks what is new for a profile. Records nothing, whatever the mode.
///
/// # Errors
/// As [`Searcher::answer`].
pub(crate) fn feed(searcher: &Searcher<'_>, profile: &Profile, options: &FeedOptions, today: Date) -> Result<Answer> {
    let (request, scope) = feed_request(searcher.library, profile, options, today)?;
    let mut answer = searcher.answer(&request, &scope, today)?;
    if answer.results.is_empty() {
        answer.note = Some(nothing_new(profile, options));
    }
    Ok(answer)
}

fn feed_request(
    library: &Library,
    profile: &Profile,
    options: &FeedOptions,
    today: Date,
) -> Result<(Request, RequestScope)> {
    let unresolved = unresolved_refs(library, profile)?;
    let side = |keep: &dyn Fn(HistoryKind) -> bool| -> Vec<HistoryItem> {
        let entries = profile.history.iter().filter(|entry| keep(entry.kind));
        entries
            .map(|HistoryEntry { id, weight, at, interest, .. }| {
                let paper = unresolved.get(id).cloned().unwrap_or_else(|| PaperRef::Id(id.clone()));
                HistoryItem { paper, weight: *weight, at: Some(*at), interest: interest.clone() }
            })
            .collect()
    };
    let window = options.seen_days.and_then(|days| today.checked_sub(Span::new().days(days)).ok());
    let hidden = profile.history.iter().filter(|entry| entry.kind == HistoryKind::Hide);
    let mut exclude: Vec<PaperId> =
        options.request.exclude.iter().chain(hidden.map(|entry| &entry.id)).cloned().collect();
    let mut shown = Vec::new();
    if options.mode != FeedMode::Last {
        exclude.extend(library.impressions(profile, window)?);
        shown = library.impressions(profile, None)?;
    }
    let authors = options.request.authors.iter().chain(&profile.authors).cloned().collect();
    let request = Request {
        positive: side(&HistoryKind::counts_for),
        negative: side(&HistoryKind::counts_against),
        exclude,
        published_after: options.since.max(options.request.published_after),
        half_life_days: options.request.half_life_days.or(Some(HALF_LIFE_DAYS)),
        recency: FEED_PRIOR_WEIGHT,
        votes: FEED_PRIOR_WEIGHT,
        authors,
        dedup_threshold: options.request.dedup_threshold.or(Some(DEDUP_THRESHOLD)),
        ..options.request.clone()
    };
    let added_after = match (options.since, options.mode) {
        (Some(_), _) => None,
        (None, FeedMode::Last) => Some(profile.previous_seen_generation),
        (None, FeedMode::New | FeedMode::Peek) => Some(profile.last_seen_generation),
    };
    Ok((
        request,
        RequestScope { filter: PaperFilter { added_after, ..PaperFilter::default() }, shown, without_reasons: false },
    ))
}

/// What stands for the history papers that are not in the library under their ids: the paper that was added under another
/// id since, or else, for the newest of them, their text.
fn unresolved_refs(library: &Library, profile: &Profile) -> Result<HashMap<PaperId, PaperRef>> {
    let mut unresolved = HashMap::new();
    let mut texts = 0;
    for paper in library.unresolved_papers(profile)? {
        if library.paper(&paper.id)?.is_some() {
            continue;
        }
        let copies = library.papers_titled(&paper.title)?;
        let reference = match copies.iter().find(|stored| stored.paper.is_copy_of(&paper)) {
            Some(stored) => PaperRef::Id(stored.paper.id.clone()),
            None if texts == MAX_UNRESOLVED_TEXTS => continue,
            None => {
                texts += 1;
                PaperRef::Inline { title: paper.title, abstract_text: paper.abstract_text }
            }
        };
        unresolved.insert(paper.id, reference);
    }
    Ok(unresolved)
}

fn nothing_new(profile: &Profile, options: &FeedOptions) -> String {
    match (options.since, profile.last_seen_on) {
        (Some(since), _) => format!("no unseen papers since {since}: `--again` shows the last feed"),
        (None, Some(day)) => {
            format!("nothing new since {day}: `--again` shows the last feed, `--since DATE` shows older papers")
        }
        (None, None) => "no papers to show: add papers with `paperkin add FILE`".to_owned(),
    }
}

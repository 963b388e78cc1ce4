//! The feed: what is new for a profile since its last look.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;

use super::Engine;
use super::question::RequestScope;
use crate::error::Result;
use crate::library::{HistoryEntry, HistoryKind, PaperFilter, Profile};
use crate::paper::PaperId;
use crate::recommend::{Answer, HistoryItem, PaperRef, Request};

/// Days after which a paper of a history counts half in the feed.
const HALF_LIFE_DAYS: f64 = 365.0;
/// What a paper of today, and one with the most votes of its day, gains in the feed, in deviations of the score: less
/// than the difference between a paper of the profile's subject and one beside it.
const FEED_PRIOR_WEIGHT: f32 = 0.5;
/// Papers so similar are one paper: versions of it, or its announcement.
const DEDUP_THRESHOLD: f32 = 0.95;

/// Papers of a history that the library does not have, and that count by their own text: each has to be embedded.
const MAX_UNRESOLVED_TEXTS: usize = 100;

/// Which papers a feed shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedOptions {
    /// What kind of look it is.
    pub mode: FeedMode,
    /// Days after which what was shown may come again; `None`: never.
    pub seen_days: Option<u16>,
    /// Papers published (or listed) on this day or later that were not shown yet, in place of those added since the
    /// last look.
    pub since: Option<Date>,
    /// Limit, filters and diversity; its history is replaced by the profile's.
    pub request: Request,
}

/// A look at the feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FeedMode {
    /// At what is new; remembered, so that the next one shows other papers.
    #[default]
    New,
    /// At what is new; not remembered.
    Peek,
    /// At the last feed once more.
    Last,
}

impl Engine {
    /// Ranks what is new for a profile, and remembers that it was shown if it is a [`FeedMode::New`].
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] for an unknown profile; else as [`Engine::recommend`].
    pub fn feed(&mut self, profile: &str, options: &FeedOptions, today: Date) -> Result<Answer> {
        let profile = self.library.profile(profile)?;
        let (request, scope) = self.feed_request(&profile, options, today)?;
        let mut answer = self.answer(&request, &scope, today)?;
        if answer.results.is_empty() {
            answer.note = Some(nothing_new(&profile, options));
        } else if options.mode == FeedMode::New {
            let shown: Vec<PaperId> = answer.results.iter().map(|result| result.paper.id.clone()).collect();
            self.library.mark_feed_seen(&profile, &shown, answer.generation, today)?;
        }
        Ok(answer)
    }

    fn feed_request(&self, profile: &Profile, options: &FeedOptions, today: Date) -> Result<(Request, RequestScope)> {
        let wanted = self.unresolved_refs(profile)?;
        let side = |keep: &dyn Fn(HistoryKind) -> bool| -> Vec<HistoryItem> {
            let entries = profile.history.iter().filter(|entry| keep(entry.kind));
            entries
                .map(|HistoryEntry { id, weight, at, interest, .. }| {
                    let paper = wanted.get(id).cloned().unwrap_or_else(|| PaperRef::Id(id.clone()));
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
            exclude.extend(self.library.impressions(profile, window)?);
            shown = self.library.impressions(profile, None)?;
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
            RequestScope {
                filter: PaperFilter { added_after, ..PaperFilter::default() },
                shown,
                without_reasons: false,
            },
        ))
    }
}

impl Engine {
    /// The papers of a history that are not in the library under their ids: the one that has come under another, or the
    /// text of the newest of them.
    fn unresolved_refs(&self, profile: &Profile) -> Result<HashMap<PaperId, PaperRef>> {
        let mut wanted = HashMap::new();
        let mut texts = 0;
        for paper in self.library.unresolved_papers(profile)? {
            if self.library.paper(&paper.id)?.is_some() {
                continue;
            }
            let copies = self.library.papers_titled(&paper.title)?;
            let reference = match copies.iter().find(|stored| stored.paper.is_copy_of(&paper)) {
                Some(stored) => PaperRef::Id(stored.paper.id.clone()),
                None if texts == MAX_UNRESOLVED_TEXTS => continue,
                None => {
                    texts += 1;
                    PaperRef::Inline { title: paper.title, abstract_text: paper.abstract_text }
                }
            };
            wanted.insert(paper.id, reference);
        }
        Ok(wanted)
    }
}

fn nothing_new(profile: &Profile, options: &FeedOptions) -> String {
    match (options.since, profile.last_seen_on) {
        (Some(since), _) => format!("nothing since {since} that was not shown before: `--again` shows the last feed"),
        (None, Some(day)) => format!(
            "nothing new since the last look on {day}: `--again` shows that feed, `--since DATE` goes further back"
        ),
        (None, None) => "no paper to show: add papers with `paperkin add FILE`".to_owned(),
    }
}

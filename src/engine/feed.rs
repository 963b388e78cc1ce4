//! The feed: what is new for a profile since its last look.

use jiff::civil::Date;

use super::Engine;
use crate::error::Result;
use crate::library::{Filter, HistoryEntry, HistoryKind, Profile};
use crate::paper::PaperId;
use crate::recommend::{Answer, HistoryItem, PaperRef, Request};

/// Days after which a paper of a history counts half in the feed.
const HALF_LIFE_DAYS: f64 = 365.0;
/// What a paper of today, and one with very many votes, gains in the feed: less than the difference in similarity
/// between a paper of the profile's subject and one beside it.
const PRIOR: f32 = 0.05;

/// Which papers a feed shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedOptions {
    /// Show the last feed again; the look is not recorded.
    pub again: bool,
    /// Papers published (or listed) on this day or later that were not shown yet, in place of those added since the
    /// last look.
    pub since: Option<Date>,
    /// Limit, filters and diversity; its history is replaced by the profile's.
    pub request: Request,
}

impl Engine {
    /// Ranks what is new for a profile and remembers that it was shown.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] for an unknown profile; else as [`Engine::recommend`].
    pub fn feed(&mut self, profile: &str, options: &FeedOptions, today: Date) -> Result<Answer> {
        let profile = self.library.profile(profile)?;
        let (request, filter) = self.feed_request(&profile, options)?;
        let mut answer = self.answer(&request, &filter, today)?;
        if answer.results.is_empty() {
            answer.fallback = Some(nothing_new(&profile, options));
        } else if !options.again {
            let shown: Vec<PaperId> = answer.results.iter().map(|result| result.paper.id.clone()).collect();
            self.library.record_look(&profile, &shown, answer.generation, today)?;
        }
        Ok(answer)
    }

    fn feed_request(&self, profile: &Profile, options: &FeedOptions) -> Result<(Request, Filter)> {
        let side = |keep: &dyn Fn(HistoryKind) -> bool| -> Vec<HistoryItem> {
            let entries = profile.history.iter().filter(|entry| keep(entry.kind));
            entries
                .map(|HistoryEntry { id, weight, at, .. }| HistoryItem {
                    paper: PaperRef::Id(id.clone()),
                    weight: *weight,
                    at: Some(*at),
                })
                .collect()
        };
        let mut exclude = options.request.exclude.clone();
        if !options.again {
            exclude.extend(self.library.shown(profile)?);
        }
        let request = Request {
            positive: side(&|kind| kind != HistoryKind::Dislike),
            negative: side(&|kind| kind == HistoryKind::Dislike),
            exclude,
            published_after: options.since.max(options.request.published_after),
            half_life_days: options.request.half_life_days.or(Some(HALF_LIFE_DAYS)),
            recency: PRIOR,
            votes: PRIOR,
            ..options.request.clone()
        };
        let added_after = match (options.since, options.again) {
            (Some(_), _) => None,
            (None, true) => Some(profile.looked_before),
            (None, false) => Some(profile.looked),
        };
        Ok((request, Filter { added_after, ..Filter::default() }))
    }
}

fn nothing_new(profile: &Profile, options: &FeedOptions) -> String {
    match (options.since, profile.looked_on) {
        (Some(since), _) => format!("nothing since {since} that was not shown before: `--again` shows the last feed"),
        (None, Some(day)) => format!(
            "nothing new since the last look on {day}: `--again` shows that feed, `--since DATE` goes further back"
        ),
        (None, None) => "no paper to show: add papers with `paperkin add FILE`".to_owned(),
    }
}

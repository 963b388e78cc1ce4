//! The feed: what is new for a profile since it was last seen.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;

use super::{InterestQuery, RequestScope, Searcher, resolve};
use crate::encoder::TextSide;
use crate::error::{Error, Result};
use crate::library::{HistoryEntry, HistoryKind, Library, PaperFilter, Profile};
use crate::paper::PaperId;
use crate::recommend::{Answer, HistoryItem, InterestShare, MAX_PROFILE_HISTORY, PaperRef, RelevanceWord, Request};

/// Days after which a paper of the history counts half.
const HALF_LIFE_DAYS: f64 = 365.0;
/// Weight of recency and of votes in a feed, in standard deviations of the score: less than the difference between a
/// paper on the profile's subject and one beside it.
const FEED_PRIOR_WEIGHT: f32 = 0.5;
/// Cosine from which on two papers are shown as one: versions of it, or its announcement.
pub(super) const DEDUP_THRESHOLD: f32 = 0.95;

/// Days whose papers are new at the first look at a feed.
const FIRST_FEED_DAYS: i32 = 14;

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
    /// Whether, when nothing is new, to show papers that earlier feeds had no room for.
    pub backfill: bool,
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
    let (request, scope) = feed_request(searcher, profile, options, today)?;
    let ask = |request: &Request, scope: &RequestScope| searcher.answer(request, scope, today);
    let mut answer = match FirstFeed::new(searcher.library, profile, options, &scope, today)? {
        Some(first) => first.answer(&request, |request| ask(request, &scope))?,
        None => ask(&request, &scope)?,
    };
    let is_backfilled = options.backfill && options.mode != FeedMode::Last && options.since.is_none();
    let old_and_new = RequestScope { filter: PaperFilter::default(), ..scope };
    if is_backfilled && answer.all_results().next().is_none() {
        let unseen = ask(&request, &old_and_new)?;
        if !(unseen.results.is_empty() || is_too_far(&unseen, &request)) {
            answer = unseen;
            add_note(&mut answer, "nothing new: these are papers that earlier feeds had no room for".to_owned());
        }
    }
    if options.mode == FeedMode::Last
        && answer.all_results().next().is_none()
        && let Some(day) = profile.last_seen_on
    {
        // Nothing was new then: it had papers that earlier feeds had no room for.
        let mut shown = searcher.library.impressions(profile, Some(day))?;
        shown.retain(|id| profile.history.iter().all(|entry| entry.id != *id));
        // They were close enough then, among all papers: among these few, an interest may get one that it is far from.
        let min_relevance = options.request.min_relevance.or(Some(RelevanceWord::Far));
        answer = ask(&Request { candidates: Some(shown), min_relevance, ..request }, &old_and_new)?;
        add_note(&mut answer, format!("nothing was new: these papers were shown on {day}"));
    }
    if answer.all_results().next().is_none() {
        answer.note = Some(nothing_new(profile, options));
    }
    Ok(answer)
}

/// The interests of a profile, named and found, those with most weight first; one or none for a history of one subject.
///
/// # Errors
/// As [`Searcher::answer`].
pub(crate) fn interests(searcher: &Searcher<'_>, profile: &Profile, today: Date) -> Result<Vec<InterestShare>> {
    let (request, _) = feed_request(searcher, profile, &FeedOptions::default(), today)?;
    let interests = resolve::interests(searcher, &request, today)?;
    Ok(interests.into_iter().filter_map(|query| query.interest).collect())
}

/// The papers of a profile's history that are of the interest with this label, which is to get a name or none. Those of a name
/// are all that have it, also disliked ones.
///
/// # Errors
/// [`Error::NotFound`] for a label that no interest has; [`Error::BadRequest`] for a name that is the label of another one: of
/// the two neither could be asked for; else as [`Searcher::answer`].
pub(crate) fn renamed_papers(
    searcher: &Searcher<'_>,
    profile: &Profile,
    label: &str,
    name: Option<&str>,
    today: Date,
) -> Result<Vec<PaperId>> {
    let (request, _) = feed_request(searcher, profile, &FeedOptions::default(), today)?;
    let interests = resolve::interests(searcher, &request, today)?;
    let mut shares = interests.iter().filter_map(|query| query.interest.as_ref());
    if let Some(other) = shares.find(|other| !other.is_named && other.label != label && Some(&*other.label) == name) {
        let reason = format!("`{}` is the label of another interest: use another name", other.label);
        return Err(Error::BadRequest { field: "name", reason });
    }
    let of_name = |entry: &&HistoryEntry| entry.interest.as_deref() == Some(label);
    let named: Vec<PaperId> = profile.history.iter().filter(of_name).map(|entry| entry.id.clone()).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let has_label = |query: &&InterestQuery| query.interest.as_ref().is_some_and(|interest| interest.label == label);
    let labels = interests.iter().filter_map(|query| Some(format!("`{}`", query.interest.as_ref()?.label)));
    let hint = || match labels.collect::<Vec<_>>().as_slice() {
        [] => format!(": the history of `{}` has one subject or none", profile.name),
        labels => format!(": those of `{}` are {}", profile.name, labels.join(", ")),
    };
    let not_found = || Error::NotFound { what: "interest", name: label.to_owned(), hint: hint() };
    let found = interests.iter().find(has_label).ok_or_else(not_found)?;
    let is_member = |id: Option<&PaperId>, title: &str| {
        found.query.liked.iter().any(|paper| match &paper.id {
            Some(own) => Some(own) == id,
            None => paper.title == title,
        })
    };
    let unresolved = unresolved_refs(searcher, profile)?;
    let mut ids = Vec::new();
    for entry in profile.history.iter().filter(|entry| entry.kind.counts_for() && entry.interest.is_none()) {
        let is_found = match unresolved.get(&entry.id) {
            Some(Some(PaperRef::Inline { title, .. })) => is_member(None, title),
            Some(Some(PaperRef::Id(id))) => is_member(Some(id), ""),
            Some(None) => false,
            None => searcher.library.lookup(&entry.id)?.is_some_and(|stored| is_member(Some(&stored.paper.id), "")),
        };
        if is_found {
            ids.push(entry.id.clone());
        }
    }
    Ok(ids)
}

/// The feed of a profile that never looked at one: to it all papers of the library are new, but those of the last days are
/// news, and the others are the best of the library.
struct FirstFeed {
    /// The first day of the new papers.
    start: Date,
    /// That there are no papers of the last days.
    note: Option<String>,
}

impl FirstFeed {
    /// `None` after the first look, for requests that choose days themselves, and for libraries without dates.
    fn new(
        library: &Library,
        profile: &Profile,
        options: &FeedOptions,
        scope: &RequestScope,
        today: Date,
    ) -> Result<Option<FirstFeed>> {
        let Request { published_after, published_before, .. } = options.request;
        let chooses_days = options.since.or(published_after).or(published_before).is_some();
        if chooses_days || scope.filter.added_after != Some(0) {
            return Ok(None);
        }
        let Some(newest) = library.newest_date()? else { return Ok(None) };
        let days_before = |day: Date| day.saturating_sub(Span::new().days(FIRST_FEED_DAYS - 1));
        // The last feed is that of the day of the look.
        let start = days_before(profile.last_seen_on.unwrap_or(today));
        if newest >= start {
            return Ok(Some(FirstFeed { start, note: None }));
        }
        let start = days_before(newest);
        let note = format!("no papers of the last {FIRST_FEED_DAYS} days: the newest are of {start} to {newest}");
        Ok(Some(FirstFeed { start, note: Some(note) }))
    }

    fn answer(self, request: &Request, ask: impl Fn(&Request) -> Result<Answer>) -> Result<Answer> {
        let mut answer = ask(&Request { published_after: Some(self.start), ..request.clone() })?;
        let places = request.result_count().saturating_sub(answer.results.len());
        if places > 0 {
            let (published_before, limit) = (self.start.yesterday().ok(), Some(places));
            let best = ask(&Request { published_before, limit, ..request.clone() })?;
            if !is_too_far(&best, request) {
                answer.best_of_library = best.results;
            }
            for (rank, result) in (answer.results.len() + 1..).zip(&mut answer.best_of_library) {
                result.rank = rank;
            }
        }
        if let Some(note) = self.note {
            add_note(&mut answer, note);
        }
        Ok(answer)
    }
}

/// Says something of an answer before what is said of it already, such as that there is no interest of a name.
fn add_note(answer: &mut Answer, note: String) {
    answer.note = Some(match answer.note.take() {
        Some(before) => format!("{note}; {before}"),
        None => note,
    });
}

/// Whether an answer has nothing but papers that are too far for the request.
fn is_too_far(answer: &Answer, request: &Request) -> bool {
    answer.nothing_close && request.min_relevance != Some(RelevanceWord::Far)
}

fn feed_request(
    searcher: &Searcher<'_>,
    profile: &Profile,
    options: &FeedOptions,
    today: Date,
) -> Result<(Request, RequestScope)> {
    let library = searcher.library;
    let unresolved = unresolved_refs(searcher, profile)?;
    let side = |keep: &dyn Fn(HistoryKind) -> bool| -> Vec<HistoryItem> {
        let entries: Vec<&HistoryEntry> = profile.history.iter().filter(|entry| keep(entry.kind)).collect();
        // The newest, which are last.
        entries[entries.len().saturating_sub(MAX_PROFILE_HISTORY)..]
            .iter()
            .filter_map(|&HistoryEntry { id, weight, at, interest, .. }| {
                let paper = unresolved.get(id).cloned().unwrap_or_else(|| Some(PaperRef::Id(id.clone())))?;
                Some(HistoryItem { paper, weight: *weight, at: Some(*at), interest: interest.clone() })
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
        min_relevance: options.request.min_relevance.or(Some(RelevanceWord::Related)),
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
/// id since, or else their text, if it is embedded already; else nothing, until it is.
fn unresolved_refs(searcher: &Searcher<'_>, profile: &Profile) -> Result<HashMap<PaperId, Option<PaperRef>>> {
    let library = searcher.library;
    let mut unresolved = HashMap::new();
    for paper in library.unresolved_papers(profile)? {
        if library.paper(&paper.id)?.is_some() {
            continue;
        }
        let copies = library.papers_titled(&paper.title)?;
        let copy = copies.into_iter().find(|stored| stored.paper.is_copy_of(&paper));
        let is_embedded = searcher.embeddings.get(TextSide::Document, &paper.document()).is_some();
        let (id, title, abstract_text) = (paper.id, paper.title, paper.abstract_text);
        let text = || is_embedded.then_some(PaperRef::Inline { title, abstract_text });
        unresolved.insert(id, copy.map(|stored| PaperRef::Id(stored.paper.id)).or_else(text));
    }
    Ok(unresolved)
}

fn nothing_new(profile: &Profile, options: &FeedOptions) -> String {
    match (options.since, profile.last_seen_on) {
        (_, Some(_)) if options.mode == FeedMode::Last => "the last feed has no papers that match".to_owned(),
        (Some(since), _) => format!("no unseen papers since {since}: `--again` shows the last feed"),
        (None, Some(day)) => {
            format!("nothing new since {day}: `--again` shows the last feed, `--since DATE` shows older papers")
        }
        (None, None) => "no papers to show: add papers with `paperkin add FILE`".to_owned(),
    }
}

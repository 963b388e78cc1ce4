//! Step 1 of a ranking: texts and ids of a request become embeddings, terms and rows of the index.

use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;

use jiff::civil::Date;

use super::Searcher;
use super::background::background;
use super::known_items::KnownItems;
use super::retrieve::MAX_QUERY_TERMS;
use super::signals::SignalTable;
use crate::encoder::TextSide;
use crate::error::Result;
use crate::lexical::{AnalyzedText, TermQuery};
use crate::library::{PaperFilter, StoredPaper};
use crate::paper::{PaperId, document};
use crate::recommend::{
    Background, HistoryItem, HistoryPaper, InterestShare, PaperRef, QueryText, Ranker, RankingWeights, Request,
    ResolvedQuery, Strategy, cluster_history, interest_label, normalize_weights, scattered_interests, time_decay,
};
use crate::text::script::is_unsegmented;
use crate::vector::RowBitmap;

/// Weights of recency and votes when they are all there is to rank by.
const COLD_START_WEIGHT: f32 = 1.0;
/// Candidates that are scored for each result that is asked for, and the fewest: of more papers, those that the index
/// finds near the query, and those that share most of its terms.
const CANDIDATE_POOL: (usize, usize) = (5, 100);
/// Characters of a text that is looked for in titles, at least: about a word.
const MIN_TITLE_CHARACTERS: usize = 2;
/// History papers that are named as reasons of one result.
const MAX_REASONS: usize = 3;

/// Which papers a request is about, beyond what it says itself.
#[derive(Default, PartialEq)]
pub(crate) struct RequestScope {
    /// Only papers that match.
    pub(crate) filter: PaperFilter,
    /// Papers that were shown before: what is similar to them is not novel.
    pub(crate) shown: Vec<PaperId>,
    /// Leave out the reasons.
    pub(crate) without_reasons: bool,
}

impl RequestScope {
    /// Whether the request alone decides the ranking.
    pub(super) fn is_default(&self) -> bool {
        *self == RequestScope::default()
    }
}

/// A request with its texts embedded and its ids looked up.
pub(super) struct ResolvedRequest<'r> {
    /// The request, for what needs no lookup.
    pub(super) request: &'r Request,
    /// One list of results is made for each, and the lists are interleaved.
    pub(super) queries: Vec<InterestQuery>,
    /// Ids and titles of the liked papers, in the order that reasons count them.
    pub(super) history: Vec<(Option<PaperId>, String)>,
    /// Rank exactly these rows.
    pub(super) candidates: Option<RowBitmap>,
    /// Keys of the papers that existed on the day of the answer; `None`: all.
    pub(super) known: Option<Vec<i64>>,
    /// Their rows.
    pub(super) known_rows: Option<RowBitmap>,
    /// Rows that pass the filters; `None`: all.
    pub(super) allowed: Option<RowBitmap>,
    /// Rows that are never returned.
    pub(super) excluded: RowBitmap,
    /// Rows that are returned only if the request names them as candidates: the history, and other records of its papers.
    pub(super) seen: RowBitmap,
    /// Rows of the history, and of other records of its papers.
    pub(super) history_rows: RowBitmap,
    /// Papers that the text names.
    pub(super) known_items: KnownItems,
    pub(super) signals: SignalTable,
    pub(super) background: Arc<Background>,
    pub(super) weights: RankingWeights,
    pub(super) today: Date,
    /// Candidates that are scored and selected from, at most.
    pub(super) pool: usize,
    pub(super) max_reasons: usize,
    pub(super) note: Option<String>,
    pub(super) not_found: Vec<String>,
}

/// A query for one list of results.
pub(super) struct InterestQuery {
    pub(super) query: ResolvedQuery,
    /// The interest that it stands for; `None` for the whole history.
    pub(super) interest: Option<InterestShare>,
    /// The index in [`ResolvedRequest::history`] of each liked paper.
    pub(super) members: Vec<usize>,
    /// See [`InterestQuery::term_queries`].
    term_queries: OnceCell<Vec<TermQuery>>,
}

impl InterestQuery {
    fn new(query: ResolvedQuery, interest: Option<InterestShare>, members: Vec<usize>) -> InterestQuery {
        InterestQuery { query, interest, members, term_queries: OnceCell::new() }
    }

    /// The terms that papers are found by: those of the text, if there is one, then those of the history, if there is one.
    pub(super) fn term_queries(&self, background: &Background) -> &[TermQuery] {
        let queries = || self.query.term_queries(MAX_QUERY_TERMS, |term| background.idf(term)).collect();
        self.term_queries.get_or_init(queries)
    }
}

impl ResolvedRequest<'_> {
    /// A ranker for each query.
    pub(super) fn rankers<'a>(&'a self) -> Vec<Ranker<'a>> {
        let ResolvedRequest { request, background, weights, today, .. } = self;
        let queries = self.queries.iter().map(|interest| &interest.query);
        Ranker::for_interests(background, queries, request.strategy, weights, *today)
    }
}

/// Looks up what a request names, as of a day.
///
/// # Errors
/// Errors of the library's file and, when a text has to be embedded, of the model.
pub(super) fn resolve<'r>(
    searcher: &Searcher<'_>,
    request: &'r Request,
    scope: &RequestScope,
    today: Date,
) -> Result<ResolvedRequest<'r>> {
    let Searcher { library, snapshot, .. } = searcher;
    let mut papers = HistoryLookup { searcher, request, today, found: Lookups::default() };
    let text = |text| Ok(QueryText::new(text, searcher.embed(TextSide::Query, text)?));
    let text = request.text.as_deref().map(text).transpose()?;
    let liked = papers.resolve(&request.positive)?;
    let disliked = papers.resolve(&request.negative)?.into();
    let Lookups { rows, titles, mut not_found } = papers.found;
    let query = ResolvedQuery { text, liked, disliked, ..ResolvedQuery::default() }.normalized();

    let known = library.matching_keys(&PaperFilter { published_before: request.as_of, ..PaperFilter::default() })?;
    let note = cold_start_note(request, &query);
    let (recency, votes) = match note {
        None if request.is_listing() => (COLD_START_WEIGHT, 0.0),
        Some(_) => (COLD_START_WEIGHT, COLD_START_WEIGHT),
        None => (request.recency, request.votes),
    };
    let filter = PaperFilter {
        published_after: request.published_after,
        published_before: request.published_before,
        categories: request.categories.clone(),
        sources: request.sources.clone(),
        authors: request.by.clone(),
        titles: request.titles.clone(),
        phrases: request.phrases.clone(),
        without: request.without.clone(),
        ..scope.filter.clone()
    };
    let background = background(searcher, known.as_deref())?;
    let allowed = library.matching_keys(&filter)?.map(|keys| snapshot.row_set(&keys));
    let excluded = rows_of_ids(searcher, &request.exclude, &mut Vec::new())?;
    let shown = rows_of_ids(searcher, &scope.shown, &mut Vec::new())?;
    let signals = SignalTable::read(searcher, &request.authors, recency > 0.0 || votes > 0.0, &shown)?;
    let candidates = request.candidates.as_ref().map(|ids| rows_of_ids(searcher, ids, &mut not_found)).transpose()?;
    let mut history_rows = rows;
    rows_of_titles(searcher, &titles)?.iter().for_each(|row| history_rows.insert(row));
    let mut seen = history_rows.clone();
    excluded.iter().for_each(|row| seen.insert(row));

    let history = query.liked.iter().map(|paper| (paper.id.clone(), paper.title.clone())).collect();
    let mut queries = queries(query, request, &background);
    let no_interest = request.interest.as_deref().and_then(|label| keep_interest(&mut queries, label));
    Ok(ResolvedRequest {
        request,
        queries,
        history,
        candidates,
        known_rows: known.as_deref().map(|keys| snapshot.row_set(keys)),
        known,
        allowed,
        excluded,
        seen,
        history_rows,
        known_items: KnownItems::from_titles(rows_titled_with(searcher, request)?),
        signals,
        background,
        weights: RankingWeights { recency, votes, ..searcher.weights.clone() },
        today,
        pool: (CANDIDATE_POOL.0 * request.result_count()).max(CANDIDATE_POOL.1),
        max_reasons: if scope.without_reasons { 0 } else { MAX_REASONS },
        note: note.or(no_interest),
        not_found,
    })
}

/// The interests of a request's history, named and found; one or none for a history of one subject.
///
/// # Errors
/// As [`resolve`].
pub(super) fn interests(searcher: &Searcher<'_>, request: &Request, today: Date) -> Result<Vec<InterestQuery>> {
    let mut papers = HistoryLookup { searcher, request, today, found: Lookups::default() };
    let liked = papers.resolve(&request.positive)?;
    let query = ResolvedQuery { liked, ..ResolvedQuery::default() }.normalized();
    let background = background(searcher, None)?;
    let request = Request { strategy: Strategy::Interests, ..Request::default() };
    Ok(queries(query, &request, &background))
}

/// A query for each interest of the history if the strategy asks for that or the history is scattered, else one for all of
/// it; or for the interest that the request names.
fn queries(mut query: ResolvedQuery, request: &Request, background: &Background) -> Vec<InterestQuery> {
    let interests = match request.strategy {
        _ if request.interest.is_some() && !query.liked.is_empty() => Some(cluster_history(&query.liked)),
        Strategy::Auto => scattered_interests(&query.liked, background),
        Strategy::Interests if query.liked.len() >= 2 => Some(cluster_history(&query.liked)),
        _ => None,
    };
    let Some(interests) = interests else {
        let members = (0..query.liked.len()).collect();
        return vec![InterestQuery::new(query, None, members)];
    };
    let weight = |papers: &[&HistoryPaper]| papers.iter().map(|paper| paper.weight).sum::<f32>();
    let whole = weight(&query.liked.iter().collect::<Vec<_>>());
    let share = |members: &Vec<usize>| {
        let papers: Vec<&HistoryPaper> = members.iter().map(|index| &query.liked[*index]).collect();
        InterestShare {
            label: interest_label(&papers, background),
            share: weight(&papers) / whole,
            is_named: papers.iter().any(|paper| paper.interest.is_some()),
        }
    };
    let shares: Vec<InterestShare> = interests.iter().map(share).collect();
    // Each paper is of one interest.
    let mut liked: Vec<Option<HistoryPaper>> = mem::take(&mut query.liked).into_iter().map(Some).collect();
    let interest_query = |(members, share): (Vec<usize>, InterestShare)| {
        let mut liked: Vec<HistoryPaper> = members.iter().filter_map(|index| liked[*index].take()).collect();
        normalize_weights(&mut liked);
        InterestQuery::new(ResolvedQuery { liked, ..query.clone() }, Some(share), members)
    };
    interests.into_iter().zip(shares).map(interest_query).collect()
}

/// Leaves the query for an interest; all of them if there is none of this label, with a note that says so.
fn keep_interest(queries: &mut Vec<InterestQuery>, label: &str) -> Option<String> {
    let interests = || queries.iter().filter_map(|query| query.interest.as_ref());
    if interests().any(|interest| interest.label == label) {
        queries.retain(|query| query.interest.as_ref().is_some_and(|interest| interest.label == label));
        return None;
    }
    let labels: Vec<String> = interests().map(|interest| format!("`{}`", interest.label)).collect();
    match labels.is_empty() {
        true => Some(format!("no interest `{label}`: the history is empty")),
        false => Some(format!("no interest `{label}`: these are for all, which are {}", labels.join(", "))),
    }
}

/// Looks up the papers of a history.
struct HistoryLookup<'s, 'a> {
    searcher: &'s Searcher<'a>,
    request: &'s Request,
    today: Date,
    found: Lookups,
}

/// What the lookups came to.
#[derive(Default)]
struct Lookups {
    rows: RowBitmap,
    titles: HashSet<String>,
    not_found: Vec<String>,
}

impl HistoryLookup<'_, '_> {
    fn resolve(&mut self, items: &[HistoryItem]) -> Result<Vec<HistoryPaper>> {
        // What was read later does not count yet.
        let counts = |item: &&HistoryItem| self.request.as_of.is_none() || item.at <= self.request.as_of;
        let decayed = |item: &HistoryItem| item.weight * time_decay(item.at, self.today, self.request.half_life_days);
        let weighted = merged(items.iter().filter(counts).map(|item| (item, decayed(item))));
        let mut found = Vec::with_capacity(weighted.len());
        for (item, weight) in weighted {
            match (self.paper(item)?, &item.paper) {
                (Some(paper), _) => found.push((paper, weight)),
                (None, PaperRef::Id(id)) => self.found.not_found.push(id.to_string()),
                (None, PaperRef::Inline { .. }) => {}
            }
        }
        let heaviest = found.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
        let scaled = |(paper, weight): (HistoryPaper, f64)| {
            // Only ratios matter, and an f32 has no place for the weight of what was read long ago.
            let weight = if heaviest > 0.0 { (weight / heaviest) as f32 } else { 1.0 };
            HistoryPaper { weight: weight.max(f32::MIN_POSITIVE), ..paper }
        };
        Ok(found.into_iter().map(scaled).collect())
    }

    /// A paper of the history, whose weight is not known yet.
    fn paper(&mut self, item: &HistoryItem) -> Result<Option<HistoryPaper>> {
        let Searcher { library, snapshot, .. } = self.searcher;
        library.check_canceled()?;
        let interest = item.interest.clone();
        let (key, id, title, document, embedding) = match &item.paper {
            PaperRef::Inline { title, abstract_text } => {
                let document = document(title, abstract_text);
                let embedding = self.searcher.embed(TextSide::Document, &document)?;
                (None, None, title.clone(), AnalyzedText::new(document), embedding)
            }
            PaperRef::Id(id) => {
                let stored = library.lookup(id)?;
                let found = stored.and_then(|stored| Some((snapshot.row(stored.key)?, stored)));
                let Some((row, StoredPaper { key, paper })) = found else {
                    return Ok(None);
                };
                self.found.rows.insert(row);
                let terms = self.searcher.terms()?;
                let document = match terms.index() {
                    Some(_) => AnalyzedText::with_terms(paper.document(), terms.terms(self.searcher, row)?),
                    None => AnalyzedText::new(paper.document()),
                };
                (Some(key), Some(paper.id), paper.title, document, snapshot.embedding(row)?)
            }
        };
        self.found.titles.insert(title.clone());
        Ok(Some(HistoryPaper { id, key, title, embedding, document, weight: 0.0, interest }))
    }
}

/// Items that name the same paper for the same interest as one, with the sum of their weights, in the order of the first.
fn merged<'i>(items: impl Iterator<Item = (&'i HistoryItem, f64)>) -> Vec<(&'i HistoryItem, f64)> {
    let mut places: HashMap<(&PaperRef, Option<&str>), usize> = HashMap::new();
    let mut merged: Vec<(&HistoryItem, f64)> = Vec::new();
    for (item, weight) in items {
        match places.entry((&item.paper, item.interest.as_deref())) {
            Entry::Occupied(place) => merged[*place.get()].1 += weight,
            Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push((item, weight));
            }
        }
    }
    merged
}

/// Rows of ids; ids that are not in the library go to `not_found`.
fn rows_of_ids(searcher: &Searcher<'_>, ids: &[PaperId], not_found: &mut Vec<String>) -> Result<RowBitmap> {
    let mut rows = RowBitmap::default();
    for id in ids {
        searcher.library.check_canceled()?;
        match searcher.library.lookup_key(id)?.and_then(|key| searcher.snapshot.row(key)) {
            Some(row) => rows.insert(row),
            None => not_found.push(id.to_string()),
        }
    }
    Ok(rows)
}

/// Rows of papers with one of these titles: other records of the same paper.
fn rows_of_titles(searcher: &Searcher<'_>, titles: &HashSet<String>) -> Result<RowBitmap> {
    let mut rows = RowBitmap::default();
    for title in titles.iter().filter(|title| !title.is_empty()) {
        searcher.library.check_canceled()?;
        let keys = searcher.library.keys_titled(title)?;
        keys.into_iter().filter_map(|key| searcher.snapshot.row(key)).for_each(|row| rows.insert(row));
    }
    Ok(rows)
}

/// Rows of the papers whose titles contain the text of a search, in a script without spaces between words. Models for
/// English know little of such texts, and their terms are short.
fn rows_titled_with(searcher: &Searcher<'_>, request: &Request) -> Result<RowBitmap> {
    let text = request.text.as_deref().unwrap_or_default();
    if !request.positive.is_empty() || text.chars().filter(|c| is_unsegmented(*c)).count() < MIN_TITLE_CHARACTERS {
        return Ok(RowBitmap::default());
    }
    Ok(searcher.snapshot.row_set(&searcher.library.keys_titled_with(text)?))
}

/// What the answer says when there is nothing that a paper could be similar to.
fn cold_start_note(request: &Request, query: &ResolvedQuery) -> Option<String> {
    if query.text.is_some() || !query.liked.is_empty() || request.is_listing() {
        return None;
    }
    let reason = match (request.positive.is_empty(), query.disliked.is_empty()) {
        (false, _) => "none of the history papers are available",
        (true, false) => "the history contains only disliked papers",
        (true, true) => "the reading history is empty",
    };
    Some(format!("{reason}: showing recent and popular papers instead"))
}

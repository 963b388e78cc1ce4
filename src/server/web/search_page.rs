//! Search: papers about a text, with filters.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::response::Response;

use super::facets::{Facet, facets};
use super::page_frame::{PageFrame, PageProblem, code_pieces, render_page};
use super::page_reader::PageReader;
use super::paper_card::{PaperCard, ReaderVotes, paper_cards};
use super::search_form::SearchForm;
use super::search_words::SearchWords;
use crate::engine::{Engine, TextEmbeddings};
use crate::paper::{Paper, PaperId};
use crate::present;
use crate::recommend::{Answer, Recommendation, RelevanceWord, Request};
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;

/// Papers on a page.
const PAGE_PAPERS: usize = 20;
/// Papers of the ranking that are counted, sorted and paged through.
const MAX_RESULTS: usize = 200;
/// Papers that are shown when all are far.
const NEAREST_SHOWN: usize = 3;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/search", RouteAccess::Profile(Scope::Read), search)
}

#[derive(Template)]
#[template(path = "search.html", config = "src/server/web/askama.toml")]
struct SearchPage {
    frame: PageFrame,
    back: String,
    form: SearchForm,
    /// The sources of the papers in the library.
    sources: Vec<String>,
    /// The number of papers in the library.
    papers: u64,
    found: Option<FoundPapers>,
}

/// What a search found.
struct FoundPapers {
    /// How many papers, in words: `120 papers, close or related`.
    count: String,
    /// What was done in place of what was asked: text, and whether it is code.
    note: Vec<(String, bool)>,
    /// An id that the library does not have, and that can be fetched.
    missing: Option<String>,
    nothing_close: bool,
    facets: Vec<Facet>,
    cards: Vec<PaperCard>,
    previous: Option<String>,
    next: Option<String>,
    /// Papers left out because they are far from the text, and the address that shows them.
    far: Option<(usize, String)>,
}

async fn search(
    State(app): State<AppState>,
    reader: PageReader,
    address: Uri,
    Query(form): Query<SearchForm>,
) -> Result<Response, PageProblem> {
    let request = form.request(MAX_RESULTS)?;
    let embedded = match &request {
        Some(request) => app.embed_request(request).await?,
        None => TextEmbeddings::default(),
    };
    let page = app.run(move |engine| {
        let votes = ReaderVotes::of(reader.profile_if_decided(engine)?.as_ref());
        let found = request.map(|request| FoundPapers::new(engine, &form, &request, &embedded, &votes)).transpose()?;
        Ok::<_, Problem>(SearchPage {
            frame: PageFrame { query: form.q.clone(), ..PageFrame::of_papers(&reader, engine, "search")? },
            back: address.to_string(),
            sources: engine.library().source_sizes()?.into_iter().map(|size| size.source).collect(),
            papers: engine.library().paper_count()?,
            found,
            form,
        })
    });
    render_page(&page.await?)
}

impl SearchPage {
    /// The address of this search in another order.
    fn sorted_by(&self, sort: &str) -> String {
        SearchForm { sort: sort.to_owned(), ..self.form.clone() }.address()
    }

    fn source_name(&self, source: &str) -> String {
        present::source_name(source)
    }
}

impl FoundPapers {
    fn new(
        engine: &Engine,
        form: &SearchForm,
        request: &Request,
        embedded: &TextEmbeddings,
        votes: &ReaderVotes,
    ) -> Result<FoundPapers, Problem> {
        let Answer { mut results, nothing_close, not_found, note, .. } = engine.recommend_with(request, embedded)?;
        let ranked = results.len();
        let nothing_close = nothing_close && !request.says_which_papers();
        match form.shows_far() || request.says_which_papers() {
            true => {}
            false if nothing_close => results.truncate(NEAREST_SHOWN),
            false => results.retain(|result| !is_far(result)),
        }
        let far = Some(ranked - results.len()).filter(|far| *far > 0);
        let far_form = SearchForm { far: "1".to_owned(), ..form.clone() };
        let papers: Vec<&Paper> = results.iter().map(|result| &*result.paper).collect();
        let facets = facets(form, request, &papers);
        let count = count_text(&results, ranked, nothing_close);
        if form.is_by_date() {
            // The sort is stable: papers of a day stay in their order.
            results.sort_by_key(|result| std::cmp::Reverse(result.paper.date()));
        }
        let pages = results.len().div_ceil(PAGE_PAPERS).max(1);
        let page = form.page_number().min(pages);
        let first = (page - 1) * PAGE_PAPERS;
        let of_page = results.into_iter().skip(first).take(PAGE_PAPERS).collect();
        let words = [&request.titles, &request.phrases].into_iter().flatten().map(String::as_str);
        let words = SearchWords::new(words.chain(request.text.as_deref()));
        let missing = not_found.into_iter().find(|id| PaperId::parse(id).is_ok_and(|id| id.is_fetchable()));
        Ok(FoundPapers {
            count,
            note: code_pieces(note.as_deref().unwrap_or_default()),
            missing,
            nothing_close,
            facets,
            cards: paper_cards(of_page, votes, Some((&form.q, &words)), first + 1),
            previous: (page > 1).then(|| form.address_of(page - 1)),
            next: (page < pages).then(|| form.address_of(page + 1)),
            far: far.map(|count| (count, far_form.address())),
        })
    }
}

fn is_far(result: &Recommendation) -> bool {
    result.relevance.is_some_and(|relevance| relevance.word == RelevanceWord::Far)
}

/// How many papers were found; beyond [`MAX_RESULTS`] nobody counts.
fn count_text(results: &[Recommendation], ranked: usize, nothing_close: bool) -> String {
    let papers = match results.len() {
        1 => "1 paper".to_owned(),
        count if count == ranked && count == MAX_RESULTS => format!("The first {count} papers"),
        count => format!("{count} papers"),
    };
    let is_judged = results.iter().any(|result| result.relevance.is_some());
    match is_judged && !nothing_close && !results.iter().any(is_far) {
        true => format!("{papers}, close or related"),
        false => papers,
    }
}

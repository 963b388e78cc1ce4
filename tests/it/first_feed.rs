//! The first feed of a profile: news, and the best of what was there before; then only what is new.

use paperkin::engine::{FeedMode, FeedOptions};
use paperkin::library::{HistoryEntry, HistoryKind};
use paperkin::recommend::Answer;
use paperkin::{Clock, Engine, EngineOptions, LibraryLocation, PaperId, Request};

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::support::sandbox::Sandbox;
use crate::support::walking_papers::walking_papers;

const TODAY: Date = date(2026, 3, 31);

/// A library with 20 papers on one subject, one each third day up to a last one, and a profile that likes the oldest.
fn engine(sandbox: &Sandbox, last: Date) -> Engine {
    sandbox.run(&["add", &sandbox.file("papers.jsonl", walking_papers(20, last, 1.0 / 3.0))]);
    let mut options = EngineOptions::new(LibraryLocation::Existing(sandbox.location()));
    options.clock = Clock::Fixed(TODAY);
    let mut engine = Engine::open(options).unwrap();
    let liked = HistoryEntry::new(PaperId::parse("walk-19").unwrap(), HistoryKind::Like, TODAY);
    engine.add_to_history("me", &[liked]).unwrap();
    engine
}

fn options(mode: FeedMode, limit: usize) -> FeedOptions {
    FeedOptions { mode, backfill: true, request: Request::default().limit(limit), ..FeedOptions::default() }
}

fn ids<'a>(results: impl IntoIterator<Item = &'a paperkin::recommend::Recommendation>) -> Vec<String> {
    let mut ids: Vec<String> = results.into_iter().map(|result| result.paper.id.to_string()).collect();
    ids.sort();
    ids
}

fn names(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut names: Vec<String> = numbers.into_iter().map(|number| format!("walk-{number}")).collect();
    names.sort();
    names
}

#[test]
fn a_first_feed_has_the_news_and_the_best_of_the_rest() {
    let sandbox = Sandbox::new();
    let mut engine = engine(&sandbox, TODAY);
    let first: Answer = engine.feed("me", &options(FeedMode::New, 8)).unwrap();
    assert_eq!(ids(&first.results), names(0..=4), "the last 14 days");
    assert_eq!((first.best_of_library.len(), first.note), (3, None));
    assert!(first.best_of_library.iter().all(|result| result.paper.published < Some(TODAY - 13.days())));
    let ranks: Vec<usize> = first.results.iter().chain(&first.best_of_library).map(|result| result.rank).collect();
    assert_eq!(ranks, (1..=8).collect::<Vec<_>>());

    let again = engine.feed("me", &options(FeedMode::Last, 8)).unwrap();
    assert_eq!(ids(&again.results), names(0..=4), "the last feed is the first");

    // Nothing is new: what there was no room for comes, each once.
    let second = engine.feed("me", &options(FeedMode::New, 100)).unwrap();
    assert_eq!(second.note.as_deref(), Some("nothing new: these are papers that earlier feeds had no room for"));
    let shown = [ids(&first.results), ids(&first.best_of_library), ids(&second.results)].concat();
    assert_eq!(shown.len(), 19, "all but the liked one: {shown:?}");
    let third = engine.feed("me", &options(FeedMode::New, 100)).unwrap();
    assert!(third.results.is_empty() && third.note.unwrap().starts_with("nothing new since 2026-03-31"));
}

#[test]
fn an_old_library_says_how_old_its_news_are() {
    let sandbox = Sandbox::new();
    let mut engine = engine(&sandbox, date(2025, 6, 30));
    let first = engine.feed("me", &options(FeedMode::Peek, 8)).unwrap();
    assert_eq!(ids(&first.results), names(0..=4));
    assert_eq!(
        first.note.as_deref(),
        Some("no papers of the last 14 days: the newest are of 2025-06-17 to 2025-06-30")
    );
    // Whoever names days gets these.
    let mut since = options(FeedMode::Peek, 100);
    since.since = Some(date(2025, 1, 1));
    assert_eq!(engine.feed("me", &since).unwrap().results.len(), 19);
}

#[test]
fn a_digest_is_no_look() {
    let sandbox = Sandbox::new();
    let mut engine = engine(&sandbox, TODAY);
    let peek = engine.feed("me", &options(FeedMode::Peek, 8)).unwrap();
    let papers: Vec<PaperId> = peek.all_results().map(|result| result.paper.id.clone()).collect();
    engine.record_digest("me", &papers).unwrap();
    assert_eq!(engine.feed("me", &options(FeedMode::Peek, 8)).unwrap().results, peek.results);
    assert_eq!(ids(peek.all_results()), {
        let mut of_digest: Vec<String> = engine.digest_papers("me").unwrap().iter().map(ToString::to_string).collect();
        of_digest.sort();
        of_digest
    });
}

#[test]
fn a_feed_of_another_subject_says_that_nothing_is_close() {
    let sandbox = Sandbox::new();
    let mut engine = engine(&sandbox, TODAY);
    let pie = r#"{"id":"pie","title":"Apple pie with cinnamon","abstract":"Bake the apples slowly.","published":"2025-01-01"}"#;
    engine.add_file(sandbox.file("pie.jsonl", pie)).unwrap();
    let liked = HistoryEntry::new(PaperId::parse("pie").unwrap(), HistoryKind::Like, TODAY);
    engine.add_to_history("cook", &[liked]).unwrap();
    let feed = engine.feed("cook", &options(FeedMode::Peek, 8)).unwrap();
    assert_eq!((feed.nothing_close, feed.results.len(), feed.best_of_library.len()), (true, 3, 0));
    assert_eq!(feed.note.as_deref(), Some("nothing close among the new papers; nearest:"));
}

#[test]
fn the_terminal_tells_them_apart() {
    let sandbox = Sandbox::new();
    drop(engine(&sandbox, date(2025, 6, 30)));
    let run = sandbox.run(&["feed", "--profile", "me", "-n", "8"]);
    assert!(run.err.starts_with("note: no papers of the last 14 days: the newest are of 2025-06-17"), "{}", run.err);
    let (news, best) = run.out.split_once("\nBest of your library\n").expect("a heading");
    assert_eq!((news.matches(" · walk-").count(), best.matches(" · walk-").count()), (5, 3), "{}", run.out);
}

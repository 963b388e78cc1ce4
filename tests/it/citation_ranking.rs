//! Citation links find papers and raise them, for reasons that are shown; without links, nothing changes.

use std::fs;

use jiff::civil::date;
use paperkin::evaluate::SplitMix64;
use paperkin::library::{Library, PaperChange};
use paperkin::paper::WorkName;
use paperkin::recommend::{CitationCounts, HistoryItem, Recommendation};
use paperkin::{Engine, EngineOptions, LibraryLocation, PaperId, Request};

use crate::support::made_up;
use crate::support::sandbox::Sandbox;

const DIMENSION: usize = 24;
const PAPERS: usize = 300;

fn id(number: usize) -> PaperId {
    PaperId::parse(&format!("p{number}")).unwrap()
}

fn names(links: &[(usize, usize)]) -> Vec<(WorkName, WorkName)> {
    let name = |number: usize| WorkName::from_id(id(number));
    links.iter().map(|(citing, cited)| (name(*citing), name(*cited))).collect()
}

/// Papers whose embeddings are made up, the paper `n` of the day `n` of the year 2000 or of those that follow.
fn library(sandbox: &Sandbox, links: &[(usize, usize)]) -> Library {
    let mut random = SplitMix64::new(11);
    let mut library = Library::create(&sandbox.location()).unwrap();
    let changes: Vec<_> = (0..PAPERS)
        .map(|number| {
            let mut paper = made_up::paper(&format!("p{number}"), &format!("subject{number} paper"));
            paper.published = Some(date(2000, 1, 1).saturating_add(jiff::Span::new().days(number as i64)));
            (PaperChange::New(paper.into()), Some(made_up::embedding(&mut random, DIMENSION)))
        })
        .collect();
    library.write(&made_up::model(DIMENSION), &changes).unwrap();
    library.write_links(&names(links)).unwrap();
    library
}

fn engine(sandbox: &Sandbox) -> Engine {
    Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap()
}

fn similar(sandbox: &Sandbox, request: Request) -> Vec<Recommendation> {
    engine(sandbox).recommend(&request).unwrap().results
}

/// The 10 best for a reader of the papers 0 and 1.
fn request() -> Request {
    let positive = vec![HistoryItem::id(id(0)), HistoryItem::id(id(1))];
    Request { positive, limit: Some(10), ..Request::default() }
}

/// What is compared of answers: ids and scores.
fn ranking(results: &[Recommendation]) -> Vec<(String, f32)> {
    results.iter().map(|result| (result.paper.id.to_string(), result.score)).collect()
}

/// The papers 200 to 209 cite the papers 0 and 100.
fn cocitations() -> Vec<(usize, usize)> {
    (200..210).flat_map(|citing| [(citing, 0), (citing, 100)]).collect()
}

fn found(results: &[Recommendation], number: usize) -> &Recommendation {
    results.iter().find(|result| result.paper.id == id(number)).unwrap_or_else(|| panic!("no p{number} in {results:?}"))
}

#[test]
fn papers_that_are_cited_together_are_found_with_the_reason() {
    let sandbox = Sandbox::new();
    library(&sandbox, &cocitations());
    let results = similar(&sandbox, request());
    assert_eq!(results[0].paper.id, id(100));
    assert!(results[0].breakdown.citations > 0.0);
    assert!((results[0].breakdown.total() - results[0].score).abs() < 1e-6);
    let reason = &results[0].reasons[0];
    assert_eq!(reason.id, Some(id(0)));
    assert_eq!(reason.citations, Some(CitationCounts { cocited_by: 10, ..CitationCounts::default() }));
}

#[test]
fn shared_references_and_direct_citations_are_reasons() {
    let sandbox = Sandbox::new();
    // The paper 0 cites 50, and has five references in common with 60, which cites it.
    let shared = (70..75).flat_map(|reference| [(0, reference), (60, reference)]);
    let links: Vec<(usize, usize)> = shared.chain([(0, 50), (60, 0)]).collect();
    library(&sandbox, &links);
    let results = similar(&sandbox, Request { candidates: Some(vec![id(50), id(60)]), ..Request::like(id(0)) });
    let reason = |number| found(&results, number).reasons.iter().find(|reason| reason.id == Some(id(0))).unwrap();
    let coupled = CitationCounts { shared_references: 5, cites: true, ..CitationCounts::default() };
    assert_eq!(reason(60).citations, Some(coupled));
    assert_eq!(reason(50).citations, Some(CitationCounts { cited: true, ..CitationCounts::default() }));
}

#[test]
fn without_links_nothing_changes() {
    let (linked, plain) = (Sandbox::new(), Sandbox::new());
    library(&linked, &[]);
    library(&plain, &cocitations());
    let mut options = EngineOptions::new(LibraryLocation::Existing(plain.location()));
    options.weights.citations = 0.0;
    let texts = Engine::open(options).unwrap().recommend(&request()).unwrap().results;
    assert_eq!(ranking(&similar(&linked, request())), ranking(&texts));
}

#[test]
fn a_paper_that_everybody_cites_is_not_near_to_all() {
    let sandbox = Sandbox::new();
    // The paper 150 is cited by 90 papers, five of which cite the paper 0; these cite 100 too, which nobody else does.
    let popular = (200..290).map(|citing| (citing, 150));
    let links: Vec<(usize, usize)> =
        popular.chain((200..205).flat_map(|citing| [(citing, 0), (citing, 100)])).collect();
    library(&sandbox, &links);
    let results = similar(&sandbox, request());
    assert_eq!(results[0].paper.id, id(100));
    let popular = results.iter().find(|result| result.paper.id == id(150));
    assert!(popular.is_none_or(|popular| popular.breakdown.citations < results[0].breakdown.citations));
}

#[test]
fn later_papers_are_not_looked_at() {
    let as_of = date(2000, 1, 1).saturating_add(jiff::Span::new().days(203));
    let request = Request { as_of: Some(as_of), ..request() };
    let (all, earlier) = (Sandbox::new(), Sandbox::new());
    library(&all, &cocitations());
    let known: Vec<(usize, usize)> = cocitations().into_iter().filter(|(citing, _)| *citing <= 203).collect();
    library(&earlier, &known);
    let answer = similar(&all, request.clone());
    assert_eq!(ranking(&answer), ranking(&similar(&earlier, request)));
    assert!(found(&answer, 100).breakdown.citations > 0.0);
}

#[test]
fn order_of_links_and_histories_does_not_matter() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    library(&one, &cocitations());
    let mut reversed = cocitations();
    reversed.reverse();
    library(&other, &reversed);
    let turned = Request { positive: request().positive.into_iter().rev().collect(), ..request() };
    let answer = ranking(&similar(&one, request()));
    assert_eq!(answer, ranking(&similar(&one, turned)));
    // Works have other numbers, and sums another order.
    for (expected, found) in answer.iter().zip(ranking(&similar(&other, request()))) {
        assert!(expected.0 == found.0 && (expected.1 - found.1).abs() < 1e-5, "{expected:?} {found:?}");
    }
}

#[test]
fn links_are_found_in_a_file_and_without_it() {
    let sandbox = Sandbox::new();
    let mut library = library(&sandbox, &cocitations());
    // Enough works for a file: a chain that has nothing to do with the papers.
    let chain: Vec<(WorkName, WorkName)> = (0..210_000)
        .map(|number| {
            let name = |number: usize| WorkName::from_id(PaperId::parse(&format!("w{number}")).unwrap());
            (name(number), name(number + 1))
        })
        .collect();
    library.write_links(&chain).unwrap();
    let in_memory = ranking(&similar(&sandbox, request()));
    assert_eq!(in_memory[0].0, "p100");
    engine(&sandbox).update_index(|_| |_| ()).unwrap();
    let file = sandbox.library().join("index/citations");
    let sound = fs::read(&file).unwrap();
    assert_eq!(ranking(&similar(&sandbox, request())), in_memory);

    // What came since is found beside the file.
    library
        .write_links(&names(&(220..260).flat_map(|citing| [(citing, 1), (citing, 120)]).collect::<Vec<_>>()))
        .unwrap();
    let grown = similar(&sandbox, request());
    assert_eq!(found(&grown, 120).reasons[0].citations.unwrap().cocited_by, 40);

    // A file that is cut or damaged is not believed.
    for damaged in [&sound[..sound.len() / 2], &[&sound[..300], &[0xff; 64], &sound[364..]].concat()] {
        fs::write(&file, damaged).unwrap();
        assert_eq!(ranking(&similar(&sandbox, request())), ranking(&grown));
        assert!(!file.exists());
    }
}

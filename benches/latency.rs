//! How long does a running process take to answer? Prints the median and the 90th percentile, in milliseconds, of questions
//! to a library: papers like one paper, papers about a text, recommendations for a history of 100 papers. One thread; the
//! first answer, which reads what the others find read, is counted apart.
//!
//! `cargo bench --bench latency -- LIBRARY [COUNT [similar|search|recommend]]`

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use paperkin::recommend::HistoryItem;
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, Request};

mod support;

/// As the command line has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Papers of a history.
const HISTORY: usize = 100;

fn main() -> Result<()> {
    let words = support::arguments();
    let Some(library) = words.first() else {
        support::print_usage("latency", "LIBRARY [COUNT [similar|search|recommend]]");
        return Ok(());
    };
    let count = words.get(1).map_or(Ok(200), |count| count.parse()).context("COUNT is a number")?;
    let is_asked = |what: &str| words.get(2).is_none_or(|only| only == what);
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(PathBuf::from(library))))?;
    let all = support::papers(&engine)?;
    let step = (all.len() / (count * 2)).max(1);
    let asked: Vec<&Paper> = all.iter().step_by(step).take(count).collect();

    if is_asked("similar") {
        measure("similar", &asked, |paper| engine.similar(paper.id.as_str()).map(drop));
    }
    if is_asked("search") {
        let requests: Vec<Request> = asked.iter().map(|paper| Request::text(&paper.title)).collect();
        let embeddings = engine.embed_requests(&requests)?;
        let search = |paper: &Paper| {
            let request = Request { text: Some(paper.title.clone()), ..Request::default() };
            engine.recommend_with(&request, &embeddings).map(drop)
        };
        measure("search, encoding apart", &asked, search);
    }
    if is_asked("recommend") {
        let recommend = |paper: &Paper| {
            // A hundred papers beside each other in the library, which have little in common.
            let place =
                all.iter().position(|other| other.id == paper.id).unwrap_or(0).min(all.len().saturating_sub(HISTORY));
            let history = all[place..].iter().take(HISTORY).map(|paper| HistoryItem::id(paper.id.clone()));
            let request = Request { positive: history.collect(), ..Request::default() };
            engine.recommend(&request).map(drop)
        };
        measure("recommend, 100 papers", &asked[..asked.len().min(50)], recommend);
    }
    Ok(())
}

fn measure(what: &str, asked: &[&Paper], ask: impl Fn(&Paper) -> paperkin::Result<()>) {
    let time = |paper: &&Paper| {
        let start = Instant::now();
        ask(paper).expect("an answer");
        start.elapsed().as_secs_f64() * 1e3
    };
    let Some((first, others)) = asked.split_first() else { return };
    let first = time(first);
    let mut times: Vec<f64> = others.iter().map(time).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| support::quantile(&times, share).unwrap_or(first);
    println!("{what:24} first {first:7.1}  median {:7.2}  90% {:7.2}", at(0.5), at(0.9));
}

//! The crate in another program: open a library, add papers, ask, print.
//!
//! `cargo run --release --example quickstart`

use std::path::{Path, PathBuf};

use paperkin::{Engine, EngineOptions, LibraryLocation, Request, formats};

fn main() -> paperkin::Result<()> {
    let folder = PathBuf::from("target/quickstart");
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Create(folder)))?;

    let papers = formats::open(Path::new("examples/daily-papers.txt"), None)?;
    let added = engine.add(papers, &|_| ())?;
    println!("{} new papers\n", added.changes.new);

    let today = jiff::civil::date(2026, 1, 1);
    let request =
        Request { text: Some("robots that learn from videos".to_owned()), limit: Some(3), ..Request::default() };
    let answer = engine.recommend(&request, today)?;
    for result in &answer.results {
        println!("{:.3}  {}", result.score, result.paper.title);
    }

    let liked = &answer.results[0].paper;
    println!("\nlike {}", liked.title);
    for result in engine.similar(liked.id.as_str(), &Request::default(), today)?.results.iter().take(3) {
        println!("{:.3}  {}", result.score, result.paper.title);
    }
    Ok(())
}

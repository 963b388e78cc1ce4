//! Opens a library, adds papers, and prints recommendations.
//!
//! `cargo run --release --example quickstart`

use paperkin::{Engine, EngineOptions, LibraryLocation, Request};

fn main() -> paperkin::Result<()> {
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Create("target/quickstart".into())))?;

    // The format of the file is detected: here, the text of a copied web page.
    let added = engine.add_file("examples/daily-papers.txt")?;
    println!("{} new papers\n", added.changes.new);

    let answer = engine.recommend(&Request::text("robots that learn from videos").limit(3))?;
    for result in &answer.results {
        println!("{:.3}  {}", result.score, result.paper.title);
    }

    let liked = &answer.results[0].paper;
    println!("\nlike {}", liked.title);
    for result in engine.recommend(&Request::like(liked.id.clone()).limit(3))?.results {
        println!("{:.3}  {}", result.score, result.paper.title);
    }
    Ok(())
}

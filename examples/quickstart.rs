//! Opens a library, adds papers, and prints recommendations.
//!
//! `cargo run --release --example quickstart`

use paperkin::{Engine, EngineOptions, LibraryLocation, Request, Result};

fn main() -> Result<()> {
    // A library is a directory: one SQLite file, and an index that can be built again. This one is created.
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Create("target/quickstart".into())))?;

    // The format of the file is detected: here, the text of a copied web page. Each paper is embedded once, so that the
    // second run of this program is fast.
    let added = engine.add_file("examples/daily-papers.txt")?;
    println!("{} new papers, {} that were there\n", added.changes.new, added.changes.unchanged);

    // Search by meaning. Scores are percentiles: 0.95 is above 95% of all papers, for every text.
    let text = "robots that learn from videos";
    let answer = engine.recommend(&Request::text(text).limit(3))?;
    println!("about {text:?}");
    for result in &answer.results {
        println!("  {:.3}  {}", result.score, result.paper.title);
    }

    // More like a paper, and unlike another.
    let (liked, disliked) = (&answer.results[0].paper, &answer.results[2].paper);
    println!("\nlike {:?}\nunlike {:?}", liked.title, disliked.title);
    let request = Request::like(liked.id.clone()).and_dislike(disliked.id.clone()).limit(3);
    for result in engine.recommend(&request)?.results {
        println!("  {:.3}  {}", result.score, result.paper.title);
    }
    Ok(())
}

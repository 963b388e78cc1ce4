//! Compares a collection with itself: its groups, what is near to what, and what is there twice.
//!
//! `cargo run --release --example report`

use paperkin::engine::PaperSelection;
use paperkin::report::{Report, ReportOptions};
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, PaperId, Result};

/// Neighbors of each paper.
const NEIGHBORS: usize = 3;
/// Cosine from which on two papers are reported as near-duplicates.
const DUPLICATE_THRESHOLD: f32 = 0.9;

fn main() -> Result<()> {
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory))?;
    engine.add_file("examples/daily-papers.txt")?;

    // A preprint that was announced twice, under two titles.
    let first = engine.find("Kitchen Hands: Learning Bimanual Manipulation from Unscripted Cooking")?.paper;
    let title = "Kitchen Hands: Bimanual Manipulation from Cooking Videos".to_owned();
    let second = Paper { id: PaperId::from_text("workshop version"), title, ..first };
    engine.add([Ok(second)])?;

    let options = ReportOptions { neighbors: NEIGHBORS, threshold: DUPLICATE_THRESHOLD, ..ReportOptions::default() };
    let report = Report::new(engine.collection(&PaperSelection::default(), &|_| ())?, &options, &|_| ());
    for finding in &report.findings {
        println!("{finding}");
    }
    println!("\nneighbors:");
    let title = |paper: u32| &report.papers[paper as usize].title;
    for paper in 0..5 {
        println!("{}", title(paper));
        for (neighbor, cosine) in report.neighbors.of(paper as usize).take(NEIGHBORS) {
            println!("  {cosine:.3}  {}", title(neighbor));
        }
    }
    println!("\nthe same paper, or nearly:");
    for pair in report.duplicates.iter().flat_map(|group| &group.pairs) {
        println!("  {} {:.3}  {}\n         {}", pair.reason, pair.score, title(pair.one), title(pair.other));
    }
    Ok(())
}

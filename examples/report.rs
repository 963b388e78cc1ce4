//! Compares a collection with itself: what lies close to what, and what is there twice.
//!
//! `cargo run --release --example report`

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

    let report = engine.report(NEIGHBORS, DUPLICATE_THRESHOLD, &|_| ())?;
    println!("{} papers, compared with the {} index\n", report.entries.len(), report.manifest.index);
    for entry in report.entries.iter().take(5) {
        println!("{}", entry.title);
        for neighbor in &entry.neighbors {
            println!("  {:.3}  {}", neighbor.score, neighbor.title);
        }
    }
    println!("\nnear-duplicates:");
    for pair in &report.duplicates {
        println!("  {:.3}  {}\n         {}", pair.score, pair.title, pair.other_title);
    }
    Ok(())
}

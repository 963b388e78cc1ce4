//! Keeps a reading history and asks for the feed that follows from it.
//!
//! `cargo run --release --example history_and_feed`

use paperkin::engine::{FeedMode, FeedOptions};
use paperkin::jiff::civil::date;
use paperkin::library::{HistoryEntry, HistoryKind};
use paperkin::{Clock, Engine, EngineOptions, LibraryLocation, Request, Result};

fn main() -> Result<()> {
    // The library is gone with the program, and it is always the same day: the output is too.
    let mut options = EngineOptions::new(LibraryLocation::Memory);
    let today = date(2026, 3, 10);
    options.clock = Clock::Fixed(today);
    let mut engine = Engine::open(options)?;
    engine.add_file("examples/daily-papers.txt")?;

    // A history belongs to a profile. What was liked or saved counts for a paper, what was disliked against it.
    let mut history = Vec::new();
    for (title, kind) in [
        ("Kitchen Hands: Learning Bimanual Manipulation from Unscripted Cooking", HistoryKind::Like),
        ("How Few Instructions Are Enough? A Budget Study of Supervised Finetuning", HistoryKind::Save),
        ("Room Tone: Separating Voices by the Places They Stand In", HistoryKind::Dislike),
    ] {
        let paper = engine.find(title)?.paper;
        history.push(HistoryEntry::new(paper.id, kind, today));
    }
    engine.add_to_history("me", &history)?;

    // What is new for the profile, best first. Here all papers are: nothing was shown yet.
    let options = FeedOptions { request: Request::default().limit(4), ..FeedOptions::default() };
    let feed = engine.feed("me", &options)?;
    println!("for me, on {today}:");
    for result in &feed.results {
        println!("  {:.3}  {}", result.score, result.paper.title);
        // Reasons: the papers of the history that the score comes from.
        if let Some(reason) = result.reasons.first() {
            println!("         near {:?}", reason.title);
        }
    }

    // The feed was recorded as seen. `Peek` looks at what is next without recording it.
    let next = engine.feed("me", &FeedOptions { mode: FeedMode::Peek, ..options })?;
    println!("\nnext: {}", next.note.as_deref().unwrap_or("more papers"));
    for result in &next.results {
        println!("  {:.3}  {}", result.score, result.paper.title);
    }
    Ok(())
}

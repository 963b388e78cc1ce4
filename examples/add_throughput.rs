//! How fast do papers come in, without their embeddings? Prints papers a second: read from a file, and read and stored
//! with their words in a library that is thrown away. One thread.
//!
//! `cargo run --release --example add_throughput -- FILE`

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use paperkin::Embedding;
use paperkin::formats;
use paperkin::library::{Library, PaperChange, StoredModel};

/// As the command line has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Papers of one transaction: as many as a block of the words has.
const BATCH: usize = 8192;

fn main() -> Result<()> {
    let file = std::env::args().nth(1).context("give a file of papers")?;
    let open = || formats::open(Path::new(&file), None);
    let start = Instant::now();
    let count = open()?.filter(Result::is_ok).count();
    report("read", count, start);

    let folder = tempfile::tempdir()?;
    let mut library = Library::create(folder.path())?;
    let model = StoredModel::new("none", &"0".repeat(64), 1);
    let start = Instant::now();
    let mut papers = open()?.filter_map(Result::ok).peekable();
    while papers.peek().is_some() {
        let batch = papers.by_ref().take(BATCH).map(|paper| library.plan_upsert(paper));
        let batch: Vec<(PaperChange, Option<Embedding>)> =
            batch.map(|change| Ok((change?, None))).collect::<paperkin::Result<_>>()?;
        library.write(&model, &batch)?;
    }
    report("read and stored", count, start);
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
    println!("memory at most: {}", most.unwrap_or("not known"));
    Ok(())
}

fn report(what: &str, count: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {count} papers in {seconds:.1} s, {:.0} papers/s", count as f64 / seconds);
}

//! How fast do papers come in, without their embeddings? Prints papers a second: read from a file, and read and stored
//! with their words in a library that is thrown away. One thread.
//!
//! `cargo bench --bench add_throughput -- FILE`

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use paperkin::Embedding;
use paperkin::formats;
use paperkin::library::{Library, PaperChange, StoredModel};

mod support;

/// As the command line has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Papers of one transaction: as many as a block of the words has.
const BATCH: usize = 8192;

fn main() -> Result<()> {
    let [file] = &support::arguments()[..] else {
        support::print_usage("add_throughput", "FILE");
        return Ok(());
    };
    let open = || formats::open(Path::new(file), None);
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
    let peak = support::memory_mib("self", "VmHWM").map_or("not known".to_owned(), |peak| format!("{peak} MiB"));
    println!("peak memory: {peak}");
    Ok(())
}

fn report(what: &str, count: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {count} papers in {seconds:.1} s, {:.0} papers/s", count as f64 / seconds);
}

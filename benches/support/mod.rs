//! What the measuring programs have in common. `cargo bench` runs them all: without what they measure on, each prints how
//! it is used and ends.

// Each program uses a part.
#![allow(dead_code)]

use std::path::Path;

use anyhow::{Context, Error, Result};
use paperkin::vector::EmbeddingMatrix;
use paperkin::{Engine, Paper};

/// Returns the arguments after `cargo bench --bench NAME --`. Cargo adds `--bench` to them.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|word| word != "--bench").collect()
}

/// Prints how a program is used, which is no failure: `cargo bench` alone gives no arguments.
pub(crate) fn print_usage(name: &str, arguments: &str) {
    eprintln!("{name}: cargo bench --bench {name} -- {arguments}");
}

/// Reads a file of little-endian f32 unit vectors, row after row, as `paperkin embed` writes them.
pub(crate) fn read_vectors(path: &str, dimension: usize) -> Result<EmbeddingMatrix> {
    let bytes = std::fs::read(path).with_context(|| path.to_owned())?;
    EmbeddingMatrix::from_le_bytes(dimension, &bytes).map_err(Error::msg).with_context(|| path.to_owned())
}

/// Returns all papers of a library, in the order in which they came.
pub(crate) fn papers(engine: &Engine) -> Result<Vec<Paper>> {
    let mut papers = Vec::new();
    engine.library().for_each_paper(|stored| {
        papers.push(stored.paper);
        Ok(())
    })?;
    Ok(papers)
}

/// Returns the memory of a process that a line of Linux' /proc tells, in MiB: `VmHWM` is the peak of its resident set.
pub(crate) fn memory_mib(process: &str, line: &str) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process).join("status")).ok()?;
    let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
    Some(value.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}

/// Returns the value at a quantile of sorted values.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    sorted.get((sorted.len() as f64 * share) as usize).copied()
}

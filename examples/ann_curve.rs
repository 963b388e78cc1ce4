//! How well and how fast does each index find the ten nearest rows?
//!
//! Files of little-endian f32 unit vectors, row after row, as `paperkin embed` writes them. Prints one JSON line for each
//! index: recall@10 against the exact scan, queries per second (one thread, one query at a time), seconds to build.
//!
//! `cargo run --release --example ann_curve -- BASE.f32 QUERIES.f32 [--dim 384]`

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Error, Result};
use paperkin::index::{Hit, Index, IndexKind};
use paperkin::vector::Vectors;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [base, queries, rest @ ..] = &words[..] else { anyhow::bail!("give BASE.f32 and QUERIES.f32") };
    let dimension = match rest {
        [] => 384,
        [option, value] if option == "--dim" => value.parse().context("--dim needs a number")?,
        _ => anyhow::bail!("unknown: {rest:?}"),
    };
    let base = Arc::new(read(base, dimension)?);
    let queries = read(queries, dimension)?;

    let mut truth: Option<Vec<Vec<Hit>>> = None;
    for kind in [IndexKind::Exact, IndexKind::Hnsw] {
        let start = Instant::now();
        let index = Index::build(base.clone(), kind, queries.len());
        let build = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let found: Vec<Vec<Hit>> = queries.rows().map(|query| index.nearest(query, 10, None)).collect();
        let seconds = start.elapsed().as_secs_f64();
        let truth = truth.get_or_insert_with(|| found.clone());
        let hits = found.iter().zip(truth.iter()).map(|(found, truth)| {
            let worst = truth.last().map_or(f32::INFINITY, |hit| hit.score);
            found.iter().filter(|hit| hit.score >= worst).count()
        });
        let recall = hits.sum::<usize>() as f64 / (10 * queries.len()) as f64;
        let line = serde_json::json!({
            "engine": format!("paperkin-{kind}"), "n": base.len(), "recall@10": (recall * 1e4).round() / 1e4,
            "qps": (queries.len() as f64 / seconds).round(), "build_s": (build * 10.0).round() / 10.0,
        });
        println!("{line}");
    }
    Ok(())
}

fn read(path: &str, dimension: usize) -> Result<Vectors> {
    let bytes = std::fs::read(path).with_context(|| path.to_owned())?;
    Vectors::from_le_bytes(dimension, &bytes).map_err(Error::msg).with_context(|| path.to_owned())
}

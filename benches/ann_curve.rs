//! How well and how fast does each index find the ten nearest rows?
//!
//! Files of little-endian f32 unit vectors, row after row, as `paperkin embed` writes them. Prints one JSON line for the
//! exact scan, and one for each number of candidates of a walk: recall@10 against comparing all vectors, queries a
//! second (one thread, one query at a time, the best of three rounds), seconds to build (all threads), bytes a vector.
//! With `--keep`, the index is written to a file, or taken from it if it is there, mapped, and asked for the first time.
//! With `--share`, questions that only this share of the rows, taken at random, may answer: by a walk, by a scan of these
//! rows, and by what the index chooses.
//!
//! `cargo bench --bench ann_curve -- BASE.f32 QUERIES.f32 [--dim 384] [--ef 16,32,64,128,256] \
//! [--share 0.5,0.1,0.01] [--keep FILE]`

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Error, Result};
use paperkin::evaluate::SplitMix64;
use paperkin::index::{HnswGraph, IndexDelta, IndexKind, SearchHit, VectorIndex};
use paperkin::vector::{EmbeddingMatrix, RowBitmap, RowId, dot};
use rayon::prelude::*;
use serde_json::json;

mod support;

const USAGE: &str = "BASE.f32 QUERIES.f32 [--dim 384] [--ef 16,32,64,128,256] [--share 0.5,0.1,0.01] [--keep FILE]";

fn main() -> Result<()> {
    let words = support::arguments();
    let [base, queries, options @ ..] = &words[..] else {
        support::print_usage("ann_curve", USAGE);
        return Ok(());
    };
    let (mut dimension, mut efs, mut shares) = (384, vec![16, 32, 64, 128, 256], Vec::<f64>::new());
    let mut keep = None;
    for option in options.chunks(2) {
        match option {
            [name, value] if name == "--dim" => dimension = value.parse().context("--dim needs a number")?,
            [name, value] if name == "--ef" => {
                efs = value.split(',').map(str::parse).collect::<Result<_, _>>().context("--ef needs numbers")?;
            }
            [name, value] if name == "--share" => {
                shares = value.split(',').map(str::parse).collect::<Result<_, _>>().context("--share needs numbers")?;
            }
            [name, value] if name == "--keep" => keep = Some(Path::new(value)),
            _ => anyhow::bail!("unknown: {option:?}"),
        }
    }
    let base = support::read_vectors(base, dimension)?;
    let queries = support::read_vectors(queries, dimension)?;
    let queries: Vec<&[f32]> = queries.rows().collect();
    let truth: Vec<f32> = queries.par_iter().map(|query| tenth(&base, query)).collect();
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let count = base.len();
    let report =
        |engine: &str, ef: Option<usize>, build: f64, bytes: usize, ask: &(dyn Fn(&[f32]) -> Vec<SearchHit> + Sync)| {
            let mut best = f64::INFINITY;
            let mut found = Vec::new();
            for _ in 0..3 {
                let start = Instant::now();
                found = one_thread.install(|| queries.iter().map(|query| ask(query)).collect());
                best = best.min(start.elapsed().as_secs_f64());
            }
            let good = |(hits, tenth): (&Vec<SearchHit>, &f32)| hits.iter().filter(|hit| hit.score >= *tenth).count();
            let recall = found.iter().zip(&truth).map(good).sum::<usize>() as f64 / (10 * queries.len()) as f64;
            println!(
                "{}",
                json!({
                    "engine": engine, "n": count, "ef": ef, "recall@10": (recall * 1e4).round() / 1e4,
                    "qps": (queries.len() as f64 / best).round(), "build_s": (build * 10.0).round() / 10.0,
                    "bytes_per_vector": bytes / count,
                })
            );
        };

    let start = Instant::now();
    let keys: Vec<i64> = (0..count as i64).collect();
    let build = || HnswGraph::build(&keys, &base, [0; paperkin::index::SOURCE_ID_LEN], &|_| ());
    let frozen = match keep {
        None => build(),
        Some(path) => {
            if !path.exists() {
                let built = build();
                std::fs::write(path, built.as_bytes().expect("a sound graph"))
                    .with_context(|| format!("{}", path.display()))?;
            }
            let start = Instant::now();
            let frozen =
                HnswGraph::open(std::fs::File::open(path)?).map_err(|damage| Error::msg(format!("{damage:?}")))?;
            let opened = start.elapsed();
            frozen.nearest(queries[0], 10, frozen.ef(), None).expect("a sound graph");
            let [opened, answered] = [opened, start.elapsed()].map(|time| (time.as_secs_f64() * 1e4).round() / 10.0);
            println!("{}", json!({"n": count, "opened_ms": opened, "answered_ms": answered, "ef": frozen.ef()}));
            frozen
        }
    };
    let build = start.elapsed().as_secs_f64();
    let bytes = frozen.size_bytes() - count * dimension * size_of::<f32>();
    for ef in efs {
        let ask = |query: &[f32]| frozen.nearest(query, 10, ef, None).expect("a sound graph");
        report("paperkin-hnsw", Some(ef), build, bytes, &ask);
    }
    let frozen = Arc::new(frozen);
    let none = || IndexDelta { vectors: EmbeddingMatrix::with_capacity(dimension, 0), ..IndexDelta::default() };
    let scanned = VectorIndex::new(Some(frozen.clone()), none(), IndexKind::Exact);
    let chosen = VectorIndex::new(Some(frozen.clone()), none(), IndexKind::Hnsw);
    for share in shares {
        let is_allowed = |row: &RowId| SplitMix64::new(u64::from(row.0)).unit() < share;
        let allowed: RowBitmap = (0..count as u32).map(RowId).filter(is_allowed).collect();
        let keep = |row: RowId| allowed.contains(row);
        let ef = ((frozen.ef() as f64 / share) as usize).min(frozen.nodes());
        let walk = |query: &[f32]| frozen.nearest(query, 10, ef, Some(&keep)).expect("a sound graph");
        let ask = |index: &VectorIndex, query: &[f32]| index.nearest(query, 10, Some(&allowed)).expect("a sound graph");
        let rate = |ask: &(dyn Fn(&[f32]) -> Vec<SearchHit> + Sync)| {
            let start = Instant::now();
            let some = &queries[..queries.len().min(200)];
            one_thread.install(|| some.iter().for_each(|query| drop(ask(query))));
            (some.len() as f64 / start.elapsed().as_secs_f64()).round()
        };
        let (walked, scanned) = (rate(&walk), rate(&|query| ask(&scanned, query)));
        let chosen = rate(&|query| ask(&chosen, query));
        println!("{}", json!({"share": share, "walk_qps": walked, "scan_qps": scanned, "chosen_qps": chosen}));
    }
    drop((scanned, chosen, frozen));
    let start = Instant::now();
    let exact = VectorIndex::build(base, IndexKind::Exact, 1);
    let build = start.elapsed().as_secs_f64();
    let ask = |query: &[f32]| exact.nearest(query, 10, None).expect("nothing is frozen");
    report("paperkin-exact", None, build, count * dimension, &ask);
    Ok(())
}

/// The similarity of the tenth nearest row.
fn tenth(base: &EmbeddingMatrix, query: &[f32]) -> f32 {
    let mut hits: Vec<SearchHit> =
        base.rows().zip(0..).map(|(row, at)| SearchHit { row: RowId(at), score: dot(query, row) }).collect();
    let tenth = hits.len().min(10) - 1;
    hits.select_nth_unstable(tenth).1.score
}

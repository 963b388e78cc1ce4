//! How many of the ten nearest neighbors stay when a library is embedded in another way?
//!
//! Two files of little-endian f32 unit vectors of the same texts, as `paperkin embed` writes them. Prints one JSON line:
//! the share of every row's ten neighbors in the first file that are among its ten in the second, and the least and mean
//! cosine between the two vectors of a row.
//!
//! `cargo bench --bench overlap -- A.f32 B.f32`

use anyhow::{Result, ensure};
use paperkin::index::all_nearest;
use paperkin::vector::dot;

mod support;

const DIMENSION: usize = 384;

fn main() -> Result<()> {
    let [first, second] = &support::arguments()[..] else {
        support::print_usage("overlap", "A.f32 B.f32");
        return Ok(());
    };
    let (first, second) = (support::read_vectors(first, DIMENSION)?, support::read_vectors(second, DIMENSION)?);
    ensure!(first.len() == second.len() && !first.is_empty(), "files of the same texts");
    let cosines: Vec<f32> = first.rows().zip(second.rows()).map(|(a, b)| dot(a, b)).collect();
    let [first, second] = [first, second].map(|vectors| all_nearest(&vectors, 10, &|_| ()));
    let kept = |row: usize| first.of(row).filter(|(near, _)| second.of(row).any(|(other, _)| other == *near)).count();
    let same: usize = (0..first.len()).map(kept).sum();
    let rows = cosines.len();
    let round = |x: f64| (x * 1e5).round() / 1e5;
    let line = serde_json::json!({
        "rows": rows,
        "overlap@10": round(same as f64 / (10 * rows) as f64),
        "cosine_min": round(f64::from(cosines.iter().fold(1.0f32, |a, b| a.min(*b)))),
        "cosine_mean": round(cosines.iter().map(|x| f64::from(*x)).sum::<f64>() / cosines.len() as f64),
    });
    println!("{line}");
    Ok(())
}

//! How long does it take to find the nearest neighbors of all vectors?
//!
//! Compares all vectors of a file of little-endian f32 unit vectors, as `paperkin embed` writes them, and prints one JSON
//! line: how many, the seconds by the clock, and a checksum, which is the same for every number of threads. With
//! `--peer PYTHON`, an interpreter with numpy and faiss-cpu, IndexFlatIP answers some of the same queries in the same
//! run, and its seconds for all are computed from these. `OPENBLAS_CORETYPE=SkylakeX` makes faiss use AVX-512 where its
//! BLAS does not know the CPU.
//!
//! `cargo bench --bench all_nearest -- VECTORS.f32 [--peer PYTHON]`

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use paperkin::index::all_nearest;
use serde_json::json;

mod support;

const DIMENSION: usize = 384;
const NEIGHBORS: usize = 20;
/// Queries of faiss: it takes the same time for each.
const PEER_QUERIES: usize = 4096;
const PEER: &str = "
import sys, time, numpy, faiss
path, dimension, k, queries, threads = sys.argv[1], *map(int, sys.argv[2:])
faiss.omp_set_num_threads(threads)
vectors = numpy.fromfile(path, '<f4').reshape(-1, dimension)
index = faiss.IndexFlatIP(dimension)
index.add(vectors)
start = time.perf_counter()
index.search(vectors[:queries], k + 1)
print((time.perf_counter() - start) * len(vectors) / min(queries, len(vectors)))
";

fn main() -> Result<()> {
    let arguments = support::arguments();
    let (path, peer) = match &arguments[..] {
        [path] => (path, None),
        [path, flag, python] if flag == "--peer" => (path, Some(python)),
        _ => {
            support::print_usage("all_nearest", "VECTORS.f32 [--peer PYTHON]");
            return Ok(());
        }
    };
    let vectors = support::read_vectors(path, DIMENSION)?;
    let start = Instant::now();
    let nearest = all_nearest(&vectors, NEIGHBORS, &|_| {});
    let seconds = start.elapsed().as_secs_f64();
    let rows = (0..nearest.len()).flat_map(|row| nearest.of(row).map(|(neighbor, _)| u64::from(neighbor)));
    let checksum = rows.fold(0u64, |sum, row| sum.wrapping_mul(31).wrapping_add(row));
    println!("{}", json!({"vectors": nearest.len(), "k": NEIGHBORS, "seconds": seconds, "checksum": checksum}));
    if let Some(python) = peer {
        let numbers =
            [DIMENSION, NEIGHBORS, PEER_QUERIES, rayon::current_num_threads()].map(|number| number.to_string());
        let output = Command::new(python).args(["-c", PEER, path]).args(numbers).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let of_peer: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
        println!("{}", json!({"faiss_seconds": of_peer, "ratio": of_peer / seconds}));
    }
    Ok(())
}

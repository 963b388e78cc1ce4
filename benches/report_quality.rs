//! How good are the groups and the map of a report?
//!
//! Prints JSON lines about the papers of a library:
//! - `groups`, for each level: the share of pairs of papers that people put together which are in one group (`--pairs`, lines
//!   of two ids and a grade, those of grade 2), and the adjusted mutual information with the first category of each paper,
//!   beside spherical k-means with as many groups (scikit-learn's way: the best of three starts by inertia).
//! - `map`: the share of each paper's 15 nearest neighbors that are among its 15 nearest on the map.
//!
//! With `--peer PYTHON`, an interpreter with umap-learn, evoc and scikit-learn does the same with the same vectors in the
//! same run: the map of umap-learn, and the groups of EVoC, compared on the papers that it puts into groups with the level
//! of the report that has about as many.
//!
//! `cargo bench --bench report_quality -- LIBRARY [--pairs FILE] [--peer PYTHON]`

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use paperkin::engine::PaperSelection;
use paperkin::evaluate::kmeans_centroids;
use paperkin::report::{Report, ReportOptions};
use paperkin::vector::EmbeddingMatrix;
use paperkin::{Engine, EngineOptions, LibraryLocation, PaperId};
use rayon::prelude::*;
use serde_json::json;

mod support;

/// Neighbors that a map is judged by.
const KEPT: usize = 15;
/// Starts of k-means.
const STARTS: u64 = 3;

const PEER: &str = r#"
import json, sys, time
import numpy
vectors = numpy.fromfile(sys.argv[1] + "/vectors.f32", "<f4").reshape(-1, int(sys.argv[2]))
groups = json.load(open(sys.argv[1] + "/groups.json"))
from sklearn.metrics import adjusted_mutual_info_score as ami
from sklearn.neighbors import NearestNeighbors
import umap
start = time.perf_counter()
places = umap.UMAP(n_neighbors=15, min_dist=0.1, metric="cosine", random_state=42).fit_transform(vectors)
seconds = time.perf_counter() - start
near = NearestNeighbors(n_neighbors=16).fit(places).kneighbors(return_distance=False)[:, :15]
kept = 0
for begin in range(0, len(vectors), 1024):
    cosines = vectors[begin:begin + 1024] @ vectors.T
    cosines[range(len(cosines)), range(begin, begin + len(cosines))] = -2
    nearest = numpy.argpartition(-cosines, 15, axis=1)[:, :15]
    kept += sum(len(set(a) & set(b)) for a, b in zip(nearest, near[begin:begin + 1024]))
print(json.dumps({"umap_learn": {"neighbors_kept": kept / (15 * len(vectors)), "seconds": seconds}}))
from evoc import EVoC
start = time.perf_counter()
evoc = EVoC(random_state=42)
evoc.fit_predict(vectors)
seconds = time.perf_counter() - start
categories = numpy.array(groups["categories"])
for labels in evoc.cluster_layers_:
    labels = numpy.asarray(labels)
    inside = labels >= 0
    count = len(set(labels[inside]))
    level = numpy.array(min(groups["levels"], key=lambda level: abs(len(set(level)) - count)))
    print(json.dumps({"evoc": {"groups": count, "in_groups": float(inside.mean()), "seconds": seconds,
        "ami": ami(categories[inside], labels[inside]), "report_groups": len(set(level.tolist())),
        "report_ami": ami(categories[inside], level[inside])}}))
"#;

fn main() -> Result<()> {
    let arguments = support::arguments();
    let (mut pairs, mut peer) = (None, None);
    let Some((library, mut rest)) = arguments.split_first() else { return usage() };
    while let [flag, value, others @ ..] = rest {
        match flag.as_str() {
            "--pairs" => pairs = Some(PathBuf::from(value)),
            "--peer" => peer = Some(value.clone()),
            _ => return usage(),
        }
        rest = others;
    }
    if !rest.is_empty() {
        return usage();
    }
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(library.into())))?;
    let collection = engine.collection(&PaperSelection::default(), &|_| {})?;
    let vectors = collection.vectors().clone();
    let start = Instant::now();
    let report = Report::new(collection, &ReportOptions::default(), &|_| {});
    println!("{}", json!({"papers": report.places.len(), "seconds": start.elapsed().as_secs_f64()}));
    let pairs = pairs.map(|path| together(&report, &path)).transpose()?.unwrap_or_default();
    let categories = categories(&report);
    for level in &report.levels {
        let by_kmeans = kmeans(&vectors, level.groups.len());
        let score = |groups: &[u32]| {
            json!({
                "pairs_together": share_together(&pairs, groups),
                "ami": adjusted_mutual_information(&categories, groups),
            })
        };
        let line = json!({
            "groups": level.groups.len(),
            "report": score(&level.of_paper),
            "kmeans": score(&by_kmeans),
            "pairs": pairs.len(),
        });
        println!("{line}");
    }
    println!("{}", json!({"map": {"neighbors_kept": kept(&report), "seconds": report.manifest.seconds["mapping"]}}));
    peer.map_or(Ok(()), |python| run_peer(&python, &vectors, &report, &categories))
}

fn usage() -> Result<()> {
    support::print_usage("report_quality", "LIBRARY [--pairs FILE] [--peer PYTHON]");
    Ok(())
}

/// Runs the peers on the same vectors; they print their own lines.
fn run_peer(python: &str, vectors: &EmbeddingMatrix, report: &Report, categories: &[u32]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bytes: Vec<u8> = vectors.values().iter().flat_map(|number| number.to_le_bytes()).collect();
    std::fs::write(folder.path().join("vectors.f32"), bytes)?;
    let levels: Vec<&[u32]> = report.levels.iter().map(|level| &level.of_paper[..]).collect();
    let groups = json!({"categories": categories, "levels": levels});
    std::fs::write(folder.path().join("groups.json"), groups.to_string())?;
    let dimension = vectors.dimension().to_string();
    let status = Command::new(python).arg("-c").arg(PEER).arg(folder.path()).arg(dimension).status()?;
    ensure!(status.success(), "the peers failed");
    Ok(())
}

/// Pairs of grade 2, as indices.
fn together(report: &Report, path: &std::path::Path) -> Result<Vec<(usize, usize)>> {
    let places: HashMap<&str, usize> =
        report.embedded_papers().iter().enumerate().map(|(place, paper)| (paper.id.as_str(), place)).collect();
    let text = std::fs::read_to_string(path)?;
    let place = |id: &str| places.get(PaperId::parse(id).ok()?.as_str()).copied();
    let pair = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [one, other, "2"] if one < other => Some((place(one)?, place(other)?)),
        _ => None,
    };
    Ok(text.lines().filter_map(pair).collect())
}

fn categories(report: &Report) -> Vec<u32> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let papers = report.embedded_papers().iter();
    papers
        .map(|paper| {
            let next = numbers.len() as u32;
            *numbers.entry(paper.categories.first().map_or("", String::as_str)).or_insert(next)
        })
        .collect()
}

fn share_together(pairs: &[(usize, usize)], groups: &[u32]) -> Option<f64> {
    let together = pairs.iter().filter(|(one, other)| groups[*one] == groups[*other]).count();
    (!pairs.is_empty()).then(|| together as f64 / pairs.len() as f64)
}

/// The groups of spherical k-means: the best of some starts.
fn kmeans(vectors: &EmbeddingMatrix, k: usize) -> Vec<u32> {
    let rows: Vec<&[f32]> = vectors.rows().collect();
    let of_start = |seed: u64| {
        let centroids: Vec<Vec<f32>> = kmeans_centroids(&rows, k, seed)
            .into_iter()
            .map(|centroid| centroid.into_iter().map(|x| x as f32).collect())
            .collect();
        let nearest = |row: &&[f32]| {
            let cosine = |centroid: &Vec<f32>| row.iter().zip(centroid).map(|(a, b)| a * b).sum::<f32>();
            let cosines = centroids.iter().map(cosine).enumerate();
            cosines.max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or_default()
        };
        let nearest: Vec<(usize, f32)> = rows.par_iter().map(nearest).collect();
        let sum: f64 = nearest.iter().map(|(_, cosine)| f64::from(*cosine)).sum();
        (sum, nearest.into_iter().map(|(centroid, _)| centroid as u32).collect::<Vec<u32>>())
    };
    let starts = (1..=STARTS).map(of_start);
    starts.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, groups)| groups).unwrap_or_default()
}

/// Adjusted mutual information (Vinh, Epps and Bailey 2010), with the mean of both entropies.
fn adjusted_mutual_information(one: &[u32], other: &[u32]) -> f64 {
    let total = one.len() as f64;
    let count = |labels: &[u32]| {
        let mut sizes = vec![0usize; labels.iter().max().map_or(0, |most| *most as usize + 1)];
        labels.iter().for_each(|label| sizes[*label as usize] += 1);
        sizes.retain(|size| *size > 0);
        sizes
    };
    let (sizes, others) = (count(one), count(other));
    let entropy =
        |sizes: &[usize]| -sizes.iter().map(|size| *size as f64 / total).map(|share| share * share.ln()).sum::<f64>();
    let mut joint: HashMap<(u32, u32), usize> = HashMap::new();
    one.iter().zip(other).for_each(|pair| *joint.entry((*pair.0, *pair.1)).or_default() += 1);
    let size_of = |labels: &[u32]| {
        let mut sizes: HashMap<u32, usize> = HashMap::new();
        labels.iter().for_each(|label| *sizes.entry(*label).or_default() += 1);
        sizes
    };
    let (of_one, of_other) = (size_of(one), size_of(other));
    let mutual: f64 = joint
        .iter()
        .map(|((a, b), both)| {
            let (a, b, both) = (of_one[a] as f64, of_other[b] as f64, *both as f64);
            both / total * (total * both / (a * b)).ln()
        })
        .sum();
    let mut log_factorial = vec![0.0f64; one.len() + 1];
    for n in 1..=one.len() {
        log_factorial[n] = log_factorial[n - 1] + (n as f64).ln();
    }
    let n = one.len();
    let expected_of = |a: usize, b: usize| {
        let from = (a + b).saturating_sub(n).max(1);
        (from..=a.min(b))
            .map(|both| {
                let f = &log_factorial;
                let log_probability = f[a] + f[b] + f[n - a] + f[n - b]
                    - f[n]
                    - f[both]
                    - f[a - both]
                    - f[b - both]
                    - f[n + both - a - b];
                let both = both as f64;
                both / total * (total * both / (a as f64 * b as f64)).ln() * log_probability.exp()
            })
            .sum::<f64>()
    };
    let expected: f64 = sizes.par_iter().map(|a| others.iter().map(|b| expected_of(*a, *b)).sum::<f64>()).sum();
    (mutual - expected) / ((entropy(&sizes) + entropy(&others)) / 2.0 - expected)
}

fn kept(report: &Report) -> f64 {
    let places: Vec<[f32; 2]> = report.places.iter().filter_map(|place| place.place).collect();
    let of_paper = |paper: usize| {
        let mut distances: Vec<(f32, u32)> = (0u32..)
            .zip(&places)
            .filter(|(other, _)| *other as usize != paper)
            .map(|(other, place)| {
                let (x, y) = (place[0] - places[paper][0], place[1] - places[paper][1]);
                (x * x + y * y, other)
            })
            .collect();
        distances.select_nth_unstable_by(KEPT - 1, |one, other| one.0.total_cmp(&other.0));
        let near: Vec<u32> = distances[..KEPT].iter().map(|(_, other)| *other).collect();
        report.neighbors.of(paper).take(KEPT).filter(|(other, _)| near.contains(other)).count()
    };
    let kept: usize = (0..places.len()).into_par_iter().map(of_paper).sum();
    kept as f64 / (KEPT * places.len()) as f64
}

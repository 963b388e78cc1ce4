//! All formats together: the real files beside the project, where they are, and laws that hold for any bytes.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::{Format, open, read};
use crate::error::Error;
use crate::paper::Paper;

/// A file of `../shared/data`, unless this clone stands alone.
fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(file);
    if !path.exists() {
        eprintln!("skipped: ../shared is not there");
        return None;
    }
    Some(path)
}

/// The good papers of a file and the messages of its errors.
fn all_of(path: &Path) -> (Vec<Paper>, Vec<String>) {
    let (mut papers, mut errors) = (Vec::new(), Vec::new());
    match open(path, None) {
        Err(error) => errors.push(error.to_string()),
        Ok(records) => {
            for record in records {
                match record {
                    Ok(paper) => papers.push(paper),
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
    }
    (papers, errors)
}

fn check_counts(files: &[(&str, usize)]) {
    for (file, count) in files {
        let Some(path) = shared(file) else { return };
        let (papers, errors) = all_of(&path);
        assert_eq!(errors, [""; 0], "{file}");
        assert_eq!(papers.len(), *count, "{file}");
    }
}

#[test]
fn real_data_sets() {
    check_counts(&[
        ("arxiv_recent/papers.jsonl.gz", 165_737),
        ("hf_daily_papers/papers.jsonl.gz", 13_610),
        ("citeulike/docs.jsonl.gz", 1_934),
        ("systematic_reviews/records.jsonl.gz", 9_695),
        ("cacm/docs.jsonl", 3_204),
        ("cisi/docs.jsonl", 1_460),
        ("doris_mae_birco/docs.jsonl", 2_938),
        ("reviewer_goldstandard/docs.jsonl", 3_374),
        ("raw_formats/pubmed_1000_docs.tsv", 1_000),
    ]);
}

#[test]
fn real_answers_of_daily_papers() {
    check_counts(&[
        ("raw_formats/hf_api_daily_2024-05-27.json", 13),
        ("raw_formats/hf_api_daily_2024-09-10.json", 12),
        ("raw_formats/hf_api_daily_2024-12-18.PYREPR_STRINGS.json", 11),
        ("raw_formats/hf_api_daily_2025-01-10.WRAPPED_PYREPR.json", 9),
        ("raw_formats/hf_api_daily_2025-05-06.json", 16),
        ("raw_formats/hf_api_daily_2026-03-10.json", 28),
        ("raw_formats/hf_api_daily_2026-08-20.json", 15),
    ]);
}

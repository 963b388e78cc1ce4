//! The encoder against embeddings by the published model in f32: thirty texts in the repository, and many more, embedded
//! by sentence-transformers, in the data beside it.

use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::*;
use crate::prerequisites::shared;
use crate::vector::EmbeddingMatrix;

/// A text and what the published model makes of it.
#[derive(Deserialize)]
struct Reference {
    text: String,
    /// Empty where nobody wrote them down.
    token_ids: Vec<u32>,
    embedding: Vec<f32>,
}

/// Returns the references in the repository; `tests/fixtures/reference_embeddings.py` computed them in float64.
fn committed() -> Vec<Reference> {
    let texts = include_str!("../../../tests/fixtures/reference_texts.txt").lines();
    let bytes = include_bytes!("../../../tests/fixtures/reference_embeddings.f32");
    let embeddings = EmbeddingMatrix::from_le_bytes(384, bytes).unwrap();
    assert_eq!(texts.clone().count(), embeddings.len());
    let reference = |(text, row): (&str, &[f32])| Reference {
        text: text.to_owned(),
        token_ids: Vec::new(),
        embedding: row.to_vec(),
    };
    texts.zip(embeddings.rows()).map(reference).collect()
}

/// Returns those by sentence-transformers, beside the repository.
fn shared_references() -> Option<Vec<Reference>> {
    let file = File::open(shared("reference/all-MiniLM-L6-v2.jsonl.gz")?).unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

/// Checks the least cosine, on every set of instructions that this machine has.
#[track_caller]
fn check(references: &[Reference], choice: &ModelChoice, precision: Precision, min_cosine: f32) {
    for cpu in Cpu::ALL.into_iter().filter(|cpu| cpu.is_here()) {
        // Plain Rust takes its time.
        let count = if cpu == Cpu::Scalar { references.len().min(20) } else { references.len() };
        check_on(cpu, &references[..count], &encoder_with(choice, Some(precision), Some(cpu)), min_cosine);
    }
}

#[track_caller]
fn check_on(cpu: Cpu, references: &[Reference], encoder: &Encoder, min_cosine: f32) {
    let texts: Vec<&str> = references.iter().map(|reference| &reference.text[..]).collect();
    let mut cosines = Vec::new();
    for (reference, embedding) in references.iter().zip(encode(encoder, &texts)) {
        if !reference.token_ids.is_empty() {
            assert_eq!(
                encoder.token_ids(TextSide::Document, &reference.text).unwrap(),
                reference.token_ids,
                "{}",
                reference.text
            );
        }
        cosines.push(embedding.cosine(&Embedding::normalize(reference.embedding.clone()).unwrap()));
    }
    let worst = cosines.iter().fold(1.0f32, |a, b| a.min(*b));
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    let precision = encoder.precision();
    eprintln!("{precision} on {cpu}: {} texts: cosine: min {worst:.6}, mean {mean:.6}", texts.len());
    assert!(worst >= min_cosine, "{precision} on {cpu}: min {worst}, mean {mean}");
}

#[test]
#[cfg(bundled_weights)]
fn bundled_model_is_near_the_published_one() {
    check(&committed(), &ModelChoice::Bundled, Precision::Int8, 0.998);
}

#[test]
#[cfg(bundled_weights)]
fn bundled_model_is_near_the_published_one_on_many_texts() {
    let Some(references) = shared_references() else { return };
    check(&references, &ModelChoice::Bundled, Precision::Int8, 0.998);
}

#[test]
fn full_weights_are_the_published_model() {
    let Some(folder) = f32_model() else { return };
    let choice = ModelChoice::Directory(folder);
    check(&committed(), &choice, Precision::F32, 0.99999);
    check(&committed(), &choice, Precision::Bf16, 0.9999);
}

#[test]
fn full_weights_are_the_published_model_on_many_texts() {
    let (Some(folder), Some(references)) = (f32_model(), shared_references()) else { return };
    let choice = ModelChoice::Directory(folder);
    check(&references, &choice, Precision::F32, 0.99999);
    check(&references, &choice, Precision::Bf16, 0.9999);
}

//! The whole encoder against other implementations of it.

mod hub;
mod tiny;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::*;

fn encoder(choice: &ModelChoice) -> Encoder {
    encoder_with(choice, None, None)
}

fn encoder_with(choice: &ModelChoice, precision: Option<Precision>, cpu: Option<Cpu>) -> Encoder {
    let model = Model::open(choice, &HubOptions::default()).unwrap();
    Encoder::new(model, &EncoderOptions { device: DeviceChoice::Cpu, precision, cpu }).unwrap()
}

fn encode(encoder: &Encoder, texts: &[&str]) -> Vec<Embedding> {
    encoder.encode(texts, &|_| {}).unwrap()
}

/// Embeddings by sentence-transformers, made once and kept beside the repository.
#[derive(Deserialize)]
struct Reference {
    text: String,
    token_ids: Vec<u32>,
    embedding: Vec<f32>,
}

fn references() -> Option<Vec<Reference>> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/all-MiniLM-L6-v2.jsonl.gz"));
    let Ok(file) = File::open(path) else {
        eprintln!("skipped: ../shared is not there");
        return None;
    };
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

#[track_caller]
fn check_references(choice: &ModelChoice, precision: Precision, least: f32) {
    let Some(references) = references() else { return };
    for cpu in Cpu::ALL.into_iter().filter(|cpu| cpu.is_here()) {
        // Plain Rust takes its time.
        let count = if cpu == Cpu::Scalar { 20 } else { references.len() };
        check_some(&encoder_with(choice, Some(precision), Some(cpu)), cpu, &references[..count], least);
    }
}

#[track_caller]
fn check_some(encoder: &Encoder, cpu: Cpu, references: &[Reference], least: f32) {
    let texts: Vec<&str> = references.iter().map(|reference| &reference.text[..]).collect();
    let mut cosines = Vec::new();
    for (reference, embedding) in references.iter().zip(encode(encoder, &texts)) {
        assert_eq!(encoder.token_ids(&reference.text).unwrap(), reference.token_ids, "{}", reference.text);
        cosines.push(embedding.cosine(&Embedding::normalize(reference.embedding.clone()).unwrap()));
    }
    let worst = cosines.iter().fold(1.0f32, |a, b| a.min(*b));
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    let precision = encoder.precision();
    eprintln!("{precision} on {cpu}: cosine to sentence-transformers: min {worst:.6}, mean {mean:.6}");
    assert!(worst >= least, "{precision} on {cpu}: min {worst}, mean {mean}");
}

#[test]
#[cfg(feature = "bundled-model")]
fn bundled_model_is_near_the_reference() {
    check_references(&ModelChoice::Bundled, Precision::Int8, 0.998);
}

#[test]
fn full_weights_are_the_reference() {
    let Some(folder) = std::env::var_os("PAPERKIN_F32_MODEL") else {
        eprintln!("skipped: PAPERKIN_F32_MODEL does not name the folder of all-MiniLM-L6-v2 in f32");
        return;
    };
    let choice = ModelChoice::Directory(PathBuf::from(folder));
    check_references(&choice, Precision::F32, 0.99999);
    check_references(&choice, Precision::Bf16, 0.9999);
}

#[test]
fn bundled_weights_are_made_from_the_full_ones() {
    let Some(folder) = std::env::var_os("PAPERKIN_F32_MODEL") else {
        eprintln!("skipped: PAPERKIN_F32_MODEL does not name the folder of all-MiniLM-L6-v2 in f32");
        return;
    };
    let made = tempfile::tempdir().unwrap();
    quantize(Path::new(&folder), made.path()).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/all-MiniLM-L6-v2");
    for file in ["model.safetensors", "tokenizer.json", "config.json", "modules.json", "1_Pooling/config.json"] {
        assert!(fs::read(made.path().join(file)).unwrap() == fs::read(kept.join(file)).unwrap(), "{file}");
    }
}

#[cfg(feature = "bundled-model")]
mod bundled {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// For a clone without anything beside it: numbers that this encoder gave when it agreed with the reference.
    #[test]
    fn numbers_stay() {
        let encoder = encoder(&ModelChoice::Bundled);
        let check = |text: &str, first: [f32; 6], dimension_of_largest: usize| {
            let embedding = &encode(&encoder, &[text])[0];
            let numbers = embedding.as_slice();
            for (got, expect) in numbers.iter().zip(first) {
                assert!((got - expect).abs() < 2e-3, "{text:?}: {:?}", &numbers[..6]);
            }
            let largest = (0..numbers.len()).max_by(|a, b| numbers[*a].abs().total_cmp(&numbers[*b].abs()));
            assert_eq!(largest, Some(dimension_of_largest));
        };
        check(
            "Recommending papers by the sentences in their abstracts.",
            [-0.0442, 0.0144, 0.0311, 0.0962, -0.0021, 0.1041],
            50,
        );
        check("How starlight bends near a heavy galaxy", [-0.0360, 0.0134, 0.0464, 0.0487, -0.0350, -0.0642], 118);
    }

    #[test]
    fn folder_and_program_hold_one_model() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/all-MiniLM-L6-v2");
        let from_folder = Model::open(&ModelChoice::Directory(folder), &HubOptions::default()).unwrap();
        let from_program = Model::open(&ModelChoice::Bundled, &HubOptions::default()).unwrap();
        assert_eq!(from_folder.identity(), from_program.identity());
        assert_eq!(from_program.identity().name, "all-MiniLM-L6-v2");
        assert_eq!(from_program.identity().dimension, 384);
    }

    #[test]
    fn one_by_one_or_together_in_order() {
        let encoder = encoder(&ModelChoice::Bundled);
        let long = "Graph neural networks pass messages along edges. ".repeat(30);
        let mut texts: Vec<String> = (0..40).map(|i| long[..i * 37].to_owned()).collect();
        texts.swap(3, 30);
        let told = AtomicUsize::new(0);
        let together = encoder
            .encode(&texts, &|more| {
                told.fetch_add(more, Ordering::Relaxed);
            })
            .unwrap();
        assert_eq!(told.into_inner(), texts.len());
        for (text, expect) in texts.iter().zip(&together) {
            let alone = &encode(&encoder, &[text])[0];
            let cosine = alone.cosine(expect);
            assert!(cosine > 0.999_999, "{cosine} for {text:?}");
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let by_one_thread = pool.install(|| encoder.encode(&texts, &|_| {})).unwrap();
        assert!(together.iter().zip(&by_one_thread).all(|(a, b)| a.cosine(b) > 0.999_999));
    }

    #[test]
    fn threads_share_an_encoder() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&encoder(&ModelChoice::Bundled));
    }

    #[test]
    fn odd_texts_are_fine() {
        let encoder = encoder(&ModelChoice::Bundled);
        assert_eq!(encode(&encoder, &[]), []);
        assert_eq!(encoder.token_ids("").unwrap(), [101, 102]);
        let unknown = "\u{10ffff}\u{e000}\u{1f980}";
        let long = "word ".repeat(200_000);
        let without_spaces = "x".repeat(1_000_000);
        assert_eq!(encoder.token_ids(&long).unwrap().len(), 256);
        assert_eq!(encode(&encoder, &["", unknown, &long, &without_spaces, " \n\0"]).len(), 5);
    }
}

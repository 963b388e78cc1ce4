//! The whole encoder against other implementations of it.

mod device;
mod golden;
mod hub;
mod reference;
mod tiny;

use std::fs;
use std::path::Path;

use super::*;
use crate::prerequisites::f32_model;

fn encoder(choice: &ModelChoice) -> Encoder {
    encoder_with(choice, None, None)
}

fn encoder_with(choice: &ModelChoice, precision: Option<Precision>, cpu: Option<Cpu>) -> Encoder {
    let model = Model::open(choice, &HubOptions::default()).unwrap();
    Encoder::new(model, &EncoderOptions { device: DeviceChoice::Cpu, precision, cpu, device_batch: None }).unwrap()
}

fn encode(encoder: &Encoder, texts: &[&str]) -> Vec<Embedding> {
    encoder.encode(TextSide::Document, texts, &|_| {}).unwrap()
}

#[test]
fn bundled_weights_are_made_from_the_full_ones() {
    let Some(folder) = f32_model() else { return };
    let made = tempfile::tempdir().unwrap();
    quantize(&folder, made.path()).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/all-MiniLM-L6-v2");
    for file in ["model.safetensors", "tokenizer.json", "config.json", "modules.json", "1_Pooling/config.json"] {
        assert!(fs::read(made.path().join(file)).unwrap() == fs::read(kept.join(file)).unwrap(), "{file}");
    }
}

#[cfg(bundled_weights)]
mod bundled {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

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
            .encode(TextSide::Document, &texts, &|more| {
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
        let by_one_thread = pool.install(|| encoder.encode(TextSide::Document, &texts, &|_| {})).unwrap();
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
        assert_eq!(encoder.token_ids(TextSide::Document, "").unwrap(), [101, 102]);
        let unknown = "\u{10ffff}\u{e000}\u{1f980}";
        let long = "word ".repeat(200_000);
        let without_spaces = "x".repeat(1_000_000);
        assert_eq!(encoder.token_ids(TextSide::Document, &long).unwrap().len(), 256);
        assert_eq!(encode(&encoder, &["", unknown, &long, &without_spaces, " \n\0"]).len(), 5);
    }
}

//! Uses the encoder alone: a directory with a sentence-transformers model in, unit vectors out.
//!
//! `cargo run --release --example own_encoder -- [MODEL_DIRECTORY]`
//!
//! The directory holds what the model's page on Hugging Face lists: `config.json`, `tokenizer.json`,
//! `model.safetensors`, and `modules.json` with the pooling. Any BERT does. Without an argument it is the model of this
//! repository.

use std::path::PathBuf;

use paperkin::Result;
use paperkin::encoder::{Encoder, EncoderOptions, HubOptions, Model, ModelChoice, TextSide};

const TEXTS: [&str; 5] = [
    "A gripper that feels how hard it squeezes a tomato",
    "Tactile sensing for robotic manipulation of soft fruit",
    "Robots learn to walk on sand",
    "Tokenizers for languages without spaces",
    "Splitting Thai text into words with a small network",
];

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).map_or("models/all-MiniLM-L6-v2".into(), PathBuf::from);
    // The options choose device, precision and instructions; by default whatever is fastest here.
    let model = Model::open(&ModelChoice::Directory(directory), &HubOptions::default())?;
    let encoder = Encoder::new(model, &EncoderOptions::default())?;
    let identity = encoder.identity();
    // A library remembers the fingerprint, and refuses embeddings of another model.
    let fingerprint = &identity.fingerprint[..12];
    println!("{} ({fingerprint}): {} numbers, {}\n", identity.name, identity.dimension, encoder.precision());

    // All texts in one call: they are sorted by length and computed in batches. The closure is told of progress.
    let embeddings = encoder.encode(TextSide::Document, &TEXTS, &|_| {})?;
    for (text, embedding) in TEXTS.iter().zip(&embeddings) {
        // Unit vectors: their dot product is the cosine of the angle between them.
        let cosines: Vec<String> = embeddings.iter().map(|other| format!("{:5.2}", embedding.cosine(other))).collect();
        println!("{}  {text}", cosines.join(" "));
    }
    Ok(())
}

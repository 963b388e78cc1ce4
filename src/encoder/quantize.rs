//! A model's weights in a quarter of the space: matrices in int8, one scale for each row.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, View, serialize};

use super::network::NetworkWeights;
use super::prompts::PROMPTS_FILE;
use super::weights::{SCALE_SUFFIX, TensorFile};
use super::{HubOptions, Model, ModelChoice, ModelIdentity, bad_model};
use crate::file::{FileAccess, replace};
use crate::{Error, Result};

/// The largest int8 used: symmetric, so -128 is not.
const LARGEST: f32 = 127.0;
/// Tried for each row, as parts of its largest number: where the scale reaches 127. Less than 1 clips the largest
/// numbers and serves all others better; with 384 numbers to a row, below 0.8 nothing was ever gained.
const CLIP_FRACTIONS: [f32; 11] = [1.0, 0.98, 0.96, 0.94, 0.92, 0.90, 0.88, 0.86, 0.84, 0.82, 0.80];

/// The files beside the weights, copied as they are when they are there.
const NOT_QUANTIZED: [&str; 7] = [
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    PROMPTS_FILE,
    "tokenizer.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
];

/// The table that stays f32: one row of it is added to every word piece, so its error would be everywhere (without
/// this the mean cosine of all-MiniLM-L6-v2 to its f32 embeddings is 0.99918, with it 0.99948), and it is two rows.
const KEPT: &str = "embeddings.token_type_embeddings.weight";

/// Writes `model_dir`'s model into `out_dir` with every matrix in int8: `round(x / scale)` for each number, with the
/// scale of its row beside, chosen to make the squared error smallest. Everything else becomes f32. The same input gives the
/// same bytes everywhere. Returns the identity of the new model.
///
/// # Errors
/// [`Error::BadModel`] when the model cannot be run here or is in int8 already; [`Error::Io`].
pub fn quantize(model_dir: &Path, out_dir: &Path) -> Result<ModelIdentity> {
    let name = model_dir.display().to_string();
    // Everything that could be wrong with the model is found before anything is written.
    let model = Model::open(&ModelChoice::Directory(model_dir.to_path_buf()), &HubOptions::default())?;
    if !matches!(model.network, NetworkWeights::Bert(..)) || !model.head.is_empty() {
        let reason = "unsupported: only a BERT or RoBERTa without Dense modules can be quantized";
        return Err(bad_model(&name, reason));
    }
    drop(model);

    let file = "model.safetensors";
    let source = model_dir.join(file);
    let bytes = fs::read(&source).map_err(Error::io(&source, "read"))?;
    let small = quantize_tensors(&name, file, &bytes)?;
    drop(bytes);

    fs::create_dir_all(out_dir.join("1_Pooling")).map_err(Error::io(out_dir, "create"))?;
    for beside in NOT_QUANTIZED.into_iter().filter(|beside| model_dir.join(beside).exists()) {
        let target = out_dir.join(beside);
        let source = model_dir.join(beside);
        put_file(&target, &fs::read(&source).map_err(Error::io(&source, "read"))?)?;
    }
    put_file(&out_dir.join(file), &small)?;
    Ok(Model::open(&ModelChoice::Directory(out_dir.to_path_buf()), &HubOptions::default())?.identity)
}

/// Writes a file that is there whole or not at all.
pub(super) fn put_file(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, FileAccess::Shared, |out| out.write_all(bytes).map_err(Error::io(path, "write")))
}

/// The file with every matrix in int8. What the encoder never reads (the pooler, stored positions) is left out.
pub(super) fn quantize_tensors(model: &str, file: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let bad = |error: safetensors::SafeTensorError| bad_model(model, format!("{file}: {error}"));
    let weights = TensorFile::new(model, file, bytes)?;
    let mut tensors = Vec::new();
    for (name, view) in SafeTensors::deserialize(bytes).map_err(bad)?.tensors() {
        let name = name.strip_prefix(weights.prefix()).unwrap_or(&name);
        if !name.starts_with("embeddings.") && !name.starts_with("encoder.") {
            continue;
        }
        match (view.dtype(), view.shape()) {
            (Dtype::F32 | Dtype::F16 | Dtype::BF16, &[rows, columns]) if name == KEPT => {
                let numbers = weights.matrix(name, rows, columns)?.into_f32();
                tensors.push((name.to_owned(), OwnedTensor::f32(vec![rows, columns], &numbers)));
            }
            (Dtype::I8, _) => return Err(bad_model(model, format!("{file}: `{name}` is already quantized"))),
            (Dtype::F32 | Dtype::F16 | Dtype::BF16, &[rows, columns]) => {
                let (values, scales) = quantize_matrix(&weights.matrix(name, rows, columns)?.into_f32(), columns);
                let values = values.iter().map(|x| x.cast_unsigned()).collect();
                tensors.push((
                    name.to_owned(),
                    OwnedTensor { dtype: Dtype::I8, shape: vec![rows, columns], bytes: values },
                ));
                tensors.push((format!("{name}{SCALE_SUFFIX}"), OwnedTensor::f32(vec![rows], &scales)));
            }
            (Dtype::F32 | Dtype::F16 | Dtype::BF16, &[size]) => {
                tensors.push((name.to_owned(), OwnedTensor::f32(vec![size], &weights.vector(name, size)?)));
            }
            _ => {}
        }
    }
    let about = HashMap::from([("format".to_owned(), "paperkin int8".to_owned())]);
    serialize(tensors, Some(about)).map_err(bad)
}

/// Values and one scale for each row.
fn quantize_matrix(numbers: &[f32], columns: usize) -> (Vec<i8>, Vec<f32>) {
    let mut values = Vec::with_capacity(numbers.len());
    let mut scales = Vec::new();
    for row in numbers.chunks_exact(columns) {
        let scale = best_scale(row);
        values.extend(row.iter().map(|x| quantum(*x, scale) as i8));
        scales.push(scale);
    }
    (values, scales)
}

/// The scale with the smallest squared error; the larger one among equals. 1 for a row of zeros.
fn best_scale(row: &[f32]) -> f32 {
    let largest = row.iter().fold(0.0f32, |a, x| a.max(x.abs()));
    if largest < f32::MIN_POSITIVE * LARGEST {
        return 1.0;
    }
    let error = |scale: f32| -> f64 {
        row.iter().map(|x| f64::from(*x) - f64::from(quantum(*x, scale)) * f64::from(scale)).map(|e| e * e).sum()
    };
    let mut best = (f64::INFINITY, 1.0);
    for scale in CLIP_FRACTIONS.map(|clip| largest * clip / LARGEST) {
        let error = error(scale);
        if error < best.0 {
            best = (error, scale);
        }
    }
    best.1
}

fn quantum(x: f32, scale: f32) -> f32 {
    (x / scale).round_ties_even().clamp(-LARGEST, LARGEST)
}

struct OwnedTensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl OwnedTensor {
    fn f32(shape: Vec<usize>, numbers: &[f32]) -> OwnedTensor {
        let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        OwnedTensor { dtype: Dtype::F32, shape, bytes }
    }
}

impl View for OwnedTensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        (&self.bytes).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_number_moves_by_more_than_the_clip_allows(row in prop::collection::vec(-1e3f32..1e3, 1..50)) {
            let (values, scales) = quantize_matrix(&row, row.len());
            let largest = row.iter().fold(0.0f32, |a, x| a.max(x.abs()));
            let (mut before, mut after) = (0.0, 0.0);
            for (x, value) in row.iter().zip(&values) {
                let error = (x - f32::from(*value) * scales[0]).abs();
                prop_assert!(error <= largest * 0.2 + scales[0]);
                after += f64::from(error).powi(2);
                let plain = largest.max(f32::MIN_POSITIVE) / LARGEST;
                before += f64::from(x - (x / plain).round_ties_even() * plain).powi(2);
            }
            prop_assert!(after <= before * 1.001 + 1e-9);
        }

        #[test]
        fn what_fits_comes_back_whole(values in prop::collection::vec(-127i8..=127, 1..50), exponent in -20i32..20) {
            // A row that holds 127 and whose scale is a power of two is exact.
            let scale = 2f32.powi(exponent);
            let mut row: Vec<f32> = values.iter().map(|x| f32::from(*x) * scale).collect();
            row.push(127.0 * scale);
            let (got, scales) = quantize_matrix(&row, row.len());
            let back: Vec<f32> = got.iter().map(|x| f32::from(*x) * scales[0]).collect();
            prop_assert_eq!(back, row);
        }
    }

    #[test]
    fn zeros_stay() {
        assert_eq!(quantize_matrix(&[0.0, 0.0], 2), (vec![0, 0], vec![1.0]));
    }
}

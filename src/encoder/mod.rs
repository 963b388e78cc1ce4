//! Texts to [`Embedding`]s, with a small sentence-transformer.
//!
//! [`ModelChoice`] says which one, [`Model`] is its files found and checked, [`Encoder`] is the model on a device.
//! Any BERT that was trained with sentence-transformers will do: pooling and truncation are read from its files.

mod bert;
mod bundled;
mod config;
mod device;
mod hub;
mod kernels;
mod model;
mod pooling;
#[cfg(any(test, not(bundled_weights)))]
mod published;
mod quantize;
mod sha256;
mod tokenizer;
mod weights;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Mutex;

use rayon::prelude::*;

use bert::{BertModel, PackedBert};
use device::DEVICE_BATCH;
use pooling::Pooling;
use tokenizer::TextTokenizer;

use crate::{Embedding, Error, Result};

pub use device::DeviceChoice;
pub use hub::HubOptions;
pub use kernels::{Cpu, Precision};
pub use model::{Model, ModelChoice, ModelIdentity};
pub use quantize::quantize;

/// Texts taken at a time: sorted by length among themselves, and a bound for the memory that is used.
const WINDOW: usize = 1024;
/// Word pieces in one pass of the network on a CPU. 256 to 4096 were equally fast for abstracts; less is less memory,
/// more reads the weights less often for short texts.
const CPU_BATCH: usize = 512;

/// What a model runs on, and how. The default is the best that there is.
#[derive(Debug, Clone, Default)]
pub struct EncoderOptions {
    /// The device.
    pub device: DeviceChoice,
    /// How precisely it computes; `None` for bf16 on GPUs of NVIDIA that have it, and elsewhere for int8 with int8 weights on a CPU,
    /// f32 otherwise.
    pub precision: Option<Precision>,
    /// The instructions that a CPU uses; `None` for the fastest that it has.
    pub cpu: Option<Cpu>,
    /// The most word pieces in one pass of the network on a GPU, with padding; `None` for 16,384. Memory grows with it.
    pub device_batch: Option<usize>,
}

/// A model on a device. Shared between threads; every call uses rayon's current pool.
pub struct Encoder {
    identity: ModelIdentity,
    tokens: TextTokenizer,
    bert: BertModel,
    pooling: Pooling,
    device_batch: usize,
    /// Held by the thread whose texts are on a device other than a CPU.
    device_turn: Mutex<()>,
}

impl Encoder {
    /// Puts the model on the device.
    ///
    /// # Errors
    /// [`Error::Device`] when the device, or a CPU's instructions, are not there.
    pub fn new(model: Model, runtime: &EncoderOptions) -> Result<Encoder> {
        let bert = BertModel::new(model.parameters, &model.config, runtime)?;
        Ok(Encoder {
            identity: model.identity,
            tokens: model.tokens,
            bert,
            pooling: model.pooling,
            device_batch: runtime.device_batch.unwrap_or(DEVICE_BATCH),
            device_turn: Mutex::default(),
        })
    }

    /// Name, fingerprint and dimension of the model.
    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// How precisely it computes.
    pub fn precision(&self) -> Precision {
        self.bert.precision()
    }

    /// The device in use; never [`DeviceChoice::Auto`].
    pub fn device(&self) -> DeviceChoice {
        DeviceChoice::of(self.bert.device())
    }

    /// One embedding for each text, in the order of the texts. A text longer than the model reads is cut; an empty
    /// one has an embedding too. `done` is told, from any thread, how many more texts are finished.
    ///
    /// Which texts go together does not change an embedding beyond rounding. Use one call for many texts: memory
    /// stays bounded, as texts are taken by the thousand.
    ///
    /// # Errors
    /// [`Error::Encoder`] when the device fails.
    pub fn encode<T: AsRef<str> + Sync>(&self, texts: &[T], done: &(dyn Fn(usize) + Sync)) -> Result<Vec<Embedding>> {
        let network = match &self.bert {
            BertModel::Packed(network) => network,
            BertModel::Device(network) => return self.encode_on_device(network, texts, done),
        };
        let mut embeddings = Vec::with_capacity(texts.len());
        for window in texts.chunks(WINDOW) {
            embeddings.extend(self.encode_ids(network, &self.window_ids(window)?, done)?);
        }
        Ok(embeddings)
    }

    fn window_ids<T: AsRef<str> + Sync>(&self, window: &[T]) -> Result<Vec<Vec<u32>>> {
        window.par_iter().map(|text| self.tokens.ids(text.as_ref())).collect()
    }

    /// The word pieces that the model sees of a text, with the special ones.
    ///
    /// # Errors
    /// [`Error::Encoder`] when the tokenizer fails.
    pub fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.tokens.ids(text)
    }

    /// Whole batches side by side, rather than threads inside each product.
    fn encode_ids(
        &self,
        network: &PackedBert,
        ids: &[Vec<u32>],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        let encode = |batch: &Vec<usize>| -> Result<Vec<(usize, Embedding)>> {
            let texts: Vec<&[u32]> = batch.iter().map(|text| &ids[*text][..]).collect();
            let embeddings = self.encode_batch(network, &texts)?;
            done(batch.len());
            Ok(batch.iter().copied().zip(embeddings).collect())
        };
        let share = ids.iter().map(Vec::len).sum::<usize>().div_ceil(rayon::current_num_threads());
        let encoded: Vec<_> =
            batches(ids, share.min(CPU_BATCH), false).par_iter().map(encode).collect::<Result<_>>()?;
        let mut encoded: Vec<_> = encoded.into_iter().flatten().collect();
        encoded.sort_unstable_by_key(|(text, _)| *text);
        Ok(encoded.into_iter().map(|(_, embedding)| embedding).collect())
    }

    fn encode_batch(&self, network: &PackedBert, texts: &[&[u32]]) -> Result<Vec<Embedding>> {
        let size = network.hidden_size();
        let hidden = network.forward(texts)?;
        let mut rest = &hidden[..];
        texts
            .iter()
            .map(|ids| {
                let (rows, after) = rest.split_at(ids.len() * size);
                rest = after;
                unit_vector(self.pooling.pool(rows, size))
            })
            .collect()
    }
}

fn unit_vector(pooled: Vec<f32>) -> Result<Embedding> {
    Embedding::normalize(pooled).ok_or_else(|| Error::Encoder {
        doing: "give a text a direction",
        source: "its vector is zero or not finite".into(),
    })
}

/// Groups of texts by their indices, the longest texts first, neighbors in length together, each group with at most `most` word
/// pieces or one text. If it is padded, all texts of a group count as much as its longest.
fn batches(ids: &[Vec<u32>], most: usize, padded: bool) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|text| std::cmp::Reverse(ids[*text].len()));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let (mut room, mut longest) = (0, 0);
    for text in order {
        let length = ids[text].len();
        let cost = if padded { longest } else { length };
        match batches.last_mut() {
            Some(batch) if cost <= room => {
                batch.push(text);
                room -= cost;
            }
            _ => {
                batches.push(vec![text]);
                longest = length;
                room = most.saturating_sub(length);
            }
        }
    }
    batches
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("identity", &self.identity)
            .field("device", &self.device())
            .finish_non_exhaustive()
    }
}

fn failed(doing: &'static str) -> impl FnOnce(candle_core::Error) -> Error {
    move |error| Error::Encoder { doing, source: device::first_line(&error).into() }
}

fn bad_model(model: &str, reason: impl Into<String>) -> Error {
    Error::BadModel { model: model.to_owned(), reason: reason.into() }
}

//! Texts to [`Embedding`]s, with a small sentence-transformer.
//!
//! [`ModelChoice`] says which one, [`Model`] is its files found and checked, [`Encoder`] is the model on a device.
//! A BERT, RoBERTa or ModernBERT that was trained with sentence-transformers will do, or a table of words such as model2vec's:
//! prompts, truncation, pooling and what follows it are read from its files.

mod bert;
mod bundled;
mod choice;
mod config;
mod dense;
mod device;
mod files;
mod hub;
mod kernels;
mod model;
mod modern_bert;
mod network;
mod pooling;
mod prompts;
#[cfg(any(test, not(bundled_weights)))]
mod published;
mod quantize;
mod sha256;
mod source;
mod static_table;
mod tokenizer;
mod weights;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Mutex;

use rayon::prelude::*;

use config::PoolingConfig;
use dense::HeadStep;
use device::DEVICE_BATCH;
use network::{HostNetwork, Network};
use prompts::Prompts;
use tokenizer::TextTokenizer;

use crate::{Embedding, Error, Result};

pub use choice::ModelChoice;
pub use device::DeviceChoice;
pub use hub::HubOptions;
pub use kernels::{Cpu, Precision};
pub use model::{Model, ModelIdentity};
pub use pooling::Pooling;
pub use prompts::TextSide;
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
    network: Network,
    pooling: PoolingConfig,
    head: Vec<HeadStep>,
    prompts: Prompts,
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
        model.check_pooling();
        let Model { identity, network, tokens, pooling, head, prompts, .. } = model;
        Ok(Encoder {
            identity,
            tokens,
            network: Network::new(network, runtime)?,
            pooling,
            head,
            prompts,
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
        self.network.precision()
    }

    /// The device in use; never [`DeviceChoice::Auto`].
    pub fn device(&self) -> DeviceChoice {
        DeviceChoice::of(self.network.device())
    }

    /// One embedding for each text, in the order of the texts, which all stand on one side of a search. A text longer than the
    /// model reads is cut; an empty one has an embedding too. `done` is told, from any thread, how many more texts are finished.
    ///
    /// Which texts go together does not change an embedding beyond rounding. Use one call for many texts: memory
    /// stays bounded, as texts are taken by the thousand.
    ///
    /// # Errors
    /// [`Error::Encoder`] when the device fails.
    pub fn encode<T: AsRef<str> + Sync>(
        &self,
        side: TextSide,
        texts: &[T],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        let left_out = self.left_out(side)?;
        let network = match &self.network {
            Network::Host(network) => network,
            Network::Device(network) => return self.encode_on_device(network, side, texts, left_out, done),
        };
        let mut embeddings = Vec::with_capacity(texts.len());
        for window in texts.chunks(WINDOW) {
            embeddings.extend(self.encode_ids(network, &self.window_ids(side, window)?, left_out, done)?);
        }
        Ok(embeddings)
    }

    fn window_ids<T: AsRef<str> + Sync>(&self, side: TextSide, window: &[T]) -> Result<Vec<Vec<u32>>> {
        window.par_iter().map(|text| self.token_ids(side, text.as_ref())).collect()
    }

    /// The word pieces that the model sees of a text, with those of its prompt and the special ones.
    ///
    /// # Errors
    /// [`Error::Encoder`] when the tokenizer fails.
    pub fn token_ids(&self, side: TextSide, text: &str) -> Result<Vec<u32>> {
        match self.prompts.of(side) {
            "" => self.tokens.ids(text),
            prompt => self.tokens.ids(&[prompt, text].concat()),
        }
    }

    /// How many word pieces at the beginning, those of the prompt, have no part in the pooling.
    fn left_out(&self, side: TextSide) -> Result<usize> {
        match self.prompts.of(side) {
            "" => Ok(0),
            _ if self.pooling.include_prompt => Ok(0),
            // All but the special one at the end.
            prompt => Ok(self.tokens.ids(prompt)?.len() - 1),
        }
    }

    /// Whole batches side by side, rather than threads inside each product.
    fn encode_ids(
        &self,
        network: &HostNetwork,
        ids: &[Vec<u32>],
        left_out: usize,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        let encode = |batch: &Vec<usize>| -> Result<Vec<(usize, Embedding)>> {
            let texts: Vec<&[u32]> = batch.iter().map(|text| &ids[*text][..]).collect();
            let embeddings = self.encode_batch(network, &texts, left_out)?;
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

    fn encode_batch(&self, network: &HostNetwork, texts: &[&[u32]], left_out: usize) -> Result<Vec<Embedding>> {
        let size = network.hidden_size();
        let hidden = network.forward(texts)?;
        let mut rest = &hidden[..];
        texts
            .iter()
            .map(|ids| {
                let (rows, after) = rest.split_at(ids.len() * size);
                rest = after;
                self.finish(self.pooling.mode.pool(rows, size, left_out))
            })
            .collect()
    }

    /// From a text's pooled vector to its embedding: through the modules after the pooling, to length 1.
    fn finish(&self, pooled: Vec<f32>) -> Result<Embedding> {
        let embedding = self.head.iter().fold(pooled, |embedding, step| step.apply(embedding));
        Embedding::normalize(embedding).ok_or_else(|| Error::Encoder {
            doing: "give a text a direction",
            source: "its vector is zero or not finite".into(),
        })
    }
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

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
mod length_runs;
mod linear;
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

use candle_core::Device;
use rayon::prelude::*;

use config::PoolingConfig;
use dense::HeadStep;
use network::Network;
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
/// Word pieces in one pass of the network on other devices, where small products leave most of the device idle.
const DEVICE_BATCH: usize = 16 * 1024;

/// What a model runs on, and how. The default is the best that there is.
#[derive(Debug, Clone, Default)]
pub struct EncoderOptions {
    /// The device.
    pub device: DeviceChoice,
    /// How precisely a CPU computes; `None` for int8 with int8 weights, and f32 with others.
    pub precision: Option<Precision>,
    /// The instructions that a CPU uses; `None` for the fastest that it has.
    pub cpu: Option<Cpu>,
}

/// A model on a device. Shared between threads; every call uses rayon's current pool.
pub struct Encoder {
    identity: ModelIdentity,
    tokens: TextTokenizer,
    network: Network,
    pooling: PoolingConfig,
    head: Vec<HeadStep>,
    prompts: Prompts,
}

impl Encoder {
    /// Puts the model on the device.
    ///
    /// # Errors
    /// [`Error::Device`] when the device, or a CPU's instructions, are not there.
    pub fn new(model: Model, runtime: &EncoderOptions) -> Result<Encoder> {
        let cpu = runtime.cpu.map_or_else(|| Ok(Cpu::detect()), Cpu::checked)?;
        let device = runtime.device.open()?;
        model.check_pooling();
        let Model { identity, network, tokens, pooling, head, prompts, .. } = model;
        let network = Network::new(network, device, cpu, runtime.precision);
        let network = network.map_err(failed("put the model on the device"))?;
        Ok(Encoder { identity, tokens, network, pooling, head, prompts })
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

    /// One embedding for each text, in the order of the texts, which all stand on one side of a search. A text longer than the model reads is cut; an empty
    /// one has an embedding too. `done` is told, from any thread, how many more texts are finished.
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
        let not_pooled = self.not_pooled(side)?;
        let mut embeddings = Vec::with_capacity(texts.len());
        for window in texts.chunks(WINDOW) {
            let ids = window.par_iter().map(|text| self.token_ids(side, text.as_ref())).collect::<Result<Vec<_>>>()?;
            embeddings.extend(self.encode_ids(&ids, not_pooled, done)?);
        }
        Ok(embeddings)
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
    fn not_pooled(&self, side: TextSide) -> Result<usize> {
        match self.prompts.of(side) {
            "" => Ok(0),
            _ if self.pooling.include_prompt => Ok(0),
            // All but the special one at the end.
            prompt => Ok(self.tokens.ids(prompt)?.len() - 1),
        }
    }

    fn encode_ids(&self, ids: &[Vec<u32>], not_pooled: usize, done: &(dyn Fn(usize) + Sync)) -> Result<Vec<Embedding>> {
        let encode = |batch: &Vec<usize>| -> Result<Vec<(usize, Embedding)>> {
            let texts: Vec<&[u32]> = batch.iter().map(|text| &ids[*text][..]).collect();
            let embeddings = self.encode_batch(&texts, not_pooled)?;
            done(batch.len());
            Ok(batch.iter().copied().zip(embeddings).collect())
        };
        let encoded: Vec<_> = match self.network.device() {
            // Whole batches side by side, rather than threads inside each product.
            Device::Cpu => {
                let share = ids.iter().map(Vec::len).sum::<usize>().div_ceil(rayon::current_num_threads());
                batches(ids, share.min(CPU_BATCH)).par_iter().map(encode).collect::<Result<_>>()?
            }
            Device::Cuda(_) | Device::Metal(_) => {
                batches(ids, DEVICE_BATCH).iter().map(encode).collect::<Result<_>>()?
            }
        };
        let mut encoded: Vec<_> = encoded.into_iter().flatten().collect();
        encoded.sort_unstable_by_key(|(text, _)| *text);
        Ok(encoded.into_iter().map(|(_, embedding)| embedding).collect())
    }

    fn encode_batch(&self, texts: &[&[u32]], not_pooled: usize) -> Result<Vec<Embedding>> {
        let size = self.network.hidden_size();
        let hidden = self.network.forward(texts).map_err(failed("run the model"))?;
        let mut rest = &hidden[..];
        texts
            .iter()
            .map(|ids| {
                let (rows, after) = rest.split_at(ids.len() * size);
                rest = after;
                let pooled = self.pooling.mode.pool(rows, size, not_pooled);
                let embedding = self.head.iter().fold(pooled, |embedding, step| step.apply(embedding));
                Embedding::normalize(embedding).ok_or_else(|| Error::Encoder {
                    doing: "give a text a direction",
                    source: "its vector is zero or not finite".into(),
                })
            })
            .collect()
    }
}

/// Groups of texts by their indices, the longest texts first, neighbors in length together, each group with at
/// most `most` word pieces or one text.
fn batches(ids: &[Vec<u32>], most: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|text| std::cmp::Reverse(ids[*text].len()));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for text in order {
        let length = ids[text].len();
        match batches.last_mut() {
            Some(batch) if length <= room => batch.push(text),
            _ => {
                batches.push(vec![text]);
                room = most.max(length);
            }
        }
        room -= length;
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
    move |source| Error::Encoder { doing, source: source.into() }
}

fn bad_model(model: &str, reason: impl Into<String>) -> Error {
    Error::BadModel { model: model.to_owned(), reason: reason.into() }
}

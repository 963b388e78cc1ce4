//! The network by candle's operations: on GPUs, and on a CPU for sizes that its kernels do not take.
//!
//! The texts of a batch are padded to one length: a GPU is fast in few large steps, and slow in many small ones. The word pieces
//! of a batch go to the device in one copy, of 64 KiB for a full batch, and one vector for each text comes back: memory that
//! is pinned for the copies would gain nothing.

use candle_core::{D, DType, Device, IndexOp, Result, Tensor};

use super::linear::{LinearLayer, NormLayer, Placement};
use crate::encoder::bert::{BertWeights, LayerWeights};
use crate::encoder::config::{Activation, BertConfig};
use crate::encoder::pooling::Pooling;

/// Lengths are rounded up to a multiple of it: the matrix units of GPUs take numbers in groups of eight.
const LENGTH_STEP: usize = 8;

/// Added to the attention score of padding: its weight is 0 in every precision, and no step is infinite, because an infinity
/// times 0 would not be a number.
const PADDING_SCORE: f64 = -1e4;

/// The network on a device.
pub(in crate::encoder) struct DeviceBert {
    /// A row for each word piece, and one of zeros for padding.
    words: Tensor,
    /// A row for each position, with the token type of single texts added.
    positions: Tensor,
    norm: NormLayer,
    layers: Vec<DeviceLayer>,
    heads: usize,
    activation: Activation,
}

struct DeviceLayer {
    /// Query, key and value in one product; the query divided by √(head size).
    query_key_value: LinearLayer,
    attention_output: LinearLayer,
    attention_norm: NormLayer,
    intermediate: LinearLayer,
    output: LinearLayer,
    output_norm: NormLayer,
}

/// The word pieces of some texts on the device.
struct PaddedBatch {
    texts: usize,
    /// Word pieces of each text, with padding.
    length: usize,
    /// `[texts, length]`.
    ids: Tensor,
    /// 1 where there is padding and 0 elsewhere, `[texts, length]`; `None` if there is none.
    padding: Option<Tensor>,
}

impl DeviceBert {
    /// Puts the parameters on the device, as numbers of the type in which the network computes.
    pub(in crate::encoder) fn new(
        parameters: BertWeights,
        config: &BertConfig,
        device: &Device,
        dtype: DType,
    ) -> Result<DeviceBert> {
        let place = Placement { device, dtype };
        let (hidden, epsilon) = (config.hidden_size, config.layer_norm_eps as f32);
        let BertWeights { words, positions, token_type, norm, layers } = parameters;
        let mut words = words.into_f32();
        words.extend(std::iter::repeat_n(0.0, hidden));
        let mut positions = positions.into_f32();
        for row in positions.chunks_exact_mut(hidden) {
            row.iter_mut().zip(&token_type).for_each(|(x, y)| *x += y);
        }
        let network = DeviceBert {
            words: place.tensor(words, &[config.vocab_size + 1, hidden])?,
            positions: place.tensor(positions, &[config.max_position_embeddings, hidden])?,
            norm: NormLayer::new(norm, epsilon, &place)?,
            layers: layers.into_iter().map(|layer| DeviceLayer::new(layer, config, &place)).collect::<Result<_>>()?,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
        };
        // The first use may be from another thread.
        device.synchronize()?;
        Ok(network)
    }

    /// The device that the network is on.
    pub(in crate::encoder) fn device(&self) -> &Device {
        self.words.device()
    }

    /// The type of the numbers that it computes with.
    pub(in crate::encoder) fn dtype(&self) -> DType {
        self.words.dtype()
    }

    /// Word pieces in the vocabulary.
    pub(in crate::encoder) fn vocabulary(&self) -> usize {
        self.words.dims()[0] - 1
    }

    /// One vector for each text, not normalized: `[texts, hidden]`, f32, on the device, which may still be computing it. A text has
    /// between 1 and `max_position_embeddings` word pieces, all of the vocabulary.
    pub(in crate::encoder) fn forward(&self, texts: &[&[u32]], pooling: Pooling) -> Result<Tensor> {
        let batch = self.padded(texts)?;
        let size = self.words.dim(D::Minus1)?;
        let words = self.words.index_select(&batch.ids.flatten_all()?, 0)?;
        let words = words.reshape((batch.texts, batch.length, size))?;
        let positions = self.positions.narrow(0, 0, batch.length)?;
        let embedded = self.norm.apply(&words.broadcast_add(&positions)?)?;
        let mask = match &batch.padding {
            Some(padding) => {
                let scores = padding.to_dtype(self.dtype())?.affine(PADDING_SCORE, 0.0)?;
                Some(scores.reshape((batch.texts, 1, 1, batch.length))?)
            }
            None => None,
        };
        let mut hidden = embedded.reshape((batch.texts * batch.length, size))?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &batch, mask.as_ref(), self.heads, self.activation)?;
        }
        pooled(&hidden.reshape((batch.texts, batch.length, size))?, batch.padding.as_ref(), pooling)
    }

    fn padded(&self, texts: &[&[u32]]) -> Result<PaddedBatch> {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or_default();
        let length = longest.next_multiple_of(LENGTH_STEP).min(self.positions.dims()[0]);
        let padding = self.vocabulary() as u32;
        let mut ids = Vec::with_capacity(texts.len() * length);
        for text in texts {
            ids.extend_from_slice(text);
            ids.extend(std::iter::repeat_n(padding, length - text.len()));
        }
        let is_padded = texts.iter().any(|ids| ids.len() < length);
        let ids = Tensor::from_vec(ids, (texts.len(), length), self.device())?;
        let padding = is_padded.then(|| ids.eq(padding)).transpose()?;
        Ok(PaddedBatch { texts: texts.len(), length, ids, padding })
    }
}

impl DeviceLayer {
    fn new(weights: LayerWeights, config: &BertConfig, place: &Placement) -> Result<DeviceLayer> {
        let epsilon = config.layer_norm_eps as f32;
        let query_scale = 1.0 / (config.head_size() as f32).sqrt();
        let mut weight = weights.query.weight.into_f32();
        let mut bias = weights.query.bias;
        weight.iter_mut().chain(&mut bias).for_each(|x| *x *= query_scale);
        for part in [weights.key, weights.value] {
            weight.extend(part.weight.into_f32());
            bias.extend(part.bias);
        }
        Ok(DeviceLayer {
            query_key_value: LinearLayer::from_rows(weight, bias, place)?,
            attention_output: LinearLayer::new(weights.attention_output, place)?,
            attention_norm: NormLayer::new(weights.attention_norm, epsilon, place)?,
            intermediate: LinearLayer::new(weights.intermediate, place)?,
            output: LinearLayer::new(weights.output, place)?,
            output_norm: NormLayer::new(weights.output_norm, epsilon, place)?,
        })
    }

    /// From rows to rows, `[rows, hidden]`.
    fn forward(
        &self,
        hidden: &Tensor,
        batch: &PaddedBatch,
        mask: Option<&Tensor>,
        heads: usize,
        activation: Activation,
    ) -> Result<Tensor> {
        let context = attend(&self.query_key_value.apply(hidden)?, batch, mask, heads)?;
        let attended = (self.attention_output.apply(&context)? + hidden)?;
        let hidden = self.attention_norm.apply(&attended)?;
        let wide = self.intermediate.apply(&hidden)?;
        let wide = match activation {
            Activation::Gelu => wide.gelu_erf(),
            Activation::GeluTanh => wide.gelu(),
            Activation::Relu => wide.relu(),
        }?;
        self.output_norm.apply(&(self.output.apply(&wide)? + hidden)?)
    }
}

/// Attention within each text: from `[rows, 3 hidden]` to `[rows, hidden]`.
fn attend(projected: &Tensor, batch: &PaddedBatch, mask: Option<&Tensor>, heads: usize) -> Result<Tensor> {
    let size = projected.dim(D::Minus1)? / 3;
    let parts = projected
        .reshape((batch.texts, batch.length, 3, heads, size / heads))?
        .permute((2, 0, 3, 1, 4))?
        .contiguous()?;
    let scores = parts.i(0)?.matmul(&parts.i(1)?.transpose(D::Minus2, D::Minus1)?)?;
    let scores = match mask {
        Some(mask) => scores.broadcast_add(mask)?,
        None => scores,
    };
    let context = candle_nn::ops::softmax_last_dim(&scores)?.matmul(&parts.i(2)?)?;
    context.transpose(1, 2)?.reshape((batch.texts * batch.length, size))
}

/// One vector for each text, in f32: from `[texts, length, hidden]` to `[texts, hidden]`. `padding` is 1 where there is padding.
fn pooled(hidden: &Tensor, padding: Option<&Tensor>, pooling: Pooling) -> Result<Tensor> {
    let padding = padding.map(|padding| padding.to_dtype(DType::F32)?.unsqueeze(D::Minus1)).transpose()?;
    let rows = || hidden.to_dtype(DType::F32);
    match (pooling, padding) {
        (Pooling::Cls, _) => hidden.i((.., 0))?.to_dtype(DType::F32),
        (Pooling::Mean, None) => rows()?.mean(1),
        (Pooling::Mean, Some(padding)) => {
            let of_text = padding.affine(-1.0, 1.0)?;
            rows()?.broadcast_mul(&of_text)?.sum(1)?.broadcast_div(&of_text.sum(1)?)
        }
        (Pooling::Max, None) => rows()?.max(1),
        // Far below every number of a row, and finite.
        (Pooling::Max, Some(padding)) => rows()?.broadcast_add(&padding.affine(-1e30, 0.0)?)?.max(1),
    }
}

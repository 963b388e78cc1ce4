//! BERT and RoBERTa by candle's operations.

use candle_core::{IndexOp, Result, Tensor};

use super::batch::{PaddedBatch, padded};
use super::linear::{LinearLayer, NormLayer, Placement, activate};
use crate::encoder::bert::{BertWeights, LayerWeights};
use crate::encoder::config::{Activation, BertConfig, PositionIds};

/// The network on a device.
pub(in crate::encoder) struct DeviceBert {
    words: Tensor,
    /// A row for each position, with the token type of single texts added.
    positions: Tensor,
    position_ids: PositionIds,
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

impl DeviceBert {
    pub(super) fn new(parameters: BertWeights, config: &BertConfig, place: &Placement) -> Result<DeviceBert> {
        let (hidden, epsilon) = (config.hidden_size, config.layer_norm_eps as f32);
        let BertWeights { words, positions, token_type, norm, layers } = parameters;
        let mut positions = positions.into_f32();
        for row in positions.chunks_exact_mut(hidden) {
            row.iter_mut().zip(&token_type).for_each(|(x, y)| *x += y);
        }
        Ok(DeviceBert {
            words: place.word_table(words)?,
            positions: place.tensor(positions, &[config.max_position_embeddings, hidden])?,
            position_ids: config.position_ids(),
            norm: NormLayer::new(norm, epsilon, place)?,
            layers: layers.into_iter().map(|layer| DeviceLayer::new(layer, config, place)).collect::<Result<_>>()?,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
        })
    }

    /// A row for each word piece, and one of zeros for padding.
    pub(super) fn words(&self) -> &Tensor {
        &self.words
    }

    /// The last layer's rows, `[rows, hidden]`.
    pub(super) fn forward(&self, texts: &[&[u32]], batch: &PaddedBatch) -> Result<Tensor> {
        let position_ids = |ids| self.position_ids.of(ids).map(|position| position as u32);
        let position_ids = padded(texts, batch.length, 0, position_ids, self.words.device())?;
        let embedded = (batch.look_up(&self.words)? + self.positions.index_select(&position_ids, 0)?)?;
        let mut hidden = self.norm.apply(&embedded)?;
        let scores = batch.padding_scores(self.words.dtype())?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, batch, scores.as_ref(), self.heads, self.activation)?;
        }
        Ok(hidden)
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
            query_key_value: LinearLayer::from_rows((weight, bias), place)?,
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
        scores: Option<&Tensor>,
        heads: usize,
        activation: Activation,
    ) -> Result<Tensor> {
        let parts = batch.split_heads(&self.query_key_value.apply(hidden)?, heads)?;
        let context = batch.attend(&parts.i(0)?, &parts.i(1)?, &parts.i(2)?, scores)?;
        let hidden = self.attention_norm.apply(&(self.attention_output.apply(&context)? + hidden)?)?;
        let wide = activate(&self.intermediate.apply(&hidden)?, activation)?;
        self.output_norm.apply(&(self.output.apply(&wide)? + hidden)?)
    }
}

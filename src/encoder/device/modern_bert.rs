//! ModernBERT by candle's operations.

use candle_core::{IndexOp, Result, Tensor};
use candle_nn::rotary_emb::rope;

use super::batch::{LENGTH_STEP, MASKED_SCORE, PaddedBatch};
use super::linear::{LinearLayer, NormLayer, Placement, activate};
use crate::encoder::config::{Activation, ModernBertConfig};
use crate::encoder::kernels::RotaryWaves;
use crate::encoder::modern_bert::{ModernBertWeights, ModernLayerWeights};

/// The network on a device.
pub(in crate::encoder) struct DeviceModernBert {
    words: Tensor,
    norm: NormLayer,
    layers: Vec<DeviceModernLayer>,
    final_norm: NormLayer,
    /// Cosines and sines of all positions, `[positions, head size / 2]`, in global layers and in the others.
    waves: [(Tensor, Tensor); 2],
    reach: usize,
    heads: usize,
    activation: Activation,
}

struct DeviceModernLayer {
    is_global: bool,
    attention_norm: Option<NormLayer>,
    query_key_value: LinearLayer,
    attention_output: LinearLayer,
    feed_forward_norm: NormLayer,
    input: LinearLayer,
    gate: LinearLayer,
    output: LinearLayer,
}

/// What the attention of a layer needs to know of a batch's positions.
struct AttentionPositions {
    cosines: Tensor,
    sines: Tensor,
    /// What is added to the scores; `None` if every word piece attends to all.
    scores: Option<Tensor>,
}

impl DeviceModernBert {
    pub(super) fn new(
        parameters: ModernBertWeights,
        config: &ModernBertConfig,
        place: &Placement,
    ) -> Result<DeviceModernBert> {
        let epsilon = config.norm_eps as f32;
        let ModernBertWeights { words, norm, layers, final_norm } = parameters;
        let positions = config.max_position_embeddings.next_multiple_of(LENGTH_STEP);
        let waves = |wave_numbers: &[f32]| -> Result<(Tensor, Tensor)> {
            let RotaryWaves { cosines, sines } = RotaryWaves::new(wave_numbers, positions);
            let shape = [positions, wave_numbers.len()];
            Ok((place.tensor(cosines, &shape)?, place.tensor(sines, &shape)?))
        };
        let [global, local] = config.wave_numbers();
        let layers = layers.into_iter().zip(&config.is_global);
        Ok(DeviceModernBert {
            words: place.word_table(words)?,
            norm: NormLayer::new(norm, epsilon, place)?,
            layers: layers
                .map(|(layer, is_global)| DeviceModernLayer::new(layer, epsilon, *is_global, place))
                .collect::<Result<_>>()?,
            final_norm: NormLayer::new(final_norm, epsilon, place)?,
            waves: [waves(&global)?, waves(&local)?],
            reach: config.reach,
            heads: config.num_attention_heads,
            activation: config.activation,
        })
    }

    /// A row for each word piece, and one of zeros for padding.
    pub(super) fn words(&self) -> &Tensor {
        &self.words
    }

    /// The rows after the last normalization, `[rows, hidden]`.
    pub(super) fn forward(&self, batch: &PaddedBatch) -> Result<Tensor> {
        let mut hidden = self.norm.apply(&batch.look_up(&self.words)?)?;
        let [global, local] = self.positions(batch)?;
        for layer in &self.layers {
            let positions = if layer.is_global { &global } else { &local };
            hidden = layer.forward(&hidden, batch, positions, self.heads, self.activation)?;
        }
        self.final_norm.apply(&hidden)
    }

    /// Those of global layers and of the others.
    fn positions(&self, batch: &PaddedBatch) -> Result<[AttentionPositions; 2]> {
        let padding = batch.padding_scores(self.words.dtype())?;
        let nearby = match (self.out_of_reach(batch.length)?, &padding) {
            (Some(out_of_reach), Some(padding)) => Some(out_of_reach.broadcast_add(padding)?),
            (Some(scores), None) => Some(scores),
            (None, padding) => padding.clone(),
        };
        let positions = |(cosines, sines): &(Tensor, Tensor), scores| -> Result<AttentionPositions> {
            let (cosines, sines) = (cosines.narrow(0, 0, batch.length)?, sines.narrow(0, 0, batch.length)?);
            Ok(AttentionPositions { cosines, sines, scores })
        };
        Ok([positions(&self.waves[0], padding)?, positions(&self.waves[1], nearby)?])
    }

    /// What is added to the scores between positions, `[1, 1, length, length]`; `None` if all are within reach.
    fn out_of_reach(&self, length: usize) -> Result<Option<Tensor>> {
        if length <= self.reach + 1 {
            return Ok(None);
        }
        let positions: Vec<f32> = (0..length).map(|position| position as f32).collect();
        let positions = Tensor::from_vec(positions, length, self.words.device())?;
        let distances = positions.reshape((1, 1, length, 1))?.broadcast_sub(&positions)?.abs()?;
        let is_far = distances.gt(self.reach as f32)?;
        is_far.to_dtype(self.words.dtype())?.affine(MASKED_SCORE, 0.0).map(Some)
    }
}

impl DeviceModernLayer {
    fn new(weights: ModernLayerWeights, epsilon: f32, is_global: bool, place: &Placement) -> Result<DeviceModernLayer> {
        let norm = |weights| NormLayer::new(weights, epsilon, place);
        Ok(DeviceModernLayer {
            is_global,
            attention_norm: weights.attention_norm.map(norm).transpose()?,
            query_key_value: LinearLayer::from_rows(weights.query_key_value, place)?,
            attention_output: LinearLayer::from_rows(weights.attention_output, place)?,
            feed_forward_norm: norm(weights.feed_forward_norm)?,
            input: LinearLayer::from_rows(weights.input, place)?,
            gate: LinearLayer::from_rows(weights.gate, place)?,
            output: LinearLayer::from_rows(weights.output, place)?,
        })
    }

    /// From rows to rows, `[rows, hidden]`.
    fn forward(
        &self,
        hidden: &Tensor,
        batch: &PaddedBatch,
        positions: &AttentionPositions,
        heads: usize,
        activation: Activation,
    ) -> Result<Tensor> {
        let projected = match &self.attention_norm {
            Some(norm) => self.query_key_value.apply(&norm.apply(hidden)?)?,
            None => self.query_key_value.apply(hidden)?,
        };
        let parts = batch.split_heads(&projected, heads)?;
        let turned = |part: usize| rope(&parts.i(part)?, &positions.cosines, &positions.sines);
        let context = batch.attend(&turned(0)?, &turned(1)?, &parts.i(2)?, positions.scores.as_ref())?;
        let hidden = (self.attention_output.apply(&context)? + hidden)?;
        let normed = self.feed_forward_norm.apply(&hidden)?;
        let wide = (activate(&self.input.apply(&normed)?, activation)? * self.gate.apply(&normed)?)?;
        self.output.apply(&wide)? + hidden
    }
}

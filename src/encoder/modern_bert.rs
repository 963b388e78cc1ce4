//! ModernBERT (Warner et al., arXiv:2412.13663) over ragged rows, by candle's operations: rotary positions, a gate in the
//! feed-forward layers, normalization before each block, and in most layers attention to nearby word pieces only.

use candle_core::{D, Device, Result as CandleResult, Tensor};
use candle_nn::rotary_emb::rope;

use super::config::{Activation, ModernBertConfig};
use super::kernels::{self, LayerNorm, RowParameters, norm_rows};
use super::length_runs::LengthRun;
use super::linear::LinearLayer;
use super::weights::{TensorFile, WeightMatrix};
use crate::Result;

/// What is added to the score of a word piece out of reach: nothing is left of it after the softmax.
const OUT_OF_REACH: f32 = -1e9;

/// The parameters, read and checked, not yet on a device.
pub(super) struct ModernBertWeights {
    words: WeightMatrix,
    norm: (Vec<f32>, Vec<f32>),
    layers: Vec<ModernLayerWeights>,
    final_norm: (Vec<f32>, Vec<f32>),
}

/// Matrices in rows, each with its bias; normalizations as factors and summands.
struct ModernLayerWeights {
    /// None in the first layer.
    attention_norm: Option<(Vec<f32>, Vec<f32>)>,
    /// Query (divided by √(head size)), key and value, one below the other.
    query_key_value: (Vec<f32>, Vec<f32>),
    attention_output: (Vec<f32>, Vec<f32>),
    feed_forward_norm: (Vec<f32>, Vec<f32>),
    /// The half that is activated.
    input: (Vec<f32>, Vec<f32>),
    /// The half that it is multiplied with.
    gate: (Vec<f32>, Vec<f32>),
    output: (Vec<f32>, Vec<f32>),
}

impl ModernBertWeights {
    /// Takes the tensors that `config` asks for out of the file.
    pub(super) fn read(weights: &TensorFile, config: &ModernBertConfig) -> Result<ModernBertWeights> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let linear = |name: String, inputs: usize, outputs: usize, bias: bool| -> Result<(Vec<f32>, Vec<f32>)> {
            let matrix = weights.matrix(&format!("{name}.weight"), outputs, inputs)?.into_f32();
            let bias = if bias { weights.vector(&format!("{name}.bias"), outputs)? } else { vec![0.0; outputs] };
            Ok((matrix, bias))
        };
        let norm = |name: &str| -> Result<(Vec<f32>, Vec<f32>)> {
            let factors = weights.vector(&format!("{name}.weight"), hidden)?;
            let bias = config.norm_bias.then(|| weights.vector(&format!("{name}.bias"), hidden)).transpose()?;
            Ok((factors, bias.unwrap_or_else(|| vec![0.0; hidden])))
        };
        let layer = |layer: usize| -> Result<ModernLayerWeights> {
            let at = |name: &str| format!("layers.{layer}.{name}");
            let (mut matrix, mut bias) = linear(at("attn.Wqkv"), hidden, 3 * hidden, config.attention_bias)?;
            let query_scale = 1.0 / (config.head_size() as f32).sqrt();
            matrix[..hidden * hidden].iter_mut().chain(&mut bias[..hidden]).for_each(|x| *x *= query_scale);
            let mut input = linear(at("mlp.Wi"), hidden, 2 * wide, config.mlp_bias)?;
            let gate = (input.0.split_off(wide * hidden), input.1.split_off(wide));
            Ok(ModernLayerWeights {
                attention_norm: (layer > 0).then(|| norm(&at("attn_norm"))).transpose()?,
                query_key_value: (matrix, bias),
                attention_output: linear(at("attn.Wo"), hidden, hidden, config.attention_bias)?,
                feed_forward_norm: norm(&at("mlp_norm"))?,
                input,
                gate,
                output: linear(at("mlp.Wo"), wide, hidden, config.mlp_bias)?,
            })
        };
        Ok(ModernBertWeights {
            words: weights.matrix("embeddings.tok_embeddings.weight", config.vocab_size, hidden)?,
            norm: norm("embeddings.norm")?,
            layers: (0..config.is_global.len()).map(layer).collect::<Result<_>>()?,
            final_norm: norm("final_norm")?,
        })
    }
}

/// The network on a device.
pub(super) struct ModernBertModel {
    words: WeightMatrix,
    norm: (Vec<f32>, Vec<f32>),
    layers: Vec<ModernLayer>,
    final_norm: LayerNorm,
    heads: usize,
    activation: Activation,
    reach: usize,
    /// The wave numbers of the pairs of a head, in global layers and in the others.
    wave_numbers: [Vec<f32>; 2],
    device: Device,
}

struct ModernLayer {
    is_global: bool,
    attention_norm: Option<LayerNorm>,
    query_key_value: LinearLayer,
    attention_output: LinearLayer,
    feed_forward_norm: LayerNorm,
    input: LinearLayer,
    gate: LinearLayer,
    output: LinearLayer,
}

/// What the attention of texts of one length needs to know of their positions.
struct RunPositions {
    run: LengthRun,
    /// Cosines and sines, `[length, head size / 2]`, in global layers and in the others.
    waves: [(Tensor, Tensor); 2],
    /// `[length, length]`; `None` if all are within reach.
    out_of_reach: Option<Tensor>,
}

impl ModernBertModel {
    /// Puts the parameters on the device. The table of words stays on the host.
    pub(super) fn new(
        parameters: ModernBertWeights,
        config: &ModernBertConfig,
        device: Device,
    ) -> CandleResult<ModernBertModel> {
        let ModernBertWeights { words, norm, layers, final_norm } = parameters;
        let linear = |(weight, bias)| LinearLayer::new(weight, bias, &device);
        let layer_norm = |(weight, bias)| -> CandleResult<LayerNorm> {
            let (weight, bias) = (RowParameters::new(weight, &device)?, RowParameters::new(bias, &device)?);
            Ok(LayerNorm { weight, bias, epsilon: config.norm_eps as f32 })
        };
        let layers = layers.into_iter().zip(&config.is_global).map(|(layer, is_global)| {
            Ok(ModernLayer {
                is_global: *is_global,
                attention_norm: layer.attention_norm.map(layer_norm).transpose()?,
                query_key_value: linear(layer.query_key_value)?,
                attention_output: linear(layer.attention_output)?,
                feed_forward_norm: layer_norm(layer.feed_forward_norm)?,
                input: linear(layer.input)?,
                gate: linear(layer.gate)?,
                output: linear(layer.output)?,
            })
        });
        let size = config.head_size();
        let wave_numbers = [config.global_theta, config.local_theta].map(|theta| {
            let wave_number = |pair: usize| 1.0 / (theta as f32).powf((2 * pair) as f32 / size as f32);
            (0..size / 2).map(wave_number).collect()
        });
        Ok(ModernBertModel {
            words,
            norm,
            layers: layers.collect::<CandleResult<_>>()?,
            final_norm: layer_norm(final_norm)?,
            heads: config.num_attention_heads,
            activation: config.activation,
            reach: config.reach,
            wave_numbers,
            device,
        })
    }

    /// The device that the network is on.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Numbers in a row.
    pub(super) fn hidden_size(&self) -> usize {
        self.norm.0.len()
    }

    /// The rows of all texts after the last normalization, one text after the other, on the host.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> CandleResult<Vec<f32>> {
        let runs = LengthRun::of(texts, if self.device.is_cpu() { 1 } else { usize::MAX });
        let runs: Vec<RunPositions> = runs.into_iter().map(|run| self.positions(run)).collect::<CandleResult<_>>()?;
        let mut hidden = self.embed(texts)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &runs, self.heads, self.activation)?;
        }
        kernels::layer_norm(&hidden, &self.final_norm)?.flatten_all()?.to_vec1()
    }

    /// The embeddings of the words, normalized.
    fn embed(&self, texts: &[&[u32]]) -> CandleResult<Tensor> {
        let size = self.hidden_size();
        let count: usize = texts.iter().map(|ids| ids.len()).sum();
        let mut rows = vec![0.0; count * size];
        for (id, row) in texts.iter().copied().flatten().zip(rows.chunks_exact_mut(size)) {
            if *id as usize >= self.words.rows() {
                candle_core::bail!("word piece {id} of a vocabulary of {}", self.words.rows());
            }
            self.words.add_row(*id as usize, row);
        }
        norm_rows(&mut rows, &self.norm.0, &self.norm.1, self.final_norm.epsilon);
        Tensor::from_vec(rows, (count, size), &self.device)
    }

    fn positions(&self, run: LengthRun) -> CandleResult<RunPositions> {
        let length = run.length;
        let waves = |wave_numbers: &[f32]| -> CandleResult<(Tensor, Tensor)> {
            let angles = (0..length).flat_map(|position| wave_numbers.iter().map(move |wave| position as f32 * wave));
            let angles: Vec<f32> = angles.collect();
            let table = |of: fn(f32) -> f32| {
                let numbers: Vec<f32> = angles.iter().map(|angle| of(*angle)).collect();
                Tensor::from_vec(numbers, (length, wave_numbers.len()), &self.device)
            };
            Ok((table(f32::cos)?, table(f32::sin)?))
        };
        let [global, local] = &self.wave_numbers;
        let waves = [waves(global)?, waves(local)?];
        let out_of_reach = if length > self.reach + 1 {
            let far = |from: usize, to: usize| if from.abs_diff(to) > self.reach { OUT_OF_REACH } else { 0.0 };
            let numbers: Vec<f32> = (0..length).flat_map(|from| (0..length).map(move |to| far(from, to))).collect();
            Some(Tensor::from_vec(numbers, (length, length), &self.device)?)
        } else {
            None
        };
        Ok(RunPositions { run, waves, out_of_reach })
    }
}

impl ModernLayer {
    /// From rows to rows, `[rows, hidden]`.
    fn forward(
        &self,
        hidden: &Tensor,
        runs: &[RunPositions],
        heads: usize,
        activation: Activation,
    ) -> CandleResult<Tensor> {
        let projected = match &self.attention_norm {
            Some(norm) => self.query_key_value.apply(&kernels::layer_norm(hidden, norm)?)?,
            None => self.query_key_value.apply(hidden)?,
        };
        let contexts =
            runs.iter().map(|run| self.attend(&projected, run, heads)).collect::<CandleResult<Vec<Tensor>>>()?;
        drop(projected);
        let hidden = (hidden + self.attention_output.apply(&Tensor::cat(&contexts, 0)?)?)?;
        let normed = kernels::layer_norm(&hidden, &self.feed_forward_norm)?;
        let wide = (self.input.apply_activated(&normed, activation)? * self.gate.apply(&normed)?)?;
        hidden + self.output.apply(&wide)?
    }

    /// Attention within the texts of a run: from `[rows, 3 hidden]` to `[rows of the run, hidden]`.
    fn attend(&self, projected: &Tensor, positions: &RunPositions, heads: usize) -> CandleResult<Tensor> {
        let RunPositions { run, waves, out_of_reach } = positions;
        let size = projected.dim(D::Minus1)? / 3;
        let parts = projected
            .narrow(0, run.start, run.rows())?
            .reshape((run.texts, run.length, 3, heads, size / heads))?
            .permute((2, 0, 3, 1, 4))?;
        let (cosines, sines) = &waves[if self.is_global { 0 } else { 1 }];
        let turned = |part: usize| rope(&parts.get(part)?.contiguous()?, cosines, sines);
        let scores = turned(0)?.matmul(&turned(1)?.transpose(D::Minus2, D::Minus1)?.contiguous()?)?;
        let scores = match out_of_reach {
            Some(out_of_reach) if !self.is_global => scores.broadcast_add(out_of_reach)?,
            _ => scores,
        };
        let context = kernels::softmax(scores)?.matmul(&parts.get(2)?.contiguous()?)?;
        context.transpose(1, 2)?.reshape((run.rows(), size))
    }
}

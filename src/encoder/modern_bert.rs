//! ModernBERT (Warner et al., arXiv:2412.13663) over ragged rows: rotary positions, a gate in the feed-forward layers,
//! normalization before each block, and in most layers attention to nearby word pieces only.

use candle_core::{D, Device, Result as CandleResult, Tensor};
use candle_nn::rotary_emb::rope;
use rayon::prelude::*;

use super::config::{Activation, ModernBertConfig};
use super::kernels::{
    self, Cpu, ElementType, LayerNorm, PackedLayer, PackedLinear, PackedModernLayer, Precision, RotaryWaves,
    RowParameters, WeightSource, norm_rows,
};
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

impl ModernLayerWeights {
    /// Packed for the kernels of a CPU.
    fn packed(self, config: &ModernBertConfig, kind: ElementType, is_global: bool) -> PackedModernLayer {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let linear = |(weight, bias): (Vec<f32>, Vec<f32>), inputs| {
            PackedLinear::new(kind, inputs, &[(WeightSource::Full(&weight), &bias, 1.0)])
        };
        PackedModernLayer {
            attention_norm: self.attention_norm,
            query_key_value: linear(self.query_key_value, hidden),
            attention_output: linear(self.attention_output, hidden),
            feed_forward_norm: self.feed_forward_norm,
            input: linear(self.input, hidden),
            gate: linear(self.gate, hidden),
            output: linear(self.output, wide),
            heads: config.num_attention_heads,
            activation: config.activation,
            epsilon: config.norm_eps as f32,
            reach: (!is_global).then_some(config.reach),
        }
    }

    /// As tensors on a device.
    fn on(self, device: &Device, config: &ModernBertConfig, is_global: bool) -> CandleResult<ModernLayer> {
        let linear = |(weight, bias)| LinearLayer::new(weight, bias, device);
        let layer_norm = |(weight, bias)| -> CandleResult<LayerNorm> {
            let (weight, bias) = (RowParameters::new(weight, device)?, RowParameters::new(bias, device)?);
            Ok(LayerNorm { weight, bias, epsilon: config.norm_eps as f32 })
        };
        Ok(ModernLayer {
            is_global,
            attention_norm: self.attention_norm.map(layer_norm).transpose()?,
            query_key_value: linear(self.query_key_value)?,
            attention_output: linear(self.attention_output)?,
            feed_forward_norm: layer_norm(self.feed_forward_norm)?,
            input: linear(self.input)?,
            gate: linear(self.gate)?,
            output: linear(self.output)?,
        })
    }
}

/// The network on a device.
pub(super) struct ModernBertModel {
    words: WeightMatrix,
    norm: (Vec<f32>, Vec<f32>),
    layers: ModernLayerStack,
    final_norm: (Vec<f32>, Vec<f32>),
    config: ModernBertConfig,
    /// The wave numbers of the pairs of a head, in global layers and in the others.
    wave_numbers: [Vec<f32>; 2],
    device: Device,
}

/// The layers, in the form in which they run.
enum ModernLayerStack {
    /// Packed for the kernels of a CPU.
    Packed { cpu: Cpu, precision: Precision, layers: Vec<PackedModernLayer> },
    /// As tensors, for candle's operations: on other devices, and for sizes that the kernels do not take.
    Tensors(Vec<ModernLayer>),
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
    /// Puts the parameters on the device. The table of words stays on the host. Without a wish for a precision, f32.
    pub(super) fn new(
        parameters: ModernBertWeights,
        config: ModernBertConfig,
        device: Device,
        cpu: Cpu,
        precision: Option<Precision>,
    ) -> CandleResult<ModernBertModel> {
        let ModernBertWeights { words, norm, layers, final_norm } = parameters;
        let layers = layers.into_iter().zip(config.is_global.iter().copied());
        let layers = if device.is_cpu() && PackedLayer::takes(config.hidden_size, config.intermediate_size) {
            let precision = precision.unwrap_or(Precision::F32);
            let kind = precision.kind(cpu);
            let layers: Vec<_> = layers.collect();
            let layers = layers.into_par_iter().map(|(layer, is_global)| layer.packed(&config, kind, is_global));
            ModernLayerStack::Packed { cpu, precision, layers: layers.collect() }
        } else {
            let layers = layers.map(|(layer, is_global)| layer.on(&device, &config, is_global));
            ModernLayerStack::Tensors(layers.collect::<CandleResult<_>>()?)
        };
        let size = config.head_size();
        let wave_numbers = [config.global_theta, config.local_theta].map(|theta| {
            let wave_number = |pair: usize| 1.0 / (theta as f32).powf((2 * pair) as f32 / size as f32);
            (0..size / 2).map(wave_number).collect()
        });
        Ok(ModernBertModel { words, norm, layers, final_norm, config, wave_numbers, device })
    }

    /// How precisely the network computes.
    pub(super) fn precision(&self) -> Precision {
        match self.layers {
            ModernLayerStack::Packed { precision, .. } => precision,
            ModernLayerStack::Tensors(_) => Precision::F32,
        }
    }

    /// The device that the network is on.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Numbers in a row.
    pub(super) fn hidden_size(&self) -> usize {
        self.config.hidden_size
    }

    /// The rows of all texts after the last normalization, one text after the other, on the host.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> CandleResult<Vec<f32>> {
        let size = self.hidden_size();
        let mut rows = self.embed(texts)?;
        match &self.layers {
            ModernLayerStack::Packed { cpu, layers, .. } => {
                let mut rest = &mut rows[..];
                for ids in texts {
                    let (text, after) = rest.split_at_mut(ids.len() * size);
                    let [global, local] = self.waves(ids.len());
                    for layer in layers {
                        layer.run(*cpu, text, if layer.reach.is_none() { &global } else { &local });
                    }
                    rest = after;
                }
            }
            ModernLayerStack::Tensors(layers) => {
                let runs = LengthRun::of(texts, if self.device.is_cpu() { 1 } else { usize::MAX });
                let runs = runs.into_iter().map(|run| self.positions(run)).collect::<CandleResult<Vec<_>>>()?;
                let mut hidden = Tensor::from_vec(rows, ((), size), &self.device)?;
                for layer in layers {
                    hidden = layer.forward(&hidden, &runs, self.config.num_attention_heads, self.config.activation)?;
                }
                rows = hidden.flatten_all()?.to_vec1()?;
            }
        }
        norm_rows(&mut rows, &self.final_norm.0, &self.final_norm.1, self.config.norm_eps as f32);
        Ok(rows)
    }

    /// The embeddings of the words, normalized.
    fn embed(&self, texts: &[&[u32]]) -> CandleResult<Vec<f32>> {
        let size = self.hidden_size();
        let count: usize = texts.iter().map(|ids| ids.len()).sum();
        let mut rows = vec![0.0; count * size];
        for (id, row) in texts.iter().copied().flatten().zip(rows.chunks_exact_mut(size)) {
            if *id as usize >= self.words.rows() {
                candle_core::bail!("word piece {id} of a vocabulary of {}", self.words.rows());
            }
            self.words.add_row(*id as usize, row);
        }
        norm_rows(&mut rows, &self.norm.0, &self.norm.1, self.config.norm_eps as f32);
        Ok(rows)
    }

    /// The waves of a text's positions, in global layers and in the others.
    fn waves(&self, length: usize) -> [RotaryWaves; 2] {
        self.wave_numbers.each_ref().map(|wave_numbers| {
            let angles = (0..length).flat_map(|position| wave_numbers.iter().map(move |wave| position as f32 * wave));
            let (sines, cosines) = angles.map(f32::sin_cos).unzip();
            RotaryWaves { cosines, sines }
        })
    }

    fn positions(&self, run: LengthRun) -> CandleResult<RunPositions> {
        let (length, reach) = (run.length, self.config.reach);
        let tensors = |waves: &RotaryWaves| -> CandleResult<(Tensor, Tensor)> {
            let table = |numbers: &[f32]| Tensor::from_slice(numbers, (length, numbers.len() / length), &self.device);
            Ok((table(&waves.cosines)?, table(&waves.sines)?))
        };
        let [global, local] = self.waves(length);
        let waves = [tensors(&global)?, tensors(&local)?];
        let out_of_reach = if length > reach + 1 {
            let far = |from: usize, to: usize| if from.abs_diff(to) > reach { OUT_OF_REACH } else { 0.0 };
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

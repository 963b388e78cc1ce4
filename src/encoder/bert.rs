//! BERT (Devlin et al., arXiv:1810.04805) and RoBERTa (Liu et al., arXiv:1907.11692) over ragged rows, without padding and without masks.
//!
//! The texts of a batch lie one after the other in one tensor `[word pieces of all texts, hidden]`. Only attention
//! knows where one text ends: it runs over the texts one by one, or by runs of equal length.

use candle_core::{D, Device, Result as CandleResult, Tensor};

use super::config::{Activation, BertConfig, PositionIds};
use super::kernels::{
    self, Cpu, ElementType, LayerNorm, PackedLayer, PackedLinear, Precision, RowParameters, WeightSource, norm_rows,
};
use super::length_runs::LengthRun;
use super::linear::LinearLayer;
use super::weights::{TensorFile, WeightMatrix};
use crate::Result;

/// The parameters, read and checked, not yet on a device.
pub(super) struct BertWeights {
    words: WeightMatrix,
    positions: WeightMatrix,
    /// The token type of every word piece: a single text is of type 0 throughout.
    token_type: Vec<f32>,
    norm: NormWeights,
    layers: Vec<LayerWeights>,
}

struct LayerWeights {
    query: LinearWeights,
    key: LinearWeights,
    value: LinearWeights,
    attention_output: LinearWeights,
    attention_norm: NormWeights,
    intermediate: LinearWeights,
    output: LinearWeights,
    output_norm: NormWeights,
}

struct LinearWeights {
    weight: WeightMatrix,
    bias: Vec<f32>,
}

impl LinearWeights {
    /// For packing, all times a factor.
    fn part(&self, factor: f32) -> (WeightSource<'_>, &[f32], f32) {
        (self.weight.source(), &self.bias, factor)
    }
}

struct NormWeights {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl BertWeights {
    /// Takes the tensors that `config` asks for out of the file.
    pub(super) fn read(weights: &TensorFile, config: &BertConfig) -> Result<BertWeights> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let linear = |name: String, inputs: usize, outputs: usize| -> Result<LinearWeights> {
            Ok(LinearWeights {
                weight: weights.matrix(&format!("{name}.weight"), outputs, inputs)?,
                bias: weights.vector(&format!("{name}.bias"), outputs)?,
            })
        };
        let norm = |name: String| -> Result<NormWeights> {
            Ok(NormWeights {
                weight: weights.vector(&format!("{name}.weight"), hidden)?,
                bias: weights.vector(&format!("{name}.bias"), hidden)?,
            })
        };
        let table =
            |name: &str, rows: usize| weights.matrix(&format!("embeddings.{name}_embeddings.weight"), rows, hidden);
        let mut token_type = vec![0.0; hidden];
        table("token_type", config.type_vocab_size)?.add_row(0, &mut token_type);
        Ok(BertWeights {
            words: table("word", config.vocab_size)?,
            positions: table("position", config.max_position_embeddings)?,
            token_type,
            norm: norm("embeddings.LayerNorm".to_owned())?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| {
                    let at = |name: &str| format!("encoder.layer.{layer}.{name}");
                    Ok(LayerWeights {
                        query: linear(at("attention.self.query"), hidden, hidden)?,
                        key: linear(at("attention.self.key"), hidden, hidden)?,
                        value: linear(at("attention.self.value"), hidden, hidden)?,
                        attention_output: linear(at("attention.output.dense"), hidden, hidden)?,
                        attention_norm: norm(at("attention.output.LayerNorm"))?,
                        intermediate: linear(at("intermediate.dense"), hidden, wide)?,
                        output: linear(at("output.dense"), wide, hidden)?,
                        output_norm: norm(at("output.LayerNorm"))?,
                    })
                })
                .collect::<Result<_>>()?,
        })
    }
}

/// The network on a device.
pub(super) struct BertModel {
    words: WeightMatrix,
    positions: WeightMatrix,
    token_type: Vec<f32>,
    norm: NormWeights,
    layers: LayerStack,
    epsilon: f32,
    position_ids: PositionIds,
    device: Device,
}

/// The layers, in the form in which they run.
enum LayerStack {
    /// Packed for the kernels of a CPU.
    Packed { cpu: Cpu, precision: Precision, layers: Vec<PackedLayer> },
    /// As tensors, for candle's operations: on other devices, and for sizes that the kernels do not take.
    Tensors { layers: Vec<CandleLayer>, heads: usize, activation: Activation },
}

struct CandleLayer {
    /// Query, key and value in one product; the query divided by √(head size).
    query_key_value: LinearLayer,
    attended: LinearLayer,
    attended_norm: LayerNorm,
    widened: LinearLayer,
    narrowed: LinearLayer,
    narrowed_norm: LayerNorm,
}

impl LayerWeights {
    /// Packed for the kernels of a CPU.
    fn packed(self, config: &BertConfig, kind: ElementType) -> PackedLayer {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let query_scale = 1.0 / (config.head_size() as f32).sqrt();
        let linear = |from: &LinearWeights, inputs| PackedLinear::new(kind, inputs, &[from.part(1.0)]);
        let query_key_value = [self.query.part(query_scale), self.key.part(1.0), self.value.part(1.0)];
        PackedLayer {
            query_key_value: PackedLinear::new(kind, hidden, &query_key_value),
            attention_output: linear(&self.attention_output, hidden),
            intermediate: linear(&self.intermediate, hidden),
            output: linear(&self.output, wide),
            attention_norm: (self.attention_norm.weight, self.attention_norm.bias),
            output_norm: (self.output_norm.weight, self.output_norm.bias),
            heads: config.num_attention_heads,
            activation: config.hidden_act,
            epsilon: config.layer_norm_eps as f32,
        }
    }

    /// As tensors on a device.
    fn on(self, device: &Device, config: &BertConfig) -> CandleResult<CandleLayer> {
        let epsilon = config.layer_norm_eps as f32;
        let linear = |from: LinearWeights| LinearLayer::new(from.weight.into_f32(), from.bias, device);
        let norm = |from: NormWeights| -> CandleResult<LayerNorm> {
            let (weight, bias) = (RowParameters::new(from.weight, device)?, RowParameters::new(from.bias, device)?);
            Ok(LayerNorm { weight, bias, epsilon })
        };
        let query_scale = 1.0 / (config.head_size() as f32).sqrt();
        let mut weight = self.query.weight.into_f32();
        let mut bias = self.query.bias;
        weight.iter_mut().chain(&mut bias).for_each(|x| *x *= query_scale);
        for part in [self.key, self.value] {
            weight.extend(part.weight.into_f32());
            bias.extend(part.bias);
        }
        Ok(CandleLayer {
            query_key_value: LinearLayer::new(weight, bias, device)?,
            attended: linear(self.attention_output)?,
            attended_norm: norm(self.attention_norm)?,
            widened: linear(self.intermediate)?,
            narrowed: linear(self.output)?,
            narrowed_norm: norm(self.output_norm)?,
        })
    }
}

impl CandleLayer {
    /// From rows to rows, `[rows, hidden]`.
    fn forward(
        &self,
        hidden: &Tensor,
        runs: &[LengthRun],
        heads: usize,
        activation: Activation,
    ) -> CandleResult<Tensor> {
        let projected = self.query_key_value.apply(hidden)?;
        let context = CandleLayer::attend(&projected, runs, heads)?;
        drop(projected);
        let hidden = self.attended.apply_normed(&context, hidden, &self.attended_norm)?;
        let wide = self.widened.apply_activated(&hidden, activation)?;
        self.narrowed.apply_normed(&wide, &hidden, &self.narrowed_norm)
    }

    /// Attention within each text: from `[rows, 3 hidden]` to `[rows, hidden]`.
    fn attend(projected: &Tensor, runs: &[LengthRun], heads: usize) -> CandleResult<Tensor> {
        let size = projected.dim(D::Minus1)? / 3;
        let contexts = runs
            .iter()
            .map(|run| {
                let parts = projected
                    .narrow(0, run.start, run.rows())?
                    .reshape((run.texts, run.length, 3, heads, size / heads))?
                    .permute((2, 0, 3, 1, 4))?;
                let part = |index: usize| {
                    let part = parts.get(index)?;
                    // candle's CPU product reads one text in place; other devices want the numbers in a row.
                    if projected.device().is_cpu() { Ok(part) } else { part.contiguous() }
                };
                let scores = part(0)?.matmul(&part(1)?.transpose(D::Minus2, D::Minus1)?)?;
                let context = kernels::softmax(scores)?.matmul(&part(2)?)?;
                context.transpose(1, 2)?.reshape((run.rows(), size))
            })
            .collect::<CandleResult<Vec<_>>>()?;
        match &contexts[..] {
            [context] => Ok(context.clone()),
            _ => Tensor::cat(&contexts, 0),
        }
    }
}

impl BertModel {
    /// Puts the parameters on the device. The tables of embeddings stay on the host, as precise as their file. On a CPU
    /// without a wish for a precision, int8 weights run in int8, others in f32.
    pub(super) fn new(
        parameters: BertWeights,
        config: &BertConfig,
        device: Device,
        cpu: Cpu,
        precision: Option<Precision>,
    ) -> CandleResult<BertModel> {
        let BertWeights { words, positions, token_type, norm, layers } = parameters;
        let int8 = layers.iter().all(|layer| layer.intermediate.weight.is_int8());
        let precision = precision.unwrap_or(if int8 { Precision::Int8 } else { Precision::F32 });
        let layers = if device.is_cpu() && PackedLayer::takes(config.hidden_size, config.intermediate_size) {
            use rayon::prelude::*;
            let kind = precision.kind(cpu);
            let layers = layers.into_par_iter().map(|layer| layer.packed(config, kind)).collect();
            LayerStack::Packed { cpu, precision, layers }
        } else {
            let layers = layers.into_iter().map(|layer| layer.on(&device, config)).collect::<CandleResult<_>>()?;
            LayerStack::Tensors { layers, heads: config.num_attention_heads, activation: config.hidden_act }
        };
        let (epsilon, position_ids) = (config.layer_norm_eps as f32, config.position_ids());
        Ok(BertModel { words, positions, token_type, norm, layers, epsilon, position_ids, device })
    }

    /// How precisely the network computes.
    pub(super) fn precision(&self) -> Precision {
        match self.layers {
            LayerStack::Packed { precision, .. } => precision,
            LayerStack::Tensors { .. } => Precision::F32,
        }
    }

    /// The device that the network is on.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Numbers in a row.
    pub(super) fn hidden_size(&self) -> usize {
        self.token_type.len()
    }

    /// The last layer's rows of all texts, one text after the other, on the host: `[word pieces of all texts, hidden]`.
    /// A text has between 1 and [`BertConfig::positions`] word pieces.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> CandleResult<Vec<f32>> {
        let mut hidden = self.embed(texts)?;
        match &self.layers {
            LayerStack::Packed { cpu, layers, .. } => {
                let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
                layers.iter().try_for_each(|layer| kernels::layer(&hidden, layer, *cpu, &lengths))?;
            }
            LayerStack::Tensors { layers, heads, activation } => {
                let runs = LengthRun::of(texts, if self.device.is_cpu() { 1 } else { usize::MAX });
                for layer in layers {
                    hidden = layer.forward(&hidden, &runs, *heads, *activation)?;
                }
            }
        }
        hidden.flatten_all()?.to_vec1()
    }

    /// The sum of word, position and type embeddings, normalized.
    fn embed(&self, texts: &[&[u32]]) -> CandleResult<Tensor> {
        let size = self.hidden_size();
        let count: usize = texts.iter().map(|ids| ids.len()).sum();
        let mut rows = Vec::with_capacity(count * size);
        for ids in texts {
            for (id, position) in ids.iter().zip(self.position_ids.of(ids)) {
                if *id as usize >= self.words.rows() {
                    candle_core::bail!("word piece {id} of a vocabulary of {}", self.words.rows());
                }
                let start = rows.len();
                rows.extend_from_slice(&self.token_type);
                self.words.add_row(*id as usize, &mut rows[start..]);
                self.positions.add_row(position, &mut rows[start..]);
            }
        }
        norm_rows(&mut rows, &self.norm.weight, &self.norm.bias, self.epsilon);
        Tensor::from_vec(rows, (count, size), &self.device)
    }
}

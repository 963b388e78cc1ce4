//! ModernBERT (Warner et al., arXiv:2412.13663): rotary positions, a gate in the feed-forward layers, normalization before each
//! block, and in most layers attention to nearby word pieces only. Its parameters, and how it runs on a CPU: over ragged rows, as
//! [`PackedBert`](super::bert::PackedBert).

use rayon::prelude::*;

use super::bert::NormWeights;
use super::config::ModernBertConfig;
use super::kernels::{
    Cpu, ElementType, PackedLinear, PackedModernLayer, Precision, RotaryWaves, WeightSource, norm_rows,
};
use super::weights::{TensorFile, WeightMatrix};
use crate::Result;

/// The parameters, read and checked, not yet on a device.
pub(super) struct ModernBertWeights {
    pub(super) words: WeightMatrix,
    pub(super) norm: NormWeights,
    pub(super) layers: Vec<ModernLayerWeights>,
    pub(super) final_norm: NormWeights,
}

/// Matrices in rows, each with its bias.
pub(super) struct ModernLayerWeights {
    /// None in the first layer.
    pub(super) attention_norm: Option<NormWeights>,
    /// Query (divided by √(head size)), key and value, one below the other.
    pub(super) query_key_value: (Vec<f32>, Vec<f32>),
    pub(super) attention_output: (Vec<f32>, Vec<f32>),
    pub(super) feed_forward_norm: NormWeights,
    /// The half that is activated.
    pub(super) input: (Vec<f32>, Vec<f32>),
    /// The half that it is multiplied with.
    pub(super) gate: (Vec<f32>, Vec<f32>),
    pub(super) output: (Vec<f32>, Vec<f32>),
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
        let norm = |name: &str| -> Result<NormWeights> {
            let weight = weights.vector(&format!("{name}.weight"), hidden)?;
            let bias = config.norm_bias.then(|| weights.vector(&format!("{name}.bias"), hidden)).transpose()?;
            Ok(NormWeights { weight, bias: bias.unwrap_or_else(|| vec![0.0; hidden]) })
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
            attention_norm: self.attention_norm.map(|norm| (norm.weight, norm.bias)),
            query_key_value: linear(self.query_key_value, hidden),
            attention_output: linear(self.attention_output, hidden),
            feed_forward_norm: (self.feed_forward_norm.weight, self.feed_forward_norm.bias),
            input: linear(self.input, hidden),
            gate: linear(self.gate, hidden),
            output: linear(self.output, wide),
            heads: config.num_attention_heads,
            activation: config.activation,
            epsilon: config.norm_eps as f32,
            reach: (!is_global).then_some(config.reach),
        }
    }
}

/// The network for the kernels of a CPU. The table of words is as precise as its file.
pub(super) struct PackedModernBert {
    words: WeightMatrix,
    norm: NormWeights,
    layers: Vec<PackedModernLayer>,
    final_norm: NormWeights,
    epsilon: f32,
    /// The wave numbers of the pairs of a head, in global layers and in the others.
    wave_numbers: [Vec<f32>; 2],
    cpu: Cpu,
    precision: Precision,
}

impl PackedModernBert {
    /// Packs the parameters. Without a wish for a precision, they run in f32.
    pub(super) fn new(
        parameters: ModernBertWeights,
        config: &ModernBertConfig,
        cpu: Cpu,
        precision: Option<Precision>,
    ) -> PackedModernBert {
        let ModernBertWeights { words, norm, layers, final_norm } = parameters;
        let precision = precision.unwrap_or(Precision::F32);
        let kind = precision.kind(cpu);
        let layers = layers.into_par_iter().zip(&config.is_global);
        let layers = layers.map(|(layer, is_global)| layer.packed(config, kind, *is_global)).collect();
        let (epsilon, wave_numbers) = (config.norm_eps as f32, config.wave_numbers());
        PackedModernBert { words, norm, layers, final_norm, epsilon, wave_numbers, cpu, precision }
    }

    /// How precisely the network computes.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// Word pieces in the vocabulary.
    pub(super) fn vocabulary(&self) -> usize {
        self.words.rows()
    }

    /// Numbers in a row.
    pub(super) fn hidden_size(&self) -> usize {
        self.norm.weight.len()
    }

    /// The rows of all texts after the last normalization, one text after the other: `[word pieces of all texts, hidden]`. A text
    /// has at least one word piece, and all are of the vocabulary.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let mut hidden = self.embed(texts);
        let mut rest = &mut hidden[..];
        for ids in texts {
            let (text, after) = rest.split_at_mut(ids.len() * self.hidden_size());
            let [global, local] = self.wave_numbers.each_ref().map(|numbers| RotaryWaves::new(numbers, ids.len()));
            for layer in &self.layers {
                layer.run(self.cpu, text, if layer.reach.is_none() { &global } else { &local });
            }
            rest = after;
        }
        norm_rows(&mut hidden, &self.final_norm.weight, &self.final_norm.bias, self.epsilon);
        hidden
    }

    /// The embeddings of the words, normalized.
    fn embed(&self, texts: &[&[u32]]) -> Vec<f32> {
        let size = self.hidden_size();
        let count: usize = texts.iter().map(|ids| ids.len()).sum();
        let mut rows = vec![0.0; count * size];
        for (id, row) in texts.iter().copied().flatten().zip(rows.chunks_exact_mut(size)) {
            self.words.add_row(*id as usize, row);
        }
        norm_rows(&mut rows, &self.norm.weight, &self.norm.bias, self.epsilon);
        rows
    }
}

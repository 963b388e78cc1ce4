//! BERT (Devlin et al., arXiv:1810.04805) and RoBERTa (Liu et al., arXiv:1907.11692): the parameters, and how they run on a CPU.
//!
//! There the texts of a batch lie one after the other in rows, `[word pieces of all texts, hidden]`, without padding and without
//! masks. Only attention knows where one text ends.

use rayon::prelude::*;

use super::config::{BertConfig, PositionIds};
use super::kernels::{Cpu, ElementType, PackedLayer, PackedLinear, Precision, WeightSource, norm_rows};
use super::weights::{TensorFile, WeightMatrix};
use crate::Result;

/// The parameters, read and checked, not yet on a device.
pub(super) struct BertWeights {
    pub(super) words: WeightMatrix,
    pub(super) positions: WeightMatrix,
    /// The token type of every word piece: a single text is of type 0 throughout.
    pub(super) token_type: Vec<f32>,
    pub(super) norm: NormWeights,
    pub(super) layers: Vec<LayerWeights>,
}

pub(super) struct LayerWeights {
    pub(super) query: LinearWeights,
    pub(super) key: LinearWeights,
    pub(super) value: LinearWeights,
    pub(super) attention_output: LinearWeights,
    pub(super) attention_norm: NormWeights,
    pub(super) intermediate: LinearWeights,
    pub(super) output: LinearWeights,
    pub(super) output_norm: NormWeights,
}

pub(super) struct LinearWeights {
    pub(super) weight: WeightMatrix,
    pub(super) bias: Vec<f32>,
}

impl LinearWeights {
    /// For packing, all times a factor.
    fn part(&self, factor: f32) -> (WeightSource<'_>, &[f32], f32) {
        (self.weight.source(), &self.bias, factor)
    }
}

pub(super) struct NormWeights {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
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

/// The network for the kernels of a CPU. The tables of embeddings are as precise as their file.
pub(super) struct PackedBert {
    words: WeightMatrix,
    positions: WeightMatrix,
    token_type: Vec<f32>,
    norm: NormWeights,
    layers: Vec<PackedLayer>,
    epsilon: f32,
    position_ids: PositionIds,
    cpu: Cpu,
    precision: Precision,
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
}

impl PackedBert {
    /// Packs the parameters. Without a wish for a precision, int8 weights run in int8 and others in f32.
    pub(super) fn new(
        parameters: BertWeights,
        config: &BertConfig,
        cpu: Cpu,
        precision: Option<Precision>,
    ) -> PackedBert {
        let BertWeights { words, positions, token_type, norm, layers } = parameters;
        let int8 = layers.iter().all(|layer| layer.intermediate.weight.is_int8());
        let precision = precision.unwrap_or(if int8 { Precision::Int8 } else { Precision::F32 });
        let kind = precision.kind(cpu);
        let layers = layers.into_par_iter().map(|layer| layer.packed(config, kind)).collect();
        let (epsilon, position_ids) = (config.layer_norm_eps as f32, config.position_ids());
        PackedBert { words, positions, token_type, norm, layers, epsilon, position_ids, cpu, precision }
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
        self.token_type.len()
    }

    /// The last layer's rows of all texts, one text after the other: `[word pieces of all texts, hidden]`. A text has between 1
    /// and [`BertConfig::positions`] word pieces, all of the vocabulary.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let mut hidden = self.embed(texts);
        let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
        self.layers.iter().for_each(|layer| layer.run(self.cpu, &mut hidden, &lengths));
        hidden
    }

    /// The sum of word, position and type embeddings, normalized.
    fn embed(&self, texts: &[&[u32]]) -> Vec<f32> {
        let count: usize = texts.iter().map(|ids| ids.len()).sum();
        let mut rows = Vec::with_capacity(count * self.hidden_size());
        for ids in texts {
            for (id, position) in ids.iter().zip(self.position_ids.of(ids)) {
                let start = rows.len();
                rows.extend_from_slice(&self.token_type);
                self.words.add_row(*id as usize, &mut rows[start..]);
                self.positions.add_row(position, &mut rows[start..]);
            }
        }
        norm_rows(&mut rows, &self.norm.weight, &self.norm.bias, self.epsilon);
        rows
    }
}

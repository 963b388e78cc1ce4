//! What follows the pooling: linear layers and normalizations, on the host.

use super::bad_model;
use super::config::{DenseActivation, DenseConfig};
use super::kernels;
use super::weights::TensorFile;
use crate::Result;
use crate::vector::dot;

/// A step after the pooling.
pub(super) enum HeadStep {
    /// To length 1.
    Normalize,
    Dense(DenseLayer),
}

/// A linear layer and the function after it.
pub(super) struct DenseLayer {
    /// A row of `inputs` numbers for each output.
    weight: Vec<f32>,
    inputs: usize,
    bias: Vec<f32>,
    activation: DenseActivation,
}

impl DenseLayer {
    /// Takes the layer's tensors out of its file, for embeddings of so many numbers.
    pub(super) fn read(model: &str, file: &str, bytes: &[u8], config: DenseConfig, size: usize) -> Result<DenseLayer> {
        let DenseConfig { inputs, outputs, bias, activation } = config;
        if inputs != size {
            let reason = format!("{file}: the layer takes {inputs} numbers (in_features), but gets {size}");
            return Err(bad_model(model, reason));
        }
        let tensors = TensorFile::new(model, file, bytes)?;
        Ok(DenseLayer {
            weight: tensors.matrix("linear.weight", outputs, inputs)?.into_f32(),
            inputs,
            bias: if bias { tensors.vector("linear.bias", outputs)? } else { vec![0.0; outputs] },
            activation,
        })
    }

    /// Numbers that come out.
    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(self.inputs);
        let mut out: Vec<f32> = rows.zip(&self.bias).map(|(row, bias)| dot(row, x) + bias).collect();
        match self.activation {
            DenseActivation::Identity => {}
            DenseActivation::Relu => kernels::relu(&mut out),
            DenseActivation::Gelu => kernels::gelu(&mut out),
            DenseActivation::Tanh => out.iter_mut().for_each(|x| *x = x.tanh()),
        }
        out
    }
}

impl HeadStep {
    /// From one vector to the next.
    pub(super) fn apply(&self, mut x: Vec<f32>) -> Vec<f32> {
        match self {
            HeadStep::Dense(layer) => layer.apply(&x),
            HeadStep::Normalize => {
                let norm = dot(&x, &x).sqrt();
                // As PyTorch does, so that zero stays zero.
                x.iter_mut().for_each(|x| *x /= norm.max(1e-12));
                x
            }
        }
    }
}

//! The layers of the networks that take one row at a time, as tensors.

use candle_core::{DType, Device, Result, Tensor};

use crate::encoder::bert::{LinearWeights, NormWeights};
use crate::encoder::config::Activation;
use crate::encoder::weights::WeightMatrix;

/// Where tensors are, and of what numbers.
pub(super) struct Placement<'a> {
    pub(super) device: &'a Device,
    pub(super) dtype: DType,
}

impl Placement<'_> {
    /// Puts numbers there.
    pub(super) fn tensor(&self, numbers: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
        Tensor::from_vec(numbers, shape, self.device)?.to_dtype(self.dtype)
    }

    /// Puts the rows of all word pieces there, and one of zeros for padding.
    pub(super) fn word_table(&self, words: WeightMatrix) -> Result<Tensor> {
        let rows = words.rows();
        let mut numbers = words.into_f32();
        let size = numbers.len() / rows;
        numbers.extend(std::iter::repeat_n(0.0, size));
        self.tensor(numbers, &[rows + 1, size])
    }
}

/// `x Wᵀ + b` for rows `x`.
pub(super) struct LinearLayer {
    /// `[inputs, outputs]`.
    weight: Tensor,
    bias: Tensor,
}

impl LinearLayer {
    pub(super) fn new(weights: LinearWeights, place: &Placement) -> Result<LinearLayer> {
        LinearLayer::from_rows((weights.weight.into_f32(), weights.bias), place)
    }

    /// A layer with `weight` in rows, one for each output, and `bias.len()` outputs.
    pub(super) fn from_rows((weight, bias): (Vec<f32>, Vec<f32>), place: &Placement) -> Result<LinearLayer> {
        let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
        let weight = place.tensor(weight, &[outputs, inputs])?.t()?.contiguous()?;
        Ok(LinearLayer { weight, bias: place.tensor(bias, &[outputs])? })
    }

    /// From `[rows, inputs]` to `[rows, outputs]`.
    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

/// A layer normalization.
pub(super) struct NormLayer {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

impl NormLayer {
    pub(super) fn new(weights: NormWeights, epsilon: f32, place: &Placement) -> Result<NormLayer> {
        let size = weights.bias.len();
        let (weight, bias) = (place.tensor(weights.weight, &[size])?, place.tensor(weights.bias, &[size])?);
        Ok(NormLayer { weight, bias, epsilon })
    }

    /// Normalizes each row of `x`, `[.., size]`.
    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::layer_norm(x, &self.weight, &self.bias, self.epsilon)
    }
}

/// The function between the two halves of a feed-forward layer.
pub(super) fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::Relu => x.relu(),
    }
}

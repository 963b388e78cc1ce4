//! A linear layer and what follows it, by candle's operations: on devices other than a CPU, and where the CPU kernels do
//! not take a network's sizes.

use candle_core::{Device, Result, Tensor};

use super::config::Activation;
use super::kernels::{self, LayerNorm, RowParameters};

/// `x Wᵀ + b` for rows `x`.
pub(super) struct LinearLayer {
    /// `[inputs, outputs]`.
    weight: Tensor,
    bias: RowParameters,
}

impl LinearLayer {
    /// A layer with `weight` in rows, one for each output, and `bias.len()` outputs.
    pub(super) fn new(weight: Vec<f32>, bias: Vec<f32>, device: &Device) -> Result<LinearLayer> {
        let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
        let weight = Tensor::from_vec(weight, (outputs, inputs), device)?.t()?.contiguous()?;
        Ok(LinearLayer { weight, bias: RowParameters::new(bias, device)? })
    }

    /// `x Wᵀ + b`, from `[rows, inputs]` to `[rows, outputs]`.
    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        kernels::add_bias(x.matmul(&self.weight)?, &self.bias)
    }

    /// The activation of `x Wᵀ + b`.
    pub(super) fn apply_activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        kernels::add_bias_activate(x.matmul(&self.weight)?, &self.bias, activation)
    }

    /// The layer normalization of `x Wᵀ + b + residual`.
    pub(super) fn apply_normed(&self, x: &Tensor, residual: &Tensor, norm: &LayerNorm) -> Result<Tensor> {
        kernels::add_norm(x.matmul(&self.weight)?, &self.bias, residual, norm)
    }
}

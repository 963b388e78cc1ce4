//! The steps between the matrix products. On a CPU they work in place on candle's own memory, in loops that the
//! compiler turns into vector instructions; on other devices they are candle's operations.

mod activation;
mod attention;
mod exp;
mod layer;
mod modern_layer;
mod norm;
mod packed;
mod rows;
mod softmax;

#[cfg(test)]
mod tests;

use candle_core::{CpuStorage, D, Device, InplaceOp1, InplaceOp2, Layout, Result, Tensor};

use super::config::Activation;

pub use crate::kernels::Cpu;
pub(super) use crate::kernels::ElementType;
pub(super) use activation::{add_bias as add_bias_rows, gelu as gelu_rows, relu as relu_rows};
pub(super) use layer::PackedLayer;
pub use layer::Precision;
pub(super) use modern_layer::{PackedModernLayer, RotaryWaves};
pub(super) use norm::norm_rows;
pub(super) use packed::{PackedLinear, WeightSource};

use crate::kernels::for_each_cpu;

/// Parameters for one row: on the host for the kernels here, on the device for candle's.
pub(super) struct RowParameters {
    host: Vec<f32>,
    device: Tensor,
}

impl RowParameters {
    /// Puts the numbers on the device.
    pub(super) fn new(host: Vec<f32>, device: &Device) -> Result<RowParameters> {
        let tensor = Tensor::from_slice(&host, host.len(), device)?;
        Ok(RowParameters { host, device: tensor })
    }
}

/// A layer normalization.
pub(super) struct LayerNorm {
    /// The factor for each column.
    pub(super) weight: RowParameters,
    /// The summand for each column.
    pub(super) bias: RowParameters,
    /// Added to the variance.
    pub(super) epsilon: f32,
}

/// `x + bias` for every row of `x`, `[rows, n]`.
pub(super) fn add_bias(x: Tensor, bias: &RowParameters) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return x.broadcast_add(&bias.device);
    }
    in_place("add-bias", &x, |x| activation::add_bias(x, &bias.host))?;
    Ok(x)
}

/// The activation of `x + bias`, for every row of `x`, `[rows, n]`.
pub(super) fn add_bias_activate(x: Tensor, bias: &RowParameters, activation: Activation) -> Result<Tensor> {
    if !x.device().is_cpu() {
        let x = x.broadcast_add(&bias.device)?;
        return match activation {
            Activation::Gelu => x.gelu_erf(),
            Activation::GeluTanh => x.gelu(),
            Activation::Relu => x.relu(),
        };
    }
    let kernel = match activation {
        Activation::Gelu => activation::gelu,
        Activation::GeluTanh => activation::gelu_tanh,
        Activation::Relu => activation::relu,
    };
    in_place("add-bias-activate", &x, |x| kernel(x, &bias.host))?;
    Ok(x)
}

/// The layer normalization of `x + bias + residual`, for every row of `x` and `residual`, `[rows, n]`.
pub(super) fn add_norm(x: Tensor, bias: &RowParameters, residual: &Tensor, norm: &LayerNorm) -> Result<Tensor> {
    if !x.device().is_cpu() {
        let sum = (x.broadcast_add(&bias.device)? + residual)?;
        return candle_nn::ops::layer_norm(&sum, &norm.weight.device, &norm.bias.device, norm.epsilon);
    }
    in_place_with("add-norm", &x, residual, |x, residual| {
        norm::add_norm(x, &bias.host, residual, &norm.weight.host, &norm.bias.host, norm.epsilon);
    })?;
    Ok(x)
}

/// The layer normalization of every row of `x`, `[rows, n]`.
pub(super) fn layer_norm(x: &Tensor, norm: &LayerNorm) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_nn::ops::layer_norm(x, &norm.weight.device, &norm.bias.device, norm.epsilon);
    }
    let x = x.copy()?;
    in_place("layer-norm", &x, |x| norm_rows(x, &norm.weight.host, &norm.bias.host, norm.epsilon))?;
    Ok(x)
}

/// The softmax along the last dimension.
pub(super) fn softmax(x: Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return candle_nn::ops::softmax_last_dim(&x);
    }
    let columns = x.dim(D::Minus1)?;
    in_place("softmax", &x, |x| softmax::softmax_rows(x, columns))?;
    Ok(x)
}

/// One layer of the network over rows of texts, `[rows, hidden]` on the CPU, `lengths` rows each.
pub(super) fn layer(x: &Tensor, layer: &PackedLayer, cpu: Cpu, lengths: &[usize]) -> Result<()> {
    in_place("bert-layer", x, |x| layer.run(cpu, x, lengths))
}

/// Runs a function on the numbers of a contiguous f32 tensor, which has to be on the CPU.
fn in_place(name: &'static str, x: &Tensor, run: impl Fn(&mut [f32])) -> Result<()> {
    x.inplace_op1(&InPlace { name, run })
}

/// The same with the numbers of a second tensor beside.
fn in_place_with(name: &'static str, x: &Tensor, y: &Tensor, run: impl Fn(&mut [f32], &[f32])) -> Result<()> {
    x.inplace_op2(y, &InPlaceWith { name, run })
}

struct InPlace<F> {
    name: &'static str,
    run: F,
}

impl<F: Fn(&mut [f32])> InplaceOp1 for InPlace<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        (self.run)(numbers_mut(self.name, storage, layout)?);
        Ok(())
    }
}

struct InPlaceWith<F> {
    name: &'static str,
    run: F,
}

impl<F: Fn(&mut [f32], &[f32])> InplaceOp2 for InPlaceWith<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, x_layout: &Layout, y: &CpuStorage, y_layout: &Layout) -> Result<()> {
        (self.run)(numbers_mut(self.name, x, x_layout)?, numbers(self.name, y, y_layout)?);
        Ok(())
    }
}

fn numbers<'a>(name: &str, storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(numbers), Some((start, end))) => Ok(&numbers[start..end]),
        _ => candle_core::bail!("{name}: contiguous f32 is needed"),
    }
}

fn numbers_mut<'a>(name: &str, storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(numbers), Some((start, end))) => Ok(&mut numbers[start..end]),
        _ => candle_core::bail!("{name}: contiguous f32 is needed"),
    }
}

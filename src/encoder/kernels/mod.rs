//! The layers of the network on a CPU, in loops that the compiler turns into vector instructions, and in hand-written ones.

mod activation;
mod attention;
mod exp;
mod integer_attention;
mod layer;
mod modern_layer;
mod norm;
mod packed;
mod rows;
mod softmax;

#[cfg(test)]
mod tests;

pub use crate::kernels::Cpu;
pub(super) use crate::kernels::ElementType;
pub(super) use activation::{gelu, relu};
pub(super) use layer::PackedLayer;
pub use layer::Precision;
pub(super) use modern_layer::{PackedModernLayer, RotaryWaves};
pub(super) use norm::norm_rows;
pub(super) use packed::{PackedLinear, WeightSource};

use crate::kernels::for_each_cpu;

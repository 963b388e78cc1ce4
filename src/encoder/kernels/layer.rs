//! One layer of the network on a CPU: rows in, rows out, in chunks that stay in the cache.

use std::cell::RefCell;

use super::attention::{self, ProjectedRows, attend};
use super::norm;
use super::packed::{GemmOperand, PackedLinear};
use crate::encoder::config::Activation;
use crate::kernels::{Cpu, ElementType, PANEL, WordBuffer};
use crate::string_enum::string_enum;

/// How precisely the network is computed: on a CPU as the variants say, on a GPU in numbers of that type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats throughout.
    F32,
    /// bf16 factors and f32 sums in products, where the CPU is faster with them; all else in f32.
    Bf16,
    /// On a CPU only: int8 factors in the layers' products; 16-bit integers, bf16 or f32 in attention, whichever is fastest
    /// on the CPU; all else in f32.
    Int8,
}

impl Precision {
    /// What a CPU multiplies.
    pub(in crate::encoder) fn kind(self, cpu: Cpu) -> ElementType {
        match self {
            Precision::Int8 if cpu.has_int8() => ElementType::Int8,
            Precision::Int8 => ElementType::Int16,
            Precision::Bf16 if cpu.prefers_bf16() => ElementType::Bf16,
            Precision::Bf16 | Precision::F32 => ElementType::F32,
        }
    }
}

string_enum!(Precision, "a precision", { F32 => "f32", Bf16 => "bf16", Int8 => "int8" });

/// Rows that go through the layer's second half together: their widened numbers are 768 KiB for 1536 columns, so that
/// they stay in the L2 cache beside the weights. A multiple of the rows of tiles.
pub(super) fn chunk(cpu: Cpu) -> usize {
    if cpu == Cpu::Amx { 128 } else { 120 }
}

/// Texts of up to this many word pieces have activations of two int8 digits, and attention in f32: the errors of one
/// digit do not average out over so few. A short text costs little either way.
pub(super) const SHORT: usize = 64;

/// What attention multiplies beside linear layers of a kind.
pub(super) fn attention_kind(kind: ElementType, cpu: Cpu, is_fine: bool) -> ElementType {
    match kind {
        kind if kind.is_integer() && !is_fine && cpu != Cpu::Amx && !cpu.has_signed_rows() => ElementType::Int16,
        ElementType::Int8 | ElementType::Int16 if cpu.prefers_bf16() => ElementType::Bf16,
        ElementType::Int8 | ElementType::Int16 => ElementType::F32,
        kind => kind,
    }
}

/// The parameters of a layer, packed.
pub(in crate::encoder) struct PackedLayer {
    /// Query (divided by √(head size)), key and value side by side.
    pub(in crate::encoder) query_key_value: PackedLinear,
    pub(in crate::encoder) attention_output: PackedLinear,
    pub(in crate::encoder) attention_norm: (Vec<f32>, Vec<f32>),
    pub(in crate::encoder) intermediate: PackedLinear,
    pub(in crate::encoder) output: PackedLinear,
    pub(in crate::encoder) output_norm: (Vec<f32>, Vec<f32>),
    pub(in crate::encoder) heads: usize,
    pub(in crate::encoder) activation: Activation,
    pub(in crate::encoder) epsilon: f32,
}

/// A thread's memory for layers: it grows to what the longest text needs, once.
#[derive(Default)]
struct LayerScratch {
    projected: WordBuffer,
    context: WordBuffer,
    wide: WordBuffer,
    operand: GemmOperand,
    attention: attention::AttentionScratch,
}

thread_local! {
    static SCRATCH: RefCell<LayerScratch> = RefCell::default();
}

impl PackedLayer {
    /// Whether the kernels take a network of these sizes: rows have to be whole panels.
    pub(in crate::encoder) fn takes(hidden: usize, wide: usize) -> bool {
        hidden.is_multiple_of(PANEL) && wide.is_multiple_of(PANEL)
    }

    /// Runs the layer over rows of texts, one after the other, `lengths` rows each; in place.
    pub(in crate::encoder) fn run(&self, cpu: Cpu, hidden: &mut [f32], lengths: &[usize]) {
        SCRATCH.with_borrow_mut(|scratch| {
            let size = self.attention_norm.0.len();
            let mut rest = hidden;
            for length in lengths {
                let (text, after) = rest.split_at_mut(length * size);
                self.run_text(cpu, text, size, scratch);
                rest = after;
            }
        });
    }

    fn run_text(&self, cpu: Cpu, hidden: &mut [f32], size: usize, scratch: &mut LayerScratch) {
        let LayerScratch { projected, context, wide, operand, attention } = scratch;
        let length = hidden.len() / size;
        operand.fine = self.intermediate.panels.kind.is_integer() && length <= SHORT;
        let (stride, widened) = (self.query_key_value.stride(), self.intermediate.stride());
        let chunk = chunk(cpu);
        projected.grow(length * stride);
        context.grow(length * size);
        wide.grow(chunk.min(length) * widened);

        self.query_key_value.apply(cpu, hidden, size, None, operand, projected.numbers_mut());
        let context = &mut context.numbers_mut()[..length * size];
        let kind = attention_kind(self.intermediate.panels.kind, cpu, operand.fine);
        let numbers = &projected.numbers()[..length * stride];
        let rows = ProjectedRows { numbers, stride, heads: self.heads, depth: size / self.heads };
        attend(cpu, kind, rows, context, attention);

        let (out, wide) = (projected.numbers_mut(), wide.numbers_mut());
        for (hidden, context) in hidden.chunks_mut(chunk * size).zip(context.chunks(chunk * size)) {
            let count = hidden.len() / size;
            self.attention_output.apply(cpu, context, size, None, operand, out);
            self.norm(hidden, out, &self.attention_norm);
            self.intermediate.apply(cpu, hidden, size, Some(self.activation), operand, wide);
            self.output.apply(cpu, &wide[..count * widened], widened, None, operand, out);
            self.norm(hidden, out, &self.output_norm);
        }
    }

    /// `hidden` becomes the layer normalization of `hidden + out`.
    fn norm(&self, hidden: &mut [f32], out: &[f32], (weight, shift): &(Vec<f32>, Vec<f32>)) {
        norm::residual_norm(hidden, &out[..hidden.len()], weight, shift, self.epsilon);
    }
}

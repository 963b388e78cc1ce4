//! One layer of the network on a CPU: rows in, rows out, in chunks that stay in the cache.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use super::attention::{self, attend};
use super::cpu::Cpu;
use super::norm;
use super::packed::{Operand, PackedLinear};
use super::words::{Kind, PANEL, Words};
use crate::encoder::config::Activation;

/// How precisely a CPU computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats throughout.
    F32,
    /// bf16 factors and f32 sums in products, where the CPU is faster with them; all else in f32.
    Bf16,
    /// int8 factors in the layers' products; bf16, int8 with two digits for a text's weights, or f32 in attention,
    /// whichever is fastest on the CPU; all else in f32.
    Int8,
}

impl Precision {
    /// What a CPU multiplies.
    pub(in crate::encoder) fn kind(self, cpu: Cpu) -> Kind {
        match self {
            Precision::Int8 if cpu.has_int8() => Kind::Int8,
            Precision::Int8 => Kind::Int16,
            Precision::Bf16 if cpu.prefers_bf16() => Kind::Bf16,
            Precision::Bf16 | Precision::F32 => Kind::F32,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
            Precision::Int8 => "int8",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Precision, String> {
        let all = [Precision::F32, Precision::Bf16, Precision::Int8];
        let precision = all.into_iter().find(|precision| precision.to_string() == text);
        precision.ok_or_else(|| format!("`{text}` is no precision: f32, bf16 or int8"))
    }
}

/// Rows that go through the layer's second half together: their widened numbers are 768 KiB for 1536 columns, so that
/// they stay in the L2 cache beside the weights.
const CHUNK: usize = 128;

/// Texts of up to this many word pieces have activations of two int8 digits, and attention in f32: the errors of one
/// digit do not average out over so few. A short text costs little either way.
const SHORT: usize = 64;

/// The parameters of a layer, packed.
pub(in crate::encoder) struct PackedLayer {
    /// Query (divided by √(head size)), key and value side by side.
    pub(in crate::encoder) query_key_value: PackedLinear,
    pub(in crate::encoder) attended: PackedLinear,
    pub(in crate::encoder) attended_norm: (Vec<f32>, Vec<f32>),
    pub(in crate::encoder) widened: PackedLinear,
    pub(in crate::encoder) narrowed: PackedLinear,
    pub(in crate::encoder) narrowed_norm: (Vec<f32>, Vec<f32>),
    pub(in crate::encoder) heads: usize,
    pub(in crate::encoder) activation: Activation,
    pub(in crate::encoder) epsilon: f32,
}

/// A thread's memory for layers: it grows to what the longest text needs, once.
#[derive(Default)]
struct Scratch {
    projected: Words,
    context: Words,
    wide: Words,
    operand: Operand,
    attention: attention::Scratch,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl PackedLayer {
    /// Whether the kernels take a network of these sizes: rows have to be whole panels.
    pub(in crate::encoder) fn takes(hidden: usize, wide: usize) -> bool {
        hidden.is_multiple_of(PANEL) && wide.is_multiple_of(PANEL)
    }

    /// Runs the layer over rows of texts, one after the other, `lengths` rows each; in place.
    pub(in crate::encoder) fn run(&self, cpu: Cpu, hidden: &mut [f32], lengths: &[usize]) {
        SCRATCH.with_borrow_mut(|scratch| {
            let size = self.attended_norm.0.len();
            let mut rest = hidden;
            for length in lengths {
                let (text, after) = rest.split_at_mut(length * size);
                self.run_text(cpu, text, size, scratch);
                rest = after;
            }
        });
    }

    fn run_text(&self, cpu: Cpu, hidden: &mut [f32], size: usize, scratch: &mut Scratch) {
        let Scratch { projected, context, wide, operand, attention } = scratch;
        let length = hidden.len() / size;
        operand.fine = self.widened.panels.kind.is_integer() && length <= SHORT;
        let (stride, widened) = (self.query_key_value.stride(), self.widened.stride());
        projected.grow(length * stride);
        context.grow(length * size);
        wide.grow(CHUNK.min(length) * widened);

        self.query_key_value.apply(cpu, hidden, size, None, operand, projected.numbers_mut());
        let context = &mut context.numbers_mut()[..length * size];
        let kind = match self.widened.panels.kind {
            Kind::Int8 | Kind::Int16 if cpu.prefers_bf16() => Kind::Bf16,
            Kind::Int8 if !operand.fine && cpu.has_avx512_vnni() => Kind::Int8,
            Kind::Int8 | Kind::Int16 => Kind::F32,
            kind => kind,
        };
        let rows = &projected.numbers()[..length * stride];
        attend(cpu, kind, rows, stride, self.heads, context, attention);

        let (out, wide) = (projected.numbers_mut(), wide.numbers_mut());
        for (hidden, context) in hidden.chunks_mut(CHUNK * size).zip(context.chunks(CHUNK * size)) {
            let count = hidden.len() / size;
            self.attended.apply(cpu, context, size, None, operand, out);
            self.norm(hidden, out, &self.attended_norm);
            self.widened.apply(cpu, hidden, size, Some(self.activation), operand, wide);
            self.narrowed.apply(cpu, &wide[..count * widened], widened, None, operand, out);
            self.norm(hidden, out, &self.narrowed_norm);
        }
    }

    /// `hidden` becomes the layer normalisation of `hidden + out`.
    fn norm(&self, hidden: &mut [f32], out: &[f32], (weight, shift): &(Vec<f32>, Vec<f32>)) {
        norm::residual_norm(hidden, &out[..hidden.len()], weight, shift, self.epsilon);
    }
}

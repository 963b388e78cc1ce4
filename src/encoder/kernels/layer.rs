//! One layer of the network on a CPU: rows in, rows out, in chunks that stay in the cache.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use super::attention::{self, attend};
use super::cpu::Cpu;
use super::product::{Panels, Rows, product};
use super::rows::{Finish, Scale, finish_float, finish_float_gelu, finish_int8, finish_int8_gelu, load};
use super::words::{Kind, PANEL, Words};
use super::{activation, norm};
use crate::encoder::config::Activation;

/// How precisely a CPU computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats throughout.
    F32,
    /// bf16 factors and f32 sums in products; all else in f32.
    Bf16,
    /// int8 weights and activations in the layers' products, bf16 (or f32) in attention; all else in f32.
    Int8,
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

/// A linear layer, packed for products.
pub(in crate::encoder) struct PackedLinear {
    panels: Panels,
    /// For each column, padded to whole panels.
    factors: Vec<f32>,
    sums: Vec<f32>,
    bias: Vec<f32>,
}

/// A matrix to be packed: `[outputs, inputs]`.
pub(in crate::encoder) enum Source<'a> {
    /// Numbers, row after row.
    Full(&'a [f32]),
    /// Values and the scale of each row.
    Int8(&'a [i8], &'a [f32]),
}

impl PackedLinear {
    /// Packs the rows of matrices, one below the other, with the bias of each row and a factor for all of a matrix.
    pub(in crate::encoder) fn new(
        precision: Precision,
        inputs: usize,
        parts: &[(Source<'_>, &[f32], f32)],
    ) -> PackedLinear {
        let kind = match precision {
            Precision::F32 => Kind::F32,
            Precision::Bf16 => Kind::Bf16,
            Precision::Int8 => Kind::Int8,
        };
        let outputs = parts.iter().map(|(_, bias, _)| bias.len()).sum::<usize>();
        let padded = outputs.next_multiple_of(PANEL);
        let mut packed = PackedLinear {
            panels: Panels::zeros(kind, outputs, inputs),
            factors: vec![1.0; padded],
            sums: vec![0.0; padded],
            bias: vec![0.0; padded],
        };
        let mut column = 0;
        for (source, bias, factor) in parts {
            for (row, bias) in bias.iter().enumerate() {
                packed.bias[column] = bias * factor;
                packed.set_column(column, source, row, inputs, *factor);
                column += 1;
            }
        }
        packed
    }

    fn set_column(&mut self, column: usize, source: &Source<'_>, row: usize, inputs: usize, factor: f32) {
        let place = row * inputs..(row + 1) * inputs;
        let numbers = || -> Vec<f32> {
            match source {
                Source::Full(numbers) => numbers[place.clone()].iter().map(|x| x * factor).collect(),
                Source::Int8(values, scales) => {
                    values[place.clone()].iter().map(|x| f32::from(*x) * scales[row] * factor).collect()
                }
            }
        };
        match self.panels.kind {
            Kind::F32 => {
                numbers().iter().enumerate().for_each(|(step, x)| self.panels.set(column, step, x.to_bits()));
            }
            Kind::Bf16 => {
                let numbers = numbers();
                for (step, pair) in numbers.chunks(2).enumerate() {
                    let word = super::words::bf16_pair(pair[0], pair.get(1).copied().unwrap_or(0.0));
                    self.panels.set(column, step, word);
                }
            }
            Kind::Int8 => {
                let quantised;
                let (values, scale) = match source {
                    Source::Int8(values, scales) => (&values[place], scales[row] * factor),
                    Source::Full(_) => {
                        quantised = quantise(&numbers());
                        (&quantised.0[..], quantised.1)
                    }
                };
                self.factors[column] = scale;
                self.sums[column] = scale * values.iter().map(|x| i32::from(*x)).sum::<i32>() as f32;
                for (step, quad) in values.chunks(4).enumerate() {
                    let byte = |index: usize| quad.get(index).map_or(0, |x| x.cast_unsigned());
                    self.panels.set(column, step, u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]));
                }
            }
        }
    }

    /// Numbers in a row that comes out.
    fn stride(&self) -> usize {
        self.bias.len()
    }

    /// The product of the loaded rows, finished, into rows of [`PackedLinear::stride`] numbers.
    fn apply(
        &self,
        cpu: Cpu,
        rows: usize,
        from: &Rows,
        scales: &[Scale],
        activation: Option<Activation>,
        out: &mut [f32],
    ) {
        let finish = Finish { scales, factors: &self.factors, sums: &self.sums, bias: &self.bias };
        let stride = self.stride();
        let kind = self.panels.kind;
        let fused = kind != Kind::F32 && activation == Some(Activation::Gelu);
        product(cpu, from, rows, &self.panels, |tile| match (kind == Kind::Int8, fused) {
            (true, true) => finish_int8_gelu(cpu, &tile, &finish, out, stride),
            (true, false) => finish_int8(cpu, &tile, &finish, out, stride),
            (false, true) => finish_float_gelu(cpu, &tile, &finish, out, stride),
            (false, false) => finish_float(cpu, &tile, &finish, out, stride),
        });
        let out = &mut out[..rows * stride];
        match activation {
            Some(Activation::Gelu) if !fused => activation::gelu(out, &vec![0.0; stride]),
            Some(Activation::GeluTanh) => activation::gelu_tanh(out, &vec![0.0; stride]),
            Some(Activation::Relu) => activation::relu(out, &vec![0.0; stride]),
            Some(Activation::Gelu) | None => {}
        }
    }
}

/// A row as int8 with one scale, symmetric.
fn quantise(numbers: &[f32]) -> (Vec<i8>, f32) {
    let largest = numbers.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (numbers.iter().map(|x| (x / scale).round() as i8).collect(), scale)
}

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
struct Scratch {
    projected: Words,
    context: Words,
    wide: Words,
    rows: Rows,
    scales: Vec<Scale>,
    attention: attention::Scratch,
    attention_kind: Kind,
}

thread_local! {
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

impl PackedLayer {
    /// Whether the kernels take a network of these sizes: rows have to be whole panels.
    pub(in crate::encoder) fn takes(hidden: usize, wide: usize) -> bool {
        hidden.is_multiple_of(PANEL) && wide.is_multiple_of(PANEL)
    }

    /// Runs the layer over rows of texts, one after the other, `lengths` rows each; in place.
    pub(in crate::encoder) fn run(&self, cpu: Cpu, hidden: &mut [f32], lengths: &[usize]) {
        let kind = match self.widened.panels.kind {
            Kind::F32 => Kind::F32,
            Kind::Bf16 => Kind::Bf16,
            Kind::Int8 if cpu.has_bf16() => Kind::Bf16,
            Kind::Int8 => Kind::F32,
        };
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.as_ref().is_none_or(|scratch| scratch.attention_kind != kind) {
                *scratch = Some(Scratch {
                    projected: Words::default(),
                    context: Words::default(),
                    wide: Words::default(),
                    rows: Rows::new(),
                    scales: Vec::new(),
                    attention: attention::Scratch::new(kind),
                    attention_kind: kind,
                });
            }
            self.run_with(cpu, hidden, lengths, scratch.as_mut().expect("set above"));
        });
    }

    fn run_with(&self, cpu: Cpu, hidden: &mut [f32], lengths: &[usize], scratch: &mut Scratch) {
        let size = self.attended_norm.0.len();
        let mut start = 0;
        for length in lengths {
            self.run_text(cpu, &mut hidden[start * size..][..length * size], size, scratch);
            start += length;
        }
    }

    fn run_text(&self, cpu: Cpu, hidden: &mut [f32], size: usize, scratch: &mut Scratch) {
        let Scratch { projected, context, wide, rows, scales, attention, .. } = scratch;
        let length = hidden.len() / size;
        let kind = self.widened.panels.kind;
        let stride = self.query_key_value.stride();
        projected.grow(length * stride);
        context.grow(length * size);
        load(cpu, kind, hidden, size, size, rows, scales);
        self.query_key_value.apply(cpu, length, rows, scales, None, projected.numbers_mut());
        let context = context.numbers_mut();
        attend(cpu, &projected.numbers()[..length * stride], stride, size, self.heads, context, attention);

        wide.grow(CHUNK.min(length) * self.widened.stride());
        let out = projected.numbers_mut();
        for (hidden, context) in hidden.chunks_mut(CHUNK * size).zip(context[..length * size].chunks(CHUNK * size)) {
            let count = hidden.len() / size;
            load(cpu, kind, context, size, size, rows, scales);
            self.attended.apply(cpu, count, rows, scales, None, out);
            self.norm(hidden, out, &self.attended_norm);
            load(cpu, kind, hidden, size, size, rows, scales);
            let wide = wide.numbers_mut();
            self.widened.apply(cpu, count, rows, scales, Some(self.activation), wide);
            let widened = self.widened.stride();
            load(cpu, kind, &wide[..count * widened], widened, widened, rows, scales);
            self.narrowed.apply(cpu, count, rows, scales, None, out);
            self.norm(hidden, out, &self.narrowed_norm);
        }
    }

    /// `hidden` becomes the layer normalisation of `hidden + out`.
    fn norm(&self, hidden: &mut [f32], out: &[f32], (weight, shift): &(Vec<f32>, Vec<f32>)) {
        norm::residual_norm(hidden, &out[..hidden.len()], weight, shift, self.epsilon);
    }
}

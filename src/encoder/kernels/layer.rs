//! One layer of the network on a CPU: rows in, rows out, in chunks that stay in the cache.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use super::attention::{self, attend};
use super::cpu::Cpu;
use super::product::{Panels, Rows, product};
use super::rows::{Finish, Scale, finish_float, finish_float_gelu, finish_int8, finish_int8_gelu, load, load_fine};
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

/// Texts of up to this many word pieces have activations of two int8 digits: the errors of one digit do not average out
/// over so few. A short text costs little either way.
const SHORT: usize = 64;

/// A linear layer, packed for products.
pub(in crate::encoder) struct PackedLinear {
    panels: Panels,
    /// For each column, padded to whole panels.
    factors: Vec<f32>,
    sums: Vec<f32>,
    bias: Vec<f32>,
    /// As many zeros.
    no_bias: Vec<f32>,
}

/// A matrix to be packed: `[outputs, inputs]`.
pub(in crate::encoder) enum Source<'a> {
    /// Numbers, row after row.
    Full(&'a [f32]),
    /// Signed bytes and the scale of each row.
    Int8(&'a [u8], &'a [f32]),
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
            no_bias: vec![0.0; padded],
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
                    values[place.clone()].iter().map(|x| f32::from(x.cast_signed()) * scales[row] * factor).collect()
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
                self.sums[column] = scale * values.iter().map(|x| i32::from(x.cast_signed())).sum::<i32>() as f32;
                for (step, quad) in values.chunks(4).enumerate() {
                    let byte = |index: usize| quad.get(index).copied().unwrap_or(0);
                    self.panels.set(column, step, u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]));
                }
            }
        }
    }

    /// Numbers in a row that comes out.
    fn stride(&self) -> usize {
        self.bias.len()
    }

    /// `x Wᵀ + b`, and its activation, for rows `x` of `depth` numbers, into rows of [`PackedLinear::stride`] numbers.
    /// Of few rows, int8 words have two digits: `out` has room for twice the rows.
    fn apply(
        &self,
        cpu: Cpu,
        x: &[f32],
        depth: usize,
        activation: Option<Activation>,
        operand: &mut Operand,
        out: &mut [f32],
    ) {
        let kind = self.panels.kind;
        let rows = x.len() / depth;
        let fine = kind == Kind::Int8 && operand.fine;
        let Operand { words, scales, .. } = operand;
        match fine {
            true => load_fine(x, depth, words, scales),
            false => load(cpu, kind, x, depth, depth, words, scales),
        }
        let finish = Finish { scales, factors: &self.factors, sums: &self.sums, bias: &self.bias };
        let stride = self.stride();
        let fused = kind != Kind::F32 && !fine && activation == Some(Activation::Gelu);
        product(cpu, words, scales.len(), &self.panels, |tile| match (kind == Kind::Int8, fused) {
            (true, true) => finish_int8_gelu(cpu, &tile, &finish, out, stride),
            (true, false) => finish_int8(cpu, &tile, &finish, out, stride),
            (false, true) => finish_float_gelu(cpu, &tile, &finish, out, stride),
            (false, false) => finish_float(cpu, &tile, &finish, out, stride),
        });
        let (out, low) = out.split_at_mut(rows * stride);
        if fine {
            // Both digits' rows have the bias.
            for (out, low) in out.chunks_exact_mut(stride).zip(low.chunks_exact(stride)) {
                out.iter_mut().zip(low).zip(&self.bias).for_each(|((out, low), bias)| *out += low - bias);
            }
        }
        match activation {
            Some(Activation::Gelu) if !fused => activation::gelu(out, &self.no_bias),
            Some(Activation::GeluTanh) => activation::gelu_tanh(out, &self.no_bias),
            Some(Activation::Relu) => activation::relu(out, &self.no_bias),
            Some(Activation::Gelu) | None => {}
        }
    }
}

/// A row as signed bytes with one scale, symmetric.
fn quantise(numbers: &[f32]) -> (Vec<u8>, f32) {
    let largest = numbers.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (numbers.iter().map(|x| ((x / scale).round() as i8).cast_unsigned()).collect(), scale)
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
    operand: Operand,
    attention: attention::Scratch,
}

/// The left side of a product.
struct Operand {
    words: Rows,
    scales: Vec<Scale>,
    /// Whether int8 words have two digits.
    fine: bool,
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
            let fits = scratch.as_ref().is_some_and(|scratch| scratch.attention.kind() == kind);
            if !fits {
                *scratch = None;
            }
            let scratch = scratch.get_or_insert_with(|| Scratch {
                projected: Words::default(),
                context: Words::default(),
                wide: Words::default(),
                operand: Operand { words: Rows::new(), scales: Vec::new(), fine: false },
                attention: attention::Scratch::new(kind),
            });
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
        operand.fine = length <= SHORT;
        let room = if operand.fine { 2 } else { 1 };
        let (stride, widened) = (self.query_key_value.stride(), self.widened.stride());
        projected.grow(room * length * stride);
        context.grow(length * size);
        wide.grow(room * CHUNK.min(length) * widened);

        self.query_key_value.apply(cpu, hidden, size, None, operand, projected.numbers_mut());
        let context = &mut context.numbers_mut()[..length * size];
        attend(cpu, &projected.numbers()[..length * stride], stride, size, self.heads, context, attention);

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

//! Linear layers on a CPU, packed for products.

use super::activation;
use super::rows::{Epilogue, RowScale, StridedRows, finish_float, finish_float_gelu, finish_int8, load, load_fine};
use crate::encoder::config::Activation;
use crate::kernels::{Cpu, ElementType, PANEL, PackedPanels, PaddedRows, bf16_pair, gemm};

/// The left side of a product.
#[derive(Default)]
pub(super) struct GemmOperand {
    pub(super) words: PaddedRows,
    pub(super) scales: Vec<RowScale>,
    /// Whether int8 words have two digits.
    pub(super) fine: bool,
}

/// A linear layer, packed for products.
pub(in crate::encoder) struct PackedLinear {
    pub(super) panels: PackedPanels,
    /// For each column, padded to whole panels.
    factors: Vec<f32>,
    sums: Vec<f32>,
    bias: Vec<f32>,
}

/// A matrix to be packed: `[outputs, inputs]`.
pub(in crate::encoder) enum WeightSource<'a> {
    /// Numbers, row after row.
    Full(&'a [f32]),
    /// Signed bytes and the scale of each row.
    Int8(&'a [u8], &'a [f32]),
}

impl PackedLinear {
    /// Packs the rows of matrices, one below the other, with the bias of each row and a factor for all of a matrix.
    pub(in crate::encoder) fn new(
        kind: ElementType,
        inputs: usize,
        parts: &[(WeightSource<'_>, &[f32], f32)],
    ) -> PackedLinear {
        let outputs = parts.iter().map(|(_, bias, _)| bias.len()).sum::<usize>();
        let padded = outputs.next_multiple_of(PANEL);
        let mut packed = PackedLinear {
            panels: PackedPanels::zeros(kind, outputs, inputs),
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

    fn set_column(&mut self, column: usize, source: &WeightSource<'_>, row: usize, inputs: usize, factor: f32) {
        let place = row * inputs..(row + 1) * inputs;
        let numbers = || -> Vec<f32> {
            match source {
                WeightSource::Full(numbers) => numbers[place.clone()].iter().map(|x| x * factor).collect(),
                WeightSource::Int8(values, scales) => {
                    values[place.clone()].iter().map(|x| f32::from(x.cast_signed()) * scales[row] * factor).collect()
                }
            }
        };
        match self.panels.kind {
            ElementType::F32 => {
                numbers().iter().enumerate().for_each(|(step, x)| self.panels.set(column, step, x.to_bits()));
            }
            ElementType::Bf16 => {
                let numbers = numbers();
                for (step, pair) in numbers.chunks(2).enumerate() {
                    let word = bf16_pair(pair[0], pair.get(1).copied().unwrap_or(0.0));
                    self.panels.set(column, step, word);
                }
            }
            kind @ (ElementType::Int8 | ElementType::Int16) => {
                let quantized;
                let (values, scale) = match source {
                    WeightSource::Int8(values, scales) => (&values[place], scales[row] * factor),
                    WeightSource::Full(_) => {
                        quantized = quantize(&numbers());
                        (&quantized.0[..], quantized.1)
                    }
                };
                self.factors[column] = scale;
                self.sums[column] = scale * values.iter().map(|x| i32::from(x.cast_signed())).sum::<i32>() as f32;
                for (step, values) in values.chunks(kind.per_word()).enumerate() {
                    self.panels.set(column, step, kind.word(values.iter().map(|x| x.cast_signed().into())));
                }
            }
        }
    }

    /// Numbers in a row that comes out.
    pub(super) fn stride(&self) -> usize {
        self.bias.len()
    }

    /// `x Wᵀ + b`, and its activation, for rows `x` of `depth` numbers, into rows of [`PackedLinear::stride`] numbers.
    pub(super) fn apply(
        &self,
        cpu: Cpu,
        x: &[f32],
        depth: usize,
        activation: Option<Activation>,
        operand: &mut GemmOperand,
        out: &mut [f32],
    ) {
        let Self { panels, factors, sums, bias } = self;
        let GemmOperand { words, scales, fine } = operand;
        match *fine {
            true => load_fine(cpu, panels.kind, x, depth, words, scales),
            false => load(cpu, panels.kind, StridedRows { numbers: x, stride: depth, columns: depth }, words, scales),
        }
        let (stride, digits) = (self.stride(), if *fine { 2 } else { 1 });
        let out = &mut out[..scales.len() * stride];
        let is_gelu = panels.kind != ElementType::F32 && !*fine && activation == Some(Activation::Gelu);
        let finish = Epilogue { columns: stride, digits, scales, factors, sums, bias };
        gemm(cpu, words, 0..digits * scales.len(), panels, |tile| match (panels.kind.is_integer(), is_gelu) {
            (true, true) => finish_int8::<true>(cpu, &tile, &finish, out, stride),
            (true, false) => finish_int8::<false>(cpu, &tile, &finish, out, stride),
            (false, true) => finish_float_gelu(cpu, &tile, &finish, out, stride),
            (false, false) => finish_float(cpu, &tile, &finish, out, stride),
        });
        match activation {
            Some(Activation::Gelu) if !is_gelu => activation::gelu(out),
            Some(Activation::GeluTanh) => activation::gelu_tanh(out),
            Some(Activation::Relu) => activation::relu(out),
            Some(Activation::Gelu) | None => {}
        }
    }
}

/// A row as signed bytes with one scale, symmetric.
fn quantize(numbers: &[f32]) -> (Vec<u8>, f32) {
    let largest = numbers.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (numbers.iter().map(|x| ((x / scale).round() as i8).cast_unsigned()).collect(), scale)
}

//! Tensors out of a safetensors file: f32, f16, bf16, and the int8 that `quantize` writes.

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::bad_model;
use super::kernels::Source;
use crate::Result;

/// What the name of an int8 matrix gets to name its scales, one f32 for each row.
pub(super) const SCALE_SUFFIX: &str = ".scale";

/// A file of tensors, looked at by name.
pub(super) struct Weights<'a> {
    model: &'a str,
    file: &'a str,
    tensors: SafeTensors<'a>,
    /// Some files name every tensor with `bert.` in front.
    prefix: &'static str,
}

impl<'a> Weights<'a> {
    /// Reads the header.
    pub(super) fn new(model: &'a str, file: &'a str, bytes: &'a [u8]) -> Result<Weights<'a>> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| bad_model(model, format!("{file}: {error}")))?;
        let prefix = if tensors.names().iter().any(|name| name.starts_with("bert.")) { "bert." } else { "" };
        Ok(Weights { model, file, tensors, prefix })
    }

    /// A vector of `size` finite numbers.
    pub(super) fn vector(&self, name: &str, size: usize) -> Result<Vec<f32>> {
        self.floats(name, &[size])
    }

    /// A matrix of finite numbers, `[rows, columns]`.
    pub(super) fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Matrix> {
        let view = self.view(name, &[rows, columns])?;
        if view.dtype() != Dtype::I8 {
            return Ok(Matrix { columns, numbers: Numbers::Full(self.floats(name, &[rows, columns])?) });
        }
        let scales = self.floats(&format!("{name}{SCALE_SUFFIX}"), &[rows])?;
        let values = view.data().iter().map(|byte| byte.cast_signed()).collect();
        Ok(Matrix { columns, numbers: Numbers::Int8 { values, scales } })
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.view(name, shape)?;
        let dtype = match view.dtype() {
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            other => {
                return Err(
                    self.bad(name, format!("numbers are {other:?}; f32, f16, bf16 and paperkin's int8 can be read"))
                );
            }
        };
        let numbers = Tensor::from_raw_buffer(view.data(), dtype, shape, &Device::Cpu)
            .and_then(|tensor| tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>())
            .map_err(|error| self.bad(name, error.to_string()))?;
        match numbers.iter().find(|x| !x.is_finite()) {
            Some(x) => Err(self.bad(name, format!("holds {x}"))),
            None => Ok(numbers),
        }
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<TensorView<'_>> {
        let view = self
            .tensors
            .tensor(&format!("{}{name}", self.prefix))
            .map_err(|_| self.bad(name, "is missing".to_owned()))?;
        if view.shape() != shape {
            return Err(self.bad(name, format!("shape is {:?}, config.json says {shape:?}", view.shape())));
        }
        Ok(view)
    }

    fn bad(&self, name: &str, reason: String) -> crate::Error {
        bad_model(self.model, format!("{}: tensor `{}{name}` {reason}", self.file, self.prefix))
    }
}

/// A matrix in rows, as precise as its file.
pub(super) struct Matrix {
    columns: usize,
    numbers: Numbers,
}

enum Numbers {
    Full(Vec<f32>),
    /// A number is its value times the scale of its row.
    Int8 {
        values: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl Matrix {
    /// How many rows.
    pub(super) fn rows(&self) -> usize {
        match &self.numbers {
            Numbers::Full(values) => values.len() / self.columns,
            Numbers::Int8 { scales, .. } => scales.len(),
        }
    }

    /// Adds a row to `sum`, `[columns]`.
    ///
    /// # Panics
    /// If there is no such row.
    pub(super) fn add_row(&self, row: usize, sum: &mut [f32]) {
        let place = row * self.columns..(row + 1) * self.columns;
        match &self.numbers {
            Numbers::Full(values) => sum.iter_mut().zip(&values[place]).for_each(|(sum, x)| *sum += x),
            Numbers::Int8 { values, scales } => {
                let scale = scales[row];
                sum.iter_mut().zip(&values[place]).for_each(|(sum, x)| *sum += f32::from(*x) * scale);
            }
        }
    }

    /// The numbers, to be packed.
    pub(super) fn source(&self) -> Source<'_> {
        match &self.numbers {
            Numbers::Full(values) => Source::Full(values),
            Numbers::Int8 { values, scales } => Source::Int8(values, scales),
        }
    }

    /// Whether they are int8.
    pub(super) fn is_int8(&self) -> bool {
        matches!(self.numbers, Numbers::Int8 { .. })
    }

    /// All numbers, row after row.
    pub(super) fn into_f32(self) -> Vec<f32> {
        match self.numbers {
            Numbers::Full(values) => values,
            Numbers::Int8 { values, scales } => values
                .chunks_exact(self.columns)
                .zip(scales)
                .flat_map(|(row, scale)| row.iter().map(move |x| f32::from(*x) * scale))
                .collect(),
        }
    }
}

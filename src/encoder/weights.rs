//! Tensors out of a safetensors file: f32, f16, bf16, and the int8 that `quantize` writes.

use std::borrow::Cow;

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::bad_model;
use super::kernels::WeightSource;
use crate::Result;

/// What the name of an int8 matrix gets to name its scales, one f32 for each row.
pub(super) const SCALE_SUFFIX: &str = ".scale";

/// What stands before the names of a network's tensors in files that hold more than the network.
const PREFIXES: [&str; 3] = ["bert.", "roberta.", "model."];

/// A file of tensors, looked at by name.
pub(super) struct TensorFile<'n, 'b> {
    model: &'n str,
    file: &'n str,
    tensors: SafeTensors<'b>,
    /// Some files name every tensor with the network in front.
    prefix: &'static str,
    /// How to keep a part of the file.
    keep: fn(&'b [u8]) -> Cow<'static, [u8]>,
}

impl<'n> TensorFile<'n, 'static> {
    /// Reads the header of a file that stays: its int8 matrices are not copied.
    pub(super) fn lasting(model: &'n str, file: &'n str, bytes: &'static [u8]) -> Result<TensorFile<'n, 'static>> {
        Ok(TensorFile { keep: Cow::Borrowed, ..TensorFile::new(model, file, bytes)? })
    }
}

impl<'n, 'b> TensorFile<'n, 'b> {
    /// Reads the header.
    pub(super) fn new(model: &'n str, file: &'n str, bytes: &'b [u8]) -> Result<TensorFile<'n, 'b>> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| bad_model(model, format!("{file}: {error}")))?;
        let is_used = |prefix: &&str| tensors.names().iter().any(|name| name.starts_with(*prefix));
        let prefix = PREFIXES.into_iter().find(is_used).unwrap_or("");
        Ok(TensorFile { model, file, tensors, prefix, keep: |part| Cow::Owned(part.to_vec()) })
    }

    /// What stands before every name.
    pub(super) fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// The shape of a tensor; `None` when there is none of this name.
    pub(super) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensors.tensor(name).ok()?.shape().to_vec())
    }

    /// Finite numbers of a tensor of this shape; those of an int8 tensor are as they are.
    pub(super) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.view(name, shape)?;
        if view.dtype() == Dtype::I8 {
            return Ok(view.data().iter().map(|x| f32::from(x.cast_signed())).collect());
        }
        self.floats(name, shape)
    }

    /// Whole numbers from 0 on.
    pub(super) fn indices(&self, name: &str, size: usize) -> Result<Vec<usize>> {
        let view = self.view(name, &[size])?;
        let numbers: Vec<i64> = match view.dtype() {
            Dtype::I64 => view.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
            Dtype::I32 => view.data().as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes).into()).collect(),
            other => return Err(self.bad(name, format!("has unsupported type {other:?}; i32 and i64 are supported"))),
        };
        let index = |number: &i64| usize::try_from(*number).map_err(|_| self.bad(name, format!("contains {number}")));
        numbers.iter().map(index).collect()
    }

    /// A vector of `size` finite numbers.
    pub(super) fn vector(&self, name: &str, size: usize) -> Result<Vec<f32>> {
        self.floats(name, &[size])
    }

    /// A matrix of finite numbers, `[rows, columns]`.
    pub(super) fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<WeightMatrix> {
        let view = self.view(name, &[rows, columns])?;
        if view.dtype() != Dtype::I8 {
            return Ok(WeightMatrix { columns, numbers: MatrixElements::Full(self.floats(name, &[rows, columns])?) });
        }
        let scales = self.floats(&format!("{name}{SCALE_SUFFIX}"), &[rows])?;
        Ok(WeightMatrix { columns, numbers: MatrixElements::Int8 { values: (self.keep)(view.data()), scales } })
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.view(name, shape)?;
        let convert = |dtype: DType| {
            Tensor::from_raw_buffer(view.data(), dtype, &[view.data().len() / dtype.size_in_bytes()], &Device::Cpu)
                .and_then(|tensor| tensor.to_dtype(DType::F32)?.to_vec1::<f32>())
                .map_err(|error| self.bad(name, error.to_string()))
        };
        let numbers = match view.dtype() {
            Dtype::F32 => view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::F16 => convert(DType::F16)?,
            Dtype::BF16 => convert(DType::BF16)?,
            Dtype::F64 => convert(DType::F64)?,
            other => {
                return Err(self.bad(
                    name,
                    format!("has unsupported type {other:?}; f32, f16, bf16 and paperkin's int8 are supported"),
                ));
            }
        };
        // All are looked at, without a way out: that takes several at a time.
        if numbers.iter().fold(true, |finite: bool, x: &f32| finite & x.is_finite()) {
            return Ok(numbers);
        }
        let x = numbers.iter().find(|x| !x.is_finite()).expect("contains values that are not finite");
        Err(self.bad(name, format!("contains {x}")))
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<TensorView<'b>> {
        let view = self
            .tensors
            .tensor(&format!("{}{name}", self.prefix))
            .map_err(|_| self.bad(name, "is missing".to_owned()))?;
        if view.shape() != shape {
            return Err(self.bad(name, format!("has shape {:?}, but config.json implies {shape:?}", view.shape())));
        }
        Ok(view)
    }

    fn bad(&self, name: &str, reason: String) -> crate::Error {
        bad_model(self.model, format!("{}: tensor `{}{name}` {reason}", self.file, self.prefix))
    }
}

/// A matrix in rows, as precise as its file.
pub(super) struct WeightMatrix {
    columns: usize,
    numbers: MatrixElements,
}

enum MatrixElements {
    Full(Vec<f32>),
    /// A number is its value, an i8 as the byte it is in the file, times the scale of its row.
    Int8 {
        values: Cow<'static, [u8]>,
        scales: Vec<f32>,
    },
}

impl WeightMatrix {
    /// How many rows.
    pub(super) fn rows(&self) -> usize {
        match &self.numbers {
            MatrixElements::Full(values) => values.len() / self.columns,
            MatrixElements::Int8 { scales, .. } => scales.len(),
        }
    }

    /// Adds a row to `sum`, `[columns]`.
    ///
    /// # Panics
    /// If there is no such row.
    pub(super) fn add_row(&self, row: usize, sum: &mut [f32]) {
        let place = row * self.columns..(row + 1) * self.columns;
        match &self.numbers {
            MatrixElements::Full(values) => sum.iter_mut().zip(&values[place]).for_each(|(sum, x)| *sum += x),
            MatrixElements::Int8 { values, scales } => {
                let scale = scales[row];
                sum.iter_mut().zip(&values[place]).for_each(|(sum, x)| *sum += f32::from(x.cast_signed()) * scale);
            }
        }
    }

    /// The numbers, to be packed.
    pub(super) fn source(&self) -> WeightSource<'_> {
        match &self.numbers {
            MatrixElements::Full(values) => WeightSource::Full(values),
            MatrixElements::Int8 { values, scales } => WeightSource::Int8(values, scales),
        }
    }

    /// Whether they are int8.
    pub(super) fn is_int8(&self) -> bool {
        matches!(self.numbers, MatrixElements::Int8 { .. })
    }

    /// All numbers, row after row.
    pub(super) fn into_f32(self) -> Vec<f32> {
        match self.numbers {
            MatrixElements::Full(values) => values,
            MatrixElements::Int8 { values, scales } => {
                let mut numbers = Vec::with_capacity(values.len());
                for (row, scale) in values.chunks_exact(self.columns).zip(scales) {
                    numbers.extend(row.iter().map(|x| f32::from(x.cast_signed()) * scale));
                }
                numbers
            }
        }
    }
}

//! Texts as vectors.

use numpy::{PyArray2, PyArrayMethods, ToPyArray};
use paperkin::encoder::{DeviceChoice, Encoder, EncoderOptions, HubOptions, Model, ModelChoice, TextSide};
use paperkin::{Cancellation, Error, Result};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::work;

/// Texts between two looks at whether to stop: a few seconds of work, and enough to group texts of similar length.
const TEXTS_AT_A_TIME: usize = 256;

/// A model, ready to encode.
#[pyclass(frozen, module = "paperkin._native")]
pub struct NativeEncoder {
    encoder: Encoder,
}

#[pymethods]
impl NativeEncoder {
    #[new]
    fn new(py: Python<'_>, model: &str, device: &str, pooling: Option<&str>) -> PyResult<NativeEncoder> {
        let encoder = work::run(py, &Cancellation::default(), || {
            let device: DeviceChoice = parsed("device", device)?;
            let choice: ModelChoice = model.parse()?;
            let model = Model::open(&choice, &HubOptions::from_env())?;
            let model = match pooling {
                Some(pooling) => model.with_pooling(parsed("pooling", pooling)?)?,
                None => model,
            };
            Encoder::new(model, &EncoderOptions { device, ..EncoderOptions::default() })
        })?;
        Ok(NativeEncoder { encoder })
    }

    /// A row for each text, a query or a document: f32, of length 1.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<PyBackedStr>,
        are_queries: bool,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let side = if are_queries { TextSide::Query } else { TextSide::Document };
        let cancellation = Cancellation::default();
        let dimension = self.encoder.identity().dimension;
        let numbers = work::run(py, &cancellation, || {
            let mut numbers = Vec::with_capacity(texts.len() * dimension);
            for texts in texts.chunks(TEXTS_AT_A_TIME) {
                cancellation.check()?;
                let embeddings = self.encoder.encode(side, texts, &|_| ())?;
                embeddings.iter().for_each(|embedding| numbers.extend_from_slice(embedding.as_slice()));
            }
            Ok(numbers)
        })?;
        numbers.to_pyarray(py).reshape([texts.len(), dimension])
    }

    #[getter]
    fn name(&self) -> &str {
        &self.encoder.identity().name
    }

    #[getter]
    fn fingerprint(&self) -> &str {
        &self.encoder.identity().fingerprint
    }

    #[getter]
    fn dimension(&self) -> usize {
        self.encoder.identity().dimension
    }

    #[getter]
    fn device(&self) -> String {
        self.encoder.device().to_string()
    }
}

/// A name among those that there are.
pub(crate) fn parsed<T: std::str::FromStr<Err: ToString>>(field: &'static str, name: &str) -> Result<T> {
    name.parse().map_err(|error: T::Err| Error::BadRequest { field, reason: error.to_string() })
}

//! Vectors beside the papers of a table, and the model that made them.

use std::sync::Arc;

use parquet::file::reader::ChunkReader;
use parquet::record::{Field as Cell, Row};
use parquet::schema::types::Type;

use super::table_file::TableFile;
use crate::error::Result;
use crate::formats::FINGERPRINT_KEY;
use crate::vector::{Embedding, vector_error};

/// The column of vectors: that of `embed --stream`, or of an export.
const VECTORS: [&str; 2] = ["vector", "embedding"];
/// The column of fingerprints.
const FINGERPRINT: &str = "fingerprint";

/// The model that vectors have to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorModel {
    /// What tells it from every other model.
    pub fingerprint: String,
    /// Numbers in a vector.
    pub dimension: usize,
}

/// Where a file has the vectors.
pub(super) struct VectorColumns {
    model: VectorModel,
    columns: Vec<Arc<Type>>,
    /// That of all vectors, where there is no column for it.
    fingerprint: Option<String>,
}

impl VectorColumns {
    /// Fails where a file has no vectors, or does not say which model made them.
    pub(super) fn find<R: ChunkReader + 'static>(table: &TableFile<R>, model: &VectorModel) -> Result<VectorColumns> {
        let column = |name: &str| table.schema().get_fields().iter().find(|column| column.name() == name).cloned();
        let vector = VECTORS.into_iter().find_map(column).ok_or_else(|| table.no_column(VECTORS[0]))?;
        let fingerprints = column(FINGERPRINT);
        let fingerprint = table.metadata(FINGERPRINT_KEY).map(str::to_owned);
        if fingerprints.is_none() && fingerprint.is_none() {
            let reason = format!(
                "does not say which model made the vectors: neither a column `{FINGERPRINT}`, nor `{FINGERPRINT_KEY}` in the \
                 metadata"
            );
            return Err(table.bad_file(reason));
        }
        let fingerprint = fingerprint.filter(|_| fingerprints.is_none());
        let columns = [vector].into_iter().chain(fingerprints).collect();
        Ok(VectorColumns { model: model.clone(), columns, fingerprint })
    }

    /// The columns to read.
    pub(super) fn columns(&self) -> impl Iterator<Item = Arc<Type>> {
        self.columns.iter().cloned()
    }

    /// The embedding of a row, or what is wrong with it.
    pub(super) fn embedding(&self, row: &Row) -> Result<Embedding, String> {
        let cell = |wanted: &str| row.get_column_iter().find(|(name, _)| *name == wanted).map(|(_, cell)| cell);
        let name = self.columns.first().map_or("", |column| column.name());
        let vector = match cell(name) {
            Some(Cell::ListInternal(list)) => list.elements().iter().map(number).collect::<Option<Vec<f32>>>(),
            Some(Cell::Null) | None => return Err("no vector: `add` without --vectors computes it".to_owned()),
            Some(_) => None,
        };
        let vector = vector.ok_or_else(|| format!("`{name}` is not a list of numbers"))?;
        let fingerprint = match (&self.fingerprint, cell(FINGERPRINT)) {
            (Some(fingerprint), _) => fingerprint,
            (None, Some(Cell::Str(fingerprint))) => fingerprint,
            _ => return Err("no fingerprint of the model that made the vector".to_owned()),
        };
        if *fingerprint != self.model.fingerprint {
            let known = &self.model.fingerprint;
            return Err(format!(
                "the vector is of the model `{fingerprint}`, and those of the library are of `{known}`"
            ));
        }
        match vector_error(&vector, self.model.dimension) {
            Some(reason) => Err(reason),
            None => Ok(Embedding::from_unit_slice(&vector)),
        }
    }
}

fn number(cell: &Cell) -> Option<f32> {
    match cell {
        Cell::Float(number) => Some(*number),
        Cell::Double(number) => Some(*number as f32),
        _ => None,
    }
}

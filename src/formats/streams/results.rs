//! What commands write for each row of a stream.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{Float32Builder, ListBuilder, StringBuilder, StructBuilder};
use arrow_schema::{DataType, Field, Fields};
use serde::Serialize;

use super::RowResult;

/// The embedding of a text.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EmbeddedRow {
    /// The numbers.
    pub(crate) vector: Option<Vec<f32>>,
    /// That of the model: tables that lose the metadata of their schema, such as those of Spark, keep it.
    pub(crate) fingerprint: Option<String>,
}

impl RowResult for EmbeddedRow {
    fn fields() -> Vec<Field> {
        // Not lists of a fixed length, which Spark has not.
        let vector = DataType::new_list(DataType::Float32, true);
        vec![Field::new("vector", vector, true), Field::new("fingerprint", DataType::Utf8, true)]
    }

    fn columns(rows: &[EmbeddedRow]) -> Vec<ArrayRef> {
        let (mut vectors, mut fingerprints) = (ListBuilder::new(Float32Builder::new()), StringBuilder::new());
        for EmbeddedRow { vector, fingerprint } in rows {
            vectors.values().append_slice(vector.as_deref().unwrap_or_default());
            vectors.append(vector.is_some());
            fingerprints.append_option(fingerprint.as_deref());
        }
        vec![Arc::new(vectors.finish()), Arc::new(fingerprints.finish())]
    }
}

/// A neighbor of a paper.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct NearPaper {
    /// Its id.
    pub(crate) id: String,
    /// The cosine of both embeddings.
    pub(crate) cosine: f32,
}

/// The neighbors of a paper.
#[derive(Debug, Default, Serialize)]
pub(crate) struct NeighborsRow {
    /// Best first.
    pub(crate) neighbors: Option<Vec<NearPaper>>,
}

impl NeighborsRow {
    fn neighbor() -> Fields {
        Fields::from(vec![Field::new("id", DataType::Utf8, true), Field::new("cosine", DataType::Float32, true)])
    }
}

impl RowResult for NeighborsRow {
    fn fields() -> Vec<Field> {
        let neighbors = DataType::new_list(DataType::Struct(NeighborsRow::neighbor()), true);
        vec![Field::new("neighbors", neighbors, true)]
    }

    fn columns(rows: &[NeighborsRow]) -> Vec<ArrayRef> {
        let mut lists = ListBuilder::new(StructBuilder::from_fields(NeighborsRow::neighbor(), rows.len()));
        for NeighborsRow { neighbors } in rows {
            let list = lists.values();
            for NearPaper { id, cosine } in neighbors.iter().flatten() {
                list.field_builder::<StringBuilder>(0).expect("ids are texts").append_value(id);
                list.field_builder::<Float32Builder>(1).expect("cosines are f32").append_value(*cosine);
                list.append(true);
            }
            lists.append(neighbors.is_some());
        }
        vec![Arc::new(lists.finish())]
    }
}

//! Some rows of a stream, and what their columns hold.

use arrow_array::{ArrayRef, RecordBatch};
use serde_json::{Map, Value};

use super::columns::{self, RowCell};

/// Rows of either kind.
pub(crate) enum RowSlice {
    /// Of an Arrow stream or a Parquet file.
    Batch(RecordBatch),
    /// Of JSON lines; or what is wrong with a line.
    Objects(Vec<Result<Map<String, Value>, String>>),
}

impl RowSlice {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            RowSlice::Batch(batch) => batch.num_rows(),
            RowSlice::Objects(objects) => objects.len(),
        }
    }

    /// What the metadata of the schema has for a key. JSON lines have none.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        match self {
            RowSlice::Batch(batch) => batch.schema_ref().metadata().get(key).map(String::as_str),
            RowSlice::Objects(_) => None,
        }
    }

    /// Texts of a column; `None` if there is no such column.
    pub(crate) fn texts(&self, column: &str) -> Result<Option<Vec<RowCell<String>>>, String> {
        match self {
            RowSlice::Batch(batch) => {
                let found = batch.column_by_name(column);
                found.map(|cells| columns::texts(cells).map_err(|reason| of_column(column, &reason))).transpose()
            }
            RowSlice::Objects(_) => Ok(Some(self.of_objects(column, columns::json_text))),
        }
    }

    /// Vectors of a column that there has to be.
    pub(crate) fn vectors(&self, column: &str) -> Result<Vec<RowCell<Vec<f32>>>, String> {
        match self {
            RowSlice::Batch(_) => columns::vectors(self.array(column)?).map_err(|reason| of_column(column, &reason)),
            RowSlice::Objects(_) => Ok(self.of_objects(column, columns::json_vector)),
        }
    }

    /// Ids as texts, whether they are texts or whole numbers. JSON lines need none.
    pub(crate) fn ids(&self) -> Result<Vec<RowCell<String>>, String> {
        match self {
            RowSlice::Batch(_) => columns::ids(self.array("id")?).map_err(|reason| of_column("id", &reason)),
            RowSlice::Objects(_) => Ok(self.of_objects("id", columns::json_id)),
        }
    }

    /// The column of this name of a batch.
    pub(super) fn array(&self, column: &str) -> Result<&ArrayRef, String> {
        let found = match self {
            RowSlice::Batch(batch) => batch.column_by_name(column),
            RowSlice::Objects(_) => None,
        };
        found.ok_or_else(|| self.no_column(column))
    }

    /// What to say where a column is missing.
    pub(crate) fn no_column(&self, column: &str) -> String {
        let fields = match self {
            RowSlice::Batch(batch) => batch.schema_ref().fields(),
            RowSlice::Objects(_) => return format!("no `{column}`"),
        };
        let names: Vec<String> = fields.iter().take(20).map(|field| format!("`{}`", field.name())).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        format!("no column `{column}`: the columns are {names}")
    }

    fn of_objects<T>(&self, field: &str, read: fn(&Value) -> Result<T, String>) -> Vec<RowCell<T>> {
        let RowSlice::Objects(objects) = self else { return Vec::new() };
        let of_object = |object: &Result<Map<String, Value>, String>| match object {
            Err(reason) => Err(reason.clone()),
            Ok(object) => match object.get(field) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => read(value).map(Some).map_err(|reason| format!("`{field}`: {reason}")),
            },
        };
        objects.iter().map(of_object).collect()
    }
}

fn of_column(column: &str, reason: &str) -> String {
    format!("column `{column}`: {reason}")
}

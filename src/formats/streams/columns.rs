//! Texts, vectors and ids of a column, whichever of its types a sender chose.

use std::fmt::Display;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, GenericListArray, OffsetSizeTrait};
use arrow_schema::DataType;
use serde_json::Value;

/// What a row has in a column: nothing, a value, or something that cannot be read.
pub(crate) type RowCell<T> = Result<Option<T>, String>;

/// Texts of any of the types of texts.
pub(super) fn texts(column: &ArrayRef) -> Result<Vec<RowCell<String>>, String> {
    fn cells<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Vec<RowCell<String>> {
        texts.map(|text| Ok(text.map(str::to_owned))).collect()
    }
    match column.data_type() {
        DataType::Utf8 => Ok(cells(column.as_string::<i32>().iter())),
        DataType::LargeUtf8 => Ok(cells(column.as_string::<i64>().iter())),
        DataType::Utf8View => Ok(cells(column.as_string_view().iter())),
        // Columns of nothing but nulls have no type in some senders.
        DataType::Null => Ok(vec![Ok(None); column.len()]),
        other => Err(format!("{other}: expected texts")),
    }
}

/// Texts, and whole numbers as texts.
pub(super) fn ids(column: &ArrayRef) -> Result<Vec<RowCell<String>>, String> {
    fn numbers<T: ArrowPrimitiveType<Native: Display>>(column: &ArrayRef) -> Vec<RowCell<String>> {
        column.as_primitive::<T>().iter().map(|number| Ok(number.map(|number| number.to_string()))).collect()
    }
    match column.data_type() {
        DataType::Int8 => Ok(numbers::<Int8Type>(column)),
        DataType::Int16 => Ok(numbers::<Int16Type>(column)),
        DataType::Int32 => Ok(numbers::<Int32Type>(column)),
        DataType::Int64 => Ok(numbers::<Int64Type>(column)),
        DataType::UInt8 => Ok(numbers::<UInt8Type>(column)),
        DataType::UInt16 => Ok(numbers::<UInt16Type>(column)),
        DataType::UInt32 => Ok(numbers::<UInt32Type>(column)),
        DataType::UInt64 => Ok(numbers::<UInt64Type>(column)),
        other => texts(column).map_err(|_| format!("{other}: expected texts or whole numbers")),
    }
}

/// Lists of f32 or f64. Senders without lists of a fixed length, such as Spark, have lists of any.
pub(super) fn vectors(column: &ArrayRef) -> Result<Vec<RowCell<Vec<f32>>>, String> {
    fn lists<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Vec<RowCell<Vec<f32>>> {
        lists.iter().map(|list| list.map(|list| numbers(&list)).transpose()).collect()
    }
    let wrong = || format!("{}: expected lists of numbers of 32 or 64 bits", column.data_type());
    match column.data_type() {
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _)
            if !matches!(element.data_type(), DataType::Float32 | DataType::Float64) =>
        {
            Err(wrong())
        }
        DataType::List(_) => Ok(lists(column.as_list::<i32>())),
        DataType::LargeList(_) => Ok(lists(column.as_list::<i64>())),
        DataType::FixedSizeList(..) => {
            let lists = column.as_fixed_size_list();
            Ok(lists.iter().map(|list| list.map(|list| numbers(&list)).transpose()).collect())
        }
        DataType::Null => Ok(vec![Ok(None); column.len()]),
        _ => Err(wrong()),
    }
}

/// The numbers of one list of f32 or f64.
fn numbers(list: &ArrayRef) -> Result<Vec<f32>, String> {
    if list.null_count() > 0 {
        return Err("the vector has a number that is null".to_owned());
    }
    Ok(match list.as_primitive_opt::<Float32Type>() {
        Some(numbers) => numbers.values().to_vec(),
        None => list.as_primitive::<Float64Type>().values().iter().map(|number| *number as f32).collect(),
    })
}

/// A text in JSON.
pub(super) fn json_text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "expected a text".to_owned())
}

/// An id in JSON: a text or a number.
pub(super) fn json_id(value: &Value) -> Result<String, String> {
    match value {
        Value::String(id) => Ok(id.clone()),
        Value::Number(id) => Ok(id.to_string()),
        _ => Err("expected a text or a number".to_owned()),
    }
}

/// A vector in JSON.
pub(super) fn json_vector(value: &Value) -> Result<Vec<f32>, String> {
    let numbers =
        value.as_array().map(|numbers| numbers.iter().map(|number| number.as_f64().map(|number| number as f32)));
    numbers.and_then(Iterator::collect).ok_or_else(|| "expected a list of numbers".to_owned())
}

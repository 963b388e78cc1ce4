//! Values that PostgreSQL is sent, and rows that it gives, as the values of SQLite.

use std::error::Error as StdError;
use std::rc::Rc;

use ::postgres::types::private::BytesMut;
use ::postgres::types::{FromSql, IsNull, ToSql as PgToSql, Type};
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};

use super::error::{Error, Result};

/// The values of parameters.
pub(super) fn sent(values: &[&dyn ToSql]) -> Result<Vec<SentValue>> {
    let owned = |value: &&dyn ToSql| -> rusqlite::Result<SentValue> {
        Ok(SentValue(match value.to_sql()? {
            ToSqlOutput::Borrowed(value) => Value::try_from(value).map_err(rusqlite::Error::from)?,
            ToSqlOutput::Owned(value) => value,
            _ => Value::Null,
        }))
    };
    Ok(values.iter().map(owned).collect::<rusqlite::Result<_>>()?)
}

/// The value of a parameter, sent as the type that the statement has in its place.
#[derive(Debug)]
pub(super) struct SentValue(pub(super) Value);

impl PgToSql for SentValue {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (&self.0, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT4) => PgToSql::to_sql(&i32::try_from(*number)?, kind, out),
            (Value::Integer(number), &Type::FLOAT8) => PgToSql::to_sql(&(*number as f64), kind, out),
            (Value::Integer(number), _) => PgToSql::to_sql(number, &Type::INT8, out),
            (Value::Real(number), _) => PgToSql::to_sql(number, &Type::FLOAT8, out),
            (Value::Text(text), _) => PgToSql::to_sql(text, &Type::TEXT, out),
            (Value::Blob(bytes), &Type::INT8_ARRAY) => {
                let (numbers, _) = bytes.as_chunks::<8>();
                let numbers: Vec<i64> = numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
                PgToSql::to_sql(&numbers, kind, out)
            }
            (Value::Blob(bytes), _) => match VectorType::of(kind) {
                Some(vector) => vector.put(bytes, out),
                None => PgToSql::to_sql(bytes, &Type::BYTEA, out),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    ::postgres::types::to_sql_checked!();
}

/// The types of pgvector that are sent: in the program, both are little-endian floats, as SQLite keeps them.
#[derive(Debug, Clone, Copy)]
enum VectorType {
    Single,
    Half,
}

impl VectorType {
    fn of(kind: &Type) -> Option<VectorType> {
        match kind.name() {
            "vector" => Some(VectorType::Single),
            "halfvec" => Some(VectorType::Half),
            _ => None,
        }
    }

    /// Writes a vector: its dimension, two bytes that are not used, and its numbers, all big-endian.
    fn put(self, bytes: &[u8], out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(format!("{} bytes are no vector", bytes.len()).into());
        }
        out.extend_from_slice(&u16::try_from(numbers.len())?.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        for number in numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)) {
            match self {
                VectorType::Single => out.extend_from_slice(&number.to_be_bytes()),
                VectorType::Half => out.extend_from_slice(&half::f16::from_f32(number).to_be_bytes()),
            }
        }
        Ok(IsNull::No)
    }
}

/// A `vector` of pgvector as little-endian floats.
struct ReceivedVector(Vec<u8>);

impl<'r> FromSql<'r> for ReceivedVector {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<ReceivedVector, Box<dyn StdError + Sync + Send>> {
        let (_, numbers) = raw.split_at_checked(4).ok_or("a vector has four bytes and more")?;
        let (numbers, _) = numbers.as_chunks::<4>();
        Ok(ReceivedVector(numbers.iter().flat_map(|bytes| f32::from_be_bytes(*bytes).to_le_bytes()).collect()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(VectorType::of(kind), Some(VectorType::Single))
    }
}

/// The rows of a query.
pub(in crate::library) struct PostgresRows {
    rows: std::vec::IntoIter<::postgres::Row>,
    columns: Rc<[String]>,
    current: Option<PostgresRow>,
}

impl PostgresRows {
    pub(super) fn new(rows: Vec<::postgres::Row>) -> PostgresRows {
        let columns = rows.first().map_or(&[][..], ::postgres::Row::columns);
        let columns = columns.iter().map(|column| column.name().to_owned()).collect();
        PostgresRows { rows: rows.into_iter(), columns, current: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<&PostgresRow>> {
        let columns = &self.columns;
        self.current = self.rows.next().map(|row| PostgresRow::new(&row, columns.clone())).transpose()?;
        Ok(self.current.as_ref())
    }
}

/// The values of a row, with the names of their columns.
pub(in crate::library) struct PostgresRow {
    values: Vec<Value>,
    columns: Rc<[String]>,
}

impl PostgresRow {
    fn new(row: &::postgres::Row, columns: Rc<[String]>) -> Result<PostgresRow> {
        let values = row.columns().iter().enumerate().map(|(place, column)| {
            let value = match *column.type_() {
                Type::BOOL => row.try_get::<_, Option<bool>>(place)?.map(|value| i64::from(value).into()),
                Type::INT2 => row.try_get::<_, Option<i16>>(place)?.map(Value::from),
                Type::INT4 => row.try_get::<_, Option<i32>>(place)?.map(Value::from),
                Type::INT8 => row.try_get::<_, Option<i64>>(place)?.map(Value::from),
                Type::FLOAT4 => row.try_get::<_, Option<f32>>(place)?.map(|value| f64::from(value).into()),
                Type::FLOAT8 => row.try_get::<_, Option<f64>>(place)?.map(Value::from),
                Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(place)?.map(Value::from),
                ref kind if VectorType::of(kind).is_some() => {
                    row.try_get::<_, Option<ReceivedVector>>(place)?.map(|ReceivedVector(bytes)| bytes.into())
                }
                _ => row.try_get::<_, Option<String>>(place)?.map(Value::from),
            };
            Ok(value.unwrap_or(Value::Null))
        });
        Ok(PostgresRow { values: values.collect::<Result<_>>()?, columns })
    }

    pub(super) fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        let value = self.values.get(column).map(Into::into);
        value.ok_or_else(|| Error::Damaged(format!("there is no column {column}")))
    }

    pub(super) fn column_name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("?", String::as_str)
    }

    pub(super) fn column_count(&self) -> usize {
        self.values.len()
    }
}

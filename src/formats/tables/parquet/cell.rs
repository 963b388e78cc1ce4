//! Cells of Parquet as JSON values.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use parquet::record::Field as Cell;
use serde_json::Value;

use crate::formats::common::input::MAX_RECORD;

/// Turns one cell into JSON.
#[derive(Default)]
pub(crate) struct CellReader {
    /// What is wrong with it, or with a part of it, which is `null` then.
    pub(crate) wrong: Option<String>,
    /// How many bytes of text were read. A short dictionary may give the same long text to many cells.
    pub(crate) bytes: usize,
}

impl CellReader {
    /// Returns a value: texts, numbers, days as `2024-12-19`, lists and structures.
    pub(crate) fn json(&mut self, cell: &Cell) -> Value {
        match cell {
            Cell::Bytes(bytes) => self.text(bytes.data()),
            Cell::Str(text) => self.text(text.as_bytes()),
            Cell::Date(days) => {
                let since = Span::new().try_days(*days);
                let day = since.and_then(|since| date(1970, 1, 1).checked_add(since));
                self.day(day.ok(), i64::from(*days))
            }
            Cell::TimestampMillis(time) => self.day(day(Timestamp::from_millisecond(*time)), *time),
            Cell::TimestampMicros(time) => self.day(day(Timestamp::from_microsecond(*time)), *time),
            Cell::Group(row) => {
                Value::Object(row.get_column_iter().map(|(name, cell)| (name.clone(), self.json(cell))).collect())
            }
            Cell::ListInternal(list) => Value::Array(list.elements().iter().map(|cell| self.json(cell)).collect()),
            other => other.to_json_value(),
        }
    }

    /// Returns the day of a time in nanoseconds.
    pub(crate) fn nanoseconds(&mut self, time: i64) -> Value {
        self.day(day(Timestamp::from_nanosecond(i128::from(time))), time)
    }

    /// A text that is not marked as one: old Spark, Impala and Hive write such.
    fn text(&mut self, bytes: &[u8]) -> Value {
        self.bytes += bytes.len();
        match std::str::from_utf8(bytes) {
            _ if self.bytes > MAX_RECORD => {
                self.wrong = Some(format!("longer than {} MB", MAX_RECORD >> 20));
                Value::Null
            }
            Ok(text) => text.into(),
            Err(_) => {
                self.wrong = Some("binary data: expected a text in UTF-8".to_owned());
                Value::Null
            }
        }
    }

    fn day(&mut self, day: Option<Date>, count: i64) -> Value {
        if day.is_none() {
            self.wrong = Some(format!("`{count}` is no date or time"));
        }
        day.map_or(Value::Null, |day| day.to_string().into())
    }
}

fn day(time: Result<Timestamp, jiff::Error>) -> Option<Date> {
    time.ok().map(|time| time.to_zoned(TimeZone::UTC).date())
}

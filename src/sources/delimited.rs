//! Tables with a header: CSV (with commas, or semicolons as some spreadsheets write) and TSV.
//!
//! In CSV a quoted cell may span lines. In TSV a line is a record whatever quotes it has; a cell that is quoted as a
//! whole, as pandas writes it, loses its quotes.

use std::borrow::Cow;

use csv::{ByteRecord, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use crate::error::{Error, Place, Result};
use crate::paper::Draft;

use super::fields::{self, Field};
use super::input::{Head, Input};
use super::{Format, Records};

/// Fails when the header has no column for title or abstract.
pub(super) fn read(input: Input, head: &Head, format: Format) -> Result<Records> {
    let delimiter = delimiter(&head.bytes, format);
    let names = match header(&head.bytes, delimiter) {
        Some(names) if names.iter().any(|name| Field::is_text(name)) => names,
        names => {
            let names = names.unwrap_or_default();
            return Err(input.bad_file(Field::no_text_among(names.iter().map(String::as_str))));
        }
    };
    let mut table = Table { names, format, reader: builder(delimiter).has_headers(true).from_reader(input) };
    let mut record = ByteRecord::new();
    Ok(Box::new(std::iter::from_fn(move || {
        table.reader.get_mut().limit();
        match table.reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let place = Place::Line(record.position().map_or(0, csv::Position::line));
                let draft = table.draft(&record);
                Some(table.reader.get_ref().finish(draft, place))
            }
            Err(error) => Some(Err(table.fault(error))),
        }
    })))
}

/// The delimiter of a file's first line: the one that makes a column for title or abstract.
fn delimiter(head: &[u8], format: Format) -> u8 {
    let has_text = |delimiter| {
        header(head, delimiter).is_some_and(|names| names.iter().any(|name| Field::is_text(name)) && names.len() > 1)
    };
    match format {
        Format::Tsv => b'\t',
        _ if !has_text(b',') && has_text(b';') => b';',
        _ => b',',
    }
}

/// Whether the first line names several columns, one of them for title or abstract.
pub(super) fn is_table(head: &[u8], format: Format) -> bool {
    header(head, delimiter(head, format))
        .is_some_and(|names| names.len() > 1 && names.iter().any(|name| Field::is_text(name)))
}

fn header(head: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let mut record = ByteRecord::new();
    let found = builder(delimiter).has_headers(false).from_reader(head).read_byte_record(&mut record).ok()?;
    let names = record.iter().map(|name| unquoted(&String::from_utf8_lossy(name)).trim().to_owned());
    found.then(|| names.collect())
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).quoting(delimiter != b'\t');
    builder
}

struct Table {
    names: Vec<String>,
    format: Format,
    reader: Reader<Input>,
}

impl Table {
    fn draft(&self, record: &ByteRecord) -> Result<Draft, String> {
        if record.len() != self.names.len() {
            return Err(format!("{} cells, the header has {}", record.len(), self.names.len()));
        }
        // A cell over several lines was quoted; at the end of the file its quote must be the last thing.
        let spans = record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'));
        if self.reader.is_done() && spans && self.reader.get_ref().last() != Some(b'"') {
            return Err("a quote that is never closed".to_owned());
        }
        let mut fields = Map::new();
        for (name, cell) in self.names.iter().zip(record) {
            let cell =
                std::str::from_utf8(cell).map_err(|_| format!("`{name}` is not UTF-8: save the file as UTF-8"))?;
            let cell = if self.format == Format::Tsv { unquoted(cell) } else { Cow::Borrowed(cell) };
            if !cell.trim().is_empty() && !fields.contains_key(name) {
                fields.insert(name.clone(), Value::String(cell.into_owned()));
            }
        }
        fields::draft(fields, Format::Csv.source())
    }

    fn fault(&self, error: csv::Error) -> Error {
        let input = self.reader.get_ref();
        match error.kind() {
            csv::ErrorKind::Io(error) => input.fault(error),
            _ => input.bad_file(error.to_string()),
        }
    }
}

/// What stands between the quotes of a cell that is quoted as a whole, quotes inside being doubled.
fn unquoted(cell: &str) -> Cow<'_, str> {
    let inside = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside.filter(|inside| !inside.replace("\"\"", "").contains('"')) {
        Some(inside) => Cow::Owned(inside.replace("\"\"", "\"")),
        None => Cow::Borrowed(cell),
    }
}

//! A table as CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use super::table::{Cells, Table};
use crate::formats::cell_of_text;

/// Writes a header and the rows. Cells without a value are empty, and lists have `; ` between their texts.
pub(super) fn write(table: &Table<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(table.columns.iter().map(|column| &column.name))?;
    for row in 0..table.rows {
        csv.write_record(table.columns.iter().map(|column| field(&column.cells, row).into_owned()))?;
    }
    csv.flush()
}

fn field<'a>(cells: &Cells<'a>, row: usize) -> Cow<'a, str> {
    match cells {
        Cells::Text(cell) => text(cell(row).unwrap_or_default()),
        Cells::Texts(cell) => text(cell(row).join("; ").into()),
        Cells::Integer(cell) => written(cell(row)),
        Cells::Number(cell) => written(cell(row)),
        Cells::Numbers { cell, .. } => cell(row).iter().map(f32::to_string).collect::<Vec<String>>().join("; ").into(),
        Cells::Date(cell) => written(cell(row)),
    }
}

/// A text that no spreadsheet takes for a formula.
fn text(text: Cow<'_, str>) -> Cow<'_, str> {
    let cell = match cell_of_text(&text) {
        Cow::Owned(cell) => Some(cell),
        Cow::Borrowed(_) => None,
    };
    cell.map_or(text, Cow::Owned)
}

fn written<'a>(value: Option<impl ToString>) -> Cow<'a, str> {
    value.map_or_else(String::new, |value| value.to_string()).into()
}

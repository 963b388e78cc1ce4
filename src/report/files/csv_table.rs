//! A table as CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use super::table::{Cells, Table};

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
        Cells::Text(cell) => cell(row).unwrap_or_default(),
        Cells::Texts(cell) => cell(row).join("; ").into(),
        Cells::Integer(cell) => written(cell(row)),
        Cells::Number(cell) => written(cell(row)),
        Cells::Numbers { cell, .. } => cell(row).iter().map(f32::to_string).collect::<Vec<String>>().join("; ").into(),
        Cells::Date(cell) => written(cell(row)),
    }
}

fn written<'a>(value: Option<impl ToString>) -> Cow<'a, str> {
    value.map_or_else(String::new, |value| value.to_string()).into()
}

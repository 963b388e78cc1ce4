//! A table as JSON lines.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::table::{Cells, Table};

/// Writes an object for each row. Cells without a value are null.
pub(super) fn write(table: &Table<'_>, out: &mut impl Write) -> io::Result<()> {
    for row in 0..table.rows {
        let fields = table.columns.iter().map(|column| (column.name.clone(), value(&column.cells, row)));
        serde_json::to_writer(&mut *out, &fields.collect::<Map<String, Value>>())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn value(cells: &Cells<'_>, row: usize) -> Value {
    match cells {
        Cells::Text(cell) => json!(cell(row)),
        Cells::Texts(cell) => json!(cell(row)),
        Cells::Integer(cell) => json!(cell(row)),
        Cells::Number(cell) => json!(cell(row).and_then(short)),
        Cells::Numbers { cell, .. } => json!(cell(row).iter().map(|number| short(*number)).collect::<Vec<_>>()),
        Cells::Date(cell) => json!(cell(row)),
    }
}

/// As short as the number is precise: 0.9, not 0.8999999761581421.
fn short(number: f32) -> Option<f64> {
    number.to_string().parse().ok()
}

//! Rows that are read one after the other, and what is wrong with some of them.

use super::CheckOutcome;
use crate::library::database::{Connection, Result, Row as SqlRow, ValueRef};
use crate::library::stored_value::{damage, quoted};

/// Damaged rows that a finding describes.
const MAX_EXAMPLES: usize = 3;

/// How many rows were read, and what is wrong with some of them.
#[derive(Default)]
pub(super) struct RowCheck {
    rows: u64,
    damaged: u64,
    examples: Vec<String>,
}

impl RowCheck {
    /// Reads the rows of a query. What is said of a damaged one begins with `kind` and its first column.
    pub(super) fn read(
        &mut self,
        db: &Connection,
        kind: &str,
        select: &str,
        check: impl FnMut(SqlRow<'_>) -> Result<()>,
    ) -> Result<()> {
        self.read_named(db, (kind, 0), select, check)
    }

    /// As [`RowCheck::read`], with the column that names a row.
    pub(super) fn read_named(
        &mut self,
        db: &Connection,
        (kind, name_column): (&str, usize),
        select: &str,
        mut check: impl FnMut(SqlRow<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut select = db.prepare(select)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.rows += 1;
            if let Err(error) = check(row) {
                let Some(reason) = damage(&error) else { return Err(error) };
                let name = match row.get_ref(name_column)? {
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Text(text) => quoted(&String::from_utf8_lossy(text)),
                    _ => String::new(),
                };
                let prefix = format!("{kind} {name}");
                self.note(&match reason.starts_with(&prefix) {
                    true => reason,
                    false => format!("{prefix}: {reason}"),
                });
            }
        }
        Ok(())
    }

    /// Notes something that is wrong.
    pub(super) fn note(&mut self, reason: &str) {
        self.damaged += 1;
        if self.examples.len() < MAX_EXAMPLES {
            // What is quoted may be anything, and goes to a terminal.
            self.examples.push(reason.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect());
        }
    }

    /// What was found, with the way out if something is wrong.
    pub(super) fn finding(self, remedy: &'static str) -> CheckOutcome {
        let RowCheck { rows, damaged, examples } = self;
        let found = match (damaged, damaged - examples.len() as u64) {
            (0, _) => format!("{rows} checked"),
            (_, 0) => format!("{rows} checked, {damaged} damaged: {}", examples.join("; ")),
            (_, more) => format!("{rows} checked, {damaged} damaged: {}; and {more} more", examples.join("; ")),
        };
        CheckOutcome { found, remedy: (damaged > 0).then_some(remedy) }
    }
}

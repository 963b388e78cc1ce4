//! Checks profiles, their histories, and what was shown to them.

use super::row_check::RowCheck;
use super::{CheckOutcome, RESTORE};
use crate::library::Library;
use crate::library::citations::{LAST_DELETION, last_deletion};
use crate::library::database::{Result, Row as SqlRow};
use crate::library::embeddings::read_floats;
use crate::library::history::{HISTORY_COLUMNS, history_entry};
use crate::library::key_value::LIBRARY_ID;
use crate::library::profiles::is_profile_name;
use crate::library::stored_value::{damaged, date, dimension, id, json, key, number, optional, optional_date, value};
use crate::paper::Paper;
use crate::vector::is_unit_vector;

impl Library {
    pub(super) fn check_profiles(&self) -> Result<CheckOutcome> {
        let newest = self.newest_generation()?;
        let mut profiles = RowCheck::default();
        let select =
            "SELECT name, last_seen_generation, previous_seen_generation, last_seen_on, feed_token FROM profile";
        profiles.read(&self.db, "profile", select, |row| {
            let name: String = value(row, 0)?;
            if !is_profile_name(&name) || name.trim() != name {
                return Err(damaged("this is not a name of a profile"));
            }
            let last = number(row, 1, 0, newest)?;
            number(row, 2, 0, last)?;
            optional_date(row, 3)?;
            optional(row, 4, hex_digits)?;
            Ok(())
        })?;
        let select = "SELECT name, author FROM followed LEFT JOIN profile ON profile.key = followed.profile";
        profiles.read(&self.db, "author that is followed by", select, |row| text(row, 1))?;
        profiles.read(&self.db, "import", "SELECT number, on_day FROM import", |row| {
            key(row, 0)?;
            date(row, 1).map(drop)
        })?;
        profiles.read(&self.db, "value of", "SELECT key, value FROM key_value", |row| {
            let (key, stored): (String, String) = (value(row, 0)?, value(row, 1)?);
            match key.as_str() {
                LIBRARY_ID => hex_digits(row, 1),
                LAST_DELETION => last_deletion(&stored).map(drop),
                _ => Ok(()),
            }
        })?;
        Ok(profiles.finding(RESTORE))
    }

    pub(super) fn check_histories(&self) -> Result<CheckOutcome> {
        let mut histories = RowCheck::default();
        let select = format!("SELECT {HISTORY_COLUMNS} FROM history");
        histories.read(&self.db, "paper", &select, |row| match history_entry(row)?.interest.as_deref() {
            Some("") => Err(damaged("its interest has no name")),
            _ => Ok(()),
        })?;
        for (kind, table) in [("paper that was shown", "impression"), ("paper of a digest", "digest_entry")] {
            histories.read(&self.db, kind, &format!("SELECT paper, on_day FROM {table}"), |row| {
                id(row, 0)?;
                date(row, 1).map(drop)
            })?;
        }
        let select = "SELECT paper, record, model, vector, dimension FROM unresolved_paper \
                      LEFT JOIN model ON model.key = unresolved_paper.model";
        histories.read(&self.db, "paper that is not in the library", select, |row| {
            if json::<Paper>(row, 1)?.id != id(row, 0)? {
                return Err(damaged("its record is of another paper"));
            }
            let vector: Option<Vec<u8>> = value(row, 3)?;
            let is_sound = match (vector, optional(row, 4, dimension)?) {
                (None, None) => true,
                (Some(bytes), Some(dimension)) => {
                    let mut numbers = vec![0.0; dimension];
                    read_floats(&bytes, &mut numbers) && is_unit_vector(&numbers)
                }
                _ => false,
            };
            if is_sound { Ok(()) } else { Err(damaged("its embedding is not one of the model")) }
        })?;
        Ok(histories.finding(RESTORE))
    }
}

/// Checks a text that is not empty.
fn text(row: SqlRow<'_>, column: usize) -> Result<()> {
    match value::<String>(row, column)?.is_empty() {
        false => Ok(()),
        true => Err(damaged("it is empty")),
    }
}

/// Checks a random number of 128 bits.
fn hex_digits(row: SqlRow<'_>, column: usize) -> Result<()> {
    let text: String = value(row, column)?;
    match text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        // It may be a secret, so it is not quoted.
        false => Err(damaged(format!("`{}` is not 32 hex digits", row.column_name(column)))),
    }
}

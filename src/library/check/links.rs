//! Checks citation links, and which papers the works are.

use super::row_check::RowCheck;
use super::{COMPACT, CheckOutcome, RESTORE};
use crate::library::Library;
use crate::library::database::Result;
use crate::library::stored_value::{damaged, id, key, number, optional, value};
use crate::library::works::count_works;

impl Library {
    pub(super) fn check_citations(&self) -> Result<CheckOutcome> {
        let newest = self.newest_generation()?;
        let mut works = RowCheck::default();
        let select = "SELECT id, number, title_key, author, year, text, paper, written FROM work";
        works.read(&self.db, "work", select, |row| {
            id(row, 0)?;
            key(row, 1)?;
            for column in [2, 3, 5] {
                value::<Option<String>>(row, column)?;
            }
            value::<Option<i16>>(row, 4)?;
            optional(row, 6, key)?;
            number(row, 7, 0, newest).map(drop)
        })?;
        works.read(&self.db, "alias of a work", "SELECT name, work FROM work_alias", |row| id(row, 0).map(drop))?;
        let select = "SELECT (SELECT id FROM work WHERE number = citing), citing, cited, written FROM citation";
        works.read(&self.db, "link of", select, |row| {
            if key(row, 1)? == key(row, 2)? {
                return Err(damaged("a work does not cite itself"));
            }
            number(row, 3, 0, newest).map(drop)
        })?;
        let finding = works.finding(RESTORE);
        if finding.remedy.is_some() {
            return Ok(finding);
        }
        let (works, wrong) = count_works(&self.db)?;
        let found = format!("{works} works checked, {wrong} of another paper");
        Ok(CheckOutcome { found, remedy: (wrong > 0).then_some(COMPACT) })
    }
}

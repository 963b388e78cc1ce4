//! The newest papers of a library, without a ranking.

use std::collections::HashSet;

use jiff::civil::Date;

use super::database;
use super::stored_value::optional_date;
use super::{Library, PaperFilter, StoredPaper};
use crate::error::Result;

impl Library {
    /// The day on which the newest paper was published (or listed); `None` without dates.
    ///
    /// ```
    /// use paperkin::library::Library;
    ///
    /// assert_eq!(Library::in_memory().unwrap().newest_date().unwrap(), None);
    /// ```
    pub fn newest_date(&self) -> Result<Option<Date>> {
        let select = "SELECT max(coalesce(published, listed)) AS published FROM paper";
        self.db.query_row(select, [], |row| optional_date(row, 0)).map_err(self.failed("read dates"))
    }

    /// Up to `limit` papers that pass a filter: those published (or listed) last come first, those without a date at the end.
    ///
    /// ```
    /// use paperkin::library::{Library, PaperFilter};
    ///
    /// let library = Library::in_memory().unwrap();
    /// let by = PaperFilter { authors: vec!["Y. LeCun".to_owned()], ..PaperFilter::default() };
    /// assert!(library.newest_papers(&by, 10).unwrap().is_empty());
    /// ```
    pub fn newest_papers(&self, filter: &PaperFilter, limit: usize) -> Result<Vec<StoredPaper>> {
        let passing: Option<HashSet<i64>> = self.matching_keys(filter)?.map(|keys| keys.into_iter().collect());
        let read = || -> database::Result<Vec<i64>> {
            let select = "SELECT row FROM paper ORDER BY coalesce(published, listed) DESC NULLS LAST, row DESC";
            self.db.prepare(select)?.query_map([], |row| row.get(0))?.collect()
        };
        let newest = read().map_err(self.failed("read dates"))?.into_iter();
        let passing = newest.filter(|key| passing.as_ref().is_none_or(|passing| passing.contains(key)));
        self.papers_at(&passing.take(limit).collect::<Vec<i64>>())
    }
}

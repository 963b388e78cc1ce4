//! The newest papers of a library, without a ranking.

use super::filter::conditions;
use super::stored_paper::COLUMNS;
use super::{Library, PaperFilter, StoredPaper};
use crate::error::Result;
use crate::paper::is_same_person;

impl Library {
    /// Up to `limit` papers that pass a filter and, if authors are given, are by one of them: those published (or listed)
    /// last come first, those without a date at the end. Names of authors are compared without case and accents; given
    /// names may be initials or missing.
    ///
    /// ```
    /// use paperkin::library::{Library, PaperFilter};
    ///
    /// let library = Library::in_memory().unwrap();
    /// assert!(library.newest_papers(&PaperFilter::default(), &["Y. LeCun".to_owned()], 10).unwrap().is_empty());
    /// ```
    pub fn newest_papers(&self, filter: &PaperFilter, authors: &[String], limit: usize) -> Result<Vec<StoredPaper>> {
        let (mut conditions, values) = conditions(filter);
        conditions.push("TRUE".to_owned());
        let order = format!("WHERE {} ORDER BY coalesce(published, listed) DESC, row DESC", conditions.join(" AND "));
        if authors.is_empty() {
            let select = format!("SELECT {COLUMNS} FROM paper {order} LIMIT {limit}");
            return self.collect(&select, rusqlite::params_from_iter(values));
        }
        let is_asked = |name: &String| authors.iter().any(|asked| is_same_person(asked, name));
        // Of most papers only the authors are read.
        let read = || -> rusqlite::Result<Vec<i64>> {
            let mut statement = self.db.prepare_cached(&format!("SELECT row, authors FROM paper {order}"))?;
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let mut keys = Vec::new();
            while keys.len() < limit
                && let Some(row) = rows.next()?
            {
                let names: Vec<String> = serde_json::from_str(row.get_ref(1)?.as_str()?).unwrap_or_default();
                if names.iter().any(is_asked) {
                    keys.push(row.get(0)?);
                }
            }
            Ok(keys)
        };
        let keys = read().map_err(self.failed("read authors"))?;
        keys.into_iter().map(|key| self.paper_at(key)).collect()
    }
}

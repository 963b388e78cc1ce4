//! The report of a week, made by the first run after it.

use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::engine::{Engine, PaperSelection};
use crate::error::Result;
use crate::library::PaperFilter;
use crate::report::{Report, ReportContext, ReportDirectory, ReportOptions};

/// A week from Monday to Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Week {
    monday: Date,
}

impl Week {
    /// The last week that is over.
    fn before(today: Date) -> Week {
        let days = today.weekday().since(Weekday::Monday);
        Week { monday: today.saturating_sub((i32::from(days) + 7).days()) }
    }

    fn sunday(self) -> Date {
        self.monday.saturating_add(6.days())
    }

    /// Its name by ISO 8601, such as `2026-W48`.
    fn name(self) -> String {
        let week = self.monday.iso_week_date();
        format!("{}-W{:02}", week.year(), week.week())
    }
}

/// Writes the report of the last week that is over, unless it is there or the week has no papers. Returns its directory if
/// it was written.
///
/// # Errors
/// When the library cannot be read or the report not be written.
pub(super) fn write(engine: &Engine, reports: &Path) -> Result<Option<PathBuf>> {
    let week = Week::before(engine.today());
    let path = reports.join(week.name());
    if path.join("manifest.json").exists() {
        return Ok(None);
    }
    let filter = PaperFilter {
        published_after: Some(week.monday),
        published_before: Some(week.sunday()),
        ..PaperFilter::default()
    };
    let collection = engine.collection(&PaperSelection::new(filter), &|_| {})?;
    if collection.is_empty() {
        return Ok(None);
    }
    let directory = ReportDirectory::create(&path, false)?;
    let context = ReportContext { directory: Some(&directory), ..ReportContext::default() };
    Report::with(collection, context, &ReportOptions::default(), &|_| {})?.write_into(directory, &|_| {})?;
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_end_on_sundays() {
        let table = [
            (date(2026, 11, 30), date(2026, 11, 23), "2026-W48"),
            (date(2026, 11, 29), date(2026, 11, 16), "2026-W47"),
            (date(2027, 1, 5), date(2026, 12, 28), "2026-W53"),
            (date(2025, 1, 6), date(2024, 12, 30), "2025-W01"),
        ];
        for (today, monday, name) in table {
            let week = Week::before(today);
            assert_eq!((week.monday, week.name().as_str()), (monday, name), "{today}");
            assert!(week.sunday() < today);
        }
    }
}

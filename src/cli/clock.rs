//! The clock: commands read it and pass the date on.

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Returns today's date in UTC.
pub(crate) fn today() -> Date {
    TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

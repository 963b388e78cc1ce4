//! Parsers of values that several commands take.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::civil::Date;

use crate::paper::parse_date;

/// Longest time that an option in seconds accepts: a day.
const MAX_SECONDS: u64 = 86_400;

/// A calendar date.
pub(super) fn date(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "not a valid date: use the form 2025-01-31".to_owned())
}

/// An address with a port.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().unwrap_or_default();
        let port = if port.parse::<u16>().is_ok() { port } else { "7474" };
        format!("expected an IP address and a port, such as 127.0.0.1:{port}, or 0.0.0.0:{port} for all networks")
    })
}

/// A number of seconds, with or without decimals.
#[cfg_attr(not(feature = "fetch"), allow(dead_code, reason = "only `fetch` has times"))]
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|time| time.as_secs() <= MAX_SECONDS)
        .ok_or_else(|| format!("expected a number of seconds from 0 to {MAX_SECONDS}"))
}

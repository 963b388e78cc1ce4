//! How long to wait before a request is made again. Pure: the clock and the dice are arguments.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// What to do after the n-th failure (from 0) of a request that may succeed later.
#[derive(Debug, PartialEq)]
pub(super) enum RetryDecision {
    /// Ask again after this long.
    Wait(Duration),
    /// The service asks for more patience than there is.
    TooLong(Duration),
}

/// The service's own wish goes before, if it is not longer than `longest`. Without one the pause doubles with every
/// failure; `dice`, from 0 to 1, makes it up to twice as long, so that many who failed at once do not come back at once.
pub(super) fn retry_decision(
    failures: u32,
    asked: Option<Duration>,
    pause: Duration,
    longest: Duration,
    dice: f64,
) -> RetryDecision {
    match asked {
        Some(asked) if asked > longest => RetryDecision::TooLong(asked),
        Some(asked) => RetryDecision::Wait(asked.max(pause)),
        None => {
            let doubled = pause.saturating_mul(2u32.saturating_pow(failures)).min(longest);
            RetryDecision::Wait(doubled.mul_f64(1.0 + dice.clamp(0.0, 1.0)).min(longest))
        }
    }
}

/// The wait of a `Retry-After` header: seconds, or a date that is held against the answer's own `Date`, so that no
/// clock here has to agree with the service's. `None` for anything else.
pub(super) fn retry_after(header: &str, date: Option<&str>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = instant(header)?;
    let seconds = until.as_second() - instant(date?)?.as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn instant(text: &str) -> Option<Timestamp> {
    Some(rfc2822::parse(text.trim()).ok()?.timestamp())
}

/// Whether an answer drips: so few bytes after so long, where `rate` bytes a second are the least. The first seconds
/// are forgiven.
pub(super) fn is_dripping(bytes: usize, elapsed: Duration, rate: u64) -> bool {
    const MAX_RETRIES: Duration = Duration::from_secs(20);
    elapsed > MAX_RETRIES && (bytes as f64) < (elapsed - MAX_RETRIES).as_secs_f64() * rate as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_grow_and_the_services_wish_goes_before() {
        let check = |failures, asked: Option<u64>, dice, expect| {
            assert_eq!(
                retry_decision(failures, asked.map(seconds), seconds(3), seconds(60), dice),
                expect,
                "{failures} {asked:?}"
            );
        };
        check(0, None, 0.0, RetryDecision::Wait(seconds(3)));
        check(1, None, 0.0, RetryDecision::Wait(seconds(6)));
        check(2, None, 0.5, RetryDecision::Wait(seconds(18)));
        check(3, None, 1.0, RetryDecision::Wait(seconds(48)));
        check(40, None, 1.0, RetryDecision::Wait(seconds(60)));
        check(0, Some(10), 1.0, RetryDecision::Wait(seconds(10)));
        check(0, Some(0), 1.0, RetryDecision::Wait(seconds(3)));
        check(3, Some(60), 0.0, RetryDecision::Wait(seconds(60)));
        check(0, Some(61), 0.0, RetryDecision::TooLong(seconds(61)));
        assert_eq!(retry_decision(4, None, seconds(0), seconds(60), 1.0), RetryDecision::Wait(seconds(0)));
    }

    #[test]
    fn retry_after_in_both_forms() {
        let check = |header, date, expect: Option<u64>| {
            assert_eq!(retry_after(header, date), expect.map(seconds), "{header} {date:?}");
        };
        let date = Some("Tue, 10 Mar 2026 08:00:00 GMT");
        check("120", None, Some(120));
        check(" 0 ", date, Some(0));
        check("Tue, 10 Mar 2026 08:01:30 GMT", date, Some(90));
        check("Tue, 10 Mar 2026 07:00:00 GMT", date, Some(0));
        check("Tue, 10 Mar 2026 08:01:30 GMT", None, None);
        check("-5", date, None);
        check("soon", date, None);
        check("", date, None);
    }

    #[test]
    fn drips() {
        for (bytes, elapsed, drips) in
            [(0, 20, false), (0, 21, true), (1023, 21, true), (1024, 21, false), (1 << 20, 60, false)]
        {
            assert_eq!(is_dripping(bytes, seconds(elapsed), 1024), drips, "{bytes} {elapsed}");
        }
    }
}

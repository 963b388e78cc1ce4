//! Token buckets: so many requests a second in the long run, and those of one second at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::server::problem::{Problem, ProblemCode};

/// From so many keys on, those that have rested are forgotten.
const KEYS: usize = 10_000;

/// The requests of all keys, such as addresses.
#[derive(Debug)]
pub(super) struct RateLimiter {
    /// Requests a second; `None` for any number.
    rate: Option<u32>,
    buckets: Mutex<HashMap<String, TokenBucket>>,
}

#[derive(Debug, Clone, Copy)]
struct TokenBucket {
    level: f64,
    at: Instant,
}

impl RateLimiter {
    pub(super) fn new(rate: Option<u32>) -> RateLimiter {
        RateLimiter { rate, buckets: Mutex::default() }
    }

    /// Counts a request at this moment.
    ///
    /// # Errors
    /// When there were too many, with the seconds after which there may be another.
    pub(super) fn count(&self, key: &str, now: Instant) -> Result<(), Problem> {
        let Some(rate) = self.rate.map(f64::from) else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled =
            |bucket: &TokenBucket| (bucket.level + now.duration_since(bucket.at).as_secs_f64() * rate).min(rate);
        if buckets.len() >= KEYS {
            buckets.retain(|_, bucket| filled(bucket) < rate);
        }
        let level = buckets.get(key).map_or(rate, filled);
        let enough = level >= 1.0;
        let left = if enough { level - 1.0 } else { level };
        buckets.insert(key.to_owned(), TokenBucket { level: left, at: now });
        match enough {
            true => Ok(()),
            false => {
                let wait = ((1.0 - level) / rate).ceil().max(1.0) as u64;
                Err(Problem::new(ProblemCode::RateLimited, format!("{rate} requests a second are allowed")).after(wait))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let (rate, start) = (RateLimiter::new(Some(2)), Instant::now());
        let at = |milliseconds, key| rate.count(key, start + Duration::from_millis(milliseconds)).is_ok();
        assert_eq!([at(0, "a"), at(0, "a"), at(0, "a"), at(0, "b")], [true, true, false, true]);
        assert_eq!([at(499, "a"), at(500, "a"), at(500, "a"), at(9_000, "a")], [false, true, false, true]);
        assert!(RateLimiter::new(None).count("a", start).is_ok());
    }
}

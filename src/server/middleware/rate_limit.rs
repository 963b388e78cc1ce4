//! Rate limits with token buckets: N requests per second on average, with bursts of N.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::server::problem::{Problem, ProblemCode};

/// From this many keys on, full buckets are dropped.
const MAX_BUCKETS: usize = 10_000;

/// The address of the client, in the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub SocketAddr);

tokio::task_local! {
    /// The client whose request is being answered.
    static CURRENT: ClientAddress;
}

impl ClientAddress {
    /// The client whose request is being answered.
    pub(crate) fn current() -> Option<ClientAddress> {
        CURRENT.try_with(|address| *address).ok()
    }

    /// Runs work for a client.
    pub(crate) async fn scope<F: Future>(client: Option<ClientAddress>, work: F) -> F::Output {
        match client {
            Some(client) => CURRENT.scope(client, work).await,
            None => work.await,
        }
    }

    /// Returns the key of the client's limits: the address; of IPv6 the prefix that one household has.
    pub(crate) fn key(self) -> String {
        match self.0.ip().to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Token buckets by key, such as a client address.
#[derive(Debug)]
pub(super) struct RateLimiter {
    /// Requests per second; `None` for no limit.
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

    /// Counts a request.
    ///
    /// # Errors
    /// When the bucket is empty, with the number of seconds until it has a token again.
    pub(super) fn count(&self, key: &str, now: Instant) -> Result<(), Problem> {
        let Some(rate) = self.rate.map(f64::from) else { return Ok(()) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled =
            |bucket: &TokenBucket| (bucket.level + now.duration_since(bucket.at).as_secs_f64() * rate).min(rate);
        if buckets.len() >= MAX_BUCKETS {
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
                Err(Problem::new(ProblemCode::RateLimited, format!("the limit is {rate} requests per second"))
                    .after(wait))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_is_emptied_and_fills_again() {
        let (rate, start) = (RateLimiter::new(Some(2)), Instant::now());
        let at = |milliseconds, key| rate.count(key, start + Duration::from_millis(milliseconds)).is_ok();
        assert_eq!([at(0, "a"), at(0, "a"), at(0, "a"), at(0, "b")], [true, true, false, true]);
        assert_eq!([at(499, "a"), at(500, "a"), at(500, "a"), at(9_000, "a")], [false, true, false, true]);
        assert!(RateLimiter::new(None).count("a", start).is_ok());
    }

    #[test]
    fn one_household_has_one_key() {
        for (address, key) in [
            ("[2001:db8:1:2:3::4]:5", "2001:db8:1:2::/64"),
            ("192.0.2.1:5", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:5", "192.0.2.1"),
        ] {
            assert_eq!(ClientAddress(address.parse().unwrap()).key(), key);
        }
    }
}

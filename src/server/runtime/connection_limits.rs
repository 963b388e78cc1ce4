//! How many connections are open, in total and from each client, and the ones that are kept for health checks.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::gauge;
use tokio::task::AbortHandle;

use crate::server::middleware::ClientAddress;
use crate::server::problem::{Problem, ProblemCode};

/// Connections beyond the limits that are open at the same time: health checks, and clients that are told to come back. A
/// health check takes milliseconds; this many other connections would have to be opened meanwhile to push it out.
const MAX_EXTRA_CONNECTIONS: usize = 64;
/// Seconds after which a client that was refused may come back.
const RETRY_SECONDS: u64 = 5;

/// Counts open connections.
#[derive(Debug)]
pub(super) struct ConnectionLimits {
    max_total: usize,
    max_per_client: usize,
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    total: usize,
    /// By the key of the client.
    by_client: HashMap<String, usize>,
}

/// The place of an open connection, which becomes free when it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    limits: Arc<ConnectionLimits>,
    client: String,
}

impl ConnectionLimits {
    pub(super) fn new(max_total: usize, max_per_client: usize) -> Arc<ConnectionLimits> {
        Arc::new(ConnectionLimits { max_total, max_per_client, open: Mutex::default() })
    }

    /// Counts a connection.
    ///
    /// # Errors
    /// When it is one too many.
    pub(super) fn admit(self: &Arc<ConnectionLimits>, client: ClientAddress) -> Result<ConnectionPermit, Problem> {
        let client = client.key();
        let mut open = self.open();
        let of_client = open.by_client.get(&client).copied().unwrap_or_default();
        let refusal = if of_client >= self.max_per_client {
            let detail = format!("the limit is {} connections from one address: close some", self.max_per_client);
            Some(Problem::new(ProblemCode::RateLimited, detail))
        } else {
            (open.total >= self.max_total)
                .then(|| Problem::new(ProblemCode::ServerBusy, "all connections are in use: try again"))
        };
        if let Some(problem) = refusal {
            return Err(problem.after(RETRY_SECONDS));
        }
        open.total += 1;
        open.by_client.insert(client.clone(), of_client + 1);
        gauge!("paperkin_http_connections").set(open.total as f64);
        Ok(ConnectionPermit { limits: self.clone(), client })
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        open.total -= 1;
        if let Some(of_client) = open.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                open.by_client.remove(&self.client);
            }
        }
        gauge!("paperkin_http_connections").set(open.total as f64);
    }
}

/// The connections beyond the limits, oldest first.
#[derive(Debug, Default)]
pub(super) struct ExtraConnections {
    tasks: VecDeque<AbortHandle>,
}

impl ExtraConnections {
    /// Adds a connection. The oldest one is closed if there are too many: slow clients cannot keep health checks out.
    pub(super) fn add(&mut self, task: AbortHandle) {
        self.tasks.retain(|task| !task.is_finished());
        if self.tasks.len() >= MAX_EXTRA_CONNECTIONS
            && let Some(oldest) = self.tasks.pop_front()
        {
            oldest.abort();
        }
        self.tasks.push_back(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back() {
        let limits = ConnectionLimits::new(3, 2);
        let admit = |address: &str| limits.admit(ClientAddress(address.parse().unwrap()));
        let code = |address| admit(address).err().map(|problem| problem.code());
        let one = admit("192.0.2.1:1").unwrap();
        let two = admit("192.0.2.1:2").unwrap();
        assert_eq!(code("192.0.2.1:3"), Some(ProblemCode::RateLimited));
        let _household = admit("[2001:db8:1:2::1]:1").unwrap();
        assert_eq!(code("[2001:db8:1:2::2]:1"), Some(ProblemCode::ServerBusy));
        drop(one);
        let again = admit("[2001:db8:1:2::2]:1").unwrap();
        drop((two, again));
        let open = limits.open();
        assert_eq!((open.total, open.by_client.len()), (1, 1));
    }

    #[tokio::test]
    async fn the_newest_extra_connections_stay() {
        let mut extra = ExtraConnections::default();
        let mut tasks: Vec<_> =
            (0..=MAX_EXTRA_CONNECTIONS).map(|_| tokio::spawn(std::future::pending::<()>())).collect();
        tasks.iter().for_each(|task| extra.add(task.abort_handle()));
        let newest = tasks.split_off(1);
        assert!(tasks.remove(0).await.unwrap_err().is_cancelled());
        assert!(newest.iter().all(|task| !task.is_finished()));
        newest.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

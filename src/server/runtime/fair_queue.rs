//! A queue of jobs for worker threads that no client can keep from the others. Clients take turns, none takes all workers
//! while others ask, and those whose jobs take long never do.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::middleware::ClientAddress;

/// A job that waits for a worker which runs jobs longer than this one waits noticeably.
const LONG_JOB: Duration = Duration::from_millis(100);
/// What a client asked for longer ago than some of these counts no more.
const MEMORY: Duration = Duration::from_secs(30);

/// Adds jobs to a queue, which ends when all of its senders are dropped.
pub(super) struct JobSender<T> {
    end: Arc<QueueEnd<T>>,
}

/// Takes jobs from a queue.
pub(super) struct JobReceiver<T> {
    queue: Arc<SharedQueue<T>>,
}

/// Returns both ends of a queue for a number of workers, in which at most `max_per_client` jobs of one client wait.
pub(super) fn fair_queue<T>(workers: usize, max_per_client: usize) -> (JobSender<T>, JobReceiver<T>) {
    let queue =
        Arc::new(SharedQueue { jobs: Mutex::new(FairQueue::new(workers, max_per_client)), changed: Condvar::new() });
    (JobSender { end: Arc::new(QueueEnd(queue.clone())) }, JobReceiver { queue })
}

impl<T> JobSender<T> {
    /// Adds a job of the client whose request is being answered. Gives it back when too many of them wait.
    pub(super) fn send(&self, job: T) -> Result<(), T> {
        self.end.0.change(|jobs| jobs.push(client_key(), job, Instant::now()))
    }

    /// Adds a job however many wait: for streams, which bound their jobs themselves.
    pub(super) fn send_of_stream(&self, job: T) {
        self.end.0.change(|jobs| jobs.push_unbounded(client_key(), job, Instant::now()));
    }

    /// The number of jobs that wait.
    pub(super) fn length(&self) -> usize {
        self.end.0.lock().clients.values().map(|client| client.waiting.len()).sum()
    }
}

impl<T> Clone for JobSender<T> {
    fn clone(&self) -> JobSender<T> {
        JobSender { end: self.end.clone() }
    }
}

impl<T> JobReceiver<T> {
    /// Waits for a job. None when the queue has ended and is empty. The worker is free again when the [`RunningJob`] is
    /// dropped.
    pub(super) fn receive(&self) -> Option<(T, RunningJob<T>)> {
        let mut jobs = self.queue.lock();
        loop {
            if let Some((job, ticket)) = jobs.take(Instant::now()) {
                return Some((job, RunningJob { queue: self.queue.clone(), ticket }));
            }
            if jobs.has_ended && jobs.clients.values().all(|client| client.waiting.is_empty()) {
                return None;
            }
            jobs = self.queue.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A job that need not be waited for, if there is one.
    pub(super) fn try_receive(&self) -> Option<(T, RunningJob<T>)> {
        let (job, ticket) = self.queue.lock().take(Instant::now())?;
        Some((job, RunningJob { queue: self.queue.clone(), ticket }))
    }
}

impl<T> Clone for JobReceiver<T> {
    fn clone(&self) -> JobReceiver<T> {
        JobReceiver { queue: self.queue.clone() }
    }
}

/// A job that a worker runs: its time is its client's.
pub(super) struct RunningJob<T> {
    queue: Arc<SharedQueue<T>>,
    ticket: u64,
}

impl<T> Drop for RunningJob<T> {
    fn drop(&mut self) {
        self.queue.change(|jobs| jobs.finish(self.ticket, Instant::now()));
    }
}

struct SharedQueue<T> {
    jobs: Mutex<FairQueue<T>>,
    changed: Condvar,
}

impl<T> SharedQueue<T> {
    fn lock(&self) -> MutexGuard<'_, FairQueue<T>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<R>(&self, change: impl FnOnce(&mut FairQueue<T>) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }
}

struct QueueEnd<T>(Arc<SharedQueue<T>>);

impl<T> Drop for QueueEnd<T> {
    fn drop(&mut self) {
        self.0.change(|jobs| jobs.has_ended = true);
    }
}

fn client_key() -> String {
    ClientAddress::current().map(ClientAddress::key).unwrap_or_default()
}

/// The jobs of all clients.
struct FairQueue<T> {
    workers: usize,
    max_per_client: usize,
    clients: BTreeMap<String, Client<T>>,
    /// Clients with waiting jobs, whose turn is next first.
    turns: VecDeque<String>,
    running: Vec<RunningTicket>,
    next_ticket: u64,
    has_ended: bool,
}

/// What is known of a client that asked lately.
struct Client<T> {
    waiting: VecDeque<T>,
    asked: Instant,
    past: JobTimes,
}

struct RunningTicket {
    ticket: u64,
    client: String,
    start: Instant,
}

impl<T> FairQueue<T> {
    fn new(workers: usize, max_per_client: usize) -> FairQueue<T> {
        FairQueue {
            workers,
            max_per_client,
            clients: BTreeMap::new(),
            turns: VecDeque::new(),
            running: Vec::new(),
            next_ticket: 0,
            has_ended: false,
        }
    }

    /// Adds a job. Gives it back when too many jobs of the client wait.
    fn push(&mut self, client: String, job: T, now: Instant) -> Result<(), T> {
        let waiting = self.clients.get(&client).map_or(0, |client| client.waiting.len());
        if waiting >= self.max_per_client {
            return Err(job);
        }
        self.push_unbounded(client, job, now);
        Ok(())
    }

    fn push_unbounded(&mut self, key: String, job: T, now: Instant) {
        if !self.clients.contains_key(&key) {
            self.forget_idle(now);
        }
        let new = || Client { waiting: VecDeque::new(), asked: now, past: JobTimes::new(now) };
        let client = self.clients.entry(key.clone()).or_insert_with(new);
        client.asked = now;
        client.waiting.push_back(job);
        if client.waiting.len() == 1 {
            self.turns.push_back(key);
        }
    }

    /// Takes the next job that may run.
    fn take(&mut self, now: Instant) -> Option<(T, u64)> {
        let turn = self.turns.iter().position(|key| self.may_run(key, now))?;
        let key = self.turns.remove(turn)?;
        let waiting = &mut self.clients.get_mut(&key)?.waiting;
        let job = waiting.pop_front()?;
        if !waiting.is_empty() {
            self.turns.push_back(key.clone());
        }
        self.next_ticket += 1;
        self.running.push(RunningTicket { ticket: self.next_ticket, client: key, start: now });
        Some((job, self.next_ticket))
    }

    fn finish(&mut self, ticket: u64, now: Instant) {
        let Some(place) = self.running.iter().position(|running| running.ticket == ticket) else { return };
        let RunningTicket { client, start, .. } = self.running.swap_remove(place);
        if let Some(client) = self.clients.get_mut(&client) {
            client.past.add(now - start, now);
        }
    }

    /// Whether a worker may take a job of a client. The last free worker is for clients that have no other job running and
    /// whose jobs are short. One whose jobs were short takes it for another job as long as nobody else asks.
    fn may_run(&self, key: &str, now: Instant) -> bool {
        if self.workers < 2 || self.running.len() + 1 < self.workers {
            return true;
        }
        let asks = |(other, client): (&String, &Client<T>)| other != key && now - client.asked <= MEMORY;
        let is_first = self.running.iter().all(|running| running.client != key);
        let is_known = self.clients.get(key).is_some_and(|client| client.past.sum > 0.0);
        !self.is_slow(key, now) && (is_first || is_known && !self.clients.iter().any(asks))
    }

    /// Whether the jobs of a client, those that run included, take long.
    fn is_slow(&self, key: &str, now: Instant) -> bool {
        let running = self.running.iter().filter(|running| running.client == key);
        let mut times = self.clients.get(key).map_or_else(|| JobTimes::new(now), |client| client.past);
        running.for_each(|running| times.add(now - running.start, now));
        times.typical() > LONG_JOB
    }

    fn forget_idle(&mut self, now: Instant) {
        let running: Vec<String> = self.running.iter().map(|running| running.client.clone()).collect();
        self.clients
            .retain(|key, client| !client.waiting.is_empty() || now - client.asked <= MEMORY || running.contains(key));
    }
}

/// How long the jobs of a client took, those of late above all.
#[derive(Clone, Copy)]
struct JobTimes {
    /// The sum of the times in seconds, and of their squares. Both halve in the same time.
    sum: f64,
    squares: f64,
    at: Instant,
}

impl JobTimes {
    fn new(now: Instant) -> JobTimes {
        JobTimes { sum: 0.0, squares: 0.0, at: now }
    }

    fn add(&mut self, time: Duration, now: Instant) {
        let (kept, seconds) = (0.5f64.powf((now - self.at).div_duration_f64(MEMORY)), time.as_secs_f64());
        self.sum = self.sum * kept + seconds;
        self.squares = self.squares * kept + seconds * seconds;
        self.at = now;
    }

    /// The mean time of the job that runs at any one moment, which is the one that others wait for: few long jobs among
    /// many short ones count as long.
    fn typical(&self) -> Duration {
        Duration::from_secs_f64(if self.sum > 0.0 { self.squares / self.sum } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue of jobs that are named after their clients, with a clock.
    struct Trial {
        queue: FairQueue<&'static str>,
        now: Instant,
    }

    impl Trial {
        fn new(workers: usize) -> Trial {
            Trial { queue: FairQueue::new(workers, 3), now: Instant::now() }
        }

        fn push(&mut self, client: &'static str) -> bool {
            self.queue.push(client.to_owned(), client, self.now).is_ok()
        }

        fn take(&mut self) -> Option<(&'static str, u64)> {
            self.queue.take(self.now)
        }

        /// Runs a job of a client that nobody else disturbs.
        fn run(&mut self, client: &'static str, milliseconds: u64) {
            assert!(self.push(client));
            let (_, ticket) = self.take().unwrap();
            self.wait(milliseconds);
            self.queue.finish(ticket, self.now);
        }

        fn wait(&mut self, milliseconds: u64) {
            self.now += Duration::from_millis(milliseconds);
        }
    }

    #[test]
    fn clients_take_turns() {
        let mut trial = Trial::new(1);
        let pushed = ["a", "a", "a", "a", "b", "c", "b"].map(|client| trial.push(client));
        assert_eq!(pushed, [true, true, true, false, true, true, true], "a client may have three");
        let taken: String = std::iter::from_fn(|| trial.take()).map(|(client, _)| client).collect();
        assert_eq!(taken, "abcaba");
    }

    #[test]
    fn slow_clients_leave_a_worker() {
        let mut trial = Trial::new(2);
        trial.run("slow", 1_000);
        trial.run("slower", 5_000);
        assert_eq!(["slow", "slow", "slower"].map(|client| trial.push(client)), [true; 3]);
        let (client, ticket) = trial.take().unwrap();
        trial.wait(60_000);
        assert_eq!((client, trial.take()), ("slow", None), "the other worker is not for them, whoever else asks");
        trial.push("new");
        assert_eq!(trial.take().map(|(client, _)| client), Some("new"));
        trial.queue.finish(ticket, trial.now);
        assert_eq!(trial.take(), None);
    }

    #[test]
    fn nobody_takes_the_last_worker_for_a_second_job_while_others_ask() {
        let mut trial = Trial::new(2);
        assert_eq!(["new"; 2].map(|client| trial.push(client)), [true; 2]);
        let (_, ticket) = trial.take().unwrap();
        assert_eq!(trial.take(), None, "nothing is known of this client");
        trial.wait(20);
        trial.queue.finish(ticket, trial.now);
        trial.push("new");
        let tickets = [trial.take(), trial.take()].map(|taken| taken.unwrap().1);
        tickets.into_iter().for_each(|ticket| trial.queue.finish(ticket, trial.now));
        trial.run("other", 20);
        assert_eq!(["new"; 2].map(|client| trial.push(client)), [true; 2]);
        assert_eq!((trial.take().is_some(), trial.take()), (true, None));
    }

    #[test]
    fn a_job_that_runs_for_long_makes_a_client_slow() {
        let mut trial = Trial::new(3);
        assert_eq!(["known"; 3].map(|client| trial.push(client)), [true; 3]);
        let (_, ticket) = trial.take().unwrap();
        trial.queue.finish(ticket, trial.now);
        assert!(trial.take().is_some());
        trial.wait(200);
        assert!(trial.take().is_some());
        trial.push("known");
        assert_eq!(trial.take(), None, "one of three workers is kept free");
    }

    #[test]
    fn short_jobs_do_not_hide_long_ones() {
        let mut trial = Trial::new(2);
        trial.run("hidden", 1_000);
        (0..50).for_each(|_| trial.run("hidden", 10));
        assert!(trial.queue.is_slow("hidden", trial.now));
        (0..500).for_each(|_| trial.run("reformed", 30));
        assert!(!trial.queue.is_slow("reformed", trial.now));
    }

    #[test]
    fn one_worker_serves_everybody() {
        let mut trial = Trial::new(1);
        trial.run("quick", 20);
        trial.run("slow", 1_000);
        trial.push("slow");
        assert_eq!(trial.take().map(|(client, _)| client), Some("slow"));
    }

    #[test]
    fn idle_clients_are_forgotten() {
        let mut trial = Trial::new(2);
        trial.run("a", 10);
        trial.wait(31_000);
        trial.run("b", 10);
        assert_eq!(trial.queue.clients.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_queue_ends_when_its_senders_are_gone_and_its_jobs_are_done() {
        let (sender, receiver) = fair_queue(1, 3);
        sender.clone().send("a").unwrap();
        sender.send_of_stream("b");
        assert_eq!(sender.length(), 2);
        drop(sender);
        let jobs = std::iter::from_fn(|| receiver.receive()).map(|(job, _)| job);
        assert_eq!(jobs.collect::<Vec<_>>(), ["a", "b"]);
    }
}

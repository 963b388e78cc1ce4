//! Progress bars on standard error; silent unless it is a terminal.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::diagnostic::{Severity, diagnostic, reject};
use super::dropped_fields::DroppedFields;
use crate::engine::AddProgress;
use crate::error::Error;
use crate::text::visible;

/// Rejected records of an input that are named.
const MAX_REJECTED: usize = 1_000;

/// A bar with rate and remaining time.
#[derive(Clone)]
pub(crate) struct CommandProgress {
    bar: ProgressBar,
    /// How many records were rejected.
    rejected: Arc<AtomicUsize>,
    /// What is said of the input when it is done.
    dropped: Arc<Mutex<DroppedFields>>,
    name: String,
}

impl CommandProgress {
    /// Returns a bar over the bytes of a file, or a spinner if its size is not known.
    pub(crate) fn of_file(path: &Path) -> CommandProgress {
        let size = std::fs::metadata(path).ok().filter(|file| file.is_file()).map(|file| file.len());
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(size) = size else { return CommandProgress::of_source(&name) };
        let template = "{prefix} {wide_bar:.cyan/dim} {percent:>3}%  {msg}  {elapsed} of {duration}";
        CommandProgress::new(styled(ProgressBar::new(size), template), &name)
    }

    /// Returns a spinner, for input of unknown size.
    pub(crate) fn of_source(name: &str) -> CommandProgress {
        CommandProgress::new(styled(ProgressBar::no_length(), "{prefix} {spinner} {msg}  {elapsed}"), name)
    }

    /// Returns a bar over a known number of items.
    pub(crate) fn of_count(what: &str, count: usize) -> CommandProgress {
        let template = "{prefix} {wide_bar:.cyan/dim} {pos} of {len}  {per_sec}  {eta} left";
        CommandProgress::new(styled(ProgressBar::new(count as u64), template), what)
    }

    fn new(bar: ProgressBar, name: &str) -> CommandProgress {
        let name = visible(name).into_owned();
        CommandProgress { bar: bar.with_prefix(name.clone()), dropped: Arc::default(), rejected: Arc::default(), name }
    }

    /// Wraps a reader so that reading moves the bar.
    pub(crate) fn follow<R: Read>(&self, input: R) -> impl Read + use<R> {
        self.bar.wrap_read(input)
    }

    /// Counts papers in the message of a bar that measures something else.
    pub(crate) fn count(&self, papers: usize) {
        let done = papers + self.bar.message().split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0usize);
        let rate = done as f64 / self.bar.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        self.bar.set_message(format!("{done} papers, {rate:.0}/s"));
    }

    /// Moves the bar by this many items.
    pub(crate) fn advance(&self, count: usize) {
        self.bar.inc(count as u64);
    }

    /// Moves the bar to this many items.
    pub(crate) fn set_done(&self, count: usize) {
        self.bar.set_position(count as u64);
    }

    /// Sets the number of remaining items.
    pub(crate) fn set_left(&self, count: usize) {
        self.bar.set_length(self.bar.position() + count as u64);
    }

    /// Hides the bar while `print` writes a line.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Shows the progress of an addition.
    pub(crate) fn show(&self, progress: AddProgress<'_>) {
        match progress {
            AddProgress::Rejected(error) => self.reject(error),
            AddProgress::Dropped(error) if !self.dropped().count(error) => {}
            AddProgress::Dropped(error) => self.aside(|| diagnostic(Severity::Warning, &error.one_line())),
            AddProgress::Embedded(_) => {}
            AddProgress::Committed(papers) => self.count(papers),
        }
    }

    /// Says why a record was rejected, unless so many were that nobody reads on: a damaged file would fill the log.
    pub(crate) fn reject(&self, error: &Error) {
        let is_record = matches!(error, Error::BadRecord { .. });
        if !is_record || self.rejected.fetch_add(1, Ordering::Relaxed) < MAX_REJECTED {
            self.aside(|| reject(error));
        }
    }

    /// Removes the bar, and says how many more records were rejected and fields dropped than were printed.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
        if let Some(more @ 1..) = self.rejected.swap(0, Ordering::Relaxed).checked_sub(MAX_REJECTED) {
            diagnostic(Severity::Error, &format!("{}: {more} more records were rejected", self.name));
        }
        std::mem::take(&mut *self.dropped()).warn_of_rest(&self.name);
    }

    fn dropped(&self) -> MutexGuard<'_, DroppedFields> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_style(style)
}

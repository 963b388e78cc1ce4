//! Progress bars on standard error; silent unless it is a terminal.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::diagnostic::reject;
use crate::engine::AddProgress;

/// A bar with rate and remaining time.
#[derive(Clone)]
pub(crate) struct CommandProgress(ProgressBar);

impl CommandProgress {
    /// Returns a bar over the bytes of a file, or a spinner if its size is not known.
    pub(crate) fn of_file(path: &Path) -> CommandProgress {
        let size = std::fs::metadata(path).ok().filter(|file| file.is_file()).map(|file| file.len());
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(size) = size else { return CommandProgress::of_source(&name) };
        let template = "{prefix} {wide_bar:.cyan/dim} {percent:>3}%  {msg}  {elapsed} of {duration}";
        CommandProgress(styled(ProgressBar::new(size), template).with_prefix(name))
    }

    /// Returns a spinner, for input of unknown size.
    pub(crate) fn of_source(name: &str) -> CommandProgress {
        CommandProgress(
            styled(ProgressBar::no_length(), "{prefix} {spinner} {msg}  {elapsed}").with_prefix(name.to_owned()),
        )
    }

    /// Returns a bar over a known number of items.
    pub(crate) fn of_count(what: &'static str, count: usize) -> CommandProgress {
        let template = "{prefix} {wide_bar:.cyan/dim} {pos} of {len}  {per_sec}  {eta} left";
        CommandProgress(styled(ProgressBar::new(count as u64), template).with_prefix(what))
    }

    /// Wraps a reader so that reading moves the bar.
    pub(crate) fn follow<R: Read>(&self, input: R) -> impl Read + use<R> {
        self.0.wrap_read(input)
    }

    /// Counts papers in the message of a bar that measures something else.
    pub(crate) fn count(&self, papers: usize) {
        let done = papers + self.0.message().split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0usize);
        let rate = done as f64 / self.0.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        self.0.set_message(format!("{done} papers, {rate:.0}/s"));
    }

    /// Moves the bar by this many items.
    pub(crate) fn advance(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// Sets the number of remaining items.
    pub(crate) fn set_left(&self, count: usize) {
        self.0.set_length(self.0.position() + count as u64);
    }

    /// Hides the bar while `print` writes a line.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    /// Shows the progress of an addition.
    pub(crate) fn show(&self, progress: AddProgress<'_>) {
        match progress {
            AddProgress::Rejected(error) => self.aside(|| reject(error)),
            AddProgress::Embedded(_) => {}
            AddProgress::Committed(papers) => self.count(papers),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_style(style)
}

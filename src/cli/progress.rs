//! Progress bars on standard error; nothing where that is no terminal.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with rate and time left.
#[derive(Clone)]
pub(super) struct CommandProgress(ProgressBar);

impl CommandProgress {
    /// A bar over the bytes of a file; without an end where its size is not known.
    pub(super) fn of_file(path: &Path) -> CommandProgress {
        let size = std::fs::metadata(path).ok().filter(|file| file.is_file()).map(|file| file.len());
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(size) = size else { return CommandProgress::of_source(&name) };
        let template = "{prefix} {wide_bar:.cyan/dim} {percent:>3}%  {msg}  {elapsed} of {duration}";
        CommandProgress(styled(ProgressBar::new(size), template).with_prefix(name))
    }

    /// A bar without an end, for what comes from elsewhere.
    pub(super) fn of_source(name: &str) -> CommandProgress {
        CommandProgress(
            styled(ProgressBar::no_length(), "{prefix} {spinner} {msg}  {elapsed}").with_prefix(name.to_owned()),
        )
    }

    /// A bar over things that are counted.
    pub(super) fn of_count(what: &'static str, count: usize) -> CommandProgress {
        let template = "{prefix} {wide_bar:.cyan/dim} {pos} of {len}  {per_sec}  {eta} left";
        CommandProgress(styled(ProgressBar::new(count as u64), template).with_prefix(what))
    }

    /// A reader that moves the bar.
    pub(super) fn follow<R: Read>(&self, input: R) -> impl Read + use<R> {
        self.0.wrap_read(input)
    }

    /// So many more papers are done, whatever the bar itself measures.
    pub(super) fn count(&self, papers: usize) {
        let done = papers + self.0.message().split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0usize);
        let rate = done as f64 / self.0.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        self.0.set_message(format!("{done} papers, {rate:.0}/s"));
    }

    /// Moves the bar.
    pub(super) fn advance(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// Sets how much there is still to do.
    pub(super) fn set_left(&self, count: usize) {
        self.0.set_length(self.0.position() + count as u64);
    }

    /// Runs what prints a line without tearing the bar.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_style(style)
}

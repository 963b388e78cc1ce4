//! Reading the configuration and the environment for a daily run, and printing what it did.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Mutex;

use crate::cli::args::{DailyArgs, GlobalArgs};
use crate::cli::commands::reindex;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, Severity};
use crate::daily::{self, DailyConfig, DailyEvent, DailyOptions, DailySummary, MailConfig, Mailer, ProfileDelivery};
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Result};

pub(in crate::cli) fn run(common: &GlobalArgs, args: DailyArgs) -> Result<CommandOutcome> {
    let config = read_config(&args.config)?;
    let options = DailyOptions { mailer: config.mail.as_ref().map(open_mailer).transpose()? };
    let mut engine = Engine::open(common.options(LibraryLocation::Create(common.directory()?)))?;
    let bar = Mutex::new(None);
    let summary = daily::run(&mut engine, &config, &options, &|event| show(&bar, event))?;
    if !args.quiet {
        output::print(|out| table(out, &summary))?;
    }
    Ok(CommandOutcome::complete_if(summary.failures == 0))
}

fn read_config(path: &Path) -> Result<DailyConfig> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let reason = "file not found: run `paperkin init` to create it".to_owned();
            Err(Error::BadFile { file: path.display().to_string(), reason })
        }
        text => DailyConfig::parse_file(&text.map_err(Error::io(path, "read"))?, path),
    }
}

/// Opens the mailer with the password from the environment.
fn open_mailer(mail: &MailConfig) -> Result<Mailer> {
    Mailer::open(mail, std::env::var(&mail.password_env).ok().as_deref())
}

/// Shows an event, with one progress bar at a time.
fn show(bar: &Mutex<Option<CommandProgress>>, event: DailyEvent<'_>) {
    let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match event {
        DailyEvent::FetchStarted { source } => *bar = Some(CommandProgress::of_source(source)),
        DailyEvent::IndexStarted { papers } => *bar = Some(CommandProgress::of_count("indexing", papers)),
        DailyEvent::FetchProgress(progress) => {
            if let Some(bar) = &*bar {
                bar.show(progress);
            }
        }
        DailyEvent::IndexProgress(papers) => bar.iter().for_each(|bar| bar.advance(papers)),
        DailyEvent::FetchFinished | DailyEvent::IndexFinished => finish(&mut bar),
        DailyEvent::FetchFailed { source: subject, error } | DailyEvent::DeliveryFailed { profile: subject, error } => {
            output::diagnostic(Severity::Error, &format!("{subject}: {}", error.one_line()));
        }
        DailyEvent::ReportFailed(error) => {
            output::diagnostic(Severity::Error, &format!("weekly report: {}", error.one_line()));
        }
        DailyEvent::IndexFailed(error) => {
            finish(&mut bar);
            reindex::warn(error);
        }
    }
}

fn finish(bar: &mut Option<CommandProgress>) {
    if let Some(bar) = bar.take() {
        bar.finish();
    }
}

fn table(out: &mut dyn Write, summary: &DailySummary) -> std::io::Result<()> {
    let changes = summary.fetched.added.changes;
    let (papers, new, updated) = (summary.fetched.papers, changes.new, changes.updated);
    writeln!(out, "fetched {papers} papers: {new} new, {updated} updated")?;
    summary.deliveries.iter().try_for_each(|delivery| {
        let ProfileDelivery { profile, papers, digest, sent_to } = delivery;
        match papers {
            0 => write!(out, "{profile}: nothing new")?,
            1 => write!(out, "{profile}: 1 new paper")?,
            papers => write!(out, "{profile}: {papers} new papers")?,
        }
        if let Some(path) = digest {
            write!(out, ", wrote {}", path.display())?;
        }
        if !sent_to.is_empty() {
            write!(out, ", sent to {}", sent_to.join(", "))?;
        }
        writeln!(out)
    })?;
    summary.report.iter().try_for_each(|path| writeln!(out, "wrote the report of last week: {}", path.display()))
}

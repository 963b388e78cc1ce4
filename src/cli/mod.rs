//! The command line: one file per command. Results go to standard output, everything else to standard error.

mod add;
mod args;
mod ask;
mod backup;
mod compact;
mod completions;
mod daily;
mod embed;
mod eval;
mod export;
mod fetch;
mod history;
mod import;
mod input;
mod model;
mod output;
mod profile;
mod progress;
mod rank;
mod reembed;
mod remove;
mod report;
mod serve;
mod split;
mod status;
mod token;
mod upkeep;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use crate::error::{Error, Result};
use args::{Cli, Command};

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandOutcome {
    /// All of it: exit code 0.
    Complete,
    /// Without parts of the input, which were named: exit code 1.
    Incomplete,
}

impl CommandOutcome {
    fn complete_if(complete: bool) -> CommandOutcome {
        if complete { CommandOutcome::Complete } else { CommandOutcome::Incomplete }
    }

    fn and(self, other: CommandOutcome) -> CommandOutcome {
        CommandOutcome::complete_if(self == CommandOutcome::Complete && other == CommandOutcome::Complete)
    }
}

/// Runs the program with the process's arguments, and gives its exit code: 0 when all went well, 1 when the input
/// (or a part of it) could not be used, 2 when the program could not do its work or was called wrongly.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let level = [LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG][usize::from(cli.common.verbose.min(2))];
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).without_time().with_target(false).init();
    match dispatch(cli) {
        Ok(CommandOutcome::Complete) => ExitCode::SUCCESS,
        Ok(CommandOutcome::Incomplete) => ExitCode::from(1),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain("error", &error.one_line());
            ExitCode::from(error.fault().exit_code())
        }
    }
}

fn dispatch(cli: Cli) -> Result<CommandOutcome> {
    let common = &cli.common;
    match cli.command {
        Command::Add(command) => add::run(common, command),
        Command::Fetch(command) => fetch::run(common, command),
        Command::Daily(command) => daily::run(common, command),
        Command::Init(command) => daily::init(command),
        Command::Remove(command) => remove::run(common, command),
        Command::Split(command) => split::run(common, command),
        Command::Search(command) => ask::search(common, command),
        Command::Similar(command) => ask::similar(common, command),
        Command::Recommend(command) => ask::recommend(common, command),
        Command::Feed(command) => ask::feed(common, command),
        Command::Profile(command) => profile::run(common, command),
        Command::Profiles(command) => profile::list(common, command),
        Command::Rank(command) => rank::run(common, command),
        Command::Report(command) => report::run(common, command),
        Command::Eval(command) => eval::run(common, command),
        Command::Export(command) => export::run(common, command),
        Command::Embed(command) => embed::run(common, command),
        Command::Reembed => reembed::run(common),
        Command::Compact(command) => compact::run(common, command),
        Command::Status(command) => status::status(common, command),
        Command::Doctor(command) => status::doctor(common, command),
        Command::Index(command) => upkeep::index(common, &command),
        Command::Model(command) => model::run(command),
        Command::Serve(command) => serve::run(common, command),
        Command::Token(command) => token::run(command),
        Command::Backup(command) => backup::run(common, command),
        Command::Completions(command) => completions::run(command),
    }
}

/// The day of today, in UTC.
fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

fn stdout_failed(source: io::Error) -> Error {
    Error::Io { path: "standard output".into(), doing: "write it", source }
}

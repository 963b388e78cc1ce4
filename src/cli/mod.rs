//! The command line. Results go to standard output, everything else to standard error.
//!
//! `args` declares what a user can type, `commands` has one file per command, `input` reads files and opens libraries,
//! and `output` prints.

mod args;
mod commands;
mod input;
mod outcome;
mod output;

use std::ffi::OsString;
use std::io;

use clap::{CommandFactory, FromArgMatches};
use tracing_subscriber::filter::LevelFilter;

use crate::error::Result;
use args::{Cli, Command};
use outcome::CommandOutcome;
use output::Severity;

/// Runs the program with arguments, of which the first is its name, and returns its exit code: 0 on success, 1 when (a part of)
/// the input cannot be used, 2 when the program could not do its work or was called incorrectly. Ends the process at once if
/// they are invalid or ask for help.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = parse(arguments);
    let level = [LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG][usize::from(cli.common.verbose.min(2))];
    // Not in a file, and not where `NO_COLOR` is set.
    let has_colors = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(has_colors);
    log.without_time().with_target(false).init();
    match dispatch(cli) {
        Ok(CommandOutcome::Complete) => 0,
        Ok(CommandOutcome::Incomplete) => 1,
        Err(error) if output::is_broken_pipe(&error) => 0,
        Err(error) => {
            output::diagnostic(Severity::Error, &error.one_line());
            error.fault().exit_code()
        }
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Cli {
    // The page of the options of every command is that of a command, so that `help options` shows it.
    let command = args::with_environment(Cli::command())
        .mut_subcommand("options", |command| command.override_help(args::options_help()));
    Cli::from_arg_matches(&command.get_matches_from(arguments)).unwrap_or_else(|error| error.exit())
}

fn dispatch(cli: Cli) -> Result<CommandOutcome> {
    let common = &cli.common;
    match cli.command {
        Command::Add(args) => commands::add::run(common, args),
        Command::Fetch(args) => commands::fetch::run(common, args),
        Command::Daily(args) => commands::daily::run(common, args),
        Command::Init(args) => commands::init::run(common, args),
        Command::Remove(args) => commands::remove::run(common, args),
        Command::Split(args) => commands::split::run(common, args),
        Command::Recent(args) => commands::list::recent(common, args),
        Command::List(args) => commands::list::list(common, args),
        Command::Show(args) => commands::show::run(common, args),
        Command::Search(args) => commands::search::run(common, args),
        Command::Similar(args) => commands::similar::run(common, args),
        Command::Recommend(args) => commands::recommend::run(common, args),
        Command::Feed(args) => commands::feed::run(common, args),
        Command::Profile(args) => commands::profile::run(common, args),
        Command::Profiles(args) => commands::profiles::run(common, args),
        Command::Rank(args) => commands::rank::run(common, args),
        Command::Report(args) => commands::report::run(common, args),
        Command::Eval(args) => commands::eval::run(common, args),
        Command::Export(args) => commands::export::run(common, args),
        Command::Embed(args) => commands::embed::run(common, args),
        Command::Neighbors(args) => commands::neighbors::run(args),
        Command::Reembed => commands::reembed::run(common),
        Command::Compact(args) => commands::compact::run(common, args),
        Command::Status(args) => commands::status::run(common, args),
        Command::Doctor(args) => commands::doctor::run(common, args),
        Command::Index(args) => commands::index::run(common, &args),
        Command::Model(args) => commands::model::run(args),
        Command::Serve(args) => commands::serve::run(common, args),
        Command::Mcp(args) => commands::mcp::run(common, &args),
        Command::Token(args) => commands::token::run(args),
        Command::Backup(args) => commands::backup::run(common, args),
        Command::Restore(args) => commands::restore::run(common, args),
        Command::Migrate(args) => commands::migrate::run(common, &args),
        Command::Completions(args) => commands::completions::run(args),
        Command::ManPages(args) => commands::man_pages::run(&args),
        Command::Options => {
            output::print(|out| out.write_all(args::options_help().as_bytes()))?;
            Ok(CommandOutcome::Complete)
        }
    }
}

//! Arguments of every command, with the texts of `--help`: one file for each group of commands.

mod daily;
mod evaluate;
mod export;
mod fetch;
mod global;
mod maintenance;
mod papers;
mod parsers;
mod profile;
mod query;
mod report;
mod serve;

use clap::{Parser, Subcommand};

pub(crate) use daily::*;
pub(crate) use evaluate::*;
pub(crate) use export::*;
pub(crate) use fetch::*;
pub(crate) use global::{GlobalArgs, location_with_environment, options_help, with_environment};
pub(crate) use maintenance::*;
pub(crate) use papers::*;
pub(crate) use profile::*;
pub(crate) use query::*;
pub(crate) use report::*;
pub(crate) use serve::*;

const EXAMPLES: &str = "\
Examples:
  paperkin similar --papers examples/daily-papers.txt \"How Few Instructions\"
  paperkin add papers.jsonl                       store papers in the library
  paperkin search tool use in language models     find papers about a topic
  paperkin profile me like 2401.12345             start a reading history
  paperkin feed --profile me                      show new papers, ranked for you

Run `paperkin COMMAND --help` for examples of a command, and
`paperkin help options` for the model and the device that it runs on.";

/// Semantic recommendations for research papers: similar papers, personal feeds, similarity reports
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub common: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of `--help`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(AddArgs),
    Fetch(FetchArgs),
    Daily(DailyArgs),
    Init(InitArgs),
    Remove(RemoveArgs),
    Split(SplitArgs),
    Recent(RecentArgs),
    List(ListArgs),
    Show(ShowArgs),
    Search(SearchArgs),
    Similar(SimilarArgs),
    Recommend(RecommendArgs),
    Feed(FeedArgs),
    Profile(ProfileArgs),
    /// List the profiles
    Profiles(SummaryArgs),
    Rank(RankArgs),
    Report(ReportArgs),
    Eval(EvalArgs),
    Export(ExportArgs),
    Embed(EmbedArgs),
    Neighbors(NeighborsArgs),
    /// Recompute all embeddings with the model given by --model
    #[command(after_help = "Example:\n  paperkin reembed --model BAAI/bge-small-en-v1.5")]
    Reembed,
    Compact(CompactArgs),
    /// Show what the library contains
    Status(SummaryArgs),
    /// Check the library and the model, and suggest repairs
    Doctor(SummaryArgs),
    Index(IndexArgs),
    Model(ModelArgs),
    Serve(ServeArgs),
    Mcp(McpArgs),
    Token(TokenArgs),
    Backup(BackupArgs),
    Restore(RestoreArgs),
    Migrate(MigrateArgs),
    Completions(CompletionsArgs),
    ManPages(ManPagesArgs),
    /// Show the options that every command takes: library, model, device and index
    Options,
}

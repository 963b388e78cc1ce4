//! Arguments of every command, with the texts of `--help`: those of questions, of profiles and of keeping a library in files
//! of their own.

mod fetch;
mod keep;
mod profile;
mod question;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::encoder::{Cpu, DeviceChoice, EncoderOptions, ModelChoice, Precision};
use crate::engine::{EngineOptions, LibraryLocation};
use crate::error::{Error, Result};
use crate::evaluate::Metric;
use crate::formats::{ColumnMapping, InputFormat};
use crate::index::IndexKind;
use crate::paper::{PaperId, parse_date};

pub(crate) use fetch::*;
pub(crate) use keep::*;
pub(crate) use profile::*;
pub(crate) use question::*;

const EXAMPLES: &str = "\
Examples:
  paperkin similar --papers examples/daily-papers.txt \"How Few Instructions Are Enough\"
  paperkin add papers.jsonl                      keep papers in a library
  paperkin search \"tool use in language models\"  papers about a text
  paperkin profile me like 2401.12345            begin a reading history
  paperkin feed --profile me                     what is new, best for you first

`paperkin COMMAND --help` has examples of each command.";

/// Semantic recommendations for research papers: more like this, personal feeds, similarity reports.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub common: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct GlobalArgs {
    /// The library's directory; left out: the platform's data directory
    #[arg(long, global = true, env = "PAPERKIN_LIBRARY", value_name = "DIR")]
    pub library: Option<PathBuf>,
    /// Model: `all-MiniLM-L6-v2` (bundled), a directory, or a hub id such as `BAAI/bge-small-en-v1.5[@REVISION]`;
    /// left out: the library's own
    #[arg(long, global = true, env = "PAPERKIN_MODEL", value_name = "MODEL")]
    pub model: Option<ModelChoice>,
    /// What the model runs on: auto, cpu, cuda or metal
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE", hide_default_value = true)]
    pub device: DeviceChoice,
    /// How precisely a CPU computes: f32, bf16 or int8; left out: int8 with int8 weights, f32 with others
    #[arg(long, global = true, value_name = "PRECISION")]
    pub precision: Option<Precision>,
    /// The instructions that a CPU uses: amx, avx512bf16, avx512vnni, avx512, avx2vnni, avx2, neonbf16, neondot,
    /// neon or scalar; left out: the fastest that it has
    #[arg(long, global = true, env = "PAPERKIN_CPU", value_name = "CPU", hide_short_help = true)]
    pub cpu: Option<Cpu>,
    /// How neighbors are found: auto, exact or hnsw
    #[arg(long, global = true, default_value = "auto", value_name = "INDEX", hide_default_value = true)]
    pub index: IndexKind,
    /// Say more on standard error; twice for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl GlobalArgs {
    /// The library's directory: as given, or the platform's place for data.
    pub(crate) fn directory(&self) -> Result<PathBuf> {
        use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
        match &self.library {
            Some(directory) if directory.as_os_str().is_empty() => {
                Err(Error::BadRequest { field: "library", reason: "is empty: name a directory".to_owned() })
            }
            Some(directory) => Ok(directory.clone()),
            None => choose_native_strategy().map(|strategy| strategy.data_dir().join("paperkin")).map_err(|_| {
                let reason = "no home directory to keep it in: name one with --library".to_owned();
                Error::BadRequest { field: "library", reason }
            }),
        }
    }

    pub(crate) fn options(&self, place: LibraryLocation) -> EngineOptions {
        EngineOptions {
            model: self.model.clone(),
            hub: crate::encoder::HubOptions::from_env(),
            encoder: EncoderOptions { device: self.device, precision: self.precision, cpu: self.cpu },
            index: self.index,
            ..EngineOptions::new(place)
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(AddArgs),
    Fetch(FetchArgs),
    Daily(super::daily::DailyArgs),
    Init(super::daily::InitArgs),
    Remove(RemoveArgs),
    Split(SplitArgs),
    Search(SearchArgs),
    Similar(SimilarArgs),
    Recommend(RecommendArgs),
    Feed(FeedArgs),
    Profile(ProfileArgs),
    /// List the profiles
    Profiles(StatusArgs),
    Rank(RankArgs),
    Report(ReportArgs),
    Eval(EvalArgs),
    Export(super::export::ExportArgs),
    Embed(EmbedArgs),
    /// Embed the whole library anew with the model given by --model
    #[command(after_help = "Example:\n  paperkin reembed --model BAAI/bge-small-en-v1.5")]
    Reembed,
    Compact(CompactArgs),
    Status(StatusArgs),
    Doctor(DoctorArgs),
    Index(IndexArgs),
    Model(ModelArgs),
    Serve(super::serve::ServeArgs),
    Token(super::token::TokenArgs),
    Backup(super::backup::BackupArgs),
    Completions(CompletionsArgs),
}

/// Add papers from files, or update those that are there
#[derive(Debug, Args)]
#[command(after_help = "\
Formats, detected unless --input says otherwise; gzip is read as it is:
  hf-page           the copied text of a Hugging Face papers page
  hf-daily          JSON of the Hugging Face daily-papers API
  hf-html           the page of one paper there, as a browser saves it
  arxiv-atom        an answer of the arXiv API
  arxiv-json        arXiv's metadata as JSON lines
  s2, openalex      answers and data sets of Semantic Scholar and OpenAlex
  bibtex, csl-json  bibliographies; also as tagged lines: ris, nbib (PubMed), wos (Web of Science)
  zotero-rdf        Zotero's own export, with its collections
  endnote-xml       XML of EndNote and Mendeley
  feed, json-feed   news feeds of papers: RSS, Atom, JSON Feed
  pubmed-xml, bioc  XML of PubMed
  jsonl             one JSON object a line: id, title, abstract, authors, published, ...
  csv, tsv          with a header line of such names
  parquet           with columns of such names

Examples:
  paperkin add page.txt today.json arxiv.xml
  paperkin add arxiv-metadata.jsonl.gz --category cs.CL --category stat
  paperkin add table.parquet --column title=headline --column abstract=body
  curl -s https://huggingface.co/api/daily_papers | paperkin add -

Papers that were added stay added whatever happens; the same command goes on where it was stopped.")]
pub(crate) struct AddArgs {
    /// Files of papers; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The files' format, one of those below
    #[arg(long, value_name = "FORMAT")]
    pub input: Option<InputFormat>,
    /// A column of a table under another name: `title=headline`
    #[arg(long, value_name = "FIELD=NAME")]
    pub column: Vec<ColumnMapping>,
    /// Only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    pub category: Vec<String>,
    /// Write nothing at all when a record is bad
    #[arg(long)]
    pub strict: bool,
    /// How to print the summary
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Remove papers from the library
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin remove 2401.12345 https://arxiv.org/abs/2402.00001
  paperkin remove \"How Few Instructions Are Enough\"

They are gone from every answer at once. Reading histories keep their ids; `paperkin compact` takes the rest off the
disk.")]
pub(crate) struct RemoveArgs {
    /// The papers: ids, addresses or whole titles
    #[arg(required = true, value_name = "ID")]
    pub papers: Vec<PaperId>,
    /// How to print the summary
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Part a paper that was taken for another one
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin split doi:10.1000/example

Records with an id in common are one paper, and so are those with the same title, an author in common and years that
fit. What each source said is kept: after a split each paper has what its own sources say, and records of these ids are
never taken for one paper again.")]
pub(crate) struct SplitArgs {
    /// The id of the record that is a paper of its own
    #[arg(value_name = "ID")]
    pub paper: PaperId,
}

/// Answer a file of requests and write a TREC run
#[derive(Debug, Args)]
#[command(after_help = "\
One request a line, everything but `id` optional:
  {\"id\":\"q1\",\"text\":\"...\",\"positive\":[\"ID\",{\"id\":\"ID\",\"weight\":1.0,\"at\":\"2025-01-02\"},
   {\"title\":\"...\",\"abstract\":\"...\"}],\"negative\":[...],\"candidates\":[\"ID\",...],\"exclude\":[...],\"limit\":20,
   \"published_after\":\"2024-01-01\",\"published_before\":\"...\",\"as_of\":\"...\",\"diversity\":0.0,
   \"strategy\":\"auto\",\"min_score\":0.9}

Example:
  paperkin rank requests.jsonl --run out.trec --depth 100")]
pub(crate) struct RankArgs {
    /// The requests; `-` for standard input
    #[arg(value_name = "REQUESTS.jsonl")]
    pub requests: PathBuf,
    /// Where the run goes
    #[arg(long, value_name = "OUT.trec")]
    pub run: PathBuf,
    /// Papers a request, unless it has `limit` or `candidates`
    #[arg(long, default_value = "1000", value_name = "N", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub depth: u64,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Write neighbors and near-duplicates of all papers
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  paperkin report --out report --neighbors 10 --threshold 0.95")]
pub(crate) struct ReportArgs {
    /// The directory that the files go to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Neighbors of each paper
    #[arg(short = 'k', long, default_value = "10", value_name = "K", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub neighbors: u64,
    /// Similarity from which on two papers are near-duplicates
    #[arg(long, default_value = "0.95", value_name = "0..1", allow_negative_numbers = true)]
    pub threshold: f32,
    #[command(flatten)]
    pub papers: TemporaryLibrary,
}

/// Measure rankings against judgments, or against your own history
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["queries", "run", "profile", "history"]))]
#[command(after_help = "\
Queries are JSON lines, each with `id` and `text`, or with `id` and `history`, a list of paper ids; `disliked` and
`as_of` (a day: only papers of that day and later are ranked, by what was there before) are optional. Judgments are
TREC qrels, or tab-separated lines of query, paper and gain.

Of a history the last 30% is held out, and looked for among all papers that appeared since.

Metrics: map, ndcg@K (linear gains, as trec_eval), exp-ndcg@K (gains of 2^judgment - 1), recall@K, mrr, pairs (share of
pairs in the right order, weighted by the difference of the judgments). In parentheses: 95% bootstrap intervals.

Examples:
  paperkin eval --docs docs.jsonl --queries queries.jsonl --qrels qrels.tsv
  paperkin eval --run out.trec --qrels qrels.txt --metrics map,ndcg@20
  paperkin eval --profile me")]
pub(crate) struct EvalArgs {
    /// Queries to rank papers for; `-` for standard input
    #[arg(long, value_name = "QUERIES.jsonl", requires = "qrels")]
    pub queries: Option<PathBuf>,
    /// A TREC run to measure
    #[arg(long, value_name = "RUN.trec", requires = "qrels", conflicts_with = "docs")]
    pub run: Option<PathBuf>,
    /// Whose history to test methods with
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// A file of a history to test methods with, as for `recommend`
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// The judgments
    #[arg(long, value_name = "QRELS")]
    pub qrels: Option<PathBuf>,
    /// Rank these papers, not the library: a file in any format that `add` reads
    #[arg(long, value_name = "DOCS")]
    pub docs: Vec<PathBuf>,
    /// What to measure
    #[arg(long, value_name = "METRIC", value_delimiter = ',')]
    pub metrics: Vec<Metric>,
    /// From which judgment on a paper is relevant, for the metrics that only know yes and no
    #[arg(long, default_value = "1", value_name = "GAIN")]
    pub relevant: f64,
    /// Rank only the papers that were judged for a query
    #[arg(long, requires = "queries")]
    pub judged: bool,
    /// Seed of what is drawn: intervals, the random list, negatives
    #[arg(long, default_value = "1", value_name = "SEED")]
    pub seed: u64,
    /// How to print it
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Embed texts and write the vectors
#[derive(Debug, Args)]
#[command(after_help = "\
Each line is an object with `text`, or with `title` and `abstract`.

Examples:
  paperkin embed texts.jsonl --out vectors.f32             little-endian f32, one row a line
  paperkin embed texts.jsonl --out - --format jsonl")]
pub(crate) struct EmbedArgs {
    /// The texts, JSON lines; `-` for standard input
    #[arg(value_name = "TEXTS.jsonl")]
    pub texts: PathBuf,
    /// Where the vectors go; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How to write them
    #[arg(long, default_value = "f32", value_name = "FORMAT")]
    pub format: VectorFormat,
}

/// How a summary is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// For people
    Table,
    /// One object
    Json,
}

/// How vectors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VectorFormat {
    /// Little-endian 32-bit floats, row after row
    F32,
    /// One JSON array a line
    Jsonl,
}

fn date(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "no such day: write it as 2025-01-31".to_owned())
}

//! Arguments of the commands that add, remove, split and embed papers.

use std::path::PathBuf;

use clap::Args;

use super::fetch::{HttpArgs, ServiceArgs};

use crate::cli::output::{PaperFormat, SummaryFormat, VectorFormat};
use crate::encoder::TextSide;
use crate::formats::{ColumnMapping, InputFormat, TextEncoding};
use crate::paper::PaperId;

/// Add papers from files or by id, or update existing ones
#[derive(Debug, Args)]
#[command(after_help = "\
Formats, detected unless --input is given; gzip files are decompressed:
  hf-page           text copied from a Hugging Face papers page
  hf-daily          JSON from the Hugging Face daily-papers API
  hf-html           page of one Hugging Face paper, saved by a browser
  arxiv-atom        response of the arXiv API
  arxiv-json        arXiv metadata as JSON lines
  s2, openalex      responses and data sets of Semantic Scholar and OpenAlex
  bibtex, csl-json  bibliographies
  ris, nbib, wos    tagged bibliographies: RIS, PubMed, Web of Science
  enw               tagged bibliography of EndNote and Google Scholar
  zotero-rdf        Zotero RDF export, with collections
  endnote-xml       XML from EndNote and Mendeley
  feed, json-feed   news feeds of papers: RSS, Atom, JSON Feed
  pubmed-xml, bioc  XML from PubMed
  jsonl             one JSON object per line: id, title, abstract, authors, ...
  csv, tsv          tables with a header row of such names
  parquet           tables with columns of such names

Examples:
  paperkin add page.txt today.json arxiv.xml
  paperkin add 2401.12345 10.1145/3292500.3330701
  paperkin add https://huggingface.co/papers/2401.12345
  paperkin add arxiv-metadata.jsonl.gz --category cs.CL --category stat
  paperkin add table.parquet --column title=headline --column abstract=body
  paperkin add old-library.ris --encoding windows-1252
  paperkin add --vectors papers-with-vectors.parquet
  paperkin add --dry-run export.csv
  paperkin add --links citations.csv.gz
  paperkin add --explain export.csv --record \"walking robots\"
  curl -s https://huggingface.co/api/daily_papers | paperkin add -

Papers given by id are fetched: from arXiv, from Hugging Face with their votes if
the address is one there, and DOIs and PubMed ids from Semantic Scholar or else
OpenAlex. Additions are durable: rerun an interrupted command and it resumes.")]
pub(crate) struct AddArgs {
    /// Files of papers, `-` for standard input; or ids and addresses of papers to fetch
    #[arg(required_unless_present = "links", value_name = "FILE_OR_ID")]
    pub files: Vec<PathBuf>,
    /// A list of citations: two ids a line, first the paper that cites
    #[arg(long, value_name = "FILE")]
    pub links: Vec<PathBuf>,
    /// Format of the files, one of those listed below [default: detected]
    #[arg(long, value_name = "FORMAT")]
    pub input: Option<InputFormat>,
    /// Encoding of files that do not say it: `windows-1252` [default: UTF-8]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<TextEncoding>,
    /// Read a field from a column with another name: `title=headline`
    #[arg(long, value_name = "FIELD=NAME")]
    pub column: Vec<ColumnMapping>,
    /// Take the embeddings from the column `vector` of Parquet files, as `embed --stream` computes them
    #[arg(long)]
    pub vectors: bool,
    /// Add only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',')]
    pub category: Vec<String>,
    /// Add nothing if any record or field is invalid
    #[arg(long)]
    pub strict: bool,
    /// Show what would be read, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Show where the fields of one record come from, and write nothing
    #[arg(long, conflicts_with_all = ["dry_run", "strict", "links", "vectors"])]
    pub explain: bool,
    /// The record to explain: its number, or a part of its title or id
    #[arg(long, value_name = "RECORD", default_value = "1", requires = "explain")]
    pub record: String,
    /// Summary format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
    #[command(flatten)]
    pub service: ServiceArgs,
    #[command(flatten)]
    pub http: HttpArgs,
}

/// Remove papers from the library
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin remove 2401.12345 https://arxiv.org/abs/2402.00001
  paperkin remove \"How Few Instructions Are Enough\"

Removed papers disappear from results at once. Reading histories keep their ids.
Run `paperkin compact` to reclaim the disk space.")]
pub(crate) struct RemoveArgs {
    /// Papers to remove: ids, URLs or full titles
    #[arg(required = true, value_name = "ID")]
    pub papers: Vec<PaperId>,
    /// Summary format
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: SummaryFormat,
}

/// Split a paper that was merged with another by mistake
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  paperkin split doi:10.1000/example

Records are merged into one paper if they share an id, or if they have the same
title, a common author and compatible years. The record of each source is stored,
so a split restores the separate papers. Their ids are never merged again.")]
pub(crate) struct SplitArgs {
    /// Id of the record to separate
    #[arg(value_name = "ID")]
    pub paper: PaperId,
}

/// Embed texts and write the vectors
#[derive(Debug, Args)]
#[command(after_help = "\
Each line is a JSON object with `text`, or with `title` and `abstract`.

With --stream, rows come in on standard input and go out on standard output: as an
Arrow stream with the columns `id` and `text` (or `title` and `abstract`), or as such
JSON lines. Each row comes back with `id`, `vector`, `fingerprint` of the model and
`error`, in the same order. A bad row gets an `error`; the stream goes on.

Examples:
  paperkin embed texts.jsonl --out vectors.f32
  paperkin embed texts.jsonl --out - --format jsonl
  paperkin embed --stream < texts.arrows > vectors.arrows
  zcat part-*.jsonl.gz | parallel --pipe --keep-order paperkin embed --stream")]
pub(crate) struct EmbedArgs {
    /// Texts as JSON lines; `-` for standard input
    #[arg(value_name = "TEXTS.jsonl", required_unless_present = "stream")]
    pub texts: Option<PathBuf>,
    /// Output file; `-` for standard output
    #[arg(long, value_name = "FILE", required_unless_present = "stream")]
    pub out: Option<PathBuf>,
    /// Output format
    #[arg(long, default_value = "f32", value_name = "FORMAT")]
    pub format: VectorFormat,
    /// Embed the texts as queries, not as papers: it makes a difference for models with a prompt for each
    #[arg(long)]
    pub queries: bool,
    /// Embed a stream of rows, Arrow or JSON lines, from standard input to standard output
    #[arg(long, conflicts_with_all = ["texts", "out", "format"])]
    pub stream: bool,
}

impl EmbedArgs {
    /// What the texts are.
    pub(crate) fn side(&self) -> TextSide {
        if self.queries { TextSide::Query } else { TextSide::Document }
    }
}

/// Find the nearest neighbors of a stream of vectors among those of Parquet files
#[derive(Debug, Args)]
#[command(after_help = "\
Rows come in on standard input and go out on standard output: as an Arrow stream
with the columns `id` and `vector`, or as such JSON lines, as `embed --stream` writes
them. Each row comes back with `id`, `neighbors` (a list of `id` and `cosine`, best
first) and `error`, in the same order. A paper is not its own neighbor. All vectors
are compared, so the files have to fit into memory: about 2 kB for each vector.

Examples:
  paperkin neighbors --stream --among vectors.parquet < rows.arrows > found.arrows
  paperkin neighbors --stream --among shards/ --limit 20 < rows.jsonl > found.jsonl")]
pub(crate) struct NeighborsArgs {
    /// Read rows, Arrow or JSON lines, from standard input and write them to standard output
    #[arg(long, required = true)]
    pub stream: bool,
    /// Parquet files with `id` and `vector`, or directories of such; give it once for each
    #[arg(long, value_name = "PATH", required = true)]
    pub among: Vec<PathBuf>,
    /// Neighbors per paper
    #[arg(short = 'k', long, default_value = "10", value_name = "K", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub limit: u64,
}

/// Show a paper: its authors, dates, ids, links and abstract
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin show 2401.12345
  paperkin show https://huggingface.co/papers/2401.12345
  paperkin show \"How Few Instructions\" --open
  paperkin show 2401.12345 --format bibtex")]
pub(crate) struct ShowArgs {
    /// Paper: its id, its URL, or words that only its title contains
    #[arg(value_name = "ID_OR_TITLE")]
    pub paper: String,
    /// Open the first link in the browser instead: the PDF, if there is one
    #[arg(long, conflicts_with = "format")]
    pub open: bool,
    /// Name all authors, not only the first ten
    #[arg(long)]
    pub all_authors: bool,
    /// Output format: table, json, jsonl, csv, bibtex, ris, csl-json or md
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    pub format: PaperFormat,
}

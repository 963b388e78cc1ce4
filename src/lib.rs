//! Semantic recommendations for research papers: *more like this*, personalized feeds, similarity reports.
//!
//! paperkin reads paper records (titles, abstracts, authors, dates, votes), embeds them with a small sentence-transformer,
//! indexes the embeddings, and ranks papers for a text, a paper or a reading history. It runs on one machine and needs no
//! network: the model is compiled in. Only the crate on crates.io is without its weights, and downloads them at the first use.
//!
//! # A first program
//!
//! ```
//! use paperkin::paper::RawPaper;
//! use paperkin::{Engine, EngineOptions, LibraryLocation, Request};
//!
//! # fn main() -> paperkin::Result<()> {
//! let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory))?;
//! let titles = ["Robots that walk on soft ground", "Parsing speech with small models", "Legged robots in the wild"];
//! let paper = |title: &str| RawPaper { title: title.to_owned(), ..RawPaper::default() }.validate().expect("a title");
//! engine.add(titles.map(|title| Ok(paper(title))))?;
//!
//! let answer = engine.recommend(&Request::text("walking robots").limit(2))?;
//! assert_eq!(answer.results[0].paper.title, "Robots that walk on soft ground");
//! # Ok(())
//! # }
//! ```
//!
//! [`Engine::add_file`] reads files of papers in more than twenty formats, and `LibraryLocation::Create` keeps the library
//! on disk.
//!
//! # Where to go
//!
//! | to | see |
//! |---|---|
//! | add papers, search, recommend, keep profiles | [`Engine`] |
//! | ask for something: text, history, filters, diversity | [`Request`], [`recommend::HistoryItem`] |
//! | read what comes back: scores, their breakdown, reasons | [`Answer`], [`recommend::ScoreBreakdown`] |
//! | read and write files of papers | [`formats`], [`import`] |
//! | fetch papers from public services | `fetch` |
//! | embed texts without a library | [`encoder::Encoder`] |
//! | search vectors without a library | [`index::VectorIndex`] |
//! | measure rankings | [`evaluate`] |
//! | serve a library over HTTP | `server` |
//!
//! Three words that occur everywhere: a *library* is a directory with papers, their embeddings and profiles; a
//! *generation* is the state of a library between two changes, and every answer comes from one of them; a *profile* is a
//! named reading history.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `bundled-model` | yes | all-MiniLM-L6-v2 with int8 weights, compiled in if the sources have them: [`encoder::ModelChoice::Bundled`] |
//! | `cli` | yes | the program `paperkin` |
//! | `server` | yes | the HTTP service |
//! | `fetch` | yes | papers from public services |
//! | `daily` | yes | the daily run: fetch, rank, write, send |
//! | `cuda`, `metal` | no | encoding on a GPU, with candle: [`encoder::DeviceChoice`] |
//! | `accelerate` | no | the candle feature of the same name |

mod cancellation;
pub mod error;
mod number_bytes;
mod random;
mod string_enum;
mod text;

mod file;
pub mod lexical;
mod linear_model;
pub mod paper;
pub mod vector;

pub mod encoder;
pub mod evaluate;
pub mod index;
mod kernels;
pub mod library;

mod citation_graph;
pub mod recommend;
pub mod report;
mod term_file;

pub mod formats;
pub mod import;
// Some texts are for the command line or the web page alone.
#[cfg_attr(not(all(feature = "cli", feature = "server")), allow(dead_code))]
mod present;

#[cfg(feature = "fetch")]
pub mod fetch;

mod embedder;
mod maintenance;
mod searcher;
mod writer;

pub mod engine;

#[cfg(feature = "daily")]
pub mod daily;

#[cfg(feature = "mcp")]
pub mod mcp;

#[cfg(feature = "server")]
pub mod server;

#[cfg(feature = "cli")]
pub mod cli;

pub use cancellation::Cancellation;
pub use encoder::TextSide;
pub use engine::{Clock, Engine, EngineOptions, LibraryLocation, TextEmbeddings};
pub use error::{Error, Fault, Result};
/// Dates in this crate's signatures.
pub use jiff;
pub use paper::{Paper, PaperId};
pub use recommend::{Answer, Request};
pub use vector::Embedding;

#[cfg(test)]
#[path = "../tests/it/support/prerequisites.rs"]
mod prerequisites;

/// The README's program is a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

/// So are those of the guide.
#[cfg(doctest)]
#[doc = include_str!("../docs/guides/rust.md")]
struct GuideExamples;

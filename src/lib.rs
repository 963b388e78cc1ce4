//! Semantic recommendations for research papers.
//!
//! Modules in reading order; each uses only what stands above it, except that
//! [`engine`] wires all of them together.

pub mod error;
pub mod lexical;
pub mod paper;
pub mod vector;

mod file;
mod present;
mod random;
mod string_enum;
mod text;

pub mod encoder;
pub mod evaluate;
pub mod index;
pub mod library;
pub mod recommend;
pub mod report;

pub mod formats;
pub mod import;

#[cfg(feature = "fetch")]
pub mod fetch;

mod embedder;
pub mod engine;
mod maintenance;
mod searcher;
mod writer;

#[cfg(feature = "daily")]
pub mod daily;

#[cfg(feature = "server")]
pub mod server;

#[cfg(feature = "cli")]
pub mod cli;

pub use engine::{Clock, Engine, EngineOptions, LibraryLocation, TextEmbeddings};
pub use error::{Error, Fault, Result};
pub use jiff;
pub use paper::{Paper, PaperId};
pub use recommend::{Answer, Request};
pub use vector::Embedding;

#[cfg(test)]
#[path = "../tests/it/support/prerequisites.rs"]
mod prerequisites;

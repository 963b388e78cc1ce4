//! Semantic recommendations for research papers.
//!
//! Modules in reading order; each uses only what stands above it, except that
//! [`engine`] wires all of them together.

pub mod error;
pub mod paper;
pub mod sources;
pub mod vector;

pub use error::{Error, Fault, Result};
pub use paper::{Paper, PaperId};
pub use vector::Embedding;

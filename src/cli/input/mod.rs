//! What commands read: libraries, files of papers, lines of text, histories.

mod engine;
mod history_file;
mod lines;

pub(crate) use engine::open_engine;
pub(crate) use history_file::{HistoryFile, HistorySides};
pub(crate) use lines::TextLines;

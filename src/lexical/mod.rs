//! Words: the terms of a text, the papers that have them, and how much a paper has of a question's words.
//!
//! Pure: the library keeps the [`postings`], the engine asks for those of a [`Query`].

mod bag;
pub mod bm25;
pub mod postings;
mod query;
mod stop_words;
mod terms;
mod usage;

pub use bag::{AsIs, Bag, ByTerm};
pub use bm25::{Blocks, Collection, Scores};
pub use query::Query;
pub use stop_words::is_stop_word;
pub use terms::{Terms, for_each_term};
pub use usage::{Sparse, Usage, idf, sublinear};

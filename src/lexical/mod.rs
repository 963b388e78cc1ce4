//! Words: the terms of a text, the papers that have them, and how much a paper has of a question's words.
//!
//! Pure: the library keeps the [`postings`], the searcher asks for those of a [`TermQuery`].

mod analyzed_text;
pub mod bm25;
mod corpus_stats;
mod name_pattern;
pub mod postings;
mod query;
mod stop_words;
mod term_table;
mod term_vector;
mod terms;

pub use analyzed_text::AnalyzedText;
pub use bm25::{Bm25Scores, CollectionStats, PostingBlocks};
pub(crate) use corpus_stats::tf_factor;
pub use corpus_stats::{CorpusStats, SparseVector, TermNorm, smoothed_idf, sublinear_tf};
pub use name_pattern::NamePattern;
pub use query::TermQuery;
pub use stop_words::is_stop_word;
pub(crate) use term_table::TermTable;
pub use term_vector::{IdentityHasher, TermMap, TermSlice, TermVector};
pub use terms::{TermCounts, for_each_term, word_sequence};

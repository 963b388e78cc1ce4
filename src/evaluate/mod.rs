//! How good a ranking is: metrics over labelled sets, and the baseline that every method has to beat.

mod metrics;
mod tfidf;

pub use metrics::{PairAccuracy, ndcg};
pub use tfidf::{Sparse, TfIdf};

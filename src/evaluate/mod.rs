//! How good a ranking is: metrics over labelled sets, and the simple methods that every other has to beat.
//!
//! Pure: no disk, no clock; vectors, texts and seeds are arguments. The engine turns requests into [`Case`]s.

mod clusters;
mod history;
mod linear;
mod method;
mod metrics;
mod random;
mod report;
mod terms;
mod trec;

pub use clusters::centroids;
pub use history::{Split, split};
pub use linear::{Example, Features, Linear, Loss, mean, weighted_mean};
pub use method::{Case, Collection, Method};
pub use metrics::{Metric, Ranking, Share};
pub use random::Random;
pub use report::{Estimate, Line, Measured, Report};
pub use terms::{Counts, Sparse, Statistics, Vocabulary};
pub use trec::{Judgment, Malformed, Ranked};

//! How good a ranking is: metrics over labeled sets, and the simple methods that every other has to beat.
//!
//! Pure: no disk, no clock; vectors, texts and seeds are arguments. The engine turns requests into [`EvalQuery`]s.

mod baseline;
mod comparison;
mod document_stats;
mod kmeans;
mod metrics;
mod report;
mod temporal_split;
mod trec;

pub use crate::linear_model::{LinearModel, LossFunction, SparseFeatures, TrainingExample, mean, weighted_mean};
pub use baseline::{Baseline, EvalCollection, EvalQuery};
pub use comparison::{MeasuredSet, MethodComparison};
pub use document_stats::{DocumentStats, DocumentTerms, TermVocabulary, WeightedTerms};
pub use kmeans::kmeans_centroids;
pub use metrics::{DEFAULT_METRICS, JudgedRanking, Metric, MetricRatio};
pub use report::{EvaluationReport, MethodRow, MetricEstimate, QueryMetrics};
pub use temporal_split::{HistorySplit, temporal_split};
pub use trec::{QrelsLine, RunLine, TrecError};

pub use crate::random::SplitMix64;

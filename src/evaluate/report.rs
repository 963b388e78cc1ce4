//! Metrics of several methods, with what chance leaves open.

use std::fmt;

use serde::Serialize;

use super::metrics::{JudgedRanking, Metric, MetricRatio};
use crate::random::SplitMix64;

/// How often the queries are drawn anew.
pub(super) const BOOTSTRAP_SAMPLES: usize = 2_000;
/// The interval holds this share of the draws.
const CONFIDENCE_LEVEL: f64 = 0.95;

/// What each query adds to each metric.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryMetrics(Vec<Option<MetricRatio>>);

impl QueryMetrics {
    /// Measures the ranking of one query.
    pub fn new(metrics: &[Metric], ranking: &JudgedRanking) -> QueryMetrics {
        QueryMetrics(metrics.iter().map(|metric| metric.measure(ranking)).collect())
    }

    /// The first metric, if the query has something to find.
    pub(super) fn first(&self) -> Option<MetricRatio> {
        self.0.first().copied().flatten()
    }

    /// A query with one metric.
    #[cfg(test)]
    pub(super) fn of(value: f64) -> QueryMetrics {
        QueryMetrics(vec![Some(MetricRatio { numerator: value, denominator: 1.0 })])
    }
}

/// A table of methods and metrics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationReport {
    /// How many queries were ranked.
    pub queries: usize,
    /// One for each method.
    pub methods: Vec<MethodRow>,
}

/// The metrics of one method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodRow {
    /// The method's name.
    pub method: String,
    /// One for each metric.
    pub metrics: Vec<MetricEstimate>,
}

/// A metric over all queries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricEstimate {
    /// What was measured.
    pub metric: Metric,
    /// How many queries it is the mean of: those that have something to find.
    pub queries: usize,
    /// The mean; `None` without queries.
    pub value: Option<f64>,
    /// Where the mean of other such queries would be, in 95 of 100 cases (bootstrap, percentiles); `None` for fewer than
    /// two queries.
    pub interval: Option<[f64; 2]>,
}

impl EvaluationReport {
    /// Sums up what was measured: by method, one entry a query. The seed decides which queries the intervals draw.
    pub fn new(metrics: &[Metric], methods: &[(String, Vec<QueryMetrics>)], seed: u64) -> EvaluationReport {
        let estimate = |queries: &[QueryMetrics], at: usize| {
            let shares: Vec<MetricRatio> = queries.iter().filter_map(|query| query.0[at]).collect();
            let value = (!shares.is_empty()).then(|| mean(shares.iter()));
            MetricEstimate { metric: metrics[at], queries: shares.len(), value, interval: interval(&shares, seed) }
        };
        let line = |(method, queries): &(String, Vec<QueryMetrics>)| MethodRow {
            method: method.clone(),
            metrics: (0..metrics.len()).map(|at| estimate(queries, at)).collect(),
        };
        let queries = methods.first().map_or(0, |(_, queries)| queries.len());
        EvaluationReport { queries, methods: methods.iter().map(line).collect() }
    }

    /// What a method reaches in a metric.
    pub fn value(&self, method: &str, metric: Metric) -> Option<f64> {
        let line = self.methods.iter().find(|line| line.method == method)?;
        line.metrics.iter().find(|estimate| estimate.metric == metric)?.value
    }
}

pub(super) fn mean<'a>(shares: impl Iterator<Item = &'a MetricRatio>) -> f64 {
    let (part, whole) =
        shares.fold((0.0, 0.0), |(part, whole), share| (part + share.numerator, whole + share.denominator));
    part / whole
}

/// The percentiles of the mean of as many queries, drawn again and again with replacement.
fn interval(shares: &[MetricRatio], seed: u64) -> Option<[f64; 2]> {
    if shares.len() < 2 {
        return None;
    }
    let mut random = SplitMix64::new(seed);
    let draw = |_| mean((0..shares.len()).map(|_| &shares[random.below(shares.len())]));
    Some(percentiles((0..BOOTSTRAP_SAMPLES).map(draw).collect()))
}

/// What 95 of 100 values are between.
pub(super) fn percentiles(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    let outside = ((1.0 - CONFIDENCE_LEVEL) / 2.0 * values.len() as f64) as usize;
    [values[outside], values[values.len() - 1 - outside]]
}

/// A table for people, in Markdown.
impl fmt::Display for EvaluationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: f64| format!("{value:.3}");
        let cell = |MetricEstimate { value, interval, .. }: &MetricEstimate| match (value, interval) {
            (None, _) => "-".to_owned(),
            (Some(value), None) => number(*value),
            (Some(value), Some([low, high])) => format!("{} ({}-{})", number(*value), number(*low), number(*high)),
        };
        let names = self.methods.first().into_iter().flat_map(|line| &line.metrics);
        let header = std::iter::once("method".to_owned()).chain(names.map(|estimate| estimate.metric.to_string()));
        let mut rows: Vec<Vec<String>> = vec![header.collect()];
        rows.extend(
            self.methods
                .iter()
                .map(|line| std::iter::once(line.method.clone()).chain(line.metrics.iter().map(cell)).collect()),
        );
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
        for (index, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} |"));
            writeln!(f, "|{}", cells.collect::<String>())?;
            if index == 0 {
                writeln!(
                    f,
                    "|{}",
                    widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect::<String>()
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(parts: &[f64]) -> Vec<QueryMetrics> {
        parts.iter().map(|part| QueryMetrics::of(*part)).collect()
    }

    fn report(parts: &[f64], seed: u64) -> MetricEstimate {
        let metric = Metric::ReciprocalRank;
        EvaluationReport::new(&[metric], &[("one".to_owned(), measured(parts))], seed).methods[0].metrics[0].clone()
    }

    #[test]
    fn intervals_hold_the_mean_and_repeat() {
        let parts: Vec<f64> = (0..100).map(|index| f64::from(index % 2)).collect();
        let estimate = report(&parts, 1);
        let [low, high] = estimate.interval.unwrap();
        assert_eq!((estimate.value, estimate.queries), (Some(0.5), 100));
        // The mean of 100 coins is within .1 of .5 in 95 of 100 cases.
        assert!((low - 0.4).abs() < 0.02 && (high - 0.6).abs() < 0.02, "{low} {high}");
        assert_eq!(report(&parts, 1), estimate);
        assert_ne!(report(&parts, 2).interval, None);
        assert_eq!(report(&[0.25; 9], 1).interval, Some([0.25, 0.25]));
        assert_eq!((report(&[0.25], 1).value, report(&[0.25], 1).interval), (Some(0.25), None));
        assert_eq!(report(&[], 1).value, None);
    }

    #[test]
    fn the_table() {
        let mut queries = measured(&[1.0, 1.0]);
        queries.push(QueryMetrics(vec![None]));
        let methods = [("a".to_owned(), queries), ("longer".to_owned(), measured(&[0.5, 0.5, 0.5]))];
        let report = EvaluationReport::new(&[Metric::Recall(5)], &methods, 1);
        insta::assert_snapshot!(report.to_string(), @r"
        | method | recall@5            |
        |--------|---------------------|
        | a      | 1.000 (1.000-1.000) |
        | longer | 0.500 (0.500-0.500) |
        ");
        assert_eq!((report.queries, report.methods[0].metrics[0].queries), (3, 2));
    }
}

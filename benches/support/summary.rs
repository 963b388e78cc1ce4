//! One table of all labeled sets, and what our ranking gains on each simple method.

use std::fmt::Write as _;

use paperkin::evaluate::{Baseline, EvaluationReport, MeasuredSet, MethodComparison, Metric, MetricEstimate};

use crate::SEED;

/// The methods in the table; the others are shown with each set.
const METHODS: [Baseline; 7] = [
    Baseline::DenseMean,
    Baseline::NearestThree,
    Baseline::TfIdfMean,
    Baseline::Bm25,
    Baseline::Fusion,
    Baseline::Svm,
    Baseline::Logistic,
];

/// What was measured of each set, by name.
#[derive(Default)]
pub(crate) struct Summary {
    lines: String,
    sets: Vec<MeasuredSet>,
}

impl Summary {
    /// Adds a set, of which `report` is the table.
    pub(crate) fn add(&mut self, name: &str, metric: Metric, measured: MeasuredSet, report: &EvaluationReport) {
        let estimate = |method: &str| -> Option<&MetricEstimate> {
            report.methods.iter().find(|row| row.method == method)?.metrics.first()
        };
        let value = |method| estimate(method).and_then(|estimate| estimate.value);
        let ours = estimate("paperkin").expect("our own ranking");
        write!(self.lines, "| {name} | {metric} | {} | {}", ours.queries, number(ours.value)).expect("a string");
        if let Some([low, high]) = ours.interval {
            write!(self.lines, " ({}-{})", number(Some(low)), number(Some(high))).expect("a string");
        }
        let others = METHODS.map(|method| number(value(method.name())));
        writeln!(self.lines, " | {} |", others.join(" | ")).expect("a string");
        self.sets.push(measured);
    }

    pub(crate) fn print(&self) {
        let names = METHODS.map(Baseline::name);
        println!("| set | metric | queries | paperkin | {} |\n|{}", names.join(" | "), "---|".repeat(4 + names.len()));
        println!("{}\npaperkin compared with, by the metric of each set:", self.lines);
        for baseline in Baseline::ALL {
            if let Some(comparison) = MethodComparison::new(&self.sets, "paperkin", baseline.name(), SEED) {
                println!("- {comparison}");
            }
        }
    }
}

/// Three digits, without the zero before the point.
fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.3}").trim_start_matches('0').to_owned())
}

//! The service in numbers, as Prometheus reads them.

use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::AppState;
use crate::engine::Engine;
use crate::error::Result;

/// Bounds of durations in seconds: from a question of a small library to the limit of a request.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Bounds of the number of texts that are embedded together.
const TEXTS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
/// How often what was recorded is summed up.
const ROUND: Duration = Duration::from_secs(5);

/// The recorder of this process, or `None` when another one was there first.
pub(super) fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_texts".to_owned()), &TEXTS));
        let handle = builder.and_then(PrometheusBuilder::install_recorder).ok()?;
        describe();
        Some(handle)
    };
    HANDLE.get_or_init(install).as_ref()
}

/// Sums up what was recorded, for as long as it is polled.
pub(super) async fn keep() {
    loop {
        tokio::time::sleep(ROUND).await;
        if let Some(handle) = recorder() {
            handle.run_upkeep();
        }
    }
}

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(app): State<AppState>) -> impl IntoResponse {
    gauge!("paperkin_queue_jobs", "queue" => "workers").set(app.workers().waiting() as f64);
    gauge!("paperkin_queue_jobs", "queue" => "embeddings").set(app.embeddings().waiting() as f64);
    // When all workers are busy, what they would say stays as it was.
    let read = app.ask(|engine| Ok::<_, super::Problem>(read(engine)?)).await;
    gauge!("paperkin_library_readable").set(if read.is_ok() { 1.0 } else { 0.0 });
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

fn read(engine: &Engine) -> Result<()> {
    let index = engine.index_status()?;
    gauge!("paperkin_library_generation").set(engine.library().generation()? as f64);
    gauge!("paperkin_index_rows").set(index.papers as f64);
    if let Some(graph) = &index.graph {
        gauge!("paperkin_graph_rows").set(graph.papers as f64);
        gauge!("paperkin_graph_changed_rows").set(graph.changed as f64);
        gauge!("paperkin_graph_recall_at_10").set(f64::from(graph.recall_at_10));
        gauge!("paperkin_graph_self_recall").set(f64::from(graph.self_recall));
        gauge!("paperkin_graph_bytes").set(graph.bytes as f64);
    }
    Ok(())
}

fn describe() {
    describe_counter!("paperkin_requests_total", "Requests answered, by route, method and status");
    describe_histogram!("paperkin_request_seconds", "Time until the head of the answer, by route");
    describe_gauge!("paperkin_requests_in_flight", "Requests at work");
    describe_gauge!("paperkin_queue_jobs", "What waits for a worker or for the encoder");
    describe_histogram!("paperkin_embedding_batch_texts", "Texts of a batch");
    describe_counter!("paperkin_embedded_texts_total", "Texts of requests that were embedded");
    describe_counter!("paperkin_embedded_tokens_total", "Word pieces of these texts");
    describe_gauge!("paperkin_library_readable", "Whether a worker could read the library just now");
    describe_gauge!("paperkin_library_generation", "Changes made to papers and embeddings");
    describe_gauge!("paperkin_index_rows", "Papers that can be found");
    describe_gauge!("paperkin_graph_rows", "Papers in the graph on disk");
    describe_gauge!("paperkin_graph_changed_rows", "Papers added, changed or removed since the graph was built");
    describe_gauge!("paperkin_graph_recall_at_10", "Recall of the ten nearest papers, as the audit found it");
    describe_gauge!("paperkin_graph_self_recall", "Share of papers that are found by their own vectors");
    describe_gauge!("paperkin_graph_bytes", "Size of the graph on disk");
}

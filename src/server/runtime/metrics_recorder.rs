//! Records the metrics of the service for Prometheus.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Buckets of durations in seconds: from a query of a small library to a request that times out.
const DURATION_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Buckets of the number of texts that are embedded in one batch.
const BATCH_SIZE_BUCKETS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
/// How often the recorded samples are drained into the histograms.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Returns the recorder of this process, which is installed at the first call; `None` when the process has another one.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATION_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_batch_size".to_owned()), &BATCH_SIZE_BUCKETS)
            });
        let handle = builder.and_then(PrometheusBuilder::install_recorder).ok()?;
        describe();
        Some(handle)
    };
    HANDLE.get_or_init(install).as_ref()
}

/// Drains recorded samples for as long as it is polled.
pub(crate) async fn run_upkeep() {
    loop {
        tokio::time::sleep(UPKEEP_INTERVAL).await;
        if let Some(handle) = recorder() {
            handle.run_upkeep();
        }
    }
}

fn describe() {
    describe_counter!("paperkin_http_requests_total", "HTTP requests by route, method and status");
    describe_histogram!("paperkin_http_request_duration_seconds", "Time to the first byte of the response, by route");
    describe_gauge!("paperkin_http_connections", "Open connections, without those beyond the limits");
    describe_gauge!("paperkin_http_requests_in_flight", "HTTP requests being processed");
    describe_gauge!("paperkin_queue_jobs", "Jobs waiting for a worker or for the encoder");
    describe_histogram!("paperkin_embedding_batch_size", "Texts per embedding batch");
    describe_counter!("paperkin_embedded_texts_total", "Texts embedded for requests");
    describe_counter!("paperkin_embedded_tokens_total", "Tokens of the texts embedded for requests");
    describe_gauge!("paperkin_library_readable", "1 if a worker could read the library, else 0");
    describe_gauge!("paperkin_library_generation", "Generation of the library: changes of papers and embeddings");
    describe_gauge!("paperkin_index_papers", "Papers in the index");
    describe_gauge!("paperkin_graph_papers", "Papers in the HNSW graph on disk");
    describe_gauge!("paperkin_graph_changed_papers", "Papers added, changed or removed since the graph was built");
    describe_gauge!(
        "paperkin_graph_recall_at_10",
        "Recall of the 10 nearest neighbors, measured when the graph was built"
    );
    describe_gauge!("paperkin_graph_self_recall", "Share of papers that a search for their own vector finds");
    describe_gauge!("paperkin_graph_size_bytes", "Size of the graph file");
}

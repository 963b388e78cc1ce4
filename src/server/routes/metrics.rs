//! `GET /metrics`: the metrics of the service, as Prometheus reads them.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::engine::Engine;
use crate::error::Result;
use crate::server::access::{RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::problem::Problem;
use crate::server::runtime::AppState;
use crate::server::runtime::metrics_recorder::recorder;

pub(super) fn routes() -> GuardedRouter {
    GuardedRouter::new().get("/metrics", RouteAccess::Private(Scope::Read), render_metrics)
}

async fn render_metrics(State(app): State<AppState>) -> impl IntoResponse {
    gauge!("paperkin_queue_jobs", "queue" => "workers").set(app.workers().queue_length() as f64);
    gauge!("paperkin_queue_jobs", "queue" => "embeddings").set(app.embeddings().queue_length() as f64);
    // When all workers are busy, the previous values stay.
    let updated = app.run(|engine| Ok::<_, Problem>(update_library_gauges(engine)?)).await;
    gauge!("paperkin_library_readable").set(if updated.is_ok() { 1.0 } else { 0.0 });
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

fn update_library_gauges(engine: &Engine) -> Result<()> {
    let index = engine.index_status()?;
    gauge!("paperkin_library_generation").set(engine.generation_id()?.generation as f64);
    gauge!("paperkin_index_papers").set(index.papers as f64);
    if let Some(graph) = &index.graph {
        gauge!("paperkin_graph_papers").set(graph.papers as f64);
        gauge!("paperkin_graph_changed_papers").set(graph.changed as f64);
        gauge!("paperkin_graph_recall_at_10").set(f64::from(graph.recall_at_10));
        gauge!("paperkin_graph_self_recall").set(f64::from(graph.self_recall));
        gauge!("paperkin_graph_size_bytes").set(graph.bytes as f64);
    }
    Ok(())
}

//! What runs beside the handlers: connections, worker threads, the embedding queue, index maintenance, caches, metrics.

mod app_state;
mod client_stream;
mod connection_limits;
mod embedding_queue;
mod etag_cache;
mod fair_queue;
mod head_scanner;
mod index_maintainer;
pub(super) mod listener;
mod lookup;
pub(super) mod metrics_recorder;
mod report_runner;
mod worker_pool;

pub(super) use app_state::AppState;
pub(super) use embedding_queue::EmbeddingQueue;
pub(super) use etag_cache::CachedContent;
pub(super) use index_maintainer::IndexMaintainer;
pub(super) use lookup::find_paper;
pub(super) use report_runner::{ReportJob, ReportOrder, ReportRunner, ReportState};
pub(super) use worker_pool::WorkerPool;

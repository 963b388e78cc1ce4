//! Connections: accepted up to a number, with limits of their heads, and finished when the service stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{AppState, numbers, router};
use crate::error::{Error, Result};

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 1024;
/// How long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// Lines in the head of a request.
const HEADERS: usize = 64;
/// The pause after the system gave no connection, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Who asks, in the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeerAddress(pub SocketAddr);

/// What answers the requests of a connection.
trait ConnectionService:
    Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Send + 'static
{
}

impl<S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Send + 'static>
    ConnectionService for S
{
}

/// Listens until the process is told to stop.
pub(super) async fn run(app: AppState, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let settings = app.settings().clone();
    let failed = || Error::io(settings.listen.to_string(), "listen on it");
    let listener = TcpListener::bind(settings.listen).await.map_err(failed())?;
    let address = listener.local_addr().map_err(failed())?;
    let stop = stopped().map_err(Error::io("signals", "wait for them"))?;
    let reload = reload(app.clone()).map_err(Error::io("signals", "wait for them"))?;
    let router = router::router(app.clone());
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_headers(HEADERS);
    http.max_header_size(settings.header_bytes);
    ready(address);
    let accept = async {
        loop {
            let permit = room.clone().acquire_owned().await;
            let Ok((stream, peer)) = listener.accept().await else {
                sleep(PAUSE).await;
                continue;
            };
            let connection = graceful.watch(connection(&http, stream, peer, &router));
            tokio::spawn(async move {
                // A client that goes away is no news.
                let _ = connection.await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = numbers::keep() => {}
        () = reload => {}
        () = stop => {}
    }
    drop(listener);
    tracing::info!("stopping: {} connections to finish", graceful.count());
    if timeout(settings.stop_time, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that took longer than {:?} were dropped", settings.stop_time);
    }
    Ok(())
}

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
) -> http1::Connection<TokioIo<TcpStream>, impl ConnectionService + use<>> {
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(peer));
        service.call(request)
    });
    http.serve_connection(TokioIo::new(stream), service)
}

/// Reads the tokens again whenever the process is told to, from this call on.
#[cfg(unix)]
fn reload(app: AppState) -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            if let Some(path) = app.settings().token_file.clone() {
                let app = app.clone();
                let _ = tokio::task::spawn_blocking(move || app.guard().reload(&path)).await;
            }
        }
    })
}

/// There is nothing that tells it to.
#[cfg(not(unix))]
fn reload(_: AppState) -> std::io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}

/// Is done when the process is told to stop.
#[cfg(unix)]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Is done when the process is told to stop.
#[cfg(not(unix))]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

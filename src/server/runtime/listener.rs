//! Accepts connections up to a limit, with limits for request headers, and finishes them when the service stops.

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

use super::metrics_recorder;
use crate::error::{Error, Result};
use crate::server::middleware::{AuthGuard, ClientAddress};
use crate::server::options::ServerOptions;

/// Maximum number of open connections; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;
/// How long the headers of a request may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;
/// The pause after a failed accept, as when too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers the requests of a connection.
trait ConnectionService:
    Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Send + 'static
{
}

impl<S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Send + 'static>
    ConnectionService for S
{
}

/// Serves `router` until the process is told to stop; reloads the tokens of `guard` when it is told to.
pub(crate) async fn run(
    options: ServerOptions,
    router: Router,
    guard: Arc<AuthGuard>,
    ready: impl FnOnce(SocketAddr),
) -> Result<()> {
    let failed = || Error::io(options.listen.to_string(), "listen on this address");
    let listener = TcpListener::bind(options.listen).await.map_err(failed())?;
    let address = listener.local_addr().map_err(failed())?;
    let stop = stop_signal().map_err(Error::io("signals", "wait for them"))?;
    let reload = reload(guard).map_err(Error::io("signals", "wait for them"))?;
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_headers(MAX_HEADERS);
    http.max_header_size(options.max_header_bytes);
    ready(address);
    let accept = async {
        loop {
            let permit = permits.clone().acquire_owned().await;
            let Ok((stream, peer)) = listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let connection = graceful.watch(connection(&http, stream, peer, &router));
            tokio::spawn(async move {
                // Clients may go away at any time.
                let _ = connection.await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = metrics_recorder::run_upkeep() => {}
        () = reload => {}
        () = stop => {}
    }
    drop(listener);
    tracing::info!("stopping: finishing {} connections", graceful.count());
    if timeout(options.shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("dropped requests that took longer than {:?}", options.shutdown_timeout);
    }
    Ok(())
}

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
) -> http1::Connection<TokioIo<TcpStream>, impl ConnectionService + use<>> {
    // Answers are written in one piece: Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(peer));
        service.call(request)
    });
    http.serve_connection(TokioIo::new(stream), service)
}

/// Reloads the token file whenever the process receives SIGHUP.
#[cfg(unix)]
fn reload(guard: Arc<AuthGuard>) -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            let guard = guard.clone();
            let _ = tokio::task::spawn_blocking(move || guard.reload()).await;
        }
    })
}

/// Without SIGHUP nothing is reloaded.
#[cfg(not(unix))]
fn reload(_: Arc<AuthGuard>) -> std::io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}

/// Completes when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

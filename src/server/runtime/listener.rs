//! Accepts connections up to limits, and finishes them when the service stops.

use std::convert::Infallible;
use std::io;
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
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::client_stream::ClientStream;
use super::connection_limits::{ConnectionLimits, ExtraConnections};
use super::metrics_recorder;
use crate::error::{Error, Result};
use crate::server::middleware::{AuthGuard, ClientAddress, ClientConnection};
use crate::server::options::ServerOptions;
use crate::server::problem::Problem;

/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;
/// The buffers of a connection, unless headers may be longer.
const BUFFER_BYTES: usize = 64 << 10;
/// The part of a response that the kernel keeps for a client. By default it takes megabytes, and reports progress only when
/// the client has read a third of them.
const SEND_BUFFER_BYTES: u32 = 256 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long a client may keep a connection beyond the limits waiting.
const EXTRA_TIMEOUT: Duration = Duration::from_secs(2);
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
    let listener = listen(options.listen).map_err(failed())?;
    let address = listener.local_addr().map_err(failed())?;
    let stop = stop_signal().map_err(Error::io("signals", "wait for them"))?;
    let reload = reload(guard).map_err(Error::io("signals", "wait for them"))?;
    let graceful = GracefulShutdown::new();
    let limits = ConnectionLimits::new(options.max_connections, options.max_connections_per_ip);
    let mut extra = ExtraConnections::default();
    let ordinary = ConnectionKind::new(&options, options.client_timeout, true);
    let beyond_limits = ConnectionKind::new(&options, options.client_timeout.min(EXTRA_TIMEOUT), false);
    ready(address);
    let accept = async {
        loop {
            let Ok((stream, peer)) = listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let client = ClientAddress(peer);
            match limits.admit(client) {
                Ok(permit) => {
                    let connection = graceful.watch(ordinary.serve(stream, client, &router, None));
                    tokio::spawn(async move {
                        // Clients may go away at any time.
                        let _ = connection.await;
                        drop(permit);
                    });
                }
                Err(refusal) => {
                    let connection = graceful.watch(beyond_limits.serve(stream, client, &router, Some(refusal)));
                    extra.add(tokio::spawn(async { drop(connection.await) }).abort_handle());
                }
            }
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

/// Opens the address.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Windows, others could then take over the address.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How connections are served.
struct ConnectionKind {
    http: http1::Builder,
    client_timeout: Duration,
}

impl ConnectionKind {
    fn new(options: &ServerOptions, client_timeout: Duration, keep_alive: bool) -> ConnectionKind {
        let mut http = http1::Builder::new();
        // The time until the headers are complete begins when the connection is idle.
        http.timer(TokioTimer::new()).header_read_timeout(client_timeout).keep_alive(keep_alive);
        http.max_headers(MAX_HEADERS).max_header_size(options.max_header_bytes);
        http.max_buf_size(options.max_header_bytes.max(BUFFER_BYTES));
        ConnectionKind { http, client_timeout }
    }

    /// Serves a connection; with a refusal, only health checks.
    fn serve(
        &self,
        stream: TcpStream,
        client: ClientAddress,
        router: &Router,
        refusal: Option<Problem>,
    ) -> http1::Connection<TokioIo<ClientStream>, impl ConnectionService + use<>> {
        let stream = ClientStream::new(stream, self.client_timeout);
        let connection = ClientConnection { refusal, head_fault: stream.head_fault() };
        let service = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(connection.clone());
            service.call(request)
        });
        self.http.serve_connection(TokioIo::new(stream), service)
    }
}

/// Reloads the token file whenever the process receives SIGHUP.
#[cfg(unix)]
fn reload(guard: Arc<AuthGuard>) -> io::Result<impl Future<Output = ()>> {
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
fn reload(_: Arc<AuthGuard>) -> io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}

/// Completes when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
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
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

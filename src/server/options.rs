//! How the service is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Options of the HTTP service.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The address to listen on; port 0 for any free port.
    pub listen: SocketAddr,
    /// Number of worker threads.
    pub workers: usize,
    /// Maximum size of a request body in bytes; for a stream of JSON lines, of each line.
    pub max_body_bytes: usize,
    /// Maximum size of all request bodies in memory together, in bytes; at least `max_body_bytes`.
    pub max_body_memory_bytes: usize,
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// Maximum number of open connections of one client address.
    pub max_connections_per_ip: usize,
    /// How long a client may keep the server waiting: for the headers of a request, for the next bytes of its body, or to
    /// read more of the response.
    pub client_timeout: Duration,
    /// Maximum size of a request's headers in bytes.
    pub max_header_bytes: usize,
    /// How long a request may take, with its body; for a stream of JSON lines, until the response begins.
    pub request_timeout: Duration,
    /// How long requests in flight may take when the service stops.
    pub shutdown_timeout: Duration,
    /// Maximum number of results of one request.
    pub max_results: usize,
    /// The token file; `None` lets everybody do everything, which is allowed on loopback addresses only.
    pub token_file: Option<PathBuf>,
    /// Whether queries need no token.
    pub public_read: bool,
    /// Whether assistants may rate papers over MCP, with tokens that may write.
    pub mcp_write: bool,
    /// Host names that are accepted on a loopback address, beside `localhost`.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may send requests; `*` for all of them, for what needs no token with `public_read`.
    pub allowed_origins: Vec<String>,
    /// Requests per second and token; `None` for no limit.
    pub rate_limit_per_token: Option<u32>,
    /// Requests per second and client address; `None` for no limit.
    pub rate_limit_per_ip: Option<u32>,
}

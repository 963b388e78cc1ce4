//! Arguments of `serve` and `token`.
#![cfg_attr(not(feature = "server"), allow(dead_code, reason = "only the server reads them"))]

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::parsers::listen_address;

/// Start the HTTP server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin serve
  curl localhost:7474/v1/search --json '{\"text\": \"tool use\"}'
  paperkin serve --listen 0.0.0.0:7474 --token-file tokens   see `paperkin token`

The library is created if it does not exist. Changes by other commands take effect
immediately.")]
pub(crate) struct ServeArgs {
    /// Address to listen on; port 0 selects a free port
    #[arg(long, default_value = "127.0.0.1:7474", env = "PAPERKIN_LISTEN", value_name = "ADDRESS:PORT", value_parser = listen_address)]
    pub listen: SocketAddr,
    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// File of access tokens, as printed by `paperkin token`; SIGHUP reloads it
    #[arg(long, env = "PAPERKIN_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Allow read access without a token
    #[arg(long, requires = "token_file")]
    pub public_read: bool,
    /// Let assistants rate papers over MCP, with tokens of the scope `write`
    #[arg(long)]
    pub allow_mcp_write: bool,
    /// Accept browser requests for these host names, besides `localhost` and IP addresses of this host
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
    /// Let web pages of this origin send requests (CORS), such as https://papers.example; `*` lets pages of every site
    /// search, and no more
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,
    /// Maximum size of a request body, or of one line of NDJSON, in megabytes
    #[arg(long, default_value = "16", value_name = "MB", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub max_body: u32,
    /// Maximum size of all request bodies in memory together, in megabytes [default: 16 times --max-body]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_body_memory: Option<u32>,
    /// Maximum number of open connections; health checks are answered beyond it
    #[arg(long, default_value = "512", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_connections: u32,
    /// Maximum number of open connections of each IP address. All clients behind a proxy have the address of the proxy
    #[arg(long, default_value = "128", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_connections_per_ip: u32,
    /// How long a client may keep the server waiting, for headers, for the next part of a body or to read on, in seconds
    #[arg(long, default_value = "20", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub client_timeout: u32,
    /// Maximum size of request headers, in kilobytes
    #[arg(long, alias = "max-head", default_value = "16", value_name = "KB",
          value_parser = clap::value_parser!(u32).range(1..=256))]
    pub max_header_size: u32,
    /// Maximum number of papers per response
    #[arg(long, default_value = "1000", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_results: u32,
    /// Request timeout, in seconds
    #[arg(long, default_value = "60", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
    /// Time for requests in flight to finish on shutdown, in seconds
    #[arg(long, alias = "grace", default_value = "20", value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub shutdown_timeout: u32,
    /// Sustained requests per second for each token [default: unlimited]
    #[arg(long, alias = "token-rate", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate_limit_per_token: Option<u32>,
    /// Sustained requests per second for each IP address [default: unlimited]
    #[arg(long, alias = "address-rate", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate_limit_per_ip: Option<u32>,
}

/// Create an access token for `serve`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  paperkin token reader --scope read 2>> tokens
  paperkin token ada --scope write --profile ada 2>> tokens

The secret is printed to standard output and cannot be shown again. The line for
the token file goes to standard error: it contains only a hash of the secret.")]
pub(crate) struct TokenArgs {
    /// Token name for logs and rate limits: one word
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Permissions of the token
    #[arg(long, required = true, value_name = "SCOPE", value_delimiter = ',')]
    pub scope: Vec<TokenScope>,
    /// Only for this profile: others can be neither seen nor changed, and reports not at all
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
}

/// Answer assistants that speak the Model Context Protocol, on standard input and output
#[derive(Debug, Args)]
#[command(after_help = "\
Example, the configuration of an assistant:
  {\"mcpServers\": {\"papers\": {\"command\": \"paperkin\", \"args\": [\"mcp\"]}}}

Tools: search_papers, similar_papers, recommend, get_paper, feed, collection_overview;
with --allow-write also rate_paper. `paperkin serve` has them too, at /mcp.")]
pub(crate) struct McpArgs {
    /// Let the assistant rate papers for the profiles of the library
    #[arg(long)]
    pub allow_write: bool,
}

/// The permissions of a token; each includes those above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenScope {
    /// Search and recommend
    Read,
    /// Add papers and edit profiles
    Write,
    /// Remove papers and delete profiles
    Admin,
}

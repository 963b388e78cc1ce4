//! The Model Context Protocol over HTTP: each request is whole in itself, so that there are no sessions to keep.

use std::future::Future;
use std::sync::Arc;

use axum::extract::{Request as HttpRequest, State};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::watch;

use crate::engine::Engine;
use crate::error::Result;
use crate::mcp::{McpAccess, McpBackend, McpServer, ProfileAccess};
use crate::recommend::{Answer, Request};
use crate::report::StoredReport;
use crate::server::access::{AccessGrant, RouteAccess, Scope};
use crate::server::guarded_router::GuardedRouter;
use crate::server::middleware::ClientAddress;
use crate::server::problem::Problem;
use crate::server::runtime::{AppState, ReportJob, ReportState};

pub(super) fn routes() -> GuardedRouter {
    // What more than searching a token permits, the tools see.
    GuardedRouter::new().post("/mcp", RouteAccess::PublicRead, post_mcp)
}

async fn post_mcp(State(app): State<AppState>, grant: AccessGrant, request: HttpRequest) -> Response {
    // Hosts and origins were checked before.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .with_max_request_body_bytes(app.options().max_body_bytes);
    // Dropped with this request, when its client is gone or its time is up.
    let (_waiting, gone) = watch::channel(());
    let backend = WorkerBackend { app: app.clone(), client: ClientAddress::current(), gone };
    let server = McpServer::new(backend, access(&grant, app.options().mcp_write));
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), config);
    service.handle(request).await.into_response()
}

/// What a token permits of the tools.
fn access(grant: &AccessGrant, mcp_write: bool) -> McpAccess {
    let profiles = match (grant.permits(Scope::Read), grant.only_profile()) {
        (false, _) => ProfileAccess::None,
        (true, Some(name)) => ProfileAccess::Only(name.to_owned()),
        (true, None) => ProfileAccess::All,
    };
    McpAccess { profiles, may_rate: mcp_write && grant.permits(Scope::Write) }
}

/// The workers of the service, for one request.
#[derive(Clone)]
struct WorkerBackend {
    app: AppState,
    client: Option<ClientAddress>,
    /// Closed when nobody waits for the answer any more.
    gone: watch::Receiver<()>,
}

impl WorkerBackend {
    /// Does work for the client of the request, as long as it waits: tools run in tasks of their own, which know neither.
    async fn for_client<T>(
        &self,
        work: impl Future<Output = std::result::Result<T, Problem>>,
    ) -> std::result::Result<T, String> {
        let mut gone = self.gone.clone();
        tokio::select! {
            done = ClientAddress::scope(self.client, work) => done.map_err(told),
            _ = gone.changed() => Err("nobody waits for the answer".to_owned()),
        }
    }
}

fn told(problem: Problem) -> String {
    problem.detail().to_owned()
}

impl McpBackend for WorkerBackend {
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, String> {
        self.for_client(self.app.run(job)).await
    }

    async fn recommend(&self, request: Request) -> std::result::Result<Answer, String> {
        self.for_client(self.app.recommend(request)).await
    }

    async fn report(&self) -> std::result::Result<Arc<StoredReport>, String> {
        let reports = self.app.reports();
        let newest = |state| reports.newest_of_library(state);
        match newest(ReportState::Finished) {
            Some(ReportJob { id, .. }) => {
                let app = self.app.clone();
                self.for_client(self.app.run(move |_| app.reports().read(&id))).await
            }
            None => Err(match newest(ReportState::Running).or_else(|| newest(ReportState::Waiting)) {
                Some(job) => format!("a report of the library is being made: {:.0}%", job.progress * 100.0),
                None => "there is no report of the library: make one on the page `/report`, or with POST /v1/reports \
                         and an empty object"
                    .to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_do_what_the_token_permits() {
        let token = |scope, profile: Option<&str>| AccessGrant::of_token(Some(scope), profile.map(str::to_owned));
        let only = ProfileAccess::Only("ada".to_owned());
        for (grant, mcp_write, profiles, may_rate) in [
            (AccessGrant::NOTHING_PRIVATE, true, ProfileAccess::None, false),
            (token(Scope::Read, None), true, ProfileAccess::All, false),
            (token(Scope::Write, None), true, ProfileAccess::All, true),
            (token(Scope::Write, None), false, ProfileAccess::All, false),
            (token(Scope::Write, Some("ada")), true, only.clone(), true),
            (token(Scope::Read, Some("ada")), true, only, false),
            (AccessGrant::EVERYTHING, false, ProfileAccess::All, false),
        ] {
            let expected = McpAccess { profiles, may_rate };
            assert_eq!(access(&grant, mcp_write), expected, "{grant:?} {mcp_write}");
        }
    }
}

//! A router whose routes all declare who may call them.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::access::{AccessTable, RouteAccess};
use super::runtime::AppState;

/// Routes of the service. A route can only be added together with its [`RouteAccess`]; one that gets into the service in
/// any other way is not in the [`AccessTable`], and requests for it are refused.
#[derive(Default)]
pub(crate) struct GuardedRouter {
    router: OpenApiRouter<AppState>,
    access: AccessTable,
}

impl GuardedRouter {
    pub(crate) fn new() -> GuardedRouter {
        GuardedRouter::default()
    }

    /// Adds an operation that the OpenAPI description contains: `routes!(handler)`.
    pub(crate) fn operation(mut self, access: RouteAccess, operation: UtoipaMethodRouter<AppState>) -> GuardedRouter {
        for (path, item) in &operation.1.paths {
            for (method, _) in operations(item) {
                self.access.declare(path, method, access);
            }
        }
        GuardedRouter { router: self.router.routes(operation), access: self.access }
    }

    /// Adds an operation to the description alone: another route has its paths too, and answers it.
    pub(crate) fn described(mut self, access: RouteAccess, operation: UtoipaMethodRouter<AppState>) -> GuardedRouter {
        let (schemas, paths, _) = operation;
        for (path, item) in &paths.paths {
            for (method, _) in operations(item) {
                self.access.declare(path, method, access);
            }
        }
        let description = self.router.get_openapi_mut();
        description.paths.merge(paths);
        description.components.get_or_insert_default().schemas.extend(schemas);
        self
    }

    /// Adds a route for `GET` that the description does not contain.
    pub(crate) fn get<H: Handler<T, AppState>, T: 'static>(
        self,
        path: &str,
        access: RouteAccess,
        handler: H,
    ) -> GuardedRouter {
        self.route(path, Method::GET, access, routing::get(handler))
    }

    /// Adds a route for `POST` that the description does not contain.
    pub(crate) fn post<H: Handler<T, AppState>, T: 'static>(
        self,
        path: &str,
        access: RouteAccess,
        handler: H,
    ) -> GuardedRouter {
        self.route(path, Method::POST, access, routing::post(handler))
    }

    fn route(
        mut self,
        path: &str,
        method: Method,
        access: RouteAccess,
        handler: MethodRouter<AppState>,
    ) -> GuardedRouter {
        self.access.declare(path, method, access);
        GuardedRouter { router: self.router.route(path, handler), access: self.access }
    }

    /// Adds the routes of another router.
    pub(crate) fn merge(mut self, other: GuardedRouter) -> GuardedRouter {
        self.access.merge(other.access);
        GuardedRouter { router: self.router.merge(other.router), access: self.access }
    }

    /// Returns the routes, their description as an extension of `description`, and who may call them.
    pub(crate) fn into_parts(self, description: OpenApi) -> (Router<AppState>, OpenApi, AccessTable) {
        let (router, description) = OpenApiRouter::with_openapi(description).merge(self.router).split_for_parts();
        (router, description, self.access)
    }
}

/// The operations of a path with their methods.
fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
        (Method::HEAD, &item.head),
        (Method::OPTIONS, &item.options),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

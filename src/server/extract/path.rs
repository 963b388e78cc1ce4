//! Path parameters, such as an id.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::paper::PaperId;
use crate::server::problem::Problem;

/// A path parameter, percent-decoded.
pub(crate) struct PathParam<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParam<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathParam<T>, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| PathParam(path.0))
            .map_err(|rejection| Problem::bad_request(format!("in the path: {}", rejection.body_text())))
    }
}

/// Parses the paper id of a path, in any spelling.
pub(crate) fn paper_id(text: &str) -> Result<PaperId, Problem> {
    PaperId::parse(text).map_err(|reason| Problem::bad_request(format!("paper id: {reason}")))
}

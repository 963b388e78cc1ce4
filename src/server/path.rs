//! The variable part of a path, such as an id; what is no text is refused as a [`Problem`].

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The variable part, percent-decoded.
pub(super) struct PathParam<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParam<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathParam<T>, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| PathParam(path.0))
            .map_err(|rejection| Problem::bad_request(format!("in the path: {}", rejection.body_text())))
    }
}

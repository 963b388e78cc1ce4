//! Path parameters, such as an id.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::engine::check_profile_name;
use crate::paper::PaperId;
use crate::server::access::AccessGrant;
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

/// The name of a profile in the path, which the sender of the request may use.
pub(crate) struct ProfileParam(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ProfileParam {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<ProfileParam, Problem> {
        let PathParam(name) = PathParam::<String>::from_request_parts(parts, state).await?;
        let name = check_profile_name(&name)?.to_owned();
        let Ok(grant) = AccessGrant::from_request_parts(parts, state).await;
        grant.check_profile(&name).map(|()| ProfileParam(name))
    }
}

/// Parses the paper id of a path, in any spelling.
pub(crate) fn paper_id(text: &str) -> Result<PaperId, Problem> {
    PaperId::parse(text).map_err(|reason| Problem::bad_request(format!("paper id: {reason}")))
}

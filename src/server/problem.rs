//! What goes wrong, as RFC 9457 has it: one code for each kind, with its status and its title.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::{Error, Fault};

/// Kinds of problems. Clients may rely on the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request makes no sense.
    BadRequest,
    /// A cursor of a time before papers were added, changed or removed.
    CursorOutdated,
    /// No token, or an unknown one.
    Unauthorized,
    /// A token without the scope, a foreign site or a foreign host name.
    Forbidden,
    /// No such address.
    NotFound,
    /// No such paper.
    PaperNotFound,
    /// No such profile.
    ProfileNotFound,
    /// Nothing to go by: no text and no history.
    HistoryTooShort,
    /// The address is there, but not with this method.
    MethodNotAllowed,
    /// A body that is not JSON by its content type.
    UnsupportedMediaType,
    /// A body that is too long.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// The request took too long.
    Timeout,
    /// All workers are at work, and the queue is full.
    ServerBusy,
    /// The library's embeddings are of another model.
    ModelMismatch,
    /// The server's disk, device or library is in the way.
    Unavailable,
    /// paperkin is wrong.
    Internal,
}

impl ProblemCode {
    fn status(self) -> StatusCode {
        match self {
            ProblemCode::BadRequest => StatusCode::BAD_REQUEST,
            ProblemCode::CursorOutdated => StatusCode::GONE,
            ProblemCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ProblemCode::Forbidden => StatusCode::FORBIDDEN,
            ProblemCode::NotFound | ProblemCode::PaperNotFound | ProblemCode::ProfileNotFound => StatusCode::NOT_FOUND,
            ProblemCode::HistoryTooShort => StatusCode::UNPROCESSABLE_ENTITY,
            ProblemCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ProblemCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ProblemCode::Timeout | ProblemCode::ServerBusy | ProblemCode::ModelMismatch | ProblemCode::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(self) -> &'static str {
        match self {
            ProblemCode::BadRequest => "The request makes no sense",
            ProblemCode::CursorOutdated => "The library has changed since the first page",
            ProblemCode::Unauthorized => "A token is needed",
            ProblemCode::Forbidden => "Not allowed",
            ProblemCode::NotFound => "No such address",
            ProblemCode::PaperNotFound => "No such paper",
            ProblemCode::ProfileNotFound => "No such profile",
            ProblemCode::HistoryTooShort => "There is no history to go by",
            ProblemCode::MethodNotAllowed => "Not with this method",
            ProblemCode::UnsupportedMediaType => "Not a content type that is read here",
            ProblemCode::TooLarge => "Too large",
            ProblemCode::RateLimited => "Too many requests",
            ProblemCode::Timeout => "It took too long",
            ProblemCode::ServerBusy => "The server is busy",
            ProblemCode::ModelMismatch => "The library is of another model",
            ProblemCode::Unavailable => "The server cannot do its work",
            ProblemCode::Internal => "An error of the server",
        }
    }
}

/// A problem that is answered: `application/problem+json`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The kind, for programs.
    code: ProblemCode,
    /// What is wrong here, and what would be right.
    detail: Cow<'static, str>,
    /// Seconds after which the same request may do.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Problem {
        let kind = format!("urn:paperkin:problem:{}", Problem::name(code));
        let (title, status) = (code.title(), code.status().as_u16());
        Problem { kind, title, status, code, detail: detail.into(), retry_after: None }
    }

    /// A request's field that makes no sense.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new(ProblemCode::BadRequest, detail)
    }

    /// A queue that is full.
    pub fn busy() -> Problem {
        Problem::new(ProblemCode::ServerBusy, "more requests wait than can be answered soon: try again").after(1)
    }

    /// The same problem, which will be gone after some seconds.
    pub fn after(self, seconds: u64) -> Problem {
        Problem { retry_after: Some(seconds), ..self }
    }

    /// The kind.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// The kind's name.
    pub fn code_name(&self) -> String {
        Problem::name(self.code)
    }

    /// The kind in words.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// What is wrong.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    fn name(code: ProblemCode) -> String {
        serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl From<Error> for Problem {
    /// What the caller can mend is told in full; the rest is told to the log.
    fn from(error: Error) -> Problem {
        match (&error, error.fault()) {
            (Error::NotFound { what: "paper", name, .. }, _) => {
                Problem::new(ProblemCode::PaperNotFound, format!("no paper `{name}`"))
            }
            (Error::NotFound { what: "profile", name, .. }, _) => {
                Problem::new(ProblemCode::ProfileNotFound, format!("no profile `{name}`"))
            }
            (Error::ModelMismatch { .. } | Error::BadModel { .. }, _) => {
                Problem::new(ProblemCode::ModelMismatch, error.one_line())
            }
            (_, Fault::Input) => Problem::bad_request(error.one_line()),
            (Error::NotFound { .. }, _) => Problem::new(ProblemCode::NotFound, error.one_line()),
            (_, fault) => {
                tracing::error!("{}", error.one_line());
                let code = if fault == Fault::Bug { ProblemCode::Internal } else { ProblemCode::Unavailable };
                Problem::new(code, "the server's log says more under this request's id")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ProblemCode::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer, Basic realm=\"paperkin\""));
        }
        // For those who say it in other words.
        response.extensions_mut().insert(self);
        response
    }
}

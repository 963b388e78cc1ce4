//! Problems, as in RFC 9457: each code has a status and a title.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::{Error, Fault};

/// The detail of problems that are no concern of the client.
const SEE_LOG: &str = "see the server's log for this request id";

/// The codes of problems. Clients may rely on the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProblemCode {
    /// An invalid request.
    BadRequest,
    /// A cursor that was issued before papers were added, changed or removed.
    CursorOutdated,
    /// No token, or an unknown one.
    Unauthorized,
    /// A token without the scope, a cross-origin request, or an unknown host name.
    Forbidden,
    /// No such route.
    NotFound,
    /// No such paper.
    PaperNotFound,
    /// No such profile.
    ProfileNotFound,
    /// No such report, or no such file of a report.
    ReportNotFound,
    /// The browser names no profile of this library, or another one than the page: choose one.
    ProfileRequired,
    /// Neither a text nor a reading history.
    HistoryTooShort,
    /// The route does not have this method.
    MethodNotAllowed,
    /// A body whose content type is not accepted.
    UnsupportedMediaType,
    /// A body that is too large.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// The body of the request arrived too slowly.
    SlowRequest,
    /// The request took too long.
    Timeout,
    /// All workers are busy and the queue is full, or all connections or the memory for bodies are in use.
    ServerBusy,
    /// The library's embeddings were computed by another model.
    ModelMismatch,
    /// The library cannot be written to.
    ReadOnly,
    /// The library, the disk or the device does not work.
    Unavailable,
    /// A bug of the server.
    Internal,
}

impl ProblemCode {
    fn status(self) -> StatusCode {
        match self {
            ProblemCode::BadRequest => StatusCode::BAD_REQUEST,
            ProblemCode::CursorOutdated => StatusCode::GONE,
            ProblemCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ProblemCode::Forbidden | ProblemCode::ReadOnly => StatusCode::FORBIDDEN,
            ProblemCode::NotFound
            | ProblemCode::PaperNotFound
            | ProblemCode::ProfileNotFound
            | ProblemCode::ReportNotFound => StatusCode::NOT_FOUND,
            ProblemCode::ProfileRequired => StatusCode::CONFLICT,
            ProblemCode::HistoryTooShort => StatusCode::UNPROCESSABLE_ENTITY,
            ProblemCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ProblemCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemCode::SlowRequest => StatusCode::REQUEST_TIMEOUT,
            ProblemCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ProblemCode::Timeout | ProblemCode::ServerBusy | ProblemCode::ModelMismatch | ProblemCode::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(self) -> &'static str {
        match self {
            ProblemCode::BadRequest => "Invalid request",
            ProblemCode::CursorOutdated => "Library changed since the first page",
            ProblemCode::Unauthorized => "Token required",
            ProblemCode::Forbidden => "Forbidden",
            ProblemCode::NotFound => "Not found",
            ProblemCode::PaperNotFound => "Paper not found",
            ProblemCode::ProfileNotFound => "Profile not found",
            ProblemCode::ReportNotFound => "Report not found",
            ProblemCode::ProfileRequired => "Choose a profile",
            ProblemCode::HistoryTooShort => "Reading history required",
            ProblemCode::MethodNotAllowed => "Method not allowed",
            ProblemCode::UnsupportedMediaType => "Unsupported media type",
            ProblemCode::TooLarge => "Request body too large",
            ProblemCode::RateLimited => "Too many requests",
            ProblemCode::SlowRequest => "Request body too slow",
            ProblemCode::Timeout => "Request timed out",
            ProblemCode::ServerBusy => "Server busy",
            ProblemCode::ModelMismatch => "Embedding model mismatch",
            ProblemCode::ReadOnly => "Library is read-only",
            ProblemCode::Unavailable => "Service unavailable",
            ProblemCode::Internal => "Internal server error",
        }
    }
}

/// An error response: `application/problem+json`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// A URN of the code.
    #[serde(rename = "type")]
    kind: String,
    /// A short title of the code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The code, for programs.
    code: ProblemCode,
    /// What is wrong with this request, and how to fix it.
    detail: Cow<'static, str>,
    /// Seconds after which the request may be repeated.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem with a code and a detail.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Problem {
        let kind = format!("urn:paperkin:problem:{}", Problem::name(code));
        let (title, status) = (code.title(), code.status().as_u16());
        Problem { kind, title, status, code, detail: detail.into(), retry_after: None }
    }

    /// An invalid request.
    pub(crate) fn bad_request(detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new(ProblemCode::BadRequest, detail)
    }

    /// A full queue.
    pub(crate) fn busy() -> Problem {
        Problem::new(ProblemCode::ServerBusy, "too many requests are queued: try again").after(1)
    }

    /// A failure whose cause is in the log.
    pub(crate) fn internal() -> Problem {
        Problem::new(ProblemCode::Internal, SEE_LOG)
    }

    /// Asks the client to repeat the request after some seconds.
    pub(crate) fn after(self, seconds: u64) -> Problem {
        Problem { retry_after: Some(seconds), ..self }
    }

    /// The code.
    pub(crate) fn code(&self) -> ProblemCode {
        self.code
    }

    /// The title of the code.
    pub(crate) fn title(&self) -> &'static str {
        self.title
    }

    /// What is wrong with the request.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.code.status()
    }

    fn name(code: ProblemCode) -> String {
        serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl From<Error> for Problem {
    /// Errors that the client can fix are described in full; others go to the log.
    fn from(error: Error) -> Problem {
        match (&error, error.fault()) {
            (Error::NotFound { what: "paper", name, .. }, _) => {
                Problem::new(ProblemCode::PaperNotFound, format!("paper `{name}` not found"))
            }
            (Error::NotFound { what: "profile", name, .. }, _) => {
                Problem::new(ProblemCode::ProfileNotFound, format!("profile `{name}` not found"))
            }
            (Error::ModelMismatch { .. } | Error::BadModel { .. }, _) => {
                Problem::new(ProblemCode::ModelMismatch, error.one_line())
            }
            // Nobody waits for it.
            (Error::Canceled, _) => Problem::new(ProblemCode::Timeout, error.one_line()),
            (Error::ReadOnlyLibrary { .. }, _) => {
                Problem::new(ProblemCode::ReadOnly, "the library is read-only: it can be searched, but not changed")
            }
            (Error::MovedLibrary { .. }, _) => {
                tracing::error!("{}", error.one_line());
                let detail = "the file of the library was replaced or removed: restart the server";
                Problem::new(ProblemCode::Unavailable, detail)
            }
            (_, Fault::Input) => Problem::bad_request(error.one_line()),
            (Error::NotFound { .. }, _) => Problem::new(ProblemCode::NotFound, error.one_line()),
            (_, fault) => {
                tracing::error!("{}", error.one_line());
                let code = if fault == Fault::Bug { ProblemCode::Internal } else { ProblemCode::Unavailable };
                Problem::new(code, SEE_LOG)
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
        // For the middleware that writes problems in other formats.
        response.extensions_mut().insert(self);
        response
    }
}

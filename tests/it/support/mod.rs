//! Helpers of the tests: the program, the service and the services around them, the browser, answers.

pub(crate) mod answers;
pub(crate) mod browser;
pub(crate) mod fake_service;
pub(crate) mod made_up;
#[cfg(unix)]
pub(crate) mod postgres;
pub(crate) mod prerequisites;
pub(crate) mod sandbox;
pub(crate) mod server;
pub(crate) mod walking_papers;

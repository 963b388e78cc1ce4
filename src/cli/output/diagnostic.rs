//! Messages on standard error: `error: ...`, `warning: ...`, `note: ...`.

use std::io::Write;

use anstyle::AnsiColor;

use crate::error::Error;
use crate::text::visible;

/// How serious a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Something asked for was not done.
    Error,
    /// The result may not be what was expected.
    Warning,
    /// How the result came about.
    Note,
}

/// Writes one line to standard error, whatever is in the message. A closed standard error is no reason to stop.
pub(crate) fn diagnostic(severity: Severity, message: &str) {
    let (label, color) = match severity {
        Severity::Error => ("error", AnsiColor::Red),
        Severity::Warning => ("warning", AnsiColor::Yellow),
        Severity::Note => ("note", AnsiColor::Cyan),
    };
    let style = color.on_default().bold();
    let _ = writeln!(anstream::stderr(), "{style}{label}{style:#}: {}", visible(message));
}

/// Reports a part of the input that cannot be used; the command continues without it.
pub(crate) fn reject(error: &Error) {
    diagnostic(Severity::Error, &error.one_line());
}

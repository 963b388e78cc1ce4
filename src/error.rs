//! One error type for the whole crate, and the fault that decides exit codes and statuses.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::text::visible;

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a library underneath, kept as the source of one of ours.
pub type SourceError = Box<dyn StdError + Send + Sync>;

/// Everything that can go wrong. The message says what, where and, where there is one, the way out.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One record of a file of papers cannot be used; the others can.
    #[error("{file}, {place}: {reason}")]
    BadRecord {
        /// The file's name, `-` for standard input.
        file: String,
        /// Where in the file.
        place: RecordPosition,
        /// What is wrong with it.
        reason: String,
    },

    /// A field of a record cannot be used; the rest of the record can.
    #[error("{file}, {place}: `{field}`: {reason}")]
    BadField {
        /// The file's name, `-` for standard input.
        file: String,
        /// Where in the file the record is.
        place: RecordPosition,
        /// The name of the field in the record.
        field: String,
        /// What is wrong with its value, with the value.
        reason: String,
    },

    /// A whole file cannot be used: not a known format, damaged, empty.
    #[error("{file}: {reason}")]
    BadFile {
        /// The file's name, `-` for standard input.
        file: String,
        /// What is wrong and what would be right.
        reason: String,
    },

    /// A request that makes no sense.
    #[error("`{field}`: {reason}")]
    BadRequest {
        /// The request's field, as in its JSON form.
        field: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },

    /// Something named does not exist.
    #[error("no {what} `{name}`{hint}")]
    NotFound {
        /// The kind of thing: `paper`, `profile`, ...
        what: &'static str,
        /// The name that was looked for.
        name: String,
        /// What to do, beginning with a separator, or empty.
        hint: String,
    },

    /// A model that cannot be run here: another architecture, a missing file, a wrong hash.
    #[error("model `{model}`: {reason}")]
    BadModel {
        /// The model as it was asked for.
        model: String,
        /// What is missing or wrong.
        reason: String,
    },

    /// The library's embeddings were made by another model than the one asked for.
    #[error(
        "the library was embedded with {stored}, not with {asked}: use that model, or run `paperkin reembed` with the new one"
    )]
    ModelMismatch {
        /// Name and fingerprint of the model that the library was made with.
        stored: String,
        /// Name and fingerprint of the model asked for.
        asked: String,
    },

    /// The library was written by a later version of the program.
    #[error(
        "{path}: created by a newer version of paperkin (format {found}, supported up to {known}): update paperkin"
    )]
    NewerLibrary {
        /// The library's file.
        path: PathBuf,
        /// The format's version in the file.
        found: i64,
        /// The newest version that this program reads.
        known: i64,
    },

    /// The library's file cannot be read or written.
    #[error("{path}: cannot {doing}")]
    Library {
        /// The library's file.
        path: PathBuf,
        /// What was being done, an infinitive.
        doing: &'static str,
        /// SQLite's error.
        source: SourceError,
    },

    /// The library's file, its folder or its disk is read-only.
    #[error("{path}: cannot {doing}: the library is read-only")]
    ReadOnlyLibrary {
        /// The library's file.
        path: PathBuf,
        /// What was being done, an infinitive.
        doing: &'static str,
    },

    /// Another file is in the place of the library's, or none. What was written would be lost.
    #[error("{path}: was replaced or removed while it was open: restart the program that has it open")]
    MovedLibrary {
        /// The library's file.
        path: PathBuf,
    },

    /// The library holds something that paperkin never writes.
    #[error("{path}: damaged: {reason}: run `paperkin doctor`")]
    DamagedLibrary {
        /// The library's file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },

    /// The index on disk holds something that paperkin never writes. An engine builds it again.
    #[error("the index is damaged: {reason}: run `paperkin index rebuild`")]
    DamagedIndex {
        /// What was found.
        reason: String,
    },

    /// A file or directory cannot be read or written.
    #[error("{path}: cannot {doing}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was being done, an infinitive.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },

    /// The device asked for is not there.
    #[error("device `{device}`: {reason}")]
    Device {
        /// The device as it was asked for.
        device: String,
        /// Why it cannot be used.
        reason: String,
    },

    /// The model hub did not give what was asked for.
    #[error("{url}: {reason}")]
    Hub {
        /// The address asked.
        url: String,
        /// What happened and what to do.
        reason: String,
    },

    /// A service did not give the papers that were asked for.
    #[error("{url}: {reason}")]
    Fetch {
        /// The address asked.
        url: String,
        /// What happened and what to do.
        reason: String,
    },

    /// A mail server did not take a message.
    #[error("{host} refused the mail: {reason}")]
    Mail {
        /// The server.
        host: String,
        /// What it said.
        reason: String,
    },

    /// Somebody stopped the work before it was done.
    #[error("canceled before it was done")]
    Canceled,

    /// The encoder failed on valid input.
    #[error("the encoder failed to {doing}")]
    Encoder {
        /// What was being done, an infinitive.
        doing: &'static str,
        /// The error underneath.
        source: SourceError,
    },
}

/// Where a record stands in its file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordPosition {
    /// A line of a text file.
    Line(u64),
    /// The n-th record of a file whose records span lines.
    Record(u64),
}

impl fmt::Display for RecordPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordPosition::Line(n) => write!(f, "line {n}"),
            RecordPosition::Record(n) => write!(f, "record {n}"),
        }
    }
}

/// Who has to act on an error.
///
/// ```
/// use paperkin::{Error, Fault};
///
/// let error = Error::BadRequest { field: "limit", reason: "give a number".to_owned() };
/// assert_eq!((error.fault(), error.fault().exit_code()), (Fault::Input, 1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What was given is wrong: mend the input.
    Input,
    /// What was asked for is not there.
    Missing,
    /// The machine is in the way: disk, permissions, network, device.
    Environment,
    /// paperkin is wrong.
    Bug,
}

impl Fault {
    /// The process exit code: 1 when the input decides the outcome, 2 when the program could not do its work.
    pub fn exit_code(self) -> u8 {
        match self {
            Fault::Input | Fault::Missing => 1,
            Fault::Environment | Fault::Bug => 2,
        }
    }
}

/// A message without the numbers of the system's errors, which its words say already: `Permission denied (os error 13)`.
fn without_error_numbers(message: &str) -> String {
    let mut parts = message.split(" (os error ");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => plain.push_str(rest),
            _ => plain.extend([" (os error ", part]),
        }
    }
    plain
}

/// A message that may quote a file or a service, on one line, without anything that a terminal obeys. Spaces within a line
/// are kept: `TY  - JOUR`.
fn on_one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    visible(&lines).trim().to_owned()
}

impl Error {
    /// Who has to act.
    pub fn fault(&self) -> Fault {
        match self {
            Error::BadRecord { .. }
            | Error::BadField { .. }
            | Error::BadFile { .. }
            | Error::BadRequest { .. }
            | Error::BadModel { .. }
            | Error::ModelMismatch { .. } => Fault::Input,
            Error::NotFound { .. } => Fault::Missing,
            Error::NewerLibrary { .. }
            | Error::Library { .. }
            | Error::ReadOnlyLibrary { .. }
            | Error::MovedLibrary { .. }
            | Error::DamagedLibrary { .. }
            | Error::DamagedIndex { .. }
            | Error::Device { .. }
            | Error::Hub { .. }
            | Error::Fetch { .. }
            | Error::Mail { .. }
            | Error::Canceled => Fault::Environment,
            Error::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Fault::Missing,
                _ => Fault::Environment,
            },
            Error::Encoder { .. } => Fault::Bug,
        }
    }

    /// The message with every cause behind it, on one line.
    pub fn one_line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries say in the cause what they said already.
            let said = line.rsplit(": ").next().is_some_and(|last| text.ends_with(last));
            if !said {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        on_one_line(&without_error_numbers(&line))
    }

    /// Wraps a system error, for `map_err(Error::io(path, "read"))`.
    pub fn io(path: impl AsRef<Path>, doing: &'static str) -> impl FnOnce(io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { path, doing, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_no_numbers() {
        for (message, expected) in [
            ("x: cannot read: No such file or directory (os error 2)", "x: cannot read: No such file or directory"),
            (
                "connection failed (Connection refused (os error 111)), after 2",
                "connection failed (Connection refused), after 2",
            ),
            ("a (os error x) b", "a (os error x) b"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_error_numbers(message), expected);
        }
        let error =
            Error::BadFile { file: "a\u{1b}[2J\nb".to_owned(), reason: "not\r\n\u{9b}31m  it\u{202e}".to_owned() };
        assert_eq!(error.one_line(), "a[2J b: not 31m  it");
        let error = Error::io("x", "read")(io::Error::from_raw_os_error(2));
        assert!(!error.one_line().contains("os error"), "{}", error.one_line());
    }
}

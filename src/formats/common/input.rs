//! The bytes of one input: decompressed, limited per record, with errors that name the file.

use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::error::{Error, RecordPosition, Result};
use crate::formats::reference::{BibReference, FoundRecord};

/// How much of a file is inspected before reading it, in bytes.
const HEAD_BYTES: usize = 256 * 1024;
/// Longest record of any format, in bytes. The longest of 179,347 real JSON lines has 56 thousand.
pub(crate) const MAX_RECORD: usize = 16 * 1024 * 1024;

/// The bytes of one input after decompression, without a byte order mark.
pub(crate) struct InputReader {
    name: String,
    reader: BufReader<Box<dyn Read + Send>>,
    /// How many bytes may still be read: see [`InputReader::limit`].
    allowance: u64,
}

/// The start of an input.
pub(crate) struct InputHead {
    pub(crate) bytes: Vec<u8>,
    /// Whether this is the whole input.
    pub(crate) complete: bool,
}

/// What [`InputReader::line`] found.
#[derive(Debug, PartialEq)]
pub(crate) enum InputLine {
    /// A line, now in the buffer, without its end.
    Read,
    /// A line of more than [`MAX_RECORD`] bytes, skipped.
    TooLong,
    /// No more lines.
    End,
}

impl InputReader {
    /// Fails when not even the first byte can be read.
    pub(crate) fn new(source: impl Read + Send + 'static, name: &str) -> Result<(InputReader, InputHead)> {
        let (start, failure, rest) = peek(Box::new(source), 2);
        let compressed = start == [0x1f, 0x8b];
        let raw = Box::new(Cursor::new(start).chain(DeferredFailure(failure)).chain(rest));
        let decoded: Box<dyn Read + Send> =
            if compressed { Box::new(GzipReader(MultiGzDecoder::new(BufReader::new(raw)))) } else { raw };

        let (mut head, failure, rest) = peek(decoded, HEAD_BYTES);
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let complete = head.len() < HEAD_BYTES - 3 && failure.is_none();
        let unreadable = if head.is_empty() { failure.as_ref().map(again) } else { None };
        let again = Cursor::new(head.clone()).chain(DeferredFailure(failure)).chain(rest);
        let input = InputReader { name: name.to_owned(), reader: BufReader::new(Box::new(again)), allowance: u64::MAX };
        match unreadable {
            Some(error) => Err(input.read_error(&error)),
            None => Ok((input, InputHead { bytes: head, complete })),
        }
    }

    /// Allows the bytes of one record to be read from here, and no more. For readers that hold a whole record whatever
    /// its length.
    pub(crate) fn limit(&mut self) {
        self.allowance = MAX_RECORD as u64;
    }

    /// Reads one line into `buffer`, never more than [`MAX_RECORD`] bytes of it.
    pub(crate) fn line(&mut self, buffer: &mut Vec<u8>) -> io::Result<InputLine> {
        buffer.clear();
        let max_bytes = MAX_RECORD as u64 + 1;
        if self.reader.by_ref().take(max_bytes).read_until(b'\n', buffer)? == 0 {
            return Ok(InputLine::End);
        }
        if buffer.ends_with(b"\n") {
            buffer.pop();
            if buffer.ends_with(b"\r") {
                buffer.pop();
            }
            return Ok(InputLine::Read);
        }
        if buffer.len() <= MAX_RECORD {
            return Ok(InputLine::Read);
        }
        buffer.clear();
        self.reader.skip_until(b'\n')?;
        Ok(InputLine::TooLong)
    }

    /// Returns a record as found, or the error of a bad one.
    pub(crate) fn found_record(
        &self,
        record: Result<impl Into<BibReference>, String>,
        position: RecordPosition,
    ) -> Result<FoundRecord> {
        match record {
            Ok(reference) => Ok(FoundRecord { position, reference: reference.into() }),
            Err(reason) => Err(self.bad_record(position, reason)),
        }
    }

    pub(crate) fn bad_record(&self, position: RecordPosition, reason: impl Into<String>) -> Error {
        Error::BadRecord { file: self.name.clone(), place: position, reason: reason.into() }
    }

    pub(crate) fn bad_file(&self, reason: impl Into<String>) -> Error {
        Error::BadFile { file: self.name.clone(), reason: reason.into() }
    }

    /// The crate's error for one that came out of reading this input.
    pub(crate) fn read_error(&self, error: &io::Error) -> Error {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<InputDamage>()) {
            Some(damage) => self.bad_file(damage.0.as_str()),
            None => Error::Io { path: self.name.clone().into(), doing: "read", source: again(error) },
        }
    }
}

impl BufRead for InputReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.reader.fill_buf().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {}
        if self.allowance == 0 && !self.reader.fill_buf()?.is_empty() {
            return Err(damaged(format!(
                "a record is larger than {} MB: check for an unclosed quote or bracket",
                MAX_RECORD >> 20
            )));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.allowance = self.allowance.saturating_sub(amount as u64);
        self.reader.consume(amount);
    }
}

impl Read for InputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// A reason why a file cannot be used, on its way through readers that only know I/O errors.
#[derive(Debug)]
struct InputDamage(String);

impl fmt::Display for InputDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputDamage {}

fn damaged(reason: String) -> io::Error {
    io::Error::other(InputDamage(reason))
}

/// Turns the decoder's own complaints into [`InputDamage`]; errors of the system go through.
struct GzipReader<R>(R);

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("the file is truncated: download it again".to_owned()),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if error.raw_os_error().is_none() => {
                damaged(format!("the compressed data is damaged ({error}): download the file again"))
            }
            _ => error,
        })
    }
}

/// Returns its error once, where it happened, after the bytes before it.
struct DeferredFailure(Option<io::Error>);

impl Read for DeferredFailure {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

type PeekedBytes = (Vec<u8>, Option<io::Error>, Box<dyn Read + Send>);

/// Reads up to `max_bytes` bytes; returns them, the error that stopped them, and the rest.
fn peek(mut reader: Box<dyn Read + Send>, max_bytes: usize) -> PeekedBytes {
    let mut bytes = Vec::new();
    let failure = reader.by_ref().take(max_bytes as u64).read_to_end(&mut bytes).err();
    (bytes, failure, reader)
}

/// Returns a copy of an error: `io::Error` cannot be cloned.
fn again(error: &io::Error) -> io::Error {
    match (error.raw_os_error(), error.get_ref().and_then(|inner| inner.downcast_ref::<InputDamage>())) {
        (Some(code), _) => io::Error::from_raw_os_error(code),
        (None, Some(damage)) => damaged(damage.0.clone()),
        (None, None) => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns some bytes, then fails as a disk would.
    struct Failing(&'static [u8]);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::from_raw_os_error(5)),
                count => Ok(count),
            }
        }
    }

    #[test]
    fn lines_lose_their_ends_and_the_byte_order_mark() {
        let (mut input, head) = InputReader::new(&b"\xef\xbb\xbfone\r\n\ntwo"[..], "x").unwrap();
        assert!(head.complete);
        let mut buffer = Vec::new();
        let mut lines = Vec::new();
        while input.line(&mut buffer).unwrap() == InputLine::Read {
            lines.push(String::from_utf8(buffer.clone()).unwrap());
        }
        assert_eq!(lines, ["one", "", "two"]);
    }

    #[test]
    fn a_long_line_is_skipped() {
        let long = io::repeat(b'x').take(3 * MAX_RECORD as u64);
        let (mut input, head) = InputReader::new(long.chain(&b"\nnext\n"[..]), "x").unwrap();
        assert!(!head.complete);
        let mut buffer = Vec::new();
        assert_eq!(input.line(&mut buffer).unwrap(), InputLine::TooLong);
        assert!(buffer.capacity() <= 2 * MAX_RECORD + 2);
        assert_eq!(input.line(&mut buffer).unwrap(), InputLine::Read);
        assert_eq!(buffer, b"next");
    }

    #[test]
    fn the_systems_errors_come_after_the_bytes_before_them() {
        let (mut input, head) = InputReader::new(Failing(b"one\ntwo"), "x").unwrap();
        assert!(!head.complete);
        let mut buffer = Vec::new();
        assert_eq!(input.line(&mut buffer).unwrap(), InputLine::Read);
        let error = input.line(&mut buffer).unwrap_err();
        let error = input.read_error(&error);
        assert!(matches!(error, Error::Io { ref source, .. } if source.raw_os_error() == Some(5)), "{error}");
        assert!(matches!(InputReader::new(Failing(b""), "x").err(), Some(Error::Io { .. })));
    }
}

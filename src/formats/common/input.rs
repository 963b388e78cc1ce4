//! The text of one input: decompressed, as UTF-8, limited per record, with errors that name the file.

use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::encoding::{self, TextEncoding};
use crate::formats::common::unpacking::{GzipReader, LimitedReader, too_large};
use crate::formats::reference::{BibReference, FoundRecord};

/// How much of a file is inspected before reading it, in bytes.
const HEAD_BYTES: usize = 256 * 1024;
/// Longest record of any format, in bytes. The longest of 179,347 real JSON lines has 56 thousand.
pub(crate) const MAX_RECORD: usize = 16 * 1024 * 1024;
/// How much is kept of the start of a line that is too long, in bytes.
const KEPT_BYTES: usize = 1024;
/// How a file begins that is compressed with gzip.
const GZIP_START: [u8; 2] = [0x1f, 0x8b];
/// How files begin that are no text.
const BINARY_STARTS: [&[u8]; 6] = [b"PAR1", b"PK\x03\x04", b"7z\xbc\xaf", b"SQLite format 3\0", b"%PDF", b"\xfd7zXZ\0"];
/// The byte order marks of UTF-32, which no program for papers writes; one of them begins as that of UTF-16.
const UTF32_MARKS: [&[u8]; 2] = [b"\xff\xfe\0\0", b"\0\0\xfe\xff"];

/// The bytes of one input after decompression, as UTF-8 without a byte order mark. Where they are no text, as in Parquet,
/// they are as they came.
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
    /// A line of more than [`MAX_RECORD`] bytes, skipped but for its start.
    TooLong,
    /// No more lines.
    End,
}

impl InputReader {
    /// Returns an input whose encoding nobody names.
    #[cfg(test)]
    pub(crate) fn new(source: impl Read + Send + 'static, name: &str) -> Result<(InputReader, InputHead)> {
        InputReader::open(source, name, None, None)
    }

    /// Returns an input; the encoding is that of one that has no byte order mark, and `max_bytes` limits what is unpacked.
    /// Fails when not even the first byte can be read.
    pub(crate) fn open(
        source: impl Read + Send + 'static,
        name: &str,
        encoding: Option<TextEncoding>,
        max_bytes: Option<u64>,
    ) -> Result<(InputReader, InputHead)> {
        let bad_file = |reason: &str| Error::BadFile { file: name.to_owned(), reason: reason.to_owned() };
        let (start, failure, rest) = peek(Box::new(source), GZIP_START.len());
        let compressed = start == GZIP_START;
        let raw = Cursor::new(start).chain(DeferredFailure(failure)).chain(rest);
        let unpacked: Box<dyn Read + Send> = if compressed { Box::new(GzipReader::new(raw)) } else { Box::new(raw) };
        let unpacked: Box<dyn Read + Send> = match max_bytes {
            Some(max_bytes) => Box::new(LimitedReader::new(unpacked, max_bytes)),
            None => unpacked,
        };
        let (mut head, mut failure, mut rest) = peek(unpacked, HEAD_BYTES);
        if compressed && head.starts_with(&GZIP_START) {
            return Err(bad_file("compressed with gzip twice: decompress it once"));
        }
        if UTF32_MARKS.iter().any(|mark| head.starts_with(mark)) {
            return Err(bad_file("UTF-32: save the file as UTF-8"));
        }
        let encoding = TextEncoding::of(&head, encoding);
        if !encoding.is_utf8() && !is_binary(&head) {
            let raw = Cursor::new(head).chain(DeferredFailure(failure)).chain(rest);
            (head, failure, rest) = peek(Box::new(encoding.decoded(raw)), HEAD_BYTES);
        }
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

    /// Reads all bytes of an input that has to be held as a whole, up to a limit.
    pub(crate) fn read_whole(&mut self, max_bytes: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut limited = self.by_ref().take(max_bytes + 1);
        limited.read_to_end(&mut bytes).map_err(|error| self.read_error(&error))?;
        if bytes.len() as u64 > max_bytes { Err(self.bad_file(too_large(max_bytes))) } else { Ok(bytes) }
    }

    /// Its name in messages: a path, or the address that it was fetched from.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the same input with `mark` in the place of bytes that are not UTF-8.
    pub(crate) fn marked(self, mark: &'static str) -> InputReader {
        let reader = BufReader::new(Box::new(encoding::marked_utf8(self.reader, mark)) as Box<dyn Read + Send>);
        InputReader { reader, ..self }
    }

    /// Reads one line into `buffer`, never more than [`MAX_RECORD`] bytes of it. A line ends with LF, with CR LF, or with
    /// CR alone, as on the first Macs; one file may have all three.
    pub(crate) fn line(&mut self, buffer: &mut Vec<u8>) -> io::Result<InputLine> {
        buffer.clear();
        let mut length = 0;
        loop {
            let available = self.unlimited()?;
            if available.is_empty() && length == 0 {
                return Ok(InputLine::End);
            }
            let end = memchr::memchr2(b'\n', b'\r', available);
            let piece = &available[..end.unwrap_or(available.len())];
            length += piece.len();
            if length <= MAX_RECORD {
                buffer.extend_from_slice(piece);
            }
            let ends_with_cr = end.is_some_and(|end| available[end] == b'\r');
            let ended = end.is_some() || available.is_empty();
            let used = end.map_or(available.len(), |end| end + 1);
            self.reader.consume(used);
            if ends_with_cr && self.unlimited()?.first() == Some(&b'\n') {
                self.reader.consume(1);
            }
            if ended && length <= MAX_RECORD {
                return Ok(InputLine::Read);
            }
            if ended {
                buffer.truncate(KEPT_BYTES);
                return Ok(InputLine::TooLong);
            }
        }
    }

    /// Skips spaces and tabs before what comes next.
    pub(crate) fn skip_blanks(&mut self) -> io::Result<()> {
        loop {
            let available = self.unlimited()?;
            let blanks = available.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let is_all = blanks > 0 && blanks == available.len();
            self.reader.consume(blanks);
            if !is_all {
                return Ok(());
            }
        }
    }

    /// The bytes that come next, whatever the allowance.
    fn unlimited(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => return Ok(self.reader.buffer()),
            }
        }
    }

    /// Returns a record as found, or the error of a bad one.
    pub(crate) fn found_record(
        &self,
        record: Result<impl Into<BibReference>, String>,
        position: RecordPosition,
    ) -> Result<FoundRecord> {
        match record {
            Ok(reference) => Ok(FoundRecord { position, reference: reference.into().without_bad_address() }),
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
        if self.allowance == 0 && !self.unlimited()?.is_empty() {
            return Err(damaged(format!(
                "a record is larger than {} MB: check for an unclosed quote or bracket",
                MAX_RECORD >> 20
            )));
        }
        self.unlimited()
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

/// Whether bytes begin as Parquet, SQLite or an archive do: they have no encoding.
fn is_binary(head: &[u8]) -> bool {
    BINARY_STARTS.iter().any(|start| head.starts_with(start))
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

/// The error of an input that cannot be used, for [`InputReader::read_error`].
pub(super) fn damaged(reason: String) -> io::Error {
    io::Error::other(InputDamage(reason))
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
    fn gzip_within_gzip_is_refused() {
        let gzip = |bytes: &[u8]| {
            let mut packed = Vec::new();
            flate2::read::GzEncoder::new(bytes, flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
            packed
        };
        let twice = gzip(&gzip(b"{\"title\": \"a\"}"));
        let error = InputReader::new(Cursor::new(twice), "x").err().unwrap();
        assert_eq!(error.to_string(), "x: compressed with gzip twice: decompress it once");
    }

    #[test]
    fn utf_32_is_refused() {
        for start in [&b"\xff\xfe\0\0T\0\0\0"[..], b"\0\0\xfe\xff\0\0\0T"] {
            let error = InputReader::new(start, "x").err().unwrap();
            assert_eq!(error.to_string(), "x: UTF-32: save the file as UTF-8");
        }
    }

    #[test]
    fn lines_end_in_three_ways() {
        for text in ["one\n\ntwo\n", "one\r\n\r\ntwo", "one\r\rtwo\r", "one\n\rtwo\r\n"] {
            for step in [1, 2, 100] {
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(step).collect();
                let source = pieces.into_iter().fold(Box::new(io::empty()) as Box<dyn Read + Send>, |before, piece| {
                    Box::new(before.chain(Cursor::new(piece.to_vec())))
                });
                let mut input = InputReader::new(source, "x").unwrap().0;
                input.reader = BufReader::with_capacity(step, input.reader.into_inner());
                let (mut buffer, mut lines) = (Vec::new(), Vec::new());
                while input.line(&mut buffer).unwrap() == InputLine::Read {
                    lines.push(String::from_utf8(buffer.clone()).unwrap());
                }
                assert_eq!(lines, ["one", "", "two"], "{text:?} {step}");
            }
        }
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

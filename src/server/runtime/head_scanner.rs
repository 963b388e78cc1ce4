//! Looks at the bytes of a connection for what hyper accepts in the head of a request, but a proxy in front of the server
//! may read in another way (request smuggling). hyper tells nobody afterwards.

use std::sync::{Arc, OnceLock};

use memchr::memchr;

/// What is wrong with the head of a request of a connection; empty as long as there is nothing.
pub(super) type HeadFault = Arc<OnceLock<&'static str>>;

/// Follows the requests of a connection, in the order in which hyper reads them.
#[derive(Debug, Default)]
pub(super) struct HeadScanner {
    position: ScanPosition,
    fault: HeadFault,
}

#[derive(Debug)]
enum ScanPosition {
    Head(ScannedHead),
    /// A body of known length, with the number of bytes that are still to come.
    Body(u64),
    /// A chunked body, after which the server closes the connection, or whatever follows a fault.
    Last,
}

/// The lines of a head so far.
#[derive(Debug, Default)]
struct ScannedHead {
    /// The beginning of a line whose end has not arrived. hyper limits how long a head becomes.
    line: Vec<u8>,
    has_request_line: bool,
    content_length: Option<u64>,
    is_chunked: bool,
}

impl Default for ScanPosition {
    fn default() -> ScanPosition {
        ScanPosition::Head(ScannedHead::default())
    }
}

impl HeadScanner {
    /// What is wrong with a head. It is there before hyper has read the head.
    pub(super) fn fault(&self) -> HeadFault {
        self.fault.clone()
    }

    /// Whether a body has begun whose end is not known to have arrived.
    pub(super) fn is_in_body(&self) -> bool {
        !matches!(self.position, ScanPosition::Head(_))
    }

    /// Looks at the next bytes that hyper reads.
    pub(super) fn scan(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.position {
                ScanPosition::Last => return,
                ScanPosition::Body(left) => {
                    let skipped = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    bytes = &bytes[skipped..];
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.position = ScanPosition::default();
                    }
                }
                ScanPosition::Head(head) => {
                    let Some(end) = memchr(b'\n', bytes) else {
                        head.line.extend_from_slice(bytes);
                        return;
                    };
                    head.line.extend_from_slice(&bytes[..end]);
                    bytes = &bytes[end + 1..];
                    match head.end_line() {
                        Ok(None) => {}
                        Ok(Some(next)) => self.position = next,
                        Err(fault) => {
                            // The first fault is enough: the connection is closed.
                            let _ = self.fault.set(fault);
                            self.position = ScanPosition::Last;
                        }
                    }
                }
            }
        }
    }
}

impl ScannedHead {
    /// Reads a line, without its LF. Returns what follows the head, if this is its end.
    fn end_line(&mut self) -> Result<Option<ScanPosition>, &'static str> {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").ok_or("a line of the head ends with LF: end it with CR LF")?;
        match (line.is_empty(), self.has_request_line) {
            // Empty lines before a request are ignored.
            (true, false) => Ok(None),
            (false, false) => {
                self.has_request_line = true;
                Ok(None)
            }
            (false, true) => self.read_field(line).map(|()| None),
            (true, true) => match (self.is_chunked, self.content_length) {
                (true, Some(_)) => Err("`Transfer-Encoding` and `Content-Length` exclude each other"),
                (true, None) => Ok(Some(ScanPosition::Last)),
                (false, Some(length)) if length > 0 => Ok(Some(ScanPosition::Body(length))),
                (false, _) => Ok(Some(ScanPosition::default())),
            },
        }
    }

    fn read_field(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let colon = memchr(b':', line).ok_or("a line of the head has no colon")?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.last().is_none_or(u8::is_ascii_whitespace) || line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err("a line of the head does not begin with a name and a colon");
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.content_length.is_some() {
                return Err("`Content-Length` is given twice");
            }
            let digits = Some(value).filter(|value| value.iter().all(u8::is_ascii_digit));
            let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            self.content_length = Some(length.ok_or("`Content-Length` is not a number of bytes")?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    fn post(fields: &str, body: &str) -> String {
        format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}")
    }

    #[test]
    fn faults_are_found_in_the_head_of_any_request_and_nowhere_else() {
        let body = post("Content-Length: 9\r\n", "a: \n\n\r\nb\n");
        let chunked = post("transfer-encoding: chunked\r\n", "3\r\na\nb\r\n0\r\n\r\n");
        for (request, fault) in [
            (GET.to_owned(), None),
            (post("Content-Length: 0\r\n", ""), None),
            (body, None),
            ("GET / HTTP/1.1\nHost: localhost\n\n".to_owned(), Some("LF")),
            ("GET / HTTP/1.1\r\nHost: localhost\r\na: b\n\r\n".to_owned(), Some("LF")),
            ("\nGET / HTTP/1.1\r\n\r\n".to_owned(), Some("LF")),
            (post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", ""), Some("exclude")),
            (post("transfer-encoding: chunked\r\ncontent-length: 1\r\n", ""), Some("exclude")),
            (post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), Some("twice")),
            (post("Content-Length: 1, 1\r\n", "a"), Some("number")),
            (post("Content-Length: +1\r\n", "a"), Some("number")),
            (post("Content-Length : 1\r\n", "a"), Some("name")),
            (post("a: b\r\n folded: c\r\n", ""), Some("name")),
            (post(": b\r\n", ""), Some("name")),
            (post("Content-Length\r\n", ""), Some("colon")),
            (chunked, None),
        ] {
            // Alone, and as the third request of a connection; in one piece, and byte by byte.
            let pipelined = format!("{GET}\r\n{}{request}", post("content-length: 3\r\n", "\n\n\n"));
            for bytes in [request.as_bytes(), pipelined.as_bytes()] {
                for size in [1, 7, bytes.len()] {
                    let mut scanner = HeadScanner::default();
                    bytes.chunks(size).for_each(|chunk| scanner.scan(chunk));
                    let found = scanner.fault();
                    match (found.get(), fault) {
                        (None, None) => {}
                        (Some(found), Some(fault)) if found.contains(fault) => {}
                        (found, _) => panic!("{request:?}: {found:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_body_is_known() {
        let is_in_body = |bytes: &str| {
            let mut scanner = HeadScanner::default();
            scanner.scan(bytes.as_bytes());
            scanner.is_in_body()
        };
        for (bytes, expected) in [
            ("", false),
            (GET, false),
            (&post("content-length: 5\r\n", "1234"), true),
            (&post("content-length: 5\r\n", "12345"), false),
            (&post("content-length: 18446744073709551615\r\n", "1"), true),
            (&post("transfer-encoding: chunked\r\n", ""), true),
        ] {
            assert_eq!(is_in_body(bytes), expected, "{bytes}");
        }
    }
}

//! An input that counts lines: the csv crate counts them differently.

use std::io::{self, BufRead, Read};

use crate::formats::common::input::InputReader;

/// An input that knows on which lines its last bytes are.
pub(crate) struct LineCounter {
    pub(crate) input: InputReader,
    /// What was read last.
    chunk: Vec<u8>,
    /// How many bytes, and how many ends of lines, came before it.
    before: u64,
    lines_before: u64,
    /// The last byte that is not white space.
    last: Option<u8>,
}

impl LineCounter {
    pub(crate) fn new(input: InputReader) -> LineCounter {
        LineCounter { input, chunk: Vec::new(), before: 0, lines_before: 0, last: None }
    }

    /// The line of a byte that is in the last chunk.
    pub(crate) fn line_at(&self, byte: u64) -> u64 {
        let within = usize::try_from(byte.saturating_sub(self.before)).unwrap_or(usize::MAX).min(self.chunk.len());
        1 + self.lines_before + count_newlines(&self.chunk[..within])
    }

    /// Whether all that was read is in this many bytes.
    pub(crate) fn is_used(&self, bytes: u64) -> bool {
        bytes == self.before + self.chunk.len() as u64
    }

    /// Whether what was read last is a quote and this text.
    pub(crate) fn ends_quoted(&self, text: &[u8]) -> bool {
        self.chunk.strip_suffix(text).is_some_and(|before| before.ends_with(b"\""))
    }

    /// Whether the input ends here, and not with a quote.
    pub(crate) fn ends_open(&mut self) -> bool {
        self.last != Some(b'"') && self.input.fill_buf().is_ok_and(<[u8]>::is_empty)
    }
}

impl Read for LineCounter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        if count > 0 {
            self.before += self.chunk.len() as u64;
            self.lines_before += count_newlines(&self.chunk);
            self.chunk.clear();
            self.chunk.extend_from_slice(&buffer[..count]);
            self.last = self.chunk.trim_ascii_end().last().copied().or(self.last);
        }
        Ok(count)
    }
}

pub(crate) fn count_newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

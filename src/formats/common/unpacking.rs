//! Decompression with limits: a small file must not become an endless one.

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::formats::common::input::damaged;

/// Bytes that any input may have when it is unpacked, however small it is. A small file of few repeated lines is no attack.
const FREE_BYTES: u64 = 64 << 20;
/// How many times as large as the packed input the unpacked one may be beyond that. JSON lines and XML of papers become 4
/// to 12 times as large, logs about 30 times; gzip reaches 1,032 with zeros.
const MAX_RATIO: u64 = 200;

/// How much was read of an input, and how much it was when it was unpacked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expansion {
    /// Bytes that were read.
    pub(crate) packed: u64,
    /// Bytes that they became.
    pub(crate) unpacked: u64,
}

impl Expansion {
    /// Fails where more was unpacked than any file of papers has.
    pub(crate) fn check(self) -> Result<(), String> {
        if self.unpacked <= FREE_BYTES.max(self.packed.saturating_mul(MAX_RATIO)) {
            return Ok(());
        }
        Err(format!(
            "expands to more than {MAX_RATIO} times its size, as no file of papers does: decompress it yourself if you trust it"
        ))
    }
}

/// The bytes of a file that is compressed with gzip, also in several members. Complaints of the decoder become reasons;
/// errors of the system go through.
pub(super) struct GzipReader<R> {
    decoder: MultiGzDecoder<BufReader<CountingReader<R>>>,
    unpacked: u64,
}

impl<R: Read> GzipReader<R> {
    pub(super) fn new(source: R) -> GzipReader<R> {
        let source = BufReader::new(CountingReader { source, count: 0 });
        GzipReader { decoder: MultiGzDecoder::new(source), unpacked: 0 }
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("the file is truncated: download it again".to_owned()),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if error.raw_os_error().is_none() => {
                damaged(format!("the compressed data is damaged ({error}): download the file again"))
            }
            _ => error,
        })?;
        self.unpacked += count as u64;
        let packed = self.decoder.get_ref().get_ref().count;
        Expansion { packed, unpacked: self.unpacked }.check().map_err(damaged)?;
        Ok(count)
    }
}

/// Counts the bytes that are read.
struct CountingReader<R> {
    source: R,
    count: u64,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

/// Fails after so many bytes.
pub(super) struct LimitedReader<R> {
    source: R,
    max_bytes: u64,
    left: u64,
}

impl<R: Read> LimitedReader<R> {
    pub(super) fn new(source: R, max_bytes: u64) -> LimitedReader<R> {
        LimitedReader { source, max_bytes, left: max_bytes }
    }
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)? as u64;
        self.left = self.left.checked_sub(count).ok_or_else(|| damaged(too_large(self.max_bytes)))?;
        Ok(count as usize)
    }
}

/// What to say of an input that has more bytes than it may have.
pub(super) fn too_large(max_bytes: u64) -> String {
    format!("larger than {} MB: split it into several files", max_bytes >> 20)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// `size` bytes of a text that repeats, compressed.
    fn packed(text: &[u8], size: u64) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let piece = text.repeat((1 << 16) / text.len());
        (0..size / piece.len() as u64).for_each(|_| encoder.write_all(&piece).unwrap());
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Result<u64, String> {
        io::copy(&mut GzipReader::new(bytes), &mut io::sink()).map_err(|error| error.to_string())
    }

    #[test]
    fn bombs_stop_and_files_do_not() {
        assert_eq!(unpacked(&packed(b"{\"title\":\"a\"}\n", 32 << 20)).map(|bytes| bytes >> 20), Ok(31));
        for bomb in [packed(b"\0", 1 << 27), [packed(b"\0", 1 << 26), packed(b" ", 1 << 26)].concat()] {
            assert!(unpacked(&bomb).unwrap_err().starts_with("expands to more than 200 times its size"));
        }
        for (packed, unpacked, fits) in [(1, 64 << 20, true), (1, (64 << 20) + 1, false), (1 << 20, 200 << 20, true)] {
            assert_eq!(Expansion { packed, unpacked }.check().is_ok(), fits, "{packed} {unpacked}");
        }
    }

    #[test]
    fn so_many_bytes_and_no_more() {
        let read = |bytes: &[u8]| io::copy(&mut LimitedReader::new(bytes, 3), &mut io::sink());
        assert_eq!(read(b"abc").unwrap(), 3);
        assert!(read(b"abcd").is_err());
    }
}

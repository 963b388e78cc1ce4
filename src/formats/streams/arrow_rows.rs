//! The rows of an Arrow IPC stream.

use std::io::{self, BufReader, Read};
use std::panic::{self, AssertUnwindSafe};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_schema::ArrowError;

use super::{RowSlice, SLICE_ROWS, bad_input, bad_stream};
use crate::error::{Error, Result};
use crate::formats::common::values::truncated;

/// Record batches as they come, in slices: a batch may have any number of rows.
pub(super) struct ArrowRows {
    reader: StreamReader<EndWatcher>,
    /// The rest of the batch that was read last.
    rest: RecordBatch,
}

impl ArrowRows {
    /// Reads the schema.
    pub(super) fn open(input: BufReader<Box<dyn Read>>) -> Result<ArrowRows> {
        let reader = guarded(|| StreamReader::try_new(EndWatcher { input, ended: false }, None))?;
        let rest = RecordBatch::new_empty(reader.schema());
        Ok(ArrowRows { reader, rest })
    }

    /// The schema alone.
    pub(super) fn empty_slice(&self) -> RowSlice {
        RowSlice::Batch(RecordBatch::new_empty(self.reader.schema()))
    }

    /// The next rows; `None` at the end.
    pub(super) fn next_slice(&mut self) -> Result<Option<RowSlice>> {
        while self.rest.num_rows() == 0 {
            match guarded(|| self.reader.next().transpose())? {
                Some(batch) => self.rest = batch,
                // A stream has a mark at its end. Without it, whoever sent the rows may have been killed.
                None if self.reader.get_ref().ended => return Err(damaged(io::Error::from(CUT).into())),
                None => return Ok(None),
            }
        }
        let rows = self.rest.num_rows().min(SLICE_ROWS);
        let slice = self.rest.slice(0, rows);
        self.rest = self.rest.slice(rows, self.rest.num_rows() - rows);
        Ok(Some(RowSlice::Batch(slice)))
    }
}

const CUT: io::ErrorKind = io::ErrorKind::UnexpectedEof;

/// An input that knows whether it was read to its end.
struct EndWatcher {
    input: BufReader<Box<dyn Read>>,
    ended: bool,
}

impl Read for EndWatcher {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

/// What the crate makes of a stream. It panics on some that are damaged: that is an error too, and one line.
fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    panic::set_hook(hook);
    match read {
        Ok(read) => read.map_err(damaged),
        Err(_) => Err(bad_stream("damaged Arrow stream: its parts contradict each other")),
    }
}

/// What the crate says of a stream.
fn damaged(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) if source.kind() == CUT => bad_stream("the Arrow stream is cut off"),
        ArrowError::IoError(_, source) => bad_input(&source),
        ArrowError::ParseError(reason) if reason.starts_with("Unexpected end of stream") => {
            bad_stream("the Arrow stream is cut off")
        }
        other => bad_stream(format!("damaged Arrow stream: {}", truncated(&other.to_string(), 200))),
    }
}

//! The rows of JSON lines.

use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::{RowSlice, SLICE_ROWS, bad_input, bad_stream};
use crate::error::Result;
use crate::formats::common::input::MAX_RECORD;

/// Lines as they come. Blank ones are no rows.
pub(super) struct JsonRows {
    input: BufReader<Box<dyn Read>>,
    /// The line that was read last, counted from 1.
    number: u64,
}

impl JsonRows {
    pub(super) fn open(input: BufReader<Box<dyn Read>>) -> JsonRows {
        JsonRows { input, number: 0 }
    }

    /// The next rows; `None` at the end.
    pub(super) fn next_slice(&mut self) -> Result<Option<RowSlice>> {
        let mut objects = Vec::new();
        while objects.len() < SLICE_ROWS
            && let Some(row) = self.next_row()?
        {
            objects.push(row);
        }
        Ok((!objects.is_empty()).then_some(RowSlice::Objects(objects)))
    }

    /// The object of the next line, or what is wrong with it.
    fn next_row(&mut self) -> Result<Option<Result<Map<String, Value>, String>>> {
        loop {
            let mut line = Vec::new();
            self.number += 1;
            let read = self.input.by_ref().take(MAX_RECORD as u64).read_until(b'\n', &mut line);
            match read.map_err(|source| bad_input(&source))? {
                0 => return Ok(None),
                MAX_RECORD if !line.ends_with(b"\n") => {
                    return Err(bad_stream(format!("line {} is longer than {} MB", self.number, MAX_RECORD >> 20)));
                }
                _ => {}
            }
            let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            return match serde_json::from_slice(text) {
                Err(error) if error.is_eof() && !line.ends_with(b"\n") => {
                    Err(bad_stream(format!("cut off in line {}", self.number)))
                }
                Err(error) => Ok(Some(Err(format!("line {} is not a JSON object: {error}", self.number)))),
                Ok(object) => Ok(Some(Ok(object))),
            };
        }
    }
}

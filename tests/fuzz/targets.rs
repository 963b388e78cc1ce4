//! What fuzzing calls with bytes of its own: each function reads them as a stranger's input, and panics if that breaks a
//! promise. `.ci/fuzz` searches for such bytes; the tests call the functions with those that were found.

use paperkin::formats::{InputFormat, ReadOptions};
use paperkin::{Error, Request};

/// The name of a program of `.ci/fuzz`, which is also that of its folder in `corpus`, and what it calls.
pub(crate) type FuzzTarget = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const TARGETS: [FuzzTarget; 3] = [("records", records), ("histories", histories), ("requests", requests)];

/// Reads a file of papers. The first byte chooses the format, or that it is detected.
pub(crate) fn records(bytes: &[u8]) {
    let Some((options, bytes)) = options(bytes) else { return };
    let Ok(reader) = options.read(std::io::Cursor::new(bytes.to_vec()), "file") else { return };
    for record in reader.checked().records() {
        match record {
            Ok(record) => {
                let texts = [&record.paper.title, &record.paper.abstract_text, &record.paper.source];
                let texts = texts.into_iter().chain(&record.paper.authors).chain(&record.paper.url);
                texts.for_each(|text| assert!(!text.contains(is_terminal_command), "{text:?}"));
            }
            Err(error) => check_message(&error),
        }
    }
}

/// Reads a reading history.
pub(crate) fn histories(bytes: &[u8]) {
    let Some((options, bytes)) = options(bytes) else { return };
    match paperkin::import::read_bytes(bytes.to_vec(), "file", &options) {
        Ok(_) => {}
        Err(error) => check_message(&error),
    }
}

/// Reads a request, as JSON and as typed in a search box.
pub(crate) fn requests(bytes: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<Request>(bytes)
        && request.check().is_ok()
    {
        let json = serde_json::to_vec(&request).expect("a request is JSON");
        assert_eq!(serde_json::from_slice::<Request>(&json).expect("what was written can be read"), request);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Err(error) = Request::search(text)
    {
        check_message(&error);
    }
}

fn options(bytes: &[u8]) -> Option<(ReadOptions, &[u8])> {
    let (first, bytes) = bytes.split_first()?;
    let format = InputFormat::ALL.get(usize::from(*first)).copied();
    Some((ReadOptions { format, ..ReadOptions::default() }, bytes))
}

/// A message is one line without commands for a terminal.
fn check_message(error: &Error) {
    let line = error.one_line();
    assert!(!line.contains(is_terminal_command), "{line:?}");
}

/// Whether a character does something to a terminal, or turns the direction of the text behind it.
fn is_terminal_command(c: char) -> bool {
    (c.is_control() && !['\n', '\t'].contains(&c)) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

//! Reads tables with a header: CSV (with commas, or semicolons as some spreadsheets write) and TSV.
//!
//! In CSV a quoted cell may span lines. In TSV a line is a record whatever quotes it has; a cell that is quoted as a
//! whole, as pandas writes it, loses its quotes.

use std::borrow::Cow;

use csv::{ByteRecord, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use super::line_counter::{LineCounter, count_newlines};
use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::field_names::FieldRole;
use crate::formats::common::fields;
use crate::formats::common::input::{InputHead, InputReader};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter};
use crate::formats::tables::columns::ColumnMap;

/// Fails when the header has no column for title or abstract, or none of a name that `columns` has.
pub(crate) fn read(
    input: InputReader,
    head: &InputHead,
    format: InputFormat,
    columns: &ColumnMap,
) -> Result<RecordIter> {
    let delimiter = delimiter(&head.bytes, format, columns);
    let mut names = header(&head.bytes, delimiter);
    if let Some(names) = &mut names {
        columns.rename(names).map_err(|reason| input.bad_file(reason))?;
    }
    let names = match names {
        Some(names) if names.iter().any(|name| FieldRole::is_text(name)) => names,
        names => {
            let names = names.unwrap_or_default();
            return Err(input.bad_file(FieldRole::no_text_among(names.iter().map(String::as_str))));
        }
    };
    let mut table = DelimitedTable {
        names,
        format,
        reader: builder(delimiter).has_headers(true).from_reader(LineCounter::new(input)),
    };
    let mut record = ByteRecord::new();
    Ok(Box::new(std::iter::from_fn(move || {
        table.reader.get_mut().input.limit();
        match table.reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let position = RecordPosition::Line(table.line(&record));
                let reference = table.reference(&record);
                Some(table.reader.get_ref().input.found_record(reference, position))
            }
            Err(error) => Some(Err(table.read_error(error))),
        }
    })))
}

/// The delimiter of a file's first line: the one that makes a column for title or abstract.
fn delimiter(head: &[u8], format: InputFormat, columns: &ColumnMap) -> u8 {
    let has_text = |delimiter| {
        header(head, delimiter).is_some_and(|names| names.iter().any(|name| columns.is_text(name)) && names.len() > 1)
    };
    match format {
        InputFormat::Tsv => b'\t',
        _ if !has_text(b',') && has_text(b';') => b';',
        _ => b',',
    }
}

/// Whether the first line names several columns, one of them for title or abstract.
pub(crate) fn is_table(head: &[u8], format: InputFormat, columns: &ColumnMap) -> bool {
    header(head, delimiter(head, format, columns))
        .is_some_and(|names| names.len() > 1 && names.iter().any(|name| columns.is_text(name)))
}

fn header(head: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let mut record = ByteRecord::new();
    let found = builder(delimiter).has_headers(false).from_reader(head).read_byte_record(&mut record).ok()?;
    let names = record.iter().map(|name| unquoted(&String::from_utf8_lossy(name)).trim().to_owned());
    found.then(|| names.collect())
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).quoting(delimiter != b'\t');
    builder
}

struct DelimitedTable {
    names: Vec<String>,
    format: InputFormat,
    reader: Reader<LineCounter>,
}

impl DelimitedTable {
    /// The line on which a record begins: the one on which it ends, without the lines that its cells span.
    /// (The csv crate counts the blank lines before a record, and half of a CRLF, to the record.)
    fn line(&mut self, record: &ByteRecord) -> u64 {
        let spanned = count_newlines(record.as_slice());
        let end = self.reader.position().byte();
        let end = if self.is_open(record) { end } else { end.saturating_sub(1) };
        self.reader.get_ref().line_at(end).saturating_sub(spanned)
    }

    /// Whether a record ends with unclosed quote: its last cell spans lines, so it was quoted, but the
    /// file does not end with a quote.
    fn is_open(&mut self, record: &ByteRecord) -> bool {
        let spans = record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'));
        let end = self.reader.position().byte();
        spans && self.reader.get_mut().ends_open(end)
    }

    fn reference(&mut self, record: &ByteRecord) -> Result<BibReference, String> {
        if record.len() != self.names.len() {
            return Err(format!("{} cells, but the header has {}", record.len(), self.names.len()));
        }
        if self.is_open(record) {
            return Err("unclosed quote".to_owned());
        }
        let mut fields = Map::new();
        for (name, cell) in self.names.iter().zip(record) {
            let cell = std::str::from_utf8(cell).map_err(|_| format!("`{name}` is {NOT_UTF8}"))?;
            let cell = if self.format == InputFormat::Tsv { unquoted(cell) } else { Cow::Borrowed(cell) };
            if !cell.trim().is_empty() && !fields.contains_key(name) {
                fields.insert(name.clone(), Value::String(cell.into_owned()));
            }
        }
        fields::reference(fields, InputFormat::Csv.source())
    }

    fn read_error(&self, error: csv::Error) -> Error {
        let input = &self.reader.get_ref().input;
        match error.kind() {
            csv::ErrorKind::Io(error) => input.read_error(error),
            _ => input.bad_file(error.to_string()),
        }
    }
}

/// What stands between the quotes of a cell that is quoted as a whole, quotes inside being doubled.
fn unquoted(cell: &str) -> Cow<'_, str> {
    let inside = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside.filter(|inside| !inside.replace("\"\"", "").contains('"')) {
        Some(inside) => Cow::Owned(inside.replace("\"\"", "\"")),
        None => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    fn check(text: &str, expect: &[&str]) {
        check_as(InputFormat::Csv, text, expect);
    }

    fn check_as(format: InputFormat, text: &str, expect: &[&str]) {
        let found = summaries(read(std::io::Cursor::new(text.to_owned()), "x.csv", Some(format)));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn tables() {
        insta::assert_snapshot!(fixture("papers.csv").join("\n"));
        insta::assert_snapshot!(fixture("papers.tsv").join("\n"));
    }

    #[test]
    fn headers() {
        check("id,title\n1,a\n", &["id=1 | title=a"]);
        check("\u{feff}ID;Title\r\n1;a, b\r\n", &["id=1 | title=a, b"]);
        check("\"id\",\"title\"\n1,a", &["id=1 | title=a"]);
        check("id,title,title\n1,a,b\n", &["id=1 | title=a"]);
        check("id,title\n", &["x.csv: no record of a table in it: expected rows below the header"]);
        check_as(InputFormat::Tsv, "id\t\"title\"\n1\ta\n", &["id=1 | title=a"]);
        check(
            "user,score\n1,2\n",
            &["x.csv: no title and no abstract: the fields are `user`, `score`; paperkin reads `title` and \
               `abstract` (or `paper_title`; `summary`, `abstract_text`, `paper_abstract`, `text`)"],
        );
    }

    #[test]
    fn a_bad_row_does_not_spoil_its_neighbors() {
        for (bad, error) in [
            ("1", "1 cells, but the header has 3"),
            ("1,2,3,4", "4 cells, but the header has 3"),
            (",,", "no title and no abstract"),
            ("1,x,2024-02-30", "`date`: `\"2024-02-30\"` is not a valid date: use the form 2024-12-19, or omit it"),
        ] {
            let text = format!("id,title,date\n5,a,\n\n{bad}\n6,\"b\nc\",NaT\n7,d,2024\n\n{bad}");
            let expect = [
                "id=5 | title=a",
                &format!("x.csv, line 4: {error}"),
                "id=6 | title=b c",
                "id=7 | title=d | published=2024-01-01",
                &format!("x.csv, line 9: {error}"),
            ];
            check(&text, &expect);
            check(&text.replace('\n', "\r\n"), &expect);
            check(&format!("{text}\n"), &expect);
        }
        let bytes = b"id,title\n1,caf\xe9\n2,b\n";
        let found = summaries(read(&bytes[..], "x.csv", None));
        assert_eq!(
            found,
            [
                "x.csv, line 2: `title` is not UTF-8: save the file as UTF-8, or give --encoding windows-1252",
                "id=2 | title=b"
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed() {
        check(
            "id,title,abstract\n1,a,x\n2,b,\"never\n3,c,y\n4,d,z\n",
            &["id=1 | title=a | abstract=x", "x.csv, line 3: unclosed quote"],
        );
        check("id,title\n1,\"a\nb\"", &["id=1 | title=a b"]);
        let endless = (&b"id,title\n1,a\n2,\""[..]).chain(std::io::repeat(b'x').take(40 << 20));
        let found = summaries(read(endless, "x.csv", None));
        assert_eq!(
            found,
            ["id=1 | title=a", "x.csv: a record is larger than 16 MB: check for an unclosed quote or bracket"]
        );
    }
}

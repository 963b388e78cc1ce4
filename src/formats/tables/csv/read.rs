//! Reads tables with a header: CSV (with commas, or semicolons, tabs or bars as some programs write) and TSV.
//!
//! In CSV a quoted cell may span lines. In TSV a line is a record whatever quotes it has; a cell that is quoted as a
//! whole, as pandas writes it, loses its quotes.

use std::borrow::Cow;

use csv::{ByteRecord, Reader};
use serde_json::{Map, Value};

use super::layout::{TableLayout, unquoted};
use super::line_counter::{LineCounter, count_newlines};
use super::spreadsheet_text::text_of_cell;
use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::field_names::FieldRole;
use crate::formats::common::fields;
use crate::formats::common::input::{InputHead, InputReader};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter};
use crate::formats::tables::columns::{ColumnMap, renamed};

/// Fails when the header has no column for title or abstract, or none of a name that `columns` has.
pub(crate) fn read(
    input: InputReader,
    head: &InputHead,
    format: InputFormat,
    columns: &ColumnMap,
) -> Result<RecordIter> {
    let layout = TableLayout::of(&head.bytes, format, columns);
    let fields = columns.fields(&layout.names).map_err(|reason| input.bad_file(reason))?;
    if !fields.iter().any(|field| FieldRole::is_text(field)) {
        return Err(input.bad_file(FieldRole::no_text_among(layout.names.iter().map(String::as_str))));
    }
    let reader = layout.builder().from_reader(LineCounter::new(input));
    let mut left = layout.header + 1;
    let mut table = DelimitedTable {
        known: fields.iter().map(|field| FieldRole::is_known(field)).collect(),
        renamed: renamed(&fields, &layout.names),
        fields,
        quoting: layout.quoting,
        names: layout.names,
        has_rules: layout.delimiter == b'|',
        reader,
    };
    let mut record = ByteRecord::new();
    Ok(Box::new(std::iter::from_fn(move || {
        loop {
            table.reader.get_mut().input.limit();
            match table.reader.read_byte_record(&mut record) {
                Ok(false) => return None,
                Ok(true) if left > 0 => left -= 1,
                Ok(true) if table.has_rules && is_rule(&record) => {}
                Ok(true) if record.as_slice().starts_with(MARK) && table.is_header(&record) => {}
                Ok(true) => {
                    let position = RecordPosition::Line(table.line(&record));
                    let reference = table.reference(&record);
                    return Some(table.reader.get_ref().input.found_record(reference, position));
                }
                Err(error) => return Some(Err(table.read_error(error))),
            }
        }
    })))
}

/// Each of several files that were joined may begin with a byte order mark, and with a header.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether this is a line that is drawn below a header: `|---|:--|`, `---+---`.
fn is_rule(record: &ByteRecord) -> bool {
    record.as_slice().iter().all(|byte| b"-:=+ ".contains(byte))
}

struct DelimitedTable {
    /// What the columns hold.
    fields: Vec<String>,
    /// Which of them are fields of a paper.
    known: Vec<bool>,
    /// The fields whose columns have other names.
    renamed: Vec<(String, String)>,
    /// Their names.
    names: Vec<String>,
    /// Whether a cell in quotes may span lines.
    quoting: bool,
    /// Whether lines may be drawn between records.
    has_rules: bool,
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

    /// Whether a record ends with unclosed quote: its last cell spans lines, or follows a quote to the end, so it was
    /// quoted, but the file does not end with a quote.
    fn is_open(&mut self, record: &ByteRecord) -> bool {
        let last = record.iter().next_back().unwrap_or_default();
        let end = self.reader.position().byte();
        let is_quoted = |table: &DelimitedTable| last.contains(&b'\n') || table.reader.get_ref().ends_quoted(last);
        self.quoting && self.reader.get_ref().is_used(end) && is_quoted(self) && self.reader.get_mut().ends_open()
    }

    /// Whether a record is the header of a file that was joined to another one.
    fn is_header(&self, record: &ByteRecord) -> bool {
        let cells = record.iter().map(|cell| String::from_utf8_lossy(cell.strip_prefix(MARK).unwrap_or(cell)));
        cells.map(|cell| unquoted(&cell).trim().to_owned()).eq(self.names.iter().cloned())
    }

    fn reference(&mut self, record: &ByteRecord) -> Result<BibReference, String> {
        if self.is_open(record) {
            let cells = record.len().saturating_sub(1);
            return Err(match record.iter().take(cells).map(count_newlines).sum::<u64>() {
                0 => "unclosed quote".to_owned(),
                lines => format!("unclosed quote on line {}", self.line(record) + lines),
            });
        }
        // Some programs end each row, but not the header, with a delimiter; some leave out the last cells if they are
        // empty.
        if record.iter().skip(self.fields.len()).any(|cell| !cell.is_empty()) {
            return Err(format!("{} cells, but the header has {}", record.len(), self.fields.len()));
        }
        let mut fields = Map::new();
        let mut unreadable = Vec::new();
        for ((field, _), cell) in self.fields.iter().zip(&self.known).zip(record).filter(|((_, known), _)| **known) {
            let Ok(cell) = std::str::from_utf8(cell) else {
                unreadable.push(field);
                continue;
            };
            let marked = cell.strip_prefix('\u{feff}');
            let cell = marked.unwrap_or(cell);
            let cell = if self.quoting && marked.is_none() { Cow::Borrowed(cell) } else { unquoted(cell) };
            let text = text_of_cell(&cell);
            if !text.trim().is_empty() && !fields.contains_key(field) {
                fields.insert(field.clone(), Value::String(text.to_owned()));
            }
        }
        let mut reference = fields::reference(fields, InputFormat::Csv.source());
        unreadable.iter().for_each(|field| reference.notes.drop(field.to_string(), NOT_UTF8));
        reference.notes.rename(&self.renamed);
        Ok(reference)
    }

    fn read_error(&self, error: csv::Error) -> Error {
        let input = &self.reader.get_ref().input;
        match error.kind() {
            csv::ErrorKind::Io(error) => input.read_error(error),
            _ => input.bad_file(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crate::error::Error;
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{ColumnMap, InputFormat, PaperRecord, ReadOptions, read};

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
            ("1", "no title and no abstract"),
            ("1,2,3,4", "4 cells, but the header has 3"),
            (",,", "no title and no abstract"),
            (
                "1,,2024-02-30",
                "no title and no abstract; `date`: `\"2024-02-30\"` is not a valid date: use the form 2024-12-19, or omit it",
            ),
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
        let bytes = b"id,title,abstract,place\n1,caf\xe9,,\n2,b,,caf\xe9\n3,caf\xe9,c,\n";
        let found = summaries(read(&bytes[..], "x.csv", Some(InputFormat::Csv)));
        assert_eq!(
            found,
            [
                "x.csv, line 2: no title and no abstract; `title`: not UTF-8: save the file as UTF-8, or give --encoding windows-1252",
                "id=2 | title=b",
                "id=3 | abstract=c"
            ]
        );
    }

    #[test]
    fn a_bad_field_costs_the_field() {
        let text = "id,headline,Date,Year,votes\n1,a,soon,2005,many\n2,b,2014//,,3\n";
        let columns = ColumnMap(vec!["title=headline".parse().unwrap()]);
        let reading = ReadOptions { columns, ..ReadOptions::default() };
        let records = reading.read(text.as_bytes(), "x.csv").unwrap().checked().records();
        let records: Vec<PaperRecord> = records.map(|record| record.unwrap()).collect();
        let published: Vec<String> = records.iter().map(|record| record.paper.published.unwrap().to_string()).collect();
        assert_eq!(published, ["2005-01-01", "2014-01-01"]);
        let dropped: Vec<String> = records.iter().flat_map(|record| &record.dropped).map(Error::to_string).collect();
        assert_eq!(
            dropped,
            [
                "x.csv, line 2: `Date`: `\"soon\"` is not a valid date: use the form 2024-12-19, or omit it",
                "x.csv, line 2: `votes`: `\"many\"` is not a count: expected an integer of 0 or more",
            ]
        );
        let origins = records[0].origins.iter().map(|origin| format!("{}={}", origin.field, origin.from));
        assert_eq!(origins.collect::<Vec<_>>(), ["title=headline", "published=Year", "id=id"]);
    }

    #[test]
    fn layouts() {
        let expect = ["id=1 | title=a, b | abstract=c", "id=2 | title=d"];
        for text in [
            "id;title;abstract\n1;a, b;c\n2;d;\n",
            "id\ttitle\tabstract\n1\ta, b\tc\n2\td\t\n",
            "id|title|abstract\n1|a, b|c\n2|d|\n",
            "sep=;\nid;title;abstract\n1;a, b;c\n2;d;\n",
            "SEP=|\r\nid|title|abstract\r\n1|a, b|c\r\n2|d|\r\n",
            "sep=,\nid,title,abstract\n1,\"a, b\",c\n2,d,\n",
            "sep=\t\nid\ttitle\tabstract\n1\t\"a, b\"\tc\n2\td\t\n",
            "id;title;abstract\n1;a, b;c;\n2;d;;;\n",
            "\"Exported on Jan 1, 2025. Criteria: \"\"lamps\"\"\"\nid,title,abstract\n1,\"a, b\",c\n2,d,\n",
            "Lamps, of 2025, exported\n\nid,title,abstract\n1,\"a, b\",c\n2,d,\n",
            "| id | title | abstract |\n|---|:---|--|\n| 1 | a, b | c |\n| 2 | d | |\n",
        ] {
            check(text, &expect);
        }
        // The lines are those of the file.
        check("sep=;\nid;title\n1;a\n2\n", &["id=1 | title=a", "x.csv, line 4: no title and no abstract"]);
        for text in
            ["title,id\n\"x, y\",1\n", "title;id\nx, y;1\n", "sep=|\ntitle|id\nx, y|1\n", "\"title\"\tid\nx, y\t1\n"]
        {
            check_as(InputFormat::Tsv, text, &["id=1 | title=x, y"]);
            assert_eq!(summaries(read(std::io::Cursor::new(text), "x.tsv", None)), ["id=1 | title=x, y"], "{text}");
        }
        check_as(InputFormat::Tsv, "title\nx, y\n", &["title=x, y"]);
        // Cells are left out.
        check("title,abstract,id\na\nb,c\n\"d\"\n", &["title=a", "title=b | abstract=c", "title=d"]);
        // Files that were joined.
        check(
            "\u{feff}title,id\na,1\n\u{feff}b,2\n\u{feff}title,id\nc,3\n\u{feff}\"title\",\"id\"\nd,4\n",
            &["id=1 | title=a", "id=2 | title=b", "id=3 | title=c", "id=4 | title=d"],
        );
        // A cell is no header.
        check(
            "user,score\ntitle,2\n",
            &["x.csv: no title and no abstract: the fields are `user`, `score`; paperkin reads `title` and \
               `abstract` (or `paper_title`; `summary`, `abstract_text`, `paper_abstract`, `text`)"],
        );
        for text in ["title\tabstract\ta\tb\tc\nx, y\tz\t1\t2\t3\n", "sep=;\ntitle;abstract\nx, y;z\n"] {
            let found = summaries(read(std::io::Cursor::new(text), "x.csv", None));
            assert_eq!(found, ["title=x, y | abstract=z"], "{text}");
        }
    }

    #[test]
    fn values_that_programs_write() {
        for missing in ["nan", "NaN", "NaT", "<NA>", "NA", "NULL", "\\N", "None", ""] {
            let text = format!(
                "id,title,authors,published,votes,url,doi\n1,a,{missing},{missing},{missing},{missing},{missing}\n"
            );
            check(&text, &["id=1 | title=a"]);
        }
        check(
            "pmid,title,votes,year\n12.0,a,3.0,2019.0\n",
            &["id=pmid:12 | title=a | published=2019-01-01 | votes=3 | url=https://pubmed.ncbi.nlm.nih.gov/12/"],
        );
        check("id,title,published\n1,a,1577836800000\n", &["id=1 | title=a | published=2020-01-01"]);
        check(
            "id,title,year,month\n1,a,2019.0,5.0\n2,b,2019,nan\n",
            &["id=1 | title=a | published=2019-05-01", "id=2 | title=b | published=2019-01-01"],
        );
    }

    #[test]
    fn a_quote_that_is_never_closed() {
        check(
            "id,title,abstract\n1,a,x\n2,b,\"never\n3,c,y\n4,d,z\n",
            &["id=1 | title=a | abstract=x", "x.csv, line 3: unclosed quote"],
        );
        check("id,title,abstract\n1,\"never\n2,c,y\n", &["x.csv, line 2: unclosed quote"]);
        check("title,id\n\"never", &["x.csv, line 2: unclosed quote"]);
        check("title,id\na,1\n\"b\nc\",\"never\n", &["id=1 | title=a", "x.csv, line 3: unclosed quote on line 4"]);
        check("id,title\n1,a \"b", &["id=1 | title=a \"b"]);
        check_as(InputFormat::Tsv, "id\ttitle\n1\t\"a", &["id=1 | title=\"a"]);
        check("id,title\n1,\"a\nb\"", &["id=1 | title=a b"]);
        let endless = (&b"id,title\n1,a\n2,\""[..]).chain(std::io::repeat(b'x').take(40 << 20));
        let found = summaries(read(endless, "x.csv", None));
        assert_eq!(
            found,
            ["id=1 | title=a", "x.csv: a record is larger than 16 MB: check for an unclosed quote or bracket"]
        );
    }
}

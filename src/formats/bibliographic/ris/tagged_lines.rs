//! Splits files of tagged lines into records: RIS (`TY  - JOUR`), PubMed's (`PMID- 123`), Web of Science's (`PT J`).

use std::io;

use crate::formats::common::authors;
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputLine, InputReader, MAX_RECORD};
use crate::formats::input_format::InputFormat;

/// One record: its tags in their order, each with the lines of its value.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TaggedRecord {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    pub(crate) fields: Vec<(String, Vec<String>)>,
    /// Why it cannot be read.
    pub(crate) wrong: Option<String>,
}

impl TaggedRecord {
    /// The lines of all fields with one of these tags, in the file's order.
    pub(crate) fn lines<'r>(&'r self, tags: &'r [&str]) -> impl Iterator<Item = &'r str> {
        let fields = self.fields.iter().filter(|(tag, _)| tags.contains(&tag.as_str()));
        fields.flat_map(|(_, lines)| lines).map(|line| line.trim()).filter(|line| !line.is_empty())
    }

    /// The text of the first field that has one, the tags being tried in this order.
    pub(crate) fn text(&self, tags: &[&str]) -> String {
        let field = |tag: &&str| {
            let lines = self.fields.iter().filter(|(known, _)| known == tag).map(|(_, lines)| lines.join("\n"));
            lines.into_iter().find(|text| !text.trim().is_empty())
        };
        tags.iter().find_map(field).unwrap_or_default()
    }
}

/// The records of one input.
pub(crate) struct TaggedRecords {
    input: InputReader,
    format: InputFormat,
    line: u64,
    /// What the next record begins with, read already.
    next: Option<(u64, String, String)>,
}

impl TaggedRecords {
    pub(crate) fn new(input: InputReader, format: InputFormat) -> TaggedRecords {
        TaggedRecords { input, format, line: 0, next: None }
    }

    pub(crate) fn input(&self) -> &InputReader {
        &self.input
    }

    /// The next record; what stands before the first one is left out.
    pub(crate) fn record(&mut self) -> io::Result<Option<TaggedRecord>> {
        let mut record: Option<TaggedRecord> = None;
        let mut length = 0;
        if let Some((line, tag, value)) = self.next.take() {
            record = Some(TaggedRecord { line, fields: vec![(tag, vec![value])], wrong: None });
        }
        let mut buffer = Vec::new();
        loop {
            self.line += 1;
            let text = match self.input.line(&mut buffer)? {
                InputLine::End => return Ok(record),
                InputLine::TooLong => Err(format!("longer than {} MB", MAX_RECORD >> 20)),
                InputLine::Read => std::str::from_utf8(&buffer).map_err(|_| NOT_UTF8.to_owned()),
            };
            let text = match (text, &mut record) {
                (Ok(text), _) => text,
                (Err(reason), Some(record)) => {
                    record.wrong = Some(reason);
                    continue;
                }
                (Err(_), None) => continue,
            };
            length += text.len();
            match (tagged(text, self.format), &mut record) {
                (Some((tag, _)), _) if is_end(tag, self.format) => {
                    if record.is_some() {
                        return Ok(record);
                    }
                }
                (Some((tag, value)), open) if is_start(tag, self.format) => match open {
                    None => {
                        let fields = vec![(tag.to_owned(), vec![value.to_owned()])];
                        record = Some(TaggedRecord { line: self.line, fields, wrong: None });
                    }
                    Some(_) => {
                        self.next = Some((self.line, tag.to_owned(), value.to_owned()));
                        return Ok(record);
                    }
                },
                (_, None) => {}
                (_, Some(record)) if length > MAX_RECORD => {
                    record.wrong = Some(format!("longer than {} MB", MAX_RECORD >> 20));
                    record.fields.clear();
                }
                (Some((tag, value)), Some(record)) => record.fields.push((tag.to_owned(), vec![value.to_owned()])),
                (None, Some(record)) => {
                    if let Some((_, lines)) = record.fields.last_mut() {
                        lines.push(text.to_owned());
                    }
                }
            }
        }
    }
}

/// The tag of a line and what follows it; `None` for a line that goes on with the one before.
fn tagged(line: &str, format: InputFormat) -> Option<(&str, &str)> {
    let is_tag = |tag: &str| {
        tag.starts_with(|c: char| c.is_ascii_uppercase())
            && tag.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let (tag, value) = match format {
        InputFormat::Wos => match line.split_at_checked(2)? {
            (tag, "") => (tag, ""),
            (tag, rest) => (tag, rest.strip_prefix(' ')?),
        },
        _ => {
            let (tag, value) = line.split_once('-')?;
            let width = if format == InputFormat::Ris { 2..=4 } else { 4..=4 };
            let fits = width.contains(&tag.len()) && (value.is_empty() || value.starts_with(' '));
            (fits.then(|| tag.trim_end())?, value.trim_start())
        }
    };
    let length = if format == InputFormat::Nbib { 2..=4 } else { 2..=2 };
    (length.contains(&tag.len()) && is_tag(tag)).then_some((tag, value))
}

/// Whether a tag begins a record.
fn is_start(tag: &str, format: InputFormat) -> bool {
    match format {
        InputFormat::Ris => tag == "TY",
        InputFormat::Nbib => tag == "PMID",
        _ => tag == "PT",
    }
}

/// Whether a tag ends a record. PubMed's end where the next begins.
fn is_end(tag: &str, format: InputFormat) -> bool {
    format != InputFormat::Nbib && matches!(tag, "ER" | "EF")
}

/// The format of tagged lines that a file begins as.
pub(crate) fn detect(text: &str) -> Option<InputFormat> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(5).collect();
    let begins = |format| lines.iter().any(|line| tagged(line, format).is_some_and(|(tag, _)| is_start(tag, format)));
    let header = |line: &&str| line.starts_with("FN ") || line.starts_with("VR ");
    match () {
        () if begins(InputFormat::Ris) => Some(InputFormat::Ris),
        () if begins(InputFormat::Nbib) => Some(InputFormat::Nbib),
        () if lines.first().is_some_and(header) && begins(InputFormat::Wos) => Some(InputFormat::Wos),
        () if lines.first().is_some_and(|line| matches!(*line, "PT J" | "PT B" | "PT S" | "PT P")) => {
            Some(InputFormat::Wos)
        }
        () => None,
    }
}

/// Returns the names of people in fields with one of these tags, given names first.
pub(crate) fn people(record: &TaggedRecord, tags: &[&str]) -> Vec<String> {
    record.lines(tags).map(authors::given_name_first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, format: InputFormat, expect: &[&[(&str, &str)]]) {
        assert_eq!(detect(text), Some(format), "{text}");
        let (input, _) = InputReader::new(std::io::Cursor::new(text.to_owned()), "x").unwrap();
        let mut records = TaggedRecords::new(input, format);
        let mut found = Vec::new();
        while let Some(record) = records.record().unwrap() {
            found.push(record.fields.into_iter().map(|(tag, lines)| (tag, lines.join("|"))).collect::<Vec<_>>());
        }
        let found: Vec<Vec<(&str, &str)>> =
            found.iter().map(|record| record.iter().map(|(t, v)| (t.as_str(), v.as_str())).collect()).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn records() {
        check(
            "\r\nTY  - JOUR\r\nTI  - A\r\nKW  - b\r\nc - d\r\nER  - \r\n\r\nTY  - BOOK\r\nTI - E\r\nTY  - X\r\nER  -",
            InputFormat::Ris,
            &[&[("TY", "JOUR"), ("TI", "A"), ("KW", "b|c - d")], &[("TY", "BOOK"), ("TI", "E")], &[("TY", "X")]],
        );
        check(
            "PMID- 1\nTI  - A long\n      title\n\nPMID- 2\nTI  - B\n",
            InputFormat::Nbib,
            &[&[("PMID", "1"), ("TI", "A long|      title|")], &[("PMID", "2"), ("TI", "B")]],
        );
        check(
            "FN Invented\nVR 1.0\nPT J\nAU Lee, A\n   Chen, B\nER\n\nPT J\nTI C\nER\n\nEF",
            InputFormat::Wos,
            &[&[("PT", "J"), ("AU", "Lee, A|   Chen, B")], &[("PT", "J"), ("TI", "C")]],
        );
        assert_eq!(detect("Dear PT J\nTY -x"), None);
    }
}

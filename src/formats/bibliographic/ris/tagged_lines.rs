//! Splits files of tagged lines into records: RIS (`TY  - JOUR`), PubMed's (`PMID- 123`), Web of Science's (`PT J`),
//! EndNote's (`%0 Journal Article`).

use std::borrow::Cow;
use std::io;

use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputLine, InputReader, MAX_RECORD};
use crate::formats::common::{authors, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::RecordNotes;
use crate::paper::is_no_author;
use crate::text::markup::MarkupRule;

/// The tags that begin a record whose first tag is missing: of what names a paper. Nothing else that may stand outside of
/// records looks like them.
const NAMING_TAGS: [&str; 16] =
    ["TI", "T1", "AU", "A1", "FAU", "AF", "AB", "N2", "PY", "Y1", "DO", "DI", "ID", "JO", "T2", "SO"];
/// The tags that PubMed writes once in a record, near its start.
const ONCE_TAGS: [&str; 3] = ["OWN", "STAT", "TI"];

/// One record: its fields in their order.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TaggedRecord {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    fields: Vec<TaggedField>,
    /// The bits of their tags: see [`FieldTag::bit`].
    tag_bits: u64,
    /// Why it cannot be read.
    pub(crate) wrong: Option<String>,
}

/// A tag with its value, the lines of which are separated by line feeds.
#[derive(Debug, PartialEq)]
struct TaggedField {
    tag: FieldTag,
    value: String,
}

/// A tag of two to four letters, in upper case: few bytes, since each reader compares each tag with some fifty names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FieldTag([u8; 4]);

impl FieldTag {
    /// Letters after the fourth are dropped; no format has such tags.
    fn of(name: &str) -> FieldTag {
        let mut tag = [b' '; 4];
        tag.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from.to_ascii_uppercase());
        FieldTag(tag)
    }

    /// A bit that few other tags share: most of the tags that readers ask for are in no field, and are not looked for.
    fn bit(self) -> u64 {
        let [first, second, ..] = self.0;
        1 << (first.wrapping_mul(7).wrapping_add(second) & 63)
    }
}

impl TaggedRecord {
    /// The lines of all fields with one of these tags, in the file's order.
    pub(crate) fn lines<'r>(&'r self, tags: &[&str]) -> impl Iterator<Item = &'r str> {
        let tags: Vec<FieldTag> = tags.iter().map(|tag| FieldTag::of(tag)).filter(|tag| self.may_have(*tag)).collect();
        let fields = self.fields.iter().filter(move |field| tags.contains(&field.tag));
        fields.flat_map(|field| field.value.split('\n')).map(str::trim).filter(|line| !line.is_empty())
    }

    /// The text of the first field that has one, the tags being tried in this order.
    pub(crate) fn text(&self, tags: &[&str]) -> String {
        let text = tags.iter().flat_map(|tag| self.values(tag)).find(|text| !text.trim().is_empty());
        text.unwrap_or_default().to_owned()
    }

    /// The text of the first field of each tag, with the tag.
    pub(crate) fn texts<'r>(&'r self, tags: &'r [&'static str]) -> impl Iterator<Item = (&'static str, String)> + 'r {
        tags.iter().map(|tag| (*tag, self.text(&[tag])))
    }

    /// The text of all fields of each tag, with the tag: some programs write a field for each paragraph.
    pub(crate) fn whole_texts<'r>(
        &'r self,
        tags: &'r [&'static str],
    ) -> impl Iterator<Item = (&'static str, String)> + 'r {
        tags.iter().map(|tag| (*tag, self.values(tag).collect::<Vec<_>>().join("\n")))
    }

    /// The people in the fields of the first of these tags that has any, with the tag; given names first.
    pub(crate) fn people(&self, tags: &[&'static str]) -> (&'static str, Vec<String>) {
        let people = |tag: &&'static str| {
            let lines: Vec<Cow<str>> =
                self.lines(std::slice::from_ref(tag)).map(|line| MarkupRule::Inline.text(line)).collect();
            // Chinese and Spanish databases write all names on one line.
            let names = lines.iter().flat_map(|line| line.split(authors::SEPARATORS)).map(str::trim);
            // A group may stand behind the tag that has no name of a person.
            let is_name =
                |name: &&str| !is_no_author(name) && !name.trim_end_matches('.').eq_ignore_ascii_case("et al");
            let names = names.filter(is_name);
            (*tag, names.map(authors::given_name_first).collect::<Vec<_>>())
        };
        tags.iter().map(people).find(|(_, names)| !names.is_empty()).unwrap_or_default()
    }

    /// The DOIs in the fields with one of these tags; notes the lines that hold none.
    pub(crate) fn dois(&self, tags: &[&'static str], notes: &mut RecordNotes) -> Vec<String> {
        let lines = tags.iter().flat_map(|tag| self.lines(std::slice::from_ref(tag)).map(move |line| (*tag, line)));
        lines.filter_map(|(tag, line)| identifiers::noted_doi(tag, line, notes)).collect()
    }

    /// The tags of a reader, in fields with one of these tags: one on each line, or several between semicolons.
    pub(crate) fn keywords(&self, tags: &[&str]) -> Vec<String> {
        let texts: Vec<Cow<str>> = self.lines(tags).map(|line| MarkupRule::Inline.text(line)).collect();
        let keywords = texts.iter().flat_map(|text| text.split(';')).map(str::trim);
        keywords.filter(|keyword| !keyword.is_empty()).map(str::to_owned).collect()
    }

    /// The text of each field of a tag.
    fn values(&self, tag: &str) -> impl Iterator<Item = &str> {
        let tag = FieldTag::of(tag);
        let fields = if self.may_have(tag) { &self.fields[..] } else { &[] };
        fields.iter().filter(move |field| field.tag == tag).map(|field| field.value.as_str())
    }

    fn may_have(&self, tag: FieldTag) -> bool {
        self.tag_bits & tag.bit() != 0
    }

    /// A record that begins with a field.
    fn new(line: u64, first: TaggedField) -> TaggedRecord {
        let mut record = TaggedRecord { line, ..TaggedRecord::default() };
        record.push(first);
        record
    }

    fn push(&mut self, field: TaggedField) {
        self.tag_bits |= field.tag.bit();
        self.fields.push(field);
    }
}

/// The records of one input.
pub(crate) struct TaggedRecords {
    input: InputReader,
    style: TagStyle,
    line: u64,
    /// What the next record begins with, read already.
    next: Option<(u64, TaggedField)>,
}

impl TaggedRecords {
    pub(crate) fn new(input: InputReader, format: InputFormat) -> TaggedRecords {
        TaggedRecords { input, style: TagStyle { format, indent: 0, lower: false }, line: 0, next: None }
    }

    pub(crate) fn input(&self) -> &InputReader {
        &self.input
    }

    /// The next record; what stands before the first one is left out.
    pub(crate) fn record(&mut self) -> io::Result<Option<TaggedRecord>> {
        let format = self.style.format;
        let mut record: Option<TaggedRecord> = None;
        let mut length = 0;
        let mut after_blank = false;
        if let Some((line, field)) = self.next.take() {
            record = Some(TaggedRecord::new(line, field));
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
            let split = self.style.split(text);
            let begins = split.is_some_and(|(tag, _)| self.style.begins(tag, record.as_ref(), after_blank));
            after_blank = text.trim_ascii().is_empty();
            let split = split.map(|(tag, value)| (FieldTag::of(tag), value));
            match (split, &mut record) {
                (Some((tag, _)), _) if is_end(tag, format) => {
                    if record.is_some() {
                        return Ok(record);
                    }
                }
                (Some((tag, value)), open) if begins => {
                    let field = TaggedField { tag, value: value.to_owned() };
                    match open {
                        None => record = Some(TaggedRecord::new(self.line, field)),
                        Some(_) => {
                            self.next = Some((self.line, field));
                            return Ok(record);
                        }
                    }
                }
                (_, None) => {}
                (_, Some(record)) if length > MAX_RECORD => {
                    record.wrong = Some(format!("longer than {} MB", MAX_RECORD >> 20));
                    record.fields.clear();
                }
                (Some((tag, value)), Some(record)) => {
                    record.push(TaggedField { tag, value: value.to_owned() });
                }
                (None, Some(record)) => {
                    if let Some(TaggedField { value, .. }) = record.fields.last_mut() {
                        value.push('\n');
                        value.push_str(text);
                    }
                }
            }
        }
    }
}

/// How tags stand in the lines of a file.
struct TagStyle {
    format: InputFormat,
    /// Of RIS: how far its lines are indented, in bytes, and whether its tags are in lower case. The first line of a record
    /// tells.
    indent: usize,
    lower: bool,
}

impl TagStyle {
    /// The tag of a line and what follows it; `None` for a line that goes on with the one before.
    fn split<'l>(&mut self, line: &'l str) -> Option<(&'l str, &'l str)> {
        // Each of several files that were joined may begin with a byte order mark.
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        if self.format != InputFormat::Ris {
            return tagged(line, self.format);
        }
        let start = line.trim_ascii_start();
        if let Some((tag, value)) = start_of_ris(start) {
            self.indent = line.len() - start.len();
            self.lower = tag == "ty";
            return Some((tag, value));
        }
        let (before, within) = line.split_at_checked(self.indent).unwrap_or(("", line));
        let within = if before.trim_ascii().is_empty() { within } else { line };
        match self.lower {
            true => tagged_ris(within, |byte| byte.is_ascii_lowercase()),
            false => tagged(within, InputFormat::Ris),
        }
    }

    /// Whether a tag begins a record; `open` is the record before, unless it has ended.
    fn begins(&self, tag: &str, open: Option<&TaggedRecord>, after_blank: bool) -> bool {
        match self.format {
            InputFormat::Ris => tag.eq_ignore_ascii_case("TY") || open.is_none() && is_naming(tag),
            // Records have no blank lines in them: what a record has already is the next one's.
            InputFormat::Nbib => {
                let has = |open: &TaggedRecord| ONCE_TAGS.contains(&tag) && open.values(tag).next().is_some();
                tag == "PMID" || open.map_or_else(|| is_naming(tag), |open| after_blank && has(open))
            }
            InputFormat::Enw => {
                // The older form, refer's, has no types: a blank line stands between records.
                let is_type = |field: &TaggedField| field.tag == FieldTag::of("%0");
                let is_typed = |record: &TaggedRecord| record.fields.first().is_some_and(is_type);
                tag == "%0" || open.is_none_or(|open| after_blank && !is_typed(open))
            }
            _ => tag == "PT" || open.is_none() && is_naming(tag),
        }
    }
}

/// The tag of a line and what follows it, in files of the usual form.
fn tagged(line: &str, format: InputFormat) -> Option<(&str, &str)> {
    match format {
        InputFormat::Ris => tagged_ris(line, |byte| byte.is_ascii_uppercase()),
        InputFormat::Nbib => {
            let (tag, value) = split_at_dash(line)?;
            let fits = tag.len() == 4 && (value.is_empty() || value.starts_with(' '));
            let tag = fits.then(|| tag.trim_end())?;
            (tag.len() >= 2 && is_tag(tag, |byte| byte.is_ascii_uppercase())).then_some((tag, value.trim_start()))
        }
        InputFormat::Enw => {
            let (tag, value) = line.split_at_checked(2)?;
            let fits = tag.starts_with('%') && tag.as_bytes()[1].is_ascii_graphic();
            (fits && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (tag, value.trim_start()))
        }
        _ => {
            let (tag, value) = line.split_at_checked(2)?;
            let value = if value.is_empty() { value } else { value.strip_prefix(' ')? };
            is_tag(tag, |byte| byte.is_ascii_uppercase()).then_some((tag, value))
        }
    }
}

/// What stands before and after the first dash of a line, if that is one of its first five characters.
fn split_at_dash(line: &str) -> Option<(&str, &str)> {
    let dash = line.bytes().take(5).position(|byte| byte == b'-')?;
    Some((&line[..dash], &line[dash + 1..]))
}

/// The tag of a line of RIS, whose letters are such as given.
fn tagged_ris(line: &str, is_letter: impl Fn(&u8) -> bool) -> Option<(&str, &str)> {
    let (tag, value) = split_at_dash(line)?;
    let fits = (2..=4).contains(&tag.len()) && (value.is_empty() || value.starts_with(' '));
    let tag = fits.then(|| tag.trim_end())?;
    (tag.len() == 2 && is_tag(tag, is_letter)).then(|| (tag, value.trim_start()))
}

/// The tag `TY` that begins a record of RIS, in upper or in lower case.
fn start_of_ris(line: &str) -> Option<(&str, &str)> {
    let starts = line.starts_with("TY") || line.starts_with("ty");
    if starts { tagged_ris(line, u8::is_ascii_alphabetic) } else { None }
}

fn is_tag(tag: &str, is_letter: impl Fn(&u8) -> bool) -> bool {
    tag.as_bytes().first().is_some_and(&is_letter) && tag.bytes().all(|byte| is_letter(&byte) || byte.is_ascii_digit())
}

/// Whether a tag begins a record that lacks its first tag.
fn is_naming(tag: &str) -> bool {
    NAMING_TAGS.iter().any(|known| known.eq_ignore_ascii_case(tag))
}

/// Whether a tag ends a record. PubMed's and EndNote's end where the next begins.
fn is_end(tag: FieldTag, format: InputFormat) -> bool {
    !matches!(format, InputFormat::Nbib | InputFormat::Enw) && ["ER", "EF"].map(FieldTag::of).contains(&tag)
}

/// The format of tagged lines that a file begins as.
pub(crate) fn detect(text: &str) -> Option<InputFormat> {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_start_matches('\u{feff}').trim_end())
        .filter(|line| !line.is_empty())
        .take(5)
        .collect();
    let first = lines.first().copied().unwrap_or_default();
    let header = first.starts_with("FN ") || first.starts_with("VR ");
    let has_tag = |tag, format| lines.iter().any(|line| tagged(line, format).is_some_and(|(known, _)| known == tag));
    match () {
        () if lines.iter().any(|line| start_of_ris(line.trim_ascii_start()).is_some()) => Some(InputFormat::Ris),
        () if has_tag("PMID", InputFormat::Nbib) => Some(InputFormat::Nbib),
        () if header
            && (has_tag("PT", InputFormat::Wos) || NAMING_TAGS.iter().any(|tag| has_tag(tag, InputFormat::Wos))) =>
        {
            Some(InputFormat::Wos)
        }
        // The first record has no type.
        () if tagged(first, InputFormat::Ris).is_some_and(|(tag, _)| is_naming(tag)) => {
            text.lines().any(|line| line.starts_with("ER  -")).then_some(InputFormat::Ris)
        }
        () if matches!(first, "PT J" | "PT B" | "PT S" | "PT P") => Some(InputFormat::Wos),
        () if first.starts_with("%0 ") => Some(InputFormat::Enw),
        () if tagged(first, InputFormat::Enw).is_some() && has_tag("%T", InputFormat::Enw) => Some(InputFormat::Enw),
        () => None,
    }
}

#[cfg(test)]
mod tests;

//! Reads records from XML: one element at a time as a small tree, whatever the length of the file.

use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error as XmlError, Reader, XmlVersion};

use super::xml_entities::XmlEntities;
use crate::error::{Error, RecordPosition, Result};
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::InputReader;
use crate::text::markup::{ElementKind, as_tex, element_kind, is_tex_encoding, looks_like_tex};

/// Deepest nesting accepted; arXiv's answers have 4 levels, PubMed's 9.
const MAX_DEPTH: usize = 64;
/// Most elements of one record: each takes some hundred bytes of memory, whatever is in it. A paper of PubMed with 5,000
/// authors and 10,000 references has 100,000.
const MAX_ELEMENTS: usize = 400_000;
/// Most attributes of one element: further ones are left out. EndNote's have six.
const MAX_ATTRIBUTES: usize = 100;

/// Stands for bytes that are not UTF-8: a character that XML does not have (XML 1.0, 2.2), so no text has it.
const UNREADABLE: &str = "\u{ffff}";

/// An element with what stands in it. Names come without prefixes.
#[derive(Debug, Default)]
pub(crate) struct XmlElement {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<XmlContent>,
}

#[derive(Debug)]
enum XmlContent {
    Text(String),
    Element(XmlElement),
}

impl XmlElement {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// Returns the elements within it, one level down.
    pub(crate) fn children(&self) -> impl Iterator<Item = &XmlElement> {
        self.content.iter().filter_map(|content| match content {
            XmlContent::Element(element) => Some(element),
            XmlContent::Text(_) => None,
        })
    }

    /// Returns the elements of one name within it.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e XmlElement> {
        self.children().filter(move |element| element.name == name)
    }

    /// Returns the first element at the end of a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&XmlElement> {
        match path {
            [] => Some(self),
            [name, rest @ ..] => {
                self.children().filter(|element| element.name == *name).find_map(|element| element.at(rest))
            }
        }
    }

    /// Returns the text of [`XmlElement::at`], empty if there is none.
    pub(crate) fn text_at(&self, path: &[&str]) -> String {
        self.at(path).map(XmlElement::text).unwrap_or_default()
    }

    /// Returns the text at the end of each of some paths, `titles/title`, with the path.
    pub(crate) fn texts<'e>(&'e self, paths: &'e [&'static str]) -> impl Iterator<Item = (&'static str, String)> + 'e {
        paths.iter().map(|path| (*path, self.text_at(&path.split('/').collect::<Vec<_>>())))
    }

    /// Returns all text in it, blocks apart, each formula once.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        for content in &self.content {
            match content {
                XmlContent::Text(piece) => text.push_str(piece),
                XmlContent::Element(element) => element.write_within(text),
            }
        }
    }

    /// Writes the text of an element within another one.
    fn write_within(&self, text: &mut String) {
        match element_kind(&self.name) {
            Some(ElementKind::Block | ElementKind::Separator) => {
                text.push(' ');
                self.write(text);
                text.push(' ');
            }
            Some(ElementKind::Tex) => text.push_str(&as_tex(&self.text())),
            Some(ElementKind::Alternatives) => match self.children().find(|child| is_tex(child)) {
                Some(tex) => tex.write_within(text),
                None => self.write(text),
            },
            Some(ElementKind::Math) => match self.tex_of_math() {
                Some(tex) => text.push_str(&as_tex(&tex)),
                None => self.write(text),
            },
            None | Some(ElementKind::Inline) if self.name == "mfrac" => {
                let parts: Vec<String> = self.children().map(XmlElement::text).collect();
                text.push_str(&parts.join("/"));
            }
            None | Some(ElementKind::Inline) if self.name == "msqrt" => {
                text.push('√');
                self.write(text);
            }
            // Another notation of the formula that it stands in.
            _ if self.name.starts_with("annotation") => {}
            _ => self.write(text),
        }
    }

    /// What is wrong where it has no end.
    fn unclosed(&self) -> String {
        format!("damaged XML: `<{}>` is not closed", self.name)
    }

    /// Returns the TeX of a formula in MathML that has it.
    fn tex_of_math(&self) -> Option<String> {
        let semantics = self.children().chain(self.children().flat_map(XmlElement::children));
        let mut annotations = semantics.filter(|element| element.name == "annotation");
        let annotation = annotations.find(|element| element.attribute("encoding").is_some_and(is_tex_encoding));
        let words = self.attribute("alttext").filter(|text| looks_like_tex(text)).map(str::to_owned);
        annotation.map(XmlElement::text).or(words)
    }
}

fn is_tex(element: &XmlElement) -> bool {
    element_kind(&element.name) == Some(ElementKind::Tex)
}

/// What the XML of a format looks like.
pub(crate) struct XmlDialect {
    /// Its name, for messages: `a response of the arXiv API`.
    pub(crate) what: &'static str,
    /// What is expected, for messages: `an Atom feed with entries`.
    pub(crate) expected: &'static str,
    /// The names of its root.
    pub(crate) roots: &'static [&'static str],
    /// The names of the elements that are records, or [`WITHIN_ROOT`].
    pub(crate) records: &'static [&'static str],
    /// The names of elements of the file itself that are returned too, near its root and not counted.
    pub(crate) beside: &'static [&'static str],
}

/// For [`XmlDialect::records`]: every element within the root is one, whatever its name.
pub(crate) const WITHIN_ROOT: &[&str] = &[];

/// How deep an element of the file itself may be: `rss`, `channel`, `link`.
const MAX_DEPTH_BESIDE: usize = 2;

/// The records of one input.
pub(crate) struct XmlRecords {
    reader: Reader<InputReader>,
    kind: XmlDialect,
    /// The names of the elements that are open, outside of records.
    around: Vec<String>,
    /// A record that has begun.
    next: Option<XmlElement>,
    /// The texts that the file declares names for.
    entities: XmlEntities,
    /// The attributes `xml:base` of these elements, and the depth of each.
    bases: Vec<(usize, String)>,
    started: bool,
    count: u64,
    buffer: Vec<u8>,
}

impl XmlRecords {
    pub(crate) fn new(input: InputReader, kind: XmlDialect) -> XmlRecords {
        // A parser of XML gives up at the first byte that is not UTF-8: here it costs the record that it is in.
        let mut reader = Reader::from_reader(input.marked(UNREADABLE));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // `AT&T` in a feed that is put together by hand.
        config.allow_dangling_amp = true;
        // The names are compared here, so that a tag without its other half costs the record that it is in.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        XmlRecords {
            reader,
            kind,
            around: Vec::new(),
            next: None,
            entities: XmlEntities::default(),
            bases: Vec::new(),
            started: false,
            count: 0,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn input(&self) -> &InputReader {
        self.reader.get_ref()
    }

    /// Returns the `xml:base` of the elements around the records, the outermost first.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &str> {
        self.bases.iter().map(|(_, base)| base.as_str())
    }

    /// Returns how many bytes were read.
    pub(crate) fn position(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// Returns the next record and its position. The inner error is about this record alone.
    pub(crate) fn record(&mut self) -> Result<Option<(Result<XmlElement, String>, RecordPosition)>> {
        // The elements that are open within a record, the record being the first.
        let mut open: Vec<XmlElement> = self.next.take().into_iter().collect();
        let mut wrong = None;
        let (mut expanded, mut elements) = (0, 0);
        self.reader.get_mut().limit();
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(read_error(&self.reader, &error)),
            };
            let text = match event {
                Event::Start(start) => {
                    let name = start.local_name().as_ref().to_owned();
                    if !self.started && !self.kind.roots.contains(&name.as_str()) {
                        return Err(self.other());
                    }
                    self.started = true;
                    let depth = self.around.len();
                    if depth + open.len() >= MAX_DEPTH {
                        let what = self.kind.what;
                        return Err(self.input().bad_file(format!("XML nested too deeply for {what}")));
                    }
                    let begins = match self.kind.records {
                        WITHIN_ROOT => depth == 1,
                        names => names.contains(&name.as_str()),
                    };
                    let begins = begins || depth <= MAX_DEPTH_BESIDE && self.kind.beside.contains(&name.as_str());
                    // A record in another one: the other has no end.
                    let record = open.first().filter(|record| open.len() <= 2 && record.name == name);
                    if let Some(record) = record.filter(|_| self.kind.records != WITHIN_ROOT) {
                        let reason = record.unclosed();
                        self.next = Some(element(name, &start));
                        return Ok(Some(self.bad(reason)));
                    }
                    if !open.is_empty() || begins {
                        elements += 1;
                        open.push(element(name, &start));
                    } else {
                        let XmlElement { name, attributes, .. } = element(name, &start);
                        let base = attributes.into_iter().find(|(name, _)| name == "base");
                        self.around.push(name);
                        self.bases.extend(base.map(|(_, base)| (depth + 1, base)));
                    }
                    continue;
                }
                Event::End(end) => {
                    let name = end.local_name();
                    let name: &str = name.as_ref();
                    let Some(place) = open.iter().rposition(|element| element.name == name) else {
                        let around = self.around.iter().rposition(|opened| opened == name);
                        match (around, open.first()) {
                            (Some(around), record) => {
                                let record = record.map(XmlElement::unclosed);
                                self.around.truncate(around);
                                self.bases.retain(|(depth, _)| *depth <= around);
                                if let Some(reason) = record {
                                    return Ok(Some(self.bad(reason)));
                                }
                            }
                            (None, Some(_)) => wrong = Some(format!("damaged XML: `</{name}>` closes nothing")),
                            (None, None) => {
                                let at = self.reader.buffer_position();
                                let reason = format!("damaged XML before byte {at}: `</{name}>` closes nothing");
                                return Err(self.input().bad_file(reason));
                            }
                        }
                        continue;
                    };
                    if let Some(unclosed) = open.get(place + 1) {
                        wrong = Some(unclosed.unclosed());
                        open.truncate(place + 1);
                    }
                    let Some(closed) = open.pop() else { continue };
                    match open.last_mut() {
                        Some(_) if elements > MAX_ELEMENTS => {
                            wrong = Some(format!("more than {MAX_ELEMENTS} elements in one record"));
                        }
                        Some(parent) => parent.content.push(XmlContent::Element(closed)),
                        None => {
                            self.count += u64::from(!self.kind.beside.contains(&closed.name.as_str()));
                            let record = wrong.map_or(Ok(closed), Err);
                            return Ok(Some((record, RecordPosition::Record(self.count))));
                        }
                    }
                    continue;
                }
                Event::Text(text) => text.xml10_content().into_owned(),
                Event::CData(text) => text.xml10_content().into_owned(),
                Event::DocType(text) => {
                    self.entities.declare(&text);
                    continue;
                }
                Event::GeneralRef(reference) => {
                    match resolved(&reference).or_else(|| self.entities.text(&reference, &mut expanded)) {
                        Some(text) => text,
                        None => {
                            wrong = Some(format!("unknown entity `&{};`: use the character itself", &*reference));
                            continue;
                        }
                    }
                }
                Event::Eof => break,
                _ => continue,
            };
            if text.contains(UNREADABLE) && !open.is_empty() {
                wrong = Some(NOT_UTF8.to_owned());
            }
            if let Some(element) = open.last_mut() {
                match element.content.last_mut() {
                    Some(XmlContent::Text(before)) => before.push_str(&text),
                    _ => element.content.push(XmlContent::Text(text)),
                }
            }
        }
        match (self.started, self.around.is_empty() && open.is_empty()) {
            (true, true) => Ok(None),
            (true, false) => {
                Err(self.input().bad_file("the XML is incomplete: the file is truncated, download it again"))
            }
            (false, _) => Err(self.other()),
        }
    }

    /// A record that cannot be read.
    fn bad(&mut self, reason: String) -> (Result<XmlElement, String>, RecordPosition) {
        self.count += 1;
        (Err(reason), RecordPosition::Record(self.count))
    }

    fn other(&self) -> Error {
        self.input().bad_file(format!("not {}: expected {}", self.kind.what, self.kind.expected))
    }
}

fn element(name: String, start: &BytesStart<'_>) -> XmlElement {
    // Without a check for duplicates, which compares each name with all before it: the first counts.
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten().take(MAX_ATTRIBUTES).filter_map(|attribute| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
        Some((attribute.key.local_name().as_ref().to_owned(), value))
    });
    XmlElement { name, attributes: attributes.collect(), content: Vec::new() }
}

fn read_error(reader: &Reader<InputReader>, error: &XmlError) -> Error {
    match error {
        XmlError::Io(error) => reader.get_ref().read_error(error),
        other => reader.get_ref().bad_file(format!("damaged XML at byte {}: {other}", reader.error_position())),
    }
}

/// The text of `&amp;`, `&#233;`, `&eacute;` and their like; `None` for an entity that is not known.
fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Some(c.to_string()),
        Ok(None) => resolve_html5_entity(reference).map(str::to_owned),
        Err(_) => None,
    }
}

//! Records out of XML: one element at a time as a small tree, whatever the file's length.

use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error as XmlError, Reader, XmlVersion};

use crate::error::{Error, Place, Result};

use super::input::Input;

/// Deepest nesting accepted; arXiv's answers have 4 levels, PubMed's 9.
const MAX_DEPTH: usize = 64;

/// An element with what stands in it. Names come without prefixes.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<Content>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Element(Element),
}

impl Element {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// The elements within it, one level down.
    pub(super) fn children(&self) -> impl Iterator<Item = &Element> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    /// Those of one name.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children().filter(move |element| element.name == name)
    }

    /// The first element at the end of a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Element> {
        match path {
            [] => Some(self),
            [name, rest @ ..] => {
                self.children().filter(|element| element.name == *name).find_map(|element| element.at(rest))
            }
        }
    }

    /// The text of [`Element::at`], empty where there is none.
    pub(super) fn text_at(&self, path: &[&str]) -> String {
        self.at(path).map(Element::text).unwrap_or_default()
    }

    /// All text in it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        for content in &self.content {
            match content {
                Content::Text(piece) => text.push_str(piece),
                Content::Element(element) => element.write(text),
            }
        }
    }
}

/// What a file must be.
pub(super) struct Kind {
    /// What it is, for messages: `an answer of arXiv's API`.
    pub(super) what: &'static str,
    /// What is expected, for messages: `an Atom feed with entries`.
    pub(super) expected: &'static str,
    /// The names of its root.
    pub(super) roots: &'static [&'static str],
    /// The names of the elements that are records, or [`WITHIN_ROOT`].
    pub(super) records: &'static [&'static str],
}

/// For [`Kind::records`]: every element within the root is one, whatever its name.
pub(super) const WITHIN_ROOT: &[&str] = &[];

/// The records of one input.
pub(super) struct Records {
    reader: Reader<Input>,
    kind: Kind,
    /// The elements that are open, outside of records.
    depth: usize,
    started: bool,
    count: u64,
    buffer: Vec<u8>,
}

impl Records {
    pub(super) fn new(input: Input, kind: Kind) -> Records {
        let mut reader = Reader::from_reader(input);
        reader.config_mut().expand_empty_elements = true;
        Records { reader, kind, depth: 0, started: false, count: 0, buffer: Vec::new() }
    }

    pub(super) fn input(&self) -> &Input {
        self.reader.get_ref()
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// The next record and its place. The inner error is what is wrong with it alone.
    pub(super) fn record(&mut self) -> Result<Option<(Result<Element, String>, Place)>> {
        // The elements that are open within a record, the record being the first.
        let mut open: Vec<Element> = Vec::new();
        let mut unknown = None;
        self.reader.get_mut().limit();
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(fault(&self.reader, &error)),
            };
            let text = match event {
                Event::Start(start) => {
                    let name = start.local_name().as_ref().to_owned();
                    if !self.started && !self.kind.roots.contains(&name.as_str()) {
                        return Err(self.other());
                    }
                    self.started = true;
                    if self.depth + open.len() >= MAX_DEPTH {
                        let what = self.kind.what;
                        return Err(self.input().bad_file(format!("XML nested too deep to be {what}")));
                    }
                    let begins = match self.kind.records {
                        WITHIN_ROOT => self.depth == 1,
                        names => names.contains(&name.as_str()),
                    };
                    if !open.is_empty() || begins {
                        open.push(element(name, &start));
                    } else {
                        self.depth += 1;
                    }
                    continue;
                }
                Event::End(_) => {
                    let Some(closed) = open.pop() else {
                        self.depth = self.depth.saturating_sub(1);
                        continue;
                    };
                    match open.last_mut() {
                        Some(parent) => parent.content.push(Content::Element(closed)),
                        None => {
                            self.count += 1;
                            let record = match unknown {
                                None => Ok(closed),
                                Some(entity) => {
                                    Err(format!("the entity `{entity}`, which nobody knows: write the character"))
                                }
                            };
                            return Ok(Some((record, Place::Record(self.count))));
                        }
                    }
                    continue;
                }
                Event::Text(text) => text.xml10_content().into_owned(),
                Event::CData(text) => text.xml10_content().into_owned(),
                Event::GeneralRef(reference) => match resolved(&reference) {
                    Some(text) => text,
                    None => {
                        unknown = Some(format!("&{};", &*reference));
                        continue;
                    }
                },
                Event::Eof => break,
                _ => continue,
            };
            if let Some(element) = open.last_mut() {
                match element.content.last_mut() {
                    Some(Content::Text(before)) => before.push_str(&text),
                    _ => element.content.push(Content::Text(text)),
                }
            }
        }
        match (self.started, self.depth == 0 && open.is_empty()) {
            (true, true) => Ok(None),
            (true, false) => Err(self.input().bad_file("the XML ends early: the file is truncated, fetch it again")),
            (false, _) => Err(self.other()),
        }
    }

    fn other(&self) -> Error {
        self.input().bad_file(format!("not {}: {} is expected", self.kind.what, self.kind.expected))
    }
}

fn element(name: String, start: &BytesStart<'_>) -> Element {
    let attributes = start.attributes().flatten().filter_map(|attribute| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
        Some((attribute.key.local_name().as_ref().to_owned(), value))
    });
    Element { name, attributes: attributes.collect(), content: Vec::new() }
}

fn fault(reader: &Reader<Input>, error: &XmlError) -> Error {
    match error {
        XmlError::Io(error) => reader.get_ref().fault(error),
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

//! Answers of arXiv's API: Atom feeds with arXiv's own extensions
//! (<https://info.arxiv.org/help/api/user-manual.html>).

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error as XmlError, Reader, XmlVersion};

use crate::error::{Error, Place, Result};
use crate::paper::{Draft, parse_date};

use super::input::Input;
use super::{Format, Records};

pub(super) fn read(input: Input) -> Records {
    let mut reader = Reader::from_reader(input);
    reader.config_mut().expand_empty_elements = true;
    let mut feed = Feed { reader, path: Vec::new(), is_feed: false, count: 0, buffer: Vec::new() };
    Box::new(std::iter::from_fn(move || {
        let entry = match feed.entry() {
            Ok(entry) => entry?,
            Err(error) => return Some(Err(error)),
        };
        let input = feed.reader.get_ref();
        if let Some(message) = entry.error_answer() {
            return Some(Err(input.bad_file(format!("arXiv answered with an error: {message}"))));
        }
        Some(input.found(entry.draft(), Place::Record(feed.count)))
    }))
}

struct Feed {
    reader: Reader<Input>,
    /// The names of the elements that are open, without prefixes.
    path: Vec<String>,
    /// Whether the root is a feed.
    is_feed: bool,
    count: u64,
    buffer: Vec<u8>,
}

impl Feed {
    /// Reads to the end of the next entry.
    fn entry(&mut self) -> Result<Option<Entry>> {
        let mut entry = Entry::default();
        self.reader.get_mut().limit();
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(fault(&self.reader, &error)),
            };
            match event {
                Event::Start(start) => {
                    let name = start.local_name();
                    if self.path.is_empty() {
                        self.is_feed = name.as_ref() == "feed";
                    }
                    self.path.push(name.as_ref().to_owned());
                    if self.path.len() > MAX_DEPTH {
                        return Err(self.reader.get_ref().bad_file("XML nested too deep to be an arXiv answer"));
                    }
                    entry.start(&self.path, &start);
                }
                Event::End(_) => {
                    let ends_entry = self.is_feed && self.path.len() == 2 && self.path[1] == "entry";
                    self.path.pop();
                    if ends_entry {
                        self.count += 1;
                        return Ok(Some(entry));
                    }
                }
                Event::Text(text) => entry.text(&self.path, &text.xml10_content()),
                Event::CData(text) => entry.text(&self.path, &text.xml10_content()),
                Event::GeneralRef(reference) => match resolved(&reference) {
                    Some(text) => entry.text(&self.path, &text),
                    None => entry.unknown = Some(format!("&{};", &*reference)),
                },
                Event::Eof => break,
                _ => {}
            }
        }
        let input = self.reader.get_ref();
        match (self.is_feed, self.path.is_empty()) {
            (true, true) => Ok(None),
            (true, false) => Err(input.bad_file("the XML ends early: the file is truncated, fetch it again")),
            (false, _) => Err(input.bad_file("not an answer of arXiv's API: an Atom feed with entries is expected")),
        }
    }
}

/// Deepest nesting accepted; arXiv's answers have 4 levels.
const MAX_DEPTH: usize = 64;

fn fault(reader: &Reader<Input>, error: &XmlError) -> Error {
    match error {
        XmlError::Io(error) => reader.get_ref().fault(error),
        other => reader.get_ref().bad_file(format!("damaged XML at byte {}: {other}", reader.error_position())),
    }
}

/// The text of `&amp;`, `&#233;` and their like; `None` for an entity that XML does not know.
fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Some(c.to_string()),
        Ok(None) => resolve_xml_entity(reference).map(str::to_owned),
        Err(_) => None,
    }
}

/// One entry's texts as far as they were read.
#[derive(Default)]
struct Entry {
    id: String,
    title: String,
    summary: String,
    published: String,
    authors: Vec<String>,
    primary: Option<String>,
    categories: Vec<String>,
    /// An entity that XML does not know.
    unknown: Option<String>,
}

impl Entry {
    fn start(&mut self, path: &[String], start: &BytesStart<'_>) {
        let [_, entry, name] = path else { return };
        if entry != "entry" {
            return;
        }
        let term = || {
            let attribute = start.try_get_attribute("term").ok()??;
            Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.trim().to_owned())
                .filter(|term| is_subject_class(term))
        };
        match name.as_str() {
            "author" => self.authors.push(String::new()),
            "primary_category" => self.primary = term(),
            "category" => self.categories.extend(term()),
            _ => {}
        }
    }

    fn text(&mut self, path: &[String], text: &str) {
        let within: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
        let target = match within[..] {
            ["entry", "id"] => &mut self.id,
            ["entry", "title"] => &mut self.title,
            ["entry", "summary"] => &mut self.summary,
            ["entry", "published"] => &mut self.published,
            ["entry", "author", "name"] => match self.authors.last_mut() {
                Some(name) => name,
                None => return,
            },
            _ => return,
        };
        target.push_str(text);
    }

    /// arXiv's message where the entry is none, but says what is wrong with the request.
    fn error_answer(&self) -> Option<String> {
        let is_error = self.id.contains("api/errors") || self.title.trim() == "Error" && !self.id.contains("/abs/");
        let message = self.summary.split_whitespace().collect::<Vec<_>>().join(" ");
        is_error.then(|| if message.is_empty() { "it gave no reason".to_owned() } else { message })
    }

    fn draft(self) -> Result<Draft, String> {
        let id = self.id.trim();
        if let Some(entity) = self.unknown {
            return Err(format!("the entity `{entity}`, which XML does not know: write the character"));
        }
        if id.is_empty() || self.title.trim().is_empty() {
            let name = if id.is_empty() { "no id".to_owned() } else { format!("no title for `{id}`") };
            return Err(format!("{name}: arXiv answers so for ids that do not exist"));
        }
        let published = match self.published.trim() {
            "" => None,
            text => Some(parse_date(text).ok_or_else(|| format!("`published`: `{text}` is no date that exists"))?),
        };
        let mut categories: Vec<String> = self.primary.into_iter().collect();
        for category in self.categories {
            if !categories.contains(&category) {
                categories.push(category);
            }
        }
        Ok(Draft {
            id: Some(id.to_owned()),
            title: self.title,
            abstract_text: self.summary,
            authors: self.authors,
            published,
            categories,
            source: Format::ArxivAtom.source().to_owned(),
            ..Draft::default()
        })
    }
}

/// Whether a category is arXiv's (`cs.CL`, `hep-th`) and no ACM or MSC class (`F.2.2; I.2.7`, `68T50`).
fn is_subject_class(term: &str) -> bool {
    let archive = term.split('.').next().unwrap_or_default();
    !archive.is_empty()
        && archive.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && term.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'.')
}

#[cfg(test)]
mod tests {
    use crate::sources::tests::{fixture, told};
    use crate::sources::{Format, read};

    fn check(entries: &str, expect: &[&str]) {
        let text = format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>arXiv</title>{entries}</feed>");
        check_whole(&text, expect);
    }

    fn check_whole(text: &str, expect: &[&str]) {
        let found = told(read(std::io::Cursor::new(text.to_owned()), "a.xml", Some(Format::ArxivAtom)));
        assert_eq!(found, expect, "{text}");
    }

    const GOOD: &str = "<entry><id>http://arxiv.org/abs/2401.00001v1</id><title>Good</title></entry>";
    const TOLD: &str = "id=2401.00001 | title=Good | url=https://arxiv.org/abs/2401.00001";

    #[test]
    fn an_answer() {
        insta::assert_snapshot!(fixture("arxiv.xml").join("\n"));
    }

    #[test]
    fn an_answer_that_is_an_error() {
        assert_eq!(
            fixture("arxiv_error.xml"),
            ["arxiv_error.xml: arXiv answered with an error: incorrect id format for lantern"]
        );
        check("<entry><title>Error</title></entry>", &["a.xml: arXiv answered with an error: it gave no reason"]);
        let title = GOOD.replace("Good", "Error");
        check(&title, &[&TOLD.replace("Good", "Error")]);
    }

    #[test]
    fn no_results() {
        check("", &[]);
    }

    #[test]
    fn a_bad_entry_does_not_spoil_its_neighbours() {
        for (bad, error) in [
            ("<entry/>", "no id: arXiv answers so for ids that do not exist"),
            ("<entry><id>x</id></entry>", "no title for `x`: arXiv answers so for ids that do not exist"),
            (
                "<entry><id>x</id><title>caf&eacute;</title></entry>",
                "the entity `&eacute;`, which XML does not know: write the character",
            ),
            (
                "<entry><id>x</id><title>t</title><published>2024-02-30</published></entry>",
                "`published`: `2024-02-30` is no date that exists",
            ),
        ] {
            check(&format!("{GOOD}{bad}{GOOD}"), &[TOLD, &format!("a.xml, record 2: {error}"), TOLD]);
        }
    }

    #[test]
    fn damaged_and_other_xml() {
        check_whole(
            &format!("<feed>{GOOD}<entry><id>x"),
            &[TOLD, "a.xml: the XML ends early: the file is truncated, fetch it again"],
        );
        check_whole("<rss></rss>", &["a.xml: not an answer of arXiv's API: an Atom feed with entries is expected"]);
        check_whole("words", &["a.xml: not an answer of arXiv's API: an Atom feed with entries is expected"]);
        check_whole(
            &format!("<feed>{GOOD}<entry></feed>"),
            &[TOLD, "a.xml: damaged XML at byte 89: ill-formed document: expected `</entry>`, but `</feed>` was found"],
        );
    }

    #[test]
    fn prefixes_do_not_matter() {
        let text = GOOD.replace("<", "<a:").replace("<a:/", "</a:");
        check_whole(&format!("<a:feed xmlns:a='http://www.w3.org/2005/Atom'>{text}</a:feed>"), &[TOLD]);
    }
}

//! Answers of OAI-PMH with arXiv's own metadata, the prefix `arXiv`
//! (<http://www.openarchives.org/OAI/openarchivesprotocol.html>).

use jiff::civil::Date;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

use super::check_count;
use super::client::failed;
use crate::error::{Error, RecordPosition, Result};
use crate::formats::{self, BibReference, FoundRecord, InputFormat, PaperRecord, arxiv_text};
use crate::paper::{RawPaper, parse_date};

/// Deepest nesting accepted; arXiv's answers have 8 levels.
const MAX_DEPTH: usize = 64;

/// What an answer to `ListRecords` says.
#[derive(Debug, Default)]
pub(super) struct OaiListing {
    pub(super) papers: Vec<Result<PaperRecord>>,
    /// What the next part is asked for with.
    pub(super) token: Option<String>,
    /// Code and words of an error.
    pub(super) error: Option<(String, String)>,
    /// The earliest and the latest day on which a record of this part was changed.
    pub(super) days: Option<(Date, Date)>,
}

/// Reads a whole answer; `url` is what messages call it.
pub(super) fn parse(url: &str, body: &[u8]) -> Result<OaiListing> {
    let mut reader = Reader::from_reader(body);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut listing = OaiListing::default();
    let mut record = OaiRecord::default();
    let mut number = 0;
    let mut rooted = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|error| failed(url, format!("damaged XML at byte {}: {error}", reader.error_position())))? {
            Event::Start(start) => {
                rooted = true;
                path.push(start.local_name().as_ref().to_owned());
                if path[0] != "OAI-PMH" || path.len() > MAX_DEPTH {
                    return Err(failed(url, "not an OAI-PMH response"));
                }
                match within(&path)[..] {
                    ["error"] => listing.error = Some((attribute(&start, "code"), String::new())),
                    [_, "record", "header"] => record.deleted = attribute(&start, "status") == "deleted",
                    [_, "record", "metadata", _, "authors", "author"] => record.authors.push(Default::default()),
                    _ => {}
                }
            }
            Event::End(_) => {
                if let [_, "record"] = within(&path)[..] {
                    number += 1;
                    check_count(url, number as usize)?;
                    let record = std::mem::take(&mut record);
                    if let Some(day) = parse_date(&record.datestamp) {
                        let (first, last) = listing.days.unwrap_or((day, day));
                        listing.days = Some((first.min(day), last.max(day)));
                    }
                    if !record.deleted {
                        let position = RecordPosition::Record(number);
                        let bad_record = |reason| Error::BadRecord { file: url.to_owned(), place: position, reason };
                        let reference = record.reference().map_err(bad_record);
                        let record = reference.map(|reference| FoundRecord { position, reference });
                        listing.papers.push(record.and_then(|record| record.checked(url)));
                    }
                }
                path.pop();
            }
            Event::Text(text) => take(&mut listing, &mut record, &path, &text.xml10_content()),
            Event::CData(text) => take(&mut listing, &mut record, &path, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref() {
                    Ok(Some(c)) => Some(c.to_string()),
                    Ok(None) => resolve_xml_entity(&reference).map(str::to_owned),
                    Err(_) => None,
                };
                take(&mut listing, &mut record, &path, &text.unwrap_or_else(|| format!("&{};", &*reference)));
            }
            Event::Eof if rooted && path.is_empty() => break,
            Event::Eof if rooted => return Err(failed(url, "the response is incomplete")),
            Event::Eof => return Err(failed(url, "not an OAI-PMH response")),
            _ => {}
        }
    }
    listing.token = listing.token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
    Ok(listing)
}

/// The names of the open elements below the root.
fn within(path: &[String]) -> Vec<&str> {
    path.iter().skip(1).map(String::as_str).collect()
}

fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let attribute = start.try_get_attribute(name).ok().flatten();
    attribute
        .and_then(|attribute| Some(attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned()))
        .unwrap_or_default()
}

fn take(listing: &mut OaiListing, record: &mut OaiRecord, path: &[String], text: &str) {
    let target = match within(path)[..] {
        ["error"] => listing.error.as_mut().map(|(_, words)| words),
        [_, "resumptionToken"] => Some(listing.token.get_or_insert_default()),
        [_, "record", "header", "datestamp"] => Some(&mut record.datestamp),
        [_, "record", "metadata", _, field] => match field {
            "id" => Some(&mut record.id),
            "created" => Some(&mut record.created),
            "title" => Some(&mut record.title),
            "abstract" => Some(&mut record.abstract_text),
            "categories" => Some(&mut record.categories),
            "doi" => Some(&mut record.doi),
            _ => None,
        },
        [_, "record", "metadata", _, "authors", "author", part] => {
            record.authors.last_mut().and_then(|name| match part {
                "forenames" => Some(&mut name[0]),
                "keyname" => Some(&mut name[1]),
                "suffix" => Some(&mut name[2]),
                _ => None,
            })
        }
        _ => None,
    };
    if let Some(target) = target {
        target.push_str(text);
    }
}

/// A record's texts as far as they were read.
#[derive(Default)]
struct OaiRecord {
    deleted: bool,
    datestamp: String,
    id: String,
    created: String,
    title: String,
    abstract_text: String,
    categories: String,
    doi: String,
    /// Forenames, family name, suffix.
    authors: Vec<[String; 3]>,
}

impl OaiRecord {
    fn reference(self) -> Result<BibReference, String> {
        if self.id.trim().is_empty() {
            return Err("no id".to_owned());
        }
        let created = self.created.trim();
        let published = parse_date(created);
        let mut reference = BibReference::from(RawPaper {
            id: Some(self.id),
            // Some papers have several, separated by spaces.
            aliases: self.doi.split_whitespace().map(str::to_owned).collect(),
            title: self.title,
            abstract_text: self.abstract_text,
            authors: self.authors.iter().map(|name| name.join(" ")).collect(),
            published,
            categories: self.categories.split_whitespace().map(str::to_owned).collect(),
            source: "arxiv".to_owned(),
            ..RawPaper::default()
        });
        reference.raw_paper = arxiv_text::read_accents(reference.raw_paper);
        formats::clean(&mut reference, InputFormat::ArxivAtom);
        if published.is_none() && !created.is_empty() {
            reference.notes.drop("created", format!("`{created}` is not a date that exists"));
        }
        Ok(reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Vec<String> {
        match parse("u", body.as_bytes()) {
            Ok(listing) => {
                let mut told: Vec<String> = listing
                    .papers
                    .iter()
                    .flat_map(|record| match record {
                        Ok(PaperRecord { paper, dropped, .. }) => {
                            let paper = serde_json::to_string(paper).unwrap();
                            std::iter::once(paper).chain(dropped.iter().map(Error::to_string)).collect()
                        }
                        Err(error) => vec![error.to_string()],
                    })
                    .collect();
                told.extend(listing.token.map(|token| format!("token {token}")));
                told.extend(listing.error.map(|(code, words)| format!("error {code}: {words}")));
                told.extend(listing.days.map(|(first, last)| format!("{first}..{last}")));
                told
            }
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn a_listing() {
        let body = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/oai.xml")).unwrap();
        insta::assert_snapshot!(told(&body).join("\n"));
    }

    #[test]
    fn accents_are_letters() {
        let body = "<OAI-PMH><ListRecords><record><metadata><arXiv><id>2401.90001</id><title>Schr\\\"odinger's $\\tilde{n}$\
                    </title><abstract>Na{\\\"i}ve.</abstract></arXiv></metadata></record></ListRecords></OAI-PMH>";
        let listing = parse("u", body.as_bytes()).unwrap();
        let paper = listing.papers[0].as_ref().unwrap();
        assert_eq!(
            (paper.paper.title.as_str(), paper.paper.abstract_text.as_str()),
            ("Schrödinger's $\\tilde{n}$", "Naïve.")
        );
    }

    #[test]
    fn errors_and_damage() {
        let check = |body: &str, expect: &[&str]| assert_eq!(told(body), expect, "{body}");
        check("<OAI-PMH><error code=\"noRecordsMatch\">None.</error></OAI-PMH>", &["error noRecordsMatch: None."]);
        check("<OAI-PMH><ListRecords><resumptionToken/></ListRecords></OAI-PMH>", &[]);
        check("<OAI-PMH><ListRecords><record>", &["u: the response is incomplete"]);
        check("", &["u: not an OAI-PMH response"]);
        check("words", &["u: not an OAI-PMH response"]);
        check("<html><p>Busy</p></html>", &["u: not an OAI-PMH response"]);
        let record = |fields: &str| {
            format!(
                "<OAI-PMH><ListRecords><record><metadata><arXiv>{fields}</arXiv></metadata></record></ListRecords></OAI-PMH>"
            )
        };
        check(&record("<title>t</title>"), &["u, record 1: no id"]);
        check(&record("<id>1</id>"), &["u, record 1: no title and no abstract"]);
        check(
            &record("<id>1</id><title>t</title><created>2024-02-30</created>"),
            &[
                r#"{"id":"1","title":"t","source":"arxiv"}"#,
                "u, record 1: `created`: `2024-02-30` is not a date that exists",
            ],
        );
    }
}

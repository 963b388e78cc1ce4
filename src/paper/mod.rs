//! A research paper: its fields, its ids, when two records are the same paper, the text that is embedded, and the works
//! that it cites.

mod address;
mod date;
mod date_tokens;
mod doi;
mod id;
mod identity;
mod near_titles;
mod person_name;
mod placeholder;
mod title_id;
mod work_name;
mod year_range;

pub(crate) use address::is_of_web;
pub(crate) use date::PartialDate;
pub use date::parse_date;
pub use id::PaperId;
pub(crate) use id::title_key;
pub(crate) use identity::authors_and_years_agree;
pub(crate) use near_titles::are_near_titles;
pub(crate) use person_name::{
    is_initials, is_name_suffix, is_same_person, is_suffix_of, surname_key, without_initials,
};
pub(crate) use placeholder::{is_missing_word, is_no_author};
pub use work_name::{CitationLinks, WorkName};
pub use year_range::YearRange;

use std::collections::HashSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::text::is_invisible;

/// Longest title accepted, in characters. The longest of 165,737 arXiv titles has 227.
pub(crate) const MAX_TITLE: usize = 5_000;
/// Longest abstract accepted, in characters; the encoder reads the first few hundred words of it.
const MAX_ABSTRACT: usize = 200_000;
/// Longest name of a source that is kept, in characters.
pub(crate) const MAX_SOURCE: usize = 100;
/// Longest address that is kept, in bytes; browsers and servers take about 8,000.
pub(crate) const MAX_ADDRESS: usize = 8_000;
/// Aliases kept of one paper, whatever its sources say: those with the most have ten.
pub(crate) const MAX_ALIASES: usize = 1_000;

/// A paper. Made by [`RawPaper::validate`], so it has an id and some text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Paper {
    /// What names it, normalized.
    pub id: PaperId,
    /// What names it too: its DOI beside its arXiv id, ...
    #[serde(alias = "also", default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<PaperId>,
    /// The title on one line; may be empty when there is an abstract.
    pub title: String,
    /// The abstract on one line; may be empty when there is a title.
    #[serde(rename = "abstract", default, skip_serializing_if = "String::is_empty")]
    pub abstract_text: String,
    /// Names of the authors, in order, as far as the source gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// How many authors there are, where the source says only that.
    #[cfg_attr(feature = "server", schema(format = Int64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_count: Option<u32>,
    /// The day it was first published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// The day it appeared in a listing, such as the Daily Papers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Date>,
    /// Votes, as the source counts them.
    #[cfg_attr(feature = "server", schema(format = Int64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<u32>,
    /// Comments, as the source counts them.
    #[cfg_attr(feature = "server", schema(format = Int64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<u32>,
    /// Subject classes, the primary one first: `cs.CL`, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The kind of source it came from: `hf-page`, `arxiv`, ...
    pub source: String,
    /// Where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Paper {
    /// The text that is embedded: `title. abstract`, or the one of them that there is.
    ///
    /// ```
    /// assert_eq!(paperkin::paper::document("Title", "An abstract."), "Title. An abstract.");
    /// ```
    pub fn document(&self) -> String {
        document(&self.title, &self.abstract_text)
    }

    /// Bytes that it takes in memory.
    pub(crate) fn size_bytes(&self) -> usize {
        let texts = [&self.title, &self.abstract_text, &self.source].into_iter().chain(&self.url);
        let listed = self.authors.iter().chain(&self.categories);
        let ids = self.aliases.iter().map(|id| size_of::<PaperId>() + id.as_str().len()).sum::<usize>();
        size_of::<Paper>()
            + self.id.as_str().len()
            + ids
            + texts.map(String::len).sum::<usize>()
            + listed.map(|text| size_of::<String>() + text.len()).sum::<usize>()
    }

    /// This paper as a newer record of it has it: what the record says replaces what was known, what it leaves out
    /// stays.
    pub fn merged_with(self, newer: Paper) -> Paper {
        fn text(old: String, new: String) -> String {
            if new.is_empty() { old } else { new }
        }
        fn list(old: Vec<String>, new: Vec<String>) -> Vec<String> {
            if new.is_empty() { old } else { new }
        }
        let names = self.aliases.into_iter().chain([newer.id]).chain(newer.aliases);
        Paper {
            aliases: distinct_aliases(&self.id, names),
            id: self.id,
            title: text(self.title, newer.title),
            abstract_text: text(self.abstract_text, newer.abstract_text),
            authors: list(self.authors, newer.authors),
            author_count: newer.author_count.or(self.author_count),
            published: newer.published.or(self.published),
            listed: newer.listed.or(self.listed),
            votes: newer.votes.or(self.votes),
            comments: newer.comments.or(self.comments),
            categories: list(self.categories, newer.categories),
            source: newer.source,
            url: newer.url.or(self.url),
        }
    }

    /// Where it can be read on the web. Papers come from anywhere: an address of another kind, which may run a script, is
    /// none.
    pub fn link(&self) -> Option<String> {
        let url = self.url.clone().or_else(|| self.id.url())?;
        (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
    }

    /// Whether it is of one of these categories: `cs.CL`, or `cs` for all of `cs.*`.
    pub fn is_of_any(&self, categories: &[String]) -> bool {
        let within = |own: &str, wanted: &str| {
            own.split_at_checked(wanted.len()).is_some_and(|(start, rest)| {
                start.eq_ignore_ascii_case(wanted) && (rest.is_empty() || rest.starts_with('.'))
            })
        };
        self.categories.iter().any(|own| categories.iter().any(|wanted| within(own, wanted)))
    }

    /// The newest date known: listed, or else published.
    pub fn date(&self) -> Option<Date> {
        self.listed.or(self.published)
    }
}

/// What a ranking may know of a paper beside its text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PaperMetadata {
    /// When it appeared: the newest date known.
    pub date: Option<Date>,
    /// Its votes.
    pub votes: Option<u32>,
}

/// The text that is embedded for a title and an abstract.
pub fn document(title: &str, abstract_text: &str) -> String {
    match (title.is_empty(), abstract_text.is_empty()) {
        (false, false) => format!("{title}. {abstract_text}"),
        (false, true) => title.to_owned(),
        _ => abstract_text.to_owned(),
    }
}

/// What a source read of one paper, before it is checked.
///
/// ```
/// use paperkin::paper::RawPaper;
///
/// let raw = RawPaper { title: " Walking\n robots ".to_owned(), source: "list".to_owned(), ..RawPaper::default() };
/// assert_eq!(raw.validate().unwrap().title, "Walking robots");
/// assert!(RawPaper::default().validate().is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawPaper {
    /// Any spelling of an id, or none.
    pub id: Option<String>,
    /// Any spelling of other ids; those that are none are left out.
    pub aliases: Vec<String>,
    /// Raw title.
    pub title: String,
    /// Raw abstract.
    pub abstract_text: String,
    /// Raw author names.
    pub authors: Vec<String>,
    /// See [`Paper::author_count`].
    pub author_count: Option<u32>,
    /// See [`Paper::published`].
    pub published: Option<Date>,
    /// See [`Paper::listed`].
    pub listed: Option<Date>,
    /// See [`Paper::votes`].
    pub votes: Option<u32>,
    /// See [`Paper::comments`].
    pub comments: Option<u32>,
    /// See [`Paper::categories`].
    pub categories: Vec<String>,
    /// See [`Paper::source`].
    pub source: String,
    /// See [`Paper::url`].
    pub url: Option<String>,
    /// Where it appeared: the journal with volume and issue, the proceedings or the book. Not stored; together with the
    /// first author and the year it tells papers of the same title apart.
    pub container: String,
    /// What its source names it by, in a form that is no id: the `guid` of a feed's item. Not stored, as `container`.
    pub guid: String,
}

impl RawPaper {
    /// Checks and normalizes: white space collapsed, control characters dropped, placeholders such as
    /// `[No abstract available]` dropped, the id normalized or made from the title and more ([`PaperId::from_record`]), the
    /// address filled in from the id. The error is the reason, for a [`crate::Error::BadRecord`].
    pub fn validate(mut self) -> Result<Paper, String> {
        self.title = into_one_line(self.title);
        self.abstract_text = into_one_line(self.abstract_text);
        self.authors = lines(self.authors);
        self.drop_placeholders();
        if self.title.is_empty() && self.abstract_text.is_empty() {
            return Err("no title and no abstract".to_owned());
        }
        check_length("title", &self.title, MAX_TITLE)?;
        check_length("abstract", &self.abstract_text, MAX_ABSTRACT)?;
        let id = match self.id.as_deref().map(str::trim).filter(|id| !id.is_empty() && !is_missing_word(id)) {
            Some(id) => PaperId::parse_new(id)?,
            None => PaperId::from_record(&self),
        };
        let names = self.aliases.iter().filter(|name| !is_missing_word(name));
        let names = names.filter_map(|name| PaperId::parse_new(name).ok());
        let aliases = distinct_aliases(&id, names);
        let url = self.url.as_deref().and_then(clean_address).or_else(|| id.url());
        let url = url.or_else(|| aliases.iter().find_map(PaperId::url));
        let mut source = into_one_line(self.source);
        if let Some((end, _)) = source.char_indices().nth(MAX_SOURCE) {
            source.truncate(end);
        }
        Ok(Paper {
            id,
            aliases,
            title: self.title,
            abstract_text: self.abstract_text,
            authors: self.authors,
            author_count: self.author_count,
            published: self.published,
            listed: self.listed,
            votes: self.votes,
            comments: self.comments,
            categories: lines(self.categories),
            source,
            url,
        })
    }

    /// Clears what only says that there is no title, no abstract or no author.
    fn drop_placeholders(&mut self) {
        if placeholder::is_no_title(&self.title) {
            self.title.clear();
        }
        if placeholder::is_no_abstract(&self.abstract_text) {
            self.abstract_text.clear();
        }
        self.authors.retain(|name| !is_no_author(name));
    }
}

/// Aliases of a paper of this id, each once, in their order; of too many the first.
fn distinct_aliases(id: &PaperId, names: impl Iterator<Item = PaperId>) -> Vec<PaperId> {
    let mut known = HashSet::from([id.clone()]);
    names.filter(|name| known.insert(name.clone())).take(MAX_ALIASES).collect()
}

/// Returns an address of the web without white space around it and invisible characters in it; `None` for any other.
fn clean_address(address: &str) -> Option<String> {
    let address: String = address.trim().chars().filter(|c| !is_invisible(*c)).collect();
    let is_kept = !address.is_empty() && address.len() <= MAX_ADDRESS && is_of_web(&address);
    is_kept.then_some(address)
}

fn check_length(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.len() > most && text.chars().count() > most {
        return Err(format!("the {what} is longer than {most} characters"));
    }
    Ok(())
}

fn lines(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(into_one_line).filter(|text| !text.is_empty()).collect()
}

/// The text on one line: runs of white space and control characters become one space, and what turns the direction of a
/// text is left out.
pub(crate) fn one_line(text: &str) -> String {
    if is_on_one_line(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let length = line.len();
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !is_invisible(*c)));
        if line.ends_with(' ') {
            line.truncate(length);
        }
    }
    line
}

/// As [`one_line`], without a copy of a text that is on one line.
fn into_one_line(text: String) -> String {
    if is_on_one_line(&text) { text } else { one_line(&text) }
}

/// Whether a text is ASCII and on one line, with single spaces within. Most are: so all bytes are looked at without a
/// branch, many at a time.
fn is_on_one_line(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = bytes.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let has_two_spaces = || pairs.fold(false, |found, (one, next)| found | ((*one == b' ') & (*next == b' ')));
    is_plain && !text.starts_with(' ') && !text.ends_with(' ') && !has_two_spaces()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draft(title: &str, abstract_text: &str) -> RawPaper {
        RawPaper { title: title.into(), abstract_text: abstract_text.into(), ..RawPaper::default() }
    }

    #[test]
    fn text_is_put_on_one_line() {
        let paper = draft(" A\n  title\u{0}here ", "Two\r\nlines").validate().unwrap();
        assert_eq!((paper.title.as_str(), paper.abstract_text.as_str()), ("A title here", "Two lines"));
        assert_eq!(paper.document(), "A title here. Two lines");
    }

    proptest! {
        #[test]
        fn one_line_is_its_words(text in "[ a~\t\n\u{7f}\u{85}\u{a0}é]{0,12}") {
            let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
            prop_assert_eq!(one_line(&text), words.join(" "));
            prop_assert_eq!(into_one_line(text.clone()), words.join(" "));
        }
    }

    #[test]
    fn a_paper_needs_some_text_and_not_too_much() {
        assert_eq!(draft(" ", "\n").validate().unwrap_err(), "no title and no abstract");
        assert!(draft("only a title", "").validate().is_ok());
        assert!(draft("", "only an abstract").validate().is_ok());
        assert!(draft("t", &"word ".repeat(3_200)).validate().is_ok());
        let reason = draft(&"t".repeat(MAX_TITLE + 1), "").validate().unwrap_err();
        assert_eq!(reason, "the title is longer than 5000 characters");
    }

    #[test]
    fn placeholders_are_no_values() {
        let raw = RawPaper {
            id: Some("N/A".to_owned()),
            aliases: vec!["None".to_owned(), "nan".to_owned()],
            authors: vec!["[No author name available]".to_owned(), "Ada Oak".to_owned()],
            ..draft("Lamps", " [No abstract\n available]")
        };
        let paper = raw.validate().unwrap();
        assert_eq!(paper, RawPaper { authors: vec!["Ada Oak".to_owned()], ..draft("Lamps", "") }.validate().unwrap());
        assert_eq!(draft("None", "").validate().unwrap().title, "None");
        assert!(draft("[No title available]", "[No abstract available]").validate().is_err());
    }

    #[test]
    fn categories_have_parts() {
        let paper =
            RawPaper { categories: vec!["cs.CL".into(), "hep-th".into()], ..draft("t", "") }.validate().unwrap();
        for (category, expect) in [("cs.CL", true), ("CS", true), ("hep-th", true), ("cs.C", false), ("hep", false)] {
            assert_eq!(paper.is_of_any(&["x".to_owned(), category.to_owned()]), expect, "{category}");
        }
        assert!(!paper.is_of_any(&[]));
    }

    #[test]
    fn nothing_is_kept_that_is_not_shown() {
        let raw = RawPaper {
            id: Some("mine".to_owned()),
            aliases: vec!["his\u{202e}".to_owned(), "10.5555/a".to_owned()],
            categories: vec!["cs\u{1b}[2J.CL\u{2066}".to_owned()],
            source: format!("li\u{9b}st\n{}", "x".repeat(200)),
            url: Some(" https://example.org/\u{1b}[2J\r\na\u{202e} ".to_owned()),
            ..draft("La\u{202e}mps \u{2066} light", "")
        };
        let paper = raw.clone().validate().unwrap();
        assert_eq!(paper.title, "Lamps light");
        assert_eq!(paper.aliases.iter().map(PaperId::as_str).collect::<Vec<_>>(), ["doi:10.5555/a"]);
        assert_eq!(paper.categories, ["cs [2J.CL"]);
        assert!(paper.source.starts_with("li st x") && paper.source.len() == MAX_SOURCE, "{}", paper.source);
        assert_eq!(paper.url.as_deref(), Some("https://example.org/[2Ja"));
        let long = format!("https://example.org/{}", "x".repeat(MAX_ADDRESS));
        assert_eq!(RawPaper { url: Some(long), aliases: Vec::new(), ..raw.clone() }.validate().unwrap().url, None);
        assert!(RawPaper { id: Some("mine\u{202e}".to_owned()), ..raw }.validate().is_err());
    }

    #[test]
    fn a_paper_has_so_many_aliases_and_no_more() {
        let aliases = (0..100_000).map(|n| format!("10.5555/{n}")).collect();
        let paper = RawPaper { id: Some("mine".into()), aliases, ..draft("t", "") }.validate().unwrap();
        assert_eq!(paper.aliases.len(), MAX_ALIASES);
        assert_eq!(paper.clone().merged_with(paper).aliases.len(), MAX_ALIASES);
    }

    #[test]
    fn an_address_comes_from_the_id() {
        let paper = RawPaper { id: Some("arXiv:2401.12345v2".into()), ..draft("t", "") }.validate().unwrap();
        assert_eq!(paper.url.as_deref(), Some("https://arxiv.org/abs/2401.12345"));
    }
}

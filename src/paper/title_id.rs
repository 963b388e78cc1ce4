//! IDs of papers that have none: made from the title, and from what tells papers of one title apart.
//!
//! Older versions made them from the title alone: [`PaperId::of_title_alone`] leads from the one to the other.

use sha2::{Digest, Sha256};

use super::person_name::surname;
use super::{PaperId, RawPaper, title_key};

const PREFIX: &str = "title:";
/// What the id of a work begins with that is known by its citation alone.
const CITATION_PREFIX: &str = "cr:";
/// Words of an abstract that are hashed: the ends differ between sources.
const ABSTRACT_WORDS: usize = 20;
/// Characters of an abstract in which these words are looked for: some scripts have no spaces.
const ABSTRACT_CHARS: usize = 400;
/// Hex digits of a hash.
const HASH_DIGITS: usize = 16;

impl PaperId {
    /// An id for a paper that has none, from its title (or other text) alone: the same for the same letters and digits,
    /// whatever the case, the punctuation and the white space.
    ///
    /// ```
    /// use paperkin::PaperId;
    ///
    /// let id = PaperId::from_text("A paper without an id");
    /// assert_eq!(id, PaperId::from_text("a paper, without an ID"));
    /// ```
    pub fn from_text(text: &str) -> PaperId {
        PaperId(format!("{PREFIX}{}", short_hash(&title_key(text))))
    }

    /// An id for a record that has none, from its title and what tells papers of one title apart: the last name of the
    /// first author, the year, where it appeared, and what its source names it by or else its address. If it has none of
    /// these but a year, the first words of its abstract. A record with a title only gets the id of its title alone, and one
    /// without a title that of its abstract.
    ///
    /// ```
    /// use paperkin::PaperId;
    /// use paperkin::paper::RawPaper;
    ///
    /// let editorial = |author: &str| {
    ///     let authors = vec![author.to_owned()];
    ///     PaperId::from_record(&RawPaper { title: "Editorial".to_owned(), authors, ..RawPaper::default() })
    /// };
    /// assert_eq!(editorial("Ada Oak"), editorial("Oak, A."));
    /// assert_ne!(editorial("Ada Oak"), editorial("Ben Elm"));
    /// ```
    pub fn from_record(record: &RawPaper) -> PaperId {
        let title = title_key(&record.title);
        if title.is_empty() {
            // Abstracts tell papers apart.
            let text = if record.title.trim().is_empty() { &record.abstract_text } else { &record.title };
            return PaperId::from_text(text);
        }
        let title_id = PaperId(format!("{PREFIX}{}", short_hash(&title)));
        let name = Some(record.guid.as_str()).filter(|name| !name.trim().is_empty()).or(record.url.as_deref());
        let details = [
            first_surname(&record.authors).unwrap_or_default(),
            record.published.map(|day| day.year().to_string()).unwrap_or_default(),
            title_key(&record.container),
            address_key(name.unwrap_or_default()).to_owned(),
        ];
        // A year tells few papers apart. The abstract, which sources change, counts only where there is nothing else.
        let [author, _, container, name] = &details;
        let abstract_key = match [author, container, name].iter().all(|detail| detail.is_empty()) {
            true => start_key(&record.abstract_text),
            false => String::new(),
        };
        match details.join("\n") {
            details if !abstract_key.is_empty() => {
                PaperId(format!("{title_id}-{}", short_hash(&[&details, "\n", &abstract_key].concat())))
            }
            details if details.trim().is_empty() => title_id,
            details => PaperId(format!("{title_id}-{}", short_hash(&details))),
        }
    }

    /// An id for a work that is known by its citation alone, as [`PaperId::from_text`] makes one from a title.
    pub(crate) fn from_citation(citation: &str) -> PaperId {
        PaperId(format!("{CITATION_PREFIX}{}", short_hash(&title_key(citation))))
    }

    /// Whether a record or a citation has it from its source: it was not made from a text.
    pub(crate) fn is_of_source(&self) -> bool {
        !self.is_of_title() && !self.0.strip_prefix(CITATION_PREFIX).is_some_and(is_hash)
    }

    /// Whether it was made from a title.
    pub(crate) fn is_of_title(&self) -> bool {
        self.title_hashes().is_some()
    }

    /// Of an id made from a title and more, the id of the title alone; of any other id none.
    pub(crate) fn of_title_alone(&self) -> Option<PaperId> {
        let (title, details) = self.title_hashes()?;
        details.map(|_| PaperId(format!("{PREFIX}{title}")))
    }

    /// The hash of the title and, if it was made from more, that of the rest.
    fn title_hashes(&self) -> Option<(&str, Option<&str>)> {
        let hashes = self.0.strip_prefix(PREFIX)?;
        let (title, details) = hashes.split_once('-').map_or((hashes, None), |(title, rest)| (title, Some(rest)));
        (is_hash(title) && details.is_none_or(is_hash)).then_some((title, details))
    }
}

/// The key of the first words of a text.
fn start_key(text: &str) -> String {
    let end = text.char_indices().nth(ABSTRACT_CHARS).map_or(text.len(), |(end, _)| end);
    let key = title_key(&text[..end]);
    key.split(' ').take(ABSTRACT_WORDS).collect::<Vec<_>>().join(" ")
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn short_hash(text: &str) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let hash = Sha256::digest(text.as_bytes());
    hash[..HASH_DIGITS / 2].iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The last name of the first author who has one.
pub(super) fn first_surname(authors: &[String]) -> Option<String> {
    authors.iter().map(|author| surname(author)).find(|name| !name.is_empty())
}

/// An address without what varies between links to one page: the scheme, and a slash at the end.
pub(super) fn address_key(address: &str) -> &str {
    let address = address.trim();
    let address = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(address);
    address.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_titles_ignore_case_and_punctuation() {
        let id = PaperId::from_text("A Title: with Punctuation!");
        assert_eq!(id, PaperId::from_text("a title  with punctuation"));
        assert_ne!(id, PaperId::from_text("another title"));
        assert_eq!(id.as_str().len(), "title:".len() + 16);
        assert_eq!(PaperId::parse(id.as_str()).unwrap(), id);
    }

    fn record(author: &str, year: i16, container: &str, guid: &str, url: &str) -> RawPaper {
        RawPaper {
            title: "Editorial".to_owned(),
            authors: Some(author).filter(|author| !author.is_empty()).map(str::to_owned).into_iter().collect(),
            published: (year > 0).then(|| jiff::civil::date(year, 5, 1)),
            container: container.to_owned(),
            guid: guid.to_owned(),
            url: Some(url.to_owned()),
            ..RawPaper::default()
        }
    }

    #[test]
    fn what_tells_papers_of_one_title_apart() {
        let journal = "J. Inv. Lamps 5 1";
        let whole = record("Ada Oak", 1999, journal, "", "https://example.org/1");
        let id = PaperId::from_record(&whole);
        let same = [
            record("Oak, Ada", 1999, "j inv lamps, 5 (1)", "", "http://example.org/1/"),
            record("Oak A.", 1999, journal, "", "https://example.org/1"),
            record("A. OAK", 1999, journal, "https://example.org/1", ""),
            record(" Ada  Óak ", 1999, journal, "https://example.org/1", "https://example.org/other"),
            RawPaper { published: Some(jiff::civil::date(1999, 12, 31)), ..whole.clone() },
            RawPaper { abstract_text: "On lamps.".to_owned(), title: "editorial.".to_owned(), ..whole.clone() },
        ];
        for record in same {
            assert_eq!(PaperId::from_record(&record), id, "{record:?}");
        }
        let others = [
            record("Ben Elm", 1999, journal, "", "https://example.org/1"),
            record("Elm A.", 1999, journal, "", "https://example.org/1"),
            record("Ada Oak", 2000, journal, "", "https://example.org/1"),
            record("Ada Oak", 1999, "J. Inv. Lamps 5 2", "", "https://example.org/1"),
            record("Ada Oak", 1999, journal, "", "https://example.org/2"),
            record("Ada Oak", 1999, journal, "item 1", "https://example.org/1"),
            record("", 0, "", "", ""),
            RawPaper { title: "Errata".to_owned(), ..whole },
        ];
        for record in others {
            assert_ne!(PaperId::from_record(&record), id, "{record:?}");
        }
    }

    #[test]
    fn a_title_is_all_that_some_records_have() {
        let title_id = PaperId::from_text("Editorial");
        assert_eq!(PaperId::from_record(&record("", 0, "", " ", "")), title_id);
        assert_eq!(title_id.of_title_alone(), None);
        let id = PaperId::from_record(&record("Ada Oak", 0, "", "", ""));
        assert_eq!((id.of_title_alone(), id.is_of_title()), (Some(title_id.clone()), true));
        assert_eq!(PaperId::parse(id.as_str()).unwrap(), id);
        let preface = |year: i16, text: &str| {
            let record = RawPaper { abstract_text: text.to_owned(), ..record("", year, "", "", "") };
            PaperId::from_record(&record)
        };
        assert_ne!(preface(0, "Moss."), preface(0, "Ferns."));
        assert_ne!(preface(2020, "Moss."), preface(2020, "Ferns."));
        assert_eq!(preface(2020, "Moss."), preface(2020, "moss"));
        assert_eq!(preface(0, "Moss.").of_title_alone(), Some(title_id.clone()));
        let (start, end) = ("word ".repeat(20), "more");
        assert_eq!(preface(0, &start), preface(0, &[&start, end].concat()));
        let untitled = |title: &str| {
            let record = RawPaper { title: title.to_owned(), ..record("Ada Oak", 1999, "", "", "") };
            PaperId::from_record(&RawPaper { abstract_text: "On lamps.".to_owned(), ..record })
        };
        assert_eq!((untitled(" "), untitled("?")), (PaperId::from_text("On lamps."), PaperId::from_text("?")));
        for other in ["title:mine", "title:0123456789abcdef-", "2401.12345", "title:0123456789abcdef-0123456789abcdeg"]
        {
            assert!(!PaperId::parse(other).unwrap().is_of_title(), "{other}");
        }
        assert!(title_id.is_of_title());
    }
}

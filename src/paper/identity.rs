//! When two records are the same paper, and the paper that several records are merged into.
//!
//! There are three rules. [`Paper::is_copy_of`] merges records while papers are added: nobody looks at the result, so it asks
//! for an equal title, a common author, and nothing that speaks against it. `authors_and_years_agree` matches an imported
//! reading history, where a person sees what was matched: together with a similar title it needs less. A work that is
//! cited by its title is the paper of this title if [`authors_and_years_agree`] and no id tells them apart.

use std::collections::{BTreeSet, HashSet};

use super::person_name::surname;
use super::title_id::{address_key, first_surname};
use super::{Paper, PaperId, title_key};
use crate::text::script::has_unsegmented;

/// Titles of fewer words are had by many papers: `Introduction`, `A reply to our critics`.
const MIN_TITLE_WORDS: usize = 4;
/// Years between the first version of a paper and its last copy, at most.
const MAX_YEARS_BETWEEN_COPIES: i16 = 2;
/// Years between a record of an imported history and the paper of the library, at most.
const MAX_YEARS_BETWEEN_MATCHES: i16 = 1;

/// Ranks of ids that whole registries give: a paper has one of each.
const GIVEN: u8 = 2;

impl Paper {
    /// Its id and its other names.
    pub fn all_ids(&self) -> impl Iterator<Item = &PaperId> {
        std::iter::once(&self.id).chain(&self.aliases)
    }

    /// The paper that these records are of, the oldest first, which gives its id. What was said last counts, and what
    /// nobody says any more stays; but a record without an abstract does not change the title of a paper that has one,
    /// and the day of publication is the earliest.
    ///
    /// # Panics
    /// If there are no records.
    pub fn from_records(records: &[Paper]) -> Paper {
        let (first, others) = records.split_first().expect("a paper has a record");
        let mut paper = others.iter().cloned().fold(first.clone(), Paper::merged_with);
        if let Some(with_abstract) = records.iter().rfind(|record| !record.abstract_text.is_empty()) {
            let title = if with_abstract.title.is_empty() { &paper.title } else { &with_abstract.title };
            paper.title = title.clone();
        }
        paper.published = records.iter().filter_map(|record| record.published).min();
        paper
    }

    /// Whether two records without a name in common are of one paper all the same: the same title, of some words; an
    /// author in common; years that fit; and nothing that tells them apart, such as two arXiv ids.
    ///
    /// ```
    /// use paperkin::paper::RawPaper;
    ///
    /// let record = |id: &str, author: &str| {
    ///     let (id, authors) = (Some(id.to_owned()), vec![author.to_owned()]);
    ///     let title = "Walking robots on soft ground".to_owned();
    ///     RawPaper { id, title, authors, source: id_source(), ..RawPaper::default() }.validate().unwrap()
    /// };
    /// # fn id_source() -> String { "test".to_owned() }
    /// let preprint = record("2401.00001", "Ada Example");
    /// assert!(!preprint.is_copy_of(&record("2401.00002", "Ada Example")), "two arXiv ids");
    /// ```
    pub fn is_copy_of(&self, other: &Paper) -> bool {
        let title = title_key(&self.title);
        let years = |paper: &Paper| paper.published.map(|day| day.year());
        let apart =
            years(self).zip(years(other)).is_some_and(|(one, other)| (one - other).abs() > MAX_YEARS_BETWEEN_COPIES);
        tells_papers_apart(&title)
            && title == title_key(&other.title)
            && !apart
            && !self.is_named_apart_from(other)
            && self.has_author_of(other)
    }

    /// Whether few papers share its title, so that another record of the title may be a copy.
    pub(crate) fn has_telling_title(&self) -> bool {
        tells_papers_apart(&title_key(&self.title))
    }

    /// Whether a work that is cited by the same title is this paper: an author in common, years that fit, and no id that
    /// tells them apart.
    pub(super) fn is_cited_as(&self, work: &Paper) -> bool {
        authors_and_years_agree(work, self) == Some(true) && !self.is_named_apart_from(work)
    }

    /// Whether its id was made from the title alone, and this newer record of the same title, whose id is made from more,
    /// may be of the same paper: nothing tells them apart. If they say nothing that can be compared, an abstract must be
    /// the same.
    pub(crate) fn is_older_form_of(&self, newer: &Paper) -> bool {
        newer.all_ids().any(|id| id.of_title_alone().as_ref() == Some(&self.id))
            && self.details_agree(newer).unwrap_or_else(|| {
                let (one, other) = (&self.abstract_text, &newer.abstract_text);
                one.is_empty() || one == other
            })
    }

    /// Whether what tells papers of one title apart (the first author, the year, the address) speaks for one paper, against
    /// it, or says nothing: what one of them lacks is no difference.
    pub(crate) fn details_agree(&self, other: &Paper) -> Option<bool> {
        let year = |paper: &Paper| paper.published.map(|day| day.year());
        let address = |paper: &Paper| paper.link().map(|address| address_key(&address).to_owned());
        let compared = [
            first_surname(&self.authors).zip(first_surname(&other.authors)).map(|(one, other)| one == other),
            year(self).zip(year(other)).map(|(one, other)| one == other),
            address(self).zip(address(other)).map(|(one, other)| one == other),
        ];
        let known = || compared.iter().flatten();
        known().next().map(|_| known().all(|same| *same))
    }

    /// Whether they have an author's last name in common.
    fn has_author_of(&self, other: &Paper) -> bool {
        let surnames: HashSet<_> = self.authors.iter().map(|name| surname(name)).collect();
        other.authors.iter().any(|name| surnames.contains(&surname(name)))
    }

    /// Whether names tell them apart: two names of one kind, or two of one source.
    fn is_named_apart_from(&self, other: &Paper) -> bool {
        let given =
            |paper: &Paper| paper.all_ids().map(PaperId::rank).filter(|rank| *rank <= GIVEN).collect::<BTreeSet<u8>>();
        let made_up = self.id.is_of_title() || other.id.is_of_title();
        !given(self).is_disjoint(&given(other)) || (self.source == other.source && !made_up)
    }
}

/// Whether authors and years of two records with the same title speak for one paper, against it, or say nothing.
pub(crate) fn authors_and_years_agree(one: &Paper, other: &Paper) -> Option<bool> {
    let year = |paper: &Paper| paper.published.or(paper.listed).map(|day| day.year());
    if year(one).zip(year(other)).is_some_and(|(one, other)| (one - other).abs() > MAX_YEARS_BETWEEN_MATCHES) {
        return Some(false);
    }
    (!one.authors.is_empty() && !other.authors.is_empty()).then(|| one.has_author_of(other))
}

/// Whether a title, as its key, has enough words to tell papers apart.
pub(super) fn tells_papers_apart(title_key: &str) -> bool {
    word_count(title_key) >= MIN_TITLE_WORDS
}

/// How many words a title has. Two characters are one where no spaces separate words.
fn word_count(title_key: &str) -> usize {
    let words = |part: &str| if has_unsegmented(part) { part.chars().count().div_ceil(2) } else { 1 };
    title_key.split(' ').map(words).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::RawPaper;

    fn record(id: &str, source: &str, title: &str, authors: &[&str], year: i16) -> Paper {
        RawPaper {
            id: Some(id.to_owned()),
            title: title.to_owned(),
            authors: authors.iter().map(|author| (*author).to_owned()).collect(),
            published: Some(jiff::civil::date(year, 5, 1)),
            source: source.to_owned(),
            ..RawPaper::default()
        }
        .validate()
        .unwrap()
    }

    #[test]
    fn copies_and_others() {
        let title = "Walking Robots on Soft Ground";
        let arxiv = record("2401.00001", "arxiv", title, &["Ada Example", "Bo Other"], 2024);
        let table = [
            (record("10.1/x", "bibtex", "walking robots on soft ground.", &["Example, Ada"], 2025), true),
            (record("", "csv", title, &["B. Other"], 2024), true),
            (record("10.1/x", "bibtex", title, &["Someone Else"], 2024), false),
            (record("10.1/x", "bibtex", title, &[], 2024), false),
            (record("10.1/x", "bibtex", title, &["Ada Example"], 2019), false),
            (record("2401.00002", "csv", title, &["Ada Example"], 2024), false),
            (record("other", "arxiv", title, &["Ada Example"], 2024), false),
            (record("10.1/x", "bibtex", "Walking Robots on Soft Ground II", &["Ada Example"], 2024), false),
        ];
        for (other, expected) in table {
            assert_eq!(arxiv.is_copy_of(&other), expected, "{other:?}");
            assert_eq!(other.is_copy_of(&arxiv), expected, "{other:?}");
        }
        let short = |id| record(id, "bibtex", "An Introduction", &["Ada Example"], 2024);
        assert!(!short("a").is_copy_of(&Paper { source: "csv".to_owned(), ..short("b") }));
        for (title, expected) in [("渡轮与灯笼的检索方法", true), ("社论", false), ("渡し船のための提灯検索", true)]
        {
            let [one, other] =
                [("a", "ris"), ("b", "csv")].map(|(id, source)| record(id, source, title, &["王小明"], 2024));
            assert_eq!(one.is_copy_of(&other), expected, "{title}");
        }
    }

    #[test]
    fn what_was_said_last_counts() {
        let old = Paper { votes: Some(3), abstract_text: "Robots.".to_owned(), ..record("a", "one", "Old", &[], 2024) };
        let new = Paper { url: Some("u".to_owned()), ..record("b", "two", "New", &["Ada"], 2025) };
        let paper = Paper::from_records(&[old.clone(), new.clone()]);
        assert_eq!((paper.id.as_str(), paper.title.as_str(), paper.votes), ("a", "Old", Some(3)));
        assert_eq!((paper.aliases.len(), paper.authors.len(), paper.published), (1, 1, old.published));
        let with_abstract = Paper { abstract_text: "Walking robots.".to_owned(), ..new };
        assert_eq!(Paper::from_records(&[old, with_abstract]).document(), "New. Walking robots.");
    }
}

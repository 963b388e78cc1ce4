//! The names that sources use for the fields of a record.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::formats::common::id_fields;
use crate::formats::common::values::truncated;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FieldRole {
    Id,
    Title,
    Abstract,
    Authors,
    AuthorCount,
    Published,
    /// Of the year in another field.
    Month,
    /// Of that month.
    Day,
    Listed,
    Votes,
    Comments,
    Categories,
    Source,
    Url,
    Added,
    Tags,
    Container,
    Volume,
    Issue,
    References,
    Citations,
}

/// The names of each field, the preferred one first: where a record has several, the first with a value that can be read
/// counts. Of ids all count ([`id_fields`]).
/// In lower case and without anything but letters and digits: `publishedAt` and `Published_At` are the same.
const NAMES: [(FieldRole, &[&str]); 21] = [
    (FieldRole::Id, id_fields::NAMES),
    (FieldRole::Title, &["titleutf8", "title", "papertitle", "documenttitle", "articletitle", "primarytitle"]),
    (
        FieldRole::Abstract,
        &[
            "abstractutf8",
            "abstract",
            "summary",
            "abstracttext",
            "abstractnote",
            "notesabstract",
            "paperabstract",
            "abstractinvertedindex",
            "text",
        ],
    ),
    (
        FieldRole::Authors,
        &[
            "authorsparsed",
            "authorsutf8",
            "authors",
            "author",
            "authornames",
            "authorships",
            "authorshipsauthordisplayname",
            "firstauthors",
        ],
    ),
    (FieldRole::AuthorCount, &["authorcount", "nauthors", "numauthors"]),
    (
        FieldRole::Published,
        &[
            "published",
            "publishedat",
            "publicationdate",
            "publisheddate",
            "datepublished",
            "pubdate",
            "publishtime",
            "coverdate",
            "date",
            "versions",
            "submitteddateall",
            "announced",
            "publicationdateonline",
            "publicationdateprint",
            "year",
            "publicationyear",
            "publishedyear",
            "yearpublished",
            "pubyear",
        ],
    ),
    (FieldRole::Month, &["month", "publishedmonth", "publicationmonth"]),
    (FieldRole::Day, &["day", "publishedday", "publicationday"]),
    (FieldRole::Listed, &["listed", "listedat", "dailydate", "submittedondailyat"]),
    (FieldRole::Votes, &["votes", "upvotes", "likes"]),
    (FieldRole::Comments, &["numcomments", "commentcount", "ncomments", "comments"]),
    (
        FieldRole::Categories,
        &[
            "categories",
            "category",
            "abscategories",
            "subjects",
            "fieldsofstudy",
            "s2fieldsofstudy",
            "topics",
            "primarycategory",
        ],
    ),
    (FieldRole::Source, &["source"]),
    (
        FieldRole::Url,
        &[
            "url",
            "link",
            "primarylocation",
            "primarylocationlandingpageurl",
            "articleurl",
            "sourcelinkout",
            "externalurl",
            "dimensionsurl",
            "pdflink",
        ],
    ),
    (FieldRole::Added, &["dateadded", "addedat"]),
    (FieldRole::Tags, &["manualtags", "tags", "keywords", "authorkeywords", "collections"]),
    (
        FieldRole::Container,
        &[
            "journal",
            "journaltitle",
            "journalname",
            "journalbook",
            "publicationtitle",
            "sourcetitle",
            "secondarytitle",
            "containertitle",
            "booktitle",
            "publication",
            "primarylocationsourcedisplayname",
            "venue",
        ],
    ),
    (FieldRole::Volume, &["volume"]),
    (FieldRole::Issue, &["issue", "issuenumber", "number"]),
    (FieldRole::References, &["references", "referencedworks", "citedreferences", "reference"]),
    (FieldRole::Citations, &["citations"]),
];

/// Letters and digits of the longest name.
const MAX_NAME: usize = 40;

/// The field and the rank of each name.
static BY_NAME: LazyLock<FxHashMap<&[u8], (FieldRole, usize)>> = LazyLock::new(|| {
    let ranked = |(role, names): &(FieldRole, &'static [&'static str])| {
        let role = *role;
        names.iter().enumerate().map(move |(rank, name)| (name.as_bytes(), (role, rank)))
    };
    NAMES.iter().flat_map(ranked).collect()
});

impl FieldRole {
    /// Returns the field of this name, and the rank of the name in the order of preference.
    pub(crate) fn named(name: &str) -> Option<(FieldRole, usize)> {
        let (mut normal, mut length) = ([0; MAX_NAME], 0);
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            *normal.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        BY_NAME.get(&normal[..length]).copied()
    }

    /// Whether this is a name of the title or the abstract: without such a field there is no paper.
    pub(crate) fn is_text(name: &str) -> bool {
        matches!(FieldRole::named(name), Some((FieldRole::Title | FieldRole::Abstract, _)))
    }

    pub(crate) fn is_abstract(name: &str) -> bool {
        matches!(FieldRole::named(name), Some((FieldRole::Abstract, _)))
    }

    pub(crate) fn is_known(name: &str) -> bool {
        FieldRole::named(name).is_some()
    }

    /// The usual names of all fields, for messages.
    pub(crate) const USUAL: &str = "id, doi, title, abstract, authors, author_count, published, listed, votes, \
                                    num_comments, categories, source, url, references, citations";

    /// What to say where [`FieldRole::is_text`] holds for no name.
    pub(crate) fn no_text_among<'n>(names: impl Iterator<Item = &'n str>) -> String {
        let names: Vec<String> = names.take(20).map(|name| format!("`{}`", truncated(name, 40))).collect();
        let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        format!(
            "no title and no abstract: the fields are {found}; paperkin reads `title` and `abstract` \
             (or `paper_title`; `summary`, `abstract_text`, `paper_abstract`, `text`)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normal_and_stand_for_one_field() {
        let names: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(names.len(), BY_NAME.len(), "no name twice");
        for name in names {
            let normal = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            assert!(normal && name.len() <= MAX_NAME, "{name}");
        }
        assert_eq!(FieldRole::named("Published_At"), Some((FieldRole::Published, 1)));
        assert_eq!(FieldRole::named("Journal/Book"), Some((FieldRole::Container, 3)));
        assert_eq!(FieldRole::named(&"title".repeat(100)), None);
        assert_eq!(FieldRole::named("título"), None);
    }
}

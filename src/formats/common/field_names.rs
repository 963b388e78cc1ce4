//! The names that sources use for the fields of a record.

use crate::formats::common::id_fields;
use crate::formats::common::values::truncated;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldRole {
    Id,
    Title,
    Abstract,
    Authors,
    AuthorCount,
    Published,
    Listed,
    Votes,
    Comments,
    Categories,
    Source,
    Url,
    Added,
    Tags,
}

/// The names of each field, the preferred one first: where a record has several, the first with a value counts. Of ids
/// all count ([`id_fields`]).
/// In lower case and without anything but letters and digits: `publishedAt` and `Published_At` are the same.
pub(crate) const NAMES: [(FieldRole, &[&str]); 14] = [
    (FieldRole::Id, id_fields::NAMES),
    (FieldRole::Title, &["titleutf8", "title", "papertitle"]),
    (
        FieldRole::Abstract,
        &[
            "abstractutf8",
            "abstract",
            "summary",
            "abstracttext",
            "abstractnote",
            "paperabstract",
            "abstractinvertedindex",
            "text",
        ],
    ),
    (FieldRole::Authors, &["authorsparsed", "authorsutf8", "authors", "author", "authornames", "authorships"]),
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
            "date",
            "versions",
            "submitteddateall",
            "announced",
            "year",
            "publicationyear",
        ],
    ),
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
    (FieldRole::Url, &["url", "link", "primarylocation"]),
    (FieldRole::Added, &["dateadded", "addedat"]),
    (FieldRole::Tags, &["manualtags", "tags", "keywords", "collections"]),
];

impl FieldRole {
    /// Returns the field of this name, and the rank of the name in the order of preference.
    pub(crate) fn named(name: &str) -> Option<(FieldRole, usize)> {
        let normal: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        NAMES.iter().find_map(|(field, names)| Some((*field, names.iter().position(|known| *known == normal)?)))
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
                                    num_comments, categories, source, url";

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

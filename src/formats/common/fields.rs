//! A paper from the named fields of a record, under all the names that sources use for them.
//!
//! One rule for bad values: `null`, empty text and missing fields are fine; a value of the wrong type, a count that is
//! not a count and a date that does not exist cost the field, not the paper. The next field that says the same is read in
//! its place, and what was dropped is noted with field and value. To drop it silently would drop the paper from every
//! list by date or votes, unnoticed.

use serde_json::{Map, Value};

use crate::formats::common::field_names::FieldRole;
use crate::formats::common::values::{
    ReadValue, abstract_text, address, categories, container, count, date, is_missing, source_name, tags, text,
    truncated,
};
use crate::formats::common::{authors, dates, id_fields, work_names};
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::{CitationLinks, RawPaper, is_missing_word};

/// Returns the paper of a record with its tags; `source` is its source unless the record names another.
pub(crate) fn reference(record: Map<String, Value>, source: &str) -> BibReference {
    let mut chosen = ChosenFields::of(record);
    chosen.complete_years();
    let mut raw_paper = RawPaper {
        title: chosen.take(FieldRole::Title, "title", text).unwrap_or_default(),
        abstract_text: chosen.take(FieldRole::Abstract, "abstract", abstract_text).unwrap_or_default(),
        authors: chosen.take(FieldRole::Authors, "authors", authors::list).unwrap_or_default(),
        author_count: chosen.take(FieldRole::AuthorCount, "author_count", count),
        published: chosen.take(FieldRole::Published, "published", date),
        listed: chosen.take(FieldRole::Listed, "listed", date),
        votes: chosen.take(FieldRole::Votes, "votes", count),
        comments: chosen.take(FieldRole::Comments, "comments", count),
        categories: chosen.take(FieldRole::Categories, "categories", categories).unwrap_or_default(),
        source: chosen.take(FieldRole::Source, "source", source_name).unwrap_or_else(|| source.to_owned()),
        url: chosen.take(FieldRole::Url, "url", address),
        ..RawPaper::default()
    };
    let added = chosen.take(FieldRole::Added, "added", date);
    let tags = chosen.take(FieldRole::Tags, "tags", tags).unwrap_or_default();
    let container_roles = [FieldRole::Container, FieldRole::Volume, FieldRole::Issue];
    let parts = container_roles.into_iter().filter_map(|role| chosen.take(role, "container", container));
    raw_paper.container = parts.collect::<Vec<_>>().join(" ");
    let links = CitationLinks {
        references: chosen.take(FieldRole::References, "references", work_names::list).unwrap_or_default(),
        citations: chosen.take(FieldRole::Citations, "citations", work_names::list_of_citing).unwrap_or_default(),
    };
    let ChosenFields { ids, mut notes, .. } = chosen;
    id_fields::assign(&mut raw_paper, ids, &mut notes);
    BibReference { raw_paper, added, tags, links, notes, embedding: None }
}

/// A field that counts.
struct NamedField {
    role: FieldRole,
    /// The rank of its name: see [`FieldRole::named`].
    rank: usize,
    name: String,
    value: Value,
}

/// The fields that count, and what was read of them.
struct ChosenFields {
    /// Those with a value, at most one for each known name.
    fields: Vec<NamedField>,
    /// All ids.
    ids: Vec<id_fields::IdField>,
    notes: RecordNotes,
}

impl ChosenFields {
    fn of(record: Map<String, Value>) -> ChosenFields {
        let mut fields: Vec<NamedField> = Vec::with_capacity(record.len().min(32));
        let mut ids = Vec::new();
        for (name, value) in record {
            let Some((role, rank)) = FieldRole::named(&name) else { continue };
            if is_missing(&value) || is_placeholder(role, &value) || is_remark(role, &name, &value) {
                continue;
            }
            if role == FieldRole::Id {
                ids.push((rank, name, value));
            } else if !fields.iter().any(|other| (other.role, other.rank) == (role, rank)) {
                fields.push(NamedField { role, rank, name, value });
            }
        }
        ChosenFields { fields, ids, notes: RecordNotes::default() }
    }

    /// Puts the month and the day of fields of their own, as reference managers have them, behind years. Web of Science
    /// has `MAY 12` as the date beside the year.
    fn complete_years(&mut self) {
        let is_of_four_digits = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_year = |field: &NamedField| {
            field.role == FieldRole::Published && is_of_four_digits(&digits_or_words(&field.value))
        };
        let is_month = |field: &NamedField| {
            let is_within_year = || field.value.as_str().is_some_and(dates::is_within_year);
            field.role == FieldRole::Month || field.role == FieldRole::Published && is_within_year()
        };
        let day = self.fields.iter().position(|field| field.role == FieldRole::Day);
        let day = day.map(|at| digits_or_words(&self.fields.swap_remove(at).value)).unwrap_or_default();
        if !self.fields.iter().any(is_year) {
            return;
        }
        let Some(at) = self.fields.iter().position(is_month) else { return };
        let NamedField { name, value, .. } = self.fields.swap_remove(at);
        let month = digits_or_words(&value);
        let mut wrong = None;
        for field in self.fields.iter_mut().filter(|field| is_year(field)) {
            let year = digits_or_words(&field.value);
            if let Some(found) = dates::from_parts(&year, &month, &day) {
                let typed = format!("{year} {month} {day}");
                wrong = wrong.or_else(|| found.wrong(&typed));
                field.value = Value::String(found.date.to_string());
            }
        }
        if let Some(reason) = wrong {
            self.notes.drop(truncated(&name, 40), reason);
        }
    }

    /// Returns the value of a field, as `read` understands it, from the preferred name under which it can be read. `field`
    /// is what the field of the paper is called.
    fn take<T, R: Into<ReadValue<T>>>(
        &mut self,
        role: FieldRole,
        field: &'static str,
        read: fn(Value) -> R,
    ) -> Option<T> {
        loop {
            let named = self.fields.iter().enumerate().filter(|(_, field)| field.role == role);
            let (at, _) = named.min_by_key(|(_, field)| field.rank)?;
            let NamedField { name, value, .. } = self.fields.swap_remove(at);
            let ReadValue { value, wrong } = read(value).into();
            if let Some(reason) = wrong {
                self.notes.drop(truncated(&name, 40), reason);
            }
            if let Some(value) = value {
                self.notes.origin(field, if name.len() > 40 { truncated(&name, 40) } else { name });
                return Some(value);
            }
        }
    }
}

/// Returns a text or a number as people write it: pandas has `5.0` beside empty cells.
fn digits_or_words(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Whether a value says that it is missing. Titles and abstracts may be such words: what is none of them is known where
/// papers are checked.
fn is_placeholder(role: FieldRole, value: &Value) -> bool {
    let is_text = matches!(role, FieldRole::Title | FieldRole::Abstract);
    !is_text && value.as_str().is_some_and(is_missing_word)
}

/// Whether a value is a remark of the authors (`12 pages, 3 figures`), which arXiv has in `comments`: no count, no error.
fn is_remark(role: FieldRole, name: &str, value: &Value) -> bool {
    role == FieldRole::Comments
        && name.eq_ignore_ascii_case("comments")
        && value.as_str().is_some_and(|text| text.contains(char::is_alphabetic))
}

#[cfg(test)]
mod tests;

//! Fields that were dropped from the records of an input: the first are printed, the others are counted.

use std::collections::BTreeMap;

use super::diagnostic::{Severity, diagnostic};
use crate::error::Error;

/// How many are printed for each input.
const MAX_PRINTED: usize = 20;
/// How many names are counted one by one.
const MAX_NAMES: usize = 100;

/// Warns of the dropped fields of an input, which is called `name`.
pub(crate) fn warn_of_dropped(errors: &[Error], name: &str) {
    let mut dropped = DroppedFields::default();
    for error in errors {
        if dropped.count(error) {
            diagnostic(Severity::Warning, &error.one_line());
        }
    }
    dropped.warn_of_rest(name);
}

/// Warns in one line of the dropped fields of an input, which is called `name`.
pub(crate) fn count_dropped(errors: &[Error], name: &str) {
    let mut dropped = DroppedFields::new(0);
    for error in errors {
        dropped.count(error);
    }
    dropped.warn_of_rest(name);
}

/// The dropped fields of an input.
#[derive(Debug)]
pub(crate) struct DroppedFields {
    /// How many are printed.
    max_printed: usize,
    printed: usize,
    /// Those that were not printed, by their names.
    more: BTreeMap<String, usize>,
}

impl Default for DroppedFields {
    fn default() -> DroppedFields {
        DroppedFields::new(MAX_PRINTED)
    }
}

impl DroppedFields {
    fn new(max_printed: usize) -> DroppedFields {
        DroppedFields { max_printed, printed: 0, more: BTreeMap::new() }
    }

    /// Counts a field. Returns whether to print it.
    pub(crate) fn count(&mut self, error: &Error) -> bool {
        if self.printed < self.max_printed {
            self.printed += 1;
            return true;
        }
        let field = match error {
            Error::BadField { field, .. } if self.more.len() < MAX_NAMES || self.more.contains_key(field) => field,
            _ => "others",
        };
        *self.more.entry(field.to_owned()).or_default() += 1;
        false
    }

    /// Warns of those that were not printed.
    pub(crate) fn warn_of_rest(&self, name: &str) {
        if let Some(rest) = self.rest() {
            diagnostic(Severity::Warning, &format!("{name}: {rest}"));
        }
    }

    /// Returns what to say of those that were not printed: `123 more fields were dropped: published 120, votes 3`.
    fn rest(&self) -> Option<String> {
        let mut names: Vec<(&String, &usize)> = self.more.iter().collect();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let total: usize = self.more.values().sum();
        let (fields, were) = if total == 1 { ("field", "was") } else { ("fields", "were") };
        let names: Vec<String> = names.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let more = if self.printed > 0 { "more " } else { "" };
        (total > 0).then(|| format!("{total} {more}{fields} {were} dropped: {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RecordPosition;

    #[test]
    fn the_first_are_printed_and_the_others_counted() {
        let mut fields = DroppedFields::default();
        let mut printed = 0;
        let names = |n: usize| if n.is_multiple_of(4) { "votes" } else { "published" };
        for field in (0..60).map(names) {
            let (file, place) = ("x".to_owned(), RecordPosition::Line(1));
            let error = Error::BadField { file, place, field: field.to_owned(), reason: "bad".to_owned() };
            printed += usize::from(fields.count(&error));
            assert_eq!(fields.rest().is_none(), printed < MAX_PRINTED || fields.more.is_empty());
        }
        assert_eq!(printed, 20);
        assert_eq!(fields.rest().unwrap(), "40 more fields were dropped: published 30, votes 10");
    }
}

//! Column names of a table that only its owner knows.

use std::collections::HashSet;
use std::str::FromStr;

use crate::formats::common::field_names::FieldRole;
use crate::formats::tables::column_names;

/// One column: `title=headline` says that the column `headline` holds titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMapping {
    /// What it holds: `title`, `abstract`, `doi`, or any other name that paperkin reads.
    pub field: String,
    /// Its name in the file.
    pub name: String,
}

impl FromStr for ColumnMapping {
    type Err = String;
    fn from_str(text: &str) -> Result<ColumnMapping, String> {
        let (field, name) = text.split_once('=').unwrap_or((text, ""));
        let (field, name) = (field.trim(), name.trim());
        if name.is_empty() {
            return Err(format!("`{text}` is not a column mapping: use FIELD=NAME, as in title=headline"));
        }
        if !FieldRole::is_known(field) {
            return Err(format!("`{field}` is not a field: use {}", FieldRole::USUAL));
        }
        Ok(ColumnMapping { field: field.to_owned(), name: name.to_owned() })
    }
}

/// The columns that were named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap(pub Vec<ColumnMapping>);

impl ColumnMap {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what the columns of a file hold, as far as it is known, in the place of their names. A column that had the
    /// name of a column that was named loses it. Fails where a column is not there.
    pub(crate) fn fields(&self, names: &[String]) -> Result<Vec<String>, String> {
        let mut fields = column_names::fields(names);
        for ColumnMapping { field, .. } in &self.0 {
            fields.iter_mut().filter(|name| name.eq_ignore_ascii_case(field)).for_each(String::clear);
        }
        for ColumnMapping { field, name } in &self.0 {
            let Some(at) = names.iter().position(|known| known == name) else {
                let known: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
                return Err(format!("no column `{name}`: the columns are {}", known.join(", ")));
            };
            fields[at].clone_from(field);
        }
        Ok(fields)
    }
}

/// Returns the fields whose columns have other names in the file, each once, with the first of these names.
pub(crate) fn renamed(fields: &[String], names: &[String]) -> Vec<(String, String)> {
    let mut known = HashSet::new();
    let renamed = fields.iter().zip(names).filter(|(field, name)| field != name && known.insert(*field));
    renamed.map(|(field, name)| (field.clone(), name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests::summaries;
    use crate::formats::{ReadOptions, ReferenceReader};

    fn check(columns: &[&str], text: &'static str, expect: &[&str]) {
        let columns = ColumnMap(columns.iter().map(|column| column.parse().unwrap()).collect());
        let reading = ReadOptions { columns, ..ReadOptions::default() };
        assert_eq!(summaries(reading.read(text.as_bytes(), "x").map(ReferenceReader::checked)), expect, "{text}");
    }

    #[test]
    fn columns_of_tables() {
        check(&["title=headline", "id=no"], "no,headline\n1,A\n", &["id=1 | title=A"]);
        check(&["title=headline"], "title\theadline\nx\tA\n", &["title=A"]);
        check(&["title=b", "abstract=title"], "title;b\nx;A\n", &["title=A | abstract=x"]);
        check(&["title=c"], "title,b\nx,A\n", &["x: no column `c`: the columns are `title`, `b`"]);
        check(&["title=b"], "{\"title\": \"A\"}", &["x: column names were given, but the format jsonl has no columns"]);
    }

    #[test]
    fn spellings() {
        for (text, error) in [
            ("title", "`title` is not a column mapping: use FIELD=NAME, as in title=headline"),
            ("title=", "`title=` is not a column mapping: use FIELD=NAME, as in title=headline"),
            ("name=x", "`name` is not a field: use id, doi, title, abstract"),
        ] {
            assert!(text.parse::<ColumnMapping>().unwrap_err().starts_with(error), "{text}");
        }
    }
}

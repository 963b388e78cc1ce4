//! Writes BibTeX, with the `eprint` fields of biblatex.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::formats::common::authors::{self, NameParts};
use crate::formats::common::identifiers;
use crate::paper::{Paper, title_key};

use super::TITLE_ID;

pub(crate) fn write(papers: &[Paper]) -> String {
    let (mut text, mut keys) = (String::new(), HashSet::new());
    for paper in papers {
        entry(&mut text, paper, &key(paper, &mut keys));
    }
    text
}

fn entry(text: &mut String, paper: &Paper, key: &str) {
    let kind = if identifiers::doi_of(paper).is_some() { "article" } else { "misc" };
    let _ = write!(text, "@{kind}{{{key}");
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = write!(text, ",\n  {name} = {{{value}}}");
        }
    };
    field("title", &escaped(&paper.title));
    field("author", &paper.authors.iter().map(author).collect::<Vec<_>>().join(" and "));
    if let Some(date) = paper.published.or(paper.listed) {
        field("date", &date.to_string());
        field("year", &date.year().to_string());
    }
    field("doi", &verbatim(identifiers::doi_of(paper).unwrap_or_default()));
    if let Some(id) = identifiers::arxiv_id_of(paper) {
        field("eprint", id);
        field("archivePrefix", "arXiv");
        field("primaryClass", &escaped(paper.categories.first().map_or("", String::as_str)));
    }
    field(TITLE_ID, identifiers::title_id_of(paper).unwrap_or_default());
    field("url", &verbatim(&paper.link().unwrap_or_default()));
    field("keywords", &escaped(&paper.categories.join(", ")));
    field("abstract", &escaped(&paper.abstract_text));
    text.push_str("\n}\n\n");
}

/// Returns a name. One with `and` in it is a single name; a suffix stands behind the family name.
fn author(name: &String) -> String {
    match authors::name_parts(name) {
        _ if name.contains(" and ") => format!("{{{}}}", escaped(name)),
        Some(NameParts { family, given, suffix }) if !suffix.is_empty() => {
            escaped(&NameParts::between_commas([family, suffix, given]))
        }
        _ => escaped(name),
    }
}

/// Returns a unique key: last name, year and first long word of the title, and a number if another paper has the same.
fn key(paper: &Paper, keys: &mut HashSet<String>) -> String {
    let ascii = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    let author = paper.authors.first();
    let author = author.map(|author| authors::name_parts(author).map_or(author.as_str(), |parts| parts.family));
    let author = ascii(&title_key(author.unwrap_or_default()));
    let year = paper.published.or(paper.listed).map(|date| date.year().to_string()).unwrap_or_default();
    let title = title_key(&paper.title);
    let word = ascii(title.split(' ').find(|word| word.len() > 3).unwrap_or_default());
    let key = [author, year, word].concat();
    let key = if key.is_empty() { "paper".to_owned() } else { key };
    let again = (2..).map(|number| format!("{key}-{number}"));
    let unused = std::iter::once(key.clone()).chain(again).find(|key| keys.insert(key.clone()));
    unused.expect("there is always another number")
}

/// Returns a text as LaTeX. Formulas stay as they are, and so do balanced braces.
fn escaped(text: &str) -> String {
    let braced = is_balanced(text);
    let formulas = text.matches('$').count().is_multiple_of(2) && braced;
    let (mut out, mut formula, mut last) = (String::with_capacity(text.len()), false, ' ');
    for c in text.chars() {
        match c {
            '$' if formulas && last != '\\' => {
                formula = !formula;
                out.push(c);
            }
            // What is escaped already stays.
            '%' | '&' | '#' | '_' | '$' if !formula && last != '\\' => {
                out.push('\\');
                out.push(c);
            }
            '{' | '}' if !braced => {}
            c => out.push(c),
        }
        last = c;
    }
    // A brace is never closed by a backslash at the end.
    if out.ends_with('\\') { out + " " } else { out }
}

/// Returns an address or a DOI, which are read verbatim: only braces and backslashes need another form.
fn verbatim(text: &str) -> String {
    text.replace('{', "%7B").replace('}', "%7D").replace('\\', "%5C")
}

fn is_balanced(text: &str) -> bool {
    let depth = text.chars().try_fold(0usize, |depth, c| match c {
        '{' => Some(depth + 1),
        '}' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

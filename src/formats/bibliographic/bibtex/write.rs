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
    field("author", &paper.authors.iter().map(|name| author(name)).collect::<Vec<_>>().join(" and "));
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
fn author(name: &str) -> String {
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

/// Returns a text as LaTeX that is read as the same text. Formulas stay as they are. BibTeX counts braces whatever is
/// before them, so a brace of the text is a command.
fn escaped(text: &str) -> String {
    // A dollar that is alone is a price.
    let has_formulas = text.matches('$').count().is_multiple_of(2);
    let (mut out, mut rest, mut last) = (String::with_capacity(text.len()), text, ' ');
    while let Some(c) = rest.chars().next() {
        if c == '$'
            && has_formulas
            && let Some(formula) = formula(rest)
        {
            out.push_str(formula);
            (rest, last) = (&rest[formula.len()..], c);
            continue;
        }
        match c {
            '%' | '&' | '#' | '_' | '$' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            // Two of them would be a dash or a quotation mark.
            '-' | '`' | '\'' if last == c => out.extend(['{', '}', c]),
            c => out.push(c),
        }
        (rest, last) = (&rest[c.len_utf8()..], c);
    }
    out
}

/// Returns the formula that a text begins with, if it is read as one wherever it stands.
fn formula(text: &str) -> Option<&str> {
    let mark = if text.starts_with("$$") { "$$" } else { "$" };
    let inside = &text[mark.len()..];
    let is_end = |at: &usize| inside[*at..].starts_with(mark) && !inside[..*at].ends_with('\\');
    let end = inside.match_indices('$').map(|(at, _)| at).find(is_end)?;
    let formula = &inside[..end];
    // The reader takes the second for a semicolon of Crossref's.
    (is_balanced(formula) && formula != "\\mathsemicolon").then(|| &text[..mark.len() * 2 + end])
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

//! Notes in Markdown, one for each paper, for Obsidian and other programs that link files by their names.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::markdown::escaped;
use crate::paper::{Paper, PaperId};
use crate::present;
use crate::text::visible;

/// Characters of an id that a name has, at most: file systems allow 255 bytes.
const MAX_NAME_CHARS: usize = 120;

/// What a note links to: a note of its own, or the page of a paper.
pub(crate) struct NoteLink<'p> {
    pub(crate) paper: &'p Paper,
    /// The name of its note, if it has one.
    pub(crate) note: Option<String>,
}

/// Returns the name of a paper's note, without `.md`. An id that is no name of a file gets some digits of its hash, so that no
/// two papers share a note.
///
/// - `2401.12345` stays as it is
/// - `doi:10.1145/3292500` becomes `doi_10.1145_3292500-6e2fb1`
pub(crate) fn note_name(id: &PaperId) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ['-', '.', '_'].contains(&c);
    let name: String = id.as_str().chars().take(MAX_NAME_CHARS).map(|c| if is_plain(c) { c } else { '_' }).collect();
    // Upper and lower case are the same to some file systems, and a leading dot hides a file.
    let is_id = name == id.as_str() && !name.starts_with('.') && !name.contains(|c: char| c.is_ascii_uppercase());
    if is_id {
        return name;
    }
    let hash = Sha256::digest(id.as_str());
    format!("{}-{:02x}{:02x}{:02x}", name.trim_start_matches('.'), hash[0], hash[1], hash[2])
}

/// Writes the note of a paper: properties, title, abstract, and links to similar papers.
pub(crate) fn note(paper: &Paper, similar: &[NoteLink<'_>]) -> String {
    let mut out = String::from("---\n");
    // JSON is YAML.
    let mut property = |name: &str, value: serde_json::Value| {
        let _ = writeln!(out, "{name}: {value}");
    };
    property("id", paper.id.as_str().into());
    property("title", present::headline(paper).into());
    property("authors", paper.authors.iter().map(|author| visible(author).into_owned()).collect());
    if let Some(date) = paper.published.or(paper.listed) {
        property("date", date.to_string().into());
    }
    if let Some(url) = paper.link() {
        property("url", visible(&url).into());
    }
    property(
        "tags",
        std::iter::once("paper".to_owned()).chain(paper.categories.iter().map(|name| tag(name))).collect(),
    );
    let _ = write!(out, "---\n\n# {}\n", escaped(&present::headline(paper)));
    if !paper.abstract_text.is_empty() {
        let _ = write!(out, "\n{}\n", escaped(&present::shown(&paper.abstract_text)));
    }
    if !similar.is_empty() {
        out.push_str("\n## Similar papers\n\n");
        similar.iter().for_each(|link| out.push_str(&link_line(link)));
    }
    out
}

fn link_line(NoteLink { paper, note }: &NoteLink<'_>) -> String {
    let title = present::headline(paper);
    match note {
        // The text of such a link ends at the first of these.
        Some(name) => format!("- [[{name}|{}]]\n", title.replace(['|', '[', ']'], " ")),
        None => super::markdown::write(std::slice::from_ref(paper)),
    }
}

/// A category as a tag: letters, digits and a few signs.
fn tag(category: &str) -> String {
    category.chars().map(|c| if c.is_alphanumeric() || ['-', '_', '/'].contains(&c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_notes() {
        let name = |id: &str| note_name(&PaperId::parse(id).unwrap());
        assert_eq!(name("2401.12345"), "2401.12345");
        let doi = name("doi:10.1145/3292500");
        assert!(doi.starts_with("doi_10.1145_3292500-") && doi.len() == 26, "{doi}");
        assert_ne!(name("a/b"), name("a_b"));
        assert_ne!(name("a/b").to_lowercase(), name("A/b").to_lowercase());
        assert!(!name("../../etc").contains('/') && !name("../../etc").starts_with('.'));
        assert!(name(&"x".repeat(400)).len() < 140);
    }

    #[test]
    fn a_note_has_properties_and_links() {
        let paper = |json: &str| serde_json::from_str::<Paper>(json).unwrap();
        let one = paper(
            r#"{"id": "2401.00001", "title": "Lamps: a *survey*", "abstract": "On lamps.", "authors": ["Ada Oak"],
                "published": "2024-01-05", "categories": ["cs.CL"], "source": "test"}"#,
        );
        let [near, far] = [
            r#"{"id": "2401.00002", "title": "Lamps [2]", "source": "test"}"#,
            r#"{"id": "x", "title": "Wicks", "source": "test"}"#,
        ]
        .map(paper);
        let links =
            [NoteLink { paper: &near, note: Some("2401.00002".to_owned()) }, NoteLink { paper: &far, note: None }];
        assert_eq!(
            note(&one, &links),
            "---\nid: \"2401.00001\"\ntitle: \"Lamps: a *survey*\"\nauthors: [\"Ada Oak\"]\ndate: \"2024-01-05\"\n\
             url: \"https://arxiv.org/abs/2401.00001\"\ntags: [\"paper\",\"cs-CL\"]\n---\n\n\
             # Lamps: a \\*survey\\*\n\nOn lamps.\n\n## Similar papers\n\n- [[2401.00002|Lamps  2 ]]\n- Wicks\n"
        );
    }
}

//! What is done to the texts of every record at the end, whatever it was read from: markup is read by the rule of its
//! source. So the same paper of two sources has the same title.

use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::{CitationLinks, MAX_ALIASES, RawPaper, WorkName, one_line};
use crate::text::markup::{MarkupRule, as_tex};

/// The heading of an abstract that publishers put into it.
const HEADINGS: [&str; 3] = ["Abstract", "ABSTRACT", "Summary"];
/// What Springer's TeX begins with, also where its tags are gone: a whole document for each formula.
const TEX_DOCUMENT: [&str; 2] = ["\\documentclass", "\\end{document}"];

/// Most authors of a paper. Those of the large experiments in physics have 5,000.
pub(crate) const MAX_AUTHORS: usize = 20_000;
/// Most subject classes, and most tags.
pub(crate) const MAX_TAGS: usize = 1_000;
/// Most works that a paper cites. The longest reviews and bibliographies have 10,000.
pub(crate) const MAX_REFERENCES: usize = 50_000;
/// Most works that cite a paper. Lowry's of 1951 on proteins, the one with the most, has some 300,000.
const MAX_CITATIONS: usize = 1_000_000;

/// Cuts the lists of a reference that are longer than those of any paper, and notes which.
fn cut_lists(reference: &mut BibReference) {
    let BibReference { raw_paper, tags, links, notes, .. } = reference;
    cut(&mut raw_paper.aliases, "aliases", MAX_ALIASES, notes);
    cut(&mut raw_paper.authors, "authors", MAX_AUTHORS, notes);
    cut(&mut raw_paper.categories, "categories", MAX_TAGS, notes);
    cut(tags, "tags", MAX_TAGS, notes);
    cut(&mut links.references, "references", MAX_REFERENCES, notes);
    cut(&mut links.citations, "citations", MAX_CITATIONS, notes);
}

fn cut<T>(list: &mut Vec<T>, name: &'static str, most: usize, notes: &mut RecordNotes) {
    if list.len() > most {
        notes.drop(name, format!("{} of them: the first {most} are kept", list.len()));
        list.truncate(most);
    }
}

/// Cleans the texts of a reference that was read from a format, and cuts lists that no paper has.
pub(crate) fn clean(reference: &mut BibReference, format: InputFormat) {
    cut_lists(reference);
    clean_paper(&mut reference.raw_paper, format);
    for tag in &mut reference.tags {
        format.markup().read(tag);
        *tag = one_line(tag);
    }
    clean_links(&mut reference.links, format);
}

/// Cleans the names of works that were read from a format; what names nothing is left out.
fn clean_links(links: &mut CitationLinks, format: InputFormat) {
    for works in [&mut links.references, &mut links.citations] {
        *works = std::mem::take(works).into_iter().filter_map(|work| clean_work(work, format)).collect();
    }
}

/// Returns a work with its texts cleaned; `None` if it names nothing.
fn clean_work(mut work: WorkName, format: InputFormat) -> Option<WorkName> {
    for text in [&mut work.title, &mut work.author, &mut work.citation] {
        format.markup().read(text);
    }
    work.checked()
}

/// Cleans the texts of a paper that was read from a format.
fn clean_paper(raw_paper: &mut RawPaper, format: InputFormat) {
    let rule = format.markup();
    let RawPaper { title, abstract_text, authors, categories, container, .. } = raw_paper;
    let with_heading = abstract_text.trim_ascii_start().starts_with('<') && rule != MarkupRule::Plain;
    let headings = if with_heading { &HEADINGS[..] } else { &[] };
    let heading = headings.iter().find(|heading| abstract_text.contains(&format!(">{heading}<")));
    for text in [&mut *title, abstract_text, container].into_iter().chain(authors.iter_mut()).chain(categories) {
        rule.read(text);
    }
    for text in [title, &mut *abstract_text] {
        // Most texts have no backslash at all.
        if text.contains('\\') && text.contains(TEX_DOCUMENT[0]) {
            *text = without_documents(text);
        }
    }
    if let Some(rest) = heading.and_then(|heading| abstract_text.trim_start().strip_prefix(heading)) {
        *abstract_text = rest.to_owned();
    }
}

/// Returns a text with the formula alone of each whole document in TeX.
fn without_documents(text: &str) -> String {
    let [start, end] = TEX_DOCUMENT;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, document)) = rest.split_once(start) {
        let Some((document, after)) = document.split_once(end) else { break };
        plain.push_str(before);
        plain.push_str(&as_tex(document));
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let document = "\\documentclass[12pt]{minimal} \\usepackage{amsmath} \\begin{document}$$n^2$$\\end{document}";
        let mut reference = BibReference {
            raw_paper: RawPaper {
                title: format!("Lamps <i>in</i> {document} steps"),
                abstract_text: "<jats:title>Abstract</jats:title><jats:p>We light &amp; dim.</jats:p>".to_owned(),
                authors: vec!["Zo&euml; Ash".to_owned()],
                container: "Lamps &amp; Ferries 1".to_owned(),
                ..RawPaper::default()
            },
            tags: vec!["H<sub>2</sub>O".to_owned()],
            ..BibReference::default()
        };
        clean(&mut reference, InputFormat::Ris);
        let RawPaper { title, abstract_text, authors, container, .. } = reference.raw_paper;
        assert_eq!((title.as_str(), abstract_text.trim()), ("Lamps in $n^2$ steps", "We light & dim."));
        assert_eq!((authors, container.as_str()), (vec!["Zoë Ash".to_owned()], "Lamps & Ferries 1"));
        assert_eq!(reference.tags, ["H2O"]);
    }

    #[test]
    fn headings_of_abstracts() {
        for (text, expect) in [
            ("Abstract art of lamps.", "Abstract art of lamps."),
            ("<p>Abstract art.</p>", "Abstract art."),
            ("<h2>Abstract</h2>Art.", "Art."),
            ("Half \\documentclass of it", "Half \\documentclass of it"),
        ] {
            let mut raw_paper = RawPaper { abstract_text: text.to_owned(), ..RawPaper::default() };
            clean_paper(&mut raw_paper, InputFormat::CslJson);
            assert_eq!(raw_paper.abstract_text.trim(), expect, "{text}");
        }
    }
}

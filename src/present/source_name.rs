//! Names of sources for people.

/// Sources that have a name of their own, and the name.
const NAMES: [(&str, &str); 18] = [
    ("arxiv", "arXiv"),
    ("bibtex", "BibTeX"),
    ("bioc", "BioC"),
    ("csl-json", "CSL-JSON"),
    ("csv", "table"),
    ("endnote", "EndNote"),
    ("feed", "web feed"),
    ("hf-daily", "Hugging Face"),
    ("hf-page", "Hugging Face"),
    ("jsonl", "JSON lines"),
    ("openalex", "OpenAlex"),
    ("parquet", "Parquet"),
    ("pubmed", "PubMed"),
    ("ris", "RIS"),
    ("rss", "RSS"),
    ("semantic-scholar", "Semantic Scholar"),
    ("wos", "Web of Science"),
    ("zotero", "Zotero"),
];

/// Returns the name of a source as people write it; of one without a name of its own, its words.
pub(crate) fn source_name(source: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == source);
    known.map_or_else(|| source.replace(['_', '-'], " "), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sources() {
        for (source, name) in [("hf-daily", "Hugging Face"), ("arxiv", "arXiv"), ("my_own-notes", "my own notes")] {
            assert_eq!(source_name(source), name);
        }
    }
}

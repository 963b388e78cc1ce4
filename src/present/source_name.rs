//! Names of sources for people.

/// Sources that have a name of their own, and the name.
const NAMES: [(&str, &str); 17] = [
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
    ("semantic-scholar", "Semantic Scholar"),
    ("wos", "Web of Science"),
    ("zotero", "Zotero"),
];

/// Returns the name of a source as people write it; one without a name of its own is called as it is.
pub(crate) fn source_name(source: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == source).map_or(source, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sources() {
        for (source, name) in [("hf-daily", "Hugging Face"), ("arxiv", "arXiv"), ("my-notes", "my-notes")] {
            assert_eq!(source_name(source), name);
        }
    }
}

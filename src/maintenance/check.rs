//! Checks a library: its file, its embeddings, its index and its model.

use crate::embedder::{TextEmbeddings, stored_model};
use crate::error::Result;
use crate::library::{CheckFinding, Library};
use crate::searcher::{
    SearchContext, check_background_file, check_graph_file, check_link_file, check_metadata_file, check_term_file,
    has_all_papers, self_recall,
};

/// Papers that are looked for in the index by their own embeddings.
const SAMPLE_SIZE: usize = 100;

/// Checks the library's file, its embeddings, the index over them, and the model.
///
/// # Errors
/// When the file cannot be read at all.
pub(crate) fn check(context: SearchContext<'_>) -> Result<Vec<CheckFinding>> {
    let mut findings = context.library.check()?;
    // Before a search removes those that it cannot read.
    findings.extend(check_index_files(context.library));
    let embeddings = TextEmbeddings::default();
    let index = context.search(&embeddings, |searcher| {
        if !has_all_papers(searcher)? {
            let found = "has other papers than the library".to_owned();
            return Ok(CheckFinding { what: "index", found, remedy: Some("run `paperkin index rebuild`") });
        }
        let (kind, found, tried) = self_recall(searcher, SAMPLE_SIZE)?;
        let remedy = (found < tried).then_some("run `paperkin index rebuild`");
        let found = format!("{kind}, finds {found} of {tried} sampled papers");
        Ok(CheckFinding { what: "index", found, remedy })
    });
    findings.push(index.unwrap_or_else(|error| CheckFinding {
        what: "index",
        found: error.one_line(),
        remedy: Some("repair what is damaged above"),
    }));
    findings.push(match context.embedder.encoder(context.library) {
        Ok(encoder) => CheckFinding { what: "model", found: stored_model(encoder.identity()).label(), remedy: None },
        Err(error) => {
            let remedy = Some("name the library's model with --model, or run `paperkin reembed`");
            CheckFinding { what: "model", found: error.one_line(), remedy }
        }
    });
    Ok(findings)
}

/// Checks each file of the index that there is, all of it.
fn check_index_files(library: &Library) -> impl Iterator<Item = CheckFinding> {
    let files = [
        ("file of vectors", "papers", check_graph_file(library)),
        ("citation graph", "links", check_link_file(library)),
        ("file of terms", "papers", check_term_file(library)),
        ("dates and votes", "papers", check_metadata_file(library)),
        ("background", "papers", check_background_file(library)),
    ];
    files.into_iter().filter_map(|(what, unit, checked)| {
        Some(match checked? {
            Ok(count) => CheckFinding { what, found: format!("{count} {unit}"), remedy: None },
            Err(found) => CheckFinding { what, found, remedy: Some("run `paperkin index rebuild`") },
        })
    })
}

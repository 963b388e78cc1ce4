//! A running Zotero in the place of a file.

use std::path::Path;

use crate::cli::args::ZoteroArgs;
use crate::error::Result;
use crate::import::ImportedHistory;

/// What stands for a running Zotero, before a colon.
const SCHEME: &str = "zotero";

/// The library that `zotero:NAME` names, or all of them, `Some(None)`; `None` for the name of a file.
pub(super) fn named_library(file: &Path) -> Option<Option<String>> {
    match file.to_str()?.strip_prefix(SCHEME)? {
        "" if !file.exists() => Some(None),
        rest => rest.strip_prefix(':').map(|name| Some(name.to_owned()).filter(|name| !name.is_empty())),
    }
}

/// Reads a library of the running Zotero, or all of them.
///
/// # Errors
/// Those of Zotero.
#[cfg(feature = "fetch")]
pub(super) fn read(args: &ZoteroArgs, library: Option<String>) -> Result<ImportedHistory> {
    use crate::cli::output::CommandProgress;
    use crate::fetch::{ClientOptions, FetchSource, HttpClient, ZoteroItems};

    let name = library.clone().unwrap_or_else(|| "Zotero".to_owned());
    let items = ZoteroItems { base: args.zotero_url.clone(), library, ..ZoteroItems::default() };
    let mut client = HttpClient::new(ClientOptions::for_sources(&[FetchSource::Zotero(items.clone())]))?;
    let progress = CommandProgress::of_source(&name);
    let records = items.records(&mut client);
    progress.finish();
    ImportedHistory::of_records(records?, &name)
}

#[cfg(not(feature = "fetch"))]
pub(super) fn read(_: &ZoteroArgs, _: Option<String>) -> Result<ImportedHistory> {
    Err(crate::cli::commands::feature::missing("fetch"))
}

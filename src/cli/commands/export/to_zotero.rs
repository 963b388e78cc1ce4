//! `paperkin export --to-zotero`: papers into a running Zotero.

use crate::cli::args::ExportArgs;
use crate::error::Result;
use crate::paper::Paper;

#[cfg(feature = "fetch")]
pub(super) use connected::send;

#[cfg(not(feature = "fetch"))]
pub(super) fn send(_: &ExportArgs, _: Vec<Paper>) -> Result<()> {
    Err(crate::cli::commands::feature::missing("fetch"))
}

#[cfg(feature = "fetch")]
mod connected {
    use super::{ExportArgs, Paper, Result};
    use crate::cli::output::{self, CommandProgress};
    use crate::error::Error;
    use crate::fetch::{ClientOptions, FetchSource, HttpClient, ZoteroConnector, ZoteroItems};
    use crate::present::counted;

    /// More papers are sent only if it is confirmed.
    const MAX_UNCONFIRMED: usize = 500;

    /// Sends the papers that Zotero does not have, and says how many and where to.
    ///
    /// # Errors
    /// Those of Zotero; what was sent before stays there.
    pub(in super::super) fn send(args: &ExportArgs, papers: Vec<Paper>) -> Result<()> {
        let base = args.zotero.zotero_url.clone();
        let sources = [FetchSource::Zotero(ZoteroItems { base: base.clone(), ..ZoteroItems::default() })];
        let mut client = HttpClient::new(ClientOptions::for_sources(&sources))?;
        let mut zotero = ZoteroConnector::open(&mut client, base)?;
        let target = zotero.target().clone();
        let all = papers.len();
        let papers = zotero.new_papers(papers)?;
        if papers.len() > MAX_UNCONFIRMED && !args.yes {
            let reason = format!("{} papers would be sent to {target}", papers.len());
            if !output::confirm(&format!("{reason}. Send them?"))? {
                let reason = format!("{reason}: send them with --yes");
                return Err(Error::BadRequest { field: "to-zotero", reason });
            }
        }
        let progress = CommandProgress::of_count("papers", papers.len());
        let mut sent = 0;
        let saved = zotero.save(&papers, |count| {
            sent += count;
            progress.advance(count);
        });
        progress.finish();
        saved.map_err(|error| with_sent(error, sent))?;
        let known = match all - papers.len() {
            0 => String::new(),
            1 => ", 1 was there already".to_owned(),
            known => format!(", {known} were there already"),
        };
        output::print(|out| writeln!(out, "{} sent to {target}{known}", counted(sent, "paper")))
    }

    /// Adds to an error of Zotero how much was sent before it.
    fn with_sent(error: Error, sent: usize) -> Error {
        match error {
            Error::Fetch { url, reason } => {
                let sent =
                    format!("{} sent before: run the same command again to send the rest", counted(sent, "paper"));
                Error::Fetch { url, reason: format!("{reason}; {sent}") }
            }
            other => other,
        }
    }
}

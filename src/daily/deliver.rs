//! Delivering what is new for a profile: a digest, mail, and feed files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::config::ReaderConfig;
use super::digest::Digest;
use super::mailer::Mailer;
use crate::engine::{Engine, FeedMode, FeedOptions};
use crate::error::{Error, Result};
use crate::file::{self, FileAccess};
use crate::formats::{FeedDocument, FeedFormat};
use crate::paper::PaperId;
use crate::recommend::{Answer, Recommendation, Request};

/// What was delivered to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileDelivery {
    /// Name of the profile.
    pub profile: String,
    /// Number of new papers.
    pub papers: usize,
    /// The HTML digest that was written.
    pub digest: Option<PathBuf>,
    /// Recipients of the digest.
    pub sent_to: Vec<String>,
}

/// The means of delivery that all profiles share.
pub(super) struct DeliveryContext<'a> {
    pub(super) page: Option<&'a str>,
    pub(super) mailer: Option<&'a Mailer>,
}

impl DeliveryContext<'_> {
    /// Writes and sends what is new for a profile. What was sent is marked as seen; what was only written is still new in the
    /// feed, but not in other digests.
    pub(super) fn deliver(&self, engine: &mut Engine, name: &str, reader: &ReaderConfig) -> Result<ProfileDelivery> {
        let known = engine.digest_papers(name)?;
        let answer = self.feed(engine, name, reader, FeedMode::Peek, known)?;
        let mut delivery = ProfileDelivery {
            profile: name.to_owned(),
            papers: answer.all_results().count(),
            digest: None,
            sent_to: Vec::new(),
        };
        if answer.all_results().next().is_some() {
            let digest = Digest {
                reader: name,
                day: engine.today(),
                results: &answer.results,
                best_of_library: &answer.best_of_library,
                note: answer.note.as_deref(),
                page: self.page,
            };
            if let Some(directory) = &reader.digests {
                delivery.digest = Some(write_digest(&digest, directory)?);
            }
            if let Some(mailer) = self.mailer.filter(|_| !reader.mail.is_empty()) {
                mailer.send(&digest, &reader.mail)?;
                delivery.sent_to.clone_from(&reader.mail);
            }
            let papers: Vec<PaperId> = answer.all_results().map(|result| result.paper.id.clone()).collect();
            // A file may never be opened.
            match delivery.sent_to.is_empty() {
                true => engine.record_digest(name, &papers)?,
                false => engine.mark_feed_seen(name, &papers, answer.generation)?,
            }
        }
        if !reader.feeds.is_empty() {
            let last = self.feed(engine, name, reader, FeedMode::Last, Vec::new())?.into_all_results();
            reader.feeds.iter().try_for_each(|path| self.write_feed(path, name, &last, engine.today()))?;
        }
        Ok(delivery)
    }

    fn feed(
        &self,
        engine: &mut Engine,
        name: &str,
        reader: &ReaderConfig,
        mode: FeedMode,
        exclude: Vec<PaperId>,
    ) -> Result<Answer> {
        let request = Request { limit: Some(reader.papers), strategy: reader.strategy, exclude, ..Request::default() };
        engine.feed(name, &FeedOptions { mode, request, ..FeedOptions::default() })
    }

    /// Writes a feed in the format that the extension of its file names.
    fn write_feed(&self, path: &Path, name: &str, results: &[Recommendation], day: Date) -> Result<()> {
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("atom" | "xml") => FeedFormat::Atom,
            Some("rss") => FeedFormat::Rss,
            Some("json") => FeedFormat::JsonFeed,
            _ => {
                let reason = "unknown feed format: use the extension .atom, .rss or .json".to_owned();
                return Err(Error::BadFile { file: path.display().to_string(), reason });
            }
        };
        let title = format!("Papers for {name}");
        let page = self.page.map(str::to_owned);
        let feed = FeedDocument { title, address: None, page, day, results };
        write_file(path, &format.write(&feed))
    }
}

/// Writes a digest as HTML and as text, and returns the path of the HTML.
fn write_digest(digest: &Digest<'_>, directory: &Path) -> Result<PathBuf> {
    let name: String = digest.reader.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let path = |extension: &str| directory.join(format!("{}-{name}.{extension}", digest.day));
    write_file(&path("txt"), &digest.text())?;
    write_file(&path("html"), &digest.html())?;
    Ok(path("html"))
}

/// Writes a whole file, and creates its directory if necessary.
fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::io(directory, "create"))?;
    }
    file::replace(path, FileAccess::Shared, |file| file.write_all(text.as_bytes()).map_err(Error::io(path, "write")))
}

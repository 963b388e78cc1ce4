//! The round itself: fetch, rank, write, send, and remember what was shown.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::config::{DailyConfig, EXAMPLE, ReaderConfig, SourcesConfig};
use super::mail::Mailer;
use super::{DailyArgs, InitArgs};
use crate::cli::args::{ClientArgs, GlobalArgs, SummaryFormat};
use crate::cli::fetch;
use crate::cli::{CommandOutcome, output, today, upkeep};
use crate::digest::Digest;
use crate::engine::{Engine, FeedMode, FeedOptions, FetchSummary, LibraryLocation};
use crate::error::{Error, Result};
use crate::fetch::{ArxivQuery, FeedUrl, FetchSource, HfDaily, HttpClient};
use crate::file;
use crate::formats::{FeedDocument, FeedFormat};
use crate::paper::PaperId;
use crate::recommend::{Answer, Request};

/// Attempts of a request.
const ATTEMPTS: u32 = 5;

pub(in crate::cli) fn init(command: InitArgs) -> Result<CommandOutcome> {
    let path = &command.config;
    let written = File::create_new(path).and_then(|mut file| file.write_all(EXAMPLE.as_bytes()));
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let reason = "is there already, and stays as it is: give another --config".to_owned();
            return Err(Error::BadFile { file: path.display().to_string(), reason });
        }
        written => written.map_err(Error::io(path, "write it"))?,
    }
    output::print(|out| writeln!(out, "{}: edit it, then run `paperkin daily`", path.display()))?;
    Ok(CommandOutcome::Complete)
}

pub(in crate::cli) fn run(common: &GlobalArgs, command: DailyArgs) -> Result<CommandOutcome> {
    let config = DailyConfig::read(&command.config)?;
    let post = config.mail.as_ref().map(Mailer::open).transpose()?;
    let directory = common.directory()?;
    let mut engine = Engine::open(common.options(LibraryLocation::Create(directory.clone())))?;
    // Two rounds at once would send everything twice.
    let lock = directory.join("daily.lock");
    let Some(_alone) = file::lock(&lock)? else {
        let reason = "another round is at work".to_owned();
        return Err(Error::BadFile { file: lock.display().to_string(), reason });
    };
    let mut outcome = CommandOutcome::Complete;
    let mut said = Vec::new();

    let options = options(&config)?;
    let mut fetched = FetchSummary::default();
    let sources = sources(config.fetch);
    let mut client = HttpClient::new(fetch::manners(&sources, &options))?;
    for source in sources {
        let key = source.key();
        if let Err(error) = fetch::add(&mut engine, source, &mut client, &mut fetched) {
            output::complain("error", &format!("{}: {}", key.trim_start_matches("fetch "), error.one_line()));
            outcome = CommandOutcome::Incomplete;
        }
    }
    let changes = fetched.added.changes;
    said.push(format!("{} papers fetched: {} new, {} updated", fetched.papers, changes.new, changes.updated));
    if changes.new + changes.updated > 0 {
        upkeep::after_a_change(&engine);
    }

    for (name, reader) in &config.profiles {
        match serve(&mut engine, name, reader, config.page.as_deref(), post.as_ref()) {
            Ok(line) => said.push(line),
            Err(error) => {
                output::complain("error", &format!("{name}: {}", error.one_line()));
                outcome = CommandOutcome::Incomplete;
            }
        }
    }
    if !command.quiet {
        output::print(|out| said.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    }
    Ok(outcome)
}

/// Writes and sends what is new for a profile, then remembers it as shown; says what was done.
fn serve(
    engine: &mut Engine,
    name: &str,
    reader: &ReaderConfig,
    page: Option<&str>,
    post: Option<&Mailer>,
) -> Result<String> {
    let look = |engine: &mut Engine, look| {
        let request = Request { limit: Some(reader.papers), strategy: reader.strategy, ..Request::default() };
        engine.feed(name, &FeedOptions { mode: look, request, ..FeedOptions::default() })
    };
    let answer = look(engine, FeedMode::Peek)?;
    let mut done = format!("{name}: nothing new");
    if !answer.results.is_empty() {
        let note = answer.note.as_deref();
        let digest = Digest { reader: name, day: today(), results: &answer.results, note, page };
        done = format!("{name}: {} papers", answer.results.len());
        if let Some(folder) = &reader.digests {
            let path = write_digest(&digest, folder)?;
            done.push_str(&format!(", {path}"));
        }
        if let Some(post) = post.filter(|_| !reader.mail.is_empty()) {
            post.send(&digest, &reader.mail)?;
            done.push_str(&format!(", sent to {}", reader.mail.join(", ")));
        }
        let shown: Vec<PaperId> = answer.results.iter().map(|result| result.paper.id.clone()).collect();
        engine.mark_feed_seen(name, &shown, answer.generation)?;
    }
    if !reader.feeds.is_empty() {
        let shown = look(engine, FeedMode::Last)?;
        reader.feeds.iter().try_for_each(|path| write_feed(path, name, &shown, page))?;
    }
    Ok(done)
}

/// Writes a digest as HTML and as text; gives the path of the HTML.
fn write_digest(digest: &Digest<'_>, folder: &Path) -> Result<String> {
    let name: String = digest.reader.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let path = |ending: &str| folder.join(format!("{}-{name}.{ending}", digest.day));
    for (path, text) in [(path("txt"), digest.text()), (path("html"), digest.html())] {
        write(&path, &text)?;
    }
    Ok(path("html").display().to_string())
}

/// Writes a feed in the format that its file's ending names.
fn write_feed(path: &Path, name: &str, answer: &Answer, page: Option<&str>) -> Result<()> {
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("atom" | "xml") => FeedFormat::Atom,
        Some("rss") => FeedFormat::Rss,
        Some("json") => FeedFormat::JsonFeed,
        _ => {
            let reason = "no feed ends like this: .atom, .rss or .json".to_owned();
            return Err(Error::BadFile { file: path.display().to_string(), reason });
        }
    };
    let title = format!("Papers for {name}");
    let channel =
        FeedDocument { title, address: None, page: page.map(str::to_owned), day: today(), results: &answer.results };
    write(path, &format.write(&channel))
}

/// Writes a file whole, in a folder that is made if it is not there.
fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io(folder, "make it"))?;
    }
    file::replace(path, |file| file.write_all(text.as_bytes()).map_err(Error::io(path, "write it")))
}

fn options(config: &DailyConfig) -> Result<ClientArgs> {
    let pause = config.fetch.pause.map(Duration::try_from_secs_f64).transpose();
    let pause = pause.map_err(|error| Error::BadRequest { field: "fetch.pause", reason: error.to_string() })?;
    let contact = config.contact.clone();
    Ok(ClientArgs { contact, pause, timeout: None, attempts: ATTEMPTS, dry_run: false, format: SummaryFormat::Table })
}

/// What is fetched, one after the other.
fn sources(sources: SourcesConfig) -> Vec<FetchSource> {
    let SourcesConfig { hf_daily, arxiv, arxiv_queries, feeds, hf_daily_url, arxiv_url, .. } = sources;
    let mut all = Vec::new();
    if hf_daily {
        all.push(FetchSource::HfDaily(HfDaily { base: hf_daily_url, from: None, to: None }));
    }
    let query =
        |categories, query| FetchSource::Arxiv(ArxivQuery { base: arxiv_url.clone(), categories, query, since: None });
    if !arxiv.is_empty() {
        all.push(query(arxiv, None));
    }
    all.extend(arxiv_queries.into_iter().map(|text| query(Vec::new(), Some(text))));
    all.extend(feeds.into_iter().map(|url| FetchSource::Feed(FeedUrl { url })));
    all
}

//! Papers that `paperkin add` is given by id or address: which they are, and what the services know of them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::cli::args::AddArgs;
use crate::cli::output::CommandProgress;
use crate::error::{Error, Result};
use crate::formats::PaperRecord;
use crate::paper::PaperId;

/// Takes the papers of a page, with the name of their source.
pub(super) type PageSink<'a> = dyn FnMut(&CommandProgress, &str, Vec<Result<PaperRecord>>) -> Result<()> + 'a;

/// Papers to fetch, by the service that is asked first.
#[derive(Debug, Default)]
pub(super) struct IdsToFetch {
    arxiv: Vec<PaperId>,
    hugging_face: Vec<PaperId>,
    /// DOIs and PubMed ids.
    others: Vec<PaperId>,
    /// All of these.
    known: HashSet<PaperId>,
}

impl IdsToFetch {
    /// Takes what is an id or an address of a paper out of the arguments. What exists as a file is a file.
    pub(super) fn take(arguments: &mut Vec<PathBuf>) -> IdsToFetch {
        let mut ids = IdsToFetch::default();
        arguments.retain(|argument| argument.as_os_str() == "-" || argument.exists() || !ids.insert(argument));
        ids
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.arxiv, &self.hugging_face, &self.others].iter().all(|ids| ids.is_empty())
    }

    /// Whether the argument names a paper that can be fetched.
    fn insert(&mut self, argument: &Path) -> bool {
        let text = argument.to_string_lossy();
        let Some(id) = PaperId::parse(&text).ok().filter(PaperId::is_fetchable) else { return false };
        let is_of_hugging_face = ["huggingface.co/", "hf.co/"].iter().any(|host| text.contains(host));
        let ids = match id.is_arxiv() {
            true if is_of_hugging_face => &mut self.hugging_face,
            true => &mut self.arxiv,
            false => &mut self.others,
        };
        if self.known.insert(id.clone()) {
            ids.push(id);
        }
        true
    }
}

/// The error of an argument that is neither a file nor a paper.
pub(super) fn no_file(argument: &Path) -> Error {
    let file = argument.display().to_string();
    let reason = match file.starts_with("http://") || file.starts_with("https://") {
        true => "not the address of a paper that can be fetched: `paperkin fetch feed URL` reads a feed",
        false => "no such file, and no id of a paper: give a file, an arXiv id, a DOI or a PubMed id",
    };
    Error::BadFile { file, reason: reason.to_owned() }
}

#[cfg(feature = "fetch")]
pub(super) use services::fetch;

#[cfg(not(feature = "fetch"))]
pub(super) fn fetch(ids: IdsToFetch, _: &AddArgs, _: &mut PageSink<'_>) -> Result<Vec<Error>> {
    if ids.is_empty() { Ok(Vec::new()) } else { Err(crate::cli::commands::feature::missing("fetch")) }
}

#[cfg(feature = "fetch")]
mod services {
    use super::{AddArgs, CommandProgress, Error, IdsToFetch, PageSink, PaperId, Result};
    use crate::cli::commands::fetch::{client_options, service_key, with_progress};
    use crate::cli::output::{self, Severity};
    use crate::engine::Clock;
    use crate::fetch::{ArxivPapers, FetchSource, HfPapers, HttpClient, OpenAlex, SemanticScholar};

    /// Fetches papers and passes them on page by page. Returns an error for each that no service knows.
    ///
    /// # Errors
    /// Those of the services and of the sink: what was passed on before stays.
    pub(in super::super) fn fetch(ids: IdsToFetch, args: &AddArgs, sink: &mut PageSink<'_>) -> Result<Vec<Error>> {
        let mut services = Services { args, sink, papers: 0 };
        let fetched = fetch_from(&mut services, ids);
        let stored = if args.strict || args.dry_run { 0 } else { services.papers };
        fetched.map_err(|error| with_progress(error, stored))
    }

    fn fetch_from(services: &mut Services<'_, '_>, ids: IdsToFetch) -> Result<Vec<Error>> {
        let args = services.args;
        let base = || args.service.base_url.clone();
        let IdsToFetch { mut arxiv, hugging_face, others, .. } = ids;
        let mut missing = Vec::new();
        if !hugging_face.is_empty() {
            // Hugging Face has pages of some papers, arXiv has all.
            let source = FetchSource::HfPapers(HfPapers { base: base(), ids: hugging_face });
            arxiv.extend(services.ask(source)?);
        }
        if !arxiv.is_empty() {
            let left = services.ask(FetchSource::ArxivPapers(ArxivPapers { base: base(), ids: arxiv }))?;
            missing.extend(left.iter().map(|id| unknown(id, "arXiv")));
        }
        if !others.is_empty() {
            let (dois, rest): (Vec<PaperId>, Vec<PaperId>) =
                services.ask_semantic_scholar(others)?.into_iter().partition(|id| id.as_str().starts_with("doi:"));
            missing.extend(rest.iter().map(|id| unknown(id, "Semantic Scholar")));
            if !dois.is_empty() {
                let key = service_key("OPENALEX_API_KEY");
                let source = OpenAlex { base: base(), ids: dois, key, ..OpenAlex::default() };
                let left = services.ask(FetchSource::OpenAlex(source))?;
                missing.extend(left.iter().map(|id| unknown(id, "Semantic Scholar or OpenAlex")));
            }
        }
        Ok(missing)
    }

    struct Services<'a, 's> {
        args: &'a AddArgs,
        sink: &'a mut PageSink<'s>,
        /// Papers that came.
        papers: usize,
    }

    impl Services<'_, '_> {
        /// Fetches a source. Returns the ids that it does not know.
        fn ask(&mut self, source: FetchSource) -> Result<Vec<PaperId>> {
            let mut client = HttpClient::new(client_options(std::slice::from_ref(&source), &self.args.http))?;
            let name = source.name();
            let bar = CommandProgress::of_source(&name);
            let mut missing = Vec::new();
            let ended = source.pages(&mut client, None, Clock::System.today())?.try_for_each(|page| {
                let page = page?;
                self.papers += page.papers.iter().filter(|paper| paper.is_ok()).count();
                missing.extend(page.missing);
                (self.sink)(&bar, &name, page.papers)
            });
            bar.finish();
            ended.map(|()| missing)
        }

        /// Asks Semantic Scholar. While it does not answer, all DOIs are left for the next service.
        fn ask_semantic_scholar(&mut self, ids: Vec<PaperId>) -> Result<Vec<PaperId>> {
            let (base, key) = (self.args.service.base_url.clone(), service_key("S2_API_KEY"));
            let source = SemanticScholar { base, ids: ids.clone(), references: false, key };
            match self.ask(FetchSource::SemanticScholar(source)) {
                Err(error @ Error::Fetch { .. }) if ids.iter().all(|id| id.as_str().starts_with("doi:")) => {
                    output::diagnostic(Severity::Warning, &format!("{}; asking OpenAlex", error.one_line()));
                    Ok(ids)
                }
                answered => answered,
            }
        }
    }

    fn unknown(id: &PaperId, services: &str) -> Error {
        Error::NotFound { what: "paper", name: id.to_string(), hint: format!(" at {services}") }
    }
}

//! The façade: one line for each operation of a library.
//!
//! Questions go to the searcher, changes to the writer and to `profiles`, upkeep to `maintenance`; what each does is
//! written there.

mod options;
mod profiles;

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use crate::cancellation::Cancellation;
use crate::embedder::Embedder;
use crate::encoder::{Encoder, ModelChoice, TextSide};
use crate::error::{Error, Result};
#[cfg(feature = "fetch")]
use crate::fetch::{FetchSource, HttpClient};
use crate::formats;
use crate::library::{CheckFinding, GenerationId, Library, LibrarySummary, StoredPaper};
use crate::maintenance;
use crate::paper::{PaperId, WorkName};
use crate::recommend::{Answer, HistoryItem, Request};
use crate::report::{Collection, ReportObserver};
use crate::searcher::{self, RequestScope, SearchContext, SharedCaches};
use crate::vector::Embedding;
use crate::writer::{self, Writer};

pub use crate::embedder::TextEmbeddings;
pub use crate::maintenance::{GraphStatus, IndexStatus, LibraryStatus, RebuildSummary, ReembedSummary};
#[cfg(feature = "server")]
pub(crate) use crate::searcher::{BoundedCache, PerGeneration};
pub use crate::searcher::{
    CandidatePool, EvaluationOptions, EvaluationSummary, FeedMode, FeedOptions, LabeledQuery, PaperSelection,
    StarterPage, TemporalSplit, history_sides,
};
#[cfg(feature = "fetch")]
pub use crate::writer::FetchSummary;
#[cfg(feature = "server")]
pub(crate) use crate::writer::PendingBatch;
pub use crate::writer::{
    AddProgress, AddSummary, ImportItem, ImportOptions, ImportSummary, IncomingPaper, RemoveSummary, UnmatchedItem,
};
pub use options::{Clock, EngineOptions, LibraryLocation};
pub use profiles::check_profile_name;
#[cfg(any(feature = "cli", feature = "server"))]
pub(crate) use profiles::check_weight;

/// An open library with all that is needed to fill it and to search it.
///
/// The model is loaded when a text has to be embedded, the vectors when a question is asked; changes by other processes
/// are seen by the next question. An engine answers one question at a time; threads that ask at once
/// [`try_clone`](Engine::try_clone) one.
///
/// Every method fails with [`Error::Library`] or [`Error::DamagedLibrary`] when the library's file cannot be read or written;
/// the sections on errors name what else can go wrong.
///
/// ```no_run
/// # fn main() -> paperkin::Result<()> {
/// use paperkin::{Engine, EngineOptions, LibraryLocation, Request};
///
/// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Create("library".into())))?;
/// engine.add_file("papers.jsonl")?;
/// let answer = engine.recommend(&Request::text("tool use in language models").limit(5))?;
/// for result in answer.results {
///     println!("{:.3}  {}", result.score, result.paper.title);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    library: Library,
    embedder: Embedder,
    caches: Arc<SharedCaches>,
    options: EngineOptions,
}

impl Engine {
    /// Opens a library. With a model named in the options, checks that the library's embeddings are of that model.
    ///
    /// # Errors
    /// Those of [`Library::open`]; [`Error::ModelMismatch`].
    pub fn open(options: EngineOptions) -> Result<Engine> {
        let library = options.open_library()?;
        let embedder =
            Embedder::new(options.model.clone(), options.pooling, options.hub.clone(), options.encoder.clone());
        if options.model.is_some() && library.model()?.is_some() {
            embedder.encoder(&library)?;
        }
        Ok(Engine { library, embedder, caches: Arc::default(), options })
    }

    /// Another engine over the same library, for another thread: it has its own connection, and shares the encoder and
    /// the caches. The model is loaded if it was not yet.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let directory = folder.path().to_owned();
    /// let engine = Engine::open(EngineOptions::new(LibraryLocation::Create(directory))).unwrap();
    /// let other = engine.try_clone().unwrap();
    /// std::thread::spawn(move || other.summary().unwrap().papers).join().unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a library in memory, which only its own engine can read; those of
    /// [`Engine::encoder`].
    pub fn try_clone(&self) -> Result<Engine> {
        self.encoder()?;
        let Some(library) = self.library.reconnect()? else {
            let reason = "is in memory: only the engine that created it can read it".to_owned();
            return Err(Error::BadRequest { field: "library", reason });
        };
        let (embedder, caches) = (self.embedder.clone(), self.caches.clone());
        Ok(Engine { library, embedder, caches, options: self.options.clone() })
    }

    /// What is asked from now on fails with [`Error::Canceled`] once this is canceled; what it writes is rolled back.
    pub fn set_cancellation(&mut self, cancellation: Cancellation) {
        self.library.set_cancellation(cancellation);
    }

    // Questions

    /// Papers for a request: similar to its text, to its liked papers, or to both; best first.
    ///
    /// # Errors
    /// [`Error::BadRequest`]; errors of the library's file and, when a text has to be embedded, of the model.
    pub fn recommend(&self, request: &Request) -> Result<Answer> {
        self.recommend_with(request, &TextEmbeddings::default())
    }

    /// As [`Engine::recommend`], with embeddings of the request's texts that were computed beforehand.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation, Request};
    ///
    /// let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let requests = [Request::text("robots"), Request::text("proteins")];
    /// let embeddings = engine.embed_requests(&requests).unwrap();
    /// for request in &requests {
    ///     assert!(engine.recommend_with(request, &embeddings).unwrap().results.is_empty());
    /// }
    /// ```
    pub fn recommend_with(&self, request: &Request, embeddings: &TextEmbeddings) -> Result<Answer> {
        request.check()?;
        self.context().search(embeddings, |searcher| searcher.answer(request, &RequestScope::default(), self.today()))
    }

    /// Papers about a text, best first: 20 of them. [`Engine::recommend`] takes filters and other options.
    pub fn search(&self, text: &str) -> Result<Answer> {
        self.recommend(&Request::search(text)?)
    }

    /// Papers similar to one paper of the library, which is given by its id or title.
    ///
    /// ```
    /// use paperkin::paper::RawPaper;
    /// use paperkin::{Engine, EngineOptions, LibraryLocation};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let paper = |title: &str| RawPaper { title: title.to_owned(), ..RawPaper::default() }.validate();
    /// engine.add(["Robots that walk", "Robots that climb"].map(|title| Ok(paper(title).unwrap()))).unwrap();
    /// let answer = engine.similar("robots that walk").unwrap();
    /// assert_eq!(answer.results[0].paper.title, "Robots that climb");
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] with the titles that come close; else as [`Engine::recommend`].
    pub fn similar(&self, id_or_title: &str) -> Result<Answer> {
        self.recommend(&Request::like(self.find(id_or_title)?.paper.id))
    }

    /// The paper with this id or title.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the titles that come close.
    pub fn find(&self, id_or_title: &str) -> Result<StoredPaper> {
        self.library.find(id_or_title)
    }

    /// The paper with this id; `None` when it is not in the library.
    pub fn paper(&self, id: &PaperId) -> Result<Option<StoredPaper>> {
        self.library.paper(id)
    }

    /// The cosines of papers with each other, in their order: a row for each. Those of a paper that is not in the library
    /// are 0.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation, PaperId};
    ///
    /// let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// assert_eq!(engine.cosines(&[PaperId::parse("2401.00001").unwrap()]).unwrap(), [[0.0]]);
    /// ```
    pub fn cosines(&self, ids: &[PaperId]) -> Result<Vec<Vec<f32>>> {
        self.context().search(&TextEmbeddings::default(), |searcher| searcher::cosines(searcher, ids))
    }

    /// A page, from 1, of papers for readers who have no history yet: one of each subject of the library.
    pub fn starter_page(&self, page: usize) -> Result<StarterPage> {
        searcher::starter_page(self.context(), page, self.today())
    }

    /// Selected papers with their embeddings: what a [`Report`](crate::report::Report) is made from.
    pub fn collection(&self, selection: &PaperSelection, observer: ReportObserver<'_>) -> Result<Collection> {
        searcher::collection(self.context(), selection, observer)
    }

    /// Measures the ranking and the baselines on labeled queries. `done` is called with how many more are finished.
    pub fn evaluate(
        &self,
        labeled: &[LabeledQuery],
        options: &EvaluationOptions,
        done: &dyn Fn(usize),
    ) -> Result<EvaluationSummary> {
        searcher::evaluate(self.context(), labeled, options, self.today(), done)
    }

    /// Holds out the latest `share` of a history, to be found among the papers that appeared since.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when the history does not span two days.
    pub fn temporal_split(&self, liked: &[HistoryItem], disliked: &[HistoryItem], share: f64) -> Result<TemporalSplit> {
        searcher::split_history(&self.library, liked, disliked, share)
    }

    // Texts

    /// The encoder, loaded at the first call.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`] when the library's embeddings are of another model; errors of loading.
    pub fn encoder(&self) -> Result<&Encoder> {
        self.embedder.encoder(&self.library)
    }

    /// Embeddings of texts, in their order. `done` is called with how many more are finished.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation, TextSide};
    ///
    /// let engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let texts = ["walking robots", "robots that walk", "protein folding"];
    /// let embeddings = engine.embed_texts(TextSide::Document, &texts, &|_| ()).unwrap();
    /// assert!(embeddings[0].cosine(&embeddings[1]) > embeddings[0].cosine(&embeddings[2]));
    /// ```
    ///
    /// # Errors
    /// As [`Engine::encoder`]; errors of the device.
    pub fn embed_texts<T: AsRef<str> + Sync>(
        &self,
        side: TextSide,
        texts: &[T],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        self.embedder.embed_all(&self.library, side, texts, done)
    }

    /// Embeddings of all texts of some requests, computed together: faster than one by one.
    pub fn embed_requests(&self, requests: &[Request]) -> Result<TextEmbeddings> {
        self.embedder.embed_requests(&self.library, requests)
    }

    // Changes

    /// Adds papers, or updates those that are in the library. Invalid records and fields are skipped and counted.
    ///
    /// ```
    /// use paperkin::paper::RawPaper;
    /// use paperkin::{Engine, EngineOptions, LibraryLocation};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let raw = RawPaper { title: "Robots that walk".to_owned(), source: "example".to_owned(), ..RawPaper::default() };
    /// let added = engine.add([Ok(raw.validate().unwrap())]).unwrap();
    /// assert_eq!(added.changes.new, 1);
    /// ```
    ///
    /// # Errors
    /// Those of the model, the encoder and the library's file: what was committed before stays.
    pub fn add<P: Into<IncomingPaper>>(&mut self, papers: impl IntoIterator<Item = Result<P>>) -> Result<AddSummary> {
        self.add_with_progress(papers, &|_| ())
    }

    /// As [`Engine::add`]; `progress` is called with each rejected record and each dropped field, and with how many more
    /// papers are embedded and committed.
    pub fn add_with_progress<P: Into<IncomingPaper>>(
        &mut self,
        papers: impl IntoIterator<Item = Result<P>>,
        progress: &(dyn Fn(AddProgress<'_>) + Sync),
    ) -> Result<AddSummary> {
        writer::add(&mut self.writer(), papers, progress)
    }

    /// Adds the papers of a file, whose format is detected.
    ///
    /// # Errors
    /// When the file cannot be read or holds nothing that could be papers; else as [`Engine::add`].
    pub fn add_file(&mut self, path: impl AsRef<Path>) -> Result<AddSummary> {
        self.add(formats::open(path.as_ref(), None)?.records())
    }

    /// Adds citation links, as [`formats::LinkReader`] reads them, whether or not the papers are in the library. Invalid
    /// links are skipped, counted, and passed to `progress`.
    pub fn add_links(
        &mut self,
        links: impl IntoIterator<Item = Result<(WorkName, WorkName)>>,
        progress: &(dyn Fn(AddProgress<'_>) + Sync),
    ) -> Result<AddSummary> {
        writer::add_links(&mut self.library, links, progress)
    }

    /// Adds what a public service has, from where the last call stopped. What came is counted in `fetched`, also before
    /// an error: the same call resumes there.
    ///
    /// # Errors
    /// Those of the service and of [`Engine::add`].
    #[cfg(feature = "fetch")]
    pub fn fetch(
        &mut self,
        source: FetchSource,
        client: &mut HttpClient,
        fetched: &mut FetchSummary,
        progress: &(dyn Fn(AddProgress<'_>) + Sync),
    ) -> Result<()> {
        let today = self.today();
        writer::fetch(&mut self.writer(), source, client, today, fetched, progress)
    }

    /// Removes papers, given by ids or whole titles, all in one step. Histories keep their ids.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation, PaperId};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let removed = engine.remove(&[PaperId::parse("2401.00001").unwrap()]).unwrap();
    /// assert_eq!((removed.removed.len(), removed.not_found.len()), (0, 1));
    /// ```
    pub fn remove(&mut self, ids: &[PaperId]) -> Result<RemoveSummary> {
        writer::remove(&mut self.library, ids)
    }

    /// Splits a paper that several records were merged into. Returns the ids of the papers that exist now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::BadRequest`] when there is nothing to split; else as [`Engine::add`].
    pub fn split(&mut self, id: &PaperId) -> Result<Vec<PaperId>> {
        writer::split(&mut self.writer(), id)
    }

    // Maintenance

    /// The library in numbers: papers, model, index.
    pub fn status(&self) -> Result<LibraryStatus> {
        maintenance::status(self.context())
    }

    /// Counts papers, sources and profiles: goes through all papers, which [`Library::paper_count`] does not.
    pub fn summary(&self) -> Result<LibrarySummary> {
        self.library.summary()
    }

    /// The generation that the library is in: answers from one generation do not change.
    pub fn generation_id(&self) -> Result<GenerationId> {
        self.library.generation_id()
    }

    /// Checks the library's file, its embeddings, the index over them, and the model.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn check(&self) -> Result<Vec<CheckFinding>> {
        maintenance::check(self.context())
    }

    /// How neighbors are found now.
    pub fn index_status(&self) -> Result<IndexStatus> {
        maintenance::index_status(self.context())
    }

    /// Whether a graph on disk was corrupt and discarded.
    pub fn index_was_discarded(&self) -> bool {
        self.caches.graph_was_discarded()
    }

    /// Builds the files of the index that are due: too much has changed, the library has grown, or one was discarded. Returns
    /// the graph that was built, if one was; `start` is as in [`Engine::rebuild_index`].
    ///
    /// # Errors
    /// When a file cannot be written; the old one stays.
    pub fn update_index<F: Fn(usize) + Sync>(&self, start: impl FnOnce(usize) -> F) -> Result<Option<RebuildSummary>> {
        maintenance::update_index(self.context(), start)
    }

    /// Builds the graph on disk. `start` is called with the number of papers, and returns what is called with how many
    /// more are linked. `None` when there is nothing to build from, or another process is building.
    ///
    /// # Errors
    /// When the file cannot be written; the old one stays.
    pub fn rebuild_index<F: Fn(usize) + Sync>(&self, start: impl FnOnce(usize) -> F) -> Result<Option<RebuildSummary>> {
        maintenance::rebuild_index(self.context(), start)
    }

    /// Embeds every paper with another model (`None`: the bundled one) and makes it the library's. `progress` is called
    /// with how many papers remain, and how many more are done.
    ///
    /// # Errors
    /// Those of the model, the encoder and the library's file; an interrupted call resumes.
    pub fn reembed(
        &mut self,
        model: Option<ModelChoice>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<ReembedSummary> {
        maintenance::reembed(&mut self.library, &mut self.embedder, &self.caches, model, progress)
    }

    /// Makes the library's file as small as its contents. Returns the number of bytes freed.
    ///
    /// # Errors
    /// Those of [`Library::compact`].
    pub fn compact(&mut self) -> Result<u64> {
        maintenance::compact(&mut self.library, &self.caches)
    }

    /// The library underneath, for reading.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The day of today, by the clock of the options.
    pub fn today(&self) -> Date {
        self.options.clock.today()
    }

    fn context(&self) -> SearchContext<'_> {
        SearchContext {
            library: &self.library,
            embedder: &self.embedder,
            caches: &self.caches,
            index_kind: self.options.index,
            weights: &self.options.weights,
        }
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer { library: &mut self.library, embedder: &self.embedder }
    }
}

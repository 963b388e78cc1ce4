//! What an engine is made of.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::encoder::{EncoderOptions, HubOptions, ModelChoice, Pooling};
use crate::error::Result;
use crate::index::IndexKind;
use crate::library::Library;
use crate::recommend::RankingWeights;

/// Where a library is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryLocation {
    /// In a directory, which is created if it does not exist, or at the address of a server.
    Create(PathBuf),
    /// In a directory that holds a library, or at the address of a server: `postgres://me@localhost/papers`.
    Existing(PathBuf),
    /// In memory: gone with the engine.
    Memory,
}

/// What day it is: for recency, for the weights of dated history papers, and for what is recorded as seen.
///
/// ```
/// use paperkin::{Clock, jiff::civil::date};
///
/// assert_eq!(Clock::Fixed(date(2026, 1, 31)).today(), date(2026, 1, 31));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// The system's date, in UTC.
    #[default]
    System,
    /// Always this day: answers can be repeated.
    Fixed(Date),
}

impl Clock {
    /// The day of today.
    pub fn today(self) -> Date {
        match self {
            Clock::System => jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date(),
            Clock::Fixed(day) => day,
        }
    }
}

/// Options of an engine. Everything but the location has a default.
///
/// ```
/// use paperkin::{Clock, EngineOptions, LibraryLocation};
///
/// let mut options = EngineOptions::new(LibraryLocation::Memory);
/// options.clock = Clock::Fixed(paperkin::jiff::civil::date(2026, 1, 31));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Where the library is.
    pub location: LibraryLocation,
    /// The model; `None` for the library's own, and for the bundled one while the library is empty.
    pub model: Option<ModelChoice>,
    /// The pooling of a model whose files say nothing about it; `None` for that of the library's embeddings, and else the mean.
    pub pooling: Option<Pooling>,
    /// How models are downloaded.
    pub hub: HubOptions,
    /// Device, precision and instructions of the encoder.
    pub encoder: EncoderOptions,
    /// How neighbors are found.
    pub index: IndexKind,
    /// The address of a replica of the library's server, which answers questions.
    pub read_replica: Option<String>,
    /// Where the indexes of libraries on servers are kept; `None`: in memory.
    pub cache_directory: Option<PathBuf>,
    /// The constants of the ranking. The recency and votes of a request replace those here.
    pub weights: RankingWeights,
    /// What day it is.
    pub clock: Clock,
}

impl EngineOptions {
    /// Opens the library.
    pub(super) fn open_library(&self) -> Result<Library> {
        let mut library = match &self.location {
            LibraryLocation::Create(location) => Library::create(location)?,
            LibraryLocation::Existing(location) => Library::open(location)?,
            LibraryLocation::Memory => Library::in_memory()?,
        };
        self.read_replica.iter().try_for_each(|replica| library.set_read_replica(replica))?;
        self.cache_directory.iter().for_each(|directory| library.set_cache_directory(directory));
        Ok(library)
    }

    /// The bundled model on the fastest device, with a library at this location.
    pub fn new(location: LibraryLocation) -> EngineOptions {
        EngineOptions {
            location,
            model: None,
            pooling: None,
            hub: HubOptions::default(),
            encoder: EncoderOptions::default(),
            index: IndexKind::Auto,
            read_replica: None,
            cache_directory: None,
            weights: RankingWeights::default(),
            clock: Clock::System,
        }
    }
}

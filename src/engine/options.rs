//! What an engine is made of.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::encoder::{EncoderOptions, HubOptions, ModelChoice};
use crate::index::IndexKind;
use crate::recommend::RankingWeights;

/// Where a library is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryLocation {
    /// In a directory, which is created if it does not exist.
    Create(PathBuf),
    /// In a directory that holds a library.
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
    /// How models are downloaded.
    pub hub: HubOptions,
    /// Device, precision and instructions of the encoder.
    pub encoder: EncoderOptions,
    /// How neighbors are found.
    pub index: IndexKind,
    /// The constants of the ranking. The recency and votes of a request replace those here.
    pub weights: RankingWeights,
    /// What day it is.
    pub clock: Clock,
}

impl EngineOptions {
    /// The bundled model on the fastest device, with a library at this location.
    pub fn new(location: LibraryLocation) -> EngineOptions {
        EngineOptions {
            location,
            model: None,
            hub: HubOptions::default(),
            encoder: EncoderOptions::default(),
            index: IndexKind::Auto,
            weights: RankingWeights::default(),
            clock: Clock::System,
        }
    }
}

//! The daily run: fetch new papers, rank them for each profile, and deliver feeds and digests, exactly once.
//!
//! ```no_run
//! use paperkin::daily::{self, DailyConfig, DailyOptions};
//! use paperkin::{Engine, EngineOptions, LibraryLocation};
//!
//! # fn main() -> paperkin::Result<()> {
//! let config = DailyConfig::parse("[fetch]\nhf_daily = true\n[profiles.me]\ndigests = \"digests\"\n")?;
//! let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Create("library".into())))?;
//! let options = DailyOptions::default();
//! let summary = daily::run(&mut engine, &config, &options, &|event| println!("{event:?}"))?;
//! println!("{} papers fetched", summary.fetched.papers);
//! # Ok(())
//! # }
//! ```

mod config;
mod deliver;
pub mod digest;
mod mailer;
mod run;
mod weekly_report;

pub use config::{DailyConfig, MailConfig, MailSecurity, ReaderConfig, SourcesConfig};
pub use deliver::ProfileDelivery;
pub use mailer::Mailer;
pub use run::{DailyEvent, DailyOptions, DailySummary, run};

//! What to recommend, and why: from a taste and candidates to a ranked list whose scores can be taken apart.
//!
//! Pure: no disk, no clock, no encoder. The engine resolves a [`Request`] to a [`Taste`] and candidates, and turns
//! what comes back into an [`Answer`].

mod answer;
mod background;
mod calibration;
mod diversify;
mod history;
mod interests;
mod request;
mod scale;
mod score;
mod side;
mod spread;
mod taste;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Because, Interest, Matched, Recommendation};
pub use background::Background;
pub use diversify::diversify;
pub use interests::{interests, label, turns};
pub use request::{HistoryItem, PaperRef, Request};
pub use score::{Candidate, Contribution, Parts, Ranker, Standing, Strategy, Weights};
pub use taste::{Past, Taste, Text, decay};

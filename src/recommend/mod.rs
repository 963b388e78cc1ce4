//! What to recommend, and why: from a taste and candidates to a ranked list whose scores can be taken apart.
//!
//! Pure: no disk, no clock, no encoder. The engine resolves a [`Request`] to a [`Taste`] and candidates, and turns
//! what comes back into an [`Answer`].

mod answer;
mod diversify;
mod request;
mod score;
mod taste;

pub use answer::{Answer, Because, Recommendation};
pub use diversify::diversify;
pub use request::{HistoryItem, PaperRef, Request};
pub use score::{Candidate, Contribution, Parts, Scored, Weights, score};
pub use taste::{Past, Taste, Text, decay};

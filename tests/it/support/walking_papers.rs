//! Papers on one subject, all of them related to each other, for feeds that have much to show.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::support::sandbox::Sandbox;

const GAITS: [(&str, &str); 2] = [("walk", "walking"), ("climb", "climbing")];
const GROUNDS: [&str; 20] = [
    "sand",
    "mud",
    "snow",
    "ice",
    "gravel",
    "stairs",
    "ladders",
    "rubble",
    "wet leaves",
    "cables",
    "glass",
    "mattresses",
    "roofs",
    "ropes",
    "carpets",
    "coal",
    "reefs",
    "dunes",
    "trains",
    "barges",
];

/// So many papers, at most 40, as JSON lines: `walk-0` of the last day, and one more each `1 / per_day` days before.
pub(crate) fn walking_papers(count: usize, last: Date, per_day: f64) -> String {
    let gaits = GAITS.iter().flat_map(|gait| GROUNDS.iter().map(move |ground| (gait, ground)));
    let line = |(number, ((verb, noun), ground)): (usize, (&(&str, &str), &&str))| {
        let day = last - ((number as f64 / per_day) as i32).days();
        let title = format!("Robots that {verb} on {ground}");
        let text = format!("Legged robots learn {noun} on {ground}, and do not fall.");
        serde_json::json!({"id": format!("walk-{number}"), "title": title, "abstract": text, "published": day.to_string()})
            .to_string()
            + "\n"
    };
    gaits.enumerate().take(count).map(line).collect()
}

impl Sandbox {
    /// A library of 40 walking papers of the last seven days.
    pub(crate) fn with_walking_papers() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.add_walking_papers();
        sandbox
    }

    /// Adds these papers.
    pub(crate) fn add_walking_papers(&self) {
        let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
        let file = self.file("walking.jsonl", walking_papers(40, today, 6.0));
        assert_eq!(self.run(&["add", &file]).code, 0);
    }
}

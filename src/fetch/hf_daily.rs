//! Hugging Face's daily papers: one page a day, oldest first.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::client::{HttpClient, address, failed};
use super::{FetchedPage, PageIter, REFETCH_DAYS, days_before, load_checkpoint, paged, read, save_checkpoint};
use crate::error::{Error, Result};
use crate::formats::{InputFormat, PaperRecord};

/// Where the service is.
pub(super) const BASE: &str = "https://huggingface.co";
/// Papers of one answer: the most that the service gives. A day that has more has further answers, up to [`PARTS`].
const PART: usize = 100;
const PARTS: usize = 10;

/// Days of the daily papers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HfDaily {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// The first day; without it a week before the last complete one that was fetched, or the last seven days.
    pub from: Option<Date>,
    /// The last day; without it today.
    pub to: Option<Date>,
}

#[derive(Default, Serialize, Deserialize)]
struct DailyCheckpoint {
    /// The last day that was over when it was fetched, by a run without an end.
    complete: Option<Date>,
    /// A run that has not come to its end.
    stopped: Option<DailyResume>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct DailyResume {
    from: Option<Date>,
    to: Option<Date>,
    next: Date,
}

impl HfDaily {
    pub(super) fn pages<'c>(
        self,
        client: &'c mut HttpClient,
        memory: Option<&str>,
        today: Date,
    ) -> Result<PageIter<'c>> {
        let mut memory: DailyCheckpoint = load_checkpoint(memory);
        let HfDaily { base, from, to } = self;
        let first = from.unwrap_or_else(|| days_before(memory.complete.unwrap_or(today), REFETCH_DAYS - 1));
        let last = to.map_or(today, |to| to.min(today));
        if first > last {
            let reason = format!("{first} is after the last day, {last}");
            return Err(Error::BadRequest { field: "from", reason });
        }
        let stopped = memory.stopped.filter(|run| (run.from, run.to) == (from, to));
        let mut day = stopped.map_or(first, |run| run.next);
        Ok(paged(move || {
            if day > last {
                return Ok(None);
            }
            let papers = day_of(client, base.as_deref().unwrap_or(BASE), day)?;
            if to.is_none() && day < today {
                memory.complete = memory.complete.max(Some(day));
            }
            day = day.saturating_add(jiff::Span::new().days(1));
            memory.stopped = (day <= last).then_some(DailyResume { from, to, next: day });
            Ok(Some(FetchedPage { papers, checkpoint: save_checkpoint(&memory), ..FetchedPage::default() }))
        }))
    }
}

fn day_of(client: &mut HttpClient, base: &str, day: Date) -> Result<Vec<Result<PaperRecord>>> {
    let (date, most) = (day.to_string(), PART.to_string());
    let mut papers = Vec::new();
    for part in 0..PARTS {
        let number = part.to_string();
        let mut query = vec![("date", date.as_str()), ("limit", &most)];
        if part > 0 {
            query.push(("p", &number));
        }
        let answer = client.get(address(base, "/api/daily_papers", &query))?;
        // A page that asks to sign in, or an error, must not pass for one bad record of a day.
        if !answer.body.trim_ascii_start().starts_with(b"[") {
            let text: String = String::from_utf8_lossy(&answer.body).trim().chars().take(80).collect();
            return Err(failed(&answer.url, format!("expected a list of papers, found `{text}`")));
        }
        papers.extend(read(answer, Some(InputFormat::HfDaily))?);
        if papers.len() < (part + 1) * PART {
            break;
        }
    }
    Ok(papers)
}

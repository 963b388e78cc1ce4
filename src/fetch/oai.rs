//! What changed in a set of arXiv's, by OAI-PMH (<https://info.arxiv.org/help/oa/index.html>): for whole archives, and
//! for more papers than a query gives.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::client::{HttpClient, address, failed};
use super::records::{self, OaiListing};
use super::{FetchedPage, PageIter, REFETCH_DAYS, days_before, load_checkpoint, paged, save_checkpoint, validate};
use crate::error::Result;

/// Where the service is.
const BASE: &str = "https://oaipmh.arxiv.org";

/// A set of arXiv's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OaiSet {
    /// Where the service is, if not at its usual place.
    pub base: Option<String>,
    /// An archive (`cs`, `hep-th`), a subject class (`cs.CL`), or a set as the service names it (`physics:hep-th`).
    pub category: String,
    /// The first day of change; without it that of the last change seen, or the last seven days.
    pub since: Option<Date>,
}

#[derive(Default, Serialize, Deserialize)]
struct OaiCheckpoint {
    /// The last day of change that was seen by a run that came to its end.
    complete: Option<Date>,
    /// A run that has not.
    stopped: Option<OaiResume>,
}

#[derive(Clone, Serialize, Deserialize)]
struct OaiResume {
    since: Date,
    /// What the next part is asked for with.
    token: String,
    /// From where to ask when the token has expired: the earliest day of the last part.
    seen: Date,
    /// The latest day of all parts.
    latest: Option<Date>,
}

impl OaiSet {
    /// The set as the service names it.
    pub(super) fn set(&self) -> String {
        const PHYSICS: [&str; 12] = [
            "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex",
            "nucl-th", "quant-ph",
        ];
        let category = self.category.trim();
        let (archive, class) = category.split_once('.').unwrap_or((category, ""));
        let group = if PHYSICS.contains(&archive) { "physics" } else { archive };
        match class {
            _ if category.contains(':') => category.to_owned(),
            "" if group == archive => archive.to_owned(),
            "" => format!("{group}:{archive}"),
            class => format!("{group}:{archive}:{class}"),
        }
    }

    pub(super) fn pages<'c>(
        self,
        client: &'c mut HttpClient,
        memory: Option<&str>,
        today: Date,
    ) -> Result<PageIter<'c>> {
        let memory: OaiCheckpoint = load_checkpoint(memory);
        let stopped = memory.stopped.clone().filter(|run| self.since.is_none_or(|since| since == run.since));
        let last = memory.complete.unwrap_or_else(|| days_before(today, REFETCH_DAYS));
        let since = stopped.as_ref().map_or(self.since.unwrap_or(last), |run| run.since);
        let (token, seen, latest) = stopped.map_or((None, since, None), |run| (Some(run.token), run.seen, run.latest));
        let (set, base) = (self.set(), self.base.unwrap_or_else(|| BASE.to_owned()));
        let mut walk = OaiPages { client, base, set, memory, since, seen, latest, token, expired: 0, ended: false };
        Ok(paged(move || walk.next()))
    }
}

struct OaiPages<'c> {
    client: &'c mut HttpClient,
    base: String,
    set: String,
    memory: OaiCheckpoint,
    since: Date,
    seen: Date,
    latest: Option<Date>,
    token: Option<String>,
    /// How often a token had expired since there was a later day.
    expired: u32,
    ended: bool,
}

impl OaiPages<'_> {
    fn next(&mut self) -> Result<Option<FetchedPage>> {
        if self.ended {
            return Ok(None);
        }
        let (url, listing) = self.ask()?;
        if listing.token.is_some() && listing.token == self.token {
            return Err(failed(&url, "returned the same page repeatedly"));
        }
        if let Some((first, last)) = listing.days {
            if first > self.seen {
                self.expired = 0;
            }
            self.seen = first;
            self.latest = self.latest.max(Some(last));
        }
        self.token = listing.token;
        let OaiPages { since, seen, latest, .. } = *self;
        self.memory.stopped = self.token.clone().map(|token| OaiResume { since, token, seen, latest });
        self.ended = self.token.is_none();
        if self.ended {
            self.memory.complete = self.memory.complete.max(latest);
        }
        let papers = validate(&url, listing.papers)?;
        Ok(Some(FetchedPage { papers, checkpoint: save_checkpoint(&self.memory), ..FetchedPage::default() }))
    }

    /// The next part; begins again from the day of the last records when the token has expired.
    fn ask(&mut self) -> Result<(String, OaiListing)> {
        loop {
            let from = self.seen.to_string();
            let query = match &self.token {
                Some(token) => vec![("verb", "ListRecords"), ("resumptionToken", token.as_str())],
                None => vec![
                    ("verb", "ListRecords"),
                    ("metadataPrefix", "arXiv"),
                    ("set", self.set.as_str()),
                    ("from", &from),
                ],
            };
            let answer = self.client.get(address(&self.base, "/oai", &query))?;
            let listing = records::parse(&answer.url, &answer.body)?;
            match &listing.error {
                None => return Ok((answer.url, listing)),
                Some((code, _)) if code == "noRecordsMatch" => return Ok((answer.url, OaiListing::default())),
                Some((code, _)) if code == "badResumptionToken" && self.token.is_some() => {
                    self.expired += 1;
                    if self.expired >= self.client.manners().attempts {
                        let reason = format!("resumption tokens expired {} times", self.expired);
                        return Err(failed(&answer.url, reason));
                    }
                    self.token = None;
                }
                Some((code, words)) => return Err(failed(&answer.url, format!("returned {code}: {}", words.trim()))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OaiSet;

    #[test]
    fn sets() {
        for (category, set) in [
            ("cs", "cs"),
            ("cs.CL", "cs:cs:CL"),
            ("hep-th", "physics:hep-th"),
            ("astro-ph.GA", "physics:astro-ph:GA"),
            ("physics", "physics"),
            ("physics.optics", "physics:physics:optics"),
            ("physics:hep-th", "physics:hep-th"),
        ] {
            assert_eq!(OaiSet { category: category.to_owned(), ..OaiSet::default() }.set(), set);
        }
    }
}

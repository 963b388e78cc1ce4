//! Profiles: what people read, like and follow, and the feeds they have seen.
//!
//! The rules of names and weights are here, whoever writes a profile.

use std::collections::HashSet;

use jiff::civil::Date;

use super::{Engine, FeedMode, FeedOptions, ImportItem, ImportOptions, ImportSummary, TextEmbeddings};
use crate::error::{Error, Result};
use crate::library::{
    HistoryEntry, HistoryImport, MAX_HISTORY_WEIGHT, MAX_PROFILE_NAME_CHARS, Profile, ProfilePaper, is_profile_name,
};
use crate::paper::{PaperId, one_line};
use crate::recommend::{
    Answer, InterestShare, MAX_AUTHORS, MAX_NAME_LENGTH, MAX_WEIGHT, check_length, check_names, check_text,
};
use crate::text::is_invisible;
use crate::{searcher, writer};

/// Papers that are not in the library and that an import embeds at once: half a minute on two cores. Feeds embed others.
const MAX_EMBEDDED_BY_IMPORT: usize = 1_000;
/// Papers that are not in the library and that a feed embeds at most.
const MAX_EMBEDDED_BY_FEED: usize = 100;

/// What requests may have, histories may have.
const _: () = assert!(MAX_WEIGHT == MAX_HISTORY_WEIGHT);

/// Checks the name of a profile and returns it without white space around it.
///
/// ```
/// use paperkin::engine::check_profile_name;
///
/// assert_eq!(check_profile_name(" me ").unwrap(), "me");
/// assert!(check_profile_name("").is_err());
/// ```
///
/// # Errors
/// [`Error::BadRequest`] for a name that is empty, too long, or contains control characters.
pub fn check_profile_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if !is_profile_name(name) || name.chars().any(is_invisible) {
        let reason = format!("give a name of 1 to {MAX_PROFILE_NAME_CHARS} characters without control characters");
        return Err(Error::BadRequest { field: "profile", reason });
    }
    Ok(name)
}

/// Checks the weight of a paper in a history.
///
/// # Errors
/// [`Error::BadRequest`] for a weight that is not above 0, or too large.
pub(crate) fn check_weight(weight: f64) -> Result<()> {
    match weight > 0.0 && weight <= MAX_WEIGHT {
        true => Ok(()),
        false => {
            let reason = format!("{weight} is not a positive number up to {MAX_WEIGHT}");
            Err(Error::BadRequest { field: "weight", reason })
        }
    }
}

/// Checks the name of an interest, which is printed and shown on every page.
fn check_interest(name: &str) -> Result<()> {
    check_text("interest", name, MAX_NAME_LENGTH)?;
    match name.contains(is_invisible) {
        true => {
            let reason = "the name of an interest has control characters".to_owned();
            Err(Error::BadRequest { field: "interest", reason })
        }
        false => Ok(()),
    }
}

impl Engine {
    /// The feed of a profile: what is new since it was last seen, best first. At the first look, the papers of the last 14
    /// days are new, and [`Answer::best_of_library`] has the best of the older ones. With [`FeedMode::New`] the papers
    /// are recorded as seen.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown profile; else as [`Engine::recommend`].
    pub fn feed(&mut self, profile: &str, options: &FeedOptions) -> Result<Answer> {
        self.feed_with(profile, options, &TextEmbeddings::default())
    }

    /// As [`Engine::feed`], with embeddings of the request's texts that were computed beforehand.
    pub fn feed_with(&mut self, name: &str, options: &FeedOptions, embeddings: &TextEmbeddings) -> Result<Answer> {
        options.request.check()?;
        let (profile, today) = (self.library.profile(name)?, self.today());
        let embeddings = self.unresolved_embeddings(&profile).merged_with(embeddings.clone());
        let answer =
            self.context().search(&embeddings, |searcher| searcher::feed(searcher, &profile, options, today))?;
        if options.mode == FeedMode::New {
            self.record_feed(&profile, options, &answer)?;
        }
        Ok(answer)
    }

    /// Records the papers of a feed as seen: those of all interests, or of the one that was asked for.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown profile; errors of the library's file.
    pub fn mark_answer_seen(&mut self, name: &str, options: &FeedOptions, answer: &Answer) -> Result<()> {
        self.record_feed(&self.library.profile(name)?, options, answer)
    }

    fn record_feed(&mut self, profile: &Profile, options: &FeedOptions, answer: &Answer) -> Result<()> {
        if answer.results.is_empty() {
            return Ok(());
        }
        let today = self.today();
        let papers: Vec<PaperId> = answer.all_results().map(|result| result.paper.id.clone()).collect();
        match options.request.interest {
            // The news of the other interests are still new.
            Some(_) => self.library.record_impressions(profile, &papers, today),
            None => self.library.mark_feed_seen(profile, &papers, answer.generation, today),
        }
    }

    /// Embeddings of papers of a history that are not in the library. Without a model there is a feed all the same.
    fn unresolved_embeddings(&mut self, profile: &Profile) -> TextEmbeddings {
        self.writer().embed_unresolved(profile, MAX_EMBEDDED_BY_FEED).unwrap_or_else(|error| {
            tracing::debug!("papers outside of the library are not embedded: {error}");
            TextEmbeddings::default()
        })
    }

    /// The interests of a profile, named and found, those with most weight first: [`Request::interest`](crate::recommend::Request::interest) asks for one of
    /// them. One or none for a history of one subject.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown profile; else as [`Engine::recommend`].
    pub fn interests(&mut self, name: &str) -> Result<Vec<InterestShare>> {
        let (profile, today) = (self.library.profile(name)?, self.today());
        let embeddings = self.unresolved_embeddings(&profile);
        self.context().search(&embeddings, |searcher| searcher::interests(searcher, &profile, today))
    }

    /// Gives the interest with this label a name, or without one takes its name: what is alike is an interest then. The papers
    /// of two interests with one name are of one.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown profile, and for an interest that it does not have, with those that it has;
    /// [`Error::BadRequest`] for a name that is too long or has control characters.
    pub fn name_interest(&mut self, profile: &str, label: &str, name: Option<&str>) -> Result<()> {
        let name = name.map(one_line).filter(|name| !name.is_empty());
        name.as_deref().map_or(Ok(()), check_interest)?;
        let (profile, today) = (self.library.profile(profile)?, self.today());
        let embeddings = self.unresolved_embeddings(&profile);
        let found = |searcher: &_| searcher::renamed_papers(searcher, &profile, label, name.as_deref(), today);
        let ids = self.context().search(&embeddings, found)?;
        self.library.set_interest(&profile, &ids, name.as_deref())
    }

    /// Records what a digest had, which is no look at the feed: the papers are still new there, but no other digest has them.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn record_digest(&mut self, name: &str, papers: &[PaperId]) -> Result<()> {
        let today = self.today();
        let profile = self.library.profile(name)?;
        self.library.record_digest(&profile, papers, today)
    }

    /// The papers that earlier digests of a profile had.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn digest_papers(&self, name: &str) -> Result<Vec<PaperId>> {
        self.library.digest_papers(&self.library.profile(name)?)
    }

    /// The profile with this name, and its history.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the names that exist.
    pub fn profile(&self, name: &str) -> Result<Profile> {
        self.library.profile(name)
    }

    /// All profiles with their histories, sorted by name.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub fn profiles(&self) -> Result<Vec<Profile>> {
        self.library.profiles()
    }

    /// Names of all profiles, sorted.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub fn profile_names(&self) -> Result<Vec<String>> {
        self.library.profile_names()
    }

    /// Creates a profile, or returns the one with this name.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// assert_eq!(engine.create_profile(" me ").unwrap().name, "me");
    /// assert_eq!(engine.profile_names().unwrap(), ["me"]);
    /// ```
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an invalid name; those of the library's file.
    pub fn create_profile(&mut self, name: &str) -> Result<Profile> {
        let name = check_profile_name(name)?;
        self.library.add_to_history(name, &[])?;
        self.library.profile(name)
    }

    /// Adds papers from elsewhere to the history of a profile, matched with those of the library by ids and titles.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an invalid name or weight.
    pub fn import(&mut self, profile: &str, items: &[ImportItem], options: ImportOptions) -> Result<ImportSummary> {
        check_weight(options.weight)?;
        items.iter().filter_map(|item| item.weight).try_for_each(check_weight)?;
        let name = check_profile_name(profile)?;
        let summary = writer::import(&mut self.library, name, items, options)?;
        if summary.import.is_some() {
            let profile = self.library.profile(name)?;
            self.writer().embed_unresolved(&profile, MAX_EMBEDDED_BY_IMPORT)?;
        }
        Ok(summary)
    }

    /// The imports into the history of a profile, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn imports(&self, name: &str) -> Result<Vec<HistoryImport>> {
        self.library.imports(&self.library.profile(name)?)
    }

    /// Takes back an import of this number, or else the last one: removes the papers that it brought, except those on which
    /// the reader has voted since. Returns the import as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown profile or import; those of the library's file.
    pub fn undo_import(&mut self, name: &str, number: Option<i64>) -> Result<HistoryImport> {
        let profile = self.library.profile(name)?;
        let imports = self.library.imports(&profile)?;
        let found = imports.iter().find(|import| number.is_none_or(|number| number == import.number));
        let Some(import) = found.cloned() else {
            let numbers: Vec<String> = imports.iter().map(|import| import.number.to_string()).collect();
            return Err(Error::NotFound {
                what: "import",
                name: number.map_or("last".to_owned(), |number| number.to_string()),
                hint: match numbers.as_slice() {
                    [] => format!(": profile `{name}` has none to take back"),
                    numbers => format!(": the imports of profile `{name}` are {}", numbers.join(", ")),
                },
            });
        };
        self.library.undo_import(&profile, import.number)?;
        Ok(import)
    }

    /// Deletes a profile, its history and its impressions. Returns the profile as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn delete_profile(&mut self, name: &str) -> Result<Profile> {
        let profile = self.library.profile(name)?;
        self.library.remove_profile(&profile)?;
        Ok(profile)
    }

    /// Adds papers to the history of a profile, which is created if it does not exist; a paper that is in it already
    /// gets the new kind, weight and day.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an invalid name or weight; those of the library's file.
    pub fn add_to_history(&mut self, name: &str, entries: &[HistoryEntry]) -> Result<()> {
        let name = check_profile_name(name)?;
        entries.iter().try_for_each(|entry| check_weight(entry.weight))?;
        entries.iter().filter_map(|entry| entry.interest.as_deref()).try_for_each(check_interest)?;
        self.library.add_to_history(name, entries)
    }

    /// Removes papers from the history of a profile. Returns the ids that were in it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn remove_from_history(&mut self, name: &str, ids: &[PaperId]) -> Result<Vec<PaperId>> {
        let profile = self.library.profile(name)?;
        self.library.remove_from_history(&profile, ids)
    }

    /// The history of a profile with what is known of its papers, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn history_papers(&self, name: &str) -> Result<Vec<ProfilePaper>> {
        self.library.read_transaction(|| self.library.history_papers(&self.library.profile(name)?))
    }

    /// Makes a profile, which is created if it does not exist, follow authors: their papers are boosted in its feed.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an empty name, and for more authors than a profile may follow; those of the library's file.
    pub fn follow(&mut self, name: &str, authors: &[String]) -> Result<()> {
        let name = check_profile_name(name)?;
        let authors = checked_authors(authors)?;
        let followed = match self.library.profile(name) {
            Err(Error::NotFound { .. }) => Vec::new(),
            profile => profile?.authors,
        };
        let all: HashSet<&String> = followed.iter().chain(&authors).collect();
        check_length("authors", all.len(), MAX_AUTHORS)?;
        self.library.follow(name, &authors)
    }

    /// Makes a profile follow authors no longer. Returns those it followed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn unfollow(&mut self, name: &str, authors: &[String]) -> Result<Vec<String>> {
        let profile = self.library.profile(name)?;
        self.library.unfollow(&profile, authors)
    }

    /// Makes a profile, which is created if it does not exist, follow these authors and no others.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let profile = engine.set_followed("me", &["Ada Example".to_owned()]).unwrap();
    /// assert_eq!(profile.authors, ["Ada Example"]);
    /// ```
    ///
    /// # Errors
    /// As [`Engine::follow`].
    pub fn set_followed(&mut self, name: &str, authors: &[String]) -> Result<Profile> {
        let authors = checked_authors(authors)?;
        let profile = self.create_profile(name)?;
        self.library.unfollow(&profile, &profile.authors)?;
        self.library.follow(&profile.name, &authors)?;
        self.library.profile(&profile.name)
    }

    /// Whether the library has a paper by an author of this name.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub fn has_author(&self, author: &str) -> Result<bool> {
        Ok(!self.library.papers_by(&[author.to_owned()])?.is_empty())
    }

    /// Records that a feed was seen: its papers, and the generation that it was made from.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn mark_feed_seen(&mut self, name: &str, papers: &[PaperId], generation: u64) -> Result<()> {
        let today = self.today();
        let profile = self.library.profile(name)?;
        self.library.mark_feed_seen(&profile, papers, generation, today)
    }

    /// Takes back that papers were seen: the next feed shows them again. `looks` are the generations of the last look at the
    /// feed and of the one before it, if a whole feed was seen.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation, PaperId};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// let before = engine.create_profile("me").unwrap();
    /// let papers = [PaperId::parse("2401.00001").unwrap()];
    /// engine.mark_feed_seen("me", &papers, 0).unwrap();
    /// engine.mark_feed_unseen("me", &papers, Some([0, 0])).unwrap();
    /// assert_eq!(engine.profile("me").unwrap().last_seen_generation, before.last_seen_generation);
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn mark_feed_unseen(&mut self, name: &str, papers: &[PaperId], looks: Option<[u64; 2]>) -> Result<()> {
        let profile = self.library.profile(name)?;
        self.library.mark_feed_unseen(&profile, papers, looks)
    }

    /// Records that papers were shown to a profile, which is created if it does not exist: no feed shows them again.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an invalid name; those of the library's file.
    pub fn record_impressions(&mut self, name: &str, papers: &[PaperId], day: Date) -> Result<()> {
        let profile = self.create_profile(name)?;
        self.library.record_impressions(&profile, papers, day)
    }

    /// The token with which feed readers read the feed of a profile; created at the first call.
    ///
    /// ```
    /// use paperkin::{Engine, EngineOptions, LibraryLocation};
    ///
    /// let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    /// engine.create_profile("me").unwrap();
    /// let token = engine.feed_token("me").unwrap();
    /// assert_eq!(engine.known_feed_token("me").unwrap(), Some(token.clone()));
    /// assert_ne!(engine.renew_feed_token("me").unwrap(), token);
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn feed_token(&mut self, name: &str) -> Result<String> {
        let profile = self.library.profile(name)?;
        self.library.feed_token(&profile)
    }

    /// A new feed token; the previous one becomes invalid.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the library's file.
    pub fn renew_feed_token(&mut self, name: &str) -> Result<String> {
        let profile = self.library.profile(name)?;
        self.library.renew_feed_token(&profile)
    }

    /// The random id of the library, by which what remembers a profile elsewhere knows the library that it is of; created
    /// at the first call.
    ///
    /// # Errors
    /// Those of the library's file.
    pub fn library_id(&mut self) -> Result<String> {
        self.library.library_id()
    }

    /// The feed token of a profile, if the profile exists and has one.
    ///
    /// # Errors
    /// When the library's file cannot be read.
    pub fn known_feed_token(&self, profile: &str) -> Result<Option<String>> {
        self.library.known_feed_token(profile)
    }
}

/// Names of authors without white space around them.
fn checked_authors(authors: &[String]) -> Result<Vec<String>> {
    let authors: Vec<String> = authors.iter().map(|author| one_line(author)).collect();
    check_names("authors", &authors, MAX_AUTHORS)?;
    match authors.iter().any(String::is_empty) {
        true => Err(Error::BadRequest { field: "authors", reason: "a name is empty".to_owned() }),
        false => Ok(authors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineOptions, LibraryLocation};
    use crate::library::HistoryKind;

    #[test]
    fn names_of_profiles() {
        for (name, expected) in
            [("me", Some("me")), (" me too ", Some("me too")), ("", None), ("  ", None), ("a\nb", None)]
        {
            assert_eq!(check_profile_name(name).ok(), expected, "{name:?}");
        }
        assert!(check_profile_name(&"x".repeat(MAX_PROFILE_NAME_CHARS)).is_ok());
        assert!(check_profile_name(&"x".repeat(MAX_PROFILE_NAME_CHARS + 1)).is_err());
    }

    #[test]
    fn invalid_entries_change_nothing() {
        let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
        let id = PaperId::parse("2401.00001").unwrap();
        let day = jiff::civil::date(2026, 1, 1);
        let entry = HistoryEntry { weight: 0.0, ..HistoryEntry::new(id, HistoryKind::Like, day) };
        assert!(engine.add_to_history("me", &[entry]).is_err());
        assert!(engine.follow("me", &["Ada".to_owned(), " ".to_owned()]).is_err());
        assert!(engine.profile_names().unwrap().is_empty());
    }
}

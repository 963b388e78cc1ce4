//! Profiles: what people read, like and follow, and the feeds they have seen.
//!
//! The rules of names and weights are here, whoever writes a profile.

use jiff::civil::Date;

use crate::error::{Error, Result};
use crate::library::{HistoryEntry, Library, Profile, ProfilePaper};
use crate::paper::PaperId;

/// Longest name of a profile, in bytes.
const MAX_NAME_BYTES: usize = 200;

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
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        let reason = format!("give a name of 1 to {MAX_NAME_BYTES} bytes without control characters");
        return Err(Error::BadRequest { field: "profile", reason });
    }
    Ok(name)
}

/// Checks the weight of a paper in a history.
///
/// # Errors
/// [`Error::BadRequest`] for a weight that is not a finite number above 0.
pub(crate) fn check_weight(weight: f64) -> Result<()> {
    match weight > 0.0 && weight.is_finite() {
        true => Ok(()),
        false => Err(Error::BadRequest { field: "weight", reason: format!("{weight} is not above 0") }),
    }
}

pub(crate) fn create_profile(library: &mut Library, name: &str) -> Result<Profile> {
    let name = check_profile_name(name)?;
    library.add_to_history(name, &[])?;
    library.profile(name)
}

pub(crate) fn delete_profile(library: &mut Library, name: &str) -> Result<Profile> {
    let profile = library.profile(name)?;
    library.remove_profile(&profile)?;
    Ok(profile)
}

pub(crate) fn add_to_history(library: &mut Library, name: &str, entries: &[HistoryEntry]) -> Result<()> {
    let name = check_profile_name(name)?;
    entries.iter().try_for_each(|entry| check_weight(entry.weight))?;
    library.add_to_history(name, entries)
}

pub(crate) fn remove_from_history(library: &mut Library, name: &str, ids: &[PaperId]) -> Result<Vec<PaperId>> {
    let profile = library.profile(name)?;
    library.remove_from_history(&profile, ids)
}

pub(crate) fn history_papers(library: &Library, name: &str) -> Result<Vec<ProfilePaper>> {
    library.read_transaction(|| library.history_papers(&library.profile(name)?))
}

pub(crate) fn follow(library: &mut Library, name: &str, authors: &[String]) -> Result<()> {
    let name = check_profile_name(name)?;
    library.follow(name, &checked_authors(authors)?)
}

pub(crate) fn unfollow(library: &mut Library, name: &str, authors: &[String]) -> Result<Vec<String>> {
    let profile = library.profile(name)?;
    library.unfollow(&profile, authors)
}

pub(crate) fn set_followed(library: &mut Library, name: &str, authors: &[String]) -> Result<Profile> {
    let authors = checked_authors(authors)?;
    let profile = create_profile(library, name)?;
    library.unfollow(&profile, &profile.authors)?;
    library.follow(&profile.name, &authors)?;
    library.profile(&profile.name)
}

pub(crate) fn mark_feed_seen(
    library: &mut Library,
    name: &str,
    papers: &[PaperId],
    generation: u64,
    day: Date,
) -> Result<()> {
    let profile = library.profile(name)?;
    library.mark_feed_seen(&profile, papers, generation, day)
}

pub(crate) fn record_impressions(library: &mut Library, name: &str, papers: &[PaperId], day: Date) -> Result<()> {
    let profile = create_profile(library, name)?;
    library.record_impressions(&profile, papers, day)
}

pub(crate) fn feed_token(library: &mut Library, name: &str) -> Result<String> {
    let profile = library.profile(name)?;
    library.feed_token(&profile)
}

pub(crate) fn renew_feed_token(library: &mut Library, name: &str) -> Result<String> {
    let profile = library.profile(name)?;
    library.renew_feed_token(&profile)
}

/// Names of authors without white space around them.
fn checked_authors(authors: &[String]) -> Result<Vec<String>> {
    let authors: Vec<String> = authors.iter().map(|author| author.trim().to_owned()).collect();
    match authors.iter().any(String::is_empty) {
        true => Err(Error::BadRequest { field: "authors", reason: "a name is empty".to_owned() }),
        false => Ok(authors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_profiles() {
        for (name, expected) in
            [("me", Some("me")), (" me too ", Some("me too")), ("", None), ("  ", None), ("a\nb", None)]
        {
            assert_eq!(check_profile_name(name).ok(), expected, "{name:?}");
        }
        assert!(check_profile_name(&"x".repeat(MAX_NAME_BYTES)).is_ok());
        assert!(check_profile_name(&"x".repeat(MAX_NAME_BYTES + 1)).is_err());
    }

    #[test]
    fn invalid_entries_change_nothing() {
        let mut library = Library::in_memory().unwrap();
        let id = PaperId::parse("2401.00001").unwrap();
        let day = jiff::civil::date(2026, 1, 1);
        let entry = HistoryEntry { weight: 0.0, ..HistoryEntry::new(id, crate::library::HistoryKind::Like, day) };
        assert!(add_to_history(&mut library, "me", &[entry]).is_err());
        assert!(follow(&mut library, "me", &["Ada".to_owned(), " ".to_owned()]).is_err());
        assert!(library.profile_names().unwrap().is_empty());
    }
}

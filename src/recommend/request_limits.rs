//! How long the texts and lists of a request may be: what a request costs is bounded before it is answered.

use super::history_item::{HistoryItem, PaperRef};
use super::request::Request;
use crate::error::{Error, Result};

/// Characters of a text or of an abstract: a long paper has about as many.
pub(crate) const MAX_TEXT_LENGTH: usize = 100_000;
/// Characters of a name: of a category, a source, an author, an interest, a phrase.
pub(crate) const MAX_NAME_LENGTH: usize = 1_000;
/// Papers liked, and papers disliked, of a request to a server: a second on one core.
#[cfg(any(test, feature = "server"))]
pub(crate) const MAX_HISTORY: usize = 2_000;
/// Papers of a profile that its feed goes by, and papers of one feedback.
pub(crate) const MAX_PROFILE_HISTORY: usize = 10_000;
/// Papers of a history that a server gets with their texts, which have to be embedded: ten seconds on two cores.
#[cfg(any(test, feature = "server"))]
pub(crate) const MAX_INLINE_PAPERS: usize = 1_000;
/// Papers to be ranked, papers to be left out, and papers of a history on one's own machine.
pub(crate) const MAX_CANDIDATES: usize = 100_000;
/// Values of a filter.
pub(crate) const MAX_FILTER_VALUES: usize = 100;
/// Authors that are followed.
pub(crate) const MAX_AUTHORS: usize = 1_000;

/// Checks the lengths of a request's texts and lists.
///
/// # Errors
/// [`Error::BadRequest`] that names the field and the limit.
pub(super) fn check_limits(request: &Request) -> Result<()> {
    let Request { positive, negative, candidates, exclude, authors, .. } = request;
    let candidates = candidates.as_deref().unwrap_or_default();
    check_length("positive", positive.len(), MAX_CANDIDATES)?;
    check_length("negative", negative.len(), MAX_CANDIDATES)?;
    check_length("candidates", candidates.len(), MAX_CANDIDATES)?;
    check_length("exclude", exclude.len(), MAX_CANDIDATES)?;
    check_names("authors", authors, MAX_AUTHORS)?;
    let Request { categories, sources, by, titles, phrases, without, .. } = request;
    let filters = [
        ("categories", categories),
        ("sources", sources),
        ("by", by),
        ("titles", titles),
        ("phrases", phrases),
        ("without", without),
    ];
    filters.into_iter().try_for_each(|(field, names)| check_names(field, names, MAX_FILTER_VALUES))?;
    check_text("id", request.id.as_deref().unwrap_or_default(), MAX_NAME_LENGTH)?;
    check_text("interest", request.interest.as_deref().unwrap_or_default(), MAX_NAME_LENGTH)?;
    check_text("text", request.text.as_deref().unwrap_or_default(), MAX_TEXT_LENGTH)?;
    check_history("positive", positive)?;
    check_history("negative", negative)
}

fn check_history(field: &'static str, items: &[HistoryItem]) -> Result<()> {
    for HistoryItem { paper, interest, .. } in items {
        check_text(field, interest.as_deref().unwrap_or_default(), MAX_NAME_LENGTH)?;
        if let PaperRef::Inline { title, abstract_text } = paper {
            check_text(field, title, MAX_TEXT_LENGTH)?;
            check_text(field, abstract_text, MAX_TEXT_LENGTH)?;
        }
    }
    Ok(())
}

/// Checks the length of the history of a request to a server, which has others to answer.
///
/// # Errors
/// [`Error::BadRequest`].
#[cfg(any(test, feature = "server"))]
pub(crate) fn check_served_history(request: &Request) -> Result<()> {
    for (field, items) in [("positive", &request.positive), ("negative", &request.negative)] {
        check_length(field, items.len(), MAX_HISTORY)?;
        let inline = items.iter().filter(|item| matches!(item.paper, PaperRef::Inline { .. })).count();
        if inline > MAX_INLINE_PAPERS {
            let reason = format!("{inline} papers with their texts: give up to {MAX_INLINE_PAPERS}, or ids");
            return too_long(field, reason);
        }
    }
    Ok(())
}

/// Checks the length of a list of names, and those of the names.
///
/// # Errors
/// [`Error::BadRequest`].
pub(crate) fn check_names(field: &'static str, names: &[String], most: usize) -> Result<()> {
    check_length(field, names.len(), most)?;
    names.iter().try_for_each(|name| check_text(field, name, MAX_NAME_LENGTH))
}

/// Checks the length of a list.
///
/// # Errors
/// [`Error::BadRequest`].
pub(crate) fn check_length(field: &'static str, length: usize, most: usize) -> Result<()> {
    match length > most {
        true => too_long(field, format!("{length} entries: give up to {most}")),
        false => Ok(()),
    }
}

/// Checks the length of a text.
///
/// # Errors
/// [`Error::BadRequest`].
pub(crate) fn check_text(field: &'static str, text: &str, most: usize) -> Result<()> {
    // Most texts are shorter in bytes already.
    match text.len() > most && text.chars().count() > most {
        true => too_long(field, format!("a text of {} characters: give up to {most}", text.chars().count())),
        false => Ok(()),
    }
}

fn too_long(field: &'static str, reason: String) -> Result<()> {
    Err(Error::BadRequest { field, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::PaperId;

    #[test]
    fn each_list_and_each_text_has_a_limit() {
        let name = || "x".to_owned();
        let id = || PaperId::parse("2401.12345").unwrap();
        let inline = |length: usize| {
            let paper = PaperRef::Inline { title: "ä".repeat(length), abstract_text: String::new() };
            HistoryItem { paper, weight: 1.0, at: None, interest: None }
        };
        type Change<'a> = &'a dyn Fn(&mut Request, usize);
        let table: [(&str, usize, Change<'_>); 12] = [
            ("positive", MAX_HISTORY, &|request, n| request.positive = vec![HistoryItem::id(id()); n]),
            ("negative", MAX_HISTORY, &|request, n| request.negative = vec![HistoryItem::id(id()); n]),
            ("positive", MAX_INLINE_PAPERS, &|request, n| request.positive = vec![inline(1); n]),
            ("negative", MAX_TEXT_LENGTH, &|request, n| request.negative = vec![inline(n)]),
            ("candidates", MAX_CANDIDATES, &|request, n| request.candidates = Some(vec![id(); n])),
            ("exclude", MAX_CANDIDATES, &|request, n| request.exclude = vec![id(); n]),
            ("authors", MAX_AUTHORS, &|request, n| request.authors = vec![name(); n]),
            ("categories", MAX_FILTER_VALUES, &|request, n| request.categories = vec![name(); n]),
            ("without", MAX_NAME_LENGTH, &|request, n| request.without = vec!["ä".repeat(n)]),
            ("text", MAX_TEXT_LENGTH, &|request, n| request.text = Some("ä".repeat(n))),
            ("interest", MAX_NAME_LENGTH, &|request, n| request.interest = Some("ä".repeat(n))),
            ("id", MAX_NAME_LENGTH, &|request, n| request.id = Some("ä".repeat(n))),
        ];
        for (field, most, change) in table {
            let mut request = Request::default();
            change(&mut request, most);
            let check = |request: &Request| request.check().and_then(|()| check_served_history(request));
            assert!(check(&request).is_ok(), "{field} of {most}");
            change(&mut request, most + 1);
            let message = check(&request).unwrap_err().to_string();
            assert!(message.contains(&format!("`{field}`")) && message.contains(&most.to_string()), "{message}");
        }
    }
}

//! A browser's bookmarks, in the HTML that all browsers export: links in folders.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::MAX_ITEMS;
use crate::formats::{BibReference, identifiers};
use crate::paper::{RawPaper, one_line};
use crate::text::markup::unescape;

/// Hosts whose pages are papers, beside those whose addresses have ids in them.
const HOSTS: [&str; 2] = ["semanticscholar.org/paper/", "aclanthology.org/"];
/// Most folders within one another that are named.
const MAX_FOLDERS: usize = 32;
/// What sites put before and after a title.
const BEFORE: [&str; 1] = ["Paper page - "];
const AFTER: [&str; 5] = [" | OpenReview", " - ACL Anthology", " | Semantic Scholar", " - Hugging Face", " - arXiv"];

/// The papers that links lead to; the folders that a link is in are its tag.
pub(super) fn read(text: &str) -> Vec<BibReference> {
    let (mut references, mut folders, mut heading) = (Vec::new(), Vec::<String>::new(), None);
    let mut rest = text;
    while let Some(open) = rest.find('<').filter(|_| references.len() <= MAX_ITEMS) {
        rest = &rest[open + 1..];
        let Some(end) = end_of(rest) else { break };
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        let inside = || unescape(&after[..after.find('<').unwrap_or(after.len())]);
        match name.as_str() {
            "h3" => heading = Some(inside()),
            "dl" => folders.push(heading.take().unwrap_or_default()),
            "/dl" => drop(folders.pop()),
            "a" => references.extend(link(tag, &inside(), &folders)),
            _ => {}
        }
        rest = after;
    }
    references
}

/// Where a tag ends: a `>` that is in no quotes.
fn end_of(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn link(tag: &str, title: &str, folders: &[String]) -> Option<BibReference> {
    let address = attribute(tag, "href")?;
    let id = identifiers::from_url(&address)
        .or_else(|| HOSTS.iter().any(|host| address.contains(host)).then(|| address.clone()))?;
    let mut raw_paper =
        RawPaper { title: cleaned(title), url: Some(address), source: "bookmarks".to_owned(), ..RawPaper::default() };
    identifiers::assign(&mut raw_paper, [id.as_str()]);
    let seconds = attribute(tag, "add_date").and_then(|seconds| seconds.parse().ok());
    let added = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let folders = folders.iter().map(String::as_str).filter(|folder| !folder.is_empty());
    let folders: Vec<String> = folders.take(MAX_FOLDERS).map(one_line).collect();
    Some(BibReference {
        raw_paper,
        added: added.map(|moment| TimeZone::UTC.to_datetime(moment).date()),
        tags: if folders.is_empty() { Vec::new() } else { vec![folders.join("/")] },
        ..BibReference::default()
    })
}

/// The value of an attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let start = lower.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = start + tag.get(start..)?.find('"')?;
    Some(unescape(tag.get(start..end)?))
}

/// A title without what sites put around it.
fn cleaned(title: &str) -> String {
    let mut title = title.trim();
    if title.starts_with('[')
        && let Some((_, after)) = title.split_once(']')
    {
        title = after.trim();
    }
    title = BEFORE.iter().find_map(|before| title.strip_prefix(before)).unwrap_or(title);
    title = AFTER.iter().find_map(|after| title.strip_suffix(after)).unwrap_or(title);
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOOKMARKS: &str = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n<DT><H3 ADD_DATE=\"1\">Reading</H3>\n<DL><p>\n\
        <DT><H3>RL</H3>\n<DL><p>\n<DT><A HREF=\"https://arxiv.org/abs/2401.00001v1\" ADD_DATE=\"1704067200\">[2401.00001] Robots &amp; others</A>\n\
        </DL><p>\n<DT><A HREF=\"https://huggingface.co/papers/2401.00002\">Paper page - Sinking</A>\n</DL><p>\n\
        <DT><A HREF=\"https://example.org/news\">News</A>\n<DT><A HREF=\"https://openreview.net/forum?id=abc\">Steps | OpenReview</A>\n</DL>";

    #[test]
    fn links_to_papers() {
        let read: Vec<String> = read(BOOKMARKS)
            .into_iter()
            .map(|BibReference { raw_paper, added, tags, .. }| {
                let added = added.map(|day| day.to_string()).unwrap_or_default();
                format!("{} | {} | {added} | {}", raw_paper.id.unwrap_or_default(), raw_paper.title, tags.join(", "))
            })
            .collect();
        let expected = [
            "2401.00001 | Robots & others | 2024-01-01 | Reading/RL",
            "2401.00002 | Sinking |  | Reading",
            "openreview:abc | Steps |  | ",
        ];
        assert_eq!(read, expected);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(cut in 0..BOOKMARKS.len(), more in "[<>/\"a-zA-Z3= é]{0,30}") {
            prop_assume!(BOOKMARKS.is_char_boundary(cut));
            read(&format!("{}{more}{}", &BOOKMARKS[..cut], &BOOKMARKS[cut..]));
        }
    }
}

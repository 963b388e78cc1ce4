//! Identifiers of papers: arXiv ids, DOIs and PubMed numbers, wherever a record has them, and the best of several.

use std::collections::HashSet;

use crate::formats::common::values::truncated;
use crate::formats::reference::RecordNotes;
use crate::paper::{Paper, PaperId, RawPaper, is_missing_word};

/// What publishers' addresses have behind a DOI.
const PAGES: [&str; 7] = [".pdf", "/pdf", "/epdf", "/full", "/abstract", "/html", "/meta"];

/// Sets the id of a paper to the best of some names, and its aliases to the others. What is not an id is left out.
pub(crate) fn assign<'n>(raw_paper: &mut RawPaper, names: impl IntoIterator<Item = &'n str>) {
    let mut known = HashSet::new();
    let ids = names.into_iter().filter_map(|name| PaperId::parse_new(name).ok());
    let mut ids: Vec<PaperId> = ids.filter(|id| known.insert(id.clone())).collect();
    ids.sort_by_key(PaperId::rank);
    let mut ids = ids.into_iter().map(|id| id.to_string());
    raw_paper.id = ids.next();
    raw_paper.aliases = ids.collect();
}

/// Returns the DOI in a field for DOIs, whatever stands around it: `10.5555/abc [doi]`, or a publisher's or a proxy's address.
pub(crate) fn doi_in_field(text: &str) -> Option<String> {
    let word = || text.split([' ', '\t', '\n', ',', ';']).filter(|word| word.contains("10.")).find_map(doi);
    doi(text).or_else(word).or_else(|| doi_in_address(text))
}

/// As [`doi_in_field`]; notes a text that holds none.
pub(crate) fn noted_doi(field: &'static str, text: &str, notes: &mut RecordNotes) -> Option<String> {
    let id = doi_in_field(text);
    if id.is_none() && !is_missing_word(text) && !text.trim().is_empty() {
        notes.drop(field, not_a_doi(text));
    }
    id
}

/// What is wrong with a text that holds no DOI.
pub(crate) fn not_a_doi(text: &str) -> String {
    format!("`{}` is not a DOI", truncated(text.trim(), 60))
}

/// Returns the DOI in the path of an address, without the name of a page behind it.
fn doi_in_address(address: &str) -> Option<String> {
    let (_, place) = address.split_once("://")?;
    let path = place.split(['?', '#']).next()?;
    let at = path.find("/10.").or_else(|| path.find("/10%2"))?;
    let name = &path[at + 1..];
    doi(PAGES.iter().find_map(|page| name.strip_suffix(page)).unwrap_or(name))
}

/// Returns the DOI of a text: bare, prefixed, or an address; of several the first.
pub(crate) fn doi(text: &str) -> Option<String> {
    let text = text.trim();
    // With its prefix it might be the name of a paper in a library, which is not changed.
    let bare = text.split_at_checked(4).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("doi:"));
    let id = PaperId::parse(bare.map_or(text, |(_, name)| name)).ok().filter(|id| id.rank() <= 1)?;
    Some(id.to_string())
}

/// Returns a PubMed number with its prefix.
pub(crate) fn pmid(text: &str) -> Option<String> {
    let number = text.trim();
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| format!("pmid:{number}"))
}

/// Returns an id that paperkin made from a title, as it stands in its own exports.
pub(crate) fn of_title(text: &str) -> Option<String> {
    PaperId::parse(text).ok().filter(PaperId::is_of_title).map(|id| id.to_string())
}

/// Returns the id in an address of arXiv, doi.org, PubMed, OpenReview or the ACL Anthology.
pub(crate) fn from_url(address: &str) -> Option<String> {
    let address = address.trim();
    let id = PaperId::parse(address).ok()?;
    let host = address.split_once("://").map_or(address, |(_, rest)| rest).trim_start_matches("www.");
    let known =
        id.as_str() != address || ["aclanthology.org/", "aclweb.org/anthology/"].iter().any(|at| host.starts_with(at));
    known.then(|| id.to_string())
}

/// Returns the arXiv id in a note: `arXiv preprint arXiv:2401.12345`, `abs/2401.12345`, `arXiv:2401.12345 [cs.CL]`.
pub(crate) fn arxiv_in_text(text: &str) -> Option<String> {
    if !has_word(text, "arxiv") && !text.trim_start().starts_with("abs/") {
        return None;
    }
    let words = text.split(|c: char| c.is_whitespace() || "[](),;<>".contains(c));
    let words = words.map(|word| word.trim_start_matches("abs/").trim_end_matches('.'));
    words.filter_map(|word| PaperId::parse(word).ok()).find(PaperId::is_arxiv).map(|id| id.to_string())
}

/// Whether a text has this ASCII word in it, in any case.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let starts = memchr::memchr2_iter(word[0].to_ascii_lowercase(), word[0].to_ascii_uppercase(), text);
    starts.filter_map(|at| text.get(at..at + word.len())).any(|found| found.eq_ignore_ascii_case(word))
}

/// Returns the ids in the lines `arXiv: 2401.12345 [cs.CL]`, `DOI: 10.1/x` and `PMID: 12` of a note, where reference
/// managers store what they have no field for.
pub(crate) fn from_note(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match () {
            () if is("arxiv") => arxiv_in_text(line),
            () if is("doi") => doi(value),
            () if is("pmid") => pmid(value),
            () => None,
        }
    })
}

/// Returns the DOI of a paper, without a prefix.
pub(crate) fn doi_of(paper: &Paper) -> Option<&str> {
    paper.all_ids().find_map(|id| id.as_str().strip_prefix("doi:"))
}

/// Returns the id of a paper that has none of its own, which no other field says.
pub(crate) fn title_id_of(paper: &Paper) -> Option<&str> {
    Some(&paper.id).filter(|id| id.is_of_title()).map(PaperId::as_str)
}

/// Returns the arXiv id of a paper.
pub(crate) fn arxiv_id_of(paper: &Paper) -> Option<&str> {
    paper.all_ids().find(|id| id.is_arxiv()).map(|id| id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_name_is_the_id() {
        let mut raw_paper = RawPaper::default();
        let names = ["mine", "pmid:7", "10.5555/A", "arXiv:2401.90001v2", "10.48550/arXiv.2401.90001", ""];
        assign(&mut raw_paper, names);
        assert_eq!(raw_paper.id.as_deref(), Some("2401.90001"));
        assert_eq!(raw_paper.aliases, ["doi:10.5555/a", "pmid:7", "mine"]);
    }

    #[test]
    fn names_within_texts() {
        for (text, expect) in [
            ("arXiv preprint arXiv:2401.90001", Some("2401.90001")),
            ("arXiv:2401.90001v2 [cs.CL]", Some("2401.90001")),
            ("abs/2401.90001", Some("2401.90001")),
            ("ArXiv e-prints (hep-th/9901001).", Some("hep-th/9901001")),
            ("2401.90001", None),
            ("arXiv", None),
        ] {
            assert_eq!(arxiv_in_text(text).as_deref(), expect, "{text}");
        }
        for (address, expect) in [
            ("https://arxiv.org/abs/2401.90001v1", Some("2401.90001")),
            ("http://dx.doi.org/10.5555/A", Some("doi:10.5555/a")),
            ("https://aclanthology.org/2024.invented-1.1", Some("https://aclanthology.org/2024.invented-1.1")),
            ("https://openreview.net/forum?id=aB1", Some("openreview:aB1")),
            ("https://example.org/paper.pdf", None),
            ("", None),
        ] {
            assert_eq!(from_url(address).as_deref(), expect, "{address}");
        }
        let remark =
            "Read twice.\nPMID: 12\narXiv: 2401.90001v2 [cs.CL]\nDOI: 10.5555/A\nComment: see arXiv:1901.90001";
        assert_eq!(from_note(remark).collect::<Vec<_>>(), ["pmid:12", "2401.90001", "doi:10.5555/a"]);
        for text in ["doi: 10.5555/A", "doi:10.5555/a.", "10.5555/a, 10.5555/b", "https://doi.org/10.5555%2Fa"] {
            assert_eq!(doi(text).as_deref(), Some("doi:10.5555/a"), "{text}");
        }
        for text in [
            "10.5555/a [doi]",
            "see 10.5555/a",
            "https://www.example.org/doi/full/10.5555/A",
            "https://www.example.org/content/pdf/10.5555/a.pdf",
            "https://www.example.org/doi/10.5555/a/full?x=1",
            "https://doi-org.proxy.example.org/10.5555/a",
        ] {
            assert_eq!(doi_in_field(text).as_deref(), Some("doi:10.5555/a"), "{text}");
        }
        for text in ["in print", "11.5555/abc", "https://example.org/10/5555", "10.", ""] {
            assert_eq!(doi_in_field(text), None, "{text}");
        }
        assert_eq!((doi("in print"), pmid(" 12 ").as_deref(), pmid("x")), (None, Some("pmid:12"), None));
    }
}

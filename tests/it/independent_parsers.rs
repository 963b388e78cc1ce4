//! Files read by paperkin and by parsers that have nothing to do with it: titles, authors, years, DOIs and abstracts are
//! the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use paperkin::Paper;
use paperkin::formats;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::support::prerequisites::{python, shared};

/// Returns the letters and digits of a text in lower case, without accents, tags, entities and backslashes: what parsers
/// agree on that leave markup as it is.
fn key(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        let length = match tail[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            true if tail.starts_with('<') => tail.find('>'),
            true => tail.find(';').filter(|length| *length < 8),
            false => None,
        };
        rest = &tail[length.map_or(1, |length| length + 1)..];
    }
    plain.push_str(rest);
    plain.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns what the two parsers have differently.
fn differences(file: &Path, python: &Path) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/parsers.py");
    let output = Command::new(python).arg(script).arg(file).output().unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    let output = String::from_utf8(output.stdout).unwrap();
    let mut theirs: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Fixtures have records without a text, which are no papers.
    theirs.retain(|other| other["title"] != "" || other["abstract"] != "");
    assert!(!theirs.is_empty());
    let ours: Vec<Paper> = formats::open(file, None).unwrap().filter_map(Result::ok).collect();
    assert_eq!(ours.len(), theirs.len(), "{}: records", file.display());
    let mut differences = Vec::new();
    for (paper, other) in ours.iter().zip(&theirs) {
        let text = |name: &str| other[name].as_str().unwrap();
        let mut compare = |field: &str, ours: &str, theirs: &str, same: bool| {
            if !same {
                differences.push(format!("{field} of `{}`: `{ours}`; the other parser: `{theirs}`", paper.title));
            }
        };
        // feedparser repairs what was encoded as UTF-8 twice; paperkin reads what is there.
        let encoded_twice = |name: &str| key(&text(name).bytes().map(char::from).collect::<String>());
        let (title, other_title) = (key(&paper.title), key(text("title")));
        compare("title", &title, &other_title, title == other_title || title == encoded_twice("title"));
        let year = paper.published.map(|day| day.year().to_string()).unwrap_or_default();
        // Some programs write a missing year as 0000.
        compare("year", &year, text("year"), year == text("year").replace("0000", ""));
        // An entry without the field may have its DOI elsewhere; what has no slash is no DOI.
        let doi = paper.all_ids().find_map(|id| id.as_str().strip_prefix("doi:")).unwrap_or_default();
        compare("DOI", doi, text("doi"), !text("doi").contains('/') || doi.eq_ignore_ascii_case(text("doi")));
        // Descriptions of feeds have authors and kinds of announcement in them, which paperkin takes out.
        let (abstract_text, whole) = (key(&paper.abstract_text), key(text("abstract")));
        let same = [&whole, &encoded_twice("abstract")].iter().any(|whole| whole.contains(&abstract_text));
        let same = same && abstract_text.is_empty() == whole.is_empty();
        compare("abstract", &abstract_text, &whole, same);
        let others: Vec<&str> =
            other["authors"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let named = |surname: &&str| paper.authors.iter().any(|author| key(author).contains(&key(surname)));
        let same = others.is_empty() || others.len() == paper.authors.len() && others.iter().all(named);
        compare("authors", &paper.authors.join("; "), &others.join("; "), same);
    }
    differences
}

fn check(files: impl IntoIterator<Item = PathBuf>) {
    let Some(python) = python() else { return };
    for file in files {
        assert_eq!(differences(&file, &python), [""; 0], "{}", file.display());
    }
}

#[test]
fn fixtures_are_read_as_others_read_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    check(["managers.bib", "papers.wos", "feed.rss", "feed.atom"].map(|name| fixtures.join(name)));
}

#[test]
fn real_files_are_read_as_others_read_them() {
    let Some(folder) = shared("data/raw_formats") else { return };
    let files = [
        "citeulike_export.bib",
        "endnote_export.ris",
        "endnote_export_small.ris",
        "wos_export.ris",
        "hf_atom.xml",
        "hf_rss_daily.xml",
        "hf_rss_monthly.xml",
        "arxiv_atom__200__q_testing_s0_m100_cfe7536492ca.xml",
    ];
    check(files.map(|name| folder.join(name)));
}

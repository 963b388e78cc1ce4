//! Files read by paperkin and by parsers that have nothing to do with it: titles, authors, years, DOIs and abstracts are
//! the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use paperkin::formats;
use paperkin::{Paper, PaperId};
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

/// Returns each paper with the record of the other parser: the one of its title, else the next one that is left. A paper
/// that takes fields from another entry comes out behind that entry.
fn pairs(ours: &[Paper], mut theirs: Vec<Value>) -> Vec<(&Paper, Value)> {
    let mut find = |paper: &Paper| {
        let at = theirs.iter().position(|other| key(other["title"].as_str().unwrap()) == key(&paper.title));
        at.map(|at| theirs.remove(at))
    };
    let found: Vec<Option<Value>> = ours.iter().map(&mut find).collect();
    let mut left = theirs.into_iter();
    ours.iter().zip(found).map(|(paper, other)| (paper, other.unwrap_or_else(|| left.next().unwrap()))).collect()
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
    for (paper, other) in pairs(&ours, theirs) {
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

/// Files as programs export them, and in what the other parser differs: how the difference begins, and the reason. All of
/// what paperkin reads is as it should be.
const EXPORTS: [(&str, &[(&str, &str)]); 9] = [
    (
        "mendeley.bib",
        &[
            ("DOI of `Moss as a Clock`: `10.5555/men_1`", "Mendeley escapes identifiers as text; pybtex leaves LaTeX"),
            ("abstract of `Moss as a Clock`: `mosscountsthehoursofeveryferrylamp`", "pybtex leaves LaTeX"),
        ],
    ),
    ("mendeley.ris", &[]),
    ("scopus.bib", &[("abstract of `Bells in fog`: ``", "`[No abstract available]` is no abstract")]),
    ("scopus.ris", &[("abstract of `Bells in fog`: ``", "`[No abstract available]` is no abstract")]),
    ("scopus.csv", &[("abstract of `Bells in fog`: ``", "`[No abstract available]` is no abstract")]),
    ("endnote.ris", &[]),
    (
        "inspire.bib",
        &[
            ("title of `Measurement of ν-lamps at $\\sqrt{s}=7$ TeV with the LAMP detector`", "pybtex leaves LaTeX"),
            (
                "DOI of `Measurement of ν-lamps at $\\sqrt{s}=7$ TeV with the LAMP detector`: `10.5555/ins.1`",
                "INSPIRE writes the DOIs of errata behind the first",
            ),
        ],
    ),
    (
        "ads.bib",
        &[
            ("title of `Lamps in Hα at z ∼ 2`", "pybtex leaves LaTeX"),
            ("abstract of `Lamps in Hα at z ∼ 2`: `welookat200lamps`", "pybtex leaves LaTeX"),
        ],
    ),
    (
        "dblp.bib",
        &[
            ("title of `Lamps on $k$ Ferries`", "pybtex leaves LaTeX"),
            ("DOI of `Lamps on $k$ Ferries`: `10.5555/dblp_1`", "dblp escapes identifiers as text"),
            ("authors of `Lamps on $k$ Ferries`: `Ada Oak; Jürgen Elm`", "dblp numbers people of the same name"),
            ("DOI of `Bells that Learn`: ``", "a DOI of arXiv is the arXiv ID"),
            ("authors of `Bells that Learn`: `Wei Wang`", "dblp numbers people of the same name"),
            ("year of `Moss on Ferries`: `2019`", "pybtex takes no fields from other entries here"),
        ],
    ),
];

#[test]
fn exports_of_programs_are_read_as_others_read_them() {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exports");
    let mut unexplained = Vec::new();
    for (name, explained) in EXPORTS {
        let found = differences(&folder.join(name), &python);
        let is_explained = found.len() == explained.len()
            && found.iter().zip(explained).all(|(found, (start, _))| found.starts_with(start));
        if !is_explained {
            unexplained.push(format!("{name}: {found:#?}"));
        }
    }
    assert_eq!(unexplained, [""; 0]);
}

/// No other parser reads this one: what is there is written down.
#[test]
fn an_export_of_pubmed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exports/pubmed.nbib");
    let papers: Vec<Paper> = formats::open(&file, None).unwrap().map(Result::unwrap).collect();
    let tell = |paper: &Paper| {
        let ids: Vec<&str> = paper.all_ids().map(PaperId::as_str).collect();
        let day = paper.published.map(|day| day.to_string()).unwrap_or_default();
        [ids.join(" "), paper.title.clone(), paper.authors.join("; "), day, paper.abstract_text.clone()]
    };
    let found: Vec<_> = papers.iter().map(tell).collect();
    let expect = [
        [
            "doi:10.5555/nbib.1 pmid:99000001",
            "Lamps of E. coli in harbors: a review of lanterns that were counted on ferries.",
            "Ada Oak; Willem van der Meer",
            "2020-01-02",
            "BACKGROUND: Lamps are bright. METHODS: We count lanterns (p < 0.05) on two ferries. CONCLUSIONS: There are few.",
        ],
        ["pmid:99000002", "[Bells of the harbor].", "Elm B", "2011-01-01", ""],
    ];
    assert_eq!(found, expect.map(|fields| fields.map(str::to_owned)));
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

//! Small inputs in the shape of public bug reports against other tools, shared with the checkout: what has to come out
//! of each. Tests of the readers have inputs of the same kinds of their own.

use std::path::Path;

use serde_json::Value;

use crate::support::answers::titles;
use crate::support::prerequisites::shared;
use crate::support::sandbox::Sandbox;

/// Returns the papers of a library that one file was added to.
fn added(file: &Path, arguments: &[&str]) -> Vec<Value> {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&[&["add", file.to_str().unwrap()], arguments].concat());
    assert_eq!(run.code, 0, "{}: {}", file.display(), run.err);
    let exported = sandbox.run(&["export", "--papers", "--format", "jsonl"]).out;
    exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns a value as one text: lists are joined, and nothing is empty.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

#[test]
fn papers_come_out_right() {
    let Some(folder) = shared("faults") else { return };
    // The file, options of `add`, a field, and its values in the order of the titles.
    type Case = (&'static str, &'static [&'static str], &'static str, &'static [&'static str]);
    let table: &[Case] = &[
        (
            "f01-same-title.bib",
            &[],
            "authors",
            &["Ada Oak", "Ben Elm", "Cy Fir", "Di Gum; Eve Hop", "Ada Oak", "Ben Elm"],
        ),
        ("f01-same-title.rss", &[], "abstract", &["On ferries.", "On lamps."]),
        (
            "f02-types.bib",
            &[],
            "published",
            &["2010-01-01", "2012-01-01", "2014-01-01", "2013-01-01", "2011-01-01", "2020-01-01"],
        ),
        (
            "f03-less-than.rss",
            &[],
            "abstract",
            &["We show that $p<q$ whenever $q>3$, and that $a<b$ fails if $b>c$. It ends here."],
        ),
        ("f03-less-than.atom", &[], "title", &["Containers of <T> in lamps"]),
        ("f03-less-than.atom", &[], "abstract", &["For p<q and q>3 we light lamps."]),
        (
            "f04-zotero-dates.csv",
            &[],
            "published",
            // European date, Extra, Forthcoming, Month name, No date, Range, Seasonal, Slash.
            &["2005-03-15", "2023-01-05", "", "2005-09-01", "", "1999-01-01", "2018-01-01", "2019-09-01"],
        ),
        ("f04-ris-dates.csv", &[], "published", &["2014-01-01", "2014-01-01", "2006-05-01"]),
        ("f05-extended-names.bib", &[], "authors", &["Willem van der Meer; Lin Guo; Jo Ash, Jr."]),
        ("f06-crossref.bib", &[], "published", &["2004-05-01", "2019-07-01", "2004-05-01", "2019-07-01"]),
        ("f07-parentheses.bib", &[], "authors", &["Ada Oak", "Ada Oak; Ben Elm", "Cy Fir"]),
        ("f08-percent.bib", &[], "published", &["2016-01-01", "2015-01-01"]),
        (
            "f10-dates.bib",
            &[],
            "published",
            // Copyright, Decade, Letter, Month name, Month before, Open start, Parentheses, Season, Sorting, Uncertain, Unknown.
            &[
                "1988-01-01",
                "1990-01-01",
                "2002-01-01",
                "1988-09-01",
                "1980-06-01",
                "2005-03-01",
                "2002-01-01",
                "2019-01-01",
                "1981-01-01",
                "2019-05-01",
                "2019-05-01",
            ],
        ),
        (
            "f12-symbols.bib",
            &[],
            "title",
            &[
                "Measurement of ν-lamps with Λ hyperons, τ and θ",
                "Polarised lamps in e-e+→W-W+",
                "Search in AND/OR lamps",
                "Text β and α-lamps, “quoted” words, ex and space",
            ],
        ),
        ("f13-latin1.rss", &[], "title", &["Über Fähren"]),
        ("f14-latin1.bib", &[], "authors", &["Ada Oak", "Jürgen Müller; Zoë Noël"]),
        ("f14-cp1252.ris", &["--encoding", "windows-1252"], "title", &["Über die “Lampen” – ein Überblick"]),
        ("f15-cr.ris", &[], "title", &["Über die Lampen"]),
        ("f18-markup.ris", &[], "title", &["Lamps of E. coli & H2O with mTOR"]),
        ("f18-markup.ris", &[], "abstract", &["Background One. Results Two."]),
        ("f18-markup-openalex.jsonl", &[], "title", &["Lamps in H2O & vivo"]),
        ("f21-scopus-placeholders.csv", &[], "abstract", &["An abstract.", "", ""]),
        ("f22-author-without-name.json", &[], "authors", &["Ada Oak"]),
        ("f22-authorship-without-name.jsonl", &[], "authors", &["Ada Oak"]),
        ("f25-tex-accents.jsonl", &[], "title", &["Schrödinger lamps in $pp$ collisions: an over-long title"]),
        ("f27-relative.atom", &[], "url", &["https://example.org/journal/a/1.html"]),
        (
            "f27-relative.rss",
            &[],
            "url",
            &["https://www.example.org/news/3/a%20title", "https://example.org/articles/2.html"],
        ),
        ("f32-doi-spellings.bib", &[], "id", &["doi:10.5555/(sici)1<2::x>3", "doi:10.5555/abc.1", "doi:10.5555/aaa.1"]),
        ("f34-sep.csv", &[], "title", &["Lamps"]),
        ("f34-tabs.csv", &[], "published", &["2001-01-01"]),
        ("f36-escaped.rss", &[], "abstract", &["the text within", "A double escaped text"]),
        ("f36-escaped.rss", &[], "title", &["Escaped CDATA", "Escaped twice: H2O"]),
    ];
    let mut wrong = Vec::new();
    for (file, arguments, field, expected) in table {
        let mut papers = added(&folder.join(file), arguments);
        papers.sort_by_key(|paper| (shown(&paper["title"]), shown(&paper["authors"]), shown(&paper["abstract"])));
        let found: Vec<String> = papers.iter().map(|paper| shown(&paper[field])).collect();
        if found != *expected {
            wrong.push(format!("{file}, {field}: {found:#?}, expected {expected:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn parquet_of_every_codec_is_read_or_named() {
    let Some(folder) = shared("faults") else { return };
    for file in ["f24-gzip.parquet", "f24-lz4.parquet"] {
        let run = Sandbox::new().run(&["add", folder.join(file).to_str().unwrap()]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{file}");
    }
}

#[test]
fn a_file_of_another_format_under_a_known_name_is_not_passed_over() {
    let Some(folder) = shared("faults") else { return };
    let file = folder.join("f16-endnote-percent.ris");
    let run = Sandbox::new().run(&["add", file.to_str().unwrap()]);
    assert!(run.code == 1 || titles_of(&run.out) == 2, "{}{}", run.out, run.err);
}

fn titles_of(summary: &str) -> usize {
    summary.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[test]
fn a_marked_up_reference_is_the_paper_of_the_library() {
    let Some(folder) = shared("faults") else { return };
    let (library, reference) = (folder.join("f18-library.jsonl"), folder.join("f18-markup.ris"));
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["add", library.to_str().unwrap()]).code, 0);
    let run = sandbox.run(&["profile", "me", "import", reference.to_str().unwrap()]);
    assert!(run.code == 0 && run.out.starts_with("me: 1 added"), "{}{}", run.out, run.err);
}

#[test]
fn words_of_chinese_and_japanese_are_found() {
    let Some(folder) = shared("faults") else { return };
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["add", folder.join("f26-cjk.jsonl").to_str().unwrap()]).code, 0);
    for (query, id) in [("渡轮推荐", "c1"), ("提灯検索", "c3")] {
        let answer = sandbox.json(&["search", query, "--format", "json"]);
        let found: Vec<&str> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .take(3)
            .map(|result| result["paper"]["id"].as_str().unwrap())
            .collect();
        assert!(found.contains(&id), "{query}: {found:?} of {:?}", titles(&answer));
    }
}

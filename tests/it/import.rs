//! A reading history from elsewhere: matched with the library, kept where it is not, the same when it comes again.

use crate::support::prerequisites::shared;
use crate::support::sandbox::{Run, Sandbox};

const BIBTEX: &str = "@misc{a, title = {How Few Instructions are Enough? A Budget Study of Supervised Finetuning}, keywords = {reading}, date-added = {2024-05-06}}\n\
    @article{b, title = {A paper that nobody has read before}, author = {Ada Example}, year = {2020},\n  \
      abstract = {Robots that walk on soft ground sink.}, keywords = {robots}}\n\
    @misc{broken, title = {\n";

fn import(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["profile", "me", "import"], args].concat())
}

fn history(sandbox: &Sandbox, profile: &str) -> Vec<(String, String)> {
    let shown = sandbox.json(&["profile", profile, "show", "--format", "json"]);
    let entry = |entry: &serde_json::Value| (entry["title"].to_string(), entry["at"].as_str().unwrap().to_owned());
    shown["papers"].as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn a_bibliography_is_matched_and_the_rest_is_kept() {
    let sandbox = Sandbox::with_papers();
    let file = sandbox.file("library.bib", BIBTEX);
    let dry = import(&sandbox, &[&file, "--dry-run"]);
    assert!(
        dry.out
            .starts_with("me: 2 would be added (1 in the library, 1 by their text), 0 already in history, 0 not found"),
        "{}{}",
        dry.out,
        dry.err
    );
    assert_eq!(sandbox.run(&["profile", "me", "show"]).code, 1, "nothing was entered");

    let run = import(&sandbox, &[&file, "--details"]);
    assert_eq!((run.code, run.err.lines().count()), (1, 1), "the broken record is named: {}", run.err);
    let told = "A paper that nobody has read before: no paper with this title in the library";
    assert!(
        run.out.contains("2 added (1 in the library, 1 by their text), 0 already in history, 0 not found"),
        "{}",
        run.out
    );
    assert!(run.out.contains(told), "{}", run.out);
    let entered = history(&sandbox, "me");
    assert_eq!(entered.len(), 2);
    assert!(entered[0].0.contains("How Few") && entered[0].1 == "2024-05-06", "{entered:?}");
    let again = import(&sandbox, &[&file]);
    assert!(
        again.out.starts_with("me: 0 added (0 in the library, 0 by their text), 2 already in history, 0 not found"),
        "{}",
        again.out
    );
    assert_eq!(history(&sandbox, "me"), entered);
}

#[test]
fn what_the_library_does_not_have_counts_by_its_text() {
    let sandbox = Sandbox::with_papers();
    let file = sandbox.file("one.bib", &BIBTEX[BIBTEX.find("@article").unwrap()..BIBTEX.find("@misc{broken").unwrap()]);
    import(&sandbox, &[&file]);
    let feed =
        |sandbox: &Sandbox| sandbox.json(&["feed", "--profile", "me", "--since", "2000-01-01", "--format", "json"]);
    let first = feed(&sandbox);
    let because = &first["results"][0]["reasons"][0];
    assert_eq!(because["title"], "A paper that nobody has read before", "{because}");
    assert!(because["id"].is_null(), "{because}");
    let paper = r#"{"id":"2401.00009","title":"A Paper That Nobody Has Read Before","authors":["Ada Example"],"abstract":"Robots sink."}"#;
    sandbox.run(&["add", &sandbox.file("new.jsonl", paper)]);
    let ids = |answer: &serde_json::Value| {
        answer["results"].to_string().contains("\"id\":\"2401.00009\",\"title\":\"A Paper")
    };
    let then = feed(&sandbox);
    assert!(then.to_string().contains("\"reasons\":[{\"contribution\"") || ids(&then), "{then}");
    let reasons = then["results"].as_array().unwrap().iter().flat_map(|result| result["reasons"].as_array().unwrap());
    assert!(reasons.clone().all(|reason| reason["id"] == "2401.00009"), "it is found by its title now");
}

#[test]
fn collections_and_tags_choose_and_part() {
    let sandbox = Sandbox::with_papers();
    let file = sandbox.file("library.bib", &BIBTEX[..BIBTEX.find("@misc{broken").unwrap()]);
    let one = sandbox.run(&["profile", "one", "import", &file, "--collection", "reading", "--kind", "save"]);
    assert!(one.out.starts_with("one: 1 added (1 in the library, 0 by their text), 0 already"), "{}", one.out);
    let by_tag = import(&sandbox, &[&file, "--tags-as", "profiles"]);
    assert!(
        by_tag.out.contains("me/reading: 1 added") && by_tag.out.contains("me/robots: 1 added (0 in"),
        "{}",
        by_tag.out
    );
    let none = sandbox.run(&["profile", "one", "import", &file, "--collection", "nonsense"]);
    let told = "warning: no paper is in the collection or tag nonsense: there are robots, reading\n";
    assert_eq!((none.code, none.err.as_str()), (0, told), "{}", none.out);
    sandbox.run(&["profile", "two", "import", &file, "--tags-as", "interests"]);
    let feed = ["feed", "--profile", "two", "--since", "2000-01-01", "--strategy", "interests", "--format", "json"];
    let results = sandbox.json(&feed)["results"].take();
    let labels = results.as_array().unwrap().iter().map(|result| result["interest"]["label"].as_str().unwrap());
    let labels: Vec<&str> = labels.collect();
    assert!(labels.contains(&"reading") && labels.contains(&"robots"), "{labels:?}");
}

#[test]
fn zoteros_table_is_read() {
    let sandbox = Sandbox::with_papers();
    let table = "\"Key\",\"Item Type\",\"Publication Year\",\"Author\",\"Title\",\"DOI\",\"Url\",\"Abstract Note\",\"Date\",\
        \"Date Added\",\"Manual Tags\"\n\"AB12\",\"preprint\",\"2024\",\"Example, Ada; Other, Bo\",\"Sinking slowly on soft ground\",\
        \"10.1000/x\",\"https://arxiv.org/abs/2401.00007\",\"Robots that sink.\",\"2024-01-05\",\"2024-02-03 10:00:00\",\"robots; soft\"\n";
    let file = sandbox.file("zotero.csv", table);
    let by_tag = import(&sandbox, &[&file, "--tags-as", "profiles"]);
    assert!(by_tag.out.contains("me/robots: ") && by_tag.out.contains("me/soft: "), "{}{}", by_tag.out, by_tag.err);
    let shown = sandbox.json(&["profile", "me/soft", "show", "--format", "json"]);
    let entry = &shown["papers"][0];
    assert_eq!((entry["id"].as_str(), entry["at"].as_str()), (Some("2401.00007"), Some("2024-02-03")), "{shown}");
}

#[test]
fn lists_and_what_is_no_history() {
    let sandbox = Sandbox::with_papers();
    let list = sandbox
        .file("ids.txt", "How Few Instructions Are Enough? A Budget Study of Supervised Finetuning\n2401.99999\n");
    let run = import(&sandbox, &[&list, "--details"]);
    assert!(
        run.out.contains("1 added") && run.out.contains("2401.99999: no paper with this id in the library"),
        "{}",
        run.out
    );
    // Papers that are not in the library are counted: they are no failure.
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(
        run.out.starts_with("me: 1 added (1 in the library, 0 by their text), 0 already in history, 1 not found\n"),
        "{}",
        run.out
    );
    for (name, text) in [("page.html", "<html><body>no papers</body></html>"), ("empty.bib", "")] {
        let refused = import(&sandbox, &[&sandbox.file(name, text)]);
        assert_eq!((refused.code, refused.err.lines().count()), (1, 1), "{name}: {}", refused.err);
    }
}

#[test]
fn real_exports_are_read() {
    let sandbox = Sandbox::with_papers();
    for file in ["citeulike_export.bib", "endnote_export_small.ris", "wos_export.ris"] {
        let Some(path) = shared(&format!("data/raw_formats/{file}")) else { return };
        let run = import(&sandbox, &[path.to_str().unwrap(), "--yes", "--format", "json"]);
        let imported: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let unmatched = imported["me"]["unmatched"].as_array().unwrap();
        assert!(!unmatched.is_empty() && unmatched.iter().all(|one| one["stored"] == true), "{file}: {}", run.out);
    }
}

//! Imports that ask before they drown a history, that can be taken back, and that lose nothing on the way.

use paperkin::{Engine, EngineOptions, LibraryLocation, TextSide};

use crate::support::sandbox::{Run, Sandbox};
use crate::support::server::Server;

/// A bibliography of papers that the library does not have.
fn bibliography(count: usize) -> String {
    let entry = |number: usize| {
        format!(
            "@article{{e{number}, title = {{Soft ground study {number}}}, year = {{2020}}, abstract = {{Robots sink {number} \
             times in mud.}}}}\n"
        )
    };
    (0..count).map(entry).collect()
}

fn import(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["profile", "me", "import"], args].concat())
}

fn exported(sandbox: &Sandbox, profile: &str) -> String {
    sandbox.run(&["export", "--profile", profile]).out
}

/// Ids of papers of the library.
fn some_ids(sandbox: &Sandbox, count: &str) -> Vec<String> {
    let found = sandbox.json(&["list", "-n", count, "--format", "json"]);
    found.as_array().unwrap().iter().map(|paper| paper["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_large_import_is_confirmed_and_can_be_taken_back() {
    let sandbox = Sandbox::with_papers();
    let liked = &some_ids(&sandbox, "1")[0];
    sandbox.run(&["profile", "me", "like", liked]);
    let before = exported(&sandbox, "me");
    let file = sandbox.file("many.bib", bibliography(11));
    let refused = import(&sandbox, &[&file]);
    let told = "error: `import`: me: 11 papers would be added to a history of 1: look at it with --dry-run, and \
                import it with --yes\n";
    assert_eq!((refused.out.as_str(), refused.err.as_str()), ("", told));
    assert_ne!(refused.code, 0);
    assert_eq!(exported(&sandbox, "me"), before, "nothing was entered");

    let run = import(&sandbox, &[&file, "--yes"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    assert!(run.out.contains("to take it back: paperkin profile me undo-import 1\n"), "{}", run.out);
    let shown = sandbox.run(&["profile", "me", "show"]).out;
    assert!(shown.contains(": 11 papers\nme: 12 in history"), "{shown}");
    // What its reader voted on since is their own.
    let title = "Soft ground study 3";
    let entry = exported(&sandbox, "me").lines().find(|line| line.contains(title)).unwrap().to_owned();
    let id = serde_json::from_str::<serde_json::Value>(&entry).unwrap()["id"].as_str().unwrap().to_owned();
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap();
    let kept = paperkin::library::HistoryEntry::new(
        paperkin::PaperId::parse(&id).unwrap(),
        paperkin::library::HistoryKind::Save,
        engine.today(),
    );
    engine.add_to_history("me", &[kept]).unwrap();
    let undone = sandbox.run(&["profile", "me", "undo-import"]);
    assert!(undone.out.contains("taken back: 10 removed, 2 in history"), "{}{}", undone.out, undone.err);
    let left = exported(&sandbox, "me");
    assert!(left.contains(title) && left.contains(liked) && left.lines().count() == 2, "{left}");
    let again = sandbox.run(&["profile", "me", "undo-import", "1"]);
    assert_eq!(again.err, "error: no import `1`: profile `me` has none to take back\n");

    // A first import of up to 500 papers is what most begin with.
    assert_eq!(sandbox.run(&["profile", "new", "import", &file]).code, 0);
    let file = sandbox.file("too-many.bib", bibliography(501));
    assert!(sandbox.run(&["profile", "newer", "import", &file]).err.contains("501 papers would be added"));
}

#[test]
fn what_is_exported_is_imported() {
    let sandbox = Sandbox::with_papers();
    let ids = some_ids(&sandbox, "5");
    for (kind, id) in ["like", "dislike", "save", "hide", "add"].iter().zip(&ids) {
        sandbox.run(&["profile", "me", kind, id, "--weight", "0.5", "--at", "2026-01-02", "--interest", "robots"]);
    }
    import(&sandbox, &[&sandbox.file("more.bib", bibliography(3))]);
    let history = exported(&sandbox, "me");
    assert_eq!(history.lines().count(), 8);
    let file = sandbox.file("history.jsonl", &history);
    sandbox.run(&["profile", "copy", "import", &file]);
    assert_eq!(exported(&sandbox, "copy"), history);

    // Another library knows the papers by their ids and texts.
    let other = Sandbox::new();
    other.run(&["add", &other.file("one.jsonl", r#"{"id":"2401.00009","title":"Something else"}"#)]);
    let run = other.run(&["profile", "me", "import", &file]);
    assert!(run.out.contains("8 added (0 in the library, 8 by their text)"), "{}{}", run.out, run.err);
    let there = exported(&other, "me");
    let facts = |history: &str| -> Vec<[String; 5]> {
        let fact = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            ["id", "kind", "weight", "at", "interest"].map(|name| line[name].to_string())
        };
        history.lines().map(fact).collect()
    };
    assert_eq!(facts(&there), facts(&history));

    let wrong = sandbox.file("wrong.jsonl", r#"{"id":"2401.00001","kind":"love"}"#);
    let wrong = sandbox.run(&["recommend", "--history", &wrong]);
    assert!(wrong.err.contains("line 1: unknown variant `love`, expected one of `read`, `like`"), "{}", wrong.err);
    let words = sandbox.run_with_input(&["recommend", "--history", "-"], "Nonsense of many words\n");
    assert!(words.err.contains("not in the library: `Nonsense of many words`"), "{}", words.err);

    // A ranking reads the same file.
    let by_file = sandbox.json(&["recommend", "--history", &file, "--format", "json"]);
    assert_eq!(by_file["not_found"], serde_json::json!([]));
    let hidden_and_read = by_file["results"].to_string();
    for id in [&ids[0], &ids[1], &ids[2], &ids[4]] {
        assert!(!hidden_and_read.contains(&format!("\"paper\":{{\"id\":\"{id}\"")), "{id} is of the history");
    }
}

#[test]
fn every_export_is_imported() {
    let sandbox = Sandbox::new();
    let papers =
        "{\"id\":\"2401.00001\",\"title\":\"On lamps\"}\n{\"id\":\"2401.00002\",\"title\":\"On [old] boats\"}\n";
    sandbox.run(&["add", &sandbox.file("papers.jsonl", papers)]);
    sandbox.run(&["profile", "me", "like", "2401.00001", "2401.00002"]);
    for format in ["jsonl", "bibtex", "ris", "csl-json", "csv", "md"] {
        let text = sandbox.run(&["export", "--profile", "me", "--format", format]).out;
        let file = sandbox.file(&format!("export.{format}"), text);
        let run = sandbox.run(&["profile", format, "import", &file]);
        assert!(run.out.contains(": 2 added (2 in the library, "), "{format}: {}{}", run.out, run.err);
    }
}

#[test]
fn the_page_exports_the_same() {
    let server = Server::start(&[]);
    let id = &some_ids(&server.sandbox, "1")[0];
    import(&server.sandbox, &[&server.sandbox.file("more.bib", bibliography(3))]);
    server.sandbox.run(&["profile", "me", "save", id]);
    let page = server.call("GET", "/library/export.jsonl", &[], "").body;
    assert_eq!((page.lines().count(), &page), (4, &exported(&server.sandbox, "me")));
    let bibtex = server.sandbox.run(&["export", "--profile", "me", "--format", "bibtex"]).out;
    assert_eq!(server.call("GET", "/library/export.bib", &[], "").body, bibtex);
}

#[test]
fn the_page_asks_and_takes_back_too() {
    let server = Server::start(&[]);
    server.sandbox.run(&["profile", "me", "like", &some_ids(&server.sandbox, "1")[0]]);
    let send = |large: bool| {
        let field = |name: &str, value: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let large = if large { field("large", "on") } else { String::new() };
        let body = format!("{}{large}--x--\r\n", field("papers", &bibliography(11)));
        server.call("POST", "/library/import", &[("content-type", "multipart/form-data; boundary=x")], &body)
    };
    let refused = send(false);
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("11 papers would be added to a history of 1"), "{}", refused.body);
    let done = send(true);
    assert!(done.status == 200 && done.body.contains("11 stored until the library has them"), "{}", done.body);
    let number = done.body.split("name=\"number\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let undo = format!("number={number}&profile=me");
    assert_eq!(server.call("POST", "/library/undo-import", &[form], &undo).status, 200);
    assert_eq!(exported(&server.sandbox, "me").lines().count(), 1);
}

#[test]
fn papers_kept_as_text_keep_their_vectors() {
    let sandbox = Sandbox::with_papers();
    import(&sandbox, &[&sandbox.file("more.bib", bibliography(3))]);
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap();
    let profile = engine.profile("me").unwrap();
    let stored = engine.library().unresolved_embeddings(&profile).unwrap();
    assert_eq!(stored.len(), 3);
    for paper in engine.library().unresolved_papers(&profile).unwrap() {
        let computed =
            engine.encoder().unwrap().encode(TextSide::Document, &[paper.document()], &|_| ()).unwrap().remove(0);
        assert!(stored[&paper.id].cosine(&computed) > 0.999_99);
    }
    let feed = sandbox.run(&["feed", "--profile", "me", "--since", "2000-01-01"]);
    assert!(!feed.err.contains("warning"), "{}", feed.err);
    assert!(feed.out.contains("near “Soft ground study"), "{}", feed.out);
}

#[test]
fn nobody_read_a_paper_before_it_was_there() {
    let sandbox = Sandbox::with_papers();
    let file = sandbox.file(
        "dates.bib",
        "@article{a, title = {Sinking slowly}, year = {2020}, abstract = {Robots sink.}, date-added = {2001-02-03}}\n\
         @article{b, title = {Rising slowly}, year = {2020}, abstract = {Robots rise.}, date-added = {2021-02-03}}\n",
    );
    import(&sandbox, &[&file]);
    let history = exported(&sandbox, "me");
    assert!(!history.contains("2001-02-03") && history.contains("2021-02-03"), "{history}");
}

#[test]
fn a_summary_is_one_screen() {
    let sandbox = Sandbox::with_papers();
    let bad: String = (0..60).map(|_| "{\"id\":\"a\",\"kind\":\"like\",\"weight\":-1}\n").collect();
    let file = sandbox.file("bad.jsonl", format!("{{\"id\":\"2401.00009\",\"kind\":\"like\"}}\n{bad}"));
    let run = import(&sandbox, &[&file]);
    assert!(run.err.lines().count() + run.out.lines().count() < 24, "{}{}", run.err, run.out);
    assert!(run.err.contains("55 more records could not be read: --details lists them"), "{}", run.err);
    assert_eq!(run.code, 1);
    let details = import(&sandbox, &[&file, "--details"]);
    assert_eq!(details.err.lines().count(), 60);
}

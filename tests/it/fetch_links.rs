//! `paperkin fetch` of papers with what they cite: Semantic Scholar and OpenAlex.

use serde_json::{Value, json};

use crate::support::fake_service::{CannedReply, FakeService, ReceivedRequest};
use crate::support::sandbox::{Run, Sandbox};

fn fetch(sandbox: &Sandbox, service: &FakeService, key: Option<&str>, args: &[&str]) -> Run {
    let url = service.url();
    let rest = ["--base-url", url.as_str(), "--pause", "0", "--attempts", "1", "--contact", "me@example.org"];
    let mut command = sandbox.command(&[&["fetch"], args, &rest].concat());
    key.iter().for_each(|key| {
        command.env("OPENALEX_API_KEY", key);
    });
    Run::from(command.output().unwrap())
}

#[test]
fn semantic_scholar_gives_references_if_it_is_asked() {
    let sandbox = Sandbox::new();
    let service = FakeService::new(|asked| {
        let references = json!([
            {"paperId": "r1", "externalIds": {"ArXiv": "2401.90002"}, "title": "Ferries in fog", "year": 2024, "authors": []},
            {"paperId": null, "externalIds": null, "title": "Old lamps of the <i>northern</i> harbors", "year": 1999,
             "authors": [{"authorId": null, "name": "Ada Oak"}]},
            {"paperId": null, "externalIds": null, "title": null, "year": null, "authors": null},
        ]);
        let mut paper = json!({"title": "Lamps of the harbor", "externalIds": {"ArXiv": "2401.90001"}});
        if asked.get("fields").contains(",references.externalIds,references.title,references.year,references.authors") {
            paper["references"] = references;
        }
        CannedReply::ok(json!([paper]).to_string())
    });
    let list = sandbox.file("ids.txt", "2401.90001\n");
    let run = fetch(&sandbox, &service, None, &["s2", "--ids", &list]);
    assert_eq!(run.out, "1 new, 0 updated, 0 unchanged: 1 papers in the library\n", "{}", run.err);
    let run = fetch(&sandbox, &service, None, &["s2", "--ids", &list, "--references"]);
    let expected = "0 new, 0 updated, 1 unchanged: 1 papers in the library\n\
                    citation links: 2 new, 0 known, 2 of papers that are not in the library\n";
    assert_eq!(run.out, expected, "{}", run.err);
    let path = sandbox.folder.path().join("out.jsonl");
    let run = sandbox.run(&["export", "--papers", "--format", "jsonl", "--out", path.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let exported: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let title = "Old lamps of the northern harbors";
    assert_eq!(exported["references"], json!(["2401.90002", {"title": title, "authors": ["Ada Oak"], "year": 1999}]));
}

/// A work that cites the one before it.
fn work(number: usize) -> Value {
    json!({
        "id": format!("https://openalex.org/W{number}"), "doi": format!("https://doi.org/10.5555/{number}"),
        "title": format!("Lamps {number}"), "abstract_inverted_index": {"We": [0], "count": [1], "lamps.": [2]},
        "referenced_works": [format!("https://openalex.org/W{}", number - 1)],
    })
}

fn works(numbers: impl IntoIterator<Item = usize>, count: usize, next: Option<&str>) -> CannedReply {
    let results: Vec<Value> = numbers.into_iter().map(work).collect();
    CannedReply::ok(json!({"meta": {"count": count, "next_cursor": next}, "results": results}).to_string())
}

/// Works by ids, or three pages of a query by cursors or page numbers.
fn catalog(asked: &ReceivedRequest) -> CannedReply {
    match (asked.get("filter"), asked.get("cursor"), asked.get("page")) {
        ("doi:10.5555/1|10.5555/9", ..) => works([1], 1, None),
        ("ids.openalex:W2", ..) => works([2], 1, None),
        ("type:article,from_publication_date:2025-01-02", "*", "") => works([3], 3, Some("c2")),
        ("type:article,from_publication_date:2025-01-02", "c2", "") => works([4], 3, Some("c3")),
        ("type:article,from_publication_date:2025-01-02", "c3", "") => works([], 3, None),
        ("", "", page) if asked.get("search") == "soft lamps" => match page {
            "1" => works([5], 150, None),
            _ => works([6], 150, None),
        },
        other => panic!("{other:?}"),
    }
}

fn asked(service: &FakeService, name: &str) -> Vec<String> {
    service.take_requests().iter().map(|asked| asked.get(name).to_owned()).collect()
}

#[test]
fn openalex_gives_papers_with_references() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(catalog));
    let list = sandbox.file("ids.txt", "https://doi.org/10.5555/1\nW2\n10.5555/9\nlamps\n");
    let run = fetch(&sandbox, &service, None, &["openalex", "--ids", &list]);
    let expected = "2 new, 0 updated, 0 unchanged: 2 papers in the library\n\
                    citation links: 2 new, 0 known, 1 of papers that are not in the library\n";
    assert_eq!((run.code, run.out.as_str()), (1, expected), "{}", run.err);
    assert_eq!(run.err, "warning: unknown to the service: doi:10.5555/9, lamps\n");
    let first = &service.take_requests()[0];
    assert_eq!((first.get("per_page"), first.get("mailto"), first.get("api_key")), ("100", "me@example.org", ""));

    // A query that was interrupted goes on, and begins anew if its cursor has expired. No message shows the key.
    let query = ["openalex", "--filter", "type:article", "--since", "2025-01-02"];
    service.script_with(|asked| match asked.get("cursor") {
        "c2" => CannedReply::Status("503 Service Unavailable", String::new(), ""),
        _ => catalog(asked),
    });
    let run = fetch(&sandbox, &service, Some("secret7"), &query);
    assert!(run.code == 2 && run.err.contains("1 paper is already in the library"), "{}", run.err);
    assert!(!run.err.contains("secret7"), "{}", run.err);
    assert_eq!(asked(&service, "api_key"), ["secret7", "secret7"]);
    service.script_with(catalog);
    let run = fetch(&sandbox, &service, Some("secret7"), &query);
    assert_eq!((run.code, asked(&service, "cursor")), (0, vec!["c2".to_owned(), "c3".to_owned()]), "{}", run.err);
    let run = fetch(&sandbox, &service, Some("secret7"), &query);
    assert_eq!((run.code, asked(&service, "cursor").len()), (0, 3), "{}", run.err);

    let run = fetch(&sandbox, &service, None, &["openalex", "--search", "soft lamps"]);
    assert_eq!((run.code, asked(&service, "page")), (0, vec!["1".to_owned(), "2".to_owned()]), "{}", run.err);
    let status = sandbox.json(&["status", "--format", "json"]);
    assert_eq!((&status["papers"], &status["citations"]["links"]), (&json!(6), &json!(6)));

    let location = format!("location: {}/elsewhere\r\n", service.url());
    for (reply, message) in [
        (CannedReply::ok("[]"), "expected a list of works"),
        (CannedReply::Status("302 Found", location, ""), "returned 302 Found"),
        (CannedReply::Status("400 Bad Request", String::new(), "{\"message\": \"no such filter\"}"), "no such filter"),
    ] {
        service.script_with(move |_| reply.clone());
        let run = fetch(&sandbox, &service, Some("secret7"), &["openalex", "--search", "ferries"]);
        assert!(run.code == 2 && run.err.contains(message) && !run.err.contains("secret7"), "{message}: {}", run.err);
    }
}

#[test]
fn openalex_is_asked_for_something() {
    let sandbox = Sandbox::new();
    let empty = sandbox.file("ids.txt", "\n");
    for (args, code) in [
        (&["fetch", "openalex"][..], 2),
        (&["fetch", "openalex", "--ids", &empty, "--search", "x"], 2),
        (&["fetch", "openalex", "--ids", &empty], 0),
    ] {
        let run = sandbox.run(args);
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
    }
}

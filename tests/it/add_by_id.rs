//! `paperkin add` with ids and addresses: what is fetched from where, and what is said of the rest.

use serde_json::{Value, json};

use crate::support::fake_service::{CannedReply, FakeService, ReceivedRequest};
use crate::support::sandbox::{Run, Sandbox};

fn add(sandbox: &Sandbox, service: &FakeService, args: &[&str]) -> Run {
    let url = service.url();
    let rest = ["--base-url", url.as_str(), "--pause", "0", "--attempts", "1"];
    sandbox.run(&[&["add"], args, &rest].concat())
}

/// Every service at once: papers whose ids end with 9 are known nowhere.
fn services(asked: &ReceivedRequest) -> CannedReply {
    match asked.path.as_str() {
        "/api/query" => arxiv(asked),
        "/graph/v1/paper/batch" => semantic_scholar(asked),
        "/works" => openalex(asked),
        path => match path.strip_prefix("/api/papers/") {
            Some("2402.00001") => CannedReply::ok(
                json!({"id": "2402.00001", "title": "Lamps that are voted for", "upvotes": 7, "authors": [{"name": "Ada Oak"}]})
                    .to_string(),
            ),
            _ => CannedReply::status("404 Not Found"),
        },
    }
}

fn arxiv(asked: &ReceivedRequest) -> CannedReply {
    let ids: Vec<&str> = asked.get("id_list").split(',').filter(|id| !id.ends_with('9')).collect();
    let entry = |id: &&str| {
        format!(
            "<entry><id>http://arxiv.org/abs/{id}v2</id><title>Lamps of {id}</title><category term=\"cs.CL\"/>\
             <published>2024-01-02T00:00:00Z</published></entry>"
        )
    };
    let entries: String = ids.iter().map(entry).collect();
    CannedReply::ok(format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:o=\"http://a9.com/-/spec/opensearch/1.1/\">\
         <o:totalResults>{}</o:totalResults>{entries}</feed>",
        ids.len()
    ))
}

/// Knows what ends with 1.
fn semantic_scholar(asked: &ReceivedRequest) -> CannedReply {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    let entry = |id: &Value| match id.as_str().unwrap() {
        id if id.ends_with('1') => json!({"title": format!("Lamps of {id}"), "year": 2023}),
        _ => Value::Null,
    };
    CannedReply::ok(json!(body["ids"].as_array().unwrap().iter().map(entry).collect::<Vec<_>>()).to_string())
}

fn openalex(asked: &ReceivedRequest) -> CannedReply {
    let dois = asked.get("filter").strip_prefix("doi:").unwrap_or_default().split('|');
    let work = |doi: &str| json!({"id": "https://openalex.org/W1", "doi": format!("https://doi.org/{doi}"), "title": format!("Lamps of {doi}")});
    let works: Vec<Value> = dois.filter(|doi| !doi.ends_with('9')).map(work).collect();
    CannedReply::ok(json!({"meta": {"count": works.len()}, "results": works}).to_string())
}

/// Ids, titles and votes of the papers of the library, by id.
fn papers(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.json(&["list", "-n", "100", "--format", "json"]);
    let line = |paper: &Value| {
        let votes = paper["votes"].as_u64().map(|votes| format!(", {votes} votes")).unwrap_or_default();
        format!("{}: {}{votes}", paper["id"].as_str().unwrap(), paper["title"].as_str().unwrap())
    };
    let mut papers: Vec<String> = listed.as_array().unwrap().iter().map(line).collect();
    papers.sort();
    papers
}

#[test]
fn papers_are_fetched_from_the_services_that_know_them() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(services));
    let file = sandbox.file("mine.jsonl", r#"{"id":"mine","title":"Lamps of mine"}"#);
    let ids = [
        "2401.00001",
        "arXiv:2401.00001v3",
        "https://arxiv.org/pdf/2401.00002",
        "https://huggingface.co/papers/2402.00001",
        "hf.co/papers/2402.00002",
        "10.5555/A1",
        "https://doi.org/10.5555/a2",
        "pmid:11",
        &file,
    ];
    let run = add(&sandbox, &service, &ids);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "8 new, 0 updated, 0 unchanged: 8 papers in the library\n");
    let expected = [
        "2401.00001: Lamps of 2401.00001",
        "2401.00002: Lamps of 2401.00002",
        "2402.00001: Lamps that are voted for, 7 votes",
        "2402.00002: Lamps of 2402.00002",
        "doi:10.5555/a1: Lamps of DOI:10.5555/a1",
        "doi:10.5555/a2: Lamps of 10.5555/a2",
        "mine: Lamps of mine",
        "pmid:11: Lamps of PMID:11",
    ];
    assert_eq!(papers(&sandbox), expected);
    let asked = service.take_requests();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    let hugging_face = ["/api/papers/2402.00001", "/api/papers/2402.00002"];
    assert_eq!(paths, [&hugging_face[..], &["/api/query", "/graph/v1/paper/batch", "/works"]].concat());
    assert_eq!(asked[2].get("id_list"), "2401.00001,2401.00002,2402.00002");
    assert_eq!(asked[3].body, r#"{"ids":["DOI:10.5555/a1","DOI:10.5555/a2","PMID:11"]}"#);
    assert_eq!(asked[4].get("filter"), "doi:10.5555/a2");

    let again = add(&sandbox, &service, &["2401.00001", "2401.00002"]);
    assert_eq!(again.out, "0 new, 0 updated, 2 unchanged: 8 papers in the library\n", "{}", again.err);
}

#[test]
fn what_no_service_knows_is_named_and_the_rest_is_added() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(services));
    let run = add(&sandbox, &service, &["2401.00009", "2401.00001", "10.5555/a9", "pmid:19"]);
    let told = "error: no paper `2401.00009` at arXiv\n\
                error: no paper `pmid:19` at Semantic Scholar\n\
                error: no paper `doi:10.5555/a9` at Semantic Scholar or OpenAlex\n";
    assert_eq!((run.code, run.err.as_str()), (1, told));
    assert_eq!(run.out, "1 new, 0 updated, 0 unchanged, 3 rejected: 1 papers in the library\n");
}

#[test]
fn options_of_files_count_for_ids_too() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(services));
    let run = add(&sandbox, &service, &["2401.00001", "2401.00009", "--strict"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("no paper `2401.00009` at arXiv") && run.err.contains("nothing was added"), "{}", run.err);
    let run = add(&sandbox, &service, &["2401.00001", "10.5555/a1", "--dry-run"]);
    let told: Vec<&str> = run.out.lines().filter(|line| line.contains(" rejected, ")).collect();
    let expected = ["arxiv ids: 1 paper, 0 rejected, 0 fields dropped", "s2: 1 paper, 0 rejected, 0 fields dropped"];
    assert_eq!((run.code, told), (0, expected.to_vec()), "{}", run.err);
    assert!(!sandbox.library().exists());
    let run = add(&sandbox, &service, &["2401.00001", "10.5555/a1", "--category", "cs"]);
    assert_eq!(run.out, "1 new, 0 updated, 0 unchanged: 1 papers in the library\n", "{}", run.err);
    let run = add(&sandbox, &service, &["2401.00001", "--explain"]);
    let told = "error: `explain`: shows how files are read: give a file, not the id of a paper\n";
    assert_eq!((run.code, run.err.as_str()), (1, told));
}

#[test]
fn what_is_no_file_and_no_paper_is_an_error() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(services));
    let run = add(&sandbox, &service, &["nowhere.jsonl", "https://example.org/paper", "2401.00001"]);
    let told = "error: nowhere.jsonl: no such file, and no id of a paper: give a file, an arXiv id, a DOI or a PubMed id\n\
                error: https://example.org/paper: not the address of a paper that can be fetched: `paperkin fetch feed \
                URL` reads a feed\n";
    assert_eq!((run.code, run.err.as_str()), (1, told));
    assert_eq!(run.out, "1 new, 0 updated, 0 unchanged, 2 rejected: 1 papers in the library\n");
    // What exists as a file is a file.
    std::fs::write(sandbox.folder.path().join("2401.00002"), r#"{"id":"mine","title":"Lamps of mine"}"#).unwrap();
    let output = sandbox.command(&["add", "2401.00002"]).current_dir(sandbox.folder.path()).output().unwrap();
    assert_eq!(Run::from(output).out, "1 new, 0 updated, 0 unchanged: 2 papers in the library\n");
    assert_eq!(service.take_requests().len(), 1);
}

#[test]
fn a_service_that_fails_is_named_and_dois_have_a_second_one() {
    let sandbox = Sandbox::new();
    let service = FakeService::new(|asked| match asked.path.as_str() {
        "/works" => openalex(asked),
        _ => CannedReply::status("503 Service Unavailable"),
    });
    let run = add(&sandbox, &service, &["10.5555/a1"]);
    assert_eq!((run.code, run.out.as_str()), (0, "1 new, 0 updated, 0 unchanged: 1 papers in the library\n"));
    assert!(run.err.starts_with("warning: ") && run.err.ends_with("; asking OpenAlex\n"), "{}", run.err);
    let run = add(&sandbox, &service, &["2401.00001"]);
    assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{}", run.err);
    let told = "returned 503 Service Unavailable, after 1 attempt; no papers were fetched: run the same command again to retry\n";
    assert!(run.err.ends_with(told), "{}", run.err);
}

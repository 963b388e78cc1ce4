//! Semantic Scholar's graph routes over a small library.

use serde_json::{Value, json};

use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

/// Three papers; the first cites the second, and something that is not in the library.
fn three_papers() -> Server {
    let papers = [
        json!({ "id": "10.1/Words", "title": "Nouns and verbs", "published": "2023-05-06" }),
        json!({ "id": "2106.15928", "doi": "10.5555/Pulleys", "corpusid": 7, "title": "Pulleys that lift",
                "abstract": "Ropes over wheels.", "authors": ["Ada Example", "Bo Sample"], "published": "2021-06-30",
                "references": ["10.1/words", { "title": "Wheels of old", "authors": ["Cy Third"], "year": 1999 }] }),
        json!({ "id": "PMID:12345", "title": "Levers that lift" }),
    ];
    let sandbox = Sandbox::new();
    let file = sandbox.file("three.jsonl", papers.map(|paper| format!("{paper}\n")).concat());
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    Server::over(sandbox, &[])
}

fn pulleys() -> Value {
    json!({ "paperId": "2106.15928", "title": "Pulleys that lift" })
}

fn words() -> Value {
    json!({ "paperId": "doi:10.1/words", "title": "Nouns and verbs" })
}

fn levers() -> Value {
    json!({ "paperId": "pmid:12345", "title": "Levers that lift" })
}

#[test]
fn a_paper_has_many_ids_and_fields() {
    let server = three_papers();
    for id in [
        "ARXIV:2106.15928",
        "arXiv:2106.15928v3",
        "2106.15928",
        "DOI:10.5555/Pulleys",
        "10.5555%2Fpulleys",
        "CorpusId:7",
        "CorpusID:7",
        "URL:https://arxiv.org/abs/2106.15928",
    ] {
        assert_eq!(server.get(&format!("/graph/v1/paper/{id}")), pulleys(), "{id}");
    }
    assert_eq!(server.get("/graph/v1/paper/PMID:12345"), levers());
    let fields = "abstract,authors.name,corpusId,externalIds,year,publicationDate,citationCount,references.title,references.year,\
                  references.authors,citations";
    assert_eq!(
        server.get(&format!("/graph/v1/paper/CorpusId:7?fields={fields}")),
        json!({
            "paperId": "2106.15928",
            "abstract": "Ropes over wheels.",
            "authors": [{ "authorId": null, "name": "Ada Example" }, { "authorId": null, "name": "Bo Sample" }],
            "corpusId": 7,
            "externalIds": { "ArXiv": "2106.15928", "DOI": "10.5555/pulleys", "CorpusId": 7 },
            "year": 2021,
            "publicationDate": "2021-06-30",
            "citationCount": null,
            "references": [
                { "paperId": "doi:10.1/words", "title": "Nouns and verbs", "year": 2023, "authors": [] },
                { "paperId": null, "title": "Wheels of old", "year": 1999,
                  "authors": [{ "authorId": null, "name": "Cy Third" }] },
            ],
            "citations": null,
        })
    );
    let citing = server.get("/graph/v1/paper/DOI:10.1/words?fields=citations,citations.year");
    assert_eq!(citing["citations"], json!([{ "paperId": "2106.15928", "year": 2021 }]));
    // What a paper cites is not known without links.
    let levers = server.get("/graph/v1/paper/PMID:12345?fields=references,externalIds");
    assert_eq!(levers, json!({ "paperId": "pmid:12345", "references": null, "externalIds": { "PubMed": "12345" } }));
}

#[test]
fn what_cites_and_is_cited_is_listed_page_by_page() {
    let server = three_papers();
    let wheels = json!({ "paperId": null, "title": "Wheels of old" });
    let cited = |paper: Value| json!({ "citedPaper": paper });
    let get = |path: &str| server.get(&format!("/graph/v1/paper/{path}"));
    let all = json!({ "offset": 0, "data": [cited(words()), cited(wheels.clone())] });
    assert_eq!(get("CorpusId:7/references"), all);
    assert_eq!(get("10.5555%2Fpulleys/references?fields=title,contexts"), all);
    assert_eq!(get("CorpusId:7/references?limit=1"), json!({ "offset": 0, "next": 1, "data": [cited(words())] }));
    assert_eq!(get("CorpusId:7/references?limit=1&offset=1"), json!({ "offset": 1, "data": [cited(wheels)] }));
    let citing = json!({ "offset": 0, "data": [{ "citingPaper": { "paperId": "2106.15928", "year": 2021 } }] });
    assert_eq!(get("DOI:10.1/words/citations?fields=year"), citing);
    assert_eq!(get("PMID:12345/citations"), json!({ "offset": 0, "data": [] }));
}

#[test]
fn papers_are_searched_page_by_page() {
    let server = three_papers();
    let search = |more: &str| server.get(&format!("/graph/v1/paper/search?query=pulleys+that+lift{more}"));
    assert_eq!(search("&limit=2"), json!({ "total": 3, "offset": 0, "next": 2, "data": [pulleys(), levers()] }));
    assert_eq!(search("&limit=2&offset=2"), json!({ "total": 3, "offset": 2, "data": [words()] }));
    assert_eq!(search("&offset=3"), json!({ "total": 3, "offset": 3, "data": [] }));
    let years = search("&limit=1&fields=year");
    assert_eq!(years["data"], json!([{ "paperId": "2106.15928", "year": 2021 }]));
    // A number is a text too.
    assert_eq!(server.get("/graph/v1/paper/search?query=2021")["total"], 3);
}

#[test]
fn many_papers_at_once() {
    let server = three_papers();
    let ids = json!({ "ids": ["CorpusId:7", "ARXIV:0704.0001", " ", "DOI:10.1/WORDS"] }).to_string();
    assert_eq!(server.post("/graph/v1/paper/batch", &ids), json!([pulleys(), null, null, words()]));
    let years = server.post("/graph/v1/paper/batch?fields=year", r#"{"ids":["PMID:12345"]}"#);
    assert_eq!(years, json!([{ "paperId": "pmid:12345", "year": null }]));
}

#[test]
fn errors_of_the_graph_are_those_of_semantic_scholar() {
    let server = three_papers();
    let many = json!({ "ids": vec!["a"; 501] }).to_string();
    for (method, path, body, status, error) in [
        ("GET", "paper/ARXIV:0704.0001", "", 404, "Paper with id ARXIV:0704.0001 not found"),
        ("GET", "paper/CorpusId:8/citations", "", 404, "Paper with id CorpusId:8 not found"),
        ("GET", "paper/CorpusId:7/references?limit=1001", "", 400, "`limit`: expected a number from 1 to 1000"),
        (
            "GET",
            "paper/CorpusId:7/references?fields=citations",
            "",
            400,
            "Unrecognized or unsupported fields: [citations]",
        ),
        ("GET", "author/1", "", 404, "see `/openapi.json` for all routes"),
        ("GET", "paper/CorpusId:7?fields=headline", "", 400, "Unrecognized or unsupported fields: [headline]"),
        ("GET", "paper/search", "", 400, "in the query: missing field `query`"),
        ("GET", "paper/search?query=+", "", 400, "`query` is empty"),
        ("GET", "paper/search?query=a&limit=101", "", 400, "`limit`: expected a number from 1 to 100"),
        ("GET", "paper/search?query=a&limit=0", "", 400, "`limit`: expected a number from 1 to 100"),
        ("GET", "paper/search?query=a&offset=1001", "", 400, "`offset`: expected a number from 0 to 1000"),
        (
            "GET",
            "paper/search?query=a&venue=b",
            "",
            400,
            "in the query: unknown field `venue`, expected one of `query`, `fields`, `offset`, `limit`",
        ),
        ("POST", "paper/batch", r#"{"ids":[]}"#, 400, "`ids`: give 1 to 500 ids"),
        ("POST", "paper/batch", &many, 400, "`ids`: give 1 to 500 ids"),
        ("POST", "paper/batch", r#"{"ids":null}"#, 400, "in the body: missing field `ids`"),
        (
            "POST",
            "paper/batch?fields=headline",
            r#"{"ids":["a"]}"#,
            400,
            "Unrecognized or unsupported fields: [headline]",
        ),
    ] {
        let reply = server.call(method, &format!("/graph/v1/{path}"), &[JSON], body);
        assert_eq!((reply.status, reply.json()), (status, json!({ "error": error })), "{method} {path}");
        assert_eq!(reply.header("content-type"), "application/json", "{path}");
    }
    let refused = server.call("GET", "/graph/v1/paper/CorpusId:7", &[("host", "elsewhere.example")], "");
    let message = json!({ "message": "unknown host name `elsewhere.example`: see `--host`" });
    assert_eq!((refused.status, refused.json()), (403, message));
}

//! Searches by a query string: `GET /v1/search`.

use serde_json::{Value, json};

use crate::support::answers::{ids, results};
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

/// Three papers; the first has twelve authors.
fn three_papers() -> Server {
    let authors: Vec<String> = (1..=12).map(|number| format!("Author {number}")).collect();
    let papers = [
        json!({ "id": "2401.00001", "title": "Pulleys that lift", "abstract": "Ropes over wheels.", "authors": authors,
                "published": "2024-01-02", "categories": ["cs.RO", "cs.AI"] }),
        json!({ "id": "2402.00002", "title": "Levers that lift", "authors": ["Ada Example"], "published": "2024-02-03",
                "categories": ["physics.pop-ph"] }),
        json!({ "id": "10.1/Words", "title": "Nouns and verbs", "published": "2023-05-06", "categories": ["cs.CL"] }),
    ];
    let sandbox = Sandbox::new();
    let file = sandbox.file("three.jsonl", papers.map(|paper| format!("{paper}\n")).concat());
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    Server::over(sandbox, &["--max-results", "50"])
}

#[test]
fn a_query_string_asks_what_a_body_asks() {
    let server = Server::start(&[]);
    let by_body = server.post("/v1/search", r#"{"text":"robots that use tools","limit":10}"#);
    let path = "/v1/search?q=robots+that+use+tools&limit=10";
    let reply = server.call("GET", path, &[], "");
    let by_query = reply.json();
    for field in ["results", "not_found", "note", "model", "generation", "next_cursor"] {
        assert_eq!(by_query[field], by_body[field], "{field}");
    }
    let next = format!("{path}&cursor={}", by_query["next_cursor"].as_str().unwrap());
    let both = server.get("/v1/search?q=robots+that+use+tools&limit=20");
    assert_eq!([ids(&by_query), ids(&server.get(&next))].concat(), ids(&both));
    let known = server.call("GET", path, &[("if-none-match", reply.header("etag"))], "");
    assert_eq!((known.status, known.body.as_str()), (304, ""));
}

#[test]
fn fields_are_selected_and_authors_cut() {
    let server = three_papers();
    let search = |query: &str| server.get(&format!("/v1/search?q=pulleys+that+lift&{query}"));
    let pulleys = |query: &str| results(&search(&format!("limit=1&{query}")))[0].clone();
    assert_eq!(pulleys("fields=title,id"), json!({ "paper": { "id": "2401.00001", "title": "Pulleys that lift" } }));
    assert_eq!(pulleys("fields=rank,+published"), json!({ "rank": 1, "paper": { "published": "2024-01-02" } }));
    assert_eq!(pulleys("fields=rank"), json!({ "rank": 1 }));
    let whole = json!({
        "id": "2401.00001", "title": "Pulleys that lift", "abstract": "Ropes over wheels.", "published": "2024-01-02",
        "authors": (1..=10).map(|number| format!("Author {number}")).collect::<Vec<_>>(), "author_count": 12,
        "categories": ["cs.RO", "cs.AI"], "source": "jsonl", "url": "https://arxiv.org/abs/2401.00001",
    });
    assert_eq!(pulleys("fields=paper"), json!({ "paper": whole }));
    let all = pulleys("");
    assert_eq!((&all["paper"], &all["rank"]), (&whole, &json!(1)));
    let by_body = &server.post("/v1/search", r#"{"text":"pulleys that lift","limit":1}"#)["results"][0];
    for field in ["score", "similarity", "term_similarity", "relevance", "breakdown", "reasons"] {
        assert_eq!(all[field], by_body[field], "{field}");
    }
    let authors = &by_body["paper"]["authors"];
    assert_eq!((authors.as_array().map(Vec::len), &by_body["paper"]["author_count"]), (Some(12), &Value::Null));
    assert_eq!(pulleys("fields=authors"), json!({ "paper": { "authors": authors } }));
    // A field that a paper does not have is left out.
    let found = search("fields=id,authors&published_before=2023-12-31");
    assert_eq!(found["results"], json!([{ "paper": { "id": "doi:10.1/words" } }]));
}

#[test]
fn filters_of_a_query_string() {
    let server = three_papers();
    for (query, expected) in [
        ("", &["2401.00001", "2402.00002", "doi:10.1/words"][..]),
        ("&categories=cs", &["2401.00001", "doi:10.1/words"]),
        ("&categories=cs.AI,physics", &["2401.00001", "2402.00002"]),
        ("&published_after=2024-02-03", &["2402.00002"]),
        ("&published_before=2024-02-02&published_after=2024-01-01", &["2401.00001"]),
        ("&sources=arxiv,openalex", &[]),
        ("&sources=jsonl&limit=1", &["2401.00001"]),
    ] {
        let answer = server.get(&format!("/v1/search?q=pulleys+that+lift&fields=id{query}"));
        assert_eq!(ids(&answer), expected, "{query}");
    }
    // A number is a text too.
    assert_eq!(ids(&server.get("/v1/search?q=2024&fields=id")).len(), 3);
    let fields = "rank, score, similarity, term_similarity, relevance, paper, breakdown, reasons, interest, \
                  sentence_match, id, aliases, title, abstract, authors, author_count, published, listed, votes, \
                  comments, categories, source, url";
    for (query, detail) in [
        ("", "in the query: missing field `q`".to_owned()),
        ("?q=+", "in the query: `q` is empty".to_owned()),
        ("?q=a&text=b", "in the query: give the text as `q`, not as `text`".to_owned()),
        ("?q=a&q=b", "`q` is given twice".to_owned()),
        ("?q=a&limit=51", "`limit`: expected a number from 1 to 50".to_owned()),
        ("?q=a&fields=", format!("`fields`: unknown field ``; known are {fields}")),
        ("?q=a&fields=headline", format!("`fields`: unknown field `headline`; known are {fields}")),
    ] {
        let reply = server.call("GET", &format!("/v1/search{query}"), &[JSON], "");
        let problem = reply.json();
        assert_eq!((reply.status, &problem["code"]), (400, &json!("bad_request")), "{query}");
        assert_eq!(problem["detail"], detail, "{query}");
    }
    let misspelled = server.call("GET", "/v1/search?q=a&limt=3", &[], "").json();
    assert!(misspelled["detail"].as_str().unwrap().contains("unknown field `limt`"), "{misspelled}");
}

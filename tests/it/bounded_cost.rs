//! What one client asks for has limits, so that the others are answered; and what is within them is answered right.

use serde_json::{Value, json};

use crate::support::server::{JSON, Server};

/// The ids of some papers of the library.
fn some_papers(server: &Server, count: usize) -> Vec<String> {
    let found = server.post("/v1/search", &json!({ "text": "robots", "limit": count }).to_string());
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), count);
    results.iter().map(|result| result["paper"]["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_paper_that_is_named_twice_counts_once_with_both_weights() {
    let server = Server::start(&[]);
    let [one, other] = &some_papers(&server, 2)[..] else { panic!() };
    let answer = |positive: Value| {
        let body = json!({ "positive": positive, "strategy": "mean" }).to_string();
        let mut results = server.post("/v1/recommend", &body)["results"].clone();
        results.as_array_mut().unwrap().iter_mut().for_each(|result| result["paper"] = result["paper"]["id"].clone());
        results
    };
    let twice = answer(json!([one, other, one]));
    assert_eq!(twice, answer(json!([{ "id": one, "weight": 2 }, other])));
    assert_ne!(twice, answer(json!([one, other])));
    assert_eq!(answer(json!(vec![one; 2_000])), answer(json!([one])));
}

#[test]
fn no_number_of_a_request_makes_a_score_null() {
    let server = Server::start(&[]);
    let [one, other] = &some_papers(&server, 2)[..] else { panic!() };
    let weighted = |weight: f64, other_weight: f64| {
        let item = |id: &str, weight: f64| json!({ "id": id, "weight": weight, "at": "1900-01-01" });
        json!([item(one, weight), item(other, other_weight)])
    };
    let mut requests = Vec::new();
    for (weight, other_weight) in [(5e-324, 5e-324), (5e-324, 1e6), (1e6, 1e6), (1e-46, 1e-30), (1e-45, 1.0)] {
        for strategy in ["auto", "mean", "interests"] {
            let positive = weighted(weight, other_weight);
            requests.push(json!({ "positive": positive, "negative": [other], "strategy": strategy }));
        }
    }
    for half_life in [5e-324, 1e-300, 1.0, 1e308] {
        requests.push(json!({ "positive": weighted(1.0, 5e-324), "half_life_days": half_life }));
    }
    // The paper that weighs more is not there.
    let faint = json!([{ "id": one, "weight": 5e-324 }, "not there"]);
    requests.push(json!({ "positive": faint }));
    requests.push(json!({ "text": "robots", "negative": faint }));
    let most =
        json!({ "diversity": 1, "smoothing": 1, "recency": 1, "votes": 1, "dedup_threshold": 0, "text": "\u{1}" });
    requests.push(most);
    for request in requests {
        let answer = server.post("/v1/recommend", &request.to_string());
        let results = answer["results"].as_array().unwrap_or_else(|| panic!("{request}: {answer}"));
        assert!(!results.is_empty(), "{request}");
        for result in results {
            let parts = result["breakdown"].as_object().unwrap().values();
            let reasons = result["reasons"].as_array().into_iter().flatten().map(|reason| &reason["contribution"]);
            let mut numbers = parts.chain(reasons).chain([&result["score"]]);
            assert!(numbers.all(Value::is_number), "{request}: {result}");
        }
    }
}

#[test]
fn too_many_filters_are_the_fault_of_who_asks() {
    let server = Server::start(&[]);
    for field in ["categories", "sources", "by", "titles", "phrases", "without"] {
        let ask = |count: usize| {
            let body = json!({ "text": "robots", field: vec!["x"; count] }).to_string();
            server.call("POST", "/v1/search", &[JSON], &body)
        };
        assert_eq!(ask(100).status, 200, "{field}");
        let refused = ask(101);
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_request")), "{field}");
    }
}

#[test]
fn a_profile_cannot_be_spoiled_by_one_request() {
    let server = Server::start(&[]);
    let follow = |names: std::ops::Range<usize>| {
        let names: Vec<String> = names.map(|number| format!("Author {number}")).collect();
        server.call("PUT", "/v1/profiles/me", &[JSON], &json!({ "authors": names }).to_string()).status
    };
    assert_eq!(follow(0..1_000), 200);
    assert_eq!(follow(0..1_001), 400);
    assert_eq!(server.get("/v1/profiles/me")["authors"].as_array().unwrap().len(), 1_000);
    assert_eq!(server.call("GET", "/v1/profiles/me/feed", &[], "").status, 200);
    // One more is one too many, however it comes.
    let form = ("content-type", "application/x-www-form-urlencoded");
    let vote = format!("vote=like+1+{}&interest={}", some_papers(&server, 1)[0], "x".repeat(1_001));
    assert_eq!(server.call("POST", "/vote", &[form], &vote).status, 400);
    assert_eq!(server.call("POST", "/profiles/follow", &[form], "name=Author+5").status, 200);
    assert_eq!(server.call("POST", "/profiles/follow", &[form], "name=One+more").status, 400);
    let run = server.sandbox.run(&["profile", "me", "follow", "One more"]);
    assert!(run.code == 1 && run.err.contains("`authors`: 1001 entries: give up to 1000"), "{}", run.err);
}

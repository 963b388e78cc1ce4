//! Similarity reports over HTTP: asked for, made, downloaded, removed; and the report of the reading page.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::prerequisites::axe;
use crate::support::server::{JSON, Server};

/// Waits until a report is no longer being made.
fn finished(server: &Server, id: &str) -> Value {
    loop {
        let report = server.get(&format!("/v1/reports/{id}"));
        let state = report["state"].as_str().unwrap();
        if !["waiting", "running"].contains(&state) {
            return report;
        }
        assert!((0.0..=1.0).contains(&report["progress"].as_f64().unwrap()), "{report}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asks for a report and waits for it.
fn made(server: &Server, request: &Value) -> Value {
    let reply = server.call("POST", "/v1/reports", &[JSON], &request.to_string());
    assert_eq!(reply.status, 202, "{}", reply.body);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("location"), format!("/v1/reports/{id}"));
    finished(server, &id)
}

#[test]
fn a_report_is_made_and_downloaded() {
    let mut server = Server::start(&[]);
    let report = made(&server, &json!({}));
    assert_eq!((&report["state"], &report["title"]), (&json!("finished"), &json!("All papers")));
    let names: Vec<&str> = report["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.contains(&"report.html") && names.contains(&"papers.parquet"), "{names:?}");
    let id = report["id"].as_str().unwrap();
    let file = |name: &str| server.call("GET", &format!("/v1/reports/{id}/files/{name}"), &[], "");
    assert_eq!(file("papers.jsonl").body.lines().count(), 40);
    let page = file("report.html");
    assert!(page.header("content-security-policy").starts_with("sandbox allow-scripts "));
    assert!(page.header("content-type").starts_with("text/html") && page.body.contains("All papers"));
    assert_eq!(file("papers.csv").header("content-disposition"), "attachment; filename=\"papers.csv\"");
    for name in ["nothing.csv", "..%2Fpaperkin.sqlite", "..%2F..%2Fpaperkin.sqlite"] {
        assert_eq!(file(name).json()["code"], "report_not_found", "{name}");
    }
    // It is the report of the program.
    let out = server.sandbox.folder.path().join("report");
    assert_eq!(server.sandbox.run(&["report", "--out", out.to_str().unwrap()]).code, 0);
    assert_eq!(file("groups.jsonl").body, std::fs::read_to_string(out.join("groups.jsonl")).unwrap());
    // The report of the library stays, however many others come after it; of those the newest ten do.
    let others: Vec<String> = (0..11)
        .map(|_| made(&server, &json!({"sources": [], "include": ["neighbors"], "before": "2024-12-31"})))
        .map(|report| report["id"].as_str().unwrap().to_owned())
        .collect();
    let kept = server.get("/v1/reports")["reports"].as_array().unwrap().len();
    assert_eq!(
        (kept, server.get(&format!("/v1/reports/{}", others[0]))["code"].as_str()),
        (11, Some("report_not_found"))
    );
    others[1..]
        .iter()
        .for_each(|id| assert_eq!(server.call("DELETE", &format!("/v1/reports/{id}"), &[], "").status, 204));
    // It is there after a restart, until it is removed.
    server.restart();
    assert_eq!(server.get("/v1/reports")["reports"][0], report);
    let gone = server.call("DELETE", &format!("/v1/reports/{id}"), &[], "");
    assert_eq!(gone.status, 204, "{}", gone.body);
    assert_eq!(server.get("/v1/reports"), json!({"reports": []}));
    assert!(!server.sandbox.library().join("reports").join(id).exists());
}

#[test]
fn reports_have_filters_parts_and_histories() {
    let server = Server::start(&[]);
    let all = server.post("/v1/search", r#"{"text":"robots","limit":5}"#);
    let ids: Vec<&Value> = all["results"].as_array().unwrap().iter().map(|result| &result["paper"]["id"]).collect();
    server.post("/v1/profiles/me/feedback", &json!({"kind": "like", "papers": ids}).to_string());
    let report = made(&server, &json!({"profile": "me", "include": ["neighbors"], "neighbors": 3}));
    assert_eq!(report["title"], "Papers in the history of `me`");
    assert!(report["files"].as_array().unwrap().contains(&json!("neighbors.csv")), "{report}");
    let report = made(&server, &json!({"against_profile": "me"}));
    assert!(report["files"].as_array().unwrap().contains(&json!("coverage.csv")), "{report}");
    let report = made(&server, &json!({"after": "2090-01-01"}));
    assert_eq!((&report["state"], &report["files"]), (&json!("failed"), &json!([])));
    assert!(report["problem"].as_str().unwrap().contains("no papers match"), "{report}");
    let table = [
        (json!({"profile": "nobody"}), 404, "profile_not_found"),
        (json!({"include": ["everything"]}), 400, "bad_request"),
        (json!({"neighbors": 0}), 400, "bad_request"),
        (json!({"neighbors": 101}), 400, "bad_request"),
        (json!({"threshold": 2}), 400, "bad_request"),
        (json!({"sources": vec!["a"; 101]}), 400, "bad_request"),
        (json!({"unknown": 1}), 400, "bad_request"),
    ];
    for (request, status, code) in table {
        let reply = server.call("POST", "/v1/reports", &[JSON], &request.to_string());
        assert_eq!((reply.status, &reply.json()["code"]), (status, &json!(code)), "{request}");
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(server.call(method, "/v1/reports/none", &[], "").json()["code"], "report_not_found");
    }
}

#[test]
fn a_damaged_report_is_passed_over() {
    let server = Server::start(&[]);
    let reports = [made(&server, &json!({})), made(&server, &json!({}))];
    let [older, newer] = reports.map(|report| report["id"].as_str().unwrap().to_owned());
    let page = || server.call("GET", "/report", &[("accept", "text/html")], "");
    assert!(page().body.contains(&newer));
    let groups = server.sandbox.library().join("reports").join(&newer).join("groups.jsonl");
    std::fs::write(&groups, "no groups").unwrap();
    // It was read already; after another one it is read again.
    assert_eq!(server.call("GET", &format!("/report/{older}/1/1"), &[], "").status, 200);
    assert!(page().body.contains(&older));
    let reply = server.call("GET", &format!("/report/{newer}/1/1"), &[], "");
    assert!(reply.status == 500 && !reply.body.contains("groups.jsonl"), "{}", reply.body);
}

#[test]
fn a_reader_makes_a_report_and_follows_a_group() {
    let Some(axe) = axe() else { return };
    let axe = std::fs::read_to_string(axe).unwrap();
    let server = Server::start(&[]);
    let Some(browser) = Browser::open(&server.address) else { return };
    browser.resize(1280, 900);
    browser.go("/report");
    browser.run("document.querySelector('form[action=\"/report/make\"] button').click()");
    let id = loop {
        match server.get("/v1/reports")["reports"].get(0) {
            Some(report) => break report["id"].as_str().unwrap().to_owned(),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert_eq!(finished(&server, &id)["state"], "finished");
    // The map is there, in its frame.
    browser.go("/report");
    let frame = browser.command("element", json!({"using": "css selector", "value": "iframe.report"}));
    browser.command("frame", json!({"id": frame}));
    browser.wait("document.documentElement.dataset.ready");
    assert!(browser.text().contains("40 papers"), "{}", browser.text());
    browser.command("frame", json!({"id": null}));
    for (width, height) in [(390, 844), (1280, 900)] {
        browser.resize(width, height);
        for page in ["/report".to_owned(), format!("/report/{id}/1/1")] {
            browser.go(&page);
            assert_eq!(browser.violations(&axe), json!([]), "{page}, {width} px");
            let sideways = browser.run("return document.documentElement.scrollWidth > window.innerWidth");
            assert_eq!(sideways, json!(false), "{page}, {width} px");
        }
    }
    // From a group to its papers, and to the feed.
    browser.go("/report");
    browser.run("document.querySelector('main .lines a').click()");
    browser.wait("location.pathname.endsWith('/1/1')");
    let name = browser.run("return document.querySelector('h1').innerText");
    assert!(browser.run("return document.querySelectorAll('.paper').length > 2") == json!(true));
    browser.run("document.querySelector('form[action=\"/report/follow\"] button').click()");
    browser.wait("location.search.startsWith('?interest=')");
    let profile = server.get("/v1/profiles/me");
    let history = profile["history"].as_array().unwrap();
    assert!((2..=10).contains(&history.len()), "{profile}");
    assert!(history.iter().all(|entry| entry["interest"] == name && entry["kind"] == "like"), "{profile}");
}

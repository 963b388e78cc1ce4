//! A running Zotero: its local API as a source of papers and of histories, and its connector, which saves papers. All are
//! played by a service that answers as Zotero's documentation says.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::fake_service::{CannedReply, FakeService, ReceivedRequest};
use crate::support::sandbox::{Run, Sandbox};

/// A Zotero: its items by library, and what it was asked to save.
#[derive(Default)]
struct FakeZotero {
    /// Library, and the `data` of its items.
    items: Vec<(&'static str, Value)>,
    /// Of Zotero 10 and later.
    server: Option<&'static str>,
    version: u64,
    selected: Option<Value>,
    saved: Vec<Value>,
}

type SharedZotero = Arc<Mutex<FakeZotero>>;

fn item(number: u64, fields: Value) -> Value {
    let mut data = json!({
        "key": format!("K{number}"), "version": number, "itemType": "preprint", "title": format!("Lanterns of the harbor, part {number}"),
        "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": "Example"}],
        "abstractNote": format!("We dim lantern {number}."), "date": "January 2024", "DOI": "", "url": "", "extra": "",
        "archiveID": format!("arXiv:2401.{number:05}"), "tags": [], "collections": [],
        "dateAdded": format!("2024-02-{:02}T10:00:00Z", number % 28 + 1), "dateModified": "2024-03-01T10:00:00Z",
    });
    data.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    data
}

/// Three papers, a note, and one paper of a group.
fn library() -> Vec<(&'static str, Value)> {
    vec![
        (
            "users/0",
            item(1, json!({"tags": [{"tag": "robots"}, {"tag": "a-b", "type": 1}], "collections": ["RL", "GONE"]})),
        ),
        (
            "users/0",
            item(
                2,
                json!({"collections": ["READ"], "itemType": "journalArticle", "DOI": "10.1000/X", "archiveID": "", "publicationTitle": "Harbors", "volume": "7"}),
            ),
        ),
        ("users/0", item(3, json!({"creators": [{"creatorType": "editor", "name": "The Group"}], "date": "in press"}))),
        ("users/0", item(4, json!({"itemType": "note", "note": "<p>Read it.</p>"}))),
        ("groups/17", item(5, json!({"tags": [{"tag": "robots"}]}))),
    ]
}

fn zotero(items: Vec<(&'static str, Value)>) -> (FakeService, SharedZotero) {
    let state = Arc::new(Mutex::new(FakeZotero { items, version: 5, ..FakeZotero::default() }));
    let shared = state.clone();
    (FakeService::new(move |asked| shared.lock().unwrap().answer(asked)), state)
}

const HEAD: &str = "X-Zotero-Version: 7.0.22\r\nX-Zotero-Connector-API-Version: 3\r\n";

/// As Zotero answers: it does not say how long.
fn answer(line: &'static str, headers: &str, body: impl Into<Vec<u8>>) -> CannedReply {
    CannedReply::UntilClosed(line, format!("{HEAD}{headers}"), body.into())
}

impl FakeZotero {
    fn answer(&mut self, asked: &ReceivedRequest) -> CannedReply {
        match asked.path.strip_prefix("/api/") {
            Some(path) => self.api(path, asked),
            None => self.connector(asked),
        }
    }

    fn api(&self, path: &str, asked: &ReceivedRequest) -> CannedReply {
        assert!(asked.head.contains("zotero-api-version: 3"), "{}", asked.head);
        let group = |path: &str| path.split('/').take(2).collect::<Vec<&str>>().join("/");
        let prefix = group(path);
        let mut values: Vec<Value> = match path.split('/').skip(2).collect::<Vec<&str>>()[..] {
            ["groups"] => vec![json!({"id": 17, "version": 1, "data": {"id": 17, "name": "Our lab"}})],
            ["collections"] if prefix == "users/0" => [("RL", "RL", json!("READ")), ("READ", "Reading", json!(false)), ("LOST", "Below", json!("GONE"))]
                .map(|(key, name, parent)| json!({"key": key, "data": {"key": key, "name": name, "parentCollection": parent}}))
                .to_vec(),
            ["collections"] => Vec::new(),
            ["tags"] => ["robots", "a-b"].map(|tag| json!({"tag": tag, "meta": {"type": 0}})).to_vec(),
            ["items", "top"] => self.items_of(&prefix, |_| true),
            ["collections", key, "items", "top"] => self.items_of(&prefix, |data| data["collections"].as_array().unwrap().contains(&json!(key))),
            _ => return answer("404 Not Found", "", "No endpoint found\n"),
        };
        let tags = asked.get("tag");
        let has_tag = |value: &Value| {
            value["data"]["tags"]
                .as_array()
                .unwrap()
                .iter()
                .any(|tag| tags.split(" || ").any(|name| tag["tag"] == name))
        };
        values.retain(|value| tags.is_empty() || has_tag(value));
        if let Ok(since) = asked.get("since").parse::<u64>() {
            values.retain(|value| value["version"].as_u64().unwrap() > since);
        }
        if asked.get("sort") == "dateAdded" {
            values.sort_by_key(|value| value["data"]["dateAdded"].as_str().unwrap().to_owned());
            if asked.get("direction") == "desc" {
                values.reverse();
            }
        }
        let total = values.len();
        let number = |name| asked.get(name).parse::<usize>().unwrap();
        let page: Vec<Value> = values.into_iter().skip(number("start")).take(number("limit")).collect();
        let server = self.server.map(|id| format!("Zotero-Server-ID: {id}\r\n")).unwrap_or_default();
        let headers = format!(
            "Zotero-API-Version: 3\r\nTotal-Results: {total}\r\nLast-Modified-Version: {}\r\n{server}",
            self.version
        );
        answer("200 OK", &headers, serde_json::to_vec_pretty(&page).unwrap())
    }

    fn items_of(&self, prefix: &str, is_asked: impl Fn(&Value) -> bool) -> Vec<Value> {
        let of_library = self.items.iter().filter(|(library, data)| *library == prefix && is_asked(data));
        let value = |(_, data): &(&str, Value)| {
            let parsed = if data["date"] == "January 2024" { json!({"parsedDate": "2024-01"}) } else { json!({}) };
            json!({"key": data["key"], "version": data["version"], "meta": parsed, "data": data})
        };
        of_library.map(value).collect()
    }

    fn connector(&mut self, asked: &ReceivedRequest) -> CannedReply {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let json = "Content-Type: application/json\r\n";
        match asked.path.as_str() {
            "/connector/getSelectedCollection" => {
                assert_eq!(body, json!({"switchToReadableLibrary": true}));
                let own = json!({"libraryID": 1, "libraryName": "My Library", "libraryEditable": true, "editable": true, "id": null, "name": "My Library"});
                answer("200 OK", json, self.selected.clone().unwrap_or(own).to_string())
            }
            "/connector/saveItems" => {
                if self.saved.iter().any(|saved| saved["sessionID"] == body["sessionID"]) {
                    return answer("409 Conflict", json, "{\"error\":\"SESSION_EXISTS\"}");
                }
                self.saved.push(body);
                answer("201 Created", json, "")
            }
            _ => answer("404 Not Found", "", "No endpoint found\n"),
        }
    }
}

fn run(sandbox: &Sandbox, service: &FakeService, args: &[&str]) -> Run {
    sandbox.run(&[args, &["--zotero-url", &service.url()]].concat())
}

fn fetch(sandbox: &Sandbox, service: &FakeService, args: &[&str]) -> Run {
    run(sandbox, service, &[&["fetch", "zotero", "--attempts", "2"], args].concat())
}

fn paths(service: &FakeService) -> Vec<String> {
    let asked = service.take_requests();
    asked.iter().map(|asked| format!("{} {}", asked.path, asked.get("since")).trim().to_owned()).collect()
}

#[test]
fn a_library_is_fetched_with_those_of_groups() {
    let (sandbox, (service, _)) = (Sandbox::new(), zotero(library()));
    let dry = fetch(&sandbox, &service, &["--dry-run"]);
    assert_eq!((dry.code, dry.out.as_str(), dry.err.as_str()), (0, "4 papers would be fetched\n", ""));
    let first = fetch(&sandbox, &service, &[]);
    let dropped = "/api/users/0/items/top, record 3: `date`: `in press` is not a valid date: use the form 2024-12-19, or omit it\n";
    assert_eq!(
        (first.code, first.out.as_str()),
        (0, "4 new, 0 updated, 0 unchanged, 1 field dropped: 4 papers in the library\n")
    );
    assert!(first.err.ends_with(dropped), "{}", first.err);
    let paper = sandbox.json(&["show", "2401.00001", "--format", "json"]);
    assert!(paper.to_string().contains("\"published\":\"2024-01-01\""), "{paper}");
    let article = sandbox.json(&["show", "10.1000/x", "--format", "json"]);
    assert!(article.to_string().contains("We dim lantern 2."), "{article}");
    // Of Zotero 7 to 9, versions say nothing: all is read again, and nothing is written.
    let again = fetch(&sandbox, &service, &[]);
    assert!(again.out.starts_with("0 new, 0 updated, 4 unchanged"), "{}", again.out);
    assert!(service.take_requests().iter().all(|asked| asked.get("since").is_empty()));
}

#[test]
fn a_later_run_reads_what_has_changed() {
    let (sandbox, (service, state)) = (Sandbox::new(), zotero(library()));
    state.lock().unwrap().server = Some("sPMHtLD6HHBd");
    assert!(fetch(&sandbox, &service, &[]).out.starts_with("4 new, 0 updated, 0 unchanged"));
    {
        let mut state = state.lock().unwrap();
        state.version = 6;
        state.items.push(("users/0", item(6, json!({}))));
    }
    service.take_requests();
    assert_eq!(fetch(&sandbox, &service, &[]).out, "1 new, 0 updated, 0 unchanged: 5 papers in the library\n");
    let asked = paths(&service);
    assert!(asked.contains(&"/api/users/0/items/top 5".to_owned()), "{asked:?}");
    assert!(asked.contains(&"/api/groups/17/items/top 5".to_owned()), "{asked:?}");
    // A collection is read as a whole, and does not move what is remembered of the library.
    assert!(fetch(&sandbox, &service, &["--collection", "Reading"]).out.starts_with("0 new, 0 updated, 2 unchanged"));
    service.take_requests();
    assert!(fetch(&sandbox, &service, &[]).out.starts_with("0 new, 0 updated, 0 unchanged"));
    assert!(paths(&service).contains(&"/api/users/0/items/top 6".to_owned()));
    // A backup of Zotero was restored, and then it is another Zotero.
    state.lock().unwrap().version = 2;
    assert!(fetch(&sandbox, &service, &[]).out.starts_with("0 new, 0 updated, 5 unchanged"));
    {
        let mut state = state.lock().unwrap();
        (state.server, state.version) = (Some("another"), 6);
    }
    assert!(fetch(&sandbox, &service, &[]).out.starts_with("0 new, 0 updated, 5 unchanged"));
    assert!(fetch(&sandbox, &service, &[]).out.starts_with("0 new, 0 updated, 0 unchanged"));
}

#[test]
fn a_part_of_a_library() {
    for (args, papers) in [
        (&["--collection", "Reading"][..], 2),
        (&["--collection", "Reading/RL/"], 1),
        (&["--tag", "robots"], 2),
        (&["--tag", "a-b", "--tag", "robots", "--group", "My Library"], 1),
        (&["--group", "Our lab"], 1),
        (&["--since", "2024-02-04"], 2),
        (&["--since", "2025-01-01"], 0),
    ] {
        let (sandbox, (service, _)) = (Sandbox::new(), zotero(library()));
        let fetched = fetch(&sandbox, &service, args);
        assert!(fetched.out.starts_with(&format!("{papers} new, ")), "{args:?}: {}{}", fetched.out, fetched.err);
    }
    for (args, message) in [
        (
            ["--collection", "Readng"],
            "error: no collection `Readng` in Zotero: the most similar are Reading, Reading/RL\n",
        ),
        (["--tag", "robot"], "error: no tag `robot` in Zotero: the most similar are robots, a-b\n"),
        (["--group", "our lab"], "error: no library `our lab` in Zotero: the most similar are Our lab, My Library\n"),
    ] {
        let (sandbox, (service, _)) = (Sandbox::new(), zotero(library()));
        let refused = fetch(&sandbox, &service, &args);
        assert_eq!((refused.code, refused.err.as_str()), (1, message), "{}", refused.out);
    }
}

#[test]
fn ten_thousand_items_come_in_pages() {
    let items = (1..=10_000).map(|number| ("users/0", item(number, json!({})))).collect();
    let (sandbox, (service, _)) = (Sandbox::new(), zotero(items));
    assert_eq!(fetch(&sandbox, &service, &["--dry-run"]).out, "10000 papers would be fetched\n");
    let pages = service.take_requests().iter().filter(|asked| asked.path == "/api/users/0/items/top").count();
    assert_eq!(pages, 20);
}

#[test]
fn a_history_is_that_of_the_database() {
    let (sandbox, (service, _)) = (Sandbox::with_papers(), zotero(library()));
    let imported = run(&sandbox, &service, &["profile", "me", "import", "zotero:", "--details"]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    assert!(
        imported.out.starts_with("me: 4 added (0 in the library, 4 by their text), 0 already in history"),
        "{}",
        imported.out
    );
    let shown = sandbox.json(&["profile", "me", "show", "--format", "json"]);
    let mut days: Vec<String> =
        shown["papers"].as_array().unwrap().iter().map(|entry| format!("{} {}", entry["id"], entry["at"])).collect();
    days.sort();
    assert_eq!(days[..2], ["\"2401.00001\" \"2024-02-02\"", "\"2401.00003\" \"2024-02-04\""]);
    let again = run(&sandbox, &service, &["profile", "me", "import", "zotero:"]);
    assert!(again.out.starts_with("me: 0 added (0 in the library, 0 by their text), 4 already"), "{}", again.out);

    let tags = run(&sandbox, &service, &["profile", "two", "import", "zotero:My Library", "--tags-as", "profiles"]);
    for profile in ["two/Reading/RL: 1", "two/Reading: 1", "two/a-b: 1", "two/robots: 1", "two: 1"] {
        assert!(tags.out.contains(&format!("{profile} added")), "{profile}: {}", tags.out);
    }
    let one = run(&sandbox, &service, &["profile", "three", "import", "zotero:", "--collection", "Reading"]);
    assert!(one.out.starts_with("three: 2 added"), "{}", one.out);
    let none = run(&sandbox, &service, &["profile", "three", "import", "zotero:", "--collection", "Readng"]);
    assert!(
        none.err.contains("no paper is in the collection or tag Readng: there are Reading, Reading/RL"),
        "{}",
        none.err
    );
    let unknown = run(&sandbox, &service, &["profile", "me", "import", "zotero:Lab"]);
    assert_eq!(
        (unknown.code, unknown.err.as_str()),
        (1, "error: no library `Lab` in Zotero: the most similar are Our lab, My Library\n")
    );
    let empty = zotero(Vec::new()).0;
    let nothing = run(&sandbox, &empty, &["profile", "me", "import", "zotero:"]);
    assert_eq!((nothing.code, nothing.err.as_str()), (1, "error: Zotero: there are no items\n"));
}

#[test]
fn what_is_not_zotero_is_named_in_one_line() {
    let cut: Vec<u8> = b"[{\"key\": \"K1\", \"data\": {\"title\": \"Lan".to_vec();
    let own = "Zotero-API-Version: 3\r\n";
    let table: Vec<(CannedReply, &str)> = vec![
        (
            answer("403 Forbidden", own, "Local API is not enabled"),
            "tick `Allow other applications on this computer to communicate with Zotero`",
        ),
        (
            CannedReply::UntilClosed(
                "404 Not Found",
                "X-Zotero-Version: 6.0.36\r\n".into(),
                b"No endpoint found\n".to_vec(),
            ),
            "Zotero 6.0.36 does not let other programs read it: update it to 7 or later",
        ),
        (
            CannedReply::ok("<html><body>It works!</body></html>"),
            "another program than Zotero answers here: give Zotero's address with --zotero-url",
        ),
        (CannedReply::status("404 Not Found"), "another program than Zotero answers here"),
        (CannedReply::ok("[]"), "another program than Zotero answers here"),
        (answer("200 OK", own, cut), "the response is cut short: run the same command again"),
        (answer("200 OK", own, ""), "the response is cut short"),
        (answer("200 OK", own, "<html>"), "the response is not as Zotero documents it"),
        (answer("200 OK", own, "{\"a\": 1}"), "the response is not as Zotero documents it"),
        (
            answer("501 Not Implemented", own, "API version not implemented: 3"),
            "Zotero returned 501: API version not implemented: 3",
        ),
        (CannedReply::status("500 Internal Server Error"), "returned 500 Internal Server Error, after 2 attempts"),
        (CannedReply::Close, "after 2 attempts"),
    ];
    for (reply, message) in table {
        let (sandbox, bad) = (Sandbox::new(), reply.clone());
        let service = FakeService::new(move |_| bad.clone());
        let run = fetch(&sandbox, &service, &[]);
        assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{reply:?}: {}", run.err);
        assert!(run.err.contains(message), "{message}: {}", run.err);
    }
    let gone = FakeService::new(|_| CannedReply::Close).url();
    for args in
        [&["fetch", "zotero"][..], &["profile", "me", "import", "zotero:"], &["export", "--papers", "--to-zotero"]]
    {
        let sandbox = Sandbox::with_papers();
        let run = sandbox.run(&[args, &["--zotero-url", &gone]].concat());
        assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{}", run.err);
        assert!(run.err.contains("nothing answers here: start Zotero 7 or later, or give its address"), "{}", run.err);
    }
}

#[test]
fn an_item_that_cannot_be_read_leaves_the_others() {
    let broken = json!({"key": "K9", "version": 9, "itemType": "book", "title": "", "dateAdded": "2024-02-03T10:00:00Z", "tags": [], "collections": []});
    let mut items = library();
    items.push(("users/0", broken));
    let (sandbox, (service, _)) = (Sandbox::new(), zotero(items));
    let run = fetch(&sandbox, &service, &[]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (1, "4 new, 0 updated, 0 unchanged, 1 rejected, 1 field dropped: 4 papers in the library\n"),
        "{}",
        run.err
    );
    assert!(run.err.contains("no title and no abstract"), "{}", run.err);
}

/// A library with the papers of the examples, one of which is liked, and two with ids, too.
fn with_history() -> Sandbox {
    let sandbox = Sandbox::with_papers();
    let papers = [
        json!({"id": "2401.00031", "title": "Tides of a quiet harbor", "authors": ["Ada Example", "Bo Other"], "abstract": "We count them."}),
        json!({"id": "10.1000/tides", "title": "Tides of a loud harbor", "authors": ["Cy Third"], "published": "2024-05-06"}),
    ];
    let lines = papers.map(|paper| paper.to_string()).join("\n");
    sandbox.run(&["add", &sandbox.file("tides.jsonl", lines)]);
    let title = "How Few Instructions Are Enough? A Budget Study of Supervised Finetuning";
    let like = sandbox.run(&["profile", "me", "like", "2401.00031", "10.1000/tides", title]);
    assert_eq!(like.code, 0, "{}", like.err);
    sandbox
}

#[test]
fn papers_are_saved_once() {
    let (sandbox, (service, state)) = (with_history(), zotero(library()));
    let send = ["export", "--profile", "me", "--to-zotero"];
    let sent = run(&sandbox, &service, &send);
    assert_eq!((sent.code, sent.out.as_str(), sent.err.as_str()), (0, "3 papers sent to My Library\n", ""));
    let saved = std::mem::take(&mut state.lock().unwrap().saved);
    let items = saved[0]["items"].as_array().unwrap().clone();
    assert_eq!((saved.len(), items.len()), (1, 3), "{saved:?}");
    let saved_as = |title: &str| items.iter().find(|item| item["title"].as_str().unwrap().starts_with(title)).unwrap();
    let quiet = saved_as("Tides of a quiet");
    assert_eq!((&quiet["itemType"], &quiet["archiveID"]), (&json!("preprint"), &json!("arXiv:2401.00031")), "{quiet}");
    assert_eq!(quiet["creators"][1], json!({"creatorType": "author", "firstName": "Bo", "lastName": "Other"}));
    let loud = saved_as("Tides of a loud");
    assert_eq!(
        (&loud["itemType"], &loud["DOI"], &loud["date"]),
        (&json!("journalArticle"), &json!("10.1000/tides"), &json!("2024-05-06")),
        "{loud}"
    );
    // Zotero gives them back as its own.
    for (number, item) in items.into_iter().enumerate() {
        let mut data = item;
        data.as_object_mut().unwrap().extend(
            json!({"key": format!("N{number}"), "version": 7, "collections": [], "dateAdded": "2026-01-01T00:00:00Z"})
                .as_object()
                .unwrap()
                .clone(),
        );
        state.lock().unwrap().items.push(("users/0", data));
    }
    let again = run(&sandbox, &service, &send);
    assert_eq!(again.out, "0 papers sent to My Library, 3 were there already\n");
    // Into the collection of a group, which has none of them.
    state.lock().unwrap().selected =
        Some(json!({"libraryID": 4, "libraryName": "Our lab", "libraryEditable": true, "id": 9, "name": "Inbox"}));
    let group = run(&sandbox, &service, &send);
    assert_eq!(group.out, "3 papers sent to the collection Inbox of Our lab\n", "{}", group.err);
}

#[test]
fn what_zotero_does_not_save() {
    let refusals: Vec<(CannedReply, &str)> = vec![
        (
            answer("500 Internal Server Error", "", "{\"libraryEditable\":false}"),
            "My Library, which is selected in Zotero, cannot be changed: select another library there",
        ),
        (answer("500 Internal Server Error", "", ""), "Zotero could not save a paper"),
        (answer("409 Conflict", "", "{\"error\":\"SESSION_CANCELLED\"}"), "the save was canceled in Zotero"),
        (
            answer("400 Bad Request", "", "Endpoint does not support content-type"),
            "Zotero returned 400: Endpoint does not",
        ),
    ];
    for (refusal, message) in refusals {
        let (sandbox, (service, state)) = (with_history(), zotero(library()));
        service.script_with(move |asked| match asked.path.as_str() {
            "/connector/saveItems" => refusal.clone(),
            _ => state.lock().unwrap().answer(asked),
        });
        let refused = run(&sandbox, &service, &["export", "--profile", "me", "--to-zotero"]);
        assert_eq!((refused.code, refused.out.as_str(), refused.err.lines().count()), (2, "", 1), "{}", refused.err);
        assert!(refused.err.contains(message), "{message}: {}", refused.err);
        assert!(
            refused.err.ends_with("; 0 papers sent before: run the same command again to send the rest\n"),
            "{}",
            refused.err
        );
    }
    // An answer that does not come is asked for again, and saves nothing twice.
    let (sandbox, (service, state)) = (with_history(), zotero(library()));
    let other = state.clone();
    service.script_with(move |asked| {
        let mut state = other.lock().unwrap();
        let is_first = state.saved.is_empty();
        let reply = state.answer(asked);
        if is_first && asked.path == "/connector/saveItems" { CannedReply::Close } else { reply }
    });
    let sent = run(&sandbox, &service, &["export", "--profile", "me", "--to-zotero"]);
    assert_eq!((sent.code, sent.out.as_str()), (0, "3 papers sent to My Library\n"), "{}", sent.err);
    assert_eq!(state.lock().unwrap().saved.len(), 1);
    // A library that nobody can change.
    state.lock().unwrap().selected = Some(
        json!({"libraryID": 4, "libraryName": "Our lab", "libraryEditable": false, "id": null, "name": "Our lab"}),
    );
    let refused = run(&sandbox, &service, &["export", "--profile", "me", "--to-zotero"]);
    assert!(
        refused.code == 2 && refused.err.contains("Our lab, which is selected in Zotero, cannot be changed"),
        "{}",
        refused.err
    );
    let refused = run(&sandbox, &service, &["export", "--papers", "--to-zotero", "--format", "ris"]);
    assert!(refused.code == 2 && refused.err.contains("cannot be used with"), "{}", refused.err);
}

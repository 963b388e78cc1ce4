//! `paperkin fetch`, against services that answer well and badly: what is in the library afterwards, what is said, and
//! that the next run goes on from there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use paperkin::engine::FetchSummary;
use paperkin::fetch::{ClientOptions, FetchSource, HfDaily, HttpClient};
use paperkin::{Clock, Engine, EngineOptions, LibraryLocation};

use crate::support::fake_service::{CannedReply, FakeService, ReceivedRequest};
use crate::support::prerequisites::shared;
use crate::support::sandbox::{Run, Sandbox};

fn fetch(sandbox: &Sandbox, service: &FakeService, args: &[&str]) -> Run {
    let url = service.url();
    let rest = ["--base-url", url.as_str(), "--pause", "0", "--attempts", "2"];
    sandbox.run(&[&["fetch"], args, &rest].concat())
}

fn papers(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["status", "--format", "json"])["papers"].as_u64().unwrap()
}

/// Two papers of a day, which is their ids' number.
fn day(asked: &ReceivedRequest) -> CannedReply {
    let day = asked.get("date");
    let number = day.replace('-', "");
    let entry = |n: u32| serde_json::json!({"paper": {"id": format!("{number}-{n}"), "title": format!("Lanterns of {day}, {n}"), "upvotes": n}});
    CannedReply::ok(serde_json::json!([entry(1), entry(2)]).to_string())
}

fn days(service: &FakeService) -> Vec<String> {
    let mut days: Vec<String> = service.take_requests().iter().map(|asked| asked.get("date").to_owned()).collect();
    days.dedup();
    days
}

/// Fetches daily papers on a day. Returns the days that the service was asked for, and the papers that came as new.
fn fetch_daily_on(sandbox: &Sandbox, service: &FakeService, today: Date, daily: HfDaily) -> (Vec<String>, usize) {
    let mut options = EngineOptions::new(LibraryLocation::Create(sandbox.location()));
    options.clock = Clock::Fixed(today);
    let mut engine = Engine::open(options).unwrap();
    let mut client = HttpClient::new(ClientOptions { pause: Duration::ZERO, ..ClientOptions::default() }).unwrap();
    let source = FetchSource::HfDaily(HfDaily { base: Some(service.url()), ..daily });
    let mut fetched = FetchSummary::default();
    engine.fetch(source, &mut client, &mut fetched, &|_| ()).unwrap();
    (days(service), fetched.added.changes.new)
}

fn week_up_to(last: Date) -> Vec<String> {
    (0..7).rev().map(|days| (last - days.days()).to_string()).collect()
}

#[test]
fn daily_papers_go_on_from_the_last_complete_day() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(day));
    let today = date(2026, 3, 10);
    let fetch_on = |today, daily| fetch_daily_on(&sandbox, &service, today, daily);
    assert_eq!(fetch_on(today, HfDaily::default()), (week_up_to(today), 14));
    // Today was not over: the week up to yesterday once more, and today.
    let again = [vec!["2026-03-03".to_owned()], week_up_to(today)].concat();
    assert_eq!(fetch_on(today, HfDaily::default()), (again.clone(), 2));
    // A range in the past changes nothing of that.
    let past = HfDaily { from: Some(date(2024, 5, 26)), to: Some(date(2024, 5, 28)), ..HfDaily::default() };
    assert_eq!(fetch_on(today, past).0, ["2024-05-26", "2024-05-27", "2024-05-28"]);
    assert_eq!(fetch_on(today, HfDaily::default()), (again, 0));
    // Nine days later: the week before the last complete day, and all days since.
    let (days, new) = fetch_on(date(2026, 3, 19), HfDaily::default());
    assert_eq!((days.first().unwrap().as_str(), days.len(), new), ("2026-03-03", 17, 18));
}

#[test]
fn the_client_names_itself_and_a_range_has_an_order() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(day));
    let range = ["hf-daily", "--contact", "me@example.org", "--from", "2024-05-25", "--to", "2024-05-26"];
    let run = fetch(&sandbox, &service, &range);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    assert_eq!(run.out, "4 new, 0 updated, 0 unchanged: 4 papers in the library\n");
    let agent = format!("user-agent: paperkin/{} (+me@example.org)", env!("CARGO_PKG_VERSION"));
    for request in service.take_requests() {
        assert!(request.head.contains(&agent) && request.head.contains("accept-encoding: gzip"), "{}", request.head);
    }
    let run = fetch(&sandbox, &service, &["hf-daily", "--from", "2024-05-26", "--to", "2024-05-25"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("2024-05-26 is after the last day, 2024-05-25"), "{}", run.err);
}

#[test]
fn a_failure_loses_nothing_and_the_next_run_goes_on() {
    let renamed = r#"[{"paper": {"id": "1", "name": "a"}}, {"paper": {"id": "2", "name": "b"}}]"#;
    let table: Vec<(CannedReply, &str, usize)> = vec![
        (CannedReply::status("503 Service Unavailable"), "returned 503 Service Unavailable, after 2 attempts", 2),
        (
            CannedReply::Status("429 Too Many Requests", String::new(), "<p>Rate exceeded.</p>"),
            "Requests: Rate exceeded., after 2",
            2,
        ),
        (
            CannedReply::Status("429 Too Many Requests", "retry-after: 86400\r\n".into(), ""),
            "returned 429 Too Many Requests, and asks to retry in 86400 s",
            1,
        ),
        (CannedReply::status("404 Not Found"), "returned 404 Not Found;", 1),
        (CannedReply::Close, "after 2 attempts", 2),
        (CannedReply::Half(renamed.into()), "after 2 attempts", 2),
        (CannedReply::Stall, "timed out, after 2 attempts", 2),
        (CannedReply::Endless, "response larger than 32 MB", 1),
        (CannedReply::Status("302 Found", "location: ?date=2024-05-27\r\n".into(), ""), "too many redirects", 6),
        (
            CannedReply::ok(r#"{"error": "moved", "papers": []}"#),
            "expected a list of papers, found `{\"error\": \"moved\"",
            1,
        ),
        (CannedReply::ok(r#"[{"title": "x"}]"#), "no entry has a `paper`", 1),
        (CannedReply::ok(renamed), "none of 2 records are valid: the format of the service may have changed", 1),
        (
            CannedReply::ok("<html><body>Sign in</body></html>"),
            "expected a list of papers, found `<html><body>Sign in",
            1,
        ),
        (CannedReply::ok(""), "expected a list of papers, found ``", 1),
    ];
    for (reply, message, requests) in table {
        let (sandbox, service) = (Sandbox::new(), FakeService::new(day));
        let timeout = if matches!(reply, CannedReply::Stall) { "1" } else { "120" };
        let args = ["hf-daily", "--from", "2024-05-25", "--to", "2024-05-28", "--timeout", timeout];
        let bad = reply.clone();
        service.script_with(move |asked| if asked.get("date") == "2024-05-27" { bad.clone() } else { day(asked) });
        let run = fetch(&sandbox, &service, &args);
        assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{reply:?}: {}", run.err);
        assert!(run.err.contains(message), "{message}: {}", run.err);
        let rest = "; 4 papers are already in the library: run the same command again to resume\n";
        assert!(run.err.ends_with(rest), "{}", run.err);
        assert_eq!(papers(&sandbox), 4);
        let asked = service.take_requests();
        assert_eq!(asked.iter().filter(|asked| asked.get("date") == "2024-05-27").count(), requests, "{message}");

        service.script_with(day);
        let run = fetch(&sandbox, &service, &args);
        assert_eq!((run.code, papers(&sandbox)), (0, 8), "{}", run.err);
        assert_eq!(days(&service), ["2024-05-27", "2024-05-28"], "{message}");
    }
}

#[test]
fn what_passes_is_waited_for() {
    for passing in [
        CannedReply::Status("429 Too Many Requests", "retry-after: 0\r\n".into(), ""),
        CannedReply::status("500 Internal Server Error"),
        CannedReply::Close,
        CannedReply::Half(b"[{\"paper\": {}}]".to_vec()),
    ] {
        let (sandbox, count) = (Sandbox::new(), AtomicUsize::new(0));
        let service =
            FakeService::new(
                move |asked| {
                    if count.fetch_add(1, Ordering::Relaxed) == 0 { passing.clone() } else { day(asked) }
                },
            );
        let run = fetch(&sandbox, &service, &["hf-daily", "--from", "2024-05-25", "--to", "2024-05-25"]);
        assert_eq!((run.code, service.take_requests().len()), (0, 2), "{}", run.err);
        assert!(run.out.starts_with("2 new"), "{}", run.out);
    }
}

#[test]
fn a_day_of_many_papers_has_parts() {
    let (sandbox, service) = (
        Sandbox::new(),
        FakeService::new(|asked| {
            let part: usize = asked.get("p").parse().unwrap_or(0);
            let entry = |n: usize| serde_json::json!({"paper": {"id": format!("{part}-{n}"), "title": "Tin"}});
            let entries: Vec<_> = (0..if part == 0 { 100 } else { 3 }).map(entry).collect();
            CannedReply::Gzip(serde_json::to_vec(&entries).unwrap())
        }),
    );
    let run = fetch(&sandbox, &service, &["hf-daily", "--from", "2024-05-25", "--to", "2024-05-25"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(papers(&sandbox), 103);
}

/// arXiv's answer with the papers of these numbers, the younger the smaller: a paper a day.
fn atom(total: usize, numbers: impl Iterator<Item = usize>) -> CannedReply {
    let entry = |n: usize| {
        let published = date(2026, 3, 10) - (n as i64).days();
        format!(
            "<entry><id>http://arxiv.org/abs/2603.{:05}v1</id><title>Robot {n}</title><published>{published}T01:00:00Z\
             </published></entry>",
            90_000 - n
        )
    };
    let entries: String = numbers.map(entry).collect();
    CannedReply::ok(format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:o=\"http://a9.com/-/spec/opensearch/1.1/\">\
         <o:totalResults>{total}</o:totalResults>{entries}</feed>"
    ))
}

fn start(asked: &ReceivedRequest) -> usize {
    asked.get("start").parse().unwrap()
}

fn starts(service: &FakeService) -> Vec<usize> {
    service.take_requests().iter().map(start).collect()
}

#[test]
fn arxiv_is_paged_back_to_a_day_and_an_empty_page_is_asked_for_again() {
    let emptied = AtomicUsize::new(0);
    let (sandbox, service) = (
        Sandbox::new(),
        FakeService::new(move |asked| {
            let start = start(asked);
            let empty = start == 4 && emptied.fetch_add(1, Ordering::Relaxed) == 0;
            atom(100, start..if empty { start } else { start + 4 })
        }),
    );
    let args = ["arxiv", "--category", "cs.CL", "--category", "cs.LG", "--since", "2026-03-01"];
    let run = fetch(&sandbox, &service, &args);
    assert_eq!((run.code, papers(&sandbox)), (0, 10), "{}", run.err);
    let asked = service.take_requests();
    assert_eq!(asked.iter().map(start).collect::<Vec<_>>(), [0, 4, 4, 8]);
    let query = ["search_query", "sortBy", "sortOrder"].map(|name| asked[0].get(name).to_owned());
    assert_eq!(query, ["cat:cs.CL OR cat:cs.LG", "submittedDate", "descending"]);

    // The next run looks a week back from this one's day: all of this is older.
    let run = fetch(&sandbox, &service, &args[..5]);
    assert_eq!((run.code, starts(&service)), (0, vec![0]), "{}", run.err);
    assert!(run.out.starts_with("0 new, 0 updated, 0 unchanged"), "{}", run.out);
}

#[test]
fn arxiv_fills_the_gap_of_a_stopped_run_and_begins_at_the_top() {
    let (sandbox, service) = (
        Sandbox::new(),
        FakeService::new(|asked| match start(asked) {
            6 => CannedReply::status("503 Service Unavailable"),
            start => atom(9, start..start + 3),
        }),
    );
    let args = ["arxiv", "--query", "tin robots", "--since", "2020-01-01"];
    let run = fetch(&sandbox, &service, &args);
    assert_eq!((run.code, papers(&sandbox)), (2, 6), "{}", run.err);
    assert!(run.err.contains("503") && run.err.contains("; 6 papers are already in the library"), "{}", run.err);
    assert_eq!(service.take_requests()[0].get("search_query"), "all:tin AND all:robots");

    service.script_with(|asked| match start(asked) {
        6 => atom(9, 6..9),
        start => atom(9, start..start),
    });
    let run = fetch(&sandbox, &service, &args);
    assert_eq!((run.code, papers(&sandbox)), (2, 9), "{}", run.err);
    assert!(run.err.contains("empty pages repeatedly, with 9 papers left"), "{}", run.err);
    assert_eq!(starts(&service), [6, 0, 0]);

    let refusal = "<feed><entry><id>x</id><title>Error</title><summary>incorrect query</summary></entry></feed>";
    service.script_with(move |_| CannedReply::Status("400 Bad Request", String::new(), refusal));
    let run = fetch(&sandbox, &service, &args);
    assert!(
        run.code == 2 && run.err.contains("400 Bad Request: x Error incorrect query; no papers were fetched"),
        "{}",
        run.err
    );
    service.script_with(move |_| CannedReply::ok(refusal));
    let run = fetch(&sandbox, &service, &args);
    assert!(run.code == 2 && run.err.contains("arXiv returned an error: incorrect query;"), "{}", run.err);
}

/// An answer of OAI-PMH with papers of these numbers, changed on that day of March.
fn oai(numbers: std::ops::Range<u32>, day: u32, token: &str) -> CannedReply {
    let record = |n: u32| {
        format!(
            "<record><header><datestamp>2026-03-{day:02}</datestamp></header><metadata><arXiv><id>2603.{:05}</id>\
             <title>Pearl {n}</title><categories>cs.CL</categories></arXiv></metadata></record>",
            70_000 + n
        )
    };
    let records: String = numbers.map(record).collect();
    CannedReply::ok(format!(
        "<OAI-PMH><ListRecords>{records}<resumptionToken>{token}</resumptionToken></ListRecords></OAI-PMH>"
    ))
}

fn oai_error(code: &str) -> CannedReply {
    CannedReply::ok(format!("<OAI-PMH><error code=\"{code}\">So it is.</error></OAI-PMH>"))
}

#[test]
fn an_expired_token_begins_again_from_the_last_day_seen() {
    let (sandbox, service) = (
        Sandbox::new(),
        FakeService::new(|asked| match (asked.get("from"), asked.get("resumptionToken")) {
            ("2026-03-01", _) => oai(0..3, 2, "a"),
            (_, "a") => oai(3..6, 4, "b"),
            (_, "b") => oai_error("badResumptionToken"),
            ("2026-03-04", _) => oai(3..6, 4, "c"),
            (_, "c") => oai(6..8, 5, ""),
            _ => oai_error("badArgument"),
        }),
    );
    let args = ["arxiv", "--oai", "--category", "cs.CL", "--since", "2026-03-01"];
    let run = fetch(&sandbox, &service, &args);
    assert_eq!((run.code, papers(&sandbox)), (0, 8), "{}", run.err);
    let first = &service.take_requests()[0];
    assert_eq!(["verb", "metadataPrefix", "set"].map(|name| first.get(name)), ["ListRecords", "arXiv", "cs:cs:CL"]);

    // The next run asks from the last day on.
    service.script_with(|_| oai_error("noRecordsMatch"));
    let run = fetch(&sandbox, &service, &args[..4]);
    assert_eq!((run.code, papers(&sandbox)), (0, 8), "{}", run.err);
    assert_eq!(service.take_requests()[0].get("from"), "2026-03-05");
}

#[test]
fn a_stopped_harvest_goes_on_with_its_token() {
    let (sandbox, service) = (
        Sandbox::new(),
        FakeService::new(|asked| match asked.get("resumptionToken") {
            "" => oai(0..3, 2, "a"),
            _ => CannedReply::Half(vec![b'<'; 100]),
        }),
    );
    let args = ["arxiv", "--oai", "--category", "cs", "--since", "2026-03-01"];
    let run = fetch(&sandbox, &service, &args);
    assert_eq!((run.code, papers(&sandbox)), (2, 3), "{}", run.err);
    service.take_requests();
    service.script_with(|asked| match (asked.get("resumptionToken"), asked.get("from")) {
        ("a", _) => oai_error("badResumptionToken"),
        ("", "2026-03-02") => oai(0..3, 2, "d"),
        ("d", _) => oai(3..5, 3, ""),
        _ => oai_error("badArgument"),
    });
    let run = fetch(&sandbox, &service, &args);
    assert_eq!((run.code, papers(&sandbox)), (0, 5), "{}", run.err);
    for (code, message) in
        [("badArgument", "returned badArgument: So it is."), ("badResumptionToken", "badResumptionToken")]
    {
        service.script_with(move |_| oai_error(code));
        let run = fetch(&sandbox, &service, &args);
        assert!(run.code == 2 && run.err.contains(message), "{}", run.err);
    }
    service.script_with(|_| oai(0..1, 2, "same"));
    let run = fetch(&sandbox, &service, &args);
    assert!(run.code == 2 && run.err.contains("returned the same page repeatedly"), "{}", run.err);
}

/// Semantic Scholar knows the even ids.
fn graph(asked: &ReceivedRequest) -> CannedReply {
    let asked: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    let entry = |id: &serde_json::Value| {
        let id = id.as_str().unwrap();
        let arxiv = id.strip_prefix("ARXIV:").unwrap_or_default();
        let is_even = id.ends_with(['0', '2', '4', '6', '8']);
        if is_even {
            serde_json::json!({"title": id, "externalIds": {"ArXiv": arxiv}})
        } else {
            serde_json::Value::Null
        }
    };
    let entries: Vec<_> = asked["ids"].as_array().unwrap().iter().map(entry).collect();
    CannedReply::ok(serde_json::to_vec(&entries).unwrap())
}

#[test]
fn semantic_scholar_is_asked_for_five_hundred_ids_at_once() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(graph));
    let list = sandbox.file("few.txt", "arXiv:2401.00002v3\nhttps://doi.org/10.5/X3\n2401.00002\n\n2401.00004\n");
    let url = service.url();
    let args = ["fetch", "s2", "--ids", &list, "--base-url", &url, "--pause", "0"];
    let run = Run::from(sandbox.command(&args).env("S2_API_KEY", "secret").output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (1, "warning: unknown to the service: doi:10.5/x3\n"), "{}", run.out);
    assert_eq!(papers(&sandbox), 2);
    let asked = &service.take_requests()[0];
    assert!(asked.head.contains("x-api-key: secret") && asked.path == "/graph/v1/paper/batch", "{}", asked.head);
    assert_eq!(asked.body, r#"{"ids":["ARXIV:2401.00002","DOI:10.5/x3","ARXIV:2401.00004"]}"#);

    let lines: String = (0..501).map(|n| format!("2402.{:05}\n", 2 * n)).collect();
    let many = sandbox.file("many.txt", lines);
    service
        .script_with(|asked| if asked.body.contains("ARXIV:2402.01000\"") { CannedReply::Close } else { graph(asked) });
    let run = fetch(&sandbox, &service, &["s2", "--ids", &many]);
    assert_eq!((run.code, papers(&sandbox)), (2, 502), "{}", run.err);
    service.take_requests();
    service.script_with(graph);
    let run = fetch(&sandbox, &service, &["s2", "--ids", &many]);
    assert_eq!((run.code, papers(&sandbox)), (0, 503), "{}", run.err);
    assert_eq!(
        service.take_requests().iter().map(|asked| asked.body.clone()).collect::<Vec<_>>(),
        [r#"{"ids":["ARXIV:2402.01000"]}"#]
    );

    for (reply, code, message) in [
        (
            CannedReply::Status("400 Bad Request", String::new(), r#"{"error": "No valid paper ids given"}"#),
            1,
            "unknown to the service",
        ),
        (CannedReply::Status("400 Bad Request", String::new(), r#"{"error": "no such field"}"#), 2, "no such field"),
        (CannedReply::ok("[null]"), 2, "returned 1 papers for 3 ids"),
        (CannedReply::ok("{}"), 2, "expected a list of papers"),
        (CannedReply::ok("[{\"name\": 1}, {\"name\": 2}, null]"), 2, "the format of the service may have changed"),
        (CannedReply::Status("302 Found", format!("location: {url}/elsewhere\r\n"), ""), 2, "returned 302 Found"),
    ] {
        service.script_with(move |_| reply.clone());
        let run = fetch(&sandbox, &service, &["s2", "--ids", &list]);
        assert!(run.code == code && run.err.contains(message), "{message}: {} {}", run.code, run.err);
    }
}

#[test]
fn a_feed_is_read_again_only_when_it_has_changed() {
    let (sandbox, service) = (
        Sandbox::new(),
        FakeService::new(|asked| {
            if asked.head.contains("if-none-match: \"one\"") && asked.head.contains("if-modified-since: tue, 10 mar") {
                return CannedReply::status("304 Not Modified");
            }
            let headers = "etag: \"one\"\r\nlast-modified: Tue, 10 Mar 2026 08:00:00 GMT\r\n".to_owned();
            let CannedReply::Ok(_, body) = atom(2, 0..2) else { unreachable!() };
            CannedReply::Ok(headers, [&body[..5], b" about='arxiv.org'", &body[5..]].concat())
        }),
    );
    let url = format!("{}/papers.xml", service.url());
    let args = ["fetch", "feed", &url, "--pause", "0"];
    assert_eq!(sandbox.run(&args).out, "2 new, 0 updated, 0 unchanged: 2 papers in the library\n");
    assert_eq!(sandbox.run(&args).out, "0 new, 0 updated, 0 unchanged: 2 papers in the library\n");
    service.script_with(|_| CannedReply::ok("<html><body>Gone</body></html>"));
    let run = sandbox.run(&args);
    assert!(run.code == 2 && run.err.contains("an HTML page"), "{}", run.err);
    let run = sandbox.run(&["fetch", "feed", "nowhere"]);
    assert!(run.code == 2 && run.err.contains("use https://"), "{}", run.err);
}

#[test]
fn addresses_are_relative_to_where_a_feed_is_in_the_end() {
    let feed = "<feed><entry><title>Lanterns</title><link href='1.html'/></entry></feed>";
    let service = FakeService::new(move |asked| match asked.path.as_str() {
        "/old/feed.xml" => CannedReply::Status("301 Moved Permanently", "location: /new/feed.xml\r\n".into(), ""),
        _ => CannedReply::ok(feed),
    });
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["fetch", "feed", &format!("{}/old/feed.xml", service.url()), "--pause", "0"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let papers = sandbox.run(&["export", "--papers", "--format", "jsonl"]).out;
    assert!(papers.contains(&format!("\"{}/new/1.html\"", service.url())), "{papers}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let (sandbox, service) = (Sandbox::new(), FakeService::new(day));
    let args = ["hf-daily", "--from", "2024-05-25", "--to", "2024-05-26", "--dry-run"];
    assert_eq!(fetch(&sandbox, &service, &args).out, "4 papers would be fetched\n");
    assert!(!sandbox.library().exists());
    let run = fetch(&sandbox, &service, &[&args[..], &["--format", "json"]].concat());
    assert_eq!(run.out, "{\n  \"rejected\": 0,\n  \"would_come\": 4\n}\n");
    let run = fetch(&sandbox, &service, &["hf-daily", "--contact", "two words"]);
    assert!(run.code == 1 && run.err.contains("`contact`"), "{}", run.err);
}

#[test]
fn real_answers() {
    let Some(folder) = shared("data/raw_formats") else { return };
    let sandbox = Sandbox::new();
    let files = folder.clone();
    let service = FakeService::new(move |asked| {
        let name = format!("hf_api_daily_{}.json", asked.get("date"));
        std::fs::read(files.join(name)).map_or_else(|_| CannedReply::ok("[]"), CannedReply::Gzip)
    });
    for (day, count) in
        [("2024-05-27", 13), ("2024-09-10", 12), ("2025-05-06", 16), ("2026-03-10", 28), ("2026-08-20", 15)]
    {
        let run = fetch(&sandbox, &service, &["hf-daily", "--from", day, "--to", day]);
        assert!(run.code == 0 && run.out.starts_with(&format!("{count} new")), "{day}: {}{}", run.out, run.err);
    }

    let sandbox = Sandbox::new();
    let files = folder.clone();
    service.script_with(move |asked| {
        let wanted = format!("arxiv_atom__200__q_testing_s{}_m10_", asked.get("start"));
        let empty = "arxiv_atom__200__id_0000.0000_s0_m100_8b51d9633a68.xml".to_owned();
        let names = std::fs::read_dir(&files).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let name = names.into_iter().find(|name| name.starts_with(&wanted)).unwrap_or(empty);
        CannedReply::ok(std::fs::read(files.join(name)).unwrap())
    });
    let run = fetch(&sandbox, &service, &["arxiv", "--query", "testing", "--since", "1990-01-01"]);
    assert_eq!((run.code, papers(&sandbox)), (2, 60), "{}", run.err);
    assert!(run.err.contains("empty pages repeatedly, with 214821 papers left; 60 papers"), "{}", run.err);

    let paper = std::fs::read_to_string(folder.join("s2_graph_paper.json")).unwrap();
    service.script_with(move |_| CannedReply::ok(format!("[{paper}, null]")));
    let list = sandbox.file("ids.txt", "10.1093/mind/LIX.236.433\n2401.99999\n");
    let run = fetch(&sandbox, &service, &["s2", "--ids", &list]);
    assert_eq!((run.code, run.err.as_str()), (1, "warning: unknown to the service: 2401.99999\n"));
    assert!(run.out.starts_with("1 new"), "{}", run.out);
}

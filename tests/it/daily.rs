//! A day's round: fetched, ranked, written and sent, once.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use jiff::ToSpan;

use crate::support::fake_service::{CannedReply, FakeService};
use crate::support::sandbox::{Run, Sandbox};

/// A mail server: it takes what comes, or says no, and hands on whole sessions.
fn post(reply: &'static str) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (hand_on, sessions) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let (mut session, mut in_data) = (String::new(), false);
            stream.write_all(b"220 here\r\n").unwrap();
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                session.push_str(&line);
                let answer = match line.trim_end() {
                    "." => {
                        in_data = false;
                        reply
                    }
                    _ if in_data => continue,
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 well",
                };
                if stream.write_all(format!("{answer}\r\n").as_bytes()).is_err() {
                    break;
                }
            }
            if hand_on.send(session).is_err() {
                return;
            }
        }
    });
    (port, sessions)
}

fn config(sandbox: &Sandbox, service: &FakeService, port: u16) -> String {
    let text = format!(
        "page = \"http://localhost:7474\"\n\
         [fetch]\nhf_daily = true\nhf_daily_url = \"{}\"\npause = 0\n\
         [profiles.me]\npapers = 5\nfeeds = [\"out/me.atom\", \"out/me.json\"]\ndigests = \"digests\"\n\
         mail = [\"me@example.org\"]\n\
         [mail]\nhost = \"localhost\"\nport = {port}\nsecurity = \"none\"\nfrom = \"paperkin <kin@example.org>\"\n",
        service.url()
    );
    sandbox.file("paperkin.toml", text)
}

fn daily(sandbox: &Sandbox, config: &str) -> Run {
    sandbox.run(&["daily", "--config", config])
}

/// An answer with a new paper for each day, each on another ground.
fn days(asked: &crate::support::fake_service::ReceivedRequest) -> CannedReply {
    let day = asked.get("date");
    let grounds = ["sand", "mud", "snow", "ice", "gravel", "rubble", "wet leaves", "glass", "ropes", "stairs"];
    let ground = grounds[day[8..].parse::<usize>().unwrap() % grounds.len()];
    let (title, text) =
        (format!("Legged robots that walk on {ground}"), format!("Legged robots learn locomotion over {ground}."));
    let paper = serde_json::json!({"paper": {
        "id": format!("day {day}"), "title": title, "summary": text, "publishedAt": format!("{day}T00:00:00.000Z"),
    }});
    CannedReply::ok(serde_json::json!([paper]).to_string())
}

fn digests(sandbox: &Sandbox) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(sandbox.folder.path().join("digests")) else { return Vec::new() };
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_round_sends_everything_once() {
    let (sandbox, service) = (Sandbox::with_papers(), FakeService::new(days));
    let (port, sessions) = post("250 well");
    let config = config(&sandbox, &service, port);
    let early = daily(&sandbox, &config);
    let told = "error: no profile `me`: create it with `paperkin profile me like ID...`\n";
    assert_eq!((early.code, early.out.as_str(), early.err.as_str()), (1, "", told));
    assert!(service.take_requests().is_empty(), "nothing is fetched for a profile that does not exist");
    let fetched = sandbox.run(&["fetch", "hf-daily", "--base-url", &service.url(), "--pause", "0"]);
    assert!(fetched.out.starts_with("7 new, 0 updated"), "{}{}", fetched.out, fetched.err);

    let found = sandbox.json(&["search", "walking robots", "--limit", "1", "--format", "json"]);
    sandbox.run(&["profile", "me", "like", found["results"][0]["paper"]["id"].as_str().unwrap()]);
    let round = daily(&sandbox, &config);
    assert_eq!((round.code, round.err.as_str()), (0, ""), "{}", round.out);
    assert!(round.out.contains("me: 5 new papers, ") && round.out.contains("sent to me@example.org"), "{}", round.out);
    let mail = sessions.recv().unwrap();
    for part in
        ["RCPT TO:<me@example.org>", "Subject: paperkin: 5 papers for me,", "text/plain", "text/html", "Message-ID: <"]
    {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    let written = digests(&sandbox);
    assert!(written.len() == 2 && written.iter().all(|text| text.contains("localhost:7474/paper/")), "{written:?}");
    let feed = |name: &str| std::fs::read_to_string(sandbox.folder.path().join("out").join(name)).unwrap();
    assert_eq!((feed("me.atom").matches("<entry>").count(), feed("me.json").contains("jsonfeed.org")), (5, true));

    // The rest of the papers was there to be seen: nothing is new, nothing is sent.
    let again = daily(&sandbox, &config);
    assert_eq!((again.code, again.out.contains("me: nothing new")), (0, true), "{}{}", again.out, again.err);
    assert!(sessions.try_recv().is_err());
    assert_eq!(digests(&sandbox), written);
    assert_eq!(feed("me.atom").matches("<entry>").count(), 5, "the feed keeps what was shown");
    assert_eq!(sandbox.run(&["daily", "--config", &config, "--quiet"]).out, "");
}

#[test]
fn what_fails_is_done_by_the_next_round() {
    let (sandbox, service) = (Sandbox::with_papers(), FakeService::new(|_| CannedReply::status("404 Not Found")));
    sandbox.run(&["profile", "me", "like", "How Few Instructions Are Enough"]);
    let (port, sessions) = post("451 later");
    let file = config(&sandbox, &service, port);
    let failed = daily(&sandbox, &file);
    assert_eq!((failed.code, failed.err.lines().count()), (1, 2), "{}", failed.err);
    assert!(failed.err.contains("hf-daily: ") && failed.err.contains("refused the mail: "), "{}", failed.err);
    sessions.recv().unwrap();

    let (port, sessions) = post("250 well");
    service.script_with(days);
    let done = daily(&sandbox, &config(&sandbox, &service, port));
    assert_eq!((done.code, done.out.contains("me: 5 new papers")), (0, true), "{}{}", done.out, done.err);
    sessions.recv().unwrap();
}

#[test]
fn a_week_gets_its_report() {
    let sandbox = Sandbox::with_papers();
    let today = jiff::Zoned::now().date();
    let monday = today.saturating_sub((i32::from(today.weekday().to_monday_zero_offset()) + 7).days());
    let paper = |number: i32| {
        let day = monday.saturating_add((number % 7).days());
        serde_json::json!({"id": format!("w{number}"), "title": format!("Ropes and knots {number}"), "published": day})
    };
    let lines: String = (0..9).map(|number| format!("{}\n", paper(number))).collect();
    assert_eq!(sandbox.run_with_input(&["add", "-"], lines).code, 0);
    let config = sandbox.file("weekly.toml", "weekly_reports = \"reports\"\n[profiles]\n");
    let round = daily(&sandbox, &config);
    assert_eq!((round.code, round.err.as_str()), (0, ""), "{}", round.out);
    let week = monday.iso_week_date();
    let name = format!("{}-W{:02}", week.year(), week.week());
    let report = sandbox.folder.path().join("reports").join(&name);
    assert!(round.out.contains(&format!("wrote the report of last week: {}", report.display())), "{}", round.out);
    let papers = std::fs::read_to_string(report.join("papers.jsonl")).unwrap();
    assert_eq!(papers.lines().count(), 9);
    let again = daily(&sandbox, &config);
    assert!(again.code == 0 && !again.out.contains("report"), "{}", again.out);
    // An empty directory is filled. What is in the way is reported, and the rest is done.
    std::fs::remove_dir_all(&report).unwrap();
    std::fs::create_dir(&report).unwrap();
    assert!(daily(&sandbox, &config).out.contains("wrote the report of last week"));
    std::fs::remove_dir_all(&report).unwrap();
    std::fs::write(report.with_file_name(format!(".{name}.paperkin-unfinished")), "mine").unwrap();
    let failed = daily(&sandbox, &config);
    assert!(failed.code == 1 && failed.err.contains("weekly report: "), "{}{}", failed.out, failed.err);
}

#[test]
fn a_config_to_begin_with() {
    let sandbox = Sandbox::new();
    let path = sandbox.folder.path().join("paperkin.toml");
    let path = path.to_str().unwrap();
    let missing = daily(&sandbox, path);
    assert!(missing.code == 1 && missing.err.contains("run `paperkin init` to create it"), "{}", missing.err);
    let init = || sandbox.run(&["init", "--config", path]);
    assert_eq!((init().code, init().code), (0, 1), "what is there stays");
    assert!(std::fs::read_to_string(path).unwrap().contains("[profiles.me]"));
    let wrong = sandbox.file("wrong.toml", "[profiles.me]\nmial = []\n");
    let refused = daily(&sandbox, &wrong);
    assert!(refused.code == 1 && refused.err.contains("wrong.toml: line 2: unknown field `mial`"), "{}", refused.err);
}

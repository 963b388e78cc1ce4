//! The commands, as a user types them.

use crate::support::answers::{ids, titles};
use crate::support::sandbox::{Sandbox, listing};

/// The output with every number that the model computed masked: its last digits differ between CPUs.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(dot) = rest.find("0.") {
        let digits = rest[dot + 2..].chars().take_while(char::is_ascii_digit).count();
        masked.push_str(&rest[..dot]);
        masked.push_str(if digits > 0 { "0.#" } else { "0." });
        rest = &rest[dot + 2 + digits..];
    }
    // Bars differ by CPU as numbers do.
    (masked + rest).replace(|c| ('▉'..='▏').contains(&c) || c == '█', " ")
}

/// Checks what every answer promises.
fn check(answer: &serde_json::Value) {
    let mut last = f64::INFINITY;
    for (index, result) in answer["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(result["rank"], index + 1);
        let score = result["score"].as_f64().unwrap();
        let parts: f64 = result["breakdown"].as_object().unwrap().values().map(|part| part.as_f64().unwrap()).sum();
        assert!((parts - score).abs() < 1e-5, "{result}");
        let because = result["reasons"].as_array().unwrap();
        let contributions: Vec<f64> = because.iter().map(|because| because["contribution"].as_f64().unwrap()).collect();
        assert!(contributions.len() <= 3 && contributions.is_sorted_by(|a, b| a >= b && *b > 0.0), "{result}");
        assert!((0.0..=1.0).contains(&score) && score <= last, "{result}");
        last = score;
    }
}

#[test]
fn similar_papers_come_first() {
    let sandbox = Sandbox::with_papers();
    let answer = sandbox.json(&["similar", "How Few Instructions Are Enough", "-n", "5", "--format", "json"]);
    check(&answer);
    let titles = titles(&answer);
    let on_instructions = |title: &&String| title.to_lowercase().contains("instruction");
    assert!(titles.iter().take(4).filter(on_instructions).count() >= 3, "{titles:?}");
    assert!(titles.iter().all(|title| !title.starts_with("How Few")), "{titles:?}");
}

#[test]
fn the_first_command_of_the_readme() {
    let run = Sandbox::new().run(&["similar", "--papers", listing(), "How Few Instructions Are Enough", "-n", "3"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    insta::assert_snapshot!(masked(&run.out), @r"
      1  0.#  related       Learning to Ask Back: Clarifying Questions in Instruction-Tuned Models
                              similarity 0.# · 6 authors · 2025-11-08 ·
                              title:2b608d83c0de042f-26becb0a29b0f091

      2  0.#  related       PlainSpeak: Instruction Tuning from Requests That Were Answered Twice
                              similarity 0.# · 7 authors · 2024-03-14 · 4 comments ·
                              title:64fe156154aeaa2e-0dd200f6dfaaf8a3

      3  0.#  related       Instructions with a Memory: Tuning Models to Keep Standing Orders
                              similarity 0.# · 5 authors · 2025-05-21 · 2 comments ·
                              title:00b922c83b8d0d0f-f18712df31e7f8ef
    ");
}

#[test]
fn every_format_has_the_same_results() {
    let sandbox = Sandbox::with_papers();
    let search =
        |format: &str| sandbox.run(&["search", "robots", "-n", "4", "--min-relevance", "far", "--format", format]);
    let answer: serde_json::Value = serde_json::from_str(&search("json").out).unwrap();
    check(&answer);
    assert_eq!(answer["results"].as_array().unwrap().len(), 4);
    for field in ["not_found", "note", "model", "generation", "took_ms"] {
        assert!(answer.get(field).is_some(), "{field}");
    }
    let lines: Vec<serde_json::Value> =
        search("jsonl").out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, *answer["results"].as_array().unwrap());
    let table = search("csv").out;
    let mut csv = csv::Reader::from_reader(table.as_bytes());
    let column: Vec<String> = csv.records().map(|record| record.unwrap()[2].to_owned()).collect();
    assert_eq!(column, ids(&answer));
    let printed = search("table").out;
    assert!(!printed.contains('\u{1b}'), "no colors where there is no terminal");
    for title in titles(&answer) {
        assert!(printed.contains(title.split(' ').next().unwrap()), "{title}: {printed}");
    }
}

#[test]
fn filters() {
    let sandbox = Sandbox::with_papers();
    let dates = |args: &[&str]| -> Vec<String> {
        let mut all = vec!["search", "a model", "-n", "40", "--min-relevance", "far", "--format", "json"];
        all.extend(args);
        let answer = sandbox.json(&all);
        check(&answer);
        let results = answer["results"].as_array().unwrap();
        results.iter().map(|result| result["paper"]["published"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(dates(&[]).len(), 40);
    let late = dates(&["--after", "2025-01-01"]);
    assert!(!late.is_empty() && late.iter().all(|date| date.as_str() >= "2025-01-01"));
    let early = dates(&["--before", "2024-12-31"]);
    assert_eq!(early.len() + late.len(), 40);
    assert_eq!(dates(&["--as-of", "2024-12-31"]).len(), early.len());
    assert_eq!(dates(&["--source", "hf-page"]).len(), 40);
    assert!(dates(&["--source", "arxiv"]).is_empty());
    assert!(dates(&["--category", "cs"]).is_empty());
    let run = sandbox.run(&["search", "x", "--source", "arxiv"]);
    assert_eq!((run.code, run.err.as_str()), (0, "note: no papers match the filters\n"));
}

#[test]
fn recommendations_for_a_history() {
    let sandbox = Sandbox::with_papers();
    let likes = ["Touch Before You Look", "Walking on What Gives Way", "Kitchen Hands"];
    let ids: Vec<String> = likes
        .iter()
        .map(|title| {
            sandbox.json(&["similar", title, "-n", "1", "--format", "json"])["results"][0]["reasons"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let like = ids.join(",");
    let answer = sandbox.json(&["recommend", "--like", &like, "-n", "5", "--min-relevance", "far", "--format", "json"]);
    check(&answer);
    assert!(titles(&answer)[0].contains("Robot"), "{:?}", titles(&answer));
    let reasons = answer["results"][0]["reasons"].as_array().unwrap().len();
    assert!((2..=3).contains(&reasons), "{reasons} of three papers");

    let top = answer["results"][0]["paper"]["id"].as_str().unwrap();
    let without = sandbox.json(&[
        "recommend",
        "--like",
        &like,
        "--dislike",
        top,
        "-n",
        "40",
        "--min-relevance",
        "far",
        "--format",
        "json",
    ]);
    check(&without);
    assert!(!self::ids(&without).contains(&top.to_owned()));
    let results = without["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["breakdown"]["disliked"].as_f64().unwrap_or(0.0) < 0.0));

    let history = format!(
        "{}\n{{\"id\":\"{}\",\"weight\":2,\"date\":\"2025-05-05\"}}\n{{\"id\":\"{}\",\"at\":\"May 1, 2025\"}}\n",
        ids[0], ids[1], ids[2]
    );
    let file = sandbox.file("history.txt", history);
    let from_file =
        sandbox.json(&["recommend", "--history", &file, "-n", "5", "--min-relevance", "far", "--format", "json"]);
    check(&from_file);
    assert_eq!(titles(&from_file)[0], titles(&answer)[0]);
    let named =
        ids.iter().take(3).map(|id| format!("{{\"id\":\"{id}\",\"interest\":\"robots\"}}\n")).collect::<String>();
    let file = sandbox.file("named.jsonl", named);
    let named = sandbox.json(&[
        "recommend",
        "--history",
        &file,
        "--strategy",
        "interests",
        "--min-relevance",
        "far",
        "--format",
        "json",
    ]);
    assert_eq!(named["results"][0]["interest"]["label"], "robots");

    let diverse = sandbox.json(&[
        "recommend",
        "--like",
        &like,
        "--diversity",
        "0.7",
        "-n",
        "5",
        "--min-relevance",
        "far",
        "--format",
        "json",
    ]);
    check(&diverse);
    assert_ne!(self::ids(&diverse), self::ids(&answer));

    let smooth = sandbox.json(&[
        "recommend",
        "--like",
        &like,
        "--smoothing",
        "0.4",
        "-n",
        "5",
        "--min-relevance",
        "far",
        "--format",
        "json",
    ]);
    check(&smooth);
    let neighbors = |answer: &serde_json::Value| answer["results"][0]["breakdown"]["neighbors"].as_f64();
    assert!(neighbors(&smooth).is_some_and(|part| part < 0.0), "the best is better than its neighbors");
    assert_eq!(neighbors(&answer), None);
}

#[test]
fn a_feed_shows_what_is_new_once() {
    let sandbox = Sandbox::with_papers();
    let run = sandbox.run(&["profile", "me", "like", "Kitchen Hands", "Touch Before You Look"]);
    assert_eq!((run.code, run.out.as_str()), (0, "me: 2 added, 2 in history\n"), "{}", run.err);
    let run = sandbox.run(&["profile", "me", "dislike", "Error Bars for Leaderboards"]);
    assert_eq!(run.code, 0, "{}", run.err);

    let feed = |args: &[&str]| {
        let mut all = vec!["feed", "--profile", "me", "-n", "5", "--min-relevance", "far", "--format", "json"];
        all.extend(args);
        let answer = sandbox.json(&all);
        check(&answer);
        answer
    };
    let first = feed(&[]);
    assert_eq!(first["results"].as_array().unwrap().len() + first["best_of_library"].as_array().unwrap().len(), 5);
    assert!(titles(&first).iter().all(|title| !title.starts_with("Kitchen Hands")));
    assert_eq!(ids(&feed(&["--again"])), ids(&first));

    let new = "{\"id\":\"2601.00001\",\"title\":\"Two-handed robot manipulation in kitchens\"}";
    assert_eq!(sandbox.run_with_input(&["add", "-"], new).code, 0);
    assert_eq!(ids(&feed(&[])), ["2601.00001"]);
    assert_eq!(ids(&feed(&["--again"])), ["2601.00001"]);
    let missed = feed(&["--since", "2023-01-01"]);
    assert!(ids(&missed).iter().all(|id| !ids(&first).contains(id)));

    let shown = sandbox.run(&["profile", "me", "show"]).out;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("Kitchen Hands") && shown.contains("dislike"), "{shown}");
    let run = sandbox.run(&["profile", "me", "remove", "Kitchen Hands"]);
    assert_eq!((run.code, run.out.as_str()), (0, "me: 1 removed, 2 in history\n"), "{}", run.err);
}

#[test]
fn only_what_a_feed_showed_is_seen() {
    let sandbox = Sandbox::new();
    let title = |n: usize| {
        format!("{{\"id\":\"p{n}\",\"title\":\"{}\"}}\n", ["Soft robots", "Tin", "Pearl divers", "Lamps", "Ice"][n])
    };
    let papers: String = (0..5).map(title).collect();
    assert_eq!(sandbox.run_with_input(&["add", "-"], papers).code, 0);
    sandbox.run(&["profile", "me", "like", "p0"]);
    let feed = |args: &[&str]| {
        let answer =
            sandbox.json(&[&["feed", "--profile", "me", "--min-relevance", "far", "--format", "json"], args].concat());
        (ids(&answer), answer["note"].as_str().unwrap_or_default().to_owned())
    };
    let (first, note) = feed(&["-n", "3"]);
    assert_eq!((first.len(), note.as_str()), (3, ""));
    let (second, note) = feed(&["-n", "3"]);
    assert_eq!(note, "nothing new: these are papers that earlier feeds had no room for");
    let mut all = [first, second].concat();
    all.sort();
    assert_eq!(all, ["p1", "p2", "p3", "p4"]);
    let (mut again, note) = feed(&["--again"]);
    again.sort();
    assert_eq!(again, all, "shown on one day");
    assert!(note.starts_with("nothing was new: these papers were shown on "), "{note}");
    let (none, note) = feed(&[]);
    assert!(none.is_empty() && note.starts_with("nothing new since "), "{none:?} {note}");
    let (_, note) = feed(&["--again", "--interest", "kites"]);
    assert!(note.contains("were shown on ") && note.contains("no interest `kites`"), "{note}");
    sandbox.run(&["profile", "me", "like", "p1"]);
    assert_eq!(feed(&["--again"]).0.len(), 3, "a paper of the history is none of the feed");
    let (none, note) = feed(&["--again", "--source", "arxiv"]);
    assert_eq!((none.len(), note.as_str()), (0, "the last feed has no papers that match"));
    assert_eq!(sandbox.run_with_input(&["add", "-"], "{\"id\":\"new\",\"title\":\"Kites\"}").code, 0);
    assert_eq!(feed(&[]), (vec!["new".to_owned()], String::new()));
}

#[test]
fn liked_papers_are_named_by_titles_with_commas_too() {
    let sandbox = Sandbox::new();
    let papers = "{\"id\":\"a\",\"title\":\"Pearls, and where to find them\"}\n{\"id\":\"b\",\"title\":\"Tin\"}\n\
                  {\"id\":\"2401.00001\",\"title\":\"Lamps\"}\n{\"id\":\"c\",\"title\":\"Soft ice\"}\n";
    assert_eq!(sandbox.run_with_input(&["add", "-"], papers).code, 0);
    let rest = |likes: &[&str]| {
        let args = likes.iter().flat_map(|like| ["--like", *like]);
        let args: Vec<&str> = ["recommend", "--format", "json"].into_iter().chain(args).collect();
        let answer = sandbox.json(&args);
        let mut rest = ids(&answer);
        rest.sort();
        (rest.join(" "), answer["not_found"].to_string())
    };
    for (likes, left, unknown) in [
        (&["Pearls, and where to find them"][..], "2401.00001 b c", "[]"),
        (&["pearls, and"], "2401.00001 b c", "[]"),
        (&["a,b"], "2401.00001 c", "[]"),
        (&["a, b", "https://arxiv.org/abs/2401.00001"], "c", "[]"),
        (&["Pearls, and where to find them", "Tin"], "2401.00001 c", "[]"),
        (&["a,zzz"], "2401.00001 b c", "[\"zzz\"]"),
        (&["a", "2401.00009,2401.00001"], "b c", "[\"2401.00009\"]"),
        (&["a", "Robots, or none"], "2401.00001 b c", "[\"Robots, or none\"]"),
    ] {
        assert_eq!(rest(likes), (left.to_owned(), unknown.to_owned()), "{likes:?}");
    }
}

#[test]
fn a_history_fits_80_columns() {
    let sandbox = Sandbox::new();
    let paper = "{\"id\":\"title:2b608d83c0de042f-26becb0a29b0f091\",\"title\":\"A title that is so long that it takes more than a line\"}";
    assert_eq!(sandbox.run_with_input(&["add", "-"], paper).code, 0);
    let like = ["profile", "me", "like", "title:2b608d83c0de042f-26becb0a29b0f091", "--at", "2025-01-02"];
    assert_eq!(sandbox.run(&[&like[..], &["--interest", "reading list"]].concat()).code, 0);
    let authors: Vec<String> = (0..8).map(|n| format!("Ada Example {n}")).collect();
    let follow = ["profile", "me", "follow"].into_iter().chain(authors.iter().map(String::as_str)).collect::<Vec<_>>();
    assert_eq!(sandbox.run(&follow).code, 0);
    let expected = "\
2025-01-02  like     1     title:2b608d83c0de042f-26becb0a29b0f091  A title that
                           is so long that it takes more than a line [reading
                           list]
follows Ada Example 0, Ada Example 1, Ada Example 2, Ada Example 3, Ada Example
        4, Ada Example 5, Ada Example 6, Ada Example 7
me: 1 in history, feed never viewed
";
    assert_eq!(sandbox.run(&["profile", "me", "show"]).out, expected);
}

#[test]
fn profiles_are_listed_and_deleted() {
    let sandbox = Sandbox::with_papers();
    sandbox.run(&["profile", "me", "save", "Kitchen Hands"]);
    let token = |args: &[&str]| sandbox.run(&[&["profile", "me", "feed-token"], args].concat()).out;
    let first = token(&[]);
    assert_eq!((first.trim().len(), token(&[])), (32, first.clone()));
    assert_ne!(token(&["--renew"]), first);
    assert_eq!(sandbox.run(&["profiles"]).out, "me: 1 in history, feed never viewed\n");
    assert!(!sandbox.run(&["profiles", "--format", "json"]).out.contains("token"));
    let refused = sandbox.run(&["profile", "me", "delete"]);
    let told = "error: `delete`: 1 in the history of me would be lost: repeat it with --yes\n";
    assert_eq!((refused.code, refused.err.as_str()), (1, told));
    assert_eq!(sandbox.run(&["profile", "me", "delete", "--yes"]).out, "me: deleted, with 1 in history\n");
    assert_eq!(sandbox.run(&["profiles"]).out, "");
}

#[test]
fn a_profile_without_likes_sees_what_is_recent() {
    let sandbox = Sandbox::with_papers();
    sandbox.run(&["profile", "me", "dislike", "Error Bars for Leaderboards"]);
    let answer = sandbox.json(&["feed", "--profile", "me", "--format", "json"]);
    check(&answer);
    let reason = "the history contains only disliked papers: showing recent and popular papers instead";
    assert!(answer["note"].as_str().unwrap().ends_with(reason), "{}", answer["note"]);
    assert!(answer["results"][0]["breakdown"]["recency"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_batch_is_a_trec_run() {
    let sandbox = Sandbox::with_papers();
    let all: Vec<String> =
        ids(&sandbox.json(&["search", "robots", "-n", "40", "--min-relevance", "far", "--format", "json"]));
    let candidates = serde_json::to_string(&all[..30]).unwrap();
    let requests = format!(
        "{{\"id\":\"q1\",\"text\":\"robots\",\"candidates\":{candidates}}}\n\
         {{\"id\":\"q2\",\"positive\":[\"{0}\",{{\"title\":\"A robot\",\"abstract\":\"It walks.\",\"weight\":0.5,\"at\":\"2025-01-02\"}}],\
           \"negative\":[\"{1}\"],\"exclude\":[\"{2}\"],\"as_of\":\"2025-06-01\",\"diversity\":0.2}}\n\
         {{\"text\":\"speech\",\"limit\":2}}\n",
        all[0], all[39], all[1]
    );
    let requests = sandbox.file("requests.jsonl", requests);
    let run = sandbox.run(&["rank", &requests, "--run", "-", "--depth", "7"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let rows: Vec<Vec<&str>> = run.out.lines().map(|line| line.split(' ').collect()).collect();
    let of = |query: &str| -> Vec<&Vec<&str>> { rows.iter().filter(|row| row[0] == query).collect() };
    assert_eq!((of("q1").len(), of("q2").len(), of("3").len()), (30, 7, 2));
    for query in ["q1", "q2", "3"] {
        for (index, row) in of(query).iter().enumerate() {
            assert_eq!((row[1], row[3], row[5]), ("Q0", (index + 1).to_string().as_str(), "paperkin"));
        }
        let scores: Vec<f64> = of(query).iter().map(|row| row[4].parse().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    }
    let ranked: Vec<&str> = of("q1").iter().map(|row| row[2]).collect();
    assert_eq!(ranked, all[..30].iter().map(String::as_str).collect::<Vec<_>>());
    assert!(of("q2").iter().all(|row| ![&all[0], &all[1], &all[39]].contains(&&row[2].to_owned())));
}

#[test]
fn a_paper_never_recommends_another_record_of_itself() {
    let sandbox = Sandbox::with_papers();
    let copies = "{\"id\":\"c1\",\"title\":\"Counting frogs by ear\",\"abstract\":\"We count frogs.\"}\n\
                  {\"id\":\"c2\",\"title\":\"Counting frogs by ear\",\"abstract\":\"We count frogs.\"}\n";
    assert_eq!(sandbox.run_with_input(&["add", "-"], copies).code, 0);
    let similar = sandbox.json(&["similar", "c1", "--format", "json", "-n", "2"]);
    assert!(ids(&similar).iter().all(|id| !["c1", "c2"].contains(&id.as_str())), "{similar}");
}

#[test]
fn embedding_a_file() {
    let sandbox = Sandbox::new();
    let texts = sandbox
        .file("texts.jsonl", "{\"text\":\"short\"}\n\n{\"title\":\"A\",\"abstract\":\"B\"}\n{\"text\":\"short\"}\n");
    let out = sandbox.folder.path().join("vectors.f32");
    let run = sandbox.run(&["embed", &texts, "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let bytes = std::fs::read(out).unwrap();
    assert_eq!(bytes.len(), 3 * 384 * 4);
    assert_eq!(bytes[..1536], bytes[3072..]);
    let numbers: Vec<f32> = bytes[..1536].chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    let json = sandbox.run(&["embed", &texts, "--out", "-", "--format", "jsonl"]).out;
    let first: Vec<f32> = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first, numbers);
    assert!((numbers.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
}

/// Every command, with its subcommands.
const COMMANDS: [&[&str]; 48] = [
    &["add"],
    &["fetch"],
    &["fetch", "hf-daily"],
    &["fetch", "arxiv"],
    &["fetch", "s2"],
    &["fetch", "feed"],
    &["daily"],
    &["init"],
    &["remove"],
    &["split"],
    &["recent"],
    &["list"],
    &["show"],
    &["search"],
    &["similar"],
    &["recommend"],
    &["feed"],
    &["profile"],
    &["profile", "me", "add"],
    &["profile", "me", "like"],
    &["profile", "me", "save"],
    &["profile", "me", "dislike"],
    &["profile", "me", "hide"],
    &["profile", "me", "import"],
    &["profile", "me", "remove"],
    &["profile", "me", "follow"],
    &["profile", "me", "unfollow"],
    &["profile", "me", "show"],
    &["profile", "me", "feed-token"],
    &["profile", "me", "delete"],
    &["profiles"],
    &["rank"],
    &["report"],
    &["eval"],
    &["export"],
    &["embed"],
    &["reembed"],
    &["compact"],
    &["status"],
    &["doctor"],
    &["index"],
    &["index", "rebuild"],
    &["model", "quantize"],
    &["serve"],
    &["token"],
    &["backup"],
    &["restore"],
    &["completions"],
];

#[test]
fn every_help_text_fits_80_columns_and_hides_old_spellings() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        let output = sandbox.command(&[command, &["--help"]].concat()).env("COLUMNS", "80").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && help.contains("Usage: paperkin"), "{command:?}: {help}");
        // A usage line is never wrapped.
        for line in help.lines().filter(|line| !line.starts_with("Usage: ")) {
            assert!(line.chars().count() <= 84, "{command:?}: {line}");
        }
        for (old, _) in OLD_FLAGS {
            assert!(!help.contains(&format!("{old} ")), "{command:?}: {old}");
        }
    }
}

/// Spellings of earlier versions, and what they are called now.
const OLD_FLAGS: [(&str, &str); 7] = [
    ("--distinct", "--dedup-threshold"),
    ("--judged", "--judged-only"),
    ("--relevant", "--relevance-threshold"),
    ("--max-head", "--max-header-size"),
    ("--grace", "--shutdown-timeout"),
    ("--token-rate", "--rate-limit-per-token"),
    ("--address-rate", "--rate-limit-per-ip"),
];

#[test]
fn old_spellings_of_flags_still_work() {
    let sandbox = Sandbox::with_papers();
    let search = |flag: &str| sandbox.run(&["search", "robots", "-n", "3", flag, "0.9", "--format", "jsonl"]).out;
    assert_eq!(search("--distinct"), search("--dedup-threshold"));
    let queries = sandbox.file("queries.jsonl", r#"{"id":"q","text":"robots"}"#);
    let first: serde_json::Value = serde_json::from_str(search("--distinct").lines().next().unwrap()).unwrap();
    let qrels = sandbox.file("qrels.tsv", format!("q\t{}\t2\n", first["paper"]["id"].as_str().unwrap()));
    let eval = |judged: &str, relevant: &str| {
        sandbox.run(&["eval", "--queries", &queries, "--qrels", &qrels, judged, relevant, "2", "--format", "json"])
    };
    let (old, new) = (eval("--judged", "--relevant"), eval("--judged-only", "--relevance-threshold"));
    assert_eq!((old.code, &old.out), (0, &new.out), "{}", old.err);
    // Values out of range: the flags of the server are known, and no server starts.
    for flag in ["--max-head", "--grace", "--token-rate", "--address-rate"] {
        let (_, new) = OLD_FLAGS.iter().find(|(old, _)| *old == flag).unwrap();
        let run = sandbox.run(&["serve", flag, "9999999999"]);
        assert!(run.code == 2 && run.err.contains(&format!("'{new} <")), "{flag}: {}", run.err);
    }
    sandbox.run(&["profile", "me", "save", "Kitchen Hands"]);
    let token = |action: &str| sandbox.run(&["profile", "me", action]).out;
    assert_eq!(token("feed"), token("feed-token"));
}

#[test]
fn help_has_examples_and_completions_complete() {
    let sandbox = Sandbox::new();
    for command in [
        "add",
        "remove",
        "search",
        "similar",
        "recommend",
        "feed",
        "profile",
        "rank",
        "report",
        "embed",
        "reembed",
        "compact",
        "completions",
    ] {
        let run = sandbox.run(&[command, "--help"]);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("Example"), "{command}: {}", run.out);
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox.run(&["completions", shell]);
        assert!(run.code == 0 && run.out.contains("recommend"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder.path().join("man");
    let run = sandbox.run(&["man-pages", folder.to_str().unwrap()]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    for command in COMMANDS {
        // The name of the profile is no part of the command.
        let words: Vec<&str> = command.iter().copied().filter(|word| *word != "me").collect();
        let page = folder.join(format!("paperkin-{}.1", words.join("-")));
        assert!(std::fs::read_to_string(&page).is_ok_and(|text| text.contains(".SH SYNOPSIS")), "{command:?}");
    }
    let file = sandbox.file("file", "");
    let run = sandbox.run(&["man-pages", &file]);
    assert_eq!((run.code, run.err.lines().count()), (2, 1), "{}", run.err);
}

#[test]
fn the_same_question_gives_the_same_bytes() {
    let sandbox = Sandbox::with_papers();
    let ask = || sandbox.run(&["recommend", "--like", "x", "--format", "jsonl", "-n", "40"]).out;
    assert_eq!(ask(), ask());
    let ask = || sandbox.run(&["similar", "Room Tone", "--format", "csv", "-n", "40", "--diversity", "0.4"]).out;
    assert_eq!(ask(), ask());
}

#[test]
fn the_doctor_looks_at_everything() {
    let sandbox = Sandbox::with_papers();
    for index in ["exact", "hnsw"] {
        let run = sandbox.run(&["doctor", "--index", index]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
        for line in [
            "ok       file: ok",
            "ok       tables: ok",
            "ok       papers: 40 checked\n",
            "ok       embeddings: 40 checked\n",
            "ok       model: all-MiniLM-L6-v2 (",
        ] {
            assert!(run.out.contains(line), "{line}: {}", run.out);
        }
        assert!(run.out.contains(&format!("ok       index: {index}, finds 40 of 40 sampled papers")), "{}", run.out);
    }
}

#[test]
fn only_some_categories_and_columns_under_other_names() {
    let sandbox = Sandbox::new();
    let lines = ["cs.CL math.AG", "cs.LG", "csx", ""].iter().enumerate();
    let lines: String =
        lines.map(|(n, classes)| format!("{{\"title\":\"t{n}\",\"categories\":\"{classes}\"}}\n")).collect();
    let lines = sandbox.file("papers.jsonl", lines);
    let table = sandbox.file("table.csv", "headline,field\nAn invented table,stat.ML\nAnother,math.CO\n");
    let columns = ["--column", "title=headline", "--column", "categories=field", "--category", "stat"];
    for (args, told) in [
        (&["add", &lines, "--category", "cs"][..], "2 new, 0 updated, 0 unchanged: 2 papers"),
        (&["add", "--strict", &lines, "--category", "math.AG"], "0 new, 0 updated, 1 unchanged: 2 papers"),
        (&[&["add", &table][..], &columns].concat(), "1 new, 0 updated, 0 unchanged: 3 papers"),
    ] {
        let run = sandbox.run(args);
        assert_eq!((run.code, run.out), (0, format!("{told} in the library\n")), "{}", run.err);
    }
    let run = sandbox.run(&["add", &lines, "--category", "hep-th,econ"]);
    assert_eq!((run.code, run.err.as_str()), (0, "warning: none of 4 papers is of the category hep-th, econ\n"));
    let run = sandbox.run(&["add", "--dry-run", &lines, "--category", "econ"]);
    assert_eq!((run.code, run.err.as_str()), (0, "warning: none of 4 papers is of the category econ\n"));
}

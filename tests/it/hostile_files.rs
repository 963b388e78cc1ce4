//! Files that are made to do harm: to fill the memory, to take forever, to send commands to a terminal or a spreadsheet.

use std::fmt::Write as _;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::fake_service::{CannedReply, FakeService};
use crate::support::sandbox::Sandbox;

/// Entries of each list of a record.
const MANY: usize = 100_000;
/// What a terminal obeys: escape sequences of two kinds, a bell, a new line; and what turns the direction of a text.
const COMMANDS: &str = "\u{1b}[31m\u{1b}]8;;x\u{7}\u{9b}2J\r\n\u{202e}\u{2066}";

/// A paper, and blank lines that take a thousandth of their size.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"{\"id\":\"first\",\"title\":\"A paper before the bomb\"}\n").unwrap();
    let blank = vec![b'\n'; 1 << 20];
    (0..128).for_each(|_| packed.write_all(&blank).unwrap());
    packed.finish().unwrap()
}

#[test]
fn a_small_file_does_not_become_an_endless_one() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("bomb.jsonl.gz", bomb());
    let reason =
        "expands to more than 200 times its size, as no file of papers does: decompress it yourself if you trust it";
    let run = sandbox.run(&["add", &file]);
    assert_eq!((run.code, run.err), (1, format!("error: {file}: {reason}\n")));
    assert_eq!(run.out, "1 new, 0 updated, 0 unchanged, 1 rejected: 1 papers in the library\n");
    let run = sandbox.run(&["profile", "me", "import", &file]);
    assert!(run.code == 1 && run.err.contains(reason), "{}", run.err);
}

#[test]
fn a_feed_that_breaks_a_limit_costs_the_round_this_feed() {
    let sandbox = Sandbox::new();
    let items = "<item><title>Lamps</title></item>".repeat(20_001);
    let service = FakeService::new(move |asked| match asked.path.as_str() {
        "/bomb" => CannedReply::ok(bomb()),
        "/long" => CannedReply::ok(format!("<rss><channel>{items}</channel></rss>")),
        _ => CannedReply::ok("<rss><channel><item><title>Ferries that light lamps</title></item></channel></rss>"),
    });
    let url = service.url();
    let config = sandbox.file(
        "paperkin.toml",
        format!("[fetch]\nhf_daily = false\nfeeds = [\"{url}/bomb\", \"{url}/long\", \"{url}/good\"]\npause = 0\n"),
    );
    let run = sandbox.run(&["daily", "--config", &config]);
    let failed: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error: feed ")).collect();
    assert_eq!((run.code, failed.len()), (1, 2), "{}", run.err);
    assert!(failed[0].contains("/bomb: expands to more than 200 times its size"), "{}", failed[0]);
    assert!(failed[1].contains("/long: more than 20000 records in one response"), "{}", failed[1]);
    assert!(run.out.starts_with("fetched 1 papers: 1 new"), "{}", run.out);
    let run = sandbox.run(&["fetch", "feed", &format!("{url}/bomb")]);
    assert!(run.code == 2 && run.err.contains("expands to more than 200 times its size"), "{}", run.err);
}

#[test]
fn long_lists_are_read_and_cut() {
    let names = |what: &str| (0..MANY).map(|n| format!("{what}{n}")).collect::<Vec<String>>();
    let (ids, people, topics) = (names("10.5555/x."), names("Ada Oak"), names("t."));
    let lines =
        |tag: &str, values: &[String]| values.iter().map(|value| format!("{tag}  - {value}\n")).collect::<String>();
    let json = json!({"title": "Lamps", "also": ids, "authors": people, "categories": topics, "keywords": topics, "references": ids});
    let files = [
        ("x.jsonl", json.to_string()),
        (
            "x.bib",
            format!(
                "@article{{k, title={{Lamps}}, author={{{}}}, keywords={{{}}}}}",
                people.join(" and "),
                topics.join(", ")
            ),
        ),
        (
            "x.ris",
            format!(
                "TY  - JOUR\nTI  - Lamps\n{}{}{}ER  - \n",
                lines("AU", &people),
                lines("KW", &topics),
                lines("DO", &ids)
            ),
        ),
        (
            "x.csv",
            format!(
                "title,authors,categories,keywords\nLamps,{},{},{}\n",
                people.join("; "),
                topics.join("; "),
                topics.join("; ")
            ),
        ),
        (
            "x.rss",
            format!(
                "<rss><channel><item><title>Lamps</title>{}{}</item></channel></rss>",
                people.iter().fold(String::new(), |text, name| text + "<author>" + name + "</author>"),
                topics.iter().fold(String::new(), |text, topic| text + "<category>" + topic + "</category>"),
            ),
        ),
    ];
    for (name, text) in files {
        let sandbox = Sandbox::new();
        let file = sandbox.file(name, text);
        let run = sandbox.run(&["add", &file]);
        assert!(run.code == 0 && run.out.starts_with("1 new"), "{name}: {}{}", run.out, run.err);
        let told = format!("`authors`: {MANY} of them: the first 20000 are kept");
        assert!(run.err.contains(&told), "{name}: {}", run.err);
        let paper: serde_json::Value =
            serde_json::from_str(&sandbox.run(&["export", "--papers", "--format", "jsonl"]).out).unwrap();
        assert_eq!(paper["authors"].as_array().unwrap().len(), 20_000, "{name}");
        assert!(paper["aliases"].as_array().is_none_or(|aliases| aliases.len() <= 1_000), "{name}");
        // As Parquet too, and again.
        let table = sandbox.folder.path().join("x.parquet");
        sandbox.run(&["export", "--papers", "--format", "parquet", "--out", table.to_str().unwrap()]);
        let run = sandbox.run(&["add", table.to_str().unwrap()]);
        assert!(run.out.starts_with("0 new, 0 updated, 1 unchanged"), "{name}: {}{}", run.out, run.err);
    }
}

#[test]
fn many_records_of_one_paper_and_many_papers_of_one_title() {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for n in 0..200 {
        let _ = writeln!(lines, "{}", json!({"id": "p", "title": "Lamps", "source": format!("s{n}"), "votes": n}));
        let _ = writeln!(
            lines,
            "{}",
            json!({"id": format!("pmid:{}", 1_000 + n), "title": "One title of many papers", "authors": [format!("A. Oak{n}")]})
        );
    }
    let run = sandbox.run_with_input(&["add", "-"], lines);
    assert_eq!(run.out, "201 new, 199 updated, 0 unchanged: 201 papers in the library\n", "{}", run.err);
    let paper = sandbox.json(&["show", "p", "--format", "json"]);
    assert_eq!((&paper["votes"], &paper["source"]), (&199.into(), &"s199".into()));
}

#[test]
fn nothing_that_a_terminal_obeys_is_stored_or_printed() {
    let sandbox = Sandbox::new();
    let text = |what: &str| format!("{what}{COMMANDS}{what}");
    let record = json!({
        "id": "10.5555/lamps", "title": text("Lamps"), "abstract": text("Light"), "authors": [text("Ada")],
        "categories": [text("cs")], "source": text("list"), "url": text("https://example.org/"),
        "also": [text("alias")], "references": [{"title": text("A book of lamps"), "authors": [text("Oak")], "year": 2001}],
        "keywords": [text("key")], "published": text("2024"),
    });
    let file = sandbox.file("papers\u{1b}[2J.jsonl", format!("{record}\n{{\"title\": \"\u{9b}31m\"}} {}\n", text("x")));
    let add = sandbox.run(&["add", &file]);
    assert!(add.out.starts_with("1 new"), "{}{}", add.out, add.err);
    let config = sandbox.file("bad.toml", text("x = "));
    let shown = [
        add,
        sandbox.run(&["add", "--dry-run", &file]),
        sandbox.run(&["add", "--explain", &file]),
        sandbox.run(&["show", "10.5555/lamps"]),
        sandbox.run(&["list"]),
        sandbox.run(&["search", "lamps"]),
        sandbox.run(&["show", &text("id")]),
        sandbox.run(&["daily", "--config", &config]),
        sandbox.run(&["profile", &text("me"), "like", "10.5555/lamps"]),
    ];
    let formats = ["jsonl", "csv", "ris", "bibtex", "csl-json", "md"];
    let exported = formats.map(|format| sandbox.run(&["export", "--papers", "--format", format]));
    for run in shown.iter().chain(&exported) {
        let is_command = |c: char| {
            c.is_control() && !matches!(c, '\n' | '\r')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let said = [run.out.as_str(), &run.err].concat();
        assert!(!said.contains(is_command), "{said:?}");
    }
    assert!(
        exported[2].out.lines().all(|line| line.is_empty() || line.get(2..6) == Some("  - ")),
        "{}",
        exported[2].out
    );
}

#[test]
fn a_spreadsheet_finds_no_formula() {
    let sandbox = Sandbox::new();
    let formula = "=HYPERLINK(\"http://example.org\")";
    let record = json!({
        "id": "-1+1", "title": formula, "abstract": "+1 lamps", "authors": ["@Oak", "-Elm"], "categories": ["=c"],
        "votes": 3, "published": "2024-01-02",
    });
    let file = sandbox.file("papers.jsonl", record.to_string());
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    let table = sandbox.run(&["export", "--papers", "--format", "csv"]).out;
    let tables = [table.clone(), sandbox.run(&["search", "lamps", "--format", "csv"]).out];
    for table in tables {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1, "{table}");
        let cells = || rows.iter().flat_map(|row| row.iter());
        assert!(!cells().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{table}");
        assert!(cells().any(|cell| cell == format!("'{formula}")) && cells().any(|cell| cell == "3"), "{table}");
    }
    let again = sandbox.run_with_input(&["add", "-"], table);
    assert!(again.out.starts_with("0 new"), "{}{}", again.out, again.err);
    let paper = sandbox.json(&["show", "--format", "json", "--", "-1+1"]);
    assert_eq!((&paper["title"], &paper["authors"]), (&formula.into(), &json!(["@Oak", "-Elm"])));
}

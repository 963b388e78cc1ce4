//! The similarity report: its files, that they do not depend on chance, and what it does with bad input.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::prerequisites::python;
use crate::support::sandbox::{Run, Sandbox, listing};

const FILES: [&str; 20] = [
    "duplicates.csv",
    "duplicates.jsonl",
    "duplicates.parquet",
    "groups.csv",
    "groups.jsonl",
    "groups.parquet",
    "manifest.json",
    "map.svg",
    "neighbors.csv",
    "neighbors.jsonl",
    "neighbors.parquet",
    "papers.csv",
    "papers.jsonl",
    "papers.parquet",
    "report.html",
    "report.md",
    "trends.csv",
    "trends.jsonl",
    "trends.parquet",
    "trends.svg",
];

/// Runs `report` into a directory of the sandbox.
fn report(sandbox: &Sandbox, name: &str, args: &[&str]) -> (Run, PathBuf) {
    let out = sandbox.folder.path().join(name);
    let run = sandbox.run(&[&["report", "--out", out.to_str().unwrap()], args].concat());
    (run, out)
}

fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

/// The rows of a table.
fn rows(directory: &Path, table: &str) -> Vec<Value> {
    let text = fs::read_to_string(directory.join(format!("{table}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The text of a block of the page.
fn page_text(page: &Path, block: &str) -> String {
    let page = fs::read_to_string(page).unwrap();
    let Some((_, rest)) = page.split_once(&format!("id=\"data-{block}\">")) else { return String::new() };
    let packed = STANDARD.decode(rest.split_once('<').unwrap().0).unwrap();
    let mut text = String::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    text
}

/// Papers on three subjects, each with its own words, over two years.
fn papers(count: usize) -> Vec<Value> {
    let subjects = [
        ("boat engines", "The propeller of a boat engine turns at sea, and the diesel hums in the harbor."),
        ("bread dough", "Yeast makes bread dough rise in a warm kitchen before the loaf is baked."),
        ("owl songs", "Owls call at night in the forest, and a microphone records the song of the bird."),
    ];
    let paper = |number: usize| {
        let (subject, text) = subjects[number % 3];
        let category = ["eng.SEA", "bio.X", "bio.X"][number % 3];
        let (year, month) = (2023 + number / 3 % 2, 1 + number / 6 % 12);
        json!({
            "id": format!("p{number:03}"),
            "title": format!("Notes on {subject}, part {number}"),
            "abstract": format!("{text} This is observation number {number} of {subject}."),
            "authors": ["Ada Marsh"],
            "published": format!("{year}-{month:02}-05"),
            "categories": [category],
        })
    };
    (0..count).map(paper).collect()
}

fn lines(papers: &[Value]) -> String {
    papers.iter().map(|paper| format!("{paper}\n")).collect()
}

#[test]
fn a_report_of_a_file_has_all_parts() {
    let sandbox = Sandbox::new();
    let (run, out) = report(&sandbox, "report", &["--papers", listing()]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.starts_with("40 papers, from "), "{}", run.out);
    assert!(run.out.ends_with(&format!("The report is in {}: open report.html.\n", out.display())), "{}", run.out);
    assert_eq!(contents(&out).into_keys().collect::<Vec<_>>(), FILES);
    let manifest: Value = serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["papers"], &manifest["neighbors"]), (&json!(40), &json!(10)));
    assert_eq!(rows(&out, "papers").len(), 40);
    assert_eq!(rows(&out, "neighbors").len(), 400);
}

#[test]
fn groups_are_subjects_and_have_their_names() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(60)));
    let (run, out) = report(&sandbox, "report", &["--papers", &file]);
    assert_eq!(run.code, 0, "{}", run.err);
    let subject = |paper: &Value| paper["id"].as_str().unwrap()[1..].parse::<usize>().unwrap() % 3;
    let papers = rows(&out, "papers");
    let mut subjects: BTreeMap<u64, usize> = BTreeMap::new();
    for paper in &papers {
        let group = paper["group_1"].as_u64().unwrap();
        assert_eq!(*subjects.entry(group).or_insert(subject(paper)), subject(paper), "{paper}");
    }
    let groups = rows(&out, "groups");
    assert_eq!(groups.iter().map(|group| group["papers"].as_u64().unwrap()).sum::<u64>(), 60);
    for group in &groups {
        let words = ["boat", "bread", "owl"][subjects[&group["number"].as_u64().unwrap()]];
        assert!(group["labels"].to_string().to_lowercase().contains(words), "{group}");
    }
    let shares = rows(&out, "trends");
    assert!(shares.iter().all(|month| (0.0..=1.0).contains(&month["share"].as_f64().unwrap())), "{shares:?}");
}

#[test]
fn the_same_papers_give_the_same_bytes() {
    let sandbox = Sandbox::new();
    let mut papers = papers(90);
    let forward = sandbox.file("forward.jsonl", lines(&papers));
    let (run, first) = report(&sandbox, "first", &["--papers", &forward]);
    assert_eq!(run.code, 0, "{}", run.err);
    papers.reverse();
    papers.rotate_left(17);
    let shuffled = sandbox.file("shuffled.jsonl", lines(&papers));
    let second = sandbox.folder.path().join("second");
    for threads in ["1", "2"] {
        let mut program = sandbox.command(&["report", "--force", "--papers", &shuffled, "--out"]);
        let done = program.arg(&second).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_same(&first, &second, &format!("{threads} threads"));
    }
}

/// Two reports have the same files, but for the seconds that they took.
fn assert_same(one: &Path, other: &Path, what: &str) {
    let contents = [one, other].map(|directory| {
        let mut files = contents(directory);
        let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert!(manifest["seconds"]["comparing"].is_number(), "{manifest}");
        manifest["seconds"] = Value::Null;
        files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
        files
    });
    let [one, other] = &contents;
    assert!(one.keys().eq(other.keys()), "{what}");
    one.iter().for_each(|(name, bytes)| assert!(other[name] == *bytes, "{name} differs: {what}"));
}

#[test]
fn a_report_that_was_killed_goes_on() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(400)));
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    let (run, whole) = report(&sandbox, "whole", &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    let out = sandbox.folder.path().join("killed");
    let mut killed = 0;
    for milliseconds in [5, 40, 80, 130, 200] {
        let mut child = sandbox.start(&["report", "--out", out.to_str().unwrap()]);
        std::thread::sleep(Duration::from_millis(milliseconds));
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if out.exists() {
            assert_same(&whole, &out, "a report that is there is whole");
            fs::remove_dir_all(&out).unwrap();
        }
    }
    assert!(killed > 0);
    let (run, _) = report(&sandbox, "killed", &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_same(&whole, &out, "after kills");
    assert!(!names(sandbox.folder.path()).iter().any(|name| name.contains("unfinished")));
}

#[test]
fn a_report_goes_on_from_an_earlier_one() {
    let sandbox = Sandbox::new();
    let all = papers(90);
    let earlier = sandbox.file("earlier.jsonl", lines(&all[..60]));
    let later = sandbox.file("later.jsonl", lines(&all));
    let (_, first) = report(&sandbox, "first", &["--papers", &earlier]);
    let base = first.to_str().unwrap();
    let (run, second) = report(&sandbox, "second", &["--papers", &later, "--base", base]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("New since the earlier report: 30 papers."), "{}", run.out);
    assert!(run.out.contains("Grown most since then: "), "{}", run.out);
    let by_id = |directory: &Path| -> BTreeMap<String, Value> {
        rows(directory, "papers").into_iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
    };
    let (before, after) = (by_id(&first), by_id(&second));
    let subject = |id: &str| id[1..].parse::<usize>().unwrap() % 3;
    // The groups of each subject: a new paper is where the others on its subject are.
    let mut of_subject: BTreeMap<usize, Vec<&Value>> = BTreeMap::new();
    before.iter().for_each(|(id, row)| of_subject.entry(subject(id)).or_default().push(&row["group_1"]));
    for (id, row) in &after {
        assert_eq!(row["new"], u8::from(!before.contains_key(id)), "{id}");
        match before.get(id) {
            Some(old) => {
                assert_eq!((&row["group_1"], &row["x"], &row["y"]), (&old["group_1"], &old["x"], &old["y"]), "{id}");
            }
            None => assert!(of_subject[&subject(id)].contains(&&row["group_1"]), "{id}"),
        }
    }
    let named = |directory: &Path| -> BTreeMap<u64, Value> {
        rows(directory, "groups")
            .into_iter()
            .map(|row| (row["number"].as_u64().unwrap(), row["labels"].clone()))
            .collect()
    };
    assert_eq!(named(&first), named(&second));
    let new: u64 = rows(&second, "groups").iter().map(|group| group["new_papers"].as_u64().unwrap()).sum();
    assert_eq!(new, 30);
    // Bad ones are named.
    let other = sandbox.file("other.jsonl", "{\"id\": \"moss\", \"title\": \"On moss\"}\n");
    let (run, _) = report(&sandbox, "other", &["--papers", &other, "--base", base]);
    assert!(run.code == 1 && run.err.contains("it has none of these papers"), "{}", run.err);
    let (run, _) = report(&sandbox, "other", &["--papers", &later, "--base", "nowhere"]);
    assert!(run.code == 1 && run.err.contains("nowhere/manifest.json: cannot read"), "{}", run.err);
    let (_, bare) = report(&sandbox, "bare", &["--papers", &earlier, "--include", "map"]);
    let (run, _) = report(&sandbox, "other", &["--papers", &later, "--base", bare.to_str().unwrap()]);
    assert!(run.code == 1 && run.err.contains("has no groups"), "{}", run.err);
    let papers = fs::read_to_string(first.join("papers.jsonl")).unwrap();
    let (line, rest) = papers.split_once('\n').unwrap();
    let damages = [
        (rest.to_owned(), "59 papers, where `manifest.json` has 60"),
        (format!("{line}\n{papers}"), "line 2 does not fit the others"),
        (papers.replacen("\"group_1\":", "\"group_1\":99", 1), "line 1 does not fit the others"),
        (format!("no JSON\n{rest}"), "line 1: "),
    ];
    for (text, reason) in damages {
        fs::write(first.join("papers.jsonl"), text).unwrap();
        let (run, _) = report(&sandbox, "other", &["--papers", &later, "--base", base]);
        assert!(run.code == 1 && run.err.contains(reason), "{}", run.err);
    }
    fs::write(first.join("groups.jsonl"), "{\"level\": 1}\n").unwrap();
    let (run, _) = report(&sandbox, "other", &["--papers", &later, "--base", base]);
    assert!(run.code == 1 && run.err.contains("groups.jsonl: line 1: "), "{}", run.err);
}

#[test]
fn a_graph_finds_the_neighbors_of_many_papers() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(90)));
    let manifest = |directory: &Path| -> Value {
        serde_json::from_slice(&fs::read(directory.join("manifest.json")).unwrap()).unwrap()
    };
    let (_, exact) = report(&sandbox, "exact", &["--papers", &file]);
    assert_eq!(manifest(&exact)["comparison"], json!({"exact": true, "recall": 1.0, "audited": 0}));
    let (run, found) = report(&sandbox, "found", &["--papers", &file, "--exact-limit", "89"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let comparison = &manifest(&found)["comparison"];
    assert_eq!((&comparison["exact"], &comparison["audited"]), (&json!(false), &json!(90)));
    assert!(comparison["recall"].as_f64().unwrap() > 0.9, "{comparison}");
    assert_eq!(rows(&found, "neighbors").len(), 900);
}

#[test]
fn filters_select_the_papers() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run_with_input(&["add", "-"], lines(&papers(30))).code, 0);
    assert_eq!(sandbox.run(&["profile", "me", "like", "p001", "p004"]).code, 0);
    let ids = sandbox.file("ids.txt", "p002\n\np005\nnot-there\n");
    let table: [(&[&str], i32, usize, &str); 6] = [
        (&[], 0, 30, "All papers"),
        (&["--after", "2024-01-01"], 0, 15, "Papers published on or after 2024-01-01"),
        (&["--category", "eng"], 0, 10, "Papers of eng"),
        (&["--category", "bio", "--before", "2023-12-31"], 0, 10, "Papers published on or before 2023-12-31, of bio"),
        (&["--profile", "me"], 0, 2, "Papers in the history of `me`"),
        (&["--ids", &ids], 1, 2, "Papers listed in "),
    ];
    for (args, code, papers, title) in table {
        let (run, out) = report(&sandbox, "report", &[args, &["--force"]].concat());
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
        let manifest: Value = serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["papers"], papers, "{args:?}");
        assert!(manifest["title"].as_str().unwrap().starts_with(title), "{args:?}: {manifest}");
        if code == 1 {
            assert!(run.err.contains("ids.txt:4: `not-there` is not among the papers"), "{}", run.err);
        }
    }
}

#[test]
fn parts_can_be_chosen() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(30)));
    let (run, out) = report(&sandbox, "report", &["--papers", &file, "--include", "duplicates,map"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let tables: Vec<String> = contents(&out).into_keys().filter(|name| name.ends_with(".csv")).collect();
    assert_eq!(tables, ["duplicates.csv", "papers.csv"]);
    assert!(rows(&out, "papers")[0]["x"].is_number() && rows(&out, "papers")[0].get("group_1").is_none());
    let (run, _) = report(&sandbox, "other", &["--papers", &file, "--include", "everything"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("neighbors, duplicates, groups, trends, map, abstracts, embeddings"), "{}", run.err);
    let text = "observation number 7 of";
    for (parts, is_there) in [("map,abstracts,embeddings", true), ("map", false)] {
        let (run, out) = report(&sandbox, parts, &["--papers", &file, "--include", parts]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_eq!(out.join("embeddings.parquet").exists(), is_there);
        assert_eq!(page_text(&out.join("report.html"), "snippets").contains(text), is_there);
    }
}

#[test]
fn copies_are_found_with_a_reason() {
    let sandbox = Sandbox::new();
    let mut papers = papers(30);
    let mut renamed = papers[4].clone();
    renamed["id"] = json!("copy");
    renamed["title"] = json!("A new name for an old observation");
    papers.push(renamed);
    let file = sandbox.file("papers.jsonl", lines(&papers));
    let (run, out) = report(&sandbox, "report", &["--papers", &file, "--threshold", "1"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let found = rows(&out, "duplicates");
    let of_copy = found.iter().find(|pair| pair["id"] == "copy" && pair["other_id"] == "p004").unwrap();
    assert_eq!(of_copy["reason"], "same abstract");
    assert_eq!(of_copy["differences"], json!(["title"]));
}

#[test]
fn a_collection_beside_another_one() {
    let sandbox = Sandbox::new();
    let all = papers(60);
    // The library has boats and bread, but no owls.
    let is_known = |number: usize| number % 3 < 2 && number < 45;
    let of = |known: bool| all.iter().enumerate().filter(move |(number, _)| is_known(*number) == known);
    let [known, rest] = [true, false].map(|known| of(known).map(|(_, paper)| paper.clone()).collect::<Vec<Value>>());
    assert_eq!(sandbox.run_with_input(&["add", "-"], lines(&known)).code, 0);
    assert_eq!(sandbox.run(&["profile", "me", "like", "p000", "p003", "p006"]).code, 0);
    let file = sandbox.file("week.jsonl", lines(&[rest, known[..2].to_vec()].concat()));
    let library = sandbox.library().display().to_string();
    let (run, out) = report(&sandbox, "report", &["--papers", &file, "--against", &library]);
    assert_eq!(run.code, 0, "{}", run.err);
    let states: BTreeMap<String, String> = rows(&out, "coverage")
        .iter()
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!((states["p000"].as_str(), states["p001"].as_str()), ("near copy", "near copy"));
    for (id, state) in &states {
        let is_owl = id[1..].parse::<usize>().unwrap() % 3 == 2;
        assert_eq!(state == "new", is_owl, "{id}: {state}");
    }
    assert!(run.out.contains(&format!("Beside {library}: new: 20, ")), "{}", run.out);
    let groups = rows(&out, "covered_groups");
    assert_eq!(groups.iter().map(|group| group["papers"].as_u64().unwrap()).sum::<u64>(), 30);

    let (run, out) = report(&sandbox, "mine", &["--against-profile", "me", "--category", "bio"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("Beside the history of `me`: new: 15, "), "{}", run.out);
    assert_eq!(rows(&out, "coverage").len(), 15);
    let (run, _) = report(&sandbox, "none", &["--against", "nowhere"]);
    assert!(run.code == 1 && run.err.contains("nowhere"), "{}", run.err);
}

#[test]
fn small_and_odd_collections_have_reports() {
    let sandbox = Sandbox::new();
    let same = |id: &str| json!({"id": id, "title": "The same title of words", "abstract": "The same text."});
    let hostile = json!({
        "id": "h",
        "title": format!("<script>alert(1)</script> $\\frac{{a}}{{b}}$ שלום {}", "long ".repeat(900)),
        "abstract": "]]></script><img src=x onerror=alert(2)>",
    });
    let bare = |id: &str| json!({"id": id, "title": id});
    let table: [(&str, Vec<Value>); 5] = [
        ("one", papers(1)),
        ("two", papers(2)),
        ("all the same", ["a", "b", "c", "d"].map(same).into()),
        ("no abstracts, dates, categories", (0..20).map(|number| bare(&format!("title {number}"))).collect()),
        ("hostile", [papers(5), vec![hostile]].concat()),
    ];
    for (what, papers) in table {
        let file = sandbox.file("papers.jsonl", lines(&papers));
        let (run, out) = report(&sandbox, "report", &["--papers", &file, "--force", "-k", "50"]);
        assert_eq!(run.code, 0, "{what}: {}", run.err);
        assert_eq!(rows(&out, "papers").len(), papers.len(), "{what}");
        let page = fs::read_to_string(out.join("report.html")).unwrap();
        let scripts = page.matches("<script").count() - page.matches("<script type=\"text/plain\"").count();
        assert_eq!((scripts, page.matches("onerror").count()), (1, 0), "{what}");
        assert!(!fs::read_to_string(out.join("map.svg")).unwrap().contains("<script"), "{what}");
    }
    // Of no papers there is no report, and an older one stays.
    assert_eq!(sandbox.run_with_input(&["add", "-"], lines(&papers(1))).code, 0);
    let (run, out) = report(&sandbox, "report", &["--after", "2030-01-01", "--force"]);
    assert_eq!((run.code, rows(&out, "papers").len()), (1, 6));
    assert!(run.err.contains("no papers match, so there is no report"), "{}", run.err);
}

#[test]
fn directories_are_new_or_those_of_reports() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(3)));
    let args = ["--papers", file.as_str()];
    let (_, first) = report(&sandbox, "report", &args);
    let before = contents(&first);
    let (run, _) = report(&sandbox, "report", &args);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("has a report already: `--force` replaces it"), "{}", run.err);
    assert_eq!(contents(&first), before);
    let notes = sandbox.file("notes.txt", "mine");
    let table = [("notes.txt", "is not a directory"), (".", "has other files than a report, such as `")];
    for (name, reason) in table {
        let (run, _) = report(&sandbox, name, &[&args[..], &["--force"]].concat());
        assert_eq!(run.code, 1, "{name}");
        assert!(run.err.contains(reason), "{name}: {}", run.err);
    }
    assert_eq!(fs::read_to_string(notes).unwrap(), "mine");
    let (run, out) = report(&sandbox, "a/b/c", &args);
    assert!(run.code == 0 && out.join("report.html").exists(), "{}", run.err);
}

#[test]
fn a_report_that_does_not_fit_leaves_the_old_one() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(60)));
    let (_, out) = report(&sandbox, "report", &["--papers", &file]);
    let before = contents(&out);
    let args = ["report", "--force", "--papers", &file, "--out", out.to_str().unwrap()];
    for kib in [1, 8, 64] {
        assert!(!sandbox.run_with_file_limit(&args, kib), "{kib} KiB are enough");
        assert_eq!(contents(&out), before, "{kib} KiB");
    }
    // What a killed run leaves is removed by the next.
    assert_eq!(sandbox.run(&args).code, 0);
    let left = names(sandbox.folder.path());
    assert!(!left.iter().any(|name| name.contains("unfinished")), "{left:?}");
}

/// The names of what is in a directory.
fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn data_tools_read_the_tables() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.jsonl", lines(&papers(60)));
    let parts = "neighbors,groups,map,trends,embeddings";
    let (run, out) = report(&sandbox, "report", &["--papers", &file, "--include", parts]);
    assert_eq!(run.code, 0, "{}", run.err);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/read_report.py");
    let done = Command::new(python).arg(script).arg(&out).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let groups = rows(&out, "groups").len();
    let tools = format!("pandas 60 {groups}\npolars 60 {groups}\nduckdb 60 {groups}\n");
    let expected = tools + "pyarrow 60 fixed_size_list<element: float not null>[384]\n";
    assert_eq!(String::from_utf8(done.stdout).unwrap(), expected);
}

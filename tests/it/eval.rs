//! `paperkin eval`: judgments and runs, and a person's own history.

use serde_json::Value;

use crate::support::sandbox::{Run, Sandbox};

/// Papers of two subjects by turns, one a day, the later the more votes.
fn papers() -> String {
    let paper = |index: usize| {
        let (title, text) = match index % 2 {
            0 => ("Robots that walk", "A legged robot learns to walk over rough ground by reinforcement learning."),
            _ => ("Translation of rare languages", "Machine translation for languages with few texts to learn from."),
        };
        let (month, day) = (index / 28 + 1, index % 28 + 1);
        format!(
            r#"{{"id":"p{index}","title":"{title}, part {index}","abstract":"{text}","published":"2025-{month:02}-{day:02}","votes":{index}}}"#
        ) + "\n"
    };
    (0..60).map(paper).collect()
}

struct Set {
    sandbox: Sandbox,
    docs: String,
}

impl Set {
    fn new() -> Set {
        let sandbox = Sandbox::new();
        let docs = sandbox.file("docs.jsonl", papers());
        Set { sandbox, docs }
    }

    fn labeled(&self, queries: &str, qrels: &str, more: &[&str]) -> Run {
        let (queries, qrels) = (self.sandbox.file("queries.jsonl", queries), self.sandbox.file("qrels.tsv", qrels));
        let args = ["eval", "--docs", &self.docs, "--queries", &queries, "--qrels", &qrels];
        self.sandbox.run(&[&args[..], more].concat())
    }

    fn run(&self, run: &str, qrels: &str, more: &[&str]) -> Run {
        let (run, qrels) = (self.sandbox.file("run.trec", run), self.sandbox.file("qrels.txt", qrels));
        self.sandbox.run(&[&["eval", "--run", &run, "--qrels", &qrels][..], more].concat())
    }
}

fn value(report: &Value, method: &str, metric: &str) -> f64 {
    let named = |list: &Value, key: &str, name: &str| {
        list.as_array().unwrap().iter().find(|entry| entry[key] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let line = named(&report["methods"], "method", method);
    named(&line["metrics"], "metric", metric)["value"].as_f64().unwrap()
}

const QUERIES: &str = r#"{"id":"walk","text":"legged robots"}
{"id":"reader","history":["p1","p3","p5","p7"],"disliked":["p0"],"color":"red"}
"#;

fn qrels() -> String {
    let line = |query: &str, index: usize| format!("{query} 0 p{index} 1\n");
    let walk = (0..60).step_by(2).map(|index| line("walk", index));
    walk.chain((9..60).step_by(2).map(|index| line("reader", index))).collect()
}

#[test]
fn a_labeled_set() {
    let set = Set::new();
    let run = set.labeled(QUERIES, &qrels(), &["--format", "json", "--metrics", "map,ndcg@10,recall@50,mrr"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((report["queries"].as_u64(), report["papers"].as_u64()), (Some(2), Some(60)));
    for method in ["paperkin", "tfidf-mean", "bm25", "dense-mean", "nearest-3", "svm-tfidf", "logistic-dense"] {
        assert!(value(&report, method, "map") > 0.95, "{method}: {}", run.out);
        assert_eq!(value(&report, method, "mrr"), 1.0, "{method}");
    }
    assert!(value(&report, "random", "map") < 0.8);
    assert_eq!(
        run.out,
        set.labeled(QUERIES, &qrels(), &["--format", "json", "--metrics", "map,ndcg@10,recall@50,mrr"]).out
    );
}

#[test]
fn dates_say_what_is_ranked() {
    let set = Set::new();
    // The papers 0 to 9 are of the first ten days; half of them are relevant, as is the paper 20.
    let qrels: String = [0, 2, 4, 6, 8, 20].map(|index| format!("q 0 p{index} 1\n")).concat();
    for (dates, found) in [
        ("\"as_of\":\"2025-01-10\",\"published_before\":\"2025-01-10\"", 5.0 / 6.0),
        ("\"published_before\":\"2025-01-10\"", 5.0 / 6.0),
        ("\"published_after\":\"2025-01-11\"", 1.0 / 6.0),
        ("\"as_of\":\"2025-01-11\"", 1.0 / 6.0),
    ] {
        let query = format!("{{\"id\":\"q\",\"history\":[\"p30\"],{dates}}}\n");
        let run = set.labeled(&query, &qrels, &["--format", "json", "--metrics", "recall@50"]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{dates}");
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let recall = value(&report, "fusion", "recall@50");
        assert!((recall - found).abs() < 1e-9, "{dates}: {recall}");
        assert_eq!(value(&report, "paperkin", "recall@50"), recall, "{dates}");
    }
}

#[test]
fn gains_over_other_methods_are_summed_up() {
    let set = Set::new();
    let run = set.labeled(QUERIES, &qrels(), &["--format", "json", "--metrics", "map"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let comparison = |baseline: &str| {
        let all = report["comparisons"].as_array().unwrap();
        all.iter().find(|comparison| comparison["baseline"] == baseline).unwrap().clone()
    };
    let gain = value(&report, "paperkin", "map") - value(&report, "random", "map");
    let random = comparison("random");
    assert!((random["gain"].as_f64().unwrap() - gain).abs() < 1e-9, "{random}");
    assert!(random["interval"][0].as_f64() <= random["gain"].as_f64(), "{random}");
    let table = set.labeled(QUERIES, &qrels(), &["--metrics", "map"]).out;
    let line = table.lines().find(|line| line.starts_with("- random: +")).unwrap_or_else(|| panic!("{table}"));
    assert!(line.ends_with(')'), "{line}");
}

#[test]
fn the_judged_papers_alone() {
    let set = Set::new();
    let qrels = "query\tpaper\tgain\nwalk\tp0\t2\nwalk\tp1\t0.5\nwalk\tp3\t0\n";
    let run = set.labeled(QUERIES, qrels, &["--judged-only", "--format", "json", "--relevance-threshold", "2"]);
    assert_eq!((run.code, run.err.as_str()), (0, "note: queries without judgments, skipped (1): reader\n"));
    let report: Value = serde_json::from_str(&run.out).unwrap();
    for metric in ["map", "mrr", "recall@50", "ndcg@10"] {
        assert_eq!(value(&report, "paperkin", metric), 1.0, "{metric}");
    }
}

#[test]
fn what_is_unknown_is_counted_and_named() {
    let set = Set::new();
    let qrels = "walk 0 p2 1\nwalk 0 nowhere 1\nsilent 0 p2 1\n";
    let run = set.labeled(QUERIES, qrels, &["--metrics", "map"]);
    assert_eq!(run.code, 1);
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(
        lines,
        [
            "note: queries without judgments, skipped (1): reader",
            "warning: judged queries missing from the file (1): silent",
            "warning: papers not in the library (1): nowhere",
        ]
    );
    assert!(run.out.starts_with("1 queries, 60 papers\n\n| method "), "{}", run.out);
}

#[test]
fn a_trec_run_by_hand() {
    let set = Set::new();
    // The scores decide, not the ranks: c, b, a.
    let run = "q1 Q0 a 1 0.1 x\nq1 Q0 b 2 0.2 x\nq1 Q0 c 3 0.3 x\nq2 Q0 a 1 1 x\n";
    let qrels = "q1 0 a 1\nq1 0 c 2\nq2 0 a 0\nq2 0 b 1\n";
    let run = set.run(run, qrels, &["--metrics", "map,mrr,recall@1,ndcg@3,exp-ndcg@3,pairs"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    // q1: precisions 1 and 2/3; q2 finds nothing.
    insta::assert_snapshot!(run.out, @r"
    2 queries

    | method   | map                 | mrr                 | recall@1            | ndcg@3              | exp-ndcg@3          | pairs               |
    |----------|---------------------|---------------------|---------------------|---------------------|---------------------|---------------------|
    | run.trec | 0.417 (0.000-0.833) | 0.500 (0.000-1.000) | 0.250 (0.000-0.500) | 0.475 (0.000-0.950) | 0.482 (0.000-0.964) | 0.500 (0.000-1.000) |
    ");
}

#[test]
fn a_run_that_leaves_queries_out_finds_nothing_for_them() {
    let set = Set::new();
    let run = set.run("q1 Q0 a 1 1 x\nq9 Q0 a 1 1 x\n", "q1 0 a 1\nq2 0 a 1\n", &["--format", "json"]);
    assert_eq!(run.code, 1);
    assert_eq!(
        run.err,
        "note: queries without judgments, skipped (1): q9\n\
         warning: judged queries missing from the run, scored as empty (1): q2\n"
    );
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(value(&report, "run.trec", "map"), 0.5);
}

#[test]
fn our_own_run_is_measured_as_we_measure_it() {
    let set = Set::new();
    let requests = set.sandbox.file("requests.jsonl", QUERIES.lines().next().unwrap());
    let out = set.sandbox.folder.path().join("out.trec").to_str().unwrap().to_owned();
    assert_eq!(set.sandbox.run(&["rank", &requests, "--run", &out, "--papers", &set.docs]).code, 0);
    let qrels: String = qrels().lines().take(10).map(|line| format!("{line}\n")).collect();
    let of_run =
        set.run(&std::fs::read_to_string(out).unwrap(), &qrels, &["--metrics", "map,ndcg@20", "--format", "json"]);
    let walk = QUERIES.lines().next().unwrap();
    let ours = set.labeled(walk, &qrels, &["--metrics", "map,ndcg@20", "--format", "json"]);
    let (of_run, ours): (Value, Value) =
        (serde_json::from_str(&of_run.out).unwrap(), serde_json::from_str(&ours.out).unwrap());
    for metric in ["map", "ndcg@20"] {
        let (a, b) = (value(&of_run, "run.trec", metric), value(&ours, "paperkin", metric));
        assert!((a - b).abs() < 1e-9, "{metric}: {a} {b}");
    }
}

#[test]
fn bad_lines_end_it() {
    let set = Set::new();
    let table = [
        ("q1 0 a 1\nq1 0 b high\n", "qrels.txt, line 2: `high` is not a number"),
        ("q1 0 a 1\n\nq1 a\n", "qrels.txt, line 3: expected 3 or 4 columns, found 2"),
        ("q1 0 a 1\nq1 0 a 0\n", "qrels.txt, line 2: duplicate judgment of this paper for this query"),
        ("query paper gain\n", "qrels.txt: contains no judgments"),
        ("q2 0 a 1\n", "run.trec: none of its queries have judgments in"),
    ];
    let check = |run: Run, message: &str| {
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        assert!(run.err.starts_with("error: ") && run.err.contains(message), "{message:?} is not in {:?}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    };
    for (qrels, message) in table {
        check(set.run("q1 Q0 a 1 1 x\n", qrels, &[]), message);
    }
    check(set.run("q1 Q0 a 1\n", "q1 0 a 1\n", &[]), "run.trec, line 1: expected 6 columns, found 4");
    let table = [
        (r#"{"id":"q1"}"#, "queries.jsonl, line 1: expected `text` or `history`"),
        (r#"{"text":"x"}"#, "queries.jsonl, line 1: missing field `id`"),
        (r#"{"id":"q1","text":" "}"#, "queries.jsonl, line 1: `text`: is empty"),
    ];
    for (queries, message) in table {
        check(set.labeled(queries, "q1 0 a 1\n", &[]), message);
    }
    for args in [
        &["eval"][..],
        &["eval", "--run", "x"],
        &["eval", "--profile", "a", "--history", "b"],
        &["eval", "--metrics", "auc"],
    ] {
        assert_eq!(set.sandbox.run(args).code, 2, "{args:?}");
    }
}

/// Somebody who reads about robots: every robot paper until the 30th of 60.
fn history(days: bool) -> String {
    let line = |index: usize| match days {
        true => format!("{{\"id\":\"p{index}\",\"date\":\"2025-{:02}-{:02}\"}}\n", index / 28 + 1, index % 28 + 1),
        false => format!("p{index}\n"),
    };
    (0..30).step_by(2).map(line).collect()
}

/// What is said of so many held-out papers.
fn few_picks(count: usize) -> String {
    format!(
        "warning: only {count} held-out papers: one more or less found changes the figures; 20 or more say something\n"
    )
}

#[test]
fn a_history_is_parted_in_time() {
    let set = Set::new();
    for days in [true, false] {
        let file = set.sandbox.file("history.jsonl", history(days));
        let run = set.sandbox.run(&["eval", "--history", &file, "--docs", &set.docs, "--format", "json"]);
        assert_eq!((run.code, run.err), (0, few_picks(5)));
        let report: Value = serde_json::from_str(&run.out).unwrap();
        // 15 picks on the days 1, 3, .. 29: the first 10 are known, 5 are to be found from paper 20 on.
        let number = |key: &str| report[key].as_u64().unwrap();
        assert_eq!(
            (number("known"), number("picks"), number("candidates"), number("first")),
            (10, 5, 40, 4),
            "{report}"
        );
        assert_eq!(report["day"], "2025-01-21");
        assert!(value(&report, "paperkin", "recall@4") <= 0.8);
        assert_eq!(value(&report, "recency", "recall@4"), 0.0);
        assert!(value(&report, "paperkin", "map") > value(&report, "recency", "map"));
        let verdict = report["verdict"].as_str().unwrap();
        assert!(verdict.contains(" of the 5 held-out papers in its first 4"), "{verdict}");
        assert!(verdict.ends_with("a list by date finds 0"), "{verdict}");
    }
}

#[test]
fn a_profile_is_a_history() {
    let set = Set::new();
    assert_eq!(set.sandbox.run(&["add", &set.docs]).code, 0);
    // All liked on one day: the papers' own days part them.
    let picks: Vec<String> = (0..30).step_by(2).map(|index| format!("p{index}")).collect();
    let mut args = vec!["profile", "me", "like"];
    args.extend(picks.iter().map(String::as_str));
    assert_eq!(set.sandbox.run(&args).code, 0);
    assert_eq!(set.sandbox.run(&["profile", "me", "dislike", "p1", "p41", "--at", "2025-01-02"]).code, 0);
    let run = set.sandbox.run(&["eval", "--profile", "me"]);
    assert_eq!((run.code, run.err), (0, few_picks(5)));
    assert!(
        run.out.starts_with("5 held-out papers among 40 published since 2025-01-21; 10 in the history before\n"),
        "{}",
        run.out
    );
    assert!(run.out.trim_end().ends_with("a list by date finds 0"), "{}", run.out);

    let run = set.sandbox.run(&["eval", "--profile", "nobody"]);
    assert_eq!((run.code, run.err.as_str()), (1, "error: no profile `nobody`: existing profiles are me\n"));
    let one = set.sandbox.file("one.txt", "p3\n");
    let run = set.sandbox.run(&["eval", "--history", &one]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("`history`: cannot be split by date"), "{}", run.err);
}

#[test]
fn picks_that_are_no_news_or_not_there_are_named() {
    let set = Set::new();
    let late = "{\"id\":\"p1\",\"date\":\"2025-06-01\"}\n{\"id\":\"gone\",\"date\":\"2025-06-02\"}\n";
    let file = set.sandbox.file("history.jsonl", history(true) + late);
    let run = set.sandbox.run(&["eval", "--history", &file, "--docs", &set.docs]);
    assert_eq!(run.code, 1);
    assert_eq!(
        run.err,
        "warning: history papers not in the library, or without a date (1): gone\n\
         note: held-out papers published before the split, skipped (1): p1\n"
            .to_owned()
            + &few_picks(4)
    );
}

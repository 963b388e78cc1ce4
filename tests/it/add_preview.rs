//! `paperkin add --dry-run` and `--explain`: what would be read, and where it comes from. Neither writes.

use crate::support::sandbox::{Run, Sandbox};

const TABLE: &str = "\
Key,Title,Author,Abstract Note,Date,Publication Year,DOI,Url,votes
A1,Lamps of the harbor,\"Oak, Ada; Elm, Ben\",\"We light lamps, and count how many of the ferries come home in the fog of the morning.\",Spring 2018,2018,10.5555/L.1,,3
A2,Ferries in fog,\"Oak, Ada\",[No abstract available],forthcoming,2019,,https://arxiv.org/abs/2401.90002,many
A3,Bells without a day,\"Elm, Ben\",,soon,,10.5555/B.1,,
A4,,,,2020,,,,
A5,A fifth,\"Oak, Ada\",Text.,2021,,,,1
";

/// What was printed, with the folder of the sandbox left out. Nothing was written.
fn printed(sandbox: &Sandbox, run: &Run) -> String {
    assert!(!sandbox.library().exists(), "{}", run.err);
    run.out.replace(&format!("{}/", sandbox.folder.path().display()), "")
}

#[test]
fn a_dry_run_shows_what_would_be_read() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("export.csv", TABLE);
    let run = sandbox.run(&["add", "--dry-run", &file]);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    insta::assert_snapshot!(printed(&sandbox, &run), @r#"
    export.csv: csv, 4 papers, 1 rejected, 3 fields dropped

      field      papers  read from
      id         4       DOI 2, Url 1
      title      4       Title
      abstract   2       Abstract Note
      authors    4       Author
      published  3       Date 2, Publication Year 1
      votes      2       votes
      source     4
      url        3       Url

    line 2
      id         doi:10.5555/l.1
      title      Lamps of the harbor
      abstract   We light lamps, and count how many of the ferries come home in the…
      authors    Oak, Ada; Elm, Ben
      published  2018-01-01
      votes      3
      source     csv
      url        https://doi.org/10.5555/l.1

    line 3
      id         2401.90002
      title      Ferries in fog
      authors    Oak, Ada
      published  2019-01-01
      source     csv
      url        https://arxiv.org/abs/2401.90002

    line 4
      id       doi:10.5555/b.1
      title    Bells without a day
      authors  Elm, Ben
      source   csv
      url      https://doi.org/10.5555/b.1

    rejected and dropped
      line 3: `Date`: `"forthcoming"` is not a valid date: use the form 2024-12-19, or omit it
      line 3: `votes`: `"many"` is not a count: expected an integer of 0 or more
      line 4: `Date`: `"soon"` is not a valid date: use the form 2024-12-19, or omit it
      line 5: no title and no abstract
    "#);
    let summary = sandbox.json(&["add", "--dry-run", &file, "--format", "json"]);
    let file = &summary["files"][0];
    assert_eq!((&file["papers"], &file["rejected"], &file["dropped_fields"]), (&4.into(), &1.into(), &3.into()));
    assert_eq!(
        file["fields"][4],
        serde_json::json!({"field": "published", "papers": 3, "from": {"Date": 2, "Publication Year": 1}})
    );
    assert_eq!(file["first"][1]["position"], serde_json::json!({"line": 3}));
    assert_eq!(file["problems"][0]["field"], "Date");
}

#[test]
fn a_dry_run_says_which_papers_are_new() {
    let sandbox = Sandbox::new();
    let first = sandbox.file("first.csv", "title,doi\nLamps of the harbor,10.5555/L.1\n");
    assert_eq!(sandbox.run(&["add", &first]).code, 0);
    // The library has the first paper; the third is the second one again.
    let file = sandbox.file(
        "export.csv",
        "title,doi,votes\nLamps of the harbor,10.5555/L.1,3\nFerries in fog,10.5555/F.1,1\nFerries in fog,10.5555/f.1,2\n",
    );
    let run = sandbox.run(&["add", "--dry-run", &file]);
    let expect = "csv, 3 papers (1 new, 2 already in the library), 0 rejected, 0 fields dropped\n";
    assert!(run.code == 0 && run.out.contains(expect), "{}{}", run.out, run.err);
    let summary = sandbox.json(&["add", "--dry-run", &file, "--format", "json"]);
    assert_eq!(summary["files"][0]["known"], 2);
    assert_eq!(sandbox.json(&["status", "--format", "json"])["papers"], 1, "nothing was written");
}

#[test]
fn a_dry_run_of_several_files() {
    let sandbox = Sandbox::new();
    let (good, bad) =
        (sandbox.file("good.jsonl", "{\"id\":\"mine\",\"title\":\"Lamps\"}"), sandbox.file("bad.txt", "Dear reader"));
    let run = sandbox.run(&["add", "--dry-run", &good, &bad]);
    assert_eq!(run.code, 1);
    let text = printed(&sandbox, &run);
    let (start, _) = text.split_once("supported formats: ").unwrap();
    insta::assert_snapshot!(format!("{start}supported formats: ..."), @"
    good.jsonl: jsonl, 1 paper, 0 rejected, 0 fields dropped

      field   papers  read from
      id      1       id
      title   1       title
      source  1

    line 1
      id      mine
      title   Lamps
      source  jsonl

    bad.txt: 0 papers, 1 rejected, 0 fields dropped

    rejected and dropped
      unknown format, beginning with `Dear reader`; supported formats: ...
    ");
    let run = sandbox.run_with_input(&["add", "--dry-run", "-", "--category", "cs"], "{\"title\":\"Lamps\"}");
    assert_eq!((run.code, printed(&sandbox, &run).as_str()), (0, "-: jsonl, 0 papers, 0 rejected, 0 fields dropped\n"));
    let strict = |record: &str| sandbox.run_with_input(&["add", "--dry-run", "--strict", "-"], record).code;
    assert_eq!((strict("{\"title\":\"Lamps\"}"), strict("{\"title\":\"Lamps\",\"votes\":-1}")), (0, 1));
}

#[test]
fn an_explanation_shows_where_fields_come_from() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("export.csv", TABLE);
    let explain = |record: &str| sandbox.run(&["add", "--explain", &file, "--record", record]);
    let run = sandbox.run(&["add", "--explain", &file]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    insta::assert_snapshot!(printed(&sandbox, &run), @"
    export.csv, line 2

      field      read from      value
      id         DOI            doi:10.5555/l.1
      title      Title          Lamps of the harbor
      abstract   Abstract Note  We light lamps, and count how many of the ferries c…
      authors    Author         Oak, Ada; Elm, Ben
      published  Date           2018-01-01
      votes      votes          3
      source                    csv
      url                       https://doi.org/10.5555/l.1
    ");
    for (wanted, line) in [("1", 2), ("2", 3), ("fog", 3), ("arXiv:2401.90002v3", 3), ("10.5555/l.1", 2), ("5", 6)] {
        let run = explain(wanted);
        assert!(printed(&sandbox, &run).starts_with(&format!("export.csv, line {line}\n")), "{wanted}: {}", run.out);
    }
    insta::assert_snapshot!(printed(&sandbox, &explain("ferries")), @r#"
    export.csv, line 3

      field      read from         value
      id         Url               2401.90002
      title      Title             Ferries in fog
      authors    Author            Oak, Ada
      published  Publication Year  2019-01-01
      source                       csv
      url        Url               https://arxiv.org/abs/2401.90002

    dropped
      `Date`: `"forthcoming"` is not a valid date: use the form 2024-12-19, or omit it
      `votes`: `"many"` is not a count: expected an integer of 0 or more
    "#);
    let run = explain("4");
    assert_eq!(run.code, 1);
    assert!(run.err.contains("export.csv, line 5: no title and no abstract"), "{}", run.err);
    let run = explain("unicorns");
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("none of its 5 records is number `unicorns` or has `unicorns` in its title"),
        "{}",
        run.err
    );
    let found = sandbox.json(&["add", "--explain", &file, "--record", "2", "--format", "json"]);
    assert_eq!(found[0]["origins"][0], serde_json::json!({"field": "title", "from": "Title"}));
    assert_eq!(found[0]["dropped"][0]["field"], "Date");
}

//! Which papers cite which: lists of links, records with references, and what is exported of them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::sandbox::Sandbox;

const LINKS: &str = "\
# of a survey
citing,cited
10.5555/L.1,arXiv:2401.90002v1
10.5555/L.1,10.5555/unknown
10.5555/L.1,10.5555/L.1
only-one
2401.90002,10.5555/unknown
";

fn counts(sandbox: &Sandbox) -> (u64, u64) {
    let status = sandbox.json(&["status", "--format", "json"]);
    let count = |name: &str| status["citations"][name].as_u64().unwrap();
    (count("links"), count("papers"))
}

#[test]
fn lists_of_links_are_added_once_whatever_comes_first() {
    let sandbox = Sandbox::new();
    let links = sandbox.file("links.csv", LINKS);
    let bad = format!(
        "error: {links}, line 6: expected two ids, found `only-one`: give the paper that cites and the one that is cited, \
         separated by a tab, a comma or spaces\n"
    );
    let table = [
        (&["add", "--links", &links, "--dry-run"][..], 1, format!("{links}: 4 citation links, 1 rejected\n")),
        (
            &["add", "--links", &links],
            1,
            "0 new, 0 updated, 0 unchanged, 1 rejected: 0 papers in the library\n\
             citation links: 3 new, 0 known, 3 of papers that are not in the library\n"
                .to_owned(),
        ),
        (
            &["add", "--links", &links, "--dry-run"],
            1,
            format!(
                "{links}: 4 citation links (0 new, 3 known, 3 of papers that are not in the library), 1 rejected\n"
            ),
        ),
    ];
    for (command, code, out) in table {
        let run = sandbox.run(command);
        assert_eq!((run.code, run.out, run.err), (code, out, bad.clone()), "{command:?}");
    }
    assert_eq!(counts(&sandbox), (3, 0));

    let papers = "{\"id\": \"10.5555/l.1\", \"title\": \"Lamps of the harbor\"}\n\
                  {\"id\": \"2401.90002\", \"title\": \"Ferries in fog\"}\n";
    let papers = sandbox.file("papers.jsonl", papers);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(b"2401.90002\t10.5555/bells\n10.5555/l.1\t2401.90002\n").unwrap();
    let more = sandbox.file("links.tsv.gz", gzip.finish().unwrap());
    let run = sandbox.run(&["add", &papers, "--links", &more]);
    let expected = "2 new, 0 updated, 0 unchanged: 2 papers in the library\n\
                    citation links: 1 new, 1 known, 1 of papers that are not in the library\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, expected, ""));
    assert_eq!(counts(&sandbox), (4, 2));
    let status = sandbox.run(&["status"]).out;
    assert!(status.contains("citations 4 links, 2 papers with some\n"), "{status}");
}

#[test]
fn strict_additions_of_links_are_all_or_nothing() {
    let sandbox = Sandbox::new();
    let links = sandbox.file("links.csv", LINKS);
    let run = sandbox.run(&["add", "--strict", "--links", &links]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(!sandbox.library().exists());
    let run = sandbox.run_with_input(&["add", "--strict", "--links", "-"], "a b\n");
    assert_eq!(run.code, 1);
    assert!(run.err.contains("standard input cannot be checked before it is added"), "{}", run.err);
    let run = sandbox.run_with_input(&["add", "--links", "-"], "a b\n");
    assert!(run.out.contains("citation links: 1 new"), "{}", run.out);
    let run = sandbox.run(&["add"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let run = sandbox.run(&["add", "--links", sandbox.folder.path().to_str().unwrap()]);
    assert!(run.code == 1 && run.err.contains("is a directory: give a file"), "{}", run.err);
}

#[test]
fn references_of_records_are_stored_and_exported() {
    let sandbox = Sandbox::new();
    let records = r#"{"id": "10.5555/l.1", "title": "Lamps of the harbor", "references": ["2401.90002", "10.5555/bells", {"title": "Old lamps of the northern harbors", "authors": ["Ada Oak"], "year": 1999}]}
{"id": "2401.90002", "title": "Ferries in fog", "references": ["Oak A, 1999, LAMPS, V3"], "citations": ["10.5555/l.1"]}
"#;
    let file = sandbox.file("papers.jsonl", records);
    let preview = sandbox.run(&["add", "--dry-run", &file]).out;
    assert!(preview.contains("references  2       references\n"), "{preview}");
    let run = sandbox.run(&["add", &file]);
    let links = "citation links: 4 new, 1 known, 3 of papers that are not in the library\n";
    assert_eq!(run.out, format!("2 new, 0 updated, 0 unchanged: 2 papers in the library\n{links}"));
    let again = sandbox.run(&["add", &file]);
    let links = "citation links: 0 new, 5 known, 3 of papers that are not in the library\n";
    assert_eq!(again.out, format!("0 new, 0 updated, 2 unchanged: 2 papers in the library\n{links}"));

    let exported = ["jsonl", "parquet"].map(|format| {
        let path = sandbox.folder.path().join(format!("out.{format}")).to_str().unwrap().to_owned();
        let run = sandbox.run(&["export", "--papers", "--format", format, "--out", &path]);
        assert_eq!(run.code, 0, "{}", run.err);
        path
    });
    let lines = std::fs::read_to_string(&exported[0]).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let title = "Old lamps of the northern harbors";
    let expected = serde_json::json!([
        "2401.90002", "doi:10.5555/bells", {"title": title, "authors": ["Ada Oak"], "year": 1999}
    ]);
    assert_eq!(first["references"], expected, "{lines}");
    for path in exported {
        let run = sandbox.run(&["add", &path]);
        assert!(run.out.contains("citation links: 0 new, 4 known"), "{path}: {}", run.out);
    }

    // The paper that is known by its title alone is found by it, and what cites it is not added again.
    let old =
        format!("{{\"id\": \"10.5555/old\", \"title\": \"{title}\", \"authors\": [\"Oak, A.\"], \"year\": 1999}}\n");
    let old = sandbox.file("old.jsonl", old);
    assert_eq!(sandbox.run(&["add", &old]).out, "1 new, 0 updated, 0 unchanged: 3 papers in the library\n");
    assert_eq!(counts(&sandbox), (4, 3));
    let path = sandbox.folder.path().join("again.jsonl").to_str().unwrap().to_owned();
    sandbox.run(&["export", "--papers", "--format", "jsonl", "--out", &path]);
    assert!(
        std::fs::read_to_string(&path).unwrap().contains("\"2401.90002\",\"doi:10.5555/bells\",\"doi:10.5555/old\"")
    );
}

#[test]
fn similar_papers_are_shown_with_their_links() {
    let sandbox = Sandbox::new();
    let line = |id: &str, title: &str, references: &str| {
        format!("{{\"id\":\"10.5555/{id}\",\"title\":\"{title}\",\"references\":[{references}]}}\n")
    };
    let papers = line("a", "Lanterns in fog", "\"10.5555/b\",\"10.5555/z\"")
        + &line("b", "Lamps on ships", "")
        + &line("c", "Signals at sea", "\"10.5555/b\",\"10.5555/z\"");
    sandbox.run(&["add", &sandbox.file("papers.jsonl", papers)]);
    let shown = sandbox.run(&["similar", "10.5555/a"]).out;
    assert!(shown.contains("cited by “Lanterns in fog”"), "{shown}");
    assert!(shown.contains("shares 2 references with “Lanterns in fog”"), "{shown}");
}

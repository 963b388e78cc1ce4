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

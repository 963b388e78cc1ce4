//! Papers out: the history for a reference manager, and the whole library.

use std::path::PathBuf;

use crate::support::sandbox::Sandbox;

#[test]
fn a_history_goes_to_a_reference_manager() {
    let sandbox = Sandbox::with_papers();
    let found = sandbox.json(&["search", "instruction tuning", "--limit", "2", "--format", "json"]);
    let ids: Vec<&str> = (0..2).map(|at| found["results"][at]["paper"]["id"].as_str().unwrap()).collect();
    sandbox.run(&["profile", "me", "save", ids[0]]);
    sandbox.run(&["profile", "me", "dislike", ids[1]]);
    let title = found["results"][0]["paper"]["title"].as_str().unwrap();
    for format in ["bibtex", "ris", "csl-json", "jsonl", "csv", "md"] {
        let run = sandbox.run(&["export", "--profile", "me", "--format", format]);
        assert_eq!((run.code, run.out.matches(title).count()), (0, 1), "{format}: {}{}", run.out, run.err);
    }
    let disliked = sandbox.run(&["export", "--profile", "me", "--kind", "dislike"]).out;
    assert!(disliked.contains(ids[1]) && !disliked.contains(ids[0]), "{disliked}");
    let feed = sandbox.run(&["export", "--profile", "me", "--feed", "--limit", "3"]).out;
    assert_eq!((feed.lines().count(), feed.contains(ids[0])), (3, false), "{feed}");
    assert_eq!(sandbox.run(&["export", "--profile", "me", "--feed", "--limit", "3"]).out, feed, "they stay new");
}

#[test]
fn a_whole_library_goes_out_and_comes_in() {
    let sandbox = Sandbox::with_papers();
    let all = sandbox.file("all.jsonl", "");
    let out = sandbox.run(&["export", "--papers", "--embeddings", "--out", &all]);
    assert_eq!((out.code, out.out.as_str()), (0, ""), "{}", out.err);
    let text = std::fs::read_to_string(&all).unwrap();
    for line in text.lines() {
        let paper: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(paper["embedding"].as_array().map(Vec::len), Some(384), "{line}");
    }
    let table = sandbox.file("all.parquet", "");
    let out = sandbox.run(&["export", "--papers", "--embeddings", "--format", "parquet", "--out", &table]);
    assert_eq!((out.code, out.out.as_str()), (0, ""), "{}", out.err);
    let papers = |sandbox: &Sandbox| sandbox.run(&["export", "--papers"]).out;
    for file in [all, table] {
        let other = Sandbox::new();
        let added = other.json(&["add", &file, "--format", "json"]);
        assert_eq!(added["new"].as_u64(), Some(text.lines().count() as u64), "{added}");
        assert_eq!(papers(&other), papers(&sandbox), "nothing is lost on the way");
    }
    let refused = sandbox.run(&["export", "--papers", "--embeddings", "--format", "ris"]);
    assert_eq!((refused.code, refused.err.lines().count()), (1, 1), "{}", refused.err);
    assert_eq!(sandbox.run(&["export"]).code, 2);
}

#[test]
fn each_paper_gets_a_note_that_is_never_overwritten() {
    let sandbox = Sandbox::with_papers();
    let found = sandbox.json(&["search", "instruction tuning", "--limit", "3", "--format", "json"]);
    let papers = found["results"].as_array().unwrap();
    let ids: Vec<&str> = papers.iter().map(|result| result["paper"]["id"].as_str().unwrap()).collect();
    sandbox.run(&[&["profile", "me", "like"], &ids[..2]].concat());
    let notes = sandbox.folder.path().join("notes");
    let export =
        ["export", "--profile", "me", "--format", "md", "--one-file-per-paper", "--out", notes.to_str().unwrap()];
    let run = sandbox.run(&export);
    assert_eq!(
        (run.code, run.out.as_str()),
        (0, format!("{}: 2 notes written\n", notes.display()).as_str()),
        "{}",
        run.err
    );
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    let files: Vec<PathBuf> = std::fs::read_dir(&notes).unwrap().map(|file| file.unwrap().path()).collect();
    let of = |id: &str| files.iter().find(|file| read(file).contains(&format!("id: \"{id}\"\n"))).unwrap();
    let note = of(ids[0]);
    let text = read(note);
    let title = papers[0]["paper"]["title"].as_str().unwrap();
    assert!(text.starts_with(&format!("---\nid: \"{}\"\ntitle: \"{title}\"\n", ids[0])), "{text}");
    // A paper with a note is linked by its name.
    let linked = of(ids[1]).file_stem().unwrap().to_str().unwrap();
    assert!(text.contains(&format!("- [[{linked}|")) && text.contains("\n- "), "{text}");

    std::fs::write(note, "my own words").unwrap();
    sandbox.run(&["profile", "me", "like", ids[2]]);
    let run = sandbox.run(&export);
    assert!(run.out.ends_with("1 note written, 2 were there and stay as they are\n"), "{}", run.out);
    assert_eq!(read(note), "my own words");

    for (args, expected) in [
        (&["--one-file-per-paper"][..], "notes are in Markdown: add `--format md`"),
        (&["--one-file-per-paper", "--format", "md"], "give a directory for the notes"),
    ] {
        let run = sandbox.run(&[&["export", "--profile", "me"], args].concat());
        assert!(run.code == 1 && run.err.contains(expected), "{}", run.err);
    }
}

//! Libraries of older formats open, are upgraded, and keep everything.

use crate::support::sandbox::Sandbox;

/// A library of format 6: six papers; a profile with a liked paper of an interest, a disliked one, a paper that the
/// library does not have, a followed author, a feed that was seen, and a feed token.
const FORMAT_6: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/library/format-6.sqlite3");

/// A library of format 7, of entries without ids, so that their ids are made from the titles alone: one of a title that
/// many papers have, one in Chinese; a profile that likes the first and has imported a paper which is not here.
const FORMAT_7: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/library/format-7.sqlite3");

const ENTRIES_OF_FORMAT_7: &str = "
@article{a, title={Editorial}, author={Bell, Ida}, year={1998}, journal={Lantern Letters}, abstract={On wicks and oil.}}
@article{b, title={基于绳结的港口推荐方法}, author={王, 小明}, year={2021}, abstract={本文提出一种港口推荐方法。}}
@article{c, title={How harbors answer to storms}, author={Crane, Tom}, year={2014}, abstract={Harbors close before storms.}}
";

#[test]
fn a_library_of_format_7_keeps_ids_of_titles_and_gets_pairs_of_characters() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.library()).unwrap();
    std::fs::copy(FORMAT_7, sandbox.library().join("library.sqlite3")).unwrap();
    let found = sandbox.json(&["search", "港口推荐", "--format", "json"]);
    assert_eq!(found["results"][0]["paper"]["id"], "title:f5fde8296949726e");
    assert!(found["results"][0]["breakdown"]["words"].as_f64().unwrap() > 0.0, "{found}");

    let entries = sandbox.file("papers.bib", ENTRIES_OF_FORMAT_7);
    let added = ["0 new, 3 updated, 0 unchanged: 3 papers", "0 new, 0 updated, 3 unchanged: 3 papers"];
    for added in added {
        assert_eq!(sandbox.run(&["add", &entries]).out, format!("{added} in the library\n"));
    }
    let other = sandbox.file("other.bib", "@article{d, title={Editorial}, author={Crane, Tom}, year={2014}}");
    assert!(sandbox.run(&["add", &other]).out.starts_with("1 new, "));

    let imported = "@misc{x, title={Moored}, author={Dale, Uma}, year={2001}, abstract={On mooring.}}";
    let imported = sandbox.file("imported.bib", imported);
    let again = sandbox.json(&["profile", "me", "import", &imported, "--format", "json"]);
    assert_eq!(again["me"]["already_in_history"], 1, "{again}");
    assert!(sandbox.run(&["add", &imported]).out.starts_with("1 new, "));
    let profile = sandbox.json(&["profile", "me", "show", "--format", "json"]);
    let papers = profile["papers"].as_array().unwrap();
    assert!(papers.len() == 2 && papers.iter().all(|paper| paper["in_library"] == true), "{profile}");
}

#[test]
fn a_library_of_format_6_keeps_papers_profiles_and_feeds() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.library()).unwrap();
    std::fs::copy(FORMAT_6, sandbox.library().join("library.sqlite3")).unwrap();

    let profile = sandbox.json(&["profile", "me", "show", "--format", "json"]);
    assert_eq!(profile["authors"], serde_json::json!(["Ola Pike"]));
    assert_eq!(profile["papers"].as_array().unwrap().len(), 3, "{profile}");
    assert_eq!((&profile["last_seen_generation"], &profile["previous_seen_generation"]), (&2.into(), &0.into()));
    let not_here = profile["papers"].as_array().unwrap().iter().find(|paper| paper["in_library"] == false).unwrap();
    assert_eq!(not_here["title"], "A paper that is not here yet");

    let found = sandbox.json(&["search", "kites", "-n", "6", "--min-relevance", "far", "--format", "json"]);
    assert_eq!(found["results"].as_array().unwrap().len(), 6);
    assert_eq!(found["results"][0]["paper"]["id"], "2401.90006");
    assert!(found["results"][0]["breakdown"]["words"].as_f64().unwrap() > 0.0, "its terms are there: {found}");

    // Two papers were shown with format 6, and both are voted on or seen: the others are new.
    let feed = sandbox.json(&["feed", "--profile", "me", "--since", "2000-01-01", "--format", "json"]);
    let again = sandbox.json(&["feed", "--profile", "me", "--again", "--format", "json"]);
    assert!(feed["results"].as_array().unwrap().len() < 6 && !again["results"].is_null());
    let doctor = sandbox.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}{}", doctor.out, doctor.err);
}

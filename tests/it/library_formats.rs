//! Libraries of older formats open, are migrated, and keep everything.

use crate::support::sandbox::Sandbox;

/// A library of format 6: six papers; a profile with a liked paper of an interest, a disliked one, a paper that the
/// library does not have, a followed author, a feed that was seen, and a feed token.
const FORMAT_6: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/library/format-6.sqlite3");

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

    let found = sandbox.json(&["search", "kites", "-n", "6", "--format", "json"]);
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

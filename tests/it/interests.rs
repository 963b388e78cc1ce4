//! The interests of a profile: tabs of the page, and lists of their own.

use serde_json::Value;

use crate::page::papers;
use crate::support::answers::results;
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

/// Likes two papers on robots, which are named so, and two on instruction tuning, which are not.
fn like_two_subjects(sandbox: &Sandbox) {
    sandbox.run(&["profile", "me", "like", "Kitchen Hands", "Touch Before You Look", "--interest", "robots"]);
    sandbox.run(&["profile", "me", "like", "How Few Instructions", "PlainSpeak"]);
}

/// The interest of a paper of the history, by the beginning of its title.
fn interest_of(sandbox: &Sandbox, id: &str) -> Value {
    let history = sandbox.json(&["profile", "me", "show", "--format", "json"]);
    let entries = history["papers"].as_array().unwrap();
    entries.iter().find(|entry| entry["id"] == id).unwrap_or_else(|| panic!("{id}: {history}"))["interest"].clone()
}

#[test]
fn interests_are_tabs_with_their_shares() {
    let server = Server::start(&[]);
    let page = |path: &str| server.call("GET", path, &[], "").body;
    assert!(!page("/").contains("class=\"tabs\""), "there is no history yet");
    like_two_subjects(&server.sandbox);
    let all = page("/");
    assert!(all.contains("<a href=\"/\" aria-current=\"true\">All</a>"), "{all}");
    assert!(all.contains("<a href=\"/?interest=robots\">robots <span>50%</span></a>"), "{all}");
    let robots = page("/?interest=robots");
    assert!(robots.contains("<a href=\"/?interest=robots\" aria-current=\"true\">"), "{robots}");
    let found = papers(&robots);
    assert!(!found.is_empty());
    // A vote goes to the interest that it came from.
    let form = ("content-type", "application/x-www-form-urlencoded");
    let field = "<input type=\"hidden\" name=\"interest\" value=\"robots\">";
    assert!(robots.contains(field) && !all.contains(field));
    let vote = |id: &str, interest: &str| {
        let body = format!("vote=like+p1+{id}&profile=me&back=/{interest}");
        assert_eq!(server.call("POST", "/vote", &[form], &body).status, 200);
    };
    vote(&found[0], "&interest=robots");
    assert_eq!(interest_of(&server.sandbox, &found[0]), "robots");
    let other = papers(&page("/"))[0].clone();
    vote(&other, "");
    assert_eq!(interest_of(&server.sandbox, &other), Value::Null);
    // What a found interest is called changes with the history: the feed of all is shown then.
    assert!(page("/?interest=nonsense").contains("<a href=\"/\" aria-current=\"true\">All</a>"));
}

#[test]
fn a_list_for_one_interest() {
    let sandbox = Sandbox::with_papers();
    like_two_subjects(&sandbox);
    let feed = |interest: &str| {
        let all = ["--since", "2000-01-01", "--min-relevance", "far", "-n", "5", "--format", "json"];
        sandbox.run(&[&["feed", "--profile", "me", "--interest", interest], &all[..]].concat())
    };
    let robots: Value = serde_json::from_str(&feed("robots").out).unwrap();
    assert_eq!(results(&robots).len(), 5);
    for result in results(&robots) {
        assert_eq!((&result["interest"]["label"], &result["interest"]["is_named"]), (&"robots".into(), &true.into()));
        for reason in result["reasons"].as_array().unwrap() {
            let title = reason["title"].as_str().unwrap();
            assert!(title.starts_with("Kitchen Hands") || title.starts_with("Touch Before"), "{title}");
        }
    }
    let other: Value = serde_json::from_str(&feed("nonsense").out).unwrap();
    let note = other["note"].as_str().unwrap();
    assert!(
        note.starts_with("no interest `nonsense`: these are for all, which are ") && note.contains("`robots`"),
        "{note}"
    );
    assert_eq!(results(&other).len(), 5);
}

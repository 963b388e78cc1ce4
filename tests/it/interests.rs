//! The interests of a profile: tabs of the page, and lists of their own.

use serde_json::Value;

use crate::page::{FORM, page, papers, send};
use crate::support::answers::results;
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

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
    let all = page("/?interest=nonsense");
    assert!(all.contains("<a href=\"/\" aria-current=\"true\">All</a>"));
    assert!(all.contains("You have no interest “nonsense” now: this is the feed of all."), "{all}");
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

#[test]
fn interests_are_named_on_the_page() {
    let server = Server::start(&[]);
    like_two_subjects(&server.sandbox);
    let interests = || server.get("/v1/profiles/me/interests")["interests"].as_array().unwrap().clone();
    let found = interests().into_iter().find(|interest| interest["is_named"] == false).unwrap();
    // Of two interests with one label neither could be asked for.
    let taken = serde_json::json!({ "interest": "robots", "name": found["label"] }).to_string();
    let taken = server.call("POST", "/v1/profiles/me/interests", &[JSON], &taken);
    assert!(taken.status == 400 && taken.body.contains("is the label of another interest"), "{}", taken.body);
    let found = found["label"].as_str().unwrap().replace(' ', "+");
    assert!(page(&server, &format!("/?interest={found}")).contains("Give these papers of yours a name"));
    // A cluster becomes a named interest, and keeps its papers.
    let name = "tuning+%F0%9F%A6%86+%3Cscript%3E";
    let named = send(&server, "/interest", &format!("interest={found}&name=+{name}+&profile=me")).body;
    assert!(
        named.contains("tuning 🦆 &#60;script&#62;</a>") || named.contains("tuning 🦆 &#60;script&#62; <span>"),
        "{named}"
    );
    assert!(named.contains("Remove the name") && !named.contains("<script>"), "{named}");
    assert!(interests().iter().all(|interest| interest["is_named"] == true && interest["share"] == 0.5));
    // It is renamed, joined with another one, and has no name any more.
    send(&server, "/interest", &format!("interest={name}&name=tuning&profile=me"));
    let labels = |interests: Vec<Value>| -> Vec<String> {
        interests.iter().map(|interest| interest["label"].as_str().unwrap().to_owned()).collect()
    };
    let mut two = labels(interests());
    two.sort();
    assert_eq!(two, ["robots", "tuning"]);
    let rename = |from: &str, to: Value| {
        let body = serde_json::json!({ "interest": from, "name": to }).to_string();
        server.call("POST", "/v1/profiles/me/interests", &[JSON], &body)
    };
    assert_eq!(labels(rename("tuning", "robots".into()).json()["interests"].as_array().unwrap().clone()), ["robots"]);
    let all = page(&server, "/?interest=robots");
    assert!(all.contains("name=\"interest\" value=\"robots\""), "{all}");
    send(&server, "/interest", "interest=robots&name=robots&unname=1&profile=me");
    assert!(interests().iter().all(|interest| interest["is_named"] == false));
    // What cannot be is refused, and changes nothing.
    let long = "x".repeat(1_001);
    for (from, to, status) in [("nonsense", "a", 404), ("robots", "a", 404), ("x", &long, 400), (&long, "a", 400)] {
        assert_eq!(rename(from, to.into()).status, status, "{from} {to}");
    }
    assert_eq!(server.call("POST", "/interest", &[FORM], "interest=nonsense&name=a&profile=me").status, 404);
    assert_eq!(server.call("POST", "/interest", &[FORM], "interest=nonsense&name=a&profile=you").status, 409);
}

#[test]
fn a_named_interest_has_a_feed_of_its_own() {
    let server = Server::start(&[]);
    like_two_subjects(&server.sandbox);
    send(&server, "/interest", "interest=robots&name=robots+%26+hands&profile=me");
    send(&server, "/profiles/renew", "profile=me");
    let profiles = page(&server, "/profiles");
    let address = |page: &str| {
        let found = page.split("href=\"").find(|rest| rest.starts_with("/feeds/me.atom") && rest.contains("interest="));
        found.unwrap_or_else(|| panic!("{page}")).split('"').next().unwrap().replace("&#38;", "&")
    };
    let feed = address(&profiles);
    assert_eq!(feed, address(&page(&server, "/?interest=robots+%26+hands")), "the feed's page leads there too");
    let read = |address: &str| server.call("GET", address, &[], "");
    let (own, all) = (read(&feed), read(feed.split("&interest").next().unwrap()));
    assert!(own.status == 200 && own.body.contains("<title>Papers for me: robots &amp; hands</title>"), "{}", own.body);
    assert!(own.body.contains("/?profile=me&amp;interest=robots%20%26%20hands"), "{}", own.body);
    let entries = |body: &str| -> Vec<String> {
        body.split("urn:paperkin:paper:").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    };
    let (own, all) = (entries(&own.body), entries(&all.body));
    assert!(!own.is_empty() && own != all, "{own:?}");
    for format in ["rss", "json"] {
        assert_eq!(read(&feed.replace(".atom", &format!(".{format}"))).status, 200, "{format}");
    }
    // Nobody is given another feed in place of one that is gone; and without the token there is none.
    assert_eq!(read(&feed.replace("robots", "nonsense")).status, 404);
    assert_eq!(read(&feed.replace("token=", "token=0")).status, 404);
}

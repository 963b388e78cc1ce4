//! The first minute of a reader without a history: papers to choose from, papers that are known, an author's papers.

use std::collections::BTreeSet;

use serde_json::json;

use crate::page::{FORM, page, papers, send};
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Reply, Server};

/// The ids of the papers of a page that can be chosen, and of those that are.
fn offered(page: &str) -> (Vec<String>, Vec<String>) {
    let boxes = page.split("name=\"pick\" value=\"").skip(1).map(|rest| rest.split_once('"').unwrap());
    let all: Vec<(String, bool)> = boxes.map(|(id, rest)| (id.to_owned(), rest.starts_with(" checked"))).collect();
    let chosen = all.iter().filter(|(_, is_chosen)| *is_chosen).map(|(id, _)| id.clone()).collect();
    (all.into_iter().map(|(id, _)| id).collect(), chosen)
}

fn submit(server: &Server, form: &str) -> Reply {
    server.call("POST", "/start", &[FORM], &format!("profile=me&{form}"))
}

/// The ids of a history, sorted.
fn history(server: &Server, profile: &str) -> Vec<String> {
    let profile = server.get(&format!("/v1/profiles/{profile}"));
    let entries = profile["history"].as_array().unwrap().iter();
    let mut ids: Vec<String> = entries.map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn starter_papers_are_spread_and_come_once() {
    // Half of the papers are on one subject.
    let sandbox = Sandbox::with_papers();
    sandbox.add_walking_papers();
    let server = Server::over(sandbox, &[]);
    let titles = |page: u64| -> Vec<String> {
        let answer = server.get(&format!("/v1/starters?page={page}"));
        assert_eq!(answer["page"], page);
        let papers = answer["papers"].as_array().unwrap().iter();
        papers.map(|paper| paper["title"].as_str().unwrap().to_owned()).collect()
    };
    let first = titles(1);
    assert_eq!((first.len(), &first), (30, &titles(1)), "all day the same");
    let is_of_listing = |title: &&String| !title.starts_with("Robots that ");
    assert!(first.iter().filter(is_of_listing).count() >= 20, "one subject is most of them: {first:#?}");
    let pages = server.get("/v1/starters")["pages"].as_u64().unwrap();
    let all: Vec<String> = (1..=pages).flat_map(titles).collect();
    let different: BTreeSet<&String> = all.iter().collect();
    assert!(pages >= 2 && different.len() == all.len(), "{} of {}", different.len(), all.len());
    assert!(titles(pages + 1).is_empty());
    for query in ["page=0", "page=-1", "page=x", "pages=1"] {
        assert_eq!(server.call("GET", &format!("/v1/starters?{query}"), &[], "").status, 400, "{query}");
    }
}

#[test]
fn chosen_papers_make_a_feed() {
    let server = Server::start(&[]);
    assert!(page(&server, "/").contains("href=\"/start\""));
    let (first, chosen) = offered(&page(&server, "/start"));
    assert_eq!((first.len(), chosen.len()), (30, 0));
    // Other papers: what was chosen and typed stays.
    let choice = format!("pick={0}&pick={1}&pick={0}", first[0], first[7]);
    let others = submit(&server, &format!("{choice}&page=1&known=PlainSpeak%0A&author=&do=others"));
    let (second, chosen) = offered(&others.body);
    assert_eq!((others.status, &chosen), (200, &vec![first[0].clone(), first[7].clone()]));
    assert!(others.body.contains(">\nPlainSpeak\n</textarea>"), "{}", others.body);
    assert!(second.iter().filter(|id| !chosen.contains(id)).all(|id| !first.contains(id)), "{second:?}");
    assert!(history_is_absent(&server), "nothing was recorded yet");
    // The first feed, with what was not found by name.
    let title = "Kitchen Hands: Learning Bimanual Manipulation from Unscripted Cooking";
    let hands = server.post("/v1/search", &json!({"text": title, "limit": 1}).to_string());
    let hands = hands["results"][0]["paper"]["id"].as_str().unwrap().to_owned();
    let known = format!("{}%0A2401.99999%0A%3Cscript%3E", title.replace(' ', "+"));
    let feed = submit(&server, &format!("{choice}&known={known}&do=start"));
    assert_eq!(feed.status, 200);
    assert!(
        feed.body.contains("This is your first feed, from 3 papers.") && !papers(&feed.body).is_empty(),
        "{}",
        feed.body
    );
    assert!(feed.body.contains("2401.99999: no paper with this id") && !feed.body.contains("<script>"));
    assert!(feed.body.contains("(liked)"), "the feed is of these papers");
    let liked = history(&server, "me");
    assert!(liked.contains(&first[0]) && liked.contains(&first[7]) && liked.contains(&hands), "{liked:?}");
    // Again, and more.
    let again = submit(&server, &format!("{choice}&do=start"));
    assert!(again.body.contains("These papers were in your history already."), "{}", again.body);
    let more = submit(&server, &format!("{choice}&pick={}&do=start", first[9]));
    assert!(more.body.contains("1 paper was added to the 3 of your history."), "{}", more.body);
    // Each can be taken back as a whole.
    let number = feed.body.split("name=\"number\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    send(&server, "/library/undo-import", &format!("number={number}&profile=me"));
    assert_eq!(history(&server, "me"), [first[9].clone()]);
}

fn history_is_absent(server: &Server) -> bool {
    server.call("GET", "/v1/profiles/me", &[], "").status == 404
}

#[test]
fn an_author_offers_papers() {
    let server = Server::start(&[]);
    let (id, author) = ("lamps", "Ada+Oak");
    let paper = json!({"id": id, "title": "Lamps of glass", "authors": ["Ada Oak", "Bo Elm"]}).to_string();
    assert_eq!(server.post("/v1/papers", &paper)["outcome"], "new");
    // Also without the button: whoever names an author wants to choose.
    for action in ["author", "start"] {
        let found = submit(&server, &format!("author={author}&known=kept+words&do={action}"));
        assert!(found.status == 200 && offered(&found.body).0.contains(&id.to_owned()), "{}", found.body);
        assert!(found.body.contains("kept words") && history_is_absent(&server));
    }
    let twice = offered(&submit(&server, &format!("author={author}&do=author&pick={id}")).body);
    assert_eq!((twice.0.iter().filter(|other| *other == id).count(), &twice.1), (1, &vec![id.to_owned()]));
    let begun = submit(&server, &format!("author={author}&offered={author}&pick={id}&do=start"));
    assert!(begun.body.contains("This is your first feed, from 1 paper."));
    assert_eq!(history(&server, "me"), [id]);
}

#[test]
fn what_is_missing_is_said_and_nothing_is_lost() {
    let server = Server::start(&[]);
    let many: String = (0..501).map(|number| format!("2401.{number:05}%0A")).collect();
    for (form, said) in [
        ("do=start", "Choose a paper, paste an id or a title, or name an author."),
        ("do=author", "Type the name of an author."),
        ("", "Choose a paper"),
        ("author=Nobody+%3Cb%3E&known=kept&do=author", "No paper by “Nobody &#60;b&#62;” is in the library."),
        ("author=Nobody&do=start", "No paper by “Nobody”"),
        ("pick=2401.99998&known=kept+%E2%98%95&do=others", "2401.99998: no paper with this id"),
        ("pick=&do=start", "empty id"),
        ("known=2401.99999&do=start", "None of these papers was found"),
        ("known=A+title+that+nobody+has&do=start", "no paper with this title in the library"),
        (&format!("known={many}&do=start"), "501 papers are more than 500"),
    ] {
        let reply = submit(&server, form);
        assert_eq!(reply.status, 422, "{form}: {}", reply.body);
        assert!(reply.body.contains("role=\"alert\"") && reply.body.contains(said), "{form}: {}", reply.body);
        for (typed, kept) in
            [("known=kept", ">\nkept"), ("=2401.99999", ">\n2401.99999"), ("=Nobody", "value=\"Nobody")]
        {
            assert!(!form.contains(typed) || reply.body.contains(kept), "{form}: {kept}");
        }
        assert!(history_is_absent(&server), "{form}");
    }
    let long = submit(&server, &format!("author={}&do=author", "x".repeat(1_001)));
    assert_eq!(long.status, 400);
    assert_eq!(
        submit(&server, "page=99999999999999999999&do=others").status,
        200,
        "after the last page comes the first"
    );
}

#[test]
fn an_empty_library_says_how_to_fill_it() {
    let server = Server::over(Sandbox::new(), &[]);
    let start = page(&server, "/start");
    assert!(start.contains("paperkin add papers.jsonl") && !start.contains("<textarea"), "{start}");
    assert_eq!(server.get("/v1/starters"), json!({"papers": [], "page": 1, "pages": 0}));
}

#[test]
fn each_profile_begins_for_itself() {
    let server = Server::start(&[]);
    for name in ["ann", "Zo%C3%AB%20%F0%9F%A6%86"] {
        assert_eq!(server.call("PUT", &format!("/v1/profiles/{name}"), &[JSON], "{}").status, 200);
    }
    assert_eq!(server.call("GET", "/start", &[], "").status, 409, "none of the two was chosen");
    let reply = server.call("GET", "/start?profile=Zo%C3%AB%20%F0%9F%A6%86", &[], "");
    let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
    let id = offered(&reply.body).0.remove(0);
    let begin = |shown: &str| {
        let body = format!("profile={shown}&pick={id}&do=start");
        server.call("POST", "/start", &[FORM, ("cookie", &cookie)], &body).status
    };
    assert_eq!((begin("ann"), begin("Zo%C3%AB+%F0%9F%A6%86")), (409, 200));
    assert!(history(&server, "ann").is_empty());
    // A paper of the history is offered no more.
    let again = server.call("GET", "/start", &[("cookie", &cookie)], "").body;
    assert!(
        !offered(&again).0.contains(&id) && again.contains("They are added to the paper of your history."),
        "{again}"
    );
}

//! The reading page, without JavaScript: forms, links, hostile papers.

use serde_json::json;

use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Reply, Server};

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Follows the answer of a form.
pub(crate) fn send(server: &Server, path: &str, form: &str) -> Reply {
    let reply = server.call("POST", path, &[FORM], form);
    // The client follows the redirection.
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply
}

pub(crate) fn page(server: &Server, path: &str) -> String {
    let reply = server.call("GET", path, &[], "");
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    assert!(reply.body.len() < 100_000, "{path} has {} bytes", reply.body.len());
    reply.body
}

/// What the page of the library says to an import.
fn import(server: &Server, papers: &str, file: &str, kind: &str) -> String {
    let part =
        |name: &str, value: &str| format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = format!("{}{}{}--x--\r\n", part("papers", papers), part("file", file), part("kind", kind));
    server.call("POST", "/library/import", &[("content-type", "multipart/form-data; boundary=x")], &body).body
}

/// The ids of the papers of a page that have no vote, in their order.
pub(crate) fn papers(page: &str) -> Vec<String> {
    let votes = page.split("name=\"vote\" value=\"like ").skip(1);
    votes.map(|rest| rest.split('"').next().unwrap().split_once(' ').unwrap().1.to_owned()).collect()
}

/// The id of the first paper of a page.
fn first(page: &str) -> String {
    papers(page).remove(0)
}

#[test]
fn every_view_of_an_empty_library() {
    let server = Server::over(Sandbox::new(), &[]);
    for path in ["/search", "/search?q=graphs", "/library", "/profiles", "/library/export.jsonl"] {
        assert_eq!(server.call("GET", path, &[], "").status, 200, "{path}");
    }
    assert!(page(&server, "/").contains("paperkin add papers.jsonl"));
    for asset in ["style.css", "page.js", "icon.svg", "icons.svg"] {
        assert_eq!(server.call("GET", &format!("/assets/{asset}"), &[], "").status, 200, "{asset}");
    }
    let missing = server.call("GET", "/paper/nowhere", &[], "");
    assert!(missing.status == 404 && missing.body.contains("Paper not found"), "{}", missing.body);
}

#[test]
fn a_search_says_how_close_its_results_are() {
    let server = Server::start(&[]);
    let good = page(&server, "/search?q=speech+recognition+for+whispers");
    assert!(good.contains("</meter> close</summary>") && !good.contains("nothing close"), "{good}");
    let bad = page(&server, "/search?q=apple+pie+with+cinnamon");
    assert!(bad.contains("</meter> far</summary>") && !bad.contains("</meter> close"), "{bad}");
    assert!(bad.contains("Nothing close in this library"), "{bad}");
}

#[test]
fn votes_stay_and_change_the_feed() {
    let server = Server::start(&[]);
    let begin = page(&server, "/");
    assert!(begin.contains("Three ways to start"));
    let found = page(&server, "/search?q=instruction+tuning&from=&to=&category=&source=");
    let id = first(&found);
    let voted = send(&server, "/vote", &format!("vote=like+p1+{id}&back=/search?q=instruction%2Btuning"));
    let undo = format!(r#"value="undo p1 {id}" aria-label="liked: undo" aria-pressed="true""#);
    assert!(voted.body.contains(&undo), "{}", voted.body);
    let feed = page(&server, "/");
    assert!(feed.contains("(liked)") && !feed.contains("Three ways"), "reasons name what was liked");
    let hidden = first(&feed);
    send(&server, "/vote", &format!("vote=hide+p1+{hidden}&back=/"));
    assert!(!papers(&page(&server, "/")).contains(&hidden));
    assert!(page(&server, "/library").contains("Hidden"));
    send(&server, "/vote", &format!("vote=undo+votes+{hidden}&back=/library"));
    assert!(papers(&page(&server, "/")).contains(&hidden));
    let feed = page(&server, "/");
    let field = |name: &str| {
        let field = feed.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
        field.replace('\n', "%0A")
    };
    let seen = format!("generation={}&papers={}", field("generation"), field("papers"));
    let late = server.sandbox.file("late.jsonl", r#"{"id":"late","title":"Added while somebody reads"}"#);
    assert_eq!(server.sandbox.run(&["add", &late]).code, 0);
    send(&server, "/done", &seen);
    let after = page(&server, "/");
    assert!(papers(&after) == ["late"] && after.matches("<li class=\"paper\"").count() == 1, "what nobody saw is new");
    send(&server, "/done", &format!("generation={}&papers=late", u64::MAX));
    assert!(page(&server, "/").contains("Nothing new"));
    assert!(page(&server, "/?again=1").contains("Last feed"));
}

#[test]
fn a_paper_has_neighbors_and_a_map() {
    let server = Server::start(&[]);
    let id = first(&page(&server, "/search?q=walking+robots"));
    let paper = page(&server, &format!("/paper/{id}?q=walking+robots"));
    assert!(paper.contains("<mark>"), "the sentence that matches is marked");
    assert_eq!(paper.matches("<li class=\"paper\"").count(), 12);
    assert_eq!(paper.matches("<circle class=\"y").count(), 12 + paper.matches("<svg viewBox=\"0 0 10 10\"").count());
}

#[test]
fn histories_come_in_and_go_out() {
    let server = Server::start(&[]);
    let id = first(&page(&server, "/search?q=speech"));
    let import = |papers: &str, file: &str, kind: &str| import(&server, papers, file, kind);
    let imported = import(&format!("{id}\r\nno <b>such</b> paper"), "", "read");
    assert!(
        imported.contains("1 imported as read, 1 stored until the library has them") && !imported.contains("<b>such"),
        "{imported}"
    );
    let imported =
        import("", r#"{"id":"2401.00009","title":"A new paper","abstract":"That a file has whole."}"#, "save");
    assert!(imported.contains("0 imported as save, 1 stored until"), "{imported}");
    let bibtex = server.call("GET", "/library/export.bib", &[], "").body;
    assert!(bibtex.contains("title = {A new paper}"), "{bibtex}");
    assert!(import(&bibtex, "", "like").contains("0 imported as like, 1 already in your history."));
    let many: String =
        (0..10_001).map(|number| format!("24{:02}.{:05}\n", number / 1000 % 12 + 1, number % 1000)).collect();
    let many = import(&many, "", "read");
    assert!(many.contains("1 more papers") && many.contains("<li>and ") && many.len() < 20_000, "{}", many.len());
    let cut = import("{\"id\": ", "", "like");
    assert!(cut.contains("the text, line 1: not JSON"), "{cut}");
    let exported = server.call("GET", "/library/export.jsonl", &[], "").body;
    assert!(exported.contains(&id) && exported.contains("\"kind\":\"read\""), "{exported}");
}

/// Chooses a profile by its address, and returns the cookie that a browser sends from then on.
pub(crate) fn choose(server: &Server, name: &str) -> String {
    let reply = server.call("GET", &format!("/?profile={name}"), &[], "");
    assert_eq!(reply.status, 200, "{name}: {}", reply.body);
    let (cookie, attributes) = reply.header("set-cookie").split_once("; ").unwrap();
    assert!(attributes.starts_with("HttpOnly; SameSite=Strict; Path=/"), "{attributes}");
    cookie.to_owned()
}

/// The ids in the history of a profile.
fn voted(server: &Server, name: &str) -> Vec<String> {
    let profile = server.get(&format!("/v1/profiles/{name}"));
    profile["history"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_profile_is_chosen_by_an_address_and_remembered_by_a_cookie() {
    let server = Server::start(&[]);
    send(&server, "/profiles/choose", "name=ann");
    let created = send(&server, "/profiles/choose", "name=Zo%C3%AB%3B+x%3Dy").body;
    assert!(created.contains("<a class=\"who\" href=\"/profiles\">Zoë; x=y</a>"), "{created}");
    let cookie = choose(&server, "Zo%C3%AB;%20x%3Dy");
    let theirs = server.call("GET", "/library", &[("cookie", &format!("{cookie}; theme=dark"))], "").body;
    assert!(theirs.contains("Library of Zoë; x=y") && theirs.contains("data-theme=\"dark\""), "{theirs}");
    // The address says more than the cookie.
    let ann = server.call("GET", "/?profile=ann", &[("cookie", &cookie)], "").body;
    assert!(ann.contains("<a class=\"who\" href=\"/profiles\">ann</a>"), "{ann}");
    send(&server, "/profiles/remove", "name=Zo%C3%AB%3B+x%3Dy");
    // One that is left needs no choice.
    send(&server, "/profiles/follow", "name=Di+Marsh");
    assert!(page(&server, "/profiles").contains("Di Marsh"));
    for (name, status, code) in [("nobody", 404, "profile_not_found"), ("", 400, "bad_request")] {
        let reply = server.call("GET", &format!("/?profile={name}"), &[], "");
        assert_eq!((reply.status, reply.header("set-cookie")), (status, ""), "{name}");
        assert_eq!(reply.json()["code"], code, "{name}");
    }
    assert_eq!(server.get("/v1/profiles"), json!({ "profiles": ["ann"] }));
}

#[test]
fn votes_never_go_to_another_profile() {
    let server = Server::start(&[]);
    for name in ["ann", "bob"] {
        assert_eq!(server.call("PUT", &format!("/v1/profiles/{name}"), &[JSON], "{}").status, 200);
    }
    let (ann, bob) = (choose(&server, "ann"), choose(&server, "bob"));
    let id = first(&server.call("GET", "/search?q=walking+robots", &[("cookie", &bob)], "").body);
    let vote = |cookie: &str, more: &str| {
        let form = format!("vote=like+p1+{id}&back=/assets/icon.svg{more}");
        let headers = [FORM, ("cookie", cookie)];
        server.call("POST", "/vote", &headers[..if cookie.is_empty() { 1 } else { 2 }], &form)
    };
    assert_eq!(vote(&bob, "&profile=bob").status, 200);
    assert_eq!((voted(&server, "ann"), voted(&server, "bob")), (vec![], vec![id.clone()]));
    assert_eq!(server.call("DELETE", "/v1/profiles/bob", &[], "").status, 204);
    assert_eq!(server.call("PUT", "/v1/profiles/eve", &[JSON], "{}").status, 200);

    let other_library = ann.replacen(&ann["profile=".len()..][..32], &"0".repeat(32), 1);
    let gone = "the profile `bob` no longer exists";
    let foreign = "the profile that this browser remembers belongs to another library";
    for (cookie, reason) in [
        (bob.as_str(), gone),
        (&other_library, foreign),
        ("profile=ann", foreign),
        ("", "this library has several profiles"),
    ] {
        let detail = format!("{reason}: choose a profile on the page `/profiles`");
        let headers = [FORM, ("cookie", cookie)];
        let headers = &headers[..if cookie.is_empty() { 1 } else { 2 }];
        let answered = vote(cookie, "");
        assert_eq!((answered.status, &answered.json()["code"]), (409, &json!("profile_required")), "{cookie}");
        assert_eq!(answered.json()["detail"], detail);
        for (path, form) in [
            ("/done", "generation=1&papers="),
            ("/profiles/follow", "name=Di+Marsh"),
            ("/profiles/unfollow", "name=Di+Marsh"),
            ("/profiles/renew", ""),
        ] {
            assert_eq!(server.call("POST", path, headers, form).status, 409, "{path} {cookie}");
        }
        let parts = "--x\r\ncontent-disposition: form-data; name=\"papers\"\r\n\r\n2401.00009\r\n--x--\r\n";
        let multipart = [&[("content-type", "multipart/form-data; boundary=x")], &headers[1..]].concat();
        assert_eq!(server.call("POST", "/library/import", &multipart, parts).status, 409, "{cookie}");
        // Whoever has chosen nothing yet can read, but not vote.
        let search = ["/search?q=robots"];
        for path in
            ["/", "/library", "/library/export.jsonl"].iter().chain(search.iter().filter(|_| !cookie.is_empty()))
        {
            let html = [&headers[1..], &[("accept", "text/html")]].concat();
            let asked = server.call("GET", path, &html, "");
            assert_eq!(asked.status, 409, "{path} {cookie}");
            assert!(asked.body.contains("<a href=\"/profiles\">Choose a profile</a>"), "{}", asked.body);
        }
        let profiles = server.call("GET", "/profiles", &headers[1..], "");
        assert!(profiles.status == 200 && profiles.body.contains(reason), "{}", profiles.body);
    }
    let searched = server.call("GET", "/search?q=robots", &[], "");
    assert!(searched.status == 200 && searched.body.contains("name=\"profile\" value=\"\""), "{}", searched.body);
    assert_eq!(server.call("GET", &format!("/paper/{id}"), &[], "").status, 200);
    assert_eq!(vote("", "&profile=").status, 409);
    // The page of one profile stays open, and another one is chosen.
    let stale = vote(&ann, "&profile=eve");
    assert_eq!(stale.status, 409);
    let detail =
        "the page was opened for the profile `eve`, and now it is `ann`: choose a profile on the page `/profiles`";
    assert_eq!(stale.json()["detail"], detail);
    for (path, form) in [
        ("/profiles/follow", "name=Di+Marsh&profile=eve"),
        ("/profiles/unfollow", "name=Di+Marsh&profile=eve"),
        ("/profiles/renew", "profile=eve"),
        ("/done", "generation=1&papers=&profile=eve"),
        ("/unseen", "papers=&profile=eve"),
    ] {
        let stale = server.call("POST", path, &[FORM, ("cookie", &ann)], form);
        assert_eq!((stale.status, &stale.json()["detail"]), (409, &json!(detail)), "{path}");
    }
    let profiles = server.call("GET", "/profiles", &[("cookie", &ann)], "").body;
    let carried = "<input type=\"hidden\" name=\"profile\" value=\"ann\">";
    assert!(profiles.contains(&format!("action=\"/profiles/follow\">{carried}")), "{profiles}");
    assert!(profiles.contains(&format!("action=\"/profiles/renew\">{carried}")), "{profiles}");
    assert_eq!(server.get("/v1/profiles"), json!({ "profiles": ["ann", "eve"] }));
    assert_eq!((voted(&server, "ann"), voted(&server, "eve")), (vec![], vec![]));
}

#[test]
fn hostile_papers_are_text() {
    let sandbox = Sandbox::new();
    let hostile = r#"{"id":"<script>alert(1)</script>","title":"<script>alert('title')</script> $\\alpha$","abstract":"\"><img src=x onerror=alert(2)> \u202eright to left","authors":["<b>bold</b>"],"source":"</li>","url":"javascript:alert(3)"}"#;
    let file = sandbox.file("hostile.jsonl", hostile);
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    let server = Server::over(sandbox, &[]);
    let found = page(&server, "/search?q=%3Cscript%3Ealert(4)%3C/script%3E");
    let id = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E";
    send(&server, "/vote", &format!("vote=save+p1+{id}&back=/library"));
    for page in [found, page(&server, "/"), page(&server, &format!("/paper/{id}")), page(&server, "/library")] {
        for bad in ["<script>", "<img", "<b>", "javascript:", "</li>\""] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
    }
    let policy = &server.call("GET", "/", &[], "").headers["content-security-policy"];
    assert!(policy.to_str().unwrap().starts_with("default-src 'self'"));
}

#[test]
fn problems_are_pages_for_people() {
    let server = Server::start(&[]);
    for (path, status) in [("/paper/nothing", 404), ("/nowhere", 404), ("/search?q=a&from=soon", 400)] {
        let of = |accept: &str| server.call("GET", path, &[("accept", accept)], "");
        let (page, problem) = (of("text/html,*/*"), of("*/*"));
        assert_eq!((page.status, problem.status), (status, status), "{path}");
        assert!(page.header("content-type").starts_with("text/html") && page.body.contains("<nav"), "{path}");
        assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
    }
}

#[test]
fn a_paper_says_what_it_has_of_what_was_liked() {
    let server = Server::start(&[]);
    let found = page(&server, "/search?q=walking%20robots");
    let ids = papers(&found);
    let (liked, other) = (&ids[0], &ids[1]);
    let paper = format!("/paper/{other}");
    assert!(!page(&server, &paper).contains("<mark>"), "nothing was liked yet");
    send(&server, "/vote", &format!("vote=like+p1+{liked}&back=/"));
    let read = page(&server, &paper);
    assert!(read.contains("<mark>") && read.contains("(liked)"), "{read}");
}

#[test]
fn the_theme_is_switched_on_the_same_page() {
    let server = Server::start(&[]);
    let found = page(&server, "/search?q=a%26b");
    assert!(found.contains(r#"name="back" value="/search?q=a%26b""#), "{found}");
    let there = send(&server, "/theme", "theme=dark&back=/search?q=robots");
    assert!(there.body.contains("<title>robots"), "{}", there.body);
    // An import is no place to come back to.
    let imported = import(&server, "nothing", "", "read");
    assert!(imported.contains(r#"name="back" value="">"#), "{imported}");
}

#[test]
fn assets_are_sent_once() {
    let server = Server::over(Sandbox::new(), &[]);
    let tag = |name: &str| server.call("GET", &format!("/assets/{name}"), &[], "").header("etag").to_owned();
    assert_ne!(tag("style.css"), tag("page.js"));
    let known = [("if-none-match", &*tag("page.js"))];
    let again = server.call("GET", "/assets/page.js", &known, "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    // Under the address that pages name, a browser does not even ask.
    let profiles = page(&server, "/profiles");
    let named = profiles.split("href=\"/assets/style.css?").nth(1).unwrap().split('"').next().unwrap();
    let caching = |query: &str| {
        server.call("GET", &format!("/assets/style.css{query}"), &[], "").header("cache-control").to_owned()
    };
    assert_eq!(caching(&format!("?{named}")), "public, max-age=31536000, immutable");
    assert_eq!((caching(""), caching("?old")), ("no-cache".to_owned(), "no-cache".to_owned()));
}

#[test]
fn other_sites_cannot_vote() {
    let server = Server::start(&[]);
    let foreign = server.call("POST", "/vote", &[FORM, ("origin", "https://elsewhere.example")], "vote=like+p1+a");
    assert_eq!(foreign.status, 403);
}

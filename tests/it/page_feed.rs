//! The feed of the page: its size, groups, and what is marked as seen.

use crate::page::{page, papers, send};
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
    field.replace('\n', "%0A")
}

/// A server with a reader who likes a paper.
fn with_history() -> Server {
    let server = Server::over(Sandbox::with_walking_papers(), &[]);
    let liked = papers(&page(&server, "/search?q=walking+robots")).remove(0);
    send(&server, "/vote", &format!("vote=like+p1+{liked}&back=/"));
    server
}

#[test]
fn a_feed_is_small_in_both_densities() {
    let server = with_history();
    for density in ["full", "compact"] {
        let cookie = format!("density={density}");
        let feed = server.call("GET", "/", &[("cookie", &cookie)], "").body;
        assert_eq!(papers(&feed).len(), 10);
        assert!(feed.len() < 30_000, "{density}: {} bytes", feed.len());
        assert!(!feed.contains("src=\"http") && feed.matches("<script").count() == 1, "{feed}");
    }
}

#[test]
fn what_is_above_can_be_marked_as_seen_and_brought_back() {
    let server = with_history();
    let feed = page(&server, "/");
    let shown = papers(&feed);
    // Groups count what is above them.
    let above: Vec<usize> = feed
        .split("formaction=\"/done\" name=\"above\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect();
    assert!(above.len() > 1 && above.is_sorted() && above.last() == Some(&10), "{above:?}");
    // Each group but the first has a button for what is above it, and there is one at the end.
    assert_eq!(feed.matches("<h2>").count(), above.len());

    let count = above[0];
    let form = format!("generation={}&papers={}&profile=me", field(&feed, "generation"), field(&feed, "papers"));
    let marked = send(&server, "/done", &format!("{form}&above={count}")).body;
    let left = papers(&marked);
    assert!(shown[..count].iter().all(|id| !left.contains(id)), "{left:?}");
    assert!(shown[count..].iter().all(|id| left.contains(id)), "{left:?}");
    let said =
        if count == 1 { "1 paper is marked as seen".to_owned() } else { format!("{count} papers are marked as seen") };
    assert!(marked.contains(&said), "{marked}");
    let undo = format!("papers={}&looks={}&profile=me", field(&marked, "papers"), field(&marked, "looks"));
    assert_eq!(papers(&send(&server, "/unseen", &undo).body), shown);

    // The whole feed, and back.
    let marked = send(&server, "/done", &form).body;
    assert!(marked.contains("Everything is marked as seen") && marked.contains("Nothing new"), "{marked}");
    let undo = format!("papers={}&looks={}&profile=me", field(&marked, "papers"), field(&marked, "looks"));
    assert_eq!(papers(&send(&server, "/unseen", &undo).body), shown);
}

#[test]
fn papers_are_grouped_by_day_and_by_interest() {
    let today = jiff::Zoned::now().date();
    let yesterday = today.yesterday().unwrap();
    let sandbox = Sandbox::new();
    let paper = |id: &str, title: &str, day: &str| {
        format!("{{\"id\":\"{id}\",\"title\":\"{title}\",\"listed\":\"{day}\",\"source\":\"arxiv\"}}\n")
    };
    let papers_of_days = [
        paper("a", "Robots that walk", &yesterday.to_string()),
        paper("b", "Robots that climb", &today.to_string()),
        paper("c", "Speech of whispers", "2021-03-04"),
    ];
    sandbox.run_with_input(&["add", "-"], papers_of_days.concat());
    let server = Server::over(sandbox, &[]);
    let feed = page(&server, "/");
    let headings: Vec<&str> = feed.split("<h2>").skip(1).map(|rest| rest.split("</h2>").next().unwrap()).collect();
    assert_eq!(headings, ["Today", "Yesterday", "2021"]);
    assert_eq!(papers(&feed), ["b", "a", "c"]);
}

#[test]
fn a_feed_has_pages() {
    let server = with_history();
    let first = page(&server, "/");
    assert!(first.contains("<a href=\"/?page=2\" rel=\"next\">"), "{first}");
    let second = page(&server, "/?page=2");
    assert!(second.contains("<a href=\"/\" rel=\"prev\">"), "{second}");
    assert!(papers(&second).iter().all(|id| !papers(&first).contains(id)));
    let (mut all, mut number) = ([papers(&first), papers(&second)].concat(), 2);
    while page(&server, &format!("/?page={number}")).contains("rel=\"next\"") {
        number += 1;
        all.extend(papers(&page(&server, &format!("/?page={number}"))));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    // Some of the 39 are nearly the same.
    assert!(count == all.len() && (20..=39).contains(&count), "{all:?}");
}

#[test]
fn a_feed_document_leads_to_the_page_of_its_profile() {
    let server = Server::start(&[]);
    send(&server, "/profiles/choose", "name=Zo%C3%AB");
    send(&server, "/profiles/renew", "");
    let profiles = page(&server, "/profiles");
    let address = profiles.split("href=\"/feeds/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let document = server.call("GET", &format!("/feeds/{address}"), &[], "").body;
    assert!(document.contains(&format!("http://{}/?profile=Zo%C3%AB", server.address)), "{document}");
}

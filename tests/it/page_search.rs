//! Search on the page: counts, pages, order, facets, and what leads on when nothing is found.

use crate::page::{page, papers};
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

/// 60 papers on lamps by two authors, of three years, and one on soup.
fn lamps() -> Server {
    let sandbox = Sandbox::new();
    let paper = |number: usize| {
        let (year, author) = (2021 + number % 3, if number.is_multiple_of(2) { "Ada Oak" } else { "Ben Elm" });
        let (source, category) = if number < 20 { ("arxiv", "cs.CL") } else { ("hf-daily", "cs.RO") };
        format!(
            "{{\"id\":\"lamp-{number}\",\"title\":\"Lamps of glass, part {number}\",\"abstract\":\"Lamps of glass shine in the night.\",\"authors\":[\"{author}\"],\"published\":\"{year}-{:02}-01\",\"categories\":[\"{category}\"],\"source\":\"{source}\"}}\n",
            1 + number % 12
        )
    };
    let soup = "{\"id\":\"soup\",\"title\":\"Soup\",\"abstract\":\"We cook soup with beans.\",\"authors\":[\"Cy Ash\"],\"published\":\"2020-01-01\",\"source\":\"arxiv\"}\n";
    let run = sandbox.run_with_input(&["add", "-"], (0..60).map(paper).collect::<String>() + soup);
    assert_eq!(run.code, 0, "{}", run.err);
    Server::over(sandbox, &[])
}

#[test]
fn the_search_box_is_on_every_page() {
    let server = Server::start(&[]);
    let id = papers(&page(&server, "/search?q=robots")).remove(0);
    for path in ["/", "/search", "/library", "/profiles", &format!("/paper/{id}")] {
        let page = page(&server, path);
        assert_eq!(page.matches("role=\"search\" action=\"/search\"").count(), 1, "{path}");
        assert_eq!(page.matches("name=\"q\" type=\"search\"").count(), 1, "{path}");
    }
    let missing = server.call("GET", "/nowhere", &[("accept", "text/html")], "").body;
    assert!(missing.contains("role=\"search\""), "{missing}");
    assert!(page(&server, "/search?q=a%26b").contains("type=\"search\" value=\"a&#38;b\""));
}

#[test]
fn results_are_counted_paged_and_sorted() {
    let server = lamps();
    let found = page(&server, "/search?q=lamps+of+glass");
    assert!(found.contains("<h2>60 papers, close or related</h2>"), "{found}");
    assert!(
        found.contains("1 more paper is far from this: <a href=\"/search?q=lamps%20of%20glass&#38;far=1\">"),
        "{found}"
    );
    let mut all: Vec<String> = Vec::new();
    for (number, next) in [(1, true), (2, true), (3, false)] {
        let found = page(&server, &format!("/search?q=lamps+of+glass&page={number}"));
        all.extend(papers(&found));
        assert_eq!(found.contains("rel=\"next\""), next, "{found}");
        assert_eq!(found.contains("rel=\"prev\""), number > 1);
    }
    let ranked: Vec<String> = server.get("/v1/search?q=lamps+of+glass&limit=60")["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["paper"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(all, ranked, "the order is that of the ranking");
    let by_date = page(&server, "/search?q=lamps+of+glass&sort=date");
    let dates: Vec<&str> = by_date.split("</a> · 20").skip(1).map(|rest| rest.split(" · ").next().unwrap()).collect();
    assert!(dates.len() == 20 && dates.is_sorted_by(|one, next| one >= next), "{dates:?}");
    assert!(by_date.contains("<strong>by date</strong>") && by_date.contains("sort=date&#38;page=2"), "{by_date}");
    assert!(page(&server, "/search?q=lamps+of+glass&far=1").contains("<h2>61 papers</h2>"));
}

#[test]
fn facets_are_filters_with_counts() {
    let server = lamps();
    let found = page(&server, "/search?q=lamps+of+glass");
    for (name, value, count, address) in [
        ("Year", "2023", 20, "year=2023"),
        ("Category", "cs.RO", 40, "category=cs%2ERO"),
        ("Source", "arXiv", 20, "source=arxiv"),
        ("Author", "Ada Oak", 30, "author=Ada%20Oak"),
    ] {
        let facet = found.split(&format!("<h2>{name}</h2>")).nth(1).unwrap().split("</ul>").next().unwrap();
        let link = format!("<a href=\"/search?q=lamps%20of%20glass&#38;{address}\">{value} <span>{count}</span></a>");
        assert!(facet.contains(&link), "{link} in {facet}");
        let narrowed = page(&server, &format!("/search?q=lamps+of+glass&{address}"));
        assert!(narrowed.contains(&format!("<h2>{count} papers, close or related</h2>")), "{narrowed}");
        assert!(narrowed.contains("aria-current=\"true\">× "), "a filter can be taken back: {narrowed}");
    }
    let two = page(&server, "/search?q=lamps+of+glass&author=Ada+Oak&year=2023");
    assert!(two.contains("<h2>10 papers, close or related</h2>"), "{two}");
    let listed = page(&server, "/search?q=author:%22Cy+Ash%22");
    assert!(listed.contains("<h2>1 paper</h2>") && !listed.contains("<h2>Author</h2>"), "{listed}");
}

#[test]
fn empty_states_lead_on() {
    let empty = Server::over(Sandbox::new(), &[]);
    let server = lamps();
    let of = |server: &Server, path: &str| server.call("GET", path, &[("accept", "text/html")], "").body;
    for shown in [
        of(&empty, "/"),
        of(&empty, "/search"),
        of(&empty, "/search?q=lamps"),
        of(&server, "/search?q=lamps&year=1999"),
        of(&server, "/nowhere"),
        of(&server, "/paper/nothing"),
    ] {
        for way in [
            "href=\"/library#import\"",
            "<code>paperkin add papers.jsonl</code>",
            "<code>paperkin fetch hf-daily</code>",
        ] {
            assert!(shown.contains(way), "{way} in {shown}");
        }
    }
    let filtered = of(&server, "/search?q=lamps&year=1999");
    assert!(filtered.contains("No papers match these filters. <a href=\"/search?q=lamps\">"), "{filtered}");
    assert!(of(&server, "/library").contains("id=\"import\""));
}

#[test]
fn an_id_that_is_missing_can_be_added() {
    let server = lamps();
    let found = page(&server, "/search?q=https://arxiv.org/abs/2401.99999");
    assert!(found.contains("2401.99999 is not in the library."), "{found}");
    assert!(found.contains("<code>paperkin add 2401.99999</code>"), "{found}");
    let missing = server.call("GET", "/paper/2401.99999", &[("accept", "text/html")], "");
    assert!(missing.status == 404 && missing.body.contains("<code>paperkin add 2401.99999</code>"), "{}", missing.body);
    assert!(!page(&server, "/search?q=lamps").contains("paperkin add"));
}

#[test]
fn notes_are_shown() {
    let server = Server::start(&[]);
    let found = page(&server, "/search?q=zzyzx+qwrtp");
    assert!(found.contains("No title or abstract has a word of this text."), "{found}");
    let german = page(&server, "/search?q=Wie+lernen+Roboter+das+Laufen+auf+unebenem+Boden");
    assert!(german.contains("The model reads English, and this text looks like German"), "{german}");
    assert!(!page(&server, "/search?q=walking+robots").contains("state note"));
}

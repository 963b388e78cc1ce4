//! How the page looks in a real browser: sizes, nothing that overlaps or jumps, accessibility, speed.

use serde_json::{Value, json};

use crate::page::{page, papers, send};
use crate::page_paper::crowd;
use crate::support::browser::Browser;
use crate::support::prerequisites;
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

fn set_cookie(browser: &Browser, name: &str, value: &str) {
    browser.command("cookie", json!({"cookie": {"name": name, "value": value, "path": "/"}}));
}

/// A server with a reader who has liked, saved and imported papers.
fn with_history() -> Server {
    let server = Server::over(Sandbox::with_walking_papers(), &[]);
    let ids = papers(&page(&server, "/search?q=walking+robots"));
    send(&server, "/vote", &format!("vote=like+p1+{}&back=/", ids[0]));
    send(&server, "/vote", &format!("vote=save+p2+{}&back=/", ids[1]));
    server
}

#[test]
fn a_compact_page_has_six_papers_and_a_tab_moves_nothing() {
    let server = with_history();
    let Some(browser) = Browser::open(&server.address) else { return };
    browser.resize(1280, 900);
    browser.go("/");
    set_cookie(&browser, "density", "compact");
    let visible = "return [...document.querySelectorAll('.papers .paper')].filter(paper => paper.getBoundingClientRect().bottom <= 900).length";
    for path in ["/", "/search?q=walking+robots&far=1", "/search?q=learning&far=1"] {
        browser.go(path);
        let visible = browser.run(visible).as_u64().unwrap();
        assert!(visible >= 6, "{path}: {visible} papers on a screen");
    }
    // The abstract is folded, and all facts are on one line.
    browser.go("/search?q=learning&far=1");
    assert_eq!(
        browser.run("return document.querySelector('.abstract p').checkVisibility({contentVisibilityAuto: true})"),
        json!(false)
    );
    let heights = "return [...document.querySelectorAll('.papers .facts')].filter(line => line.getBoundingClientRect().height > 30).length";
    assert_eq!(browser.run(heights), json!(0), "a line is broken");

    // The header and the beginning of the text are where they were.
    let place = "return JSON.stringify([...document.querySelectorAll('header a, header form, h1')].map(part => { const place = part.getBoundingClientRect(); return [part.tagName, Math.round(place.x), Math.round(place.y)]; }))";
    let mut places: Vec<(String, Value)> = Vec::new();
    for path in ["/", "/search", "/search?q=robots", "/library", "/profiles"] {
        browser.go(path);
        places.push((path.to_owned(), browser.run(place)));
    }
    for (path, place) in &places {
        assert_eq!(place, &places[0].1, "{path}");
    }
}

#[test]
fn fingers_find_their_targets() {
    let server = with_history();
    let Some(browser) = Browser::open(&server.address) else { return };
    browser.resize(390, 844);
    let first = papers(&page(&server, "/")).remove(0);
    // Links within a sentence are exempt, and so are the dots of the map, whose papers are in the list too.
    let small = "return [...document.querySelectorAll('a, button, summary, select, input:not([type=hidden]):not([type=checkbox]), textarea')]\
        .filter(part => part.checkVisibility() && !part.matches('.skip, .state p a, .state li a, section > p a, .map a'))\
        .map(part => [part.outerHTML.slice(0, 120), part.getBoundingClientRect()])\
        .filter(([, place]) => place.width > 0 && (place.width < 43.9 || place.height < 43.9))\
        .map(([part, place]) => `${part} ${place.width} x ${place.height}`)";
    for density in ["full", "compact"] {
        browser.go("/");
        set_cookie(&browser, "density", density);
        for path in ["/", "/search?q=walking+robots", &format!("/paper/{first}"), "/library", "/profiles", "/start"] {
            browser.go(path);
            assert_eq!(browser.run("return window.innerWidth"), json!(390));
            assert_eq!(browser.run(small), json!([]), "{path}, {density}");
            assert_eq!(
                browser.run("return document.documentElement.scrollWidth > 390"),
                json!(false),
                "{path} is wider"
            );
        }
    }
}

#[test]
fn labels_of_the_map_do_not_overlap() {
    let server = with_history();
    let Some(browser) = Browser::open(&server.address) else { return };
    let overlaps = "const places = [...document.querySelectorAll('.map text')].map(text => text.getBoundingClientRect());\
        return [places.length, places.filter((one, index) => places.slice(0, index).some(other =>\
            one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 3 && other.top < one.bottom - 3)).length]";
    for (width, height) in [(390, 844), (1280, 900)] {
        browser.resize(width, height);
        for id in papers(&page(&server, "/?again=1")).iter().take(5) {
            browser.go(&format!("/paper/{id}"));
            let counts = browser.run(overlaps);
            assert!(counts[0].as_u64().unwrap() > 12 && counts[1] == json!(0), "{id}: {counts}");
        }
    }
    // On a desktop the map is beside the list.
    let beside = "return document.querySelector('.map').getBoundingClientRect().left >= document.querySelector('.near').getBoundingClientRect().right";
    assert_eq!(browser.run(beside), json!(true));
}

#[test]
fn an_abstract_is_above_the_fold_whoever_wrote_it() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run_with_input(&["add", "-"], crowd()).code, 0);
    let server = Server::over(sandbox, &[]);
    let Some(browser) = Browser::open(&server.address) else { return };
    browser.resize(1280, 720);
    browser.go("/paper/crowd");
    let top =
        browser.run("return document.querySelector('.whole .text').getBoundingClientRect().top").as_f64().unwrap();
    assert!(top < 320.0, "the abstract begins at {top}");
}

#[test]
fn rows_of_the_library_are_one_line_each() {
    let server = with_history();
    let untitled = server.sandbox.file("u.jsonl", r#"{"id":"untitled","abstract":"We light lamps of glass, and they shine for a long time, longer than lamps of paper, and nobody knows why they do it so well."}"#);
    assert_eq!(server.sandbox.run(&["add", &untitled]).code, 0);
    send(&server, "/vote", "vote=save+p1+untitled&back=/library");
    let Some(browser) = Browser::open(&server.address) else { return };
    for (width, rows) in [(1280, 1), (390, 3)] {
        browser.resize(width, 900);
        browser.go("/library");
        let script = "return [...document.querySelectorAll('.lines li')].map(row => { const [title, day, button] = row.children; const [a, b, c] = [title, day, button].map(part => part.getBoundingClientRect()); return [a.width, a.height, c.width, c.height, b.height]; })";
        for row in browser.run(script).as_array().unwrap() {
            let number = |index: usize| row[index].as_f64().unwrap();
            assert!(number(0) > 200.0, "the title is squeezed: {row}");
            assert!(number(2) > 50.0 && number(3) < 48.0 && number(4) < 30.0, "{row}");
            assert!(number(1) <= 30.0 * f64::from(rows) + 20.0, "{width}: {row}");
        }
    }
}

#[test]
fn pages_are_accessible() {
    let Some(axe) = prerequisites::axe() else { return };
    let axe = std::fs::read_to_string(axe).unwrap();
    let server = with_history();
    let Some(browser) = Browser::open(&server.address) else { return };
    let first = papers(&page(&server, "/")).remove(0);
    for (width, height) in [(390, 844), (1280, 900)] {
        browser.resize(width, height);
        for (theme, density) in [("light", "full"), ("dark", "compact"), ("light", "compact"), ("dark", "full")] {
            browser.go("/");
            set_cookie(&browser, "theme", theme);
            set_cookie(&browser, "density", density);
            let paper = format!("/paper/{first}?q=robots");
            for path in [
                "/",
                "/search",
                "/search?q=walking+robots&year=2023..",
                "/search?q=x&year=1999",
                &paper,
                "/library",
                "/profiles",
                "/?seen=a",
                "/start",
            ] {
                browser.go(path);
                let violations = browser.violations(&axe);
                assert_eq!(violations, json!([]), "{path}, {width} px, {theme}, {density}");
            }
        }
    }
}

#[test]
fn pages_ask_no_other_host() {
    let server = with_history();
    let Some(browser) = Browser::open(&server.address) else { return };
    for path in ["/", "/search?q=walking+robots", "/library"] {
        browser.go(path);
        browser.wait("performance.getEntriesByName('first-contentful-paint').length");
        let foreign = "return performance.getEntriesByType('resource').filter(one => !one.name.startsWith(location.origin)).length";
        assert_eq!(browser.run(foreign), json!(0), "{path}");
    }
}

#[test]
fn keys_show_a_whole_abstract_and_take_votes_back() {
    let server = Server::start(&[]);
    let Some(browser) = Browser::open(&server.address) else { return };
    browser.go("/search?q=walking+robots");
    let length = "document.querySelector('#p1 .abstract p').innerText.length";
    assert!(browser.run(&format!("return {length}")).as_u64().unwrap() < 260);
    browser.press("ja");
    browser.wait(&format!("{length} > 400"));
    browser.press("s");
    browser.wait("document.querySelector('#p1 button[aria-pressed=true]')?.value.startsWith('undo ')");
    browser.press("u");
    browser.wait("!document.querySelector('#p1 button[aria-pressed=true]')");
    browser.press("m");
    browser.wait("location.pathname.startsWith('/paper/') && location.hash === '#near'");
    browser.press("/");
    assert_eq!(browser.run("return document.activeElement.name"), json!("q"));
}

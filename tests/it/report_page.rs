//! The page of a report in a real browser, opened from disk.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::prerequisites::axe;
use crate::support::sandbox::{Sandbox, listing};

/// A report of the examples.
fn page(sandbox: &Sandbox) -> PathBuf {
    let out = sandbox.folder.path().join("report");
    let run = sandbox.run(&["report", "--papers", listing(), "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    out.join("report.html")
}

fn open(browser: &Browser, page: &Path, more: &str) {
    // Another page first: an address that differs in its end alone is not loaded anew.
    browser.command("url", json!({"url": "about:blank"}));
    browser.command("url", json!({"url": format!("file://{}{more}", page.display())}));
    browser.wait("document.documentElement.dataset.ready");
}

#[test]
fn the_page_shows_searches_and_links() {
    let sandbox = Sandbox::new();
    let Some(browser) = Browser::open("localhost") else { return };
    let page = page(&sandbox);
    browser.resize(1280, 900);
    for renderer in ["", "?renderer=2d"] {
        open(&browser, &page, renderer);
        assert!(browser.text().contains("40 papers"), "{}", browser.text());
        // A search lists what it finds; the first opens with Enter.
        browser.run("document.querySelector('#words').focus()");
        browser.press("kitch hands");
        browser.wait("document.querySelector('#view').innerText.includes('Kitchen Hands')");
        browser.run("document.querySelector('#view .papers a').click()");
        browser.wait("location.hash.startsWith('#id=')");
        browser.wait("document.querySelector('#view h2, #view-title').innerText.includes('Kitchen Hands')");
        assert!(browser.text().contains("260 hours of unscripted cooking"), "{}", browser.text());
        // Back to the search, and to the overview.
        browser.command("back", json!({}));
        browser.wait("location.hash.startsWith('#search=')");
        let requests = "return performance.getEntriesByType('resource').length";
        assert_eq!(browser.run(requests), json!(0), "the page needs nothing else");
    }
}

#[test]
fn groups_are_lists_and_addresses() {
    let sandbox = Sandbox::new();
    let Some(browser) = Browser::open("localhost") else { return };
    let page = page(&sandbox);
    browser.resize(1280, 900);
    open(&browser, &page, "#group=1.1");
    browser.wait("!document.querySelector('#view').hidden");
    let papers = browser.run("return document.querySelectorAll('#view .papers[aria-label] > li').length");
    let expected = std::fs::read_to_string(page.with_file_name("groups.jsonl")).unwrap();
    let largest: Value = serde_json::from_str(expected.lines().next().unwrap()).unwrap();
    assert_eq!(papers, largest["papers"], "{}", browser.text());
    // The map is moved by keys.
    browser.run("document.querySelector('#ink').focus()");
    browser.press("+");
    browser.press("0");
    assert_eq!(browser.run("return document.activeElement.id"), json!("ink"));
}

#[test]
fn without_a_map_the_lists_are_there() {
    let sandbox = Sandbox::new();
    let Some(browser) = Browser::open("localhost") else { return };
    let out = sandbox.folder.path().join("report");
    let args = ["report", "--papers", listing(), "--include", "groups", "--out", out.to_str().unwrap()];
    assert_eq!(sandbox.run(&args).code, 0);
    open(&browser, &out.join("report.html"), "#group=7.7");
    assert!(browser.text().contains("There is no group 7.7 in this report."), "{}", browser.text());
    assert_eq!(browser.run("return document.querySelector('#map').offsetParent"), json!(null));
    assert_eq!(browser.run("return document.querySelectorAll('.groups a').length > 1"), json!(true));
}

#[test]
fn the_page_is_accessible_in_both_themes() {
    let Some(axe) = axe() else { return };
    let sandbox = Sandbox::new();
    let Some(browser) = Browser::open("localhost") else { return };
    let page = page(&sandbox);
    let axe = std::fs::read_to_string(axe).unwrap();
    for (width, height) in [(390, 844), (1280, 900)] {
        browser.resize(width, height);
        for more in ["", "#group=1.1", "#search=learning"] {
            for _theme in 0..2 {
                open(&browser, &page, more);
                let violations = browser.violations(&axe);
                assert_eq!(violations, json!([]), "{width} px, {more}");
                let sideways = browser.run("return document.documentElement.scrollWidth > window.innerWidth");
                assert_eq!(sideways, json!(false), "{width} px, {more}");
                browser.run("document.querySelector('#theme').click()");
            }
        }
    }
}

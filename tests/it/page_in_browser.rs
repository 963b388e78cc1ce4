//! The reading page in a real browser. Screenshots go to `target/screenshots`.

use std::path::PathBuf;

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

#[test]
fn a_morning_with_the_page() {
    let sandbox = Sandbox::with_papers();
    sandbox.add_walking_papers();
    let server = Server::over(sandbox, &[]);
    let Some(browser) = Browser::open(&server.address) else { return };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();

    browser.go("/");
    assert!(browser.text().contains("Three ways to start"));
    browser.photograph(&folder, "begin");

    // Search as one types, and vote with the keys.
    browser.go("/search");
    browser.run("document.querySelector('input[name=q]').focus()");
    browser.press("walking robots");
    browser.wait("document.querySelectorAll('.paper').length > 1");
    browser.wait("location.search.includes('robots')");
    browser.command("refresh", json!({}));
    browser.press("jl");
    browser.wait("document.querySelector('#p1 button[aria-label=\"liked: undo\"]')");
    assert_eq!(browser.run("return document.getElementById('status').textContent"), json!("Liked"));
    browser.command("refresh", json!({}));
    browser.wait("document.querySelector('#p1 button[aria-label=\"liked: undo\"]')");
    browser.photograph(&folder, "search");

    // The feed knows of the vote; what is hidden is gone when it is opened again.
    browser.go("/");
    assert!(browser.text().contains("(liked)"));
    browser.photograph(&folder, "feed");
    let first = "document.querySelector('#p1 button[name=vote]').value";
    let hidden = browser.run(&format!("return {first}"));
    browser.press("jx");
    browser.wait("document.querySelector('#p1').classList.contains('gone')");
    browser.command("refresh", json!({}));
    assert!(browser.run(&format!("return {first}")) != hidden);

    // A paper, and from there to a neighbor.
    browser.press("jm");
    browser.wait("document.querySelectorAll('.map circle').length > 5");
    browser.photograph(&folder, "paper");

    browser.go("/library");
    browser.run("document.querySelector('textarea').value = 'Touch Before You Look: Tactile Exploration for Grasping in Clutter'; document.querySelector('form[action=\"/library/import\"]').submit()");
    browser.wait("document.body.innerText.includes('1 imported as read')");
    browser.photograph(&folder, "library");

    browser.go("/profiles");
    browser.run("document.querySelector('form[action=\"/profiles/renew\"]').submit()");
    browser.wait("document.querySelector('a[href^=\"/feeds/\"]')");
    browser.photograph(&folder, "profiles");
    let script = "const done = arguments[0]; fetch(document.querySelector('a[href^=\"/feeds/\"]').href).then(a => a.text()).then(done)";
    let atom = browser.command("execute/async", json!({"script": script, "args": []}));
    assert!(atom.as_str().unwrap().contains("<entry>"), "{atom}");
}

//! The page of a paper: authors, abstract, the map; and rows of the library.

use crate::page::{page, papers, send};
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

/// A server over papers in JSON lines.
fn over(papers: &str) -> Server {
    let sandbox = Sandbox::new();
    let run = sandbox.run_with_input(&["add", "-"], papers);
    assert_eq!(run.code, 0, "{}", run.err);
    Server::over(sandbox, &[])
}

/// A paper by 3,000 authors.
pub(crate) fn crowd() -> String {
    let authors: Vec<String> = (1..=3000).map(|number| format!("\"Author {number}\"")).collect();
    let text = "We collide lamps. ".repeat(40);
    format!(
        "{{\"id\":\"crowd\",\"title\":\"Lamps collide\",\"abstract\":\"{text}\",\"authors\":[{}]}}\n",
        authors.join(",")
    )
}

#[test]
fn ten_authors_are_named_and_all_can_be_seen() {
    let server = over(&crowd());
    let paper = page(&server, "/paper/crowd");
    let (before, all) = paper.split_once("<details class=\"authors\"><summary>all 3000</summary>").unwrap();
    assert!(before.contains(">Author 10</a> and 2990 more"), "{before}");
    assert!(!before.contains("Author 11<"), "{before}");
    let (all, after) = all.split_once("</details>").unwrap();
    assert!(all.contains("<a href=\"/search?q=author:%22Author+11%22\">Author 11</a>") && all.contains("Author 3000"));
    assert!(after.contains("<p class=\"text\">We collide lamps."), "{after}");
    let few = page(&Server::start(&[]), "/search?q=robots");
    let few = page(&Server::start(&[]), &format!("/paper/{}", papers(&few)[0]));
    assert!(!few.contains("<details class=\"authors\">"), "{few}");
}

/// Numbers of an attribute of the dots of the map.
fn dots(page: &str) -> Vec<[f64; 2]> {
    let circles = page.split("<circle class=\"y").skip(1).filter(|rest| rest.contains("r=\"5\"/><text"));
    let number = |rest: &str, name: &str| -> f64 {
        rest.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    circles.map(|rest| [number(rest, "cx"), number(rest, "cy")]).collect()
}

#[test]
fn the_map_has_the_distances_of_the_embeddings() {
    let server = Server::start(&[]);
    let id = papers(&page(&server, "/search?q=walking+robots")).remove(0);
    let dots = dots(&page(&server, &format!("/paper/{id}")));
    let similar = server.get(&format!("/v1/papers/{id}/similar?limit=12"));
    let similarities: Vec<f64> =
        similar["results"].as_array().unwrap().iter().map(|result| result["similarity"].as_f64().unwrap()).collect();
    assert_eq!((dots.len(), similarities.len()), (12, 12));
    let radius = |[x, y]: [f64; 2]| (x - 180.0).hypot(y - 180.0);
    let distance = |similarity: f64| (2.0 - 2.0 * similarity).sqrt();
    let unit = radius(dots[0]) / distance(similarities[0]);
    for (dot, similarity) in dots.iter().zip(similarities) {
        let (shown, expected) = (radius(*dot), unit * distance(similarity));
        assert!((shown - expected).abs() < 0.5, "{shown} instead of {expected}");
    }
    // Both coordinates tell them apart.
    for axis in 0..2 {
        let values = dots.iter().map(|dot| dot[axis]);
        let range = values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min);
        assert!(range > 60.0, "{dots:?}");
    }
}

#[test]
fn a_lonely_paper_has_no_map() {
    let server = over("{\"id\":\"lonely\",\"title\":\"Lamps\"}\n");
    let paper = page(&server, "/paper/lonely");
    assert!(!paper.contains("class=\"map\"") && paper.contains("There are no other papers"), "{paper}");
}

#[test]
fn rows_of_the_library_have_a_title() {
    let server = over("{\"id\":\"untitled\",\"abstract\":\"We light lamps of $\\\\alpha$ glass.\"}\n");
    send(&server, "/vote", "vote=save+p1+untitled&back=/library");
    let library = page(&server, "/library");
    assert!(library.contains("<a href=\"/paper/untitled\">We light lamps of α glass.</a>"), "{library}");
    assert!(library.contains("<button name=\"vote\" value=\"undo votes untitled\">remove</button>"), "{library}");
    assert!(!send(&server, "/vote", "vote=undo+votes+untitled&back=/library").body.contains("untitled"));
}

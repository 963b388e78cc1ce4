//! The cards of the page: what they show of a paper, their size, and that scores and their parts agree.

use crate::page::{page, papers, send};
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

const PAPERS: &str = r#"{"id":"2401.00001","title":"Lanterns of $\\alpha$-glass","abstract":"We make lanterns of glass with $x_1$ wicks. Code is at https://github.com/ada/lanterns.","authors":["Ada Oak","Ben \"B\" Elm","Cy Ash","Di Fir"],"published":"2024-01-05","votes":12,"categories":["cs.CL"],"source":"hf-daily"}
{"id":"2401.00002","title":"Lamps","abstract":"Lamps shine.","authors":["Eli Yew"],"published":"2024-02-05","source":"arxiv"}
"#;

fn server() -> Server {
    let sandbox = Sandbox::new();
    let run = sandbox.run_with_input(&["add", "-"], PAPERS);
    assert_eq!(run.code, 0, "{}", run.err);
    Server::over(sandbox, &[])
}

/// The card of a paper.
fn card(page: &str, id: &str) -> String {
    let cards = page.split("<li class=\"paper\"").skip(1);
    cards.map(str::to_owned).find(|card| card.contains(&format!("<span>{id}</span>"))).unwrap()
}

#[test]
fn a_card_has_what_is_known_of_a_paper() {
    let server = server();
    let found = page(&server, "/search?q=lantern");
    let card = card(&found, "2401.00001");
    for part in [
        // The title, with formulas to read and the words of the search marked.
        "<mark>Lanterns</mark> of α-glass</a></h3>",
        "We make <mark>lanterns</mark> of glass with x₁ wicks.",
        // The authors, three of them, lead to their papers.
        r#"<a href="/search?q=author:%22Ada+Oak%22">Ada Oak</a>, "#,
        r#"<a href="/search?q=author:%22Ben+B+Elm%22">"#,
        "Cy Ash</a> and 1 more · 2024-01-05 · cs.CL · Hugging Face · 12 votes</p>",
        // Where it can be read.
        r#"<a href="https://arxiv.org/pdf/2401.00001">PDF</a>"#,
        r#"<a href="https://arxiv.org/abs/2401.00001">arXiv</a>"#,
        r#"<a href="https://huggingface.co/papers/2401.00001" title="Hugging Face">HF</a>"#,
        r#"<a href="https://github.com/ada/lanterns">code</a>"#,
        r#"<a href="/bibtex/2401%2E00001">BibTeX</a>"#,
        // Votes are icons with labels.
        r#"aria-label="save"><svg><use href="/assets/icons.svg#save"/></svg></button>"#,
    ] {
        assert!(card.contains(part), "{part} in {card}");
    }
    let icons = server.call("GET", "/assets/icons.svg", &[], "").body;
    for icon in ["like", "dislike", "save", "hide", "read", "search"] {
        assert!(icons.contains(&format!("<symbol id=\"{icon}\"")), "{icon}");
    }
    let entry = server.call("GET", "/bibtex/2401%2E00001", &[], "");
    assert!(entry.header("content-type").starts_with("text/plain"));
    assert!(entry.body.starts_with("@") && entry.body.contains("2401.00001"), "{}", entry.body);
    let of_author = page(&server, "/search?q=author:%22Ada+Oak%22");
    assert_eq!(papers(&of_author), ["2401.00001"]);
}

#[test]
fn density_is_remembered() {
    let server = server();
    let open = |page: &str| page.matches("<details class=\"abstract\" open>").count();
    let full = page(&server, "/search?q=lamps&far=1");
    assert!(full.contains("data-density=\"full\"") && open(&full) == 2, "{full}");
    let back = "density=compact&back=/search?q=lamps%26far=1";
    let switched = server.call("POST", "/density", &[crate::page::FORM], back);
    assert!(switched.status == 200 && switched.body.contains("<title>lamps"), "{}", switched.body);
    let compact = server.call("GET", "/search?q=lamps&far=1", &[("cookie", "density=compact")], "").body;
    assert!(compact.contains("data-density=\"compact\"") && open(&compact) == 0, "{compact}");
    assert!(compact.contains(r#"value="compact" aria-pressed="true""#), "{compact}");
    let odd = server.call("GET", "/search?q=lamps&far=1", &[("cookie", "density=<b>")], "").body;
    assert!(odd.contains("data-density=\"full\""));
}

/// A number of a page in tenths.
fn tenths(text: &str) -> i64 {
    let number: f64 = text.replace('−', "-").parse().unwrap_or_else(|_| panic!("{text}"));
    (number * 10.0).round() as i64
}

/// The value of `50.0 base + 30.1 text − 0.4 novelty`, in tenths.
fn sum(text: &str) -> i64 {
    let (mut sum, mut sign) = (0, 1);
    for word in text.split(' ') {
        match word {
            "+" => sign = 1,
            "−" => sign = -1,
            number if number.ends_with(|c: char| c.is_ascii_digit()) => sum += sign * tenths(number),
            _ => {}
        }
    }
    sum
}

#[test]
fn scores_add_up_and_are_in_their_order() {
    let server = Server::over(Sandbox::with_walking_papers(), &[]);
    let liked = papers(&page(&server, "/search?q=walking+robots")).remove(0);
    let scores = |found: &str| -> Vec<i64> {
        let details = found.split("; score ").skip(1).map(|rest| rest.split("</p>").next().unwrap());
        let score = |details: &str| {
            let (total, parts) = details.split_once("% = ").unwrap();
            assert!(parts.contains(" base"), "{details}");
            assert_eq!(sum(parts), tenths(total), "{details}");
            tenths(total)
        };
        details.map(score).collect()
    };
    for path in ["/search?q=walking+robots", "/search?q=climbing", "/search?q=walking+robots&far=1"] {
        let scores = scores(&page(&server, path));
        assert!(!scores.is_empty() && scores.is_sorted_by(|one, next| one >= next), "{path}: {scores:?}");
    }
    send(&server, "/vote", &format!("vote=like+p1+{liked}&back=/"));
    assert_eq!(scores(&page(&server, "/")).len(), 10);
    assert_eq!(scores(&page(&server, &format!("/paper/{liked}?q=robots"))).len(), 13);
}

#[test]
fn a_relevance_is_a_word_with_a_bar() {
    let server = Server::start(&[]);
    let found = page(&server, "/search?q=walking+robots");
    let api = server.get("/v1/search?q=walking+robots&limit=1");
    let best = &api["results"][0];
    let probability = best["relevance"]["probability"].as_f64().unwrap();
    for (level, word) in [(3, "close"), (2, "related")] {
        let bar = format!("<meter max=\"3\" value=\"{level}\" aria-label=\"relevance\"></meter> {word}</summary>");
        assert!(found.contains(&bar), "{bar} in {found}");
    }
    let similarity = format!(
        "similarity {:.2}, of words {:.2}",
        best["similarity"].as_f64().unwrap(),
        best["term_similarity"].as_f64().unwrap()
    );
    let details = format!("relevant with a probability of {:.0}%, {similarity}; score ", 100.0 * probability);
    assert!(found.contains(&details), "{details} in {found}");
}

#[test]
fn formulas_are_readable_everywhere() {
    let server = server();
    let mut shown = vec![("/".to_owned(), page(&server, "/"))];
    send(&server, "/vote", "vote=save+p1+2401.00001&back=/");
    for path in ["/search?q=lanterns", "/paper/2401.00001", "/library"] {
        shown.push((path.to_owned(), page(&server, path)));
    }
    for args in [
        &["search", "lanterns"][..],
        &["search", "lanterns", "--format", "atom"],
        &["search", "lanterns", "--format", "rss"],
        &["search", "lanterns", "--format", "json-feed"],
        &["show", "2401.00001"],
        &["list", "--author", "Ada Oak"],
        &["profile", "me", "show"],
        &["export", "--profile", "me", "--format", "md"],
    ] {
        let run = server.sandbox.run(args);
        shown.push((args.join(" "), run.out + &run.err));
    }
    for (place, text) in shown {
        assert!(text.contains("α-glass") && !text.contains("\\alpha"), "{place}: {text}");
    }
}

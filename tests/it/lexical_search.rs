//! Names are found by their words, and words have their share in every score.

use paperkin::evaluate::SplitMix64;
use paperkin::library::{Library, PaperChange};
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, PaperId, Request, TextSide};

use serde_json::json;

use crate::support::answers::ids;
use crate::support::made_up;
use crate::support::sandbox::Sandbox;

/// Papers written for these tests, as title and abstract.
const PAPERS: [(&str, &str); 9] = [
    ("tl", "TL-Training: few examples make a language model good with tools"),
    ("tools", "Teaching language models the use of tools by training on feature-rich tasks"),
    ("training", "Training curricula for tool-using agents"),
    ("segment", "SAM for everyone: masks of any object in an image from one click"),
    ("sam2", "SAM-2 in the clinic: masks of organs that follow a video"),
    ("sharp", "SAM, sharpness and flat minima: an optimizer that generalizes"),
    ("gpt4o", "How well does GPT-4o hear? Speech questions to an omnimodal model"),
    ("gpt2", "Circuits of GPT-2 that count parentheses"),
    ("speech", "Spoken question answering with omnimodal language models"),
];

fn library() -> Sandbox {
    let sandbox = Sandbox::new();
    let record = |(id, title): &(&str, &str)| json!({"id": id, "title": title}).to_string();
    let papers = sandbox.file("papers.jsonl", PAPERS.iter().map(record).collect::<Vec<_>>().join("\n"));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    sandbox
}

#[test]
fn a_name_finds_its_paper() {
    let sandbox = library();
    let table = [
        ("TL-Training", "tl"),
        ("tl training", "tl"),
        ("tltraining", "tl"),
        ("SAM 2", "sam2"),
        ("sam2", "sam2"),
        ("GPT-4o", "gpt4o"),
        ("gpt4o speech", "gpt4o"),
        ("gpt2", "gpt2"),
        ("SAM masks of objects", "segment"),
        ("SAM optimizer", "sharp"),
        ("SAM to follow organs", "sam2"),
    ];
    for (text, expected) in table {
        let answer = sandbox.json(&["search", text, "--format", "json"]);
        assert_eq!(ids(&answer)[0], expected, "{text}: {:?}", ids(&answer));
    }
}

#[test]
fn words_are_a_part_of_the_score() {
    let sandbox = library();
    for args in [["search", "SAM masks"], ["similar", "sam2"], ["recommend", "--like=sam2"]] {
        let mut args = args.to_vec();
        args.extend(["--format", "json"]);
        let answer = sandbox.json(&args);
        for result in answer["results"].as_array().unwrap() {
            let sum: f64 = result["breakdown"].as_object().unwrap().values().map(|part| part.as_f64().unwrap()).sum();
            assert!((sum - result["score"].as_f64().unwrap()).abs() < 1e-5, "{result}");
        }
        let first = &answer["results"][0];
        assert!(first["breakdown"]["words"].as_f64().unwrap() > 0.001, "{args:?}: {first}");
    }
}

/// Papers in scripts without spaces between words, beside some in English.
const UNSEGMENTED: [(&str, &str, &str); 8] = [
    ("ropes", "基于绳结的港口推荐方法", "本文研究绳结。"),
    ("weather", "风暴中的港口", "港口推荐很重要。港口推荐方法很多，港口推荐需要数据。"),
    ("harbor", "小さな港のための係船検索", "本研究では係船を検索する。"),
    ("lighthouse", "灯台と船", "係船検索と係船検索の比較。"),
    ("storm", "폭풍과 항구에 대한 문서 요약", "항구를 연구한다."),
    ("knots", "Knots that hold", "We study knots."),
    ("kelp", "Kelp and other ropes of the sea", "x"),
    ("wide", "ＷＩＤＥ　ｒｉｖｅｒｓ ①", "y"),
];

#[test]
fn a_part_of_a_title_finds_its_paper_without_spaces_too() {
    let sandbox = Sandbox::new();
    let record =
        |(id, title, text): &(&str, &str, &str)| json!({"id": id, "title": title, "abstract": text}).to_string();
    let papers = sandbox.file("papers.jsonl", UNSEGMENTED.iter().map(record).collect::<Vec<_>>().join("\n"));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    for (text, expected) in [
        ("港口推荐", "ropes"),
        ("绳结", "ropes"),
        ("风暴中的港口", "weather"),
        ("係船検索", "harbor"),
        ("小さな港", "harbor"),
        ("문서 요약", "storm"),
        ("항구", "storm"),
        ("wide rivers", "wide"),
        ("knots that hold", "knots"),
    ] {
        let answer = sandbox.json(&["search", text, "--format", "json"]);
        assert_eq!(ids(&answer)[0], expected, "{text}: {:?}", ids(&answer));
        let scores = answer["results"].as_array().unwrap().iter().map(|result| result["score"].as_f64().unwrap());
        assert!(scores.is_sorted_by(|a, b| a >= b), "{text}: {answer}");
    }
}

#[test]
fn a_part_of_a_title_finds_its_paper_among_many() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.location()).unwrap();
    let mut random = SplitMix64::new(1);
    // More papers say the words more often than there are candidates.
    let other = |n| Paper { abstract_text: "港口推荐".to_owned(), ..made_up::paper(&format!("p{n}"), "风暴") };
    let mut papers: Vec<Paper> = (0..600).map(other).collect();
    papers.push(made_up::paper("long", &format!("{}港口推荐{}", "基于绳结的".repeat(20), "方法研究".repeat(20))));
    let change = |paper: Paper| (PaperChange::New(paper.into()), Some(made_up::embedding(&mut random, 16)));
    let changes: Vec<_> = papers.into_iter().map(change).collect();
    library.write(&made_up::model(16), &changes).unwrap();
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap();
    let first = |request: Request| {
        let text = request.text.clone().unwrap();
        let embedding = made_up::embedding(&mut SplitMix64::new(2), 16);
        let answer = engine
            .recommend_with(&request.limit(3), &[(TextSide::Query, text, embedding)].into_iter().collect())
            .unwrap();
        answer.results[0].paper.id.to_string()
    };
    assert_eq!(first(Request::text("港口推荐")), "long");
    assert_eq!(first(Request::text("「港口推荐」")), "long");
    let exclude = vec!["long".parse().unwrap()];
    assert_ne!(first(Request { exclude, ..Request::text("港口推荐") }), "long");
}

#[test]
fn words_find_papers_that_no_vector_is_near_to() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.location()).unwrap();
    let mut papers: Vec<Paper> =
        (0..20_500).map(|n| made_up::paper(&format!("p{n}"), &format!("Paper number {n}"))).collect();
    papers.push(made_up::paper("quagga", "Quagga stripes"));
    papers.push(made_up::paper("far", "On the stripes of the quagga"));
    let mut random = SplitMix64::new(1);
    let change = |paper: Paper| (PaperChange::New(paper.into()), Some(made_up::embedding(&mut random, 16)));
    let changes: Vec<_> = papers.into_iter().map(change).collect();
    library.write(&made_up::model(16), &changes).unwrap();
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap();
    let first = |exclude: &[&str]| {
        let exclude = exclude.iter().map(|id| PaperId::parse(id).unwrap()).collect();
        let request = Request { exclude, ..Request::like("quagga".parse().unwrap()).limit(1) };
        let answer = engine.recommend(&request).unwrap();
        answer.results[0].paper.id.to_string()
    };
    assert_eq!(first(&[]), "far");
    assert_ne!(first(&["far"]), "far");
}

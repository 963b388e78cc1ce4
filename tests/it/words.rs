//! Names are found by their words, and words have their share in every score.

use paperkin::library::{Library, PaperChange, StoredModel};
use paperkin::{Embedding, Engine, EngineOptions, LibraryLocation, Paper, PaperId, Request};
use serde_json::Value;

use crate::program::Sandbox;

/// Papers written for these tests, as title and abstract.
const PAPERS: [(&str, &str); 9] = [
    ("tl", "TL-Training: few examples make a language model good with tools"),
    ("tools", "Teaching language models the use of tools by training on feature-rich tasks"),
    ("training", "Training curricula for tool-using agents"),
    ("segment", "SAM for everyone: masks of any object in an image from one click"),
    ("sam2", "SAM-2 in the clinic: masks of organs that follow a video"),
    ("sharp", "SAM, sharpness and flat minima: an optimizer that generalises"),
    ("gpt4o", "How well does GPT-4o hear? Speech questions to an omnimodal model"),
    ("gpt2", "Circuits of GPT-2 that count parentheses"),
    ("speech", "Spoken question answering with omnimodal language models"),
];

fn library() -> Sandbox {
    let sandbox = Sandbox::new();
    let record = |(id, title): &(&str, &str)| serde_json::json!({"id": id, "title": title}).to_string();
    let papers = sandbox.file("papers.jsonl", PAPERS.iter().map(record).collect::<Vec<_>>().join("\n"));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    sandbox
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().unwrap().iter().map(|result| result["paper"]["id"].as_str().unwrap()).collect()
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

fn titled(id: &str, title: &str) -> Paper {
    serde_json::from_value(serde_json::json!({"id": id, "title": title, "source": "jsonl"})).unwrap()
}

#[test]
fn words_find_papers_that_no_vector_is_near_to() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.library()).unwrap();
    let noise = |n: u32, at: u32| f64::from(n * 16 + at + 1).mul_add(12.9898, 0.5).sin() * 43758.5453;
    let vector = |n: u32| (0..16).map(|at| noise(n, at).fract() as f32).collect::<Vec<f32>>();
    let mut papers: Vec<(Paper, Vec<f32>)> =
        (0..20_500).map(|n| (titled(&format!("p{n}"), &format!("Paper number {n}")), vector(n))).collect();
    papers.push((titled("quagga", "Quagga stripes"), vector(30_000)));
    papers.push((titled("far", "On the stripes of the quagga"), vector(30_001)));
    let change = |(paper, vector): (Paper, _)| (PaperChange::New(paper.into()), Embedding::normalize(vector));
    let changes: Vec<_> = papers.into_iter().map(change).collect();
    library.write(&StoredModel::new("made-up", &"5".repeat(64), 16), &changes).unwrap();
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.library()))).unwrap();
    let first = |exclude: &[&str]| {
        let exclude = exclude.iter().map(|id| PaperId::parse(id).unwrap()).collect();
        let request = Request { exclude, ..Request::like("quagga".parse().unwrap()).limit(1) };
        let answer = engine.recommend(&request).unwrap();
        answer.results[0].paper.id.to_string()
    };
    assert_eq!(first(&[]), "far");
    assert_ne!(first(&["far"]), "far");
}

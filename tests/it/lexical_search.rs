//! Names are found by their words, and words have their share in every score.

use paperkin::evaluate::SplitMix64;
use paperkin::library::{Library, PaperChange};
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, PaperId, Request};

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
    let record = |(id, title): &(&str, &str)| serde_json::json!({"id": id, "title": title}).to_string();
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

#[test]
fn words_find_papers_that_no_vector_is_near_to() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.library()).unwrap();
    let mut papers: Vec<Paper> =
        (0..20_500).map(|n| made_up::paper(&format!("p{n}"), &format!("Paper number {n}"))).collect();
    papers.push(made_up::paper("quagga", "Quagga stripes"));
    papers.push(made_up::paper("far", "On the stripes of the quagga"));
    let mut random = SplitMix64::new(1);
    let change = |paper: Paper| (PaperChange::New(paper.into()), Some(made_up::embedding(&mut random, 16)));
    let changes: Vec<_> = papers.into_iter().map(change).collect();
    library.write(&made_up::model(16), &changes).unwrap();
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

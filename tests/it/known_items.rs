//! What a text names comes first: an id, an address, a title, an author, a system. Filters typed in a search.

use serde_json::{Value, json};

use crate::support::answers::{ids, results};
use crate::support::sandbox::Sandbox;

/// Id, title, abstract, authors and date of papers written for these tests.
const PAPERS: [(&str, &str, &str, &[&str], &str); 10] = [
    (
        "2401.00001",
        "Heron 2: Counting Boats From the Shore",
        "We count boats in long videos.",
        &["Ada Oakley", "Bo Reed"],
        "2024-01-02",
    ),
    (
        "2401.00002",
        "Tracking Boats With Heron 2",
        "Heron 2 is tuned for ferries, and Heron 2 is fast.",
        &["Cy Marsh"],
        "2024-03-01",
    ),
    ("2402.00003", "A Parody", "Heron 2, Heron 2, Heron 2.", &["Dee Fen"], "2024-05-01"),
    ("2403.00004", "A Survey of Boats", "We compare Heron 2 with others.", &["E. Oakley"], "2025-01-05"),
    ("2403.00005", "Herons of the Northern Lakes", "Birds that stand still for hours.", &["Ada Oakley"], "2025-02-01"),
    ("2404.00006", "Flux: Open Models of Water", "Water in rivers, simulated.", &["Fay Brook"], "2025-03-01"),
    ("2404.00007", "The flux of heat in engines", "Heat flux, and flux again: flux.", &["Gil Brook"], "2025-04-01"),
    (
        "2405.00008",
        "How Engines Burn Fuel in Cold Winter Weather",
        "Engines and snow.",
        &["Hal Oakley-Reed"],
        "2025-05-01",
    ),
    ("2405.00009", "Image Generation of Ferries", "Pictures of ferries, generated.", &["Émile Brook"], "2025-06-01"),
    ("2405.00010", "Simulated Ferries", "Ferries in a simulated harbor.", &["Ida Reed"], "2025-07-01"),
];

fn library() -> Sandbox {
    let sandbox = Sandbox::new();
    let record = |(id, title, text, authors, date): &(&str, &str, &str, &[&str], &str)| {
        json!({"id": id, "title": title, "abstract": text, "authors": authors, "published": date, "categories": ["cs.CV"]})
            .to_string()
    };
    let papers = sandbox.file("papers.jsonl", PAPERS.iter().map(record).collect::<Vec<_>>().join("\n"));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    sandbox
}

fn search(sandbox: &Sandbox, text: &str) -> Value {
    sandbox.json(&["search", "--format", "json", "-n", "20", "--", text])
}

#[test]
fn what_a_text_names_comes_first() {
    let sandbox = library();
    let table: [(&str, &[&str]); 20] = [
        ("2401.00002", &["2401.00002"]),
        ("how engines burn fuel in", &["2405.00008"]),
        ("arXiv:2401.00002v3", &["2401.00002"]),
        ("https://arxiv.org/abs/2401.00002v1", &["2401.00002"]),
        ("https://huggingface.co/papers/2401.00002", &["2401.00002"]),
        ("simulated ferries", &["2405.00010"]),
        ("how engines burn fuel in cold winter weather", &["2405.00008"]),
        ("how engines burn fuel during cold winter weather", &["2405.00008"]),
        ("Heron 2", &["2401.00001", "2401.00002"]),
        ("heron2", &["2401.00001"]),
        ("Flux", &["2404.00006"]),
        ("Ada Oakley", &["2401.00001", "2403.00005"]),
        ("A. Oakley", &["2401.00001", "2403.00005"]),
        ("Oakley, Ada", &["2401.00001", "2403.00005"]),
        ("Oakley", &["2401.00001", "2403.00004", "2403.00005"]),
        ("Emile Brook", &["2405.00009"]),
        ("Marsh", &["2401.00002"]),
        ("marsh cy", &["2401.00002"]),
        ("cy marsh", &["2401.00002"]),
        ("Reed", &["2401.00001", "2405.00008", "2405.00010"]),
    ];
    for (text, expected) in table {
        let answer = search(&sandbox, text);
        let mut first = ids(&answer)[..expected.len()].to_vec();
        // Papers by an author are in the order of their scores.
        if text.contains("Oakley") || text == "Reed" {
            first.sort();
        }
        assert_eq!(first, expected, "{text}: {:?}", ids(&answer));
        assert_eq!(results(&answer)[0]["relevance"]["word"], "close", "{text}");
        assert!(answer.get("nothing_close").is_none(), "{text}");
    }
}

#[test]
fn an_id_brings_the_paper_and_its_neighbors() {
    let sandbox = library();
    let answer = sandbox.json(&["search", "2401.00001", "-n", "20", "--min-relevance", "far", "--format", "json"]);
    assert_eq!(ids(&answer).len(), PAPERS.len());
    let similar = sandbox.json(&["similar", "2401.00001", "--format", "json", "-n", "20", "--min-relevance", "far"]);
    assert_eq!(ids(&answer)[1..], ids(&similar)[..]);
    let first = &results(&answer)[0];
    assert!(first["reasons"].as_array().unwrap().is_empty(), "it is no reason for itself");
    assert_eq!(results(&answer)[1]["reasons"][0]["id"], "2401.00001");

    let unknown = search(&sandbox, "2412.99999");
    assert!(results(&unknown).is_empty());
    assert_eq!(
        (&unknown["not_found"], &unknown["note"]),
        (&json!(["2412.99999"]), &json!("2412.99999 is not in the library"))
    );

    let several = search(&sandbox, "2401.00001, https://arxiv.org/abs/2401.00002 2412.99999");
    let mut first = ids(&several)[..2].to_vec();
    first.sort_unstable();
    assert_eq!(first, ["2401.00001", "2401.00002"]);
    assert_eq!(several["not_found"], json!(["2412.99999"]));
}

#[test]
fn parts_add_up_to_scores_that_never_rise() {
    let sandbox = library();
    for text in ["Heron 2", "Oakley", "2401.00001", "Flux", "boats"] {
        let answer = search(&sandbox, text);
        let mut before = f64::INFINITY;
        for result in results(&answer) {
            let score = result["score"].as_f64().unwrap();
            let parts: f64 = result["breakdown"].as_object().unwrap().values().map(|part| part.as_f64().unwrap()).sum();
            assert!((score - parts).abs() < 1e-4, "{text}: {result}");
            assert!(score <= before + 1e-6, "{text}: {result}");
            before = score;
        }
    }
    assert!(results(&search(&sandbox, "Heron 2"))[0]["breakdown"].get("named").is_some());
}

#[test]
fn filters_are_typed() {
    let sandbox = library();
    let table: [(&str, &[&str]); 10] = [
        // Filters alone list papers, the newest first.
        ("author:oakley", &["2403.00005", "2403.00004", "2401.00001"]),
        ("author:\"Ada Oakley\"", &["2403.00005", "2401.00001"]),
        ("author:\"Ada Oakley\" year:2025..", &["2403.00005"]),
        ("author:oakley author:marsh year:2024", &["2401.00002", "2401.00001"]),
        ("\"counting boats\"", &["2401.00001"]),
        ("title:image", &["2405.00009"]),
        ("\"of ferries\" -\"image generation\"", &[]),
        ("heron title:\"heron 2\" -ferries", &["2401.00001"]),
        ("flux category:cs.CL", &[]),
        ("parody year:..2024 -boats", &["2402.00003"]),
    ];
    for (text, expected) in table {
        assert_eq!(ids(&search(&sandbox, text)), expected, "{text}");
    }
    let run = sandbox.run(&["search", "year:2025-01"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("`year:2025-01` is no year: write `year:2024`"), "{}", run.err);
    let table = [
        ("year:1999", "no papers match the filters"),
        ("category:cs.XX", "no papers match the filters"),
        ("author:nobody", "no paper is by “nobody”"),
    ];
    for (nothing, note) in table {
        let run = sandbox.run(&["search", nothing]);
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", format!("note: {note}\n").as_str()), "{nothing}");
    }
    let by = sandbox.json(&["search", "boats", "--by", "A. Oakley", "--format", "json"]);
    assert_eq!(ids(&by), ["2401.00001", "2403.00005"]);
}

#[test]
fn authors_are_found_by_what_the_library_has_now() {
    let sandbox = library();
    let by = |name: &str| ids(&search(&sandbox, &format!("author:{name}")));
    let changed = json!({"id": "2405.00010", "title": "Simulated Ferries", "authors": ["Ida Reed", "Jo Willow"]});
    let file = sandbox.file("changed.jsonl", changed.to_string());
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    assert_eq!(by("willow"), ["2405.00010"], "the text has not changed");
    assert_eq!(sandbox.run(&["remove", "2401.00002"]).code, 0);
    assert!(by("marsh").is_empty());
    assert_eq!(sandbox.run(&["compact"]).code, 0);
    assert_eq!(by("willow"), ["2405.00010"]);
}

#[test]
fn misspelled_and_unknown_words_are_named() {
    let sandbox = Sandbox::new();
    // Six hundred papers on six subjects: every word is in a hundred of them.
    let subjects = ["harbor", "weather", "engine", "lantern", "orchard", "violin"];
    let record = |number: usize| {
        let subject = subjects[number % subjects.len()];
        json!({"id": format!("p{number}"), "title": format!("{subject} simulation number {number}"), "authors": ["Ola Pikesund"]}).to_string()
    };
    let papers = sandbox.file("papers.jsonl", (0..600).map(record).collect::<Vec<_>>().join("\n"));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    let table = [
        ("harbor simulation", None),
        (
            "habror simulaton",
            Some("no title or abstract has “habror”, “simulaton”: showing results for “harbor simulation”"),
        ),
        ("harbor kangaroos", Some("no title or abstract has “kangaroos”")),
        ("Habror simulation", Some("no title or abstract has “Habror”")),
        ("qwrtz zxcvb", Some("no title or abstract has a word of this text")),
        ("harbar zimulatio numerosa", Some("no title or abstract has a word of this text")),
        (
            "Piksund",
            Some("no title or abstract has a word of this text; `author:pikesund` finds an author of a similar name"),
        ),
        ("author:Piksund", Some("no paper is by “Piksund”; `author:pikesund` finds an author of a similar name")),
        (
            "Wie kann man große Sprachmodelle auf dem Handy ausführen?",
            Some("the model reads English, and this text looks like German: results may be far off"),
        ),
        (
            "如何在手机上运行大模型",
            Some("the model reads English, and this text looks like Mandarin: results may be far off"),
        ),
    ];
    for (text, note) in table {
        let all = ["search", text, "--min-relevance", "far", "--format", "json"];
        assert_eq!(sandbox.json(&all)["note"].as_str(), note, "{text}");
    }
    let corrected = search(&sandbox, "habror simulaton");
    let right = search(&sandbox, "harbor simulation");
    assert_eq!(ids(&corrected), ids(&right));
}

#[test]
fn a_paper_is_named_by_what_it_introduces() {
    let sandbox = library();
    let shown = sandbox.json(&["show", "Heron 2", "--format", "json"]);
    assert_eq!(shown["id"], "2401.00001");
    let run = sandbox.run(&["similar", "ferries"]);
    let told = "error: no paper `ferries`: several titles contain these words: 2405.00009 `Image Generation of Ferries`, \
                2405.00010 `Simulated Ferries`\n";
    assert_eq!((run.code, run.err.as_str()), (1, told));
}

//! Libraries and the models that made them.

use std::collections::HashMap;
use std::path::Path;

use crate::support::prerequisites::{f32_model, program_without_weights};
use crate::support::sandbox::{Run, Sandbox};

#[path = "../fixtures/fake_hub.rs"]
mod fake_hub;
use fake_hub::FakeHub;

const BUNDLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/all-MiniLM-L6-v2");

/// The bundled model, reading less of each text: another model.
fn variant(sandbox: &Sandbox) -> String {
    let folder = sandbox.folder.path().join("variant");
    std::fs::create_dir_all(folder.join("1_Pooling")).unwrap();
    for file in ["config.json", "tokenizer.json", "modules.json", "model.safetensors", "1_Pooling/config.json"] {
        std::fs::copy(Path::new(BUNDLED).join(file), folder.join(file)).unwrap();
    }
    let reading = r#"{"max_seq_length": 64, "do_lower_case": false}"#;
    std::fs::write(folder.join("sentence_bert_config.json"), reading).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn the_bundled_model_and_its_folder_are_one() {
    let sandbox = Sandbox::with_papers();
    let run = sandbox.run(&["search", "robots", "--model", BUNDLED]);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn another_model_is_refused_until_the_library_is_embedded_anew() {
    let sandbox = Sandbox::with_papers();
    let variant = variant(&sandbox);
    for args in [&["search", "robots"][..], &["similar", "Room Tone"], &["status"]] {
        let run = sandbox.run(&[args, &["--model", &variant]].concat());
        assert_eq!(run.code, 1);
        assert!(run.err.contains("was embedded with all-MiniLM-L6-v2 ("), "{}", run.err);
        assert!(run.err.contains("not with variant ("), "{}", run.err);
        assert!(run.err.contains("run `paperkin reembed`"), "{}", run.err);
    }
    let run = sandbox.run_with_input(&["add", "-", "--model", &variant], "{\"title\":\"t\"}");
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);

    let before = sandbox.run(&["similar", "Room Tone", "--format", "csv"]).out;
    let run = sandbox.run(&["reembed", "--model", &variant]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.starts_with("embedded 40 papers with variant ("), "{}", run.out);
    assert_ne!(sandbox.run(&["similar", "Room Tone", "--format", "csv"]).out, before);
    assert_eq!(sandbox.run(&["search", "robots", "--model", &variant]).code, 0);
    let run = sandbox.run(&["search", "robots"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("give its directory or name with --model"), "{}", run.err);

    assert_eq!(sandbox.run(&["reembed"]).code, 0);
    assert_eq!(sandbox.run(&["similar", "Room Tone", "--format", "csv"]).out, before);
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn models_that_cannot_be_run_say_what_is_missing() {
    let sandbox = Sandbox::new();
    let variant = variant(&sandbox);
    let search = |model: &str| {
        let run = sandbox.run_with_input(&["search", "x", "--papers", "-", "--model", model], "{\"title\":\"t\"}");
        assert!(run.code == 1 || run.code == 2, "{}", run.out);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        run.err
    };
    assert!(search(sandbox.folder.path().join("nowhere").to_str().unwrap()).contains("nowhere"));
    std::fs::remove_file(format!("{variant}/tokenizer.json")).unwrap();
    assert!(search(&variant).contains("no tokenizer.json"));
    std::fs::copy(format!("{BUNDLED}/tokenizer.json"), format!("{variant}/tokenizer.json")).unwrap();
    let config = std::fs::read_to_string(format!("{BUNDLED}/config.json")).unwrap();
    std::fs::write(format!("{variant}/config.json"), config.replace("\"bert\"", "\"mpnet\"")).unwrap();
    assert!(search(&variant).contains("mpnet"));
}

/// A tiny model of another kind.
fn tiny(name: &str) -> String {
    format!("{}/tests/fixtures/encoders/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_kind_of_model_makes_a_library() {
    for name in ["bert-prompts", "bert-dense", "roberta", "xlm-roberta", "modernbert", "model2vec", "static-embedding"]
    {
        let (sandbox, model) = (Sandbox::new(), tiny(name));
        let papers = "{\"title\":\"graph networks\"}\n{\"title\":\"robots learn to walk\"}\n{\"title\":\"漢字\"}";
        let run = sandbox.run_with_input(&["add", "-", "--model", &model], papers);
        assert_eq!(run.code, 0, "{name}: {}", run.err);
        let run = sandbox.run(&["search", "graph networks", "--model", &model, "--format", "csv"]);
        assert_eq!((run.code, run.out.lines().count()), (0, 4), "{name}: {}", run.err);
        assert_eq!(sandbox.run(&["doctor", "--model", &model]).code, 0, "{name}");
    }
}

#[test]
fn texts_are_papers_unless_they_are_said_to_be_queries() {
    let (sandbox, model) = (Sandbox::new(), tiny("bert-prompts"));
    let embed = |more: &[&str]| {
        let args = [&["embed", "-", "--out", "-", "--format", "jsonl", "--model", &model][..], more].concat();
        let run = sandbox.run_with_input(&args, "{\"text\":\"graph networks\"}");
        assert_eq!(run.code, 0, "{}", run.err);
        serde_json::from_str::<Vec<f32>>(&run.out).unwrap()
    };
    let expected = std::fs::read_to_string(format!("{model}/expected.json")).unwrap();
    let expected: Vec<serde_json::Value> = serde_json::from_str(&expected).unwrap();
    for (side, more) in [("document", &[][..]), ("query", &["--queries"])] {
        let entry = expected.iter().find(|entry| entry["side"] == side && entry["text"] == "graph networks").unwrap();
        let numbers = entry["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32);
        assert!(embed(more).into_iter().zip(numbers).all(|(got, expect)| (got - expect).abs() < 2e-5), "{side}");
    }
}

#[test]
fn pooling_is_given_once() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder.path().join("without-modules");
    std::fs::create_dir(&folder).unwrap();
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
        std::fs::copy(Path::new(&tiny("roberta")).join(file), folder.join(file)).unwrap();
    }
    let model = folder.to_str().unwrap();
    let run =
        sandbox.run_with_input(&["add", "-", "--model", model, "--pooling", "cls"], "{\"title\":\"graph networks\"}");
    assert_eq!(run.code, 0, "{}", run.err);
    let run = sandbox.run(&["search", "graph", "--model", model]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let run = sandbox.run(&["search", "graph", "--model", model, "--pooling", "mean"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("was embedded with"), "{}", run.err);
    let run = sandbox.run(&["reembed", "--model", model]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("using mean pooling") && run.err.contains("--pooling"), "{}", run.err);
    assert_eq!(sandbox.run(&["search", "graph", "--model", model, "--pooling", "mean"]).code, 0);

    let run = sandbox.run(&["search", "graph", "--model", &tiny("roberta"), "--pooling", "cls"]);
    assert_eq!((run.code, run.err.lines().count()), (1, 1), "{}", run.err);
    assert!(run.err.contains("roberta") && run.err.contains("trained with mean pooling"), "{}", run.err);
}

#[test]
fn a_hub_model_is_fetched_once() {
    let sandbox = Sandbox::new();
    let variant = variant(&sandbox);
    let names = [
        "config.json",
        "tokenizer.json",
        "modules.json",
        "model.safetensors",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
    ];
    let read = |name: &str| (name.to_owned(), std::fs::read(Path::new(&variant).join(name)).unwrap());
    let hub = FakeHub::serve(names.into_iter().map(read).collect::<HashMap<_, _>>(), None);
    let search = |offline: &str| {
        let mut command = sandbox.command(&["search", "x", "--papers", "-", "--model", "lab/tiny"]);
        command.env("HF_ENDPOINT", format!("http://{}", hub.address)).env("HF_HUB_OFFLINE", offline);
        Run::from(command.write_stdin("{\"title\":\"t\"}").output().unwrap())
    };
    let run = search("1");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("HF_HUB_OFFLINE") && run.err.lines().count() == 1, "{}", run.err);
    assert!(hub.asked().is_empty());
    assert_eq!(search("").code, 0, "fetched");
    assert!(!hub.asked().is_empty());
    assert_eq!(search("").code, 0, "from the cache");
    assert_eq!(search("1").code, 0, "from the cache, offline");
    assert_eq!(hub.asked(), [] as [String; 0]);
}

#[test]
fn a_missing_device_is_one_line() {
    let sandbox = Sandbox::with_papers();
    for device in ["cuda", "metal"] {
        let mut command = sandbox.command(&["search", "x", "--device", device]);
        let run = Run::from(command.env("RUST_BACKTRACE", "1").output().unwrap());
        // Its driver is missing on most machines that build with the feature.
        if run.code != 0 {
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
            assert!(run.err.starts_with(&format!("error: device `{device}`: ")), "{}", run.err);
            assert!(run.err.lines().count() == 1 && run.err.ends_with("use `cpu`\n"), "{}", run.err);
        }
    }
    let run = sandbox.run(&["search", "robots that use two hands", "--device", "auto"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

#[test]
fn every_precision_and_cpu_gives_the_same_answer() {
    let sandbox = Sandbox::with_papers();
    let first = |precision: &str, cpu: &str| {
        let args = ["search", "robots that use two hands", "-n", "1", "--format", "csv", "--precision", precision];
        let run = Run::from(sandbox.command(&args).env("PAPERKIN_CPU", cpu).output().unwrap());
        assert_eq!(run.code, 0, "{}", run.err);
        run.out.lines().nth(1).unwrap().split(',').nth(2).unwrap().to_owned()
    };
    let expected = first("f32", "scalar");
    for precision in ["f32", "bf16", "int8"] {
        assert_eq!(first(precision, "scalar"), expected, "{precision}");
    }
    let run = Run::from(sandbox.command(&["search", "x"]).env("PAPERKIN_CPU", "sse9").output().unwrap());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("`sse9` is not a CPU instruction set: use amx, avx512bf16"), "{}", run.err);
}

#[test]
fn a_program_without_weights_makes_the_same_model() {
    let (Some(folder), Some(program)) = (f32_model(), program_without_weights()) else { return };
    // A library by the program with the weights.
    let sandbox = Sandbox::with_papers();
    let cache = sandbox.folder.path().join("hub");
    let similar = |address: &str, offline: &str| {
        let mut command = assert_cmd::Command::new(&program);
        command.arg("--library").arg(sandbox.library()).args([
            "search",
            "robots that use two hands",
            "--format",
            "csv",
        ]);
        command.env("HF_ENDPOINT", address).env("HF_HUB_CACHE", &cache).env("HF_HUB_OFFLINE", offline);
        Run::from(command.output().unwrap())
    };
    let nobody = "http://127.0.0.1:1";
    for (offline, expect) in [("1", "run once without HF_HUB_OFFLINE"), ("", "127.0.0.1:1")] {
        let run = similar(nobody, offline);
        assert_eq!((run.code, run.err.lines().count()), (2, 1), "{}", run.err);
        assert!(run.err.contains(expect) && run.err.contains("or use a program of a release"), "{}", run.err);
    }

    let weights = std::fs::read(folder.join("model.safetensors")).unwrap();
    let (id, commit) = ("sentence-transformers/all-MiniLM-L6-v2", "1110a243fdf4706b3f48f1d95db1a4f5529b4d41");
    let hub = FakeHub::serve_weights(id, commit, weights);
    let run = similar(&format!("http://{}", hub.address), "");
    assert_eq!((run.code, run.err.lines().count()), (0, 1), "{}", run.err);
    assert!(run.err.contains("making it once"), "{}", run.err);
    assert_eq!(run.out, sandbox.run(&["search", "robots that use two hands", "--format", "csv"]).out);
    drop(hub);
    for offline in ["", "1"] {
        let again = similar(nobody, offline);
        assert_eq!((again.code, again.err.as_str()), (0, ""));
        assert_eq!(again.out, run.out);
    }
}

//! Models of a hub that runs on this machine: nothing here leaves it.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;

use tempfile::TempDir;

use super::super::published;
use super::super::sha256::sha256_hex;
use super::tiny::Tiny;
use super::*;

#[path = "../../../tests/fixtures/fake_hub.rs"]
mod fake_hub;

use fake_hub::{COMMIT, FakeHub};

fn serve(tiny: &Tiny) -> FakeHub {
    FakeHub::serve(files(tiny), None)
}

fn options(hub: &FakeHub, cache: &TempDir) -> HubOptions {
    HubOptions {
        cache: Some(cache.path().to_path_buf()),
        endpoint: Some(format!("http://{}", hub.address)),
        ..HubOptions::default()
    }
}

fn files(tiny: &Tiny) -> HashMap<String, Vec<u8>> {
    let names = [
        "modules.json",
        "config.json",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "model.safetensors",
    ];
    let mut files: HashMap<_, _> =
        names.into_iter().filter_map(|name| Some((name.to_owned(), fs::read(tiny.path().join(name)).ok()?))).collect();
    files.insert("README.md".to_owned(), b"not needed".to_vec());
    files
}

fn choice() -> ModelChoice {
    "lab/tiny".parse().unwrap()
}

#[track_caller]
fn refused(result: Result<Model>, expect: &[&str]) {
    let message = result.err().map(|error| error.one_line()).unwrap_or_default();
    assert!(expect.iter().all(|part| message.contains(part)), "{message:?} does not say {expect:?}");
}

#[test]
fn downloaded_once_then_from_the_cache() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    let hub = serve(&tiny);
    let options = options(&hub, &cache);
    let local = Model::open(&tiny.choice(), &options).unwrap();
    let model = Model::open(&choice(), &options).unwrap();
    assert_eq!(model.identity().fingerprint, local.identity().fingerprint);
    assert_eq!(model.identity().name, "lab/tiny");
    let asked = hub.asked();
    assert!(asked.iter().any(|path| path.ends_with("/model.safetensors")), "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("README")), "{asked:?}");

    drop(hub);
    let again = Model::open(&choice(), &options).unwrap();
    assert_eq!(again.identity(), model.identity());
    let pinned: ModelChoice = format!("lab/tiny@{COMMIT}").parse().unwrap();
    for choice in [choice(), pinned] {
        let offline = HubOptions { offline: true, ..options.clone() };
        assert_eq!(Model::open(&choice, &offline).unwrap().identity().fingerprint, local.identity().fingerprint);
    }
}

#[test]
fn a_revision_is_asked_for_by_name() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    let hub = serve(&tiny);
    let model = Model::open(&"lab/tiny@v1".parse().unwrap(), &options(&hub, &cache)).unwrap();
    assert_eq!(model.identity().name, "lab/tiny@v1");
    assert_eq!(hub.asked()[0], "/api/models/lab/tiny/revision/v1");
    refused(
        Model::open(&"lab/tiny@v2".parse().unwrap(), &options(&hub, &cache)),
        &["404", "no such model or revision"],
    );
    refused(Model::open(&"lab/other".parse().unwrap(), &options(&hub, &cache)), &["lab/other", "404"]);
}

#[test]
fn a_file_that_is_not_there_is_remembered() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    fs::remove_file(tiny.path().join("sentence_bert_config.json")).unwrap();
    let hub = serve(&tiny);
    let options = options(&hub, &cache);
    let model = Model::open(&choice(), &options).unwrap();
    drop(hub);
    assert_eq!(Model::open(&choice(), &options).unwrap().identity(), model.identity());
}

#[test]
fn a_model_from_before_prompts_needs_no_network_for_them() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    let hub = serve(&tiny);
    let options = options(&hub, &cache);
    let model = Model::open(&choice(), &options).unwrap();
    drop(hub);
    // Nobody asked for the file then.
    let absence = format!("models--lab--tiny/.no_exist/{COMMIT}/config_sentence_transformers.json");
    fs::remove_file(cache.path().join(absence)).unwrap();
    for offline in [true, false] {
        let again = Model::open(&choice(), &HubOptions { offline, ..options.clone() }).unwrap();
        assert_eq!(again.identity(), model.identity());
    }
}

#[test]
fn offline_says_so() {
    let cache = tempfile::tempdir().unwrap();
    let offline = HubOptions { cache: Some(cache.path().to_path_buf()), offline: true, ..HubOptions::default() };
    refused(
        Model::open(&choice(), &offline),
        &["offline, but lab/tiny@main is not in", "run once without HF_HUB_OFFLINE"],
    );

    // A file of which the cache knows nothing.
    let tiny = Tiny::new();
    let hub = serve(&tiny);
    Model::open(&choice(), &options(&hub, &cache)).unwrap();
    fs::remove_file(cache.path().join(format!("models--lab--tiny/snapshots/{COMMIT}/modules.json"))).unwrap();
    refused(Model::open(&choice(), &offline), &["modules.json is not in the cache", "offline"]);
}

#[test]
fn a_wrong_hash_does_not_stay() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    let wrong = "ab".repeat(32);
    let hub = FakeHub::serve(files(&tiny), Some(wrong.clone()));
    let right = sha256_hex(&files(&tiny)["model.safetensors"]);
    let blob = |hash: &str| cache.path().join("models--lab--tiny/blobs").join(hash);
    for _ in 0..2 {
        refused(Model::open(&choice(), &options(&hub, &cache)), &["model.safetensors: sha256", &wrong, &right]);
        assert!(!blob(&wrong).exists());
    }
    drop(hub);

    // One that was right and is damaged later.
    let hub = serve(&tiny);
    let options = options(&hub, &cache);
    Model::open(&choice(), &options).unwrap();
    fs::write(blob(&right), "damaged").unwrap();
    refused(Model::open(&choice(), &options), &["model.safetensors: sha256", &right]);
    assert!(!blob(&right).exists());
    Model::open(&choice(), &options).unwrap();
}

#[test]
fn what_cannot_be_run_costs_no_download_of_weights() {
    let cache = tempfile::tempdir().unwrap();
    let tiny = Tiny::new();
    let mut files = files(&tiny);
    files.insert("config.json".to_owned(), br#"{"model_type": "mpnet"}"#.to_vec());
    let hub = FakeHub::serve(files, None);
    refused(Model::open(&choice(), &options(&hub, &cache)), &["lab/tiny", "unsupported model_type `mpnet`"]);
    assert!(!hub.asked().iter().any(|path| path.contains("safetensors")));
}

#[test]
fn without_safetensors_it_says_so() {
    let cache = tempfile::tempdir().unwrap();
    let mut files = files(&Tiny::new());
    let weights = files.remove("model.safetensors").unwrap();
    files.insert("pytorch_model.bin".to_owned(), weights);
    let hub = FakeHub::serve(files, None);
    refused(
        Model::open(&choice(), &options(&hub, &cache)),
        &["no model.safetensors; pytorch_model.bin is not supported"],
    );
}

#[test]
fn no_hub_and_no_home_are_errors() {
    refused(Model::open(&choice(), &HubOptions::default()), &["no cache directory for downloaded models", "HF_HOME"]);
    let cache = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = HubOptions {
        cache: Some(cache.path().to_path_buf()),
        endpoint: Some(format!("http://{nobody}")),
        ..HubOptions::default()
    };
    refused(Model::open(&choice(), &options), &[&format!("http://{nobody}/lab/tiny")]);
}

#[test]
fn bundled_weights_are_made_of_the_published_ones() {
    let Some(folder) = f32_model() else { return };
    let original = fs::read(folder.join("model.safetensors")).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let refused = |hub: &HubOptions, expect: &[&str]| {
        let message = published::weights(hub).unwrap_err().one_line();
        assert!(expect.iter().all(|part| message.contains(part)), "{message:?} does not say {expect:?}");
    };
    let offline = HubOptions { cache: Some(cache.path().to_path_buf()), offline: true, ..HubOptions::default() };
    refused(&offline, &["offline, but", "run once without HF_HUB_OFFLINE", "or use a program of a release"]);

    // Others under the same name.
    let hub = FakeHub::serve_weights(published::ID, published::REVISION, vec![0; 1000]);
    refused(&options(&hub, &cache), &["model.safetensors: sha256 is", "expected 53aa5117", "run again to download"]);
    drop(hub);

    let hub = FakeHub::serve_weights(published::ID, published::REVISION, original);
    let options = options(&hub, &cache);
    let weights = published::weights(&options).unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/all-MiniLM-L6-v2/model.safetensors");
    assert!(weights == fs::read(committed).unwrap());
    assert!(!hub.asked().is_empty());
    drop(hub);

    // From then on nothing is asked for, and what is damaged is made again.
    assert!(published::weights(&offline).unwrap() == weights);
    let kept = published::file(&offline).unwrap();
    fs::write(&kept, "damaged").unwrap();
    assert!(published::weights(&offline).unwrap() == weights);
    assert!(fs::read(&kept).unwrap() == weights);
}

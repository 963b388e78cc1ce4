//! Models of a hub that runs on this machine: nothing here leaves it.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tempfile::TempDir;

use super::super::model::sha256_hex;
use super::tiny::Tiny;
use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Serves one model, `lab/tiny`, as the hub does: a listing, and files with ranges; the weights by way of a redirect.
struct FakeHub {
    address: SocketAddr,
    /// The paths asked for, in order.
    asked: Arc<Mutex<Vec<String>>>,
    running: Option<JoinHandle<()>>,
}

impl FakeHub {
    fn serve(files: HashMap<String, Vec<u8>>, weights_hash: Option<String>) -> FakeHub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let running = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (path, start, end) = request(&stream);
                if path == "/stop" {
                    return;
                }
                log.lock().unwrap().push(path.clone());
                let answer = answer(&files, weights_hash.as_deref(), address, &path, start, end);
                stream.write_all(&answer).unwrap();
            }
        });
        FakeHub { address, asked, running: Some(running) }
    }

    fn of(tiny: &Tiny) -> FakeHub {
        FakeHub::serve(files(tiny), None)
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.dedup();
        asked
    }

    fn options(&self, cache: &TempDir) -> HubOptions {
        HubOptions {
            cache: Some(cache.path().to_path_buf()),
            endpoint: Some(format!("http://{}", self.address)),
            ..HubOptions::default()
        }
    }
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        let _ = TcpStream::connect(self.address).and_then(|mut stream| stream.write_all(b"GET /stop HTTP/1.1\r\n\r\n"));
        let _ = self.running.take().map(JoinHandle::join);
    }
}

/// Path and range of a request.
fn request(stream: &TcpStream) -> (String, usize, Option<usize>) {
    let (mut path, mut start, mut end) = (String::new(), 0, None);
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if let Some(target) = line.strip_prefix("GET ") {
            path = target.split(' ').next().unwrap().to_owned();
        }
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            let (from, to) = range.split_once('-').unwrap();
            (start, end) = (from.parse().unwrap(), to.parse::<usize>().ok());
        }
        if line.is_empty() {
            break;
        }
    }
    (path, start, end)
}

fn answer(
    files: &HashMap<String, Vec<u8>>,
    weights_hash: Option<&str>,
    address: SocketAddr,
    path: &str,
    start: usize,
    end: Option<usize>,
) -> Vec<u8> {
    let whole = |status: &str, headers: String, body: &[u8]| {
        let mut answer =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len())
                .into_bytes();
        answer.extend(body);
        answer
    };
    if let Some(revision) = path.strip_prefix("/api/models/lab/tiny/revision/") {
        if revision != "main" && revision != COMMIT && revision != "v1" {
            return whole("404 Not Found", String::new(), b"");
        }
        let siblings: Vec<_> = files.keys().map(|name| serde_json::json!({"rfilename": name})).collect();
        let listing = serde_json::json!({"sha": COMMIT, "siblings": siblings}).to_string();
        return whole("200 OK", "content-type: application/json\r\n".into(), listing.as_bytes());
    }
    let by_hub = path.strip_prefix(&format!("/lab/tiny/resolve/{COMMIT}/"));
    let by_store = path.strip_prefix("/store/");
    let Some((name, bytes)) = by_hub.or(by_store).and_then(|name| files.get_key_value(name)) else {
        return whole("404 Not Found", String::new(), b"");
    };
    let hash = weights_hash.map_or_else(|| sha256_hex(bytes), str::to_owned);
    if by_hub.is_some() && name == "model.safetensors" {
        let headers = format!(
            "x-repo-commit: {COMMIT}\r\nx-linked-etag: \"{hash}\"\r\netag: \"other\"\r\nlocation: http://{address}/store/{name}\r\n"
        );
        return whole("302 Found", headers, b"");
    }
    let end = end.map_or(bytes.len(), |end| bytes.len().min(end + 1));
    let headers = format!(
        "x-repo-commit: {COMMIT}\r\netag: \"{}\"\r\ncontent-range: bytes {start}-{}/{}\r\n",
        &sha256_hex(bytes)[..40],
        end - 1,
        bytes.len()
    );
    whole("206 Partial Content", headers, &bytes[start..end])
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
    let hub = FakeHub::of(&tiny);
    let options = hub.options(&cache);
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
    let hub = FakeHub::of(&tiny);
    let model = Model::open(&"lab/tiny@v1".parse().unwrap(), &hub.options(&cache)).unwrap();
    assert_eq!(model.identity().name, "lab/tiny@v1");
    assert_eq!(hub.asked()[0], "/api/models/lab/tiny/revision/v1");
    refused(Model::open(&"lab/tiny@v2".parse().unwrap(), &hub.options(&cache)), &["404", "no such model or revision"]);
    refused(Model::open(&"lab/other".parse().unwrap(), &hub.options(&cache)), &["lab/other", "404"]);
}

#[test]
fn a_file_that_is_not_there_is_remembered() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    fs::remove_file(tiny.path().join("sentence_bert_config.json")).unwrap();
    let hub = FakeHub::of(&tiny);
    let options = hub.options(&cache);
    let model = Model::open(&choice(), &options).unwrap();
    drop(hub);
    assert_eq!(Model::open(&choice(), &options).unwrap().identity(), model.identity());
}

#[test]
fn offline_says_so() {
    let cache = tempfile::tempdir().unwrap();
    let options = HubOptions { cache: Some(cache.path().to_path_buf()), offline: true, ..HubOptions::default() };
    refused(
        Model::open(&choice(), &options),
        &["offline, and lab/tiny@main is not in", "run once without HF_HUB_OFFLINE"],
    );

    // A file of which the cache knows nothing.
    let tiny = Tiny::new();
    let hub = FakeHub::of(&tiny);
    Model::open(&choice(), &hub.options(&cache)).unwrap();
    fs::remove_file(cache.path().join(format!("models--lab--tiny/snapshots/{COMMIT}/modules.json"))).unwrap();
    refused(Model::open(&choice(), &options), &["modules.json is not in the cache", "offline"]);
}

#[test]
fn a_wrong_hash_does_not_stay() {
    let (tiny, cache) = (Tiny::new(), tempfile::tempdir().unwrap());
    let wrong = "ab".repeat(32);
    let hub = FakeHub::serve(files(&tiny), Some(wrong.clone()));
    let right = sha256_hex(&files(&tiny)["model.safetensors"]);
    let blob = |hash: &str| cache.path().join("models--lab--tiny/blobs").join(hash);
    for _ in 0..2 {
        refused(Model::open(&choice(), &hub.options(&cache)), &["model.safetensors: sha256", &wrong, &right]);
        assert!(!blob(&wrong).exists());
    }
    drop(hub);

    // One that was right and is damaged later.
    let hub = FakeHub::of(&tiny);
    let options = hub.options(&cache);
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
    refused(Model::open(&choice(), &hub.options(&cache)), &["lab/tiny", "model_type is `mpnet`"]);
    assert!(!hub.asked().iter().any(|path| path.contains("safetensors")));
}

#[test]
fn without_safetensors_it_says_so() {
    let cache = tempfile::tempdir().unwrap();
    let mut files = files(&Tiny::new());
    let weights = files.remove("model.safetensors").unwrap();
    files.insert("pytorch_model.bin".to_owned(), weights);
    let hub = FakeHub::serve(files, None);
    refused(Model::open(&choice(), &hub.options(&cache)), &["no model.safetensors; there is a pytorch_model.bin"]);
}

#[test]
fn no_hub_and_no_home_are_errors() {
    refused(Model::open(&choice(), &HubOptions::default()), &["no folder for downloaded models", "HF_HOME"]);
    let cache = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = HubOptions {
        cache: Some(cache.path().to_path_buf()),
        endpoint: Some(format!("http://{nobody}")),
        ..HubOptions::default()
    };
    refused(Model::open(&choice(), &options), &[&format!("http://{nobody}/lab/tiny")]);
}

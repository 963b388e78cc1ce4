//! How does the service hold under load? Starts `paperkin serve` on a library and asks it over HTTP for some time.
//!
//! `cargo bench --bench siege -- mixed LIBRARY [SECONDS] [CONNECTIONS]`
//!
//! - `mixed`: each connection asks for similar papers, searches, recommends, votes and reads its feed; one more adds
//!   5,000 papers; the index is rebuilt by another process. The library is changed: give a copy.
//! - `similar`: each connection asks for papers like others, one after the other.
//! - `hostile`: each connection asks for similar papers, one after the other, and votes, at a rate that leaves the server
//!   time; eight hostile clients from another address do what they can against it. The library is changed: give a copy.
//! - `embeddings`: each connection sends texts of the library to `/v1/embeddings`, eight at a time; before and after it
//!   the encoder alone embeds them in this process.
//!
//! Prints requests a second, times in milliseconds, errors, votes and papers that were answered and are not there, and
//! the memory of the server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hostile_clients::HostileClient;
use paperkin::evaluate::SplitMix64;
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, TextSide};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

#[path = "support/hostile_clients.rs"]
mod hostile_clients;
mod support;

/// As the command line has it. The generator shares the cores with the server, so what it takes is missing there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "mixed|similar|hostile|embeddings LIBRARY [SECONDS] [CONNECTIONS]";
const JSON: &str = "application/json";
/// Papers that are added.
const ADDED: usize = 5_000;
/// Papers of one addition.
const BATCH: usize = 100;
/// Requests that are no part of the load of some seconds: what is looked for afterwards, and additions, which go on.
const CHECK: &str = "check";
const ADD: &str = "add";
/// Hostile clients: one for each kind of attack.
const HOSTILE_CLIENTS: usize = 8;
/// The pause of an honest client between two requests.
const PAUSE: Duration = Duration::from_millis(100);
/// Texts of one request for embeddings.
const TEXTS: usize = 8;

fn main() -> Result<()> {
    let words = support::arguments();
    let [what, library, rest @ ..] = &words[..] else {
        support::print_usage("siege", USAGE);
        return Ok(());
    };
    let number = |place: usize, usual| rest.get(place).map_or(Ok(usual), |word| word.parse()).context("a number");
    let (seconds, connections) = (number(0, 60)?, number(1, 16)?);
    let engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(PathBuf::from(library))))?;
    let papers = support::papers(&engine)?;
    ensure!(papers.len() > BATCH, "{library}: give a library with more than {BATCH} papers");
    let server = Server::start(library)?;
    let load = Load { server: &server, papers: &papers, seconds: seconds as f64, tallies: Mutex::default() };
    let before = server.memory()?;
    match what.as_str() {
        "mixed" => mixed(&load, connections, library)?,
        "hostile" => hostile(&load, connections),
        "similar" => load.run(connections, |client| client.similar()),
        "embeddings" => {
            let model = engine.encoder()?.identity().name.clone();
            println!("the encoder alone, before: {:.1} texts/s", encoder_rate(&engine, &papers)?);
            load.run(connections, |client| client.embed(&model));
            println!("the service: {:.1} texts/s", load.rate("embeddings") * TEXTS as f64);
            println!("the encoder alone, after: {:.1} texts/s", encoder_rate(&engine, &papers)?);
        }
        _ => bail!(USAGE),
    }
    load.print();
    println!("memory of the server: {before} at the begin, {} at the end", server.memory()?);
    Ok(())
}

/// The server's process, killed with the value.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(library: &str) -> Result<Server> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_paperkin"))
            .args(["--library", library, "serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().context("a log")?);
        let mut line = String::new();
        log.read_line(&mut line)?;
        thread::spawn(move || log.lines().map_while(|line| line.ok()).for_each(|line| eprintln!("{line}")));
        let address = line.trim().split("listening on ").nth(1).with_context(|| line.clone())?.to_owned();
        Ok(Server { child, address })
    }

    /// Resident memory: its own, and that of mapped files, which the system takes back when it needs it.
    fn memory(&self) -> Result<String> {
        let process = self.child.id().to_string();
        let megabytes = |line| support::memory_mib(&process, line).context("the memory of a process");
        Ok(format!("{} MB and {} MB of mapped files", megabytes("RssAnon")?, megabytes("RssFile")?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the requests of one kind took, and how many went wrong in which way.
#[derive(Default)]
struct Tally {
    milliseconds: Vec<f64>,
    errors: BTreeMap<String, usize>,
}

/// The clients' common plan and record.
struct Load<'a> {
    server: &'a Server,
    papers: &'a [Paper],
    seconds: f64,
    tallies: Mutex<BTreeMap<&'static str, Tally>>,
}

impl Load<'_> {
    /// Has each client do something again and again until the time is over.
    fn run(&self, connections: usize, act: impl Fn(&mut Client) + Sync) {
        let end = Instant::now() + Duration::from_secs_f64(self.seconds);
        thread::scope(|scope| {
            for number in 0..connections {
                let act = &act;
                scope.spawn(move || {
                    let mut client = Client::new(self, number);
                    while Instant::now() < end {
                        act(&mut client);
                    }
                });
            }
        });
    }

    /// Answers a second of one kind.
    fn rate(&self, what: &str) -> f64 {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.get(what).map_or(0.0, |tally| tally.milliseconds.len() as f64 / self.seconds)
    }

    fn print(&self) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for (what, tally) in tallies.iter_mut().filter(|(what, _)| ![CHECK, ADD].contains(what)) {
            tally.milliseconds.sort_by(f64::total_cmp);
            let times = &tally.milliseconds;
            let at = |share: f64| support::quantile(times, share).unwrap_or(f64::NAN);
            let rate = times.len() as f64 / self.seconds;
            println!("{what:12} {rate:8.1}/s  median {:7.1}  p99 {:7.1}  errors {:?}", at(0.5), at(0.99), tally.errors);
        }
    }
}

/// One connection.
struct Client<'a> {
    load: &'a Load<'a>,
    agent: Agent,
    name: String,
    random: SplitMix64,
    votes: Vec<String>,
}

impl<'a> Client<'a> {
    fn new(load: &'a Load<'a>, number: usize) -> Client<'a> {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Client {
            load,
            agent,
            name: format!("siege-{number}"),
            random: SplitMix64::new(number as u64),
            votes: Vec::new(),
        }
    }

    fn number(&mut self) -> usize {
        self.random.below(1 << 31)
    }

    fn paper(&mut self) -> &'a Paper {
        let number = self.number();
        &self.load.papers[number % self.load.papers.len()]
    }

    /// Asks, and writes down how it went. Gives the answer to what was answered with 2xx.
    fn ask(&self, what: &'static str, method: &str, path: &str, kind: &str, body: String) -> Option<String> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.load.server.address));
        let start = Instant::now();
        let answered = match method {
            "GET" => self.agent.run(request.body(()).ok()?),
            _ => self.agent.run(request.header("content-type", kind).body(body).ok()?),
        };
        let read = answered.and_then(|mut answer| Ok((answer.status(), answer.body_mut().read_to_string()?)));
        let took = start.elapsed().as_secs_f64() * 1e3;
        let mut tallies = self.load.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(what).or_default();
        let (error, text) = match read {
            Ok((status, text)) if status.is_success() => (None, Some(text)),
            Ok((status, _)) => (Some(status.as_u16().to_string()), None),
            Err(error) => (Some(error.to_string()), None),
        };
        match error {
            None => tally.milliseconds.push(took),
            Some(error) => *tally.errors.entry(error).or_default() += 1,
        }
        text
    }

    fn get(&self, what: &'static str, path: &str) -> Option<Value> {
        serde_json::from_str(&self.ask(what, "GET", path, "", String::new())?).ok()
    }

    fn similar(&mut self) {
        let id = encoded(self.paper().id.as_str());
        self.get("similar", &format!("/v1/papers/{id}/similar?limit=10"));
    }

    fn embed(&mut self, model: &str) {
        let texts: Vec<String> = (0..TEXTS).map(|_| self.paper().document()).collect();
        let body = json!({ "model": model, "input": texts }).to_string();
        self.ask("embeddings", "POST", "/v1/embeddings", JSON, body);
    }

    fn vote(&mut self) {
        let id = self.paper().id.to_string();
        let body = json!({ "kind": "like", "papers": [id] }).to_string();
        let path = format!("/v1/profiles/{}/feedback", self.name);
        if self.ask("vote", "POST", &path, JSON, body).is_some() {
            self.votes.push(id);
        }
    }

    fn any(&mut self) {
        match self.number() % 100 {
            0..50 => self.similar(),
            50..65 => {
                let body = json!({ "text": self.paper().title }).to_string();
                self.ask("search", "POST", "/v1/search", JSON, body);
            }
            65..75 => {
                let history: Vec<String> = (0..5).map(|_| self.paper().id.to_string()).collect();
                self.ask("recommend", "POST", "/v1/recommend", JSON, json!({ "positive": history }).to_string());
            }
            75..80 if !self.votes.is_empty() => {
                self.get("feed", &format!("/v1/profiles/{}/feed?limit=10", self.name));
            }
            _ => self.vote(),
        }
    }

    /// Votes that were answered and are not there.
    fn lost(&self) -> usize {
        let path = format!("/v1/profiles/{}", self.name);
        // What was asked for before the end may still keep the server busy.
        let mut answers = (0..100).map(|_| {
            self.get(CHECK, &path).or_else(|| {
                thread::sleep(PAUSE);
                None
            })
        });
        let profile = answers.find_map(|profile| profile).unwrap_or_default();
        let history: Vec<&str> =
            profile["history"].as_array().into_iter().flatten().filter_map(|entry| entry["id"].as_str()).collect();
        self.votes.iter().filter(|id| !history.contains(&id.as_str())).count()
    }

    /// Adds papers, and gives the ids of those that were answered as new.
    fn add(&self) -> Vec<String> {
        let record = |number: usize| {
            let (one, other) = (&self.load.papers[number % BATCH], &self.load.papers[number % self.load.papers.len()]);
            json!({ "id": format!("siege/{number}"), "title": format!("{} {number}", one.title), "abstract": other.abstract_text })
        };
        let mut added = Vec::new();
        for start in (0..ADDED).step_by(BATCH) {
            let body: String = (start..start + BATCH).map(|number| format!("{}\n", record(number))).collect();
            let answer = self.ask(ADD, "POST", "/v1/papers", "application/x-ndjson", body).unwrap_or_default();
            let records = answer.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            added.extend(
                records
                    .filter(|record| record["outcome"] == "new")
                    .filter_map(|record| record["id"].as_str().map(str::to_owned)),
            );
        }
        added
    }
}

/// Reads and votes while papers are added and the index is rebuilt; then everything that was answered is looked for.
fn mixed(load: &Load, connections: usize, library: &str) -> Result<()> {
    let start = Instant::now();
    let lost = Mutex::new((0, 0));
    let end = start + Duration::from_secs_f64(load.seconds);
    let voter = &|number| {
        let mut client = Client::new(load, number);
        while Instant::now() < end {
            client.any();
        }
        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
        *lost = (lost.0 + client.votes.len(), lost.1 + client.lost());
    };
    let rebuild = || {
        thread::sleep(Duration::from_secs_f64(load.seconds / 2.0));
        let program = std::env::current_exe().ok().and_then(|exe| Some(exe.ancestors().nth(2)?.join("paperkin")))?;
        let begun = Instant::now();
        let status = Command::new(program).args(["--library", library, "index", "rebuild"]).status().ok()?;
        Some((status.success(), begun.elapsed().as_secs_f64()))
    };
    let (added, took, rebuilt) = thread::scope(|scope| {
        (0..connections).for_each(|number| drop(scope.spawn(move || voter(number))));
        let rebuilding = scope.spawn(rebuild);
        let added = Client::new(load, connections).add();
        (added, start.elapsed().as_secs_f64(), rebuilding.join().ok().flatten())
    });
    let client = Client::new(load, connections);
    let missing = added.iter().filter(|id| client.get(CHECK, &format!("/v1/papers/{}", encoded(id))).is_none()).count();
    let (votes, lost) = *lost.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{} of {ADDED} papers added in {took:.1} s, {missing} of them lost; {votes} votes, {lost} lost",
        added.len()
    );
    println!("index rebuilt beside it (success, seconds): {rebuilt:?}");
    Ok(())
}

/// Honest clients ask and vote beside hostile ones; then the votes that were answered are looked for.
fn hostile(load: &Load, connections: usize) {
    let end = Instant::now() + Duration::from_secs_f64(load.seconds);
    let papers: Vec<String> = load.papers.iter().map(|paper| paper.id.to_string()).collect();
    let address = load.server.address.trim_start_matches("http://").trim_end_matches('/');
    let lost = Mutex::new((0, 0));
    let honest = &|number| {
        let mut client = Client::new(load, number);
        while Instant::now() < end {
            if client.number().is_multiple_of(10) {
                client.vote()
            } else {
                client.similar()
            }
            thread::sleep(PAUSE);
        }
        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
        *lost = (lost.0 + client.votes.len(), lost.1 + client.lost());
    };
    let peak = Mutex::new(0);
    thread::scope(|scope| {
        (0..connections).for_each(|number| drop(scope.spawn(move || honest(number))));
        let papers = &papers;
        let attack = |kind| {
            let (name, count) = HostileClient { address, papers, end }.attack(kind);
            println!("{name}: {count}");
        };
        (0..HOSTILE_CLIENTS).for_each(|kind| drop(scope.spawn(move || attack(kind))));
        scope.spawn(|| {
            while Instant::now() < end {
                let now = support::memory_mib(&load.server.child.id().to_string(), "RssAnon").unwrap_or(0);
                let mut peak = peak.lock().unwrap_or_else(PoisonError::into_inner);
                *peak = now.max(*peak);
                drop(peak);
                thread::sleep(PAUSE);
            }
        });
    });
    let (votes, lost) = *lost.lock().unwrap_or_else(PoisonError::into_inner);
    let peak = *peak.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{votes} votes, {lost} lost; the server's own memory was {peak} MB at most");
}

/// Texts a second of the encoder in this process, over some seconds.
fn encoder_rate(engine: &Engine, papers: &[Paper]) -> Result<f64> {
    let (encoder, start, mut count) = (engine.encoder()?, Instant::now(), 0);
    let mut parts = papers.chunks(64).cycle().step_by(7);
    while start.elapsed() < Duration::from_secs(10) {
        let texts: Vec<String> = parts.next().context("papers")?.iter().map(Paper::document).collect();
        count += encoder.encode(TextSide::Document, &texts, &|_| ())?.len();
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// An id as a part of a path.
fn encoded(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    id.bytes().map(|byte| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

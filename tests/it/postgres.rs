//! Libraries on a PostgreSQL server: the same answers as from a directory, and what happens when the server does not do as
//! it should.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use paperkin::evaluate::SplitMix64;
use paperkin::library::{Library, NearestQuery, PaperChange, VectorIndexMethod};
use serde_json::{Value, json};

use crate::support::made_up;
use crate::support::postgres::{PASSWORD, PostgresServer};
use crate::support::sandbox::{Run, Sandbox, listing};
use crate::support::server::{JSON, Server};

/// Numbers of a made-up embedding.
const DIMENSION: usize = 24;

/// A library with the papers of the examples on a server.
fn filled(server: &PostgresServer) -> Sandbox {
    let sandbox = Sandbox::at(&server.address("postgres"));
    let run = sandbox.run(&["add", listing()]);
    assert_eq!(run.code, 0, "{}", run.err);
    sandbox
}

/// A library with made-up papers and embeddings, in a directory.
fn made_up_library(sandbox: &Sandbox, papers: usize) -> Library {
    let mut random = SplitMix64::new(7);
    let mut library = Library::create(&sandbox.library()).unwrap();
    let mut change = |number: usize| {
        let paper = made_up::paper(&format!("p{number}"), &format!("p{number}"));
        (PaperChange::New(paper.into()), Some(made_up::embedding(&mut random, DIMENSION)))
    };
    let changes: Vec<_> = (0..papers).map(&mut change).collect();
    library.write(&made_up::model(DIMENSION), &changes).unwrap();
    library
}

/// What a command printed, without the time that it took.
fn answer(sandbox: &Sandbox, args: &[&str]) -> Value {
    let mut answer = sandbox.json(args);
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("took_ms");
    }
    answer
}

/// Titles that are found.
fn found(service: &Server, text: &str) -> Vec<String> {
    let answer = service.post("/v1/search", &json!({ "text": text }).to_string());
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|result| result["paper"]["title"].as_str().unwrap().to_owned()).collect()
}

/// The id of a paper.
fn first_id(service: &Server) -> String {
    let answer = service.post("/v1/search", r#"{"text":"learning","limit":1}"#);
    answer["results"][0]["paper"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn answers_are_those_of_a_library_in_a_directory() {
    let Some(server) = PostgresServer::start() else { return };
    let (there, here) = (filled(&server), Sandbox::with_papers());
    let first = answer(&here, &["list", "--limit", "2", "--format", "json"]);
    let ids: Vec<&str> = first.as_array().unwrap().iter().map(|paper| paper["id"].as_str().unwrap()).collect();
    for sandbox in [&here, &there] {
        for (verb, id) in ["like", "dislike"].iter().zip(&ids) {
            assert_eq!(sandbox.run(&["profile", "reader", verb, id]).code, 0);
        }
    }
    let questions: [&[&str]; 8] = [
        &["search", "walking robots", "--format", "json"],
        &["search", concat!("instruction tun", "ning"), "--format", "json"],
        &["similar", ids[0], "--explain", "--format", "json"],
        &["recommend", "--profile", "reader", "--format", "json"],
        &["feed", "reader", "--keep", "--format", "json"],
        &["recent", "--category", "cs", "--format", "json"],
        &["profile", "reader", "show", "--format", "json"],
        &["export", "--format", "jsonl"],
    ];
    for question in questions {
        let [here, there] = [&here, &there].map(|sandbox| sandbox.run(question));
        let without_time = |run: &Run| {
            let lines =
                run.out.lines().filter(|line| !line.contains("\"took_ms\"") && !line.contains("\"generation\""));
            lines.collect::<Vec<&str>>().join("\n")
        };
        assert_eq!((there.code, there.err.as_str()), (here.code, here.err.as_str()), "{question:?}");
        assert_eq!(without_time(&there), without_time(&here), "{question:?}");
    }
    assert_eq!(there.run(&["doctor"]).code, 0, "{}", there.run(&["doctor"]).out);
    let report = there.folder.path().join("report");
    assert_eq!(there.run(&["report", "--out", report.to_str().unwrap()]).code, 0);
    assert!(report.join("report.html").is_file());
}

#[test]
fn a_library_moves_to_a_server_and_back() {
    let Some(server) = PostgresServer::start() else { return };
    let here = Sandbox::with_papers();
    let first = answer(&here, &["list", "--limit", "1", "--format", "json"]);
    assert_eq!(here.run(&["profile", "reader", "like", first[0]["id"].as_str().unwrap()]).code, 0);
    let (address, back) = (server.address("postgres"), here.folder.path().join("back"));
    let back = back.to_str().unwrap();
    for [from, to] in [[here.library().to_str().unwrap(), &address], [&address, back]] {
        let run = here.run(&["migrate", from, to]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.contains(" papers and ") && run.out.contains(" rows compared"), "{}", run.out);
        assert!(!run.out.contains("horse"), "a password is not printed: {}", run.out);
        let again = here.run(&["migrate", from, to]);
        assert_eq!(again.code, 1);
        assert!(
            again.err.trim_end().ends_with("has a library already: give an empty directory or database"),
            "{}",
            again.err
        );
    }
    let question = ["search", "walking robots", "--format", "json"];
    assert_eq!(answer(&here, &question), answer(&Sandbox::at(back), &question));
}

#[test]
fn what_is_wrong_with_a_server_is_said_in_one_line() {
    let Some(server) = PostgresServer::start() else { return };
    server.sql("postgres", "CREATE DATABASE plain");
    server.sql("postgres", "CREATE DATABASE old");
    server.sql("postgres", "CREATE DATABASE closed");
    server.sql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    server.sql("postgres", "CREATE ROLE guest LOGIN PASSWORD 'guest'");
    server.sql("closed", "CREATE EXTENSION vector; REVOKE ALL ON SCHEMA public FROM PUBLIC");
    server.sql("old", "CREATE EXTENSION vector; UPDATE pg_extension SET extversion = '0.8.0' WHERE extname = 'vector'");
    let local = |user: &str, database: &str| format!("postgres://{user}@127.0.0.1:{}/{database}", server.port);
    let table = [
        (local("postgres:wrong", "postgres"), 2, "password authentication failed for user \"postgres\""),
        (local("guest:guest", "nowhere"), 2, "database \"nowhere\" does not exist"),
        (local("guest:guest", "closed"), 2, "no schema has been selected to create in"),
        (server.address("latin"), 2, "the database has the encoding LATIN1: create one with `ENCODING 'UTF8'`"),
        (format!("{}?options=-csearch_path%3Dteam,public", server.address("plain")), 2, "there is no schema `team`"),
        ("Mysql://me:secret@127.0.0.1/papers".to_owned(), 1, "is neither a directory nor an address such as"),
        ("postgres://me:se@cret@127.0.0.1/papers".to_owned(), 1, "has a `@`: write `%40`"),
        (local("guest:guest", "plain"), 2, "and let an administrator run `CREATE EXTENSION vector`"),
        (server.address("old"), 1, "pgvector 0.8.0 can damage its indexes: install 0.8.4 or newer"),
        ("postgres://postgres@127.0.0.1:1/papers".to_owned(), 2, "cannot connect: "),
        ("postgres://127.0.0.1/papers?sslmode=maybe".to_owned(), 1, "such as `postgres://user@host/database`"),
        ("postgres://postgres@127.0.0.1/papers?sslrootcert=/nowhere".to_owned(), 2, "/nowhere: "),
    ];
    for (address, code, expected) in table {
        let run = Sandbox::at(&address).run(&["add", listing()]);
        assert_eq!(run.code, code, "{address}: {}", run.err);
        assert!(run.err.contains(expected), "{address}: {}", run.err);
        assert_eq!(run.err.trim_end().lines().count(), 1, "{address}: {}", run.err);
        assert!(!run.err.contains("cret"), "a password is not shown: {}", run.err);
    }
    let empty = Sandbox::at(&server.address("plain")).run(&["status"]);
    assert_eq!(empty.code, 1);
    assert!(empty.err.contains("create one with `paperkin add FILE`"), "{}", empty.err);
    let restore = Sandbox::at(&server.address("plain")).run(&["restore", listing()]);
    assert!(restore.err.contains("copy that with `paperkin migrate`"), "{}", restore.err);
}

#[test]
fn a_service_goes_on_when_its_server_comes_back() {
    let Some(server) = PostgresServer::start() else { return };
    let service = Server::over(filled(&server), &["--workers", "2"]);
    let before = found(&service, "walking robots");
    let id = first_id(&service);
    let vote = json!({ "kind": "like", "papers": [id] }).to_string();
    let vote = |profile: &str| service.call("POST", &format!("/v1/profiles/{profile}/feedback"), &[JSON], &vote).status;
    assert_eq!(vote("before"), 200);
    server.crash();
    assert_eq!(vote("meanwhile"), 503);
    let reply = service.call("POST", "/v1/search", &[JSON], r#"{"text":"speech"}"#);
    assert_eq!((reply.status, reply.json()["code"].as_str()), (503, Some("unavailable")), "{}", reply.body);
    assert_eq!(service.call("GET", "/health/ready", &[], "").status, 503);
    server.resume();
    assert_eq!(found(&service, "walking robots"), before);
    assert_eq!(vote("after"), 200);
    assert_eq!(service.call("GET", "/health/ready", &[], "").status, 200);
    assert_eq!(service.get("/v1/profiles")["profiles"], json!(["after", "before"]));
}

#[test]
fn a_vote_on_one_service_is_seen_by_the_other() {
    let Some(server) = PostgresServer::start() else { return };
    let services = [(); 2].map(|()| Server::over(filled(&server), &[]));
    let answer = services[0].post("/v1/search", r#"{"text":"learning","limit":6}"#);
    let ids = answer["results"].as_array().unwrap().iter().map(|result| result["paper"]["id"].as_str().unwrap());
    for (round, id) in ids.enumerate() {
        let [one, other] = [round % 2, 1 - round % 2].map(|at| &services[at]);
        one.post("/v1/profiles/reader/feedback", &json!({ "kind": "like", "papers": [id] }).to_string());
        let history = other.get("/v1/profiles/reader")["history"].take();
        assert!(history.as_array().unwrap().iter().any(|entry| entry["id"] == *id), "{round}: {history}");
    }
}

#[test]
fn questions_are_answered_while_a_replica_becomes_the_server() {
    let Some(server) = PostgresServer::start() else { return };
    let papers = filled(&server);
    let replica = server.replica();
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", server.port, replica.port);
    let both = server.address("postgres").replace(&format!("127.0.0.1:{}", server.port), &hosts);
    let service = Server::over(Sandbox::at(&format!("{both}?target_session_attrs=read-write")), &["--workers", "2"]);
    let before = found(&service, "walking robots");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut statuses = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                statuses.push(service.call("POST", "/v1/search", &[JSON], r#"{"text":"walking robots"}"#).status);
            }
            statuses
        });
        thread::sleep(Duration::from_millis(300));
        server.crash();
        replica.promote();
        // The next question may have to find the new server first.
        while service.call("GET", "/health/ready", &[], "").status != 200 {
            thread::sleep(Duration::from_millis(50));
        }
        is_over.store(true, Ordering::Relaxed);
        let statuses = asked.join().unwrap();
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    });
    assert_eq!(found(&service, "walking robots"), before);
    let id = first_id(&service);
    service.post("/v1/profiles/reader/feedback", &json!({ "kind": "like", "papers": [id] }).to_string());
    drop(papers);
}

#[test]
fn a_replica_answers_and_its_server_does_when_it_is_gone() {
    let Some(server) = PostgresServer::start() else { return };
    let sandbox = filled(&server);
    let replica = server.replica();
    let address = replica.address("postgres");
    let other = PostgresServer::start().unwrap();
    other.sql("postgres", "CREATE EXTENSION vector");
    let refused = sandbox.run(&["status", "--read-replica", &other.address("postgres")]);
    assert!(refused.err.contains("is not a replica of the server of the library"), "{}", refused.err);
    let gone = sandbox.run(&["status", "--read-replica", "postgres://postgres@127.0.0.1:1/postgres"]);
    assert_eq!(gone.code, 0, "{}", gone.err);
    let service = Server::over(sandbox, &["--read-replica", &address]);
    let before = found(&service, "walking robots");
    let id = first_id(&service);
    let like = json!({ "kind": "like", "papers": [id] }).to_string();
    for reader in ["one", "two", "three"] {
        service.post(&format!("/v1/profiles/{reader}/feedback"), &like);
        // What the service wrote it reads, however far behind the replica is.
        assert_eq!(service.get(&format!("/v1/profiles/{reader}"))["history"][0]["id"], *id);
    }
    replica.crash();
    assert_eq!(found(&service, "walking robots"), before);
}

#[test]
fn the_index_of_the_server_finds_the_nearest() {
    const PAPERS: usize = 21_000;
    let Some(server) = PostgresServer::start() else { return };
    let here = Sandbox::new();
    let mut library = made_up_library(&here, PAPERS);
    let address = PathBuf::from(server.address("postgres"));
    Library::migrate(&library, &address, |_| {}).unwrap();
    let mut there = Library::open(&address).unwrap();
    assert!(!there.has_vector_index().unwrap());
    assert!(there.build_vector_index().unwrap());
    assert!(there.has_vector_index().unwrap());
    let recall = there.vector_index_recall().unwrap();
    assert!(recall >= 0.95, "{recall}");

    // Papers are found by their own vectors, among all and among some.
    let index = there.server_index().unwrap().unwrap();
    let keys = there.embedded_keys().unwrap();
    let some: Vec<i64> = keys.iter().copied().filter(|key| key % 1_000 != 1).collect();
    for key in [1, 501, 1_001, 20_500] {
        let vector = there.embeddings_at(&[key]).unwrap().row(0).to_vec();
        // Two queries at once have each their own neighbors.
        let other = there.embeddings_at(&[some[7]]).unwrap().row(0).to_vec();
        let queries = [&vector, &other].map(|vector| NearestQuery { vector, k: 10 });
        let ask = |allowed| there.read_transaction(|| there.nearest_keys(&index, &queries, allowed, PAPERS)).unwrap();
        let nearest = ask(None);
        assert!(nearest[0].contains(&key) && nearest[1].contains(&some[7]), "{key}: {nearest:?}");
        for allowed in [&some[..], &some[..100]] {
            let nearest = ask(Some(allowed));
            assert_eq!(nearest[0].contains(&key), allowed.contains(&key), "{key}: {nearest:?}");
            assert!(nearest[1].contains(&some[7]), "{nearest:?}");
            assert!(nearest.iter().flatten().all(|key| allowed.contains(key)), "{nearest:?}");
            assert!(nearest.iter().all(|keys| keys.len() >= 10));
        }
    }

    there.set_vector_index(VectorIndexMethod::Vchordrq).unwrap();
    let missing = there.build_vector_index().unwrap_err().one_line();
    assert!(missing.contains("access method \"vchordrq\" does not exist"), "{missing}");
    there.set_vector_index(VectorIndexMethod::None).unwrap();
    there.build_vector_index().unwrap();
    assert_eq!(there.vector_index_recall().unwrap(), 1.0);
    let refused = library.set_vector_index(VectorIndexMethod::None).unwrap_err().one_line();
    assert!(refused.contains("the library is in a directory"), "{refused}");
}

/// Spreads the embeddings of a new library in the database `postgres` of the first server over the databases `part` of all.
fn spread(servers: &[PostgresServer; 3]) {
    let [server, ..] = servers;
    drop(Library::create(&PathBuf::from(server.address("postgres"))).unwrap());
    server.sql("postgres", "CREATE EXTENSION postgres_fdw");
    for (number, part) in servers.iter().enumerate() {
        part.sql("postgres", "CREATE DATABASE part");
        part.sql("part", include_str!("../../deploy/postgres/part.sql"));
        let foreign = format!(
            "CREATE SERVER part_{number} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{}', \
             dbname 'part', extensions 'vector', use_remote_estimate 'true', \
             options '-c hnsw.iterative_scan=relaxed_order -c hnsw.ef_search=150'); \
             CREATE USER MAPPING FOR CURRENT_USER SERVER part_{number} OPTIONS (user 'postgres', password '{PASSWORD}')",
            part.port
        );
        server.sql("postgres", &foreign);
    }
    server.sql("postgres", include_str!("../../deploy/postgres/partitioned.sql"));
}

#[test]
fn embeddings_are_spread_over_three_servers() {
    let servers = [(); 3].map(|()| PostgresServer::start());
    let [Some(one), Some(other), Some(third)] = servers else { return };
    let servers = [one, other, third];
    spread(&servers);
    let here = Sandbox::new();
    let library = made_up_library(&here, 21_000);
    let address = PathBuf::from(servers[0].address("postgres"));
    Library::migrate(&library, &address, |_| {}).unwrap();
    for part in &servers {
        assert!((6_500..7_500).contains(&part.count("part", "SELECT count(*) FROM embedding")));
        let index = format!(
            "CREATE INDEX ON embedding USING hnsw ((vector::halfvec({DIMENSION})) halfvec_ip_ops) \
             WITH (m = 16, ef_construction = 100); ANALYZE embedding"
        );
        part.sql("part", &index);
    }
    let mut there = Library::open(&address).unwrap();
    there.set_vector_index(VectorIndexMethod::External).unwrap();
    assert!(there.has_vector_index().unwrap() && there.build_vector_index().unwrap());
    let recall = there.vector_index_recall().unwrap();
    assert!(recall >= 0.95, "{recall}");

    let gone = there.paper_at(7).unwrap().paper.id;
    assert_eq!(there.remove(&[gone]).unwrap().len(), 1);
    assert_eq!(there.embedded_keys().unwrap().len(), 20_999);

    servers[2].crash();
    let error = there.vector_index_recall().unwrap_err().one_line();
    assert!(!error.contains('\n') && !error.contains(PASSWORD), "{error}");
    servers[2].resume();
    assert_eq!(there.vector_index_recall().unwrap(), recall);
}

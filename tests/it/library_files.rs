//! The files of a library under a running server, without the permission to write, and who may read them.

#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::made_up::short_papers;
use crate::support::sandbox::Sandbox;
use crate::support::server::{JSON, Server};

/// What happens to files: its name, how it is done, and how it is undone.
type FileChange<'a> = (&'a str, &'a dyn Fn(), &'a dyn Fn());

fn mode(path: impl AsRef<Path>) -> u32 {
    path.as_ref().metadata().unwrap().permissions().mode() & 0o777
}

fn ids(answer: &serde_json::Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|result| result["paper"]["id"].as_str().unwrap().to_owned()).collect()
}

fn similar(server: &Server, id: &str) -> Vec<String> {
    ids(&server.get(&format!("/v1/papers/{id}/similar?limit=5")))
}

/// A vote for a paper that the answer to a search begins with: its status, and the problem.
fn vote(server: &Server) -> (u16, String) {
    let paper = &ids(&server.post("/v1/search", r#"{"text":"paper on learning topics","limit":1}"#))[0];
    let body = serde_json::json!({ "kind": "like", "papers": [paper] }).to_string();
    let reply = server.call("POST", "/v1/profiles/me/feedback", &[JSON], &body);
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn an_index_that_is_cut_short_under_a_server_costs_no_answer() {
    let sandbox = Sandbox::new();
    let papers = sandbox.file("papers.jsonl", short_papers(0..300));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    assert_eq!(sandbox.run(&["index", "rebuild"]).code, 0);
    let papers: Vec<String> = (0..300).step_by(10).map(|number| format!("p{number}")).collect();
    let expected: Vec<Vec<String>> = {
        let server = Server::over(Sandbox::copy_of(&sandbox), &[]);
        papers.iter().map(|id| similar(&server, id)).collect()
    };
    let index = sandbox.library().join("index/hnsw");
    let server = Server::over(sandbox, &[]);
    File::options().write(true).open(&index).unwrap().set_len(0).unwrap();
    let found: Vec<Vec<String>> = papers.iter().map(|id| similar(&server, id)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_pipe_in_the_place_of_an_index_is_not_waited_for() {
    let sandbox = Sandbox::new();
    let papers = sandbox.file("papers.jsonl", short_papers(0..300));
    assert_eq!(sandbox.run(&["add", &papers]).code, 0);
    assert_eq!(sandbox.run(&["index", "rebuild"]).code, 0);
    let expected = sandbox.run(&["similar", "p0"]).out;
    let index = sandbox.library().join("index/hnsw");
    fs::remove_file(&index).unwrap();
    assert!(Command::new("mkfifo").arg(&index).status().unwrap().success());
    let run = sandbox.run(&["similar", "p0"]);
    assert_eq!((run.code, run.out), (0, expected));
    assert!(run.err.contains("not a file: using the exact index"), "{}", run.err);
}

#[test]
fn a_library_that_was_replaced_or_removed_is_noticed() {
    let server = Server::start(&[]);
    let status = |path: &str| server.call("GET", path, &[], "").status;
    let library = server.sandbox.library();
    let [file, aside, folder] =
        [library.join("library.sqlite3"), library.join("aside"), server.sandbox.folder.path().join("elsewhere")];
    let changes: [FileChange<'_>; 3] = [
        ("removed", &|| fs::rename(&file, &aside).unwrap(), &|| fs::rename(&aside, &file).unwrap()),
        (
            "replaced",
            &|| {
                fs::rename(&file, &aside).unwrap();
                fs::copy(&aside, &file).unwrap();
            },
            &|| fs::rename(&aside, &file).unwrap(),
        ),
        ("moved", &|| fs::rename(&library, &folder).unwrap(), &|| fs::rename(&folder, &library).unwrap()),
    ];
    for (what, change, undo) in changes {
        assert_eq!((vote(&server).0, status("/health/ready")), (200, 200), "before: {what}");
        change();
        assert_eq!(vote(&server), (503, "unavailable".to_owned()), "{what}");
        let ready = server.call("GET", "/health/ready", &[], "");
        assert!(ready.status == 503 && ready.body.contains("restart the server"), "{what}: {}", ready.body);
        assert_eq!((status("/health/live"), status("/v1/search?q=hands")), (200, 200), "{what}: it still answers");
        undo();
    }
    assert_eq!((vote(&server).0, status("/health/ready")), (200, 200));
}

#[test]
fn a_library_that_cannot_be_written_to_is_read() {
    let mut sandbox = Sandbox::with_papers();
    let found = sandbox.json(&["search", "hands", "--limit", "1", "--format", "json"]);
    assert_eq!(sandbox.run(&["profile", "me", "like", &ids(&found)[0]]).code, 0);
    if !sandbox.become_unprivileged() {
        return;
    }
    let run = sandbox.run(&["search", "hands"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let run = sandbox.run(&["profile", "me", "delete", "--yes"]);
    assert!(run.code == 2 && run.err.contains("the library is read-only"), "{} {}", run.code, run.err);
    let server = Server::over(sandbox, &[]);
    assert_eq!(vote(&server), (403, "read_only".to_owned()));
    for path in ["/health/ready", "/v1/search?q=hands", "/v1/profiles/me", "/", "/search?q=hands"] {
        assert_eq!(server.call("GET", path, &[], "").status, 200, "{path}");
    }
}

#[test]
fn changes_that_a_killed_server_left_are_read_on_a_read_only_disk_or_missed_aloud() {
    let mut server = Server::start(&[]);
    assert_eq!(vote(&server).0, 200);
    server.signal("KILL");
    server.exit_code();
    let mut sandbox = Sandbox::copy_of(&server.sandbox);
    if !sandbox.become_unprivileged() {
        return;
    }
    let run = sandbox.run(&["profiles"]);
    assert!(run.code == 0 && run.out.contains("me"), "{} {}", run.out, run.err);
    let set_mode = |mode| fs::set_permissions(sandbox.library(), fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o755);
    fs::remove_file(sandbox.library().join("library.sqlite3-shm")).unwrap();
    set_mode(0o555);
    let run = sandbox.run(&["profiles"]);
    assert!(run.code == 1 && run.err.contains("`library.sqlite3-wal` that cannot be read"), "{} {}", run.code, run.err);
}

#[test]
fn what_a_library_holds_is_its_owners() {
    let mut sandbox = Sandbox::new();
    // Without a umask everybody may read what a program does not protect.
    sandbox.wrapper = ["sh", "-c", "umask 0; exec \"$0\" \"$@\""].map(str::to_owned).to_vec();
    let papers = sandbox.file("papers.jsonl", short_papers(0..20));
    let [backup, export] = ["copy.sqlite3", "out.jsonl"].map(|name| sandbox.folder.path().join(name));
    for command in [
        &["add", &papers][..],
        &["index", "rebuild"],
        &["backup", backup.to_str().unwrap()],
        &["export", "--papers", "--out", export.to_str().unwrap()],
    ] {
        let run = sandbox.run(command);
        assert_eq!(run.code, 0, "{command:?}: {}", run.err);
    }
    assert_eq!((mode(&backup), mode(&export)), (0o600, 0o666));
    let server = Server::over(sandbox, &[]);
    assert_eq!(vote(&server).0, 200);
    let library = server.sandbox.library();
    for directory in [library.clone(), library.join("index")] {
        assert_eq!(mode(&directory), 0o700);
        for file in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
    // What somebody chose stays.
    let (file, copy) = (library.join("library.sqlite3"), backup);
    for file in [&file, &copy] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap();
    }
    assert_eq!(server.sandbox.run(&["add", &papers]).code, 0);
    assert_eq!(server.sandbox.run(&["backup", copy.to_str().unwrap()]).code, 0);
    assert_eq!((mode(&file), mode(&copy)), (0o640, 0o640));
}

#[test]
fn a_token_file_that_others_can_read_is_warned_about() {
    let sandbox = Sandbox::with_papers();
    let line = sandbox.run(&["token", "me", "--scope", "read"]).err;
    let file = sandbox.file("tokens", line);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let mut server = Server::over(sandbox, &["--token-file", &file]);
    let line = server.log_line();
    assert!(line.starts_with("warning: ") && line.contains("tokens: others can read the token file"), "{line}");
}

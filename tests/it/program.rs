//! Running the program in a library of its own.

use std::path::{Path, PathBuf};
use std::process::{self, Child, Output, Stdio};
use std::sync::OnceLock;

use assert_cmd::Command;
use tempfile::TempDir;

/// A library in a folder that goes away with it.
pub(crate) struct Sandbox {
    pub(crate) folder: TempDir,
}

/// What a run of the program said.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        Sandbox { folder: tempfile::tempdir().unwrap() }
    }

    /// A library with the papers of the examples, made once and copied.
    pub(crate) fn with_papers() -> Sandbox {
        static FILLED: OnceLock<Sandbox> = OnceLock::new();
        let filled = FILLED.get_or_init(|| {
            let sandbox = Sandbox::new();
            let run = sandbox.run(&["add", listing()]);
            assert_eq!((run.code, run.out.as_str()), (0, ADDED), "{}", run.err);
            sandbox
        });
        let sandbox = Sandbox::new();
        std::fs::create_dir(sandbox.library()).unwrap();
        for file in std::fs::read_dir(filled.library()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), sandbox.library().join(file.file_name())).unwrap();
        }
        sandbox
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.folder.path().join("library")
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("paperkin").unwrap();
        command.args(args).env_clear().env("PAPERKIN_LIBRARY", self.library()).env("HOME", self.folder.path());
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    /// Starts the program, which goes on by itself; what it says can be read.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = process::Command::new(env!("CARGO_BIN_EXE_paperkin"));
        command.args(args).env_clear().env("PAPERKIN_LIBRARY", self.library()).env("HOME", self.folder.path());
        command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::from(self.command(args).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: impl Into<Vec<u8>>) -> Run {
        Run::from(self.command(args).write_stdin(input).output().unwrap())
    }

    /// Runs it and gives what it printed, which must be JSON.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let run = self.run(args);
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

const ADDED: &str = "40 new, 0 updated, 0 unchanged: 40 papers in the library\n";

/// The listing of the examples: 40 papers.
pub(crate) fn listing() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/daily-papers.txt")
}

/// A file of the data that is shared with the checkout; `None`, which is said, where there is none.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder.join(path))
}

//! Running the program in a library of its own.

use std::path::PathBuf;
use std::process::{self, Child, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use assert_cmd::Command;
use tempfile::TempDir;

/// A library in a folder that goes away with it.
pub(crate) struct Sandbox {
    pub(crate) folder: TempDir,
    /// The words of a command that runs the program, which follows them.
    pub(crate) wrapper: Vec<String>,
    /// Where the library is: in the folder or, when the tests are of libraries on a server, in a schema there.
    location: PathBuf,
}

/// The address of a PostgreSQL server, when the tests are of libraries there.
pub(crate) fn server() -> Option<String> {
    std::env::var("PAPERKIN_TEST_POSTGRES").ok()
}

/// The address of a new schema on the server.
pub(crate) fn server_schema() -> Option<String> {
    static SCHEMAS: AtomicUsize = AtomicUsize::new(0);
    let address = server()?;
    let schema = format!("it_{}_{}", process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let mut client = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    Some(format!("{address}?options=-csearch_path%3D{schema},public"))
}

/// What a run of the program said.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        let folder = tempfile::tempdir().unwrap();
        let location = server_schema().map_or_else(|| folder.path().join("library"), PathBuf::from);
        Sandbox { folder, wrapper: Vec::new(), location }
    }

    /// A library at the address of a server.
    pub(crate) fn at(address: &str) -> Sandbox {
        Sandbox { folder: tempfile::tempdir().unwrap(), wrapper: Vec::new(), location: address.into() }
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
        Sandbox::copy_of(filled)
    }

    /// Another library with the same files, but for those in folders.
    pub(crate) fn copy_of(other: &Sandbox) -> Sandbox {
        let sandbox = Sandbox::new();
        if server().is_some() {
            let [from, to] = [&other.location, &sandbox.location].map(|location| location.to_str().unwrap());
            let run = sandbox.run(&["migrate", from, to]);
            assert_eq!(run.code, 0, "{}", run.err);
            return sandbox;
        }
        std::fs::create_dir(sandbox.library()).unwrap();
        let files = std::fs::read_dir(other.library()).unwrap().map(|file| file.unwrap());
        for file in files.filter(|file| file.path().is_file()) {
            std::fs::copy(file.path(), sandbox.library().join(file.file_name())).unwrap();
        }
        sandbox
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.folder.path().join("library")
    }

    /// Where the library is: [`Sandbox::library`], or an address.
    pub(crate) fn location(&self) -> PathBuf {
        self.location.clone()
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program in this library, with nothing of the environment of the tests.
    pub(crate) fn program(&self) -> process::Command {
        let mut words = self.wrapper.iter().map(String::as_str).chain([env!("CARGO_BIN_EXE_paperkin")]);
        let mut command = process::Command::new(words.next().unwrap());
        command.args(words);
        self.in_here(command)
    }

    /// From now on the program is run by a user who owns nothing here and may read everything. `false`, after a report, where
    /// that cannot be.
    #[cfg(unix)]
    pub(crate) fn become_unprivileged(&mut self) -> bool {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};

        let set_mode = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for file in std::fs::read_dir(self.library()).unwrap() {
            set_mode(&file.unwrap().path(), 0o444);
        }
        set_mode(&self.library(), 0o555);
        set_mode(self.folder.path(), 0o755);
        // Root may write whatever the permissions are.
        if self.folder.path().metadata().unwrap().uid() == 0 {
            let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
            if !process::Command::new(user[0])
                .args(&user[1..])
                .arg("true")
                .status()
                .is_ok_and(|status| status.success())
            {
                super::prerequisites::skip("the tests run as root, and setpriv cannot change that");
                return false;
            }
            self.wrapper = user.map(str::to_owned).to_vec();
        }
        true
    }

    fn in_here(&self, mut command: process::Command) -> process::Command {
        command.env_clear().env("PAPERKIN_LIBRARY", &self.location).env("HOME", self.folder.path());
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::from_std(self.program());
        command.args(args);
        command
    }

    /// Starts the program, which goes on by itself; what it says can be read.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.program().args(args).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the program, which goes on by itself; nobody reads what it says.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let mut program = self.program();
        program.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs the program, which the system kills when it writes a file beyond this many KiB: at the same write in every
    /// run. Returns whether it finished.
    pub(crate) fn run_with_file_limit(&self, args: &[&str], kib: u64) -> bool {
        // The shell counts blocks of 512 bytes.
        let script = format!("ulimit -c 0; ulimit -f {}; exec \"$0\" \"$@\"", 2 * kib);
        let mut shell = self.in_here(process::Command::new("/bin/sh"));
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_paperkin")]).args(args);
        let status = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success() || status.code().is_none(), "{args:?}: neither finished nor killed: {status}");
        status.success()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::from(self.command(args).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: impl Into<Vec<u8>>) -> Run {
        Run::from(self.command(args).write_stdin(input).output().unwrap())
    }

    /// Runs the program and returns what it printed, which must be JSON.
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

//! Servers of PostgreSQL that a test starts, stops and kills. They refuse to run as root, and are run by `nobody` then.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::prerequisites::postgres_programs;

/// The user that has nothing else.
const NOBODY: u32 = 65_534;
/// The password of the user `postgres`.
pub(crate) const PASSWORD: &str = "correct horse";

/// A running server with an empty database, stopped with the value.
pub(crate) struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    pub(crate) port: u16,
}

impl PostgresServer {
    /// Starts one; `None`, after a report, where its programs are not installed.
    pub(crate) fn start() -> Option<PostgresServer> {
        let server = PostgresServer::new(postgres_programs()?);
        let password = server.folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        server.give_away(&password);
        let data = server.data();
        server.run(
            "initdb",
            &[
                "--pgdata",
                &data,
                "--username",
                "postgres",
                "--auth",
                "scram-sha-256",
                "--pwfile",
                password.to_str().unwrap(),
                "--encoding",
                "UTF8",
                "--locale",
                "C",
                "--no-sync",
            ],
        );
        server.resume();
        Some(server)
    }

    /// A replica that follows this server.
    pub(crate) fn replica(&self) -> PostgresServer {
        let replica = PostgresServer::new(self.programs.clone());
        let address = self.address("postgres");
        replica.run(
            "pg_basebackup",
            &["--pgdata", &replica.data(), "--dbname", &address, "--write-recovery-conf", "--no-sync"],
        );
        replica.resume();
        replica
    }

    fn new(programs: PathBuf) -> PostgresServer {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = PostgresServer { folder, programs, port };
        server.give_away(server.folder.path());
        server
    }

    /// Gives a file to the user that the server runs as.
    fn give_away(&self, path: &Path) {
        if is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    /// The address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", PASSWORD.replace(' ', "%20"), self.port)
    }

    /// Starts it again.
    pub(crate) fn resume(&self) {
        let options =
            format!("-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off", self.port, self.folder.path().display());
        self.run(
            "pg_ctl",
            &["--pgdata", &self.data(), "--log", "/dev/null", "--silent", "--wait", "--options", &options, "start"],
        );
    }

    /// Stops it as a power failure would.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["--pgdata", &self.data(), "--silent", "--mode", "immediate", "stop"]);
    }

    /// Makes a replica a server of its own.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["--pgdata", &self.data(), "--silent", "--wait", "promote"]);
    }

    /// Runs SQL as an administrator.
    pub(crate) fn sql(&self, database: &str, sql: &str) {
        let mut client = postgres::Client::connect(&self.address(database), postgres::NoTls).unwrap();
        client.batch_execute(sql).unwrap();
    }

    /// The number that a query gives.
    pub(crate) fn count(&self, database: &str, sql: &str) -> i64 {
        let mut client = postgres::Client::connect(&self.address(database), postgres::NoTls).unwrap();
        client.query_one(sql, &[]).unwrap().get(0)
    }

    fn run(&self, program: &str, args: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command
            .args(args)
            .current_dir("/")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "{args:?}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.crash();
        }
    }
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|process| process.uid() == 0)
}

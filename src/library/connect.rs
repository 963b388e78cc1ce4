//! Libraries on a server of PostgreSQL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::Config;
use postgres::config::Host;

use super::Library;
use super::database::postgres::PostgresConnection;
use super::database::postgres_session::{PostgresServer, message};
use super::database::tls::connector;
use super::database::{Connection, OptionalRow, TransactionKind};
use super::open::database_error;
use crate::error::{Error, Result};

/// What brings a database from one format to the next.
const UPGRADES: [&str; 1] = [include_str!("postgres1.sql")];
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is tried, with pauses of 50 ms that double.
const CONNECT_TRIES: u32 = 6;
/// The oldest pgvector that is used: indexes of older ones can be damaged by a vacuum (its changelog, 0.8.4).
const MIN_VECTOR_VERSION: [u32; 3] = [0, 8, 4];
/// The part of an address that names a file of certificates.
const CERTIFICATES: &str = "sslrootcert=";
/// What every connection sets. A statement that takes longer is an error; so is a transaction whose program sleeps.
const SETTINGS: &str = "SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'; \
                        SET client_min_messages = warning";

impl Library {
    /// Opens the library in a database of PostgreSQL, or makes one there.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an address that is none; [`Error::Library`] when the server cannot be reached, or refuses.
    pub fn connect_or_create(address: &str) -> Result<Library> {
        let library = connected(address)?;
        let created = || {
            let transaction = library.db.begin(TransactionKind::Write)?;
            if vector_version(&transaction)?.is_none() {
                transaction.execute_batch("CREATE EXTENSION vector").map_err(without_extension)?;
            }
            let version = version(&transaction)?;
            for upgrade in UPGRADES.iter().skip(version as usize) {
                transaction.execute_batch(upgrade)?;
            }
            transaction.commit()
        };
        created().map_err(database_error(&library.path, "create the tables"))?;
        library.checked()
    }

    /// Opens the library in a database of PostgreSQL that has one.
    ///
    /// # Errors
    /// As [`Library::connect_or_create`]; [`Error::NotFound`] when there is no library.
    pub fn connect(address: &str) -> Result<Library> {
        connected(address)?.checked()
    }

    /// Asks questions of a replica of the server from now on, by its address: what others write may be seen a moment later,
    /// what this process writes is seen at once. While the replica cannot be reached, the server is asked.
    ///
    /// # Errors
    /// As [`Library::connect`]; [`Error::BadRequest`] for a library that is not on a server.
    pub fn set_read_replica(&mut self, address: &str) -> Result<()> {
        if !self.is_on_server() {
            let reason = "the library is in a directory: only servers have replicas".to_owned();
            return Err(Error::BadRequest { field: "read-replica", reason });
        }
        let (config, certificates) = parse("read-replica", address)?;
        let path = name(&config);
        let replica = server(config, certificates.as_deref()).and_then(|server| self.db.set_replica(server));
        replica.map_err(database_error(&path, "connect"))
    }

    /// Fails when there is no library, or one of a format that this program does not know.
    fn checked(self) -> Result<Library> {
        let extension = vector_version(&self.db).map_err(self.failed("open"))?;
        if let Some(extension) = extension.filter(|version| is_older(version, MIN_VECTOR_VERSION)) {
            let [major, minor, patch] = MIN_VECTOR_VERSION;
            return Err(Error::BadFile {
                file: self.path.display().to_string(),
                reason: format!(
                    "pgvector {extension} can damage its indexes: install {major}.{minor}.{patch} or newer, and run \
                     `ALTER EXTENSION vector UPDATE`"
                ),
            });
        }
        let (version, known) = (version(&self.db).map_err(self.failed("open"))?, UPGRADES.len() as i64);
        match version {
            0 => Err(Error::NotFound {
                what: "library in",
                name: self.path.display().to_string(),
                hint: ": create one with `paperkin add FILE`".to_owned(),
            }),
            version if version > known => Err(Error::NewerLibrary { path: self.path, found: version, known }),
            _ => Ok(self),
        }
    }
}

/// The version of pgvector; `None` when the database does not have it.
fn vector_version(db: &Connection) -> super::database::Result<Option<String>> {
    let select = "SELECT extversion FROM pg_extension WHERE extname = 'vector'";
    db.query_row(select, [], |row| row.get(0)).optional()
}

/// Whether a version is older than another; one that is not made of numbers is not.
fn is_older(version: &str, other: [u32; 3]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
    let version: [u32; 3] = std::array::from_fn(|_| parts.next().unwrap_or(0));
    version < other
}

/// Says what to do about a server without pgvector.
fn without_extension(error: super::database::Error) -> super::database::Error {
    let reason = format!(
        "the database has no extension `vector` (pgvector {} or newer), and it cannot be created: {error}: install it on the \
         server, and let an administrator run `CREATE EXTENSION vector`",
        MIN_VECTOR_VERSION.map(|part| part.to_string()).join(".")
    );
    super::database::Error::Refused(reason)
}

/// The version of the format; 0 when there are no tables.
fn version(db: &Connection) -> super::database::Result<i64> {
    let exists = "SELECT 1 FROM pg_class WHERE relname = 'format' AND relkind = 'r' \
                  AND relnamespace = CAST(current_schema() AS regnamespace)";
    match db.query_row(exists, [], |_| Ok(())).optional()? {
        Some(()) => db.query_row("SELECT version FROM format", [], |row| row.get(0)),
        None => Ok(0),
    }
}

fn connected(address: &str) -> Result<Library> {
    let (config, certificates) = parse("library", address)?;
    let path = name(&config);
    let connected = server(config, certificates.as_deref()).and_then(PostgresConnection::open);
    let db = Connection::postgres(connected.map_err(database_error(&path, "connect"))?);
    check_database(&db).map_err(database_error(&path, "connect"))?;
    Ok(Library::new(path, db, None))
}

/// Refuses a database whose texts are not in UTF-8, and a search path whose first schema does not exist: PostgreSQL would take
/// the next.
fn check_database(db: &Connection) -> super::database::Result<()> {
    let select = "SELECT current_setting('server_encoding'), current_schema(), \
                  trim(both ' \"' from split_part(current_setting('search_path'), ',', 1))";
    let read = |row: super::database::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (encoding, schema, first): (String, Option<String>, String) = db.query_row(select, [], read)?;
    if encoding != "UTF8" {
        let reason = format!("the database has the encoding {encoding}: create one with `ENCODING 'UTF8'`");
        return Err(super::database::Error::Refused(reason));
    }
    if first != "$user" && schema.as_ref() != Some(&first) {
        let reason = format!("there is no schema `{first}`, or no right to use it: create it with `CREATE SCHEMA`");
        return Err(super::database::Error::Refused(reason));
    }
    Ok(())
}

fn server(config: Config, certificates: Option<&Path>) -> super::database::Result<PostgresServer> {
    Ok(PostgresServer { config, tls: connector(certificates)?, settings: SETTINGS, connect_tries: CONNECT_TRIES })
}

/// An address, and the file of trusted certificates that it names as `psql` does: `sslrootcert=FILE`.
fn parse(field: &'static str, address: &str) -> Result<(Config, Option<PathBuf>)> {
    let bad = |reason: String| Error::BadRequest { field, reason };
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    if rest.matches('@').count() > 1 {
        return Err(bad("a name or password has a `@`: write `%40`".to_owned()));
    }
    let base = format!("{}://{rest}", scheme.to_ascii_lowercase());
    let (certificates, others): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|part| !part.is_empty()).partition(|part| part.starts_with(CERTIFICATES));
    let config = format!("{base}?{}", others.join("&")).parse();
    let mut config: Config = config.map_err(|error| {
        bad(format!("{}: give an address such as `postgres://user@host/database`", message(&error)))
    })?;
    config.application_name("paperkin");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    let certificates = certificates.last().map(|part| {
        PathBuf::from(
            percent_encoding::percent_decode_str(&part[CERTIFICATES.len()..]).decode_utf8_lossy().into_owned(),
        )
    });
    Ok((config, certificates))
}

/// An address without the password, for messages.
fn name(config: &Config) -> PathBuf {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    let ports: Vec<String> = config.get_ports().iter().map(|port| format!(":{port}")).collect();
    let port = ports.first().map_or("", String::as_str);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    let search_path = config.get_options().and_then(|options| options.split_once("search_path=")).map(|(_, path)| path);
    let schema = search_path.map(|path| format!("?search_path={}", path.split(' ').next().unwrap_or_default()));
    PathBuf::from(format!("postgres://{}{port}/{database}{}", hosts.join(","), schema.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_shown_without_its_password() {
        let table = [
            ("postgres://me:secret@db:5433/papers", "postgres://db:5433/papers", None),
            (
                "postgresql://me@one,two/papers?sslrootcert=/a%20b.pem",
                "postgres://one,two:5432/papers",
                Some("/a b.pem"),
            ),
            ("postgres://me@/papers?host=/run/pg&password=secret", "postgres:///run/pg/papers", None),
            (
                "Postgres://db/papers?options=-csearch_path%3Dteam,public",
                "postgres://db:5432/papers?search_path=team,public",
                None,
            ),
        ];
        for (address, shown, certificates) in table {
            let (config, file) = parse("library", address).unwrap();
            assert_eq!(name(&config), Path::new(shown), "{address}");
            assert_eq!(file.as_deref(), certificates.map(Path::new), "{address}");
        }
        for wrong in ["postgres://me@db/papers?sslmode=maybe", "postgres://me:a@b@db/papers"] {
            assert!(parse("library", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        for (version, is_older_than) in
            [("0.8.3", true), ("0.8.4", false), ("0.10.0", false), ("0.7", true), ("1.0", false)]
        {
            assert_eq!(is_older(version, [0, 8, 4]), is_older_than, "{version}");
        }
    }
}

//! A session on a server of PostgreSQL: connected, connected again when it was lost, and its prepared statements.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt::Write;
use std::thread;
use std::time::Duration;

use ::postgres::error::SqlState;
use ::postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Error, Result};

/// The pause before a connection is tried for the second time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How to connect to a server.
#[derive(Clone)]
pub(in crate::library) struct PostgresServer {
    pub(in crate::library) config: Config,
    pub(in crate::library) tls: MakeRustlsConnect,
    /// What every new session runs first.
    pub(in crate::library) settings: &'static str,
    /// How often a connection is tried, with pauses that double.
    pub(in crate::library) connect_tries: u32,
}

/// A session.
pub(super) struct PostgresSession {
    pub(super) server: PostgresServer,
    client: RefCell<Client>,
    /// Prepared statements of the client, by their SQL.
    statements: RefCell<HashMap<String, ::postgres::Statement>>,
}

impl PostgresSession {
    pub(super) fn open(server: PostgresServer) -> Result<PostgresSession> {
        let client = RefCell::new(server.connect()?);
        Ok(PostgresSession { server, client, statements: RefCell::default() })
    }

    /// Runs something on the server. If the connection was lost, connects and runs it again, unless it is part of a
    /// transaction: that is lost, too.
    pub(super) fn run<T>(
        &self,
        in_transaction: bool,
        run: impl Fn(&mut Client) -> Result<T, ::postgres::Error>,
    ) -> Result<T> {
        let result = run(&mut self.client.borrow_mut());
        if result.is_ok() || in_transaction || !self.client.borrow().is_closed() {
            return Ok(result?);
        }
        self.statements.borrow_mut().clear();
        self.client.replace(self.server.connect()?);
        Ok(run(&mut self.client.borrow_mut())?)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.client.borrow().is_closed()
    }

    /// The statement, prepared by this client.
    pub(super) fn prepared(&self, client: &mut Client, sql: &str) -> Result<::postgres::Statement, ::postgres::Error> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = client.prepare(sql)?;
        self.statements.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl PostgresServer {
    /// Connects, and tries again for some seconds while the server starts or its network is gone.
    fn connect(&self) -> Result<Client> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..self.connect_tries {
            match self.try_connect() {
                Err(Error::Postgres(error)) if is_passing(&error) => thread::sleep(pause),
                connected => return connected,
            }
            pause *= 2;
        }
        self.try_connect()
    }

    fn try_connect(&self) -> Result<Client> {
        let mut client = self.config.connect(self.tls.clone())?;
        client.batch_execute(self.settings)?;
        Ok(client)
    }
}

/// Whether a connection may succeed later: the server starts, stops, or has too many connections.
fn is_passing(error: &::postgres::Error) -> bool {
    match error.code() {
        Some(code) => [
            &SqlState::CANNOT_CONNECT_NOW,
            &SqlState::ADMIN_SHUTDOWN,
            &SqlState::CRASH_SHUTDOWN,
            &SqlState::TOO_MANY_CONNECTIONS,
        ]
        .contains(&code),
        None => error.source().is_some_and(|source| source.is::<std::io::Error>()),
    }
}

/// What the server says, on one line.
pub(in crate::library) fn message(error: &::postgres::Error) -> String {
    let mut message = match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    let mut source = error.source().filter(|_| error.as_db_error().is_none());
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !message.contains(&cause_text) {
            let _ = write!(message, ": {cause_text}");
        }
        source = cause.source();
    }
    message
}

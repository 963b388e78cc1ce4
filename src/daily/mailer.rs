//! Sending digests by mail.

use std::net::IpAddr;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};
use sha2::{Digest as _, Sha256};

use super::config::{MailConfig, MailSecurity};
use super::digest::Digest;
use crate::error::{Error, Result};

/// A mail server and the account to send from.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    host: String,
    transport: SmtpTransport,
}

impl Mailer {
    /// Prepares to send, without connecting yet. The password is needed if the configuration has a user.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an invalid address or security mode, or a missing password.
    pub fn open(mail: &MailConfig, password: Option<&str>) -> Result<Mailer> {
        let builder = match mail.security {
            MailSecurity::StartTls => SmtpTransport::starttls_relay(&mail.host),
            MailSecurity::Tls => SmtpTransport::relay(&mail.host),
            MailSecurity::None if is_local(&mail.host) => Ok(SmtpTransport::builder_dangerous(&mail.host)),
            MailSecurity::None => {
                return Err(bad("security", "`none` requires a server on this machine: use starttls or tls"));
            }
        };
        let mut builder = builder.map_err(|error| bad("host", &error.to_string()))?;
        if let Some(port) = mail.port {
            builder = builder.port(port);
        }
        if let Some(user) = &mail.user {
            let missing = || bad("password_env", &format!("environment variable {} is not set", mail.password_env));
            builder = builder.credentials(Credentials::new(user.clone(), password.ok_or_else(missing)?.to_owned()));
        }
        Ok(Mailer { from: address("from", &mail.from)?, host: mail.host.clone(), transport: builder.build() })
    }

    /// Sends a digest.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an invalid address, [`Error::Mail`] if the server refuses the message.
    pub fn send(&self, digest: &Digest<'_>, to: &[String]) -> Result<()> {
        let mut message = Message::builder().from(self.from.clone()).subject(format!("paperkin: {}", digest.subject()));
        for mailbox in to {
            message = message.to(address("mail", mailbox)?);
        }
        let message = message
            .message_id(Some(self.message_id(digest, to)))
            .multipart(MultiPart::alternative_plain_html(digest.text(), digest.html()))
            .map_err(|error| bad("mail", &error.to_string()))?;
        let failed = |error: lettre::transport::smtp::Error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Error::Mail { host: self.host.clone(), reason: format!("{error}{cause}") }
        };
        self.transport.send(&message).map(drop).map_err(failed)
    }

    /// Returns an id that is the same for the same papers, recipients and day, so that mail programs drop duplicates.
    fn message_id(&self, digest: &Digest<'_>, to: &[String]) -> String {
        let mut hash = Sha256::new();
        let papers = digest.results.iter().chain(digest.best_of_library).map(|result| result.paper.id.as_str());
        for part in
            [digest.reader, &digest.day.to_string()].into_iter().chain(to.iter().map(String::as_str)).chain(papers)
        {
            hash.update(part);
            hash.update([0]);
        }
        let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("<{hex}@{}>", self.from.email.domain())
    }
}

fn address(field: &'static str, text: &str) -> Result<Mailbox> {
    text.parse().map_err(|error| bad(field, &format!("`{text}`: {error}")))
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn bad(field: &'static str, reason: &str) -> Error {
    Error::BadRequest { field, reason: reason.to_owned() }
}

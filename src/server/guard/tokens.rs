//! Who may do what: names, scopes and the hashes of secrets, in a file.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::error::{Error, RecordPosition, Result};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Questions.
    Read,
    /// Profiles, and papers in; everything of [`Scope::Read`].
    Write,
    /// Papers and profiles out; everything of [`Scope::Write`].
    Admin,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
        })
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Scope, String> {
        let all = [Scope::Read, Scope::Write, Scope::Admin];
        let found = all.into_iter().find(|scope| scope.to_string() == text);
        found.ok_or_else(|| format!("no scope `{text}`: there are read, write and admin"))
    }
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) struct AccessToken {
    /// For logs and limits.
    pub name: String,
    scopes: Vec<Scope>,
    hash: [u8; 32],
}

impl AccessToken {
    /// Whether it is for something that needs this scope.
    pub(super) fn allows(&self, needed: Scope) -> bool {
        self.scopes.iter().any(|scope| *scope >= needed)
    }
}

/// The tokens of a file.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct TokenFile(Vec<AccessToken>);

impl TokenFile {
    /// Reads a file: lines of name, scopes and the secret's SHA-256 in hexadecimal digits; `#` begins a comment.
    ///
    /// # Errors
    /// [`Error::BadRecord`] with the first line that is wrong; a file without any token.
    pub(in crate::server) fn read(path: &Path) -> Result<TokenFile> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path, "read it"))?;
        let file = || path.display().to_string();
        let mut tokens = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let bad = |reason| Error::BadRecord { file: file(), place: RecordPosition::Line(index as u64 + 1), reason };
            tokens.push(parse(line).map_err(bad)?);
        }
        match tokens.is_empty() {
            true => Err(Error::BadFile { file: file(), reason: "no token in it: see `paperkin token`".to_owned() }),
            false => Ok(TokenFile(tokens)),
        }
    }

    /// The token of a secret. Takes as long for any secret: all hashes are compared, to their ends.
    pub(super) fn find(&self, secret: &str) -> Option<&AccessToken> {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let mut found = None;
        for token in &self.0 {
            let same: Choice = token.hash.ct_eq(&hash);
            if bool::from(same) {
                found = Some(token);
            }
        }
        found
    }
}

fn parse(line: &str) -> Result<AccessToken, String> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(scopes), Some(hex), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err("write `name scope[,scope] sha256`".to_owned());
    };
    let scopes = scopes.split(',').map(str::parse).collect::<Result<Vec<Scope>, String>>()?;
    let mut hash = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return Err("the SHA-256 has 64 hexadecimal digits".to_owned());
    }
    for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| format!("`{digits}` is no hexadecimal number"))?;
    }
    Ok(AccessToken { name: name.to_owned(), scopes, hash })
}

/// A new secret, and the line for the file that lets it in.
///
/// # Errors
/// A name that is no single word; a system without random numbers.
pub fn draw_token(name: &str, scopes: &[Scope]) -> Result<(String, String)> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err(Error::BadRequest { field: "name", reason: "give one word".to_owned() });
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| Error::Io {
        path: "random numbers".into(),
        doing: "read them",
        source: error.into(),
    })?;
    let secret = format!("pk_{}", URL_SAFE_NO_PAD.encode(random));
    let hash: String = Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
    Ok((secret, format!("{name} {} {hash}", scopes.join(","))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_let_in() {
        let (secret, line) = draw_token("me", &[Scope::Write]).unwrap();
        let tokens = TokenFile(vec![parse(&line).unwrap()]);
        let token = tokens.find(&secret).unwrap();
        let allowed = [Scope::Read, Scope::Write, Scope::Admin].map(|scope| token.allows(scope));
        assert_eq!((token.name.as_str(), allowed), ("me", [true, true, false]));
        assert!(tokens.find("pk_other").is_none() && tokens.find("").is_none());
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        let digits = "0".repeat(64);
        for (line, reason) in [
            ("me read".to_owned(), "write `name scope[,scope] sha256`"),
            (format!("me all {digits}"), "no scope `all`: there are read, write and admin"),
            ("me read 00ff".to_owned(), "the SHA-256 has 64 hexadecimal digits"),
            (format!("me read {}", "x".repeat(64)), "`xx` is no hexadecimal number"),
        ] {
            assert_eq!(parse(&line).unwrap_err(), reason);
        }
    }
}

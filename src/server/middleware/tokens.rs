//! The token file: names, scopes and hashes of secrets.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::engine::check_profile_name;
use crate::error::{Error, RecordPosition, Result};
use crate::server::access::{AccessGrant, Scope};

/// What stands before the name of a profile.
const PROFILE_PREFIX: &str = "profile=";
/// What a line has to be.
const FORM_OF_LINE: &str = "write `name scope[,scope] sha256 [profile=name]`";

/// One line of the token file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccessToken {
    /// For logs and limits.
    pub name: String,
    scopes: Vec<Scope>,
    hash: [u8; 32],
    /// The only profile that it is for.
    profile: Option<String>,
}

impl AccessToken {
    /// Whether the token has this scope, or one that includes it.
    pub(super) fn allows(&self, needed: Scope) -> bool {
        self.scopes.iter().any(|scope| *scope >= needed)
    }

    /// The only profile that it is for; `None` for all.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// What it permits.
    pub(super) fn grant(&self) -> AccessGrant {
        AccessGrant::of_token(self.scopes.iter().max().copied(), self.profile.clone())
    }
}

/// The tokens of a token file.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenFile(Vec<AccessToken>);

impl TokenFile {
    /// Reads a token file. Each line has a name, scopes, the SHA-256 hash of the secret in hexadecimal digits, and
    /// `profile=NAME`, percent-encoded, if the token is for one profile; `#` starts a comment.
    ///
    /// # Errors
    /// [`Error::BadRecord`] with the first invalid line; [`Error::BadFile`] for a file without tokens.
    pub(super) fn read(path: &Path) -> Result<TokenFile> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path, "read"))?;
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
            true => {
                Err(Error::BadFile { file: file(), reason: "it contains no token: see `paperkin token`".to_owned() })
            }
            false => Ok(TokenFile(tokens)),
        }
    }

    /// Returns the token with this secret, in constant time: all hashes are compared, to their ends.
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
    let (Some(name), Some(scopes), Some(hex)) = (words.next(), words.next(), words.next()) else {
        return Err(FORM_OF_LINE.to_owned());
    };
    let profile = words.next().map(|word| word.strip_prefix(PROFILE_PREFIX).ok_or(FORM_OF_LINE)).transpose()?;
    if words.next().is_some() {
        return Err(FORM_OF_LINE.to_owned());
    }
    let decoded = |name: &str| Ok(check_profile_name(&percent_decode_str(name).decode_utf8()?)?.to_owned());
    let profile: Option<Result<String, Box<dyn std::error::Error>>> = profile.map(decoded);
    let profile = profile.transpose().map_err(|error| error.to_string())?;
    let scopes = scopes.split(',').map(str::parse).collect::<Result<Vec<Scope>, String>>()?;
    let mut hash = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return Err("a SHA-256 hash has 64 hexadecimal digits".to_owned());
    }
    for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|_| format!("`{digits}` is not a hexadecimal number"))?;
    }
    Ok(AccessToken { name: name.to_owned(), scopes, hash, profile })
}

/// Generates a token, for one profile or for all. Returns the secret, and the line for the token file.
///
/// # Errors
/// For a name that is not a single word, an invalid name of a profile, and when the system has no random numbers.
pub fn generate_token(name: &str, scopes: &[Scope], profile: Option<&str>) -> Result<(String, String)> {
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
    let profile = profile.map(check_profile_name).transpose()?;
    let profile = profile.map(|name| format!(" {PROFILE_PREFIX}{}", utf8_percent_encode(name, NON_ALPHANUMERIC)));
    Ok((secret, format!("{name} {} {hash}{}", scopes.join(","), profile.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_token_is_found() {
        let (secret, line) = generate_token("me", &[Scope::Write], None).unwrap();
        let tokens = TokenFile(vec![parse(&line).unwrap()]);
        let token = tokens.find(&secret).unwrap();
        let allowed = [Scope::Read, Scope::Write, Scope::Admin].map(|scope| token.allows(scope));
        assert_eq!((token.name.as_str(), allowed), ("me", [true, true, false]));
        assert!(tokens.find("pk_other").is_none() && tokens.find("").is_none());
    }

    #[test]
    fn a_token_can_be_for_one_profile() {
        let (_, line) = generate_token("me", &[Scope::Read], Some("A # b")).unwrap();
        let token = parse(line.split('#').next().unwrap()).unwrap();
        assert_eq!(token.profile(), Some("A # b"));
        let grant = token.grant();
        assert!(grant.permits_profile("A # b") && !grant.permits_profile("A") && !grant.permits(Scope::Write));
        assert!(generate_token("me", &[Scope::Read], Some("")).is_err());
    }

    #[test]
    fn errors_of_invalid_lines() {
        let digits = "0".repeat(64);
        for (line, reason) in [
            ("me read".to_owned(), FORM_OF_LINE),
            (format!("me read {digits} of=me"), FORM_OF_LINE),
            (format!("me read {digits} profile=me more"), FORM_OF_LINE),
            (
                format!("me read {digits} profile="),
                "`profile`: give a name of 1 to 200 characters without control characters",
            ),
            (format!("me all {digits}"), "`all` is not a scope: use read, write or admin"),
            ("me read 00ff".to_owned(), "a SHA-256 hash has 64 hexadecimal digits"),
            (format!("me read {}", "x".repeat(64)), "`xx` is not a hexadecimal number"),
        ] {
            assert_eq!(parse(&line).unwrap_err(), reason);
        }
    }
}

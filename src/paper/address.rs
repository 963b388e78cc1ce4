//! The parts of an address.

use std::borrow::Cow;

/// The schemes of addresses that are kept.
const SCHEMES: [&str; 4] = ["http", "https", "ftp", "doi"];

/// Whether an address may be kept as that of a paper: one of the web, or one without a scheme. `javascript:` runs a script,
/// and `file:` is of one computer.
pub(crate) fn is_of_web(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else { return true };
    // Browsers leave out white space and control characters: `java\nscript:`. A period is in a host: `example.org:80`.
    let mut letters = scheme.chars().filter(|c| !c.is_whitespace() && !c.is_control());
    let is_scheme = letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-'));
    !is_scheme || SCHEMES.iter().any(|known| scheme.trim().eq_ignore_ascii_case(known))
}

/// Host (without `www.`) and path (without query and fragment) of an address, with or without a scheme.
pub(super) fn split_host(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let is_scheme = |scheme: &&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let scheme = ["https://", "http://"].into_iter().find(is_scheme).unwrap_or_default();
    let (host, path) = text[scheme.len()..].split_once('/')?;
    let has_www = host.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    let host = if has_www { &host[4..] } else { host };
    if !host.contains('.') {
        return None;
    }
    let host = match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(host.to_ascii_lowercase()),
        false => Cow::Borrowed(host),
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    Some((host, path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::is_of_web;

    #[test]
    fn addresses_that_are_kept() {
        for address in [
            "https://example.org/1",
            "HTTP://example.org",
            "ftp://example.org",
            "doi:10.5555/a",
            "example.org:80/x",
            "u",
            "",
        ] {
            assert!(is_of_web(address), "{address}");
        }
        for address in
            ["javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:x", "data:text/html,x", "file:///x", "C:\\x"]
        {
            assert!(!is_of_web(address), "{address}");
        }
    }
}

//! The parts of an address.

use std::borrow::Cow;

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

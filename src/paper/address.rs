//! The parts of an address.

/// Host (without `www.`) and path (without query and fragment) of an address, with or without a scheme.
pub(super) fn split_host(text: &str) -> Option<(String, &str)> {
    let lower = text.to_ascii_lowercase();
    let scheme = ["https://", "http://"].iter().find(|scheme| lower.starts_with(**scheme)).map_or(0, |s| s.len());
    let (host, path) = text[scheme..].split_once('/')?;
    let host = host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host).to_owned();
    let path = path.split(['?', '#']).next().unwrap_or(path);
    host.contains('.').then_some((host, path.trim_end_matches('/')))
}

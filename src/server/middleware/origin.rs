//! Refuses requests that a browser sends for another site: cross-origin requests and DNS rebinding.

use axum::http::{HeaderMap, Uri, header};

use crate::server::problem::{Problem, ProblemCode};

/// Refuses requests to a loopback address under a foreign host name (DNS rebinding): a page of that name would count as
/// same-origin.
pub(super) fn check_host(headers: &HeaderMap, uri: &Uri, names: &[String]) -> Result<(), Problem> {
    let host = host(headers, uri).unwrap_or_default();
    let name = without_port(host);
    let is_address = || {
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        address.is_ok_and(|address| address.is_loopback())
    };
    let is_allowed =
        || name.eq_ignore_ascii_case("localhost") || names.iter().any(|known| known.eq_ignore_ascii_case(name));
    match is_allowed() || is_address() {
        true => Ok(()),
        false => Err(Problem::new(ProblemCode::Forbidden, format!("unknown host name `{name}`: see `--host`"))),
    }
}

/// Refuses requests from pages of other sites.
pub(super) fn check_origin(headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let foreign_site = text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site));
    let foreign_origin = text("origin").is_some_and(|origin| {
        let origin_host = origin.split_once("://").map(|(_, host)| host);
        origin_host.is_none() || origin_host != host(headers, uri)
    });
    match foreign_site || foreign_origin {
        true => Err(Problem::new(ProblemCode::Forbidden, "cross-origin request refused")),
        false => Ok(()),
    }
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let header = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| uri.authority().map(|authority| authority.as_str()))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn host_names_of_a_loopback_address() {
        let uri = Uri::from_static("/");
        for (host, is_accepted) in [
            ("localhost:7474", true),
            ("LOCALHOST", true),
            ("127.0.0.1:7474", true),
            ("127.8.8.8", true),
            ("[::1]:7474", true),
            ("[::1]", true),
            ("papers.example", true),
            ("evil.example:7474", false),
            ("localhost.evil.example", false),
            ("192.168.0.1", false),
            ("", false),
        ] {
            let names = ["papers.example".to_owned()];
            assert_eq!(check_host(&headers(&[("host", host)]), &uri, &names).is_ok(), is_accepted, "{host}");
        }
    }

    #[test]
    fn cross_origin_requests() {
        let uri = Uri::from_static("/");
        let host = ("host", "localhost:7474");
        for (more, is_accepted) in [
            (vec![], true),
            (vec![("origin", "http://localhost:7474")], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("origin", "http://localhost:8080")], false),
            (vec![("origin", "null")], false),
            (vec![("origin", "https://evil.example")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "same-site")], false),
        ] {
            let headers = headers(&[vec![host], more.clone()].concat());
            assert_eq!(check_origin(&headers, &uri).is_ok(), is_accepted, "{more:?}");
        }
    }
}

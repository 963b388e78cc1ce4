//! Addresses as messages, logs and the library show them: without the secrets in them.

use url::Url;

/// How words in the names of parameters end whose values let somebody in.
const SECRET_WORDS: [&str; 9] = ["auth", "key", "pass", "password", "pwd", "secret", "sig", "signature", "token"];
/// What stands for a secret.
const HIDDEN: &str = "***";

/// Returns the address without user and password, and with `***` for the values of parameters such as `token`.
pub(crate) fn shown_url(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        // What is no address may still contain one's secret.
        return address.split('?').next().unwrap_or_default().to_owned();
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| SECRET_WORDS.iter().any(|secret| word.ends_with(secret)))
    };
    let has_secret = url.query_pairs().any(|(name, _)| is_secret(&name));
    if !has_user && !has_secret {
        // As it was written.
        return address.to_owned();
    }
    // An address that has a user can be without one.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    if has_secret {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let shown = pairs.iter().map(|(name, value)| (name, if is_secret(name) { HIDDEN } else { value.as_str() }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_all_else_is_as_written() {
        for (address, expected) in [
            ("https://a.example/feed?page=1&q=a+b", "https://a.example/feed?page=1&q=a+b"),
            ("https://a.example/feed?author=a&keyword=b", "https://a.example/feed?author=a&keyword=b"),
            ("https://a.example/feed?accessToken=abc", "https://a.example/feed?accessToken=***"),
            ("https://a.example/feed?token=abc&page=1", "https://a.example/feed?token=***&page=1"),
            ("https://a.example/f?api_key=abc", "https://a.example/f?api_key=***"),
            ("https://a.example/f?X-Amz-Signature=abc", "https://a.example/f?X-Amz-Signature=***"),
            ("https://me:word@a.example/feed", "https://a.example/feed"),
            ("https://me@a.example/feed?Access_Token=x", "https://a.example/feed?Access_Token=***"),
            ("feed?token=abc", "feed"),
        ] {
            assert_eq!(shown_url(address), expected);
        }
    }
}

//! What relative addresses of a feed are relative to.

use url::Url;

/// The address that others are relative to, where it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct BaseUrl(Option<Url>);

impl BaseUrl {
    /// Returns the address of a document, if its name is one.
    pub(crate) fn of_document(name: &str) -> BaseUrl {
        BaseUrl(web_address(name))
    }

    /// Returns the base within an element that has this `xml:base` (RFC 4287, 2; XML Base).
    pub(crate) fn within(&self, xml_base: &str) -> BaseUrl {
        let joined = match &self.0 {
            Some(base) => base.join(xml_base.trim()).ok(),
            None => web_address(xml_base),
        };
        BaseUrl(joined.or_else(|| self.0.clone()))
    }

    /// Takes an address as the base if there is none yet.
    pub(crate) fn set_unless_known(&mut self, address: &str) {
        if self.0.is_none() {
            self.0 = web_address(address);
        }
    }

    /// Whether there is an address.
    pub(crate) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// Returns a whole address: a relative one completed, if that is possible, and spaces percent-encoded. One that is
    /// whole stays as it is.
    pub(crate) fn resolved(&self, address: &str) -> String {
        let address = address.trim();
        let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic());
        match (Url::parse(address), &self.0) {
            (Ok(_), _) if is_plain => address.to_owned(),
            (Ok(url), _) => url.into(),
            (Err(_), Some(base)) if !address.is_empty() => base.join(address).map_or(address.to_owned(), String::from),
            (Err(_), _) => address.to_owned(),
        }
    }
}

fn web_address(address: &str) -> Option<Url> {
    Url::parse(address.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    #[test]
    fn addresses() {
        let journal = BaseUrl::of_document("https://example.org/journal/feed.xml");
        for (address, expect) in [
            ("a/1.html", "https://example.org/journal/a/1.html"),
            ("/articles/2.html", "https://example.org/articles/2.html"),
            (" //www.example.org/news/3/a title ", "https://www.example.org/news/3/a%20title"),
            ("?id=4", "https://example.org/journal/feed.xml?id=4"),
            ("../5", "https://example.org/5"),
            ("https://Example.org/6", "https://Example.org/6"),
            ("https://example.org/a b", "https://example.org/a%20b"),
            ("https://example.org/ä", "https://example.org/%C3%A4"),
            ("doi:10.5555/x", "doi:10.5555/x"),
            ("", ""),
        ] {
            assert_eq!(journal.resolved(address), expect, "{address}");
        }
        let unknown = BaseUrl::of_document("feed.xml");
        assert_eq!(unknown.resolved("/a b"), "/a b");
        assert_eq!(unknown.within("https://example.org/x/").within("y/").resolved("z"), "https://example.org/x/y/z");
        assert_eq!(journal.within("../news/").resolved("1"), "https://example.org/news/1");
    }
}

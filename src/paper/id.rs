//! Names of papers: one spelling each.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::address::split_host;
use super::doi::{doi, doi_address};
use crate::text::is_invisible;

/// Longest id accepted, in characters.
const MAX_ID: usize = 512;

/// What names a paper, in its one normal spelling:
///
/// | kind | spelling |
/// |---|---|
/// | arXiv | `2401.12345`, `astro-ph/0601001`: no prefix, no version, no subject class |
/// | DOI | `doi:10.1145/3292500.3330701`, in lower case |
/// | PubMed | `pmid:12345678` |
/// | OpenReview | `openreview:aBc12_dE` |
/// | made from a title | `title:` and 16 hex digits; if more is known than the title, `-` and 16 more |
/// | made from a citation | `cr:` and 16 hex digits: works that are cited, never papers |
/// | anything else | as given, trimmed |
///
/// ```
/// use paperkin::PaperId;
///
/// for spelling in ["2401.12345", "arXiv:2401.12345v2", "https://arxiv.org/abs/2401.12345"] {
///     assert_eq!(PaperId::parse(spelling).unwrap().as_str(), "2401.12345");
/// }
/// assert_eq!(PaperId::parse("https://doi.org/10.1000/ABC").unwrap().as_str(), "doi:10.1000/abc");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "server",
    schema(
        description = "A paper's id: of arXiv (`2401.12345`), a DOI (`doi:10.1145/3292500.3330701`), of PubMed (`pmid:12345678`), \
                   of OpenReview, or any other text. Every spelling of an id is accepted, with a version or as an address too.",
        pattern = r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]*[^\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff][^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]*$",
        max_length = 512,
        example = "2401.12345"
    )
)]
#[serde(transparent)]
pub struct PaperId(pub(super) String);

impl PaperId {
    /// Reads any spelling: an id, a prefixed id, or an address at arXiv, Hugging Face, doi.org and kin.
    /// Fails with the reason when it is empty, too long or has control characters.
    ///
    /// ```
    /// assert!(paperkin::PaperId::parse(" ").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<PaperId, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("empty id".to_owned());
        }
        if text.len() > MAX_ID && text.chars().count() > MAX_ID {
            return Err(format!("id longer than {MAX_ID} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("id contains control characters".to_owned());
        }
        let (doi, page) = (doi(text), split_host(text));
        let arxiv = arxiv(text, page.as_ref(), doi.as_deref());
        let known = arxiv.or(doi).or_else(|| pubmed(text, page.as_ref())).or_else(|| openreview(text, page.as_ref()));
        Ok(PaperId(known.unwrap_or_else(|| text.to_owned())))
    }

    /// The normal spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an arXiv id.
    ///
    /// ```
    /// use paperkin::PaperId;
    ///
    /// assert!(PaperId::parse("2401.12345").unwrap().is_arxiv());
    /// assert!(!PaperId::parse("10.1000/abc").unwrap().is_arxiv());
    /// ```
    pub fn is_arxiv(&self) -> bool {
        arxiv(&self.0, None, None).is_some_and(|id| id == self.0)
    }

    /// How widely it is known, smaller being better: of the names of one paper the first by this is its id. arXiv's
    /// ids, DOIs, PubMed's, then all others.
    pub fn rank(&self) -> u8 {
        match () {
            () if self.is_arxiv() => 0,
            () if self.0.starts_with("doi:") => 1,
            () if self.0.starts_with("pmid:") => 2,
            () => 3,
        }
    }

    /// Reads an id of a new paper: one without characters that turn the direction of a text. Libraries of older versions have
    /// such ids.
    pub(crate) fn parse_new(text: &str) -> Result<PaperId, String> {
        let id = PaperId::parse(text)?;
        if id.is_invisible() { Err("id contains characters that are not shown".to_owned()) } else { Ok(id) }
    }

    /// Whether it has characters that are not shown.
    pub(super) fn is_invisible(&self) -> bool {
        !self.0.is_ascii() && self.0.contains(is_invisible)
    }

    /// Whether public services know papers by it: an arXiv id, a DOI or a PubMed id.
    ///
    /// ```
    /// use paperkin::PaperId;
    ///
    /// assert!(PaperId::parse("10.1000/abc").unwrap().is_fetchable());
    /// assert!(!PaperId::parse("mine").unwrap().is_fetchable());
    /// ```
    pub fn is_fetchable(&self) -> bool {
        self.rank() < 3
    }

    /// Where the paper can be read, for ids of public places.
    ///
    /// ```
    /// let id = paperkin::PaperId::parse("2401.12345").unwrap();
    /// assert_eq!(id.url().as_deref(), Some("https://arxiv.org/abs/2401.12345"));
    /// ```
    pub fn url(&self) -> Option<String> {
        if let Some(doi) = self.0.strip_prefix("doi:") {
            Some(doi_address(doi))
        } else if let Some(number) = self.0.strip_prefix("pmid:") {
            Some(format!("https://pubmed.ncbi.nlm.nih.gov/{number}/"))
        } else if let Some(name) = self.0.strip_prefix("openreview:") {
            Some(format!("https://openreview.net/forum?id={name}"))
        } else if self.is_arxiv() {
            Some(format!("https://arxiv.org/abs/{}", self.0))
        } else {
            self.0.starts_with("https://").then(|| self.0.clone())
        }
    }
}

impl fmt::Display for PaperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PaperId {
    type Err = String;
    fn from_str(text: &str) -> Result<PaperId, String> {
        PaperId::parse(text)
    }
}

impl<'de> Deserialize<'de> for PaperId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PaperId, D::Error> {
        let text = String::deserialize(deserializer)?;
        PaperId::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A title reduced to what tells titles apart: letters and digits in lower case (compatibility forms folded),
/// single spaces between words.
pub(crate) fn title_key(text: &str) -> String {
    let folded: String = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.nfkc().flat_map(char::to_lowercase).collect(),
    };
    let mut key = String::with_capacity(folded.len());
    for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key
}

/// Host and path of a text that is an address.
type PageAddress<'t> = (Cow<'t, str>, &'t str);

/// The arXiv id in any spelling of one, given the address or the DOI that it may be: arXiv's own DOIs are spellings too.
fn arxiv(text: &str, page: Option<&PageAddress<'_>>, doi: Option<&str>) -> Option<String> {
    let bare = doi.and_then(|doi| doi.strip_prefix("doi:10.48550/arxiv."));
    let bare = bare.unwrap_or_else(|| strip_address(text, page));
    let prefixed = bare.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("arxiv:"));
    let bare = if prefixed { bare[6..].trim() } else { bare };
    let bare = bare.strip_suffix(".pdf").unwrap_or(bare);
    new_style(bare).or_else(|| old_style(bare))
}

/// `2401.12345v2` without the version: four digits (year and month), four or five digits.
fn new_style(text: &str) -> Option<String> {
    let (month, number) = text.split_once('.')?;
    let number = strip_version(number);
    let month_of_year: u8 = month.get(2..4)?.parse().ok()?;
    let fits = is_digits(month) && month.len() == 4 && (1..=12).contains(&month_of_year);
    (fits && is_digits(number) && (4..=5).contains(&number.len())).then(|| format!("{month}.{number}"))
}

/// `math.AG/0601001v1` without class and version: an archive, seven digits.
fn old_style(text: &str) -> Option<String> {
    const ARCHIVES: [&str; 38] = [
        "acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn", "chem-ph",
        "cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th",
        "math", "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th", "patt-sol", "physics", "plasm-ph", "q-alg",
        "q-bio", "quant-ph", "solv-int", "stat", "supr-con", "eess", "econ", "q-fin",
    ];
    let (archive, number) = text.split_once('/')?;
    let archive = archive.split('.').next()?;
    let number = strip_version(number);
    if !is_digits(number) || number.len() != 7 {
        return None;
    }
    let archive = archive.to_ascii_lowercase();
    ARCHIVES.contains(&archive.as_str()).then(|| format!("{archive}/{number}"))
}

fn strip_version(number: &str) -> &str {
    match number.split_once(['v', 'V']) {
        Some((digits, version)) if is_digits(version) => digits,
        _ => number,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What stands after the host and the page's kind in an address of arXiv, Hugging Face and kin; other text as it is.
fn strip_address<'t>(text: &'t str, page: Option<&PageAddress<'t>>) -> &'t str {
    const HOSTS: [&str; 8] = [
        "arxiv.org",
        "export.arxiv.org",
        "huggingface.co",
        "hf.co",
        "alphaxiv.org",
        "ar5iv.org",
        "ar5iv.labs.arxiv.org",
        "browse.arxiv.org",
    ];
    const PAGES: [&str; 7] = ["abs/", "pdf/", "html/", "papers/", "ps/", "format/", "overview/"];
    let Some((host, path)) = page else { return text };
    if !HOSTS.contains(&&**host) {
        return text;
    }
    PAGES.iter().find_map(|page| path.strip_prefix(page)).unwrap_or(text)
}

/// `pmid:` and the number, of a number with that prefix or an address at PubMed.
fn pubmed(text: &str, page: Option<&PageAddress<'_>>) -> Option<String> {
    let number = match text.split_at_checked(5) {
        Some((prefix, number)) if prefix.eq_ignore_ascii_case("pmid:") => number.trim(),
        _ => match page? {
            (host, path) if host == "pubmed.ncbi.nlm.nih.gov" => path,
            (host, path) if host == "ncbi.nlm.nih.gov" => path.strip_prefix("pubmed/")?,
            _ => return None,
        },
    };
    (is_digits(number) && number.len() <= 9 && !number.starts_with('0')).then(|| format!("pmid:{number}"))
}

/// `openreview:` and the name, of a name with that prefix or the address of a forum or a PDF there.
fn openreview(text: &str, page: Option<&PageAddress<'_>>) -> Option<String> {
    let name = match text.split_at_checked(11) {
        Some((prefix, name)) if prefix.eq_ignore_ascii_case("openreview:") => name.trim(),
        _ => {
            let (host, path) = page?;
            if host != "openreview.net" || !["forum", "pdf"].contains(path) {
                return None;
            }
            let (_, query) = text.split_once('?')?;
            let query = query.split('#').next().unwrap_or(query);
            query.split('&').find_map(|part| part.strip_prefix("id="))?
        }
    };
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| format!("openreview:{name}"))
}

#[cfg(test)]
mod tests {
    use super::PaperId;

    fn check(spelling: &str, normal: &str) {
        assert_eq!(PaperId::parse(spelling).unwrap().as_str(), normal, "{spelling}");
        assert_eq!(PaperId::parse(normal).unwrap().as_str(), normal, "{normal} is normal");
    }

    #[test]
    fn arxiv_ids() {
        for spelling in [
            "2401.12345",
            " 2401.12345v2",
            "arXiv:2401.12345",
            "ARXIV:2401.12345V11",
            "https://arxiv.org/abs/2401.12345",
            "http://www.arxiv.org/pdf/2401.12345v3.pdf",
            "arxiv.org/abs/2401.12345?context=cs",
            "https://hf.co/papers/2401.12345",
            "hf.co/papers/2401.12345",
            "https://huggingface.co/papers/2401.12345#community",
            "10.48550/arXiv.2401.12345",
            "https://doi.org/10.48550/arXiv.2401.12345",
            "doi:10.48550/arxiv.2401.12345",
            "https://export.arxiv.org/abs/2401.12345/",
            "https://arxiv.org/html/2401.12345v1",
        ] {
            check(spelling, "2401.12345");
        }
        check("0704.0001v1", "0704.0001");
        check("astro-ph/0601001v2", "astro-ph/0601001");
        check("math.AG/0601001", "math/0601001");
        check("http://arxiv.org/abs/quant-ph/0201082v1", "quant-ph/0201082");
    }

    #[test]
    fn dois() {
        for spelling in [
            "10.1145/3292500.3330701",
            "doi:10.1145/3292500.3330701",
            "DOI: 10.1145/3292500.3330701",
            "https://doi.org/10.1145/3292500.3330701",
            "http://dx.doi.org/10.1145/3292500.3330701",
        ] {
            check(spelling, "doi:10.1145/3292500.3330701");
        }
        check("10.1002/ASI.20", "doi:10.1002/asi.20");
        check("https://doi.org/10.48550%2FarXiv.2401.12345", "2401.12345");
    }

    #[test]
    fn pubmed_and_openreview() {
        for spelling in [
            "PMID:12345",
            "pmid: 12345",
            "https://pubmed.ncbi.nlm.nih.gov/12345/",
            "http://www.ncbi.nlm.nih.gov/pubmed/12345?dopt=Abstract",
        ] {
            check(spelling, "pmid:12345");
        }
        for spelling in
            ["OpenReview:aB-1_c", "https://openreview.net/forum?id=aB-1_c", "openreview.net/pdf?x=1&id=aB-1_c#page"]
        {
            check(spelling, "openreview:aB-1_c");
        }
        for other in ["https://openreview.net/group?id=x", "https://aclanthology.org/P18-1001", "pmid:x", "PMID:"] {
            check(other, other);
        }
    }

    #[test]
    fn ranks() {
        let ranks = ["2401.12345", "10.1/x", "PMID:1", "openreview:x"].map(|id| PaperId::parse(id).unwrap().rank());
        assert_eq!(ranks, [0, 1, 2, 3]);
    }

    #[test]
    fn other_ids_stay_as_they_are() {
        for id in ["q1_d3", "Some/Path", "1234", "2413.00001", "2401.123", "10.x/y", "é", "10.1000/a b"] {
            check(id, id);
        }
    }

    #[test]
    fn hostile_ids_are_refused() {
        assert!(PaperId::parse("").is_err());
        assert!(PaperId::parse(" \n").is_err());
        assert!(PaperId::parse("a\u{7}b").is_err());
        assert!(PaperId::parse(&"x".repeat(600)).is_err());
    }

    #[test]
    fn addresses() {
        let url = |id: &str| PaperId::parse(id).unwrap().url();
        assert_eq!(url("2401.12345").as_deref(), Some("https://arxiv.org/abs/2401.12345"));
        assert_eq!(url("10.1/x").as_deref(), Some("https://doi.org/10.1/x"));
        assert_eq!(url("10.1/(A)1<2>3%2F#").as_deref(), Some("https://doi.org/10.1/(a)1%3C2%3E3%252f%23"));
        assert_eq!(url("PMID:1").as_deref(), Some("https://pubmed.ncbi.nlm.nih.gov/1/"));
        assert_eq!(url("openreview:x").as_deref(), Some("https://openreview.net/forum?id=x"));
        assert_eq!(url("https://a.b/c").as_deref(), Some("https://a.b/c"));
        assert_eq!(url("mine"), None);
    }
}

//! Where a paper can be read: addresses by what they lead to.

use serde::Serialize;

use crate::paper::{Paper, PaperId};

/// Hosts of source code whose addresses begin with an owner and a repository.
const CODE_HOSTS: [&str; 4] = ["github.com/", "gitlab.com/", "codeberg.org/", "bitbucket.org/"];

/// An address of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PaperLink {
    /// What it leads to: `PDF`, `arXiv`, ...
    pub(crate) name: &'static str,
    /// The address.
    pub(crate) url: String,
}

/// Returns the addresses of a paper that are known, the PDF first.
pub(crate) fn links(paper: &Paper) -> Vec<PaperLink> {
    let mut links: Vec<PaperLink> = Vec::new();
    let mut add = |name, url: String| {
        if !links.iter().any(|link| link.url == url) {
            links.push(PaperLink { name, url });
        }
    };
    let page = paper.link();
    let is_pdf = |url: &String| url.to_ascii_lowercase().ends_with(".pdf");
    let arxiv = paper.all_ids().find(|id| id.is_arxiv());
    if let Some(id) = arxiv {
        add("PDF", format!("https://arxiv.org/pdf/{id}"));
    }
    if let Some(url) = page.clone().filter(is_pdf) {
        add("PDF", url);
    }
    if let Some(id) = arxiv {
        add("arXiv", format!("https://arxiv.org/abs/{id}"));
        if is_on_hugging_face(paper) {
            add("Hugging Face", format!("https://huggingface.co/papers/{id}"));
        }
    }
    for id in paper.all_ids() {
        if let (Some(name), Some(url)) = (kind(id), id.url()) {
            add(name, url);
        }
    }
    if let Some(url) = page {
        add("page", url);
    }
    if let Some(url) = code_address(&paper.abstract_text) {
        add("code", url);
    }
    links
}

/// What the address of an id leads to.
fn kind(id: &PaperId) -> Option<&'static str> {
    let kinds = [("doi:", "DOI"), ("pmid:", "PubMed"), ("openreview:", "OpenReview")];
    kinds.into_iter().find(|(prefix, _)| id.as_str().starts_with(prefix)).map(|(_, name)| name)
}

/// Whether it is known from Hugging Face: listed or voted for there. Not every arXiv paper has a page there.
fn is_on_hugging_face(paper: &Paper) -> bool {
    paper.source.starts_with("hf-")
        || paper.listed.is_some()
        || paper.votes.is_some()
        || paper.url.as_ref().is_some_and(|url| url.contains("huggingface.co/papers/"))
}

/// Returns the first address of a repository that a text names.
fn code_address(text: &str) -> Option<String> {
    let (start, host) = CODE_HOSTS.iter().filter_map(|host| Some((text.find(host)?, host))).min()?;
    let is_in_address = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let path: String = text[start + host.len()..].chars().take_while(|c| is_in_address(*c)).collect();
    let (owner, rest) = path.split_once('/')?;
    let repository = rest.split('/').next().unwrap_or(rest).trim_end_matches('.').trim_end_matches(".git");
    (!owner.is_empty() && !repository.is_empty()).then(|| format!("https://{host}{owner}/{repository}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> Vec<(&'static str, String)> {
        let paper: Paper = serde_json::from_str(&format!(r#"{{"title":"T",{fields}}}"#)).unwrap();
        links(&paper).into_iter().map(|link| (link.name, link.url)).collect()
    }

    fn check(fields: &str, expected: &[(&'static str, &str)]) {
        let expected: Vec<(&'static str, String)> =
            expected.iter().map(|(name, url)| (*name, (*url).to_owned())).collect();
        assert_eq!(of(fields), expected, "{fields}");
    }

    #[test]
    fn every_known_address_is_named_once() {
        let arxiv = [("PDF", "https://arxiv.org/pdf/2401.00001"), ("arXiv", "https://arxiv.org/abs/2401.00001")];
        check(r#""id":"2401.00001","source":"arxiv","url":"https://arxiv.org/abs/2401.00001""#, &arxiv);
        let hugging_face = [("Hugging Face", "https://huggingface.co/papers/2401.00001")];
        check(r#""id":"2401.00001","source":"arxiv","votes":3"#, &[&arxiv[..], &hugging_face].concat());
        check(
            r#""id":"2401.00001","aliases":["10.1/x"],"source":"hf-daily","abstract":"See \\url{https://github.com/a/b.git}.""#,
            &[&arxiv[..], &hugging_face, &[("DOI", "https://doi.org/10.1/x"), ("code", "https://github.com/a/b")]]
                .concat(),
        );
        check(
            r#""id":"openreview:x","source":"s","url":"https://a.org/1.PDF""#,
            &[("PDF", "https://a.org/1.PDF"), ("OpenReview", "https://openreview.net/forum?id=x")],
        );
        check(r#""id":"x","source":"s","url":"https://a.org/1""#, &[("page", "https://a.org/1")]);
        check(r#""id":"x","source":"s","url":"javascript:alert(1)""#, &[]);
    }

    #[test]
    fn addresses_of_code() {
        for (text, expected) in [
            ("Code: https://github.com/Ada-Oak/lamps_2.", Some("https://github.com/Ada-Oak/lamps_2")),
            ("at gitlab.com/a/b/tree/main and github.com/c/d", Some("https://gitlab.com/a/b")),
            ("on github.com/ada", None),
            ("We use GitHub.", None),
        ] {
            assert_eq!(code_address(text).as_deref(), expected, "{text}");
        }
    }
}

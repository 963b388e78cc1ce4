//! Reads one text with markup, from its start to its end.

use super::character_reference::{Replacement, reference};
use super::elements::{ElementKind, element_kind};
use super::formula;
use super::tag::MarkupTag;

/// A text, and what is known of it.
pub(super) struct MarkupReader<'t> {
    markup: &'t str,
    /// Whether blocks need not be closed, and scripts and styles are elements.
    is_html: bool,
    /// For each element that is closed somewhere: its name, and where it is closed last.
    closed: Option<Vec<(String, usize)>>,
    /// What was searched for to the end and is not there.
    missing: Vec<&'static str>,
    /// Up to where there is no TeX among alternatives.
    without_tex: usize,
}

impl<'t> MarkupReader<'t> {
    pub(super) fn new(markup: &'t str, is_html: bool) -> MarkupReader<'t> {
        MarkupReader { markup, is_html, closed: None, missing: Vec::new(), without_tex: 0 }
    }

    /// Returns the text without markup; `None` if there is none in it.
    pub(super) fn plain_text(mut self) -> Option<String> {
        let mut text = String::with_capacity(self.markup.len());
        let (mut at, mut changed) = (0, false);
        while let Some(next) = memchr::memchr2(b'<', b'&', &self.markup.as_bytes()[at..]) {
            text.push_str(&self.markup[at..at + next]);
            at += next;
            let read =
                if self.markup.as_bytes()[at] == b'<' { self.element(at) } else { reference(&self.markup[at..]) };
            match read {
                Some((instead, length)) => {
                    text.push_str(&instead);
                    at += length;
                    changed = true;
                }
                None => {
                    text.push_str(&self.markup[at..at + 1]);
                    at += 1;
                }
            }
        }
        text.push_str(&self.markup[at..]);
        changed.then_some(text)
    }

    /// Reads the tag, the whole formula, the comment or the section that begins here.
    fn element(&mut self, at: usize) -> Option<Replacement> {
        let rest = &self.markup[at..];
        if rest.starts_with("<!--") {
            return Some((String::new(), self.find(at, "-->")? + 3));
        }
        if let Some(within) = rest.strip_prefix("<![CDATA[") {
            let end = self.find(at, "]]>")?;
            return Some((within[..end - 9].to_owned(), end + 3));
        }
        let tag = MarkupTag::at(rest)?;
        let kind = element_kind(&tag.name)?;
        if kind == ElementKind::Hidden && !self.is_html {
            return None;
        }
        if !tag.closes && !tag.empty {
            if !self.is_element(at, &tag, kind) {
                return None;
            }
            if let Some((within, length)) = self.content(at, &tag, kind) {
                let text = match kind {
                    ElementKind::Hidden => Some(" ".to_owned()),
                    ElementKind::Math => Some(formula::of_math(&tag, within)),
                    ElementKind::Tex => Some(formula::of_tex(within)),
                    _ => formula::of_alternatives(within),
                };
                match text {
                    Some(text) => return Some((text, length)),
                    None => self.without_tex = at + length,
                }
            }
        }
        let instead = match kind {
            ElementKind::Block | ElementKind::Separator | ElementKind::Hidden => " ",
            _ => "",
        };
        Some((instead.to_owned(), tag.length))
    }

    /// Whether an opening tag begins an element.
    fn is_element(&mut self, at: usize, tag: &MarkupTag<'_>, kind: ElementKind) -> bool {
        let after_dollar = self.markup[..at].ends_with('$');
        match kind {
            _ if !tag.attributes.is_empty() => true,
            // `$<p>$` is the mean of a momentum.
            ElementKind::Separator if !after_dollar => true,
            ElementKind::Block if self.is_html && !after_dollar => true,
            _ if matches!(tag.name.as_str(), "wbr" | "img") => true,
            _ => self.is_closed_after(at, &tag.name),
        }
    }

    /// Whether an element of this name is closed somewhere after a place.
    fn is_closed_after(&mut self, at: usize, name: &str) -> bool {
        let markup = self.markup;
        let closed = self.closed.get_or_insert_with(|| {
            let mut closed: Vec<(String, usize)> = Vec::new();
            for (at, _) in markup.match_indices("</") {
                let Some(tag) = MarkupTag::at(&markup[at..]).filter(|tag| element_kind(&tag.name).is_some()) else {
                    continue;
                };
                match closed.iter_mut().find(|(known, _)| *known == tag.name) {
                    Some((_, last)) => *last = at,
                    None => closed.push((tag.name, at)),
                }
            }
            closed
        });
        closed.iter().any(|(known, last)| known == name && *last > at)
    }

    /// Returns what is in an element that is not only a tag, and the length of the whole.
    fn content(&mut self, at: usize, tag: &MarkupTag<'_>, kind: ElementKind) -> Option<(&'t str, usize)> {
        let is_whole = match kind {
            ElementKind::Hidden | ElementKind::Math | ElementKind::Tex => true,
            ElementKind::Alternatives => at >= self.without_tex,
            ElementKind::Inline | ElementKind::Block | ElementKind::Separator => false,
        };
        if !is_whole || !self.is_closed_after(at, &tag.name) {
            return None;
        }
        let rest = &self.markup[at + tag.length..];
        let (end, close) = rest.match_indices("</").find_map(|(end, _)| {
            let close = MarkupTag::at(&rest[end..]).filter(|close| close.name == tag.name)?;
            Some((end, close.length))
        })?;
        Some((&rest[..end], tag.length + end + close))
    }

    /// Returns how far behind a place the next `end` is. What is missing once is not searched for again.
    fn find(&mut self, at: usize, end: &'static str) -> Option<usize> {
        if self.missing.contains(&end) {
            return None;
        }
        let found = self.markup[at..].find(end);
        if found.is_none() {
            self.missing.push(end);
        }
        found
    }
}

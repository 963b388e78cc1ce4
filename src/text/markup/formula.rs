//! Formulas: in MathML, in TeX, or in both, of which one is kept.

use super::character_reference::unescape;
use super::elements::{ElementKind, element_kind};
use super::tag::MarkupTag;

/// Returns TeX between dollars: without those that it has, and without the document that Springer puts around it.
pub(crate) fn as_tex(tex: &str) -> String {
    let within = tex.split_once("\\begin{document}").map_or(tex, |(_, within)| within);
    let within = within.split_once("\\end{document}").map_or(within, |(within, _)| within).trim();
    let bare = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")]
        .iter()
        .find_map(|(open, close)| within.strip_prefix(open)?.strip_suffix(close));
    match bare.unwrap_or(within).trim() {
        "" => String::new(),
        // More than one formula, or text with a formula in it.
        bare if bare.contains('$') => within.to_owned(),
        bare => format!("${bare}$"),
    }
}

/// Whether an annotation is in TeX, by its encoding: `application/x-tex`, `TeX`, `LaTeX`.
pub(crate) fn is_tex_encoding(encoding: &str) -> bool {
    encoding.trim().to_ascii_lowercase().ends_with("tex")
}

/// Whether a text for readers without MathML is TeX, and not words.
pub(crate) fn looks_like_tex(text: &str) -> bool {
    text.contains(['\\', '^', '_', '{'])
}

/// Returns the formula of an element `math`: its tag, and what is in it.
pub(super) fn of_math(tag: &MarkupTag<'_>, within: &str) -> String {
    let annotation = elements(within).find(|(tag, _)| {
        tag.local_name() == "annotation" && tag.attribute("encoding").is_some_and(|encoding| is_tex_encoding(&encoding))
    });
    if let Some((_, after)) = annotation {
        return as_tex(&unescape(after.split('<').next().unwrap_or_default()));
    }
    match tag.attribute("alttext").filter(|text| looks_like_tex(text)) {
        Some(tex) => as_tex(&tex),
        None => characters(within),
    }
}

/// Returns the TeX among the notations of one thing.
pub(super) fn of_alternatives(within: &str) -> Option<String> {
    let (_, after) = elements(within).find(|(tag, _)| element_kind(&tag.name) == Some(ElementKind::Tex))?;
    Some(of_tex(after.split("</").next().unwrap_or_default()))
}

/// Returns the formula of an element `tex-math`, from what is in it.
pub(super) fn of_tex(within: &str) -> String {
    let text = within.trim().strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>")).unwrap_or(within);
    as_tex(&unescape(text))
}

/// The tags that begin elements, and what follows each.
fn elements(markup: &str) -> impl Iterator<Item = (MarkupTag<'_>, &str)> {
    markup.match_indices('<').filter_map(|(at, _)| {
        let tag = MarkupTag::at(&markup[at..]).filter(|tag| !tag.closes)?;
        let after = &markup[at + tag.length..];
        Some((tag, after))
    })
}

/// The characters of a formula in MathML, with a slash in its fractions.
fn characters(markup: &str) -> String {
    let mut text = String::new();
    // Of each open element, whether it is a fraction, and how many elements in it were closed.
    let mut open: Vec<(bool, usize)> = Vec::new();
    let mut hidden = 0_usize;
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        let tag = MarkupTag::at(&rest[at..]);
        if hidden == 0 {
            text.push_str(&unescape(&rest[..at]));
        }
        let Some(tag) = tag else {
            text.push('<');
            rest = &rest[at + 1..];
            continue;
        };
        rest = &rest[at + tag.length..];
        let is_annotation = tag.local_name().starts_with("annotation");
        match (tag.closes, tag.empty) {
            (false, false) => {
                open.push((tag.local_name() == "mfrac", 0));
                hidden += usize::from(is_annotation);
                text.push_str(if tag.local_name() == "msqrt" { "√" } else { "" });
                continue;
            }
            (true, _) => {
                open.pop();
                hidden = hidden.saturating_sub(usize::from(is_annotation));
            }
            (false, true) => {}
        }
        if let Some((is_fraction, closed)) = open.last_mut() {
            *closed += 1;
            if *is_fraction && *closed == 1 {
                text.push('/');
            }
        }
    }
    text + &unescape(rest)
}

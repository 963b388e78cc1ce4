//! The elements that are markup in titles and abstracts: of HTML (<https://html.spec.whatwg.org/#elements-3>), of JATS
//! (<https://jats.nlm.nih.gov/archiving/tag-library/1.3/>), of MathML, and a few of single publishers.

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementKind {
    /// It vanishes: the words around it belong together.
    Inline,
    /// It leaves a space.
    Block,
    /// A block that need not be closed, nor has content, in any source: `<br>`, `<p>`.
    Separator,
    /// What is in it is no text: `<style>`.
    Hidden,
    /// A formula in MathML.
    Math,
    /// A formula in TeX.
    Tex,
    /// The same thing several times, in several notations.
    Alternatives,
}

/// Prefixes that only markup has, whatever the name after them: JATS, MathML, Elsevier, Microsoft Word.
const PREFIXES: [&str; 5] = ["jats", "mml", "ce", "o", "st1"];

/// Returns what an element is, by its name in lower case, with or without a prefix; `None` if it is not known.
pub(crate) fn element_kind(name: &str) -> Option<ElementKind> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let kind = match local {
        "br" | "hr" | "p" | "li" | "break" => ElementKind::Separator,
        "script" | "style" => ElementKind::Hidden,
        "math" => ElementKind::Math,
        "tex-math" | "tex" => ElementKind::Tex,
        "alternatives" => ElementKind::Alternatives,
        _ if is_inline(local) || is_mathml(local) => ElementKind::Inline,
        _ if is_block(local) => ElementKind::Block,
        _ if PREFIXES.contains(&prefix) && !local.is_empty() => ElementKind::Inline,
        _ => return None,
    };
    Some(kind)
}

#[rustfmt::skip]
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        // HTML
        "a" | "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "data" | "del" | "dfn" | "em" | "font"
            | "i" | "img" | "ins" | "kbd" | "mark" | "nobr" | "picture" | "q" | "rb" | "rp" | "rt" | "ruby" | "s" | "samp"
            | "small" | "span" | "strike" | "strong" | "sub" | "sup" | "svg" | "time" | "tt" | "u" | "var" | "wbr"
        // JATS
            | "abbrev" | "bold" | "chem-struct" | "email" | "ext-link" | "inline-formula" | "inline-graphic" | "italic"
            | "monospace" | "named-content" | "overline" | "roman" | "sans-serif" | "sc" | "styled-content" | "underline"
            | "uri" | "xref"
        // Crossref, Scopus, IEEE, DBLP, the ACL Anthology
            | "ovl" | "scp" | "inf" | "formula" | "ref" | "fixed-case" | "url"
    )
}

#[rustfmt::skip]
fn is_block(name: &str) -> bool {
    matches!(
        name,
        // HTML
        "address" | "article" | "aside" | "audio" | "blockquote" | "body" | "button" | "caption" | "center" | "col"
            | "colgroup" | "dd" | "details" | "div" | "dl" | "dt" | "embed" | "fieldset" | "figcaption" | "figure" | "footer"
            | "form" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "head" | "header" | "html" | "iframe" | "input" | "label"
            | "legend" | "link" | "main" | "map" | "menu" | "meta" | "nav" | "noscript" | "object" | "ol" | "option" | "param"
            | "pre" | "section" | "select" | "source" | "summary" | "table" | "tbody" | "td" | "textarea" | "tfoot" | "th"
            | "thead" | "title" | "tr" | "ul" | "video"
        // JATS
            | "abstract" | "article-title" | "def" | "def-item" | "def-list" | "disp-formula" | "disp-quote" | "fig" | "fn"
            | "graphic" | "list" | "list-item" | "sec" | "statement" | "subtitle" | "table-wrap" | "term" | "trans-abstract"
            | "trans-title" | "verse-group" | "verse-line"
        // Elsevier
            | "para" | "simple-para" | "section-title"
    )
}

#[rustfmt::skip]
fn is_mathml(name: &str) -> bool {
    matches!(
        name,
        "annotation" | "annotation-xml" | "maction" | "maligngroup" | "malignmark" | "menclose" | "merror" | "mfenced" | "mfrac"
            | "mglyph" | "mi" | "mmultiscripts" | "mn" | "mo" | "mover" | "mpadded" | "mphantom" | "mprescripts" | "mroot"
            | "mrow" | "ms" | "mspace" | "msqrt" | "mstyle" | "msub" | "msubsup" | "msup" | "mtable" | "mtd" | "mtext" | "mtr"
            | "munder" | "munderover" | "semantics"
    )
}

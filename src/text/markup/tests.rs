//! Markup by example, and laws of any text.

use proptest::prelude::*;

use super::MarkupRule;

fn check(rule: MarkupRule, markup: &str, expect: &str) {
    let text = rule.text(markup);
    assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), expect, "{rule:?}: {markup}");
}

#[test]
fn text_is_not_markup() {
    for text in [
        "plain",
        "We show that $p<q$ whenever $q>3$, and that $a<b$ fails if $b>c$. It ends here.",
        "Containers of <T> in lamps",
        "Vec<a>, List<p_1> and Option<object>",
        "a<b, b>c; i<b and b>k",
        "if a<b then b>a",
        "momenta $<p>$ and $<p_T>$ with $<b>$",
        "5 < 6 > 4, <1>, <-, ->, <<, >>, <>, <",
        "AT&T, R&D; &nonsense; &#; &#0; &#xffffffff; & Sons",
        "<unclosed",
        "<p unclosed",
        "Injections of <script>alert(1)</script>",
    ] {
        check(MarkupRule::Plain, text, text);
        check(MarkupRule::Inline, text, text);
    }
    for text in ["p<q$ whenever $q>3$, a<b$ fails if $b>c$", "Vec<a> of <T>", "$<p>$ and $<div>$", "a < b && b > c"] {
        check(MarkupRule::Html, text, text);
    }
    check(MarkupRule::Plain, "H<sub>2</sub>O &amp; more", "H<sub>2</sub>O &amp; more");
}

#[test]
fn markup_is_not_text() {
    for (markup, expect) in [
        ("Lamps of <i>E. coli</i> &amp; H<sub>2</sub>O", "Lamps of E. coli & H2O"),
        ("<h4>Background</h4>One.<h4>Results</h4>Two.", "Background One. Results Two."),
        ("<jats:p>An <jats:italic>invented</jats:italic> text</jats:p>", "An invented text"),
        ("<jats:sec><jats:title>Aim</jats:title><jats:p>One.</jats:p></jats:sec>", "Aim One."),
        ("One.<br>Two.<br/>Three.<p>Four.<P />Five.", "One. Two. Three. Four. Five."),
        ("<ul><li>One</li><li>two</li></ul>", "One two"),
        ("<span style=\"font-variant:small-caps;\">Small</span> <span class=nocase>Caps</span>", "Small Caps"),
        ("see <a href='https://example.org/?a=1&amp;b=<2>'>here", "see here"),
        ("H<inf>2</inf>O, CO<SUB>2</SUB>, <fixed-case>BERT</fixed-case>", "H2O, CO2, BERT"),
        ("<ce:italic>In vivo</ce:italic> <o:p></o:p>lamps", "In vivo lamps"),
        ("caf&eacute; &#233; &#x1F600; &lt;T&gt; a&nbsp;b", "café é 😀 <T> a b"),
        ("1990&#150;2000, &#147;old&#148; feeds", "1990–2000, “old” feeds"),
        ("Elektro&shy;nen", "Elektronen"),
        ("x <!-- <b>gone</b> --> y", "x y"),
        ("x <!-- open", "x <!-- open"),
        ("<![CDATA[the text within]]>", "the text within"),
        ("a<b>old</b> and a<b", "aold and a<b"),
    ] {
        check(MarkupRule::Inline, markup, expect);
        check(MarkupRule::Html, markup, expect);
    }
    for (markup, expect) in [
        ("<style>p { x: y }</style><div>One<div>two", "One two"),
        ("<table><tr><td nowrap>a</td><td>b</td></tr></table>", "a b"),
        ("<title>A page</title><script>var a = '<b>';</script>", "A page"),
        ("Use &lt;div&gt; for layout", "Use <div> for layout"),
    ] {
        check(MarkupRule::Html, markup, expect);
    }
}

#[test]
fn what_was_escaped_twice() {
    for (markup, expect) in [
        ("&lt;p&gt;A &lt;b&gt;double&lt;/b&gt; escaped text&lt;/p&gt;", "A double escaped text"),
        ("H&amp;lt;sub&amp;gt;2&amp;lt;/sub&amp;gt;O", "H2O"),
        ("&lt;![CDATA[the text &amp; more]]&gt;", "the text & more"),
        ("Lamps &amp;amp; ferries: p &amp;lt; 0.05", "Lamps & ferries: p < 0.05"),
        ("The &lt;b&gt; of HTML, a &lt; b", "The <b> of HTML, a < b"),
    ] {
        check(MarkupRule::Inline, markup, expect);
        check(MarkupRule::Html, markup, expect);
    }
}

#[test]
fn formulas_are_kept_once() {
    let math = |attributes: &str, within: &str| format!("of <mml:math{attributes}>{within}</mml:math> lamps");
    let row = "<mml:mrow><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:mrow>";
    let annotation =
        |encoding: &str| format!("<mml:annotation encoding=\"{encoding}\">\\alpha^2 &lt; 1</mml:annotation>");
    let semantics = |encoding: &str| format!("<mml:semantics>{row}{}</mml:semantics>", annotation(encoding));
    for (markup, expect) in [
        (math("", row), "of x2 lamps"),
        (math("", &semantics("application/x-tex")), "of $\\alpha^2 < 1$ lamps"),
        (math("", &semantics("TeX")), "of $\\alpha^2 < 1$ lamps"),
        (math("", &semantics("text/plain")), "of x2 lamps"),
        (math(" alttext=\"\\alpha_1\"", row), "of $\\alpha_1$ lamps"),
        (math(" alttext=\"x squared\"", row), "of x2 lamps"),
        (math("", "<mml:mfrac><mml:mn>1</mml:mn><mml:mi>n</mml:mi></mml:mfrac>"), "of 1/n lamps"),
        (math("", "<mml:msqrt><mml:mn>2</mml:mn></mml:msqrt><mml:mo>&#x2264;</mml:mo><mml:mspace/>3"), "of √2≤3 lamps"),
        ("<math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math>".to_owned(), "a<b"),
        (
            format!(
                "<jats:inline-formula><jats:alternatives><jats:tex-math>$$\\alpha $$</jats:tex-math><mml:math>{row}</mml:math>\
                 </jats:alternatives></jats:inline-formula>s"
            ),
            "$\\alpha$s",
        ),
        (format!("<alternatives><mml:math>{row}</mml:math><graphic/></alternatives>"), "x2"),
        (
            "<tex-math><![CDATA[\\documentclass{minimal}\\begin{document}$a < b$\\end{document}]]></tex-math>"
                .to_owned(),
            "$a < b$",
        ),
        ("<inline-formula><tex Notation=\"TeX\">$n$</tex></inline-formula>".to_owned(), "$n$"),
    ] {
        check(MarkupRule::Inline, &markup, expect);
        check(MarkupRule::Html, &markup, expect);
    }
}

#[test]
fn long_texts_take_no_longer_than_they_are() {
    let started = std::time::Instant::now();
    for piece in
        ["<alternatives>", "<!--", "<math>", "<a b=\"", "<a b='\"", "<b>", "</b", "&lt;i&gt;", "<![CDATA[", "<p a=b "]
    {
        for end in ["", "</alternatives>", "</math></b>"] {
            let text = piece.repeat(200_000) + end;
            MarkupRule::Html.text(&text);
            MarkupRule::Inline.text(&text);
        }
    }
    // Quadratic, each of them would take minutes.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_read(text in r#"(<|>|/|&|;|"|'|=|lt|gt|amp|#|b|i|math|p|jats:|\$|!--|-->|é| ){0,40}"#) {
        for rule in [MarkupRule::Plain, MarkupRule::Inline, MarkupRule::Html] {
            prop_assert!(rule.text(&text).len() <= text.len() + 40, "{}", rule.text(&text));
        }
    }
}

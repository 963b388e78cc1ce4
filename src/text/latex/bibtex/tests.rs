use super::{field_text, verbatim_text};

#[test]
fn latex_as_text() {
    for (latex, expect) in [
        ("plain", "plain"),
        (r#"{\"U}ber M\"{u}ller and G{\"{o}}del"#, "Über Müller and Gödel"),
        (r#"Erd{\H o}s, {\'E}variste, fa\c{c}ade, \v{S}v\v ejk, na{\"\i}ve"#, "Erdős, Évariste, façade, Švějk, naïve"),
        (r#"na\"\i ve \'\i ndice, \v\j  x, {\'\i }a, \'\ae on"#, "naïve índice, ǰx, ía, ǽon"),
        (r"Y{\i}ld{\i}z, Y\i ld\i z, \j{} and, \ae  on", "Yıldız, Yıldız, ȷ and, æon"),
        (r"Stra{\ss}e \O re {\L}{\'o}d{\'z} \aa", "Straße Øre Łódź å"),
        (r"Gel{\cprime}fand, \textcommabelow{S}tefan, {\polhk a}, N{\h o}", "Gelʹfand, Ștefan, ą, Nỏ"),
        (r#"50\% of R\&D for \$5 \_ \#"#, "50% of R&D for $5 _ #"),
        (r"The {BERT} {\em model} \textbf{is} \emph{one}", "The BERT model is one"),
        (r"pages 1--5~here --- ``so''", "pages 1–5 here — “so”"),
        (r"bounds of $O(n^{2} \log n)$ and {$\alpha$}", r"bounds of $O(n^{2} \log n)$ and $\alpha$"),
        (r"see \href{https://x.org}{this} \url{y.org}", "see this y.org"),
        (r"a \\ b\-c \", "a   bc "),
        (r"\'", ""),
        (r"\'{}x", "x"),
        ("don't", "don't"),
    ] {
        assert_eq!(field_text(latex), expect, "{latex}");
    }
    let deep = r"\'{".repeat(5_000) + "e";
    assert!(field_text(&deep).contains('e'));
}

#[test]
fn symbols_in_text() {
    for (latex, expect) in [
        (r"\textbeta{} and \textalpha-lamps, \textmu m, \upmu m", "β and α-lamps, µm, μm"),
        (r"AND\slash OR", "AND/OR"),
        (r"e-e+\textrightarrow{}W-W+", "e-e+→W-W+"),
        (r"p \to q and \sim 5, a \pm b", "p → q and ∼ 5, a ± b"),
        (r"\alpha particles, \ldots and more", "α particles, … and more"),
        (r"\textquotedblleft so\textquotedblright{} \glqq und\grqq", "“so” „und“"),
        (r"{\textless}i{\textgreater}x{\textless}/i{\textgreater} {\&}amp$\mathsemicolon$", "<i>x</i> &amp;"),
        (r"5\textdegree C, \textonehalf, \textcopyright, \S 2, \dag", "5°C, ½, ©, §2, †"),
        (r"\enquote{so} and \enquote*{so}", "“so” and ‘so’"),
        (r"\LaTeX{} and \XeTeX is \foo", "LaTeX and XeTeX is foo"),
    ] {
        assert_eq!(field_text(latex), expect, "{latex}");
    }
}

#[test]
fn formulas_in_text() {
    for (latex, expect) in [
        (r"\ensuremath{\nu}-lamps with \ensuremath{\Lambda} hyperons", "ν-lamps with Λ hyperons"),
        (r"\(\theta\) and \(x\) and \(\alpha^2\)", r"θ and \(x\) and \(\alpha^2\)"),
        (r"\ensuremath{\sqrt{s}} = 7\,TeV, \ensuremath{pp\to\Lambda}", r"$\sqrt{s}$ = 7 TeV, pp→Λ"),
        (r"$\unknown$ and \ensuremath{\unknown x}", r"$\unknown$ and $\unknown x$"),
        (r"\ifmmode\check{c}\else\v{c}\fi{}erny", "černy"),
        (r"it costs \$5 or $5 in M\'alaga", "it costs $5 or $5 in Málaga"),
        (r"\(open M\'alaga", r"\(open Málaga"),
        (r"\texorpdfstring{$x$}{ex}", "ex"),
        ("$$a^2$$ is \\'e", "$$a^2$$ is é"),
    ] {
        assert_eq!(field_text(latex), expect, "{latex}");
    }
    let open = r"\(".repeat(200_000) + &"$".repeat(3);
    assert!(field_text(&open).len() >= 400_000);
}

#[test]
fn layout_and_references_are_no_text() {
    for (latex, expect) in [
        (r"a\hspace{1em}b\hspace*{2pt}c\kern.1em d\hskip 1em e", "abcde"),
        (r"Lamps\footnote{Funded.} of \cite[p.~5]{oak}~Oak\thanks{All.}", "Lamps of  Oak"),
        (r"{\noopsort{1973c}}1981", "1981"),
        (r"\textcolor{red}{Red} \foreignlanguage{german}{Lampen} \raisebox{1ex}[2ex]{up}", "Red Lampen up"),
        (r"{\relax Yu}ri, {\protect\small x}, a\newline b", "Yuri, x, a b"),
        (r"H\textsubscript{2}O, \textsc{Lamp}, \mbox{x y}", "H2O, Lamp, x y"),
    ] {
        assert_eq!(field_text(latex), expect, "{latex}");
    }
}

#[test]
fn ids_and_addresses() {
    for (latex, expect) in [
        ("10.5555/a_b", "10.5555/a_b"),
        (r"10.5555/a\_b", "10.5555/a_b"),
        (r"10.5555/a{\_}b", "10.5555/a_b"),
        (r"{10.5555/(SICI)1{\textless}2::AID{\textgreater}3}", "10.5555/(SICI)1<2::AID>3"),
        (r"\url{https://x.org/~a\%20b}", "https://x.org/~a%20b"),
        (r"\href{https://x.org/a}{the page}", "https://x.org/a"),
        (r"https://x.org/\textasciitilde{}a", "https://x.org/~a"),
        (r"https://x.org/\~{}a/$\sim$b", "https://x.org/~a/~b"),
    ] {
        assert_eq!(verbatim_text(latex), expect, "{latex}");
    }
}

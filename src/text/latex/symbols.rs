//! The commands of LaTeX for symbols and accents, and what they stand for in Unicode.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use unicode_normalization::char::compose;

/// Where LaTeX has a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SymbolMode {
    /// In text.
    Text,
    /// In formulas.
    Math,
    /// In both.
    Both,
}

/// Symbols of text and of formulas alike. LaTeX has Greek letters in formulas only, but people write them anywhere.
const SHARED_SYMBOLS: &[(&str, &str)] = &[
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("vartheta", "ϑ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("upsilon", "υ"),
    ("phi", "φ"),
    ("varphi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Pi", "Π"),
    ("Sigma", "Σ"),
    ("Upsilon", "Υ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("ss", "ß"),
    ("o", "ø"),
    ("O", "Ø"),
    ("l", "ł"),
    ("L", "Ł"),
    ("ae", "æ"),
    ("oe", "œ"),
    ("aa", "å"),
    ("AA", "Å"),
    ("i", "ı"),
    ("ldots", "…"),
    ("dots", "…"),
];
/// Letters and signs of text.
const TEXT_SYMBOLS: &[(&str, &str)] = &[
    ("AE", "Æ"),
    ("OE", "Œ"),
    ("j", "ȷ"),
    ("dh", "ð"),
    ("DH", "Ð"),
    ("th", "þ"),
    ("TH", "Þ"),
    ("dj", "đ"),
    ("DJ", "Đ"),
    ("ng", "ŋ"),
    ("textendash", "–"),
    ("textemdash", "—"),
    ("textellipsis", "…"),
    ("textquoteright", "’"),
    ("textquoteleft", "‘"),
    ("textquotedblleft", "“"),
    ("textquotedblright", "”"),
    ("textbackslash", "\\"),
    ("textasciitilde", "~"),
    ("textunderscore", "_"),
    ("textbar", "|"),
    ("textless", "<"),
    ("textgreater", ">"),
    ("textdegree", "°"),
    ("textmu", "µ"),
    ("pounds", "£"),
    ("texteuro", "€"),
    ("textregistered", "®"),
    ("texttrademark", "™"),
    ("copyright", "©"),
    ("S", "§"),
    ("P", "¶"),
    ("LaTeX", "LaTeX"),
    ("TeX", "TeX"),
    ("NG", "Ŋ"),
    ("SS", "ẞ"),
    ("ij", "ĳ"),
    ("IJ", "Ĳ"),
    ("textschwa", "ə"),
    ("cprime", "ʹ"),
    ("cdprime", "ʺ"),
    ("slash", "/"),
    ("textquotedbl", "\""),
    ("textquotesingle", "'"),
    ("quotedblbase", "„"),
    ("quotesinglbase", "‚"),
    ("glqq", "„"),
    ("grqq", "“"),
    ("glq", "‚"),
    ("grq", "‘"),
    ("flqq", "«"),
    ("frqq", "»"),
    ("guillemotleft", "«"),
    ("guillemotright", "»"),
    ("guillemetleft", "«"),
    ("guillemetright", "»"),
    ("guilsinglleft", "‹"),
    ("guilsinglright", "›"),
    ("textexclamdown", "¡"),
    ("textquestiondown", "¿"),
    ("textbraceleft", "{"),
    ("textbraceright", "}"),
    ("textasciicircum", "^"),
    ("textasciigrave", "`"),
    ("textasteriskcentered", "*"),
    ("textbullet", "•"),
    ("textperiodcentered", "·"),
    ("textdagger", "†"),
    ("textdaggerdbl", "‡"),
    ("dag", "†"),
    ("ddag", "‡"),
    ("textsection", "§"),
    ("textparagraph", "¶"),
    ("textcopyright", "©"),
    ("textdollar", "$"),
    ("textsterling", "£"),
    ("textyen", "¥"),
    ("textcent", "¢"),
    ("euro", "€"),
    ("textnumero", "№"),
    ("textonehalf", "½"),
    ("textonequarter", "¼"),
    ("textthreequarters", "¾"),
    ("textonesuperior", "¹"),
    ("texttwosuperior", "²"),
    ("textthreesuperior", "³"),
    ("textordfeminine", "ª"),
    ("textordmasculine", "º"),
    ("textperthousand", "‰"),
    ("textcelsius", "°C"),
    ("textohm", "Ω"),
    ("textminus", "−"),
];
/// Signs of formulas.
const MATH_SYMBOLS: &[(&str, &str)] = &[
    ("times", "×"),
    ("cdot", "·"),
    ("pm", "±"),
    ("mp", "∓"),
    ("leq", "≤"),
    ("le", "≤"),
    ("geq", "≥"),
    ("ge", "≥"),
    ("neq", "≠"),
    ("approx", "≈"),
    ("sim", "∼"),
    ("simeq", "≃"),
    ("equiv", "≡"),
    ("propto", "∝"),
    ("infty", "∞"),
    ("partial", "∂"),
    ("nabla", "∇"),
    ("sum", "∑"),
    ("prod", "∏"),
    ("int", "∫"),
    ("in", "∈"),
    ("notin", "∉"),
    ("subset", "⊂"),
    ("subseteq", "⊆"),
    ("cup", "∪"),
    ("cap", "∩"),
    ("to", "→"),
    ("rightarrow", "→"),
    ("leftarrow", "←"),
    ("Rightarrow", "⇒"),
    ("mapsto", "↦"),
    ("langle", "⟨"),
    ("rangle", "⟩"),
    ("ell", "ℓ"),
    ("cdots", "⋯"),
    ("forall", "∀"),
    ("exists", "∃"),
    ("sqrt", "√"),
    ("circ", "∘"),
    ("otimes", "⊗"),
    ("oplus", "⊕"),
    ("ll", "≪"),
    ("gg", "≫"),
    ("log", "log"),
    ("exp", "exp"),
    ("max", "max"),
    ("min", "min"),
    ("quad", " "),
    ("star", "⋆"),
    ("ast", "∗"),
    ("dagger", "†"),
    ("prime", "′"),
    ("wedge", "∧"),
    ("vee", "∨"),
    ("neg", "¬"),
    ("setminus", "∖"),
    ("emptyset", "∅"),
    ("perp", "⊥"),
    ("parallel", "∥"),
    ("mid", "|"),
    ("top", "⊤"),
    ("lfloor", "⌊"),
    ("rfloor", "⌋"),
    ("lceil", "⌈"),
    ("rceil", "⌉"),
    ("degree", "°"),
    ("leqslant", "≤"),
    ("geqslant", "≥"),
    ("gtrsim", "≳"),
    ("lesssim", "≲"),
    ("odot", "⊙"),
    ("hbar", "ℏ"),
    ("ne", "≠"),
    ("gets", "←"),
    ("longrightarrow", "⟶"),
    ("leftrightarrow", "↔"),
    ("Leftarrow", "⇐"),
    ("Leftrightarrow", "⇔"),
    ("uparrow", "↑"),
    ("downarrow", "↓"),
    ("supset", "⊃"),
    ("supseteq", "⊇"),
    ("varnothing", "∅"),
    ("bullet", "•"),
    ("div", "÷"),
    ("aleph", "ℵ"),
    ("mho", "℧"),
    ("Re", "ℜ"),
    ("Im", "ℑ"),
];

/// Accents: the command, the combining character, and where the command is one.
const ACCENTS: [(&str, char, SymbolMode); 32] = [
    ("'", '\u{301}', SymbolMode::Both),
    ("`", '\u{300}', SymbolMode::Both),
    ("^", '\u{302}', SymbolMode::Both),
    ("\"", '\u{308}', SymbolMode::Both),
    ("~", '\u{303}', SymbolMode::Both),
    ("=", '\u{304}', SymbolMode::Both),
    (".", '\u{307}', SymbolMode::Both),
    ("u", '\u{306}', SymbolMode::Text),
    ("r", '\u{30a}', SymbolMode::Text),
    ("H", '\u{30b}', SymbolMode::Text),
    ("v", '\u{30c}', SymbolMode::Text),
    ("d", '\u{323}', SymbolMode::Text),
    ("c", '\u{327}', SymbolMode::Text),
    ("k", '\u{328}', SymbolMode::Text),
    ("b", '\u{331}', SymbolMode::Text),
    ("t", '\u{361}', SymbolMode::Text),
    ("h", '\u{309}', SymbolMode::Text),
    ("G", '\u{30f}', SymbolMode::Text),
    ("U", '\u{30d}', SymbolMode::Text),
    ("textcommabelow", '\u{326}', SymbolMode::Text),
    ("lfhook", '\u{326}', SymbolMode::Text),
    ("polhk", '\u{328}', SymbolMode::Text),
    ("ocirc", '\u{30a}', SymbolMode::Text),
    ("hat", '\u{302}', SymbolMode::Math),
    ("widehat", '\u{302}', SymbolMode::Math),
    ("tilde", '\u{303}', SymbolMode::Math),
    ("widetilde", '\u{303}', SymbolMode::Math),
    ("bar", '\u{304}', SymbolMode::Math),
    ("overline", '\u{304}', SymbolMode::Math),
    ("vec", '\u{20d7}', SymbolMode::Math),
    ("dot", '\u{307}', SymbolMode::Math),
    ("ddot", '\u{308}', SymbolMode::Math),
];

/// Commands that only say how something looks or is set.
pub(super) const SILENT: &[&str] = &[
    "left",
    "right",
    "big",
    "Big",
    "bigl",
    "bigr",
    "Bigl",
    "Bigr",
    "displaystyle",
    "textstyle",
    "limits",
    "it",
    "bf",
    "em",
    "rm",
    "sc",
    "tt",
    "cal",
];
/// Commands whose names are read.
pub(super) const SPOKEN: &[&str] = &[
    "sin", "cos", "tan", "tanh", "ln", "arg", "argmax", "argmin", "sup", "inf", "lim", "dim", "det", "ker", "deg", "Pr",
];
/// Letters with a doubled stroke.
pub(super) const DOUBLED: (&str, &str) = ("CEHNPQRZ1", "ℂ𝔼ℍℕℙℚℝℤ𝟙");
/// Raised characters.
pub(super) const RAISED: (&str, &str) = ("0123456789+-=()ni*′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ*′");
/// Lowered characters.
pub(super) const LOWERED: (&str, &str) = ("0123456789+-=()aeioxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢₒₓₕₖₗₘₙₚₛₜ");

static SYMBOLS: LazyLock<FxHashMap<&str, (&str, SymbolMode)>> = LazyLock::new(|| {
    let tables =
        [(SHARED_SYMBOLS, SymbolMode::Both), (TEXT_SYMBOLS, SymbolMode::Text), (MATH_SYMBOLS, SymbolMode::Math)];
    tables.into_iter().flat_map(|(table, mode)| table.iter().map(move |(name, sign)| (*name, (*sign, mode)))).collect()
});

/// Returns what a command stands for, and where LaTeX has it.
pub(super) fn symbol(command: &str) -> Option<(&'static str, SymbolMode)> {
    SYMBOLS.get(command).copied()
}

/// Returns the combining character of an accent, and where LaTeX has it.
pub(super) fn accent(command: &str) -> Option<(char, SymbolMode)> {
    ACCENTS.iter().find(|(known, ..)| *known == command).map(|(_, mark, mode)| (*mark, *mode))
}

/// Writes a text with an accent on its first letter. The dotless letters, `\i` and `\j`, are there to take one.
pub(super) fn push_accented(out: &mut String, text: &str, mark: char) {
    let mut letters = text.chars();
    if let Some(letter) = letters.next() {
        let dotted = match letter {
            'ı' => 'i',
            'ȷ' => 'j',
            letter => letter,
        };
        match compose(dotted, mark) {
            Some(accented) => out.push(accented),
            None => out.extend([letter, mark]),
        }
    }
    out.push_str(letters.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_in_one_table() {
        let count = SHARED_SYMBOLS.len() + TEXT_SYMBOLS.len() + MATH_SYMBOLS.len();
        assert_eq!(SYMBOLS.len(), count);
        assert!(SYMBOLS.keys().all(|name| accent(name).is_none()));
    }
}

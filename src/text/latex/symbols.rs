//! The commands of LaTeX for symbols and accents, and what they stand for in Unicode.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use unicode_normalization::char::compose;

/// Where LaTeX has a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
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
    ("Re", "ℜ"),
    ("Im", "ℑ"),
];

/// Accents: the command, the combining character, and where the command is one.
const ACCENTS: [(&str, char, Mode); 25] = [
    ("'", '\u{301}', Mode::Both),
    ("`", '\u{300}', Mode::Both),
    ("^", '\u{302}', Mode::Both),
    ("\"", '\u{308}', Mode::Both),
    ("~", '\u{303}', Mode::Both),
    ("=", '\u{304}', Mode::Both),
    (".", '\u{307}', Mode::Both),
    ("u", '\u{306}', Mode::Text),
    ("r", '\u{30a}', Mode::Text),
    ("H", '\u{30b}', Mode::Text),
    ("v", '\u{30c}', Mode::Text),
    ("d", '\u{323}', Mode::Text),
    ("c", '\u{327}', Mode::Text),
    ("k", '\u{328}', Mode::Text),
    ("b", '\u{331}', Mode::Text),
    ("t", '\u{361}', Mode::Text),
    ("hat", '\u{302}', Mode::Math),
    ("widehat", '\u{302}', Mode::Math),
    ("tilde", '\u{303}', Mode::Math),
    ("widetilde", '\u{303}', Mode::Math),
    ("bar", '\u{304}', Mode::Math),
    ("overline", '\u{304}', Mode::Math),
    ("vec", '\u{20d7}', Mode::Math),
    ("dot", '\u{307}', Mode::Math),
    ("ddot", '\u{308}', Mode::Math),
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

static SYMBOLS: LazyLock<FxHashMap<&str, (&str, Mode)>> = LazyLock::new(|| {
    let tables = [(SHARED_SYMBOLS, Mode::Both), (TEXT_SYMBOLS, Mode::Text), (MATH_SYMBOLS, Mode::Math)];
    tables.into_iter().flat_map(|(table, mode)| table.iter().map(move |(name, sign)| (*name, (*sign, mode)))).collect()
});

/// Returns what a command stands for, and where LaTeX has it.
pub(super) fn symbol(command: &str) -> Option<(&'static str, Mode)> {
    SYMBOLS.get(command).copied()
}

/// Returns the combining character of an accent, and where LaTeX has it.
pub(super) fn accent(command: &str) -> Option<(char, Mode)> {
    ACCENTS.iter().find(|(known, ..)| *known == command).map(|(_, mark, mode)| (*mark, *mode))
}

/// Writes a text with an accent on its first letter.
pub(super) fn push_accented(out: &mut String, text: &str, mark: char) {
    let mut letters = text.chars();
    if let Some(letter) = letters.next() {
        match compose(letter, mark) {
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

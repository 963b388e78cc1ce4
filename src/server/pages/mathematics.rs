//! LaTeX in titles and abstracts as text that can be read: `$\alpha^2$` is α².

/// Commands and what they stand for.
const COMMANDS: [(&str, &str); 84] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
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
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
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
    ("ldots", "…"),
    ("dots", "…"),
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
];
const RAISED: (&str, &str) = ("0123456789+-=()ni*′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ*′");
const LOWERED: (&str, &str) = ("0123456789+-=()aeioxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢₒₓₕₖₗₘₙₚₛₜ");
/// Accents and what they put on the letter before them.
const ACCENTS: [(char, char); 7] = [
    ('\'', '\u{301}'),
    ('`', '\u{300}'),
    ('^', '\u{302}'),
    ('"', '\u{308}'),
    ('~', '\u{303}'),
    ('c', '\u{327}'),
    ('=', '\u{304}'),
];

/// The text with what is LaTeX in it as Unicode; what is not known stays as it is.
pub(super) fn readable(text: &str) -> String {
    if !text.contains(['$', '\\', '{']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut formula = false;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '$' if rest.contains('$') || formula => formula = !formula,
            '\\' => rest = command(rest, &mut out),
            '{' | '}' => {}
            '^' | '_' if formula => {
                let (argument, after) = argument(rest);
                let shifted = shifted(&readable(argument), if c == '^' { RAISED } else { LOWERED });
                rest = after;
                out.push_str(&shifted.unwrap_or_else(|| format!("{c}{}", readable(argument))));
            }
            c => out.push(c),
        }
    }
    use unicode_normalization::UnicodeNormalization;
    out.nfc().collect()
}

/// What follows a backslash, written to `out`; gives what is left.
fn command<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(letters);
    if let Some((_, symbol)) = COMMANDS.iter().find(|(known, _)| *known == name) {
        out.push_str(symbol);
        if symbol.is_ascii() {
            return after;
        }
        // The space that ends a command is none of the text.
        return after.strip_prefix(' ').filter(|next| next.starts_with(|c: char| c.is_alphanumeric())).unwrap_or(after);
    }
    let accent = |of: char| ACCENTS.iter().find(|(known, _)| *known == of).map(|(_, mark)| *mark);
    match rest.chars().next() {
        // `\'e`, `\'{e}`, `\c{c}`.
        Some(sign) if accent(sign).is_some() && (!sign.is_alphabetic() || name == "c") => {
            let (letter, after) = argument(&rest[sign.len_utf8()..]);
            out.push_str(letter);
            out.extend(accent(sign));
            after
        }
        // `\%`, `\&`, `\,`.
        Some(sign) if !sign.is_alphabetic() => {
            if !",;!: ".contains(sign) {
                out.push(sign);
            }
            &rest[sign.len_utf8()..]
        }
        // `\text{...}`, `\mathcal{L}`: what is in it is what can be read.
        _ if after.starts_with('{') => after,
        _ => {
            out.push('\\');
            out.push_str(name);
            after
        }
    }
}

/// The next character or group, and what is left.
fn argument(rest: &str) -> (&str, &str) {
    if let Some(inside) = rest.strip_prefix('{') {
        let mut depth = 1;
        for (at, c) in inside.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 {
                return (&inside[..at], &inside[at + 1..]);
            }
        }
    }
    let end = match rest.strip_prefix('\\') {
        Some(name) => 1 + name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len()),
        None => rest.chars().next().map_or(0, char::len_utf8),
    };
    rest.split_at(end)
}

/// The text in raised or lowered characters, if there is one for each.
fn shifted(text: &str, (plain, shifted): (&str, &str)) -> Option<String> {
    let one = |c: char| plain.chars().position(|known| known == c).and_then(|at| shifted.chars().nth(at));
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write() {
        let table = [
            ("plain text, 5% of it", "plain text, 5% of it"),
            ("$\\alpha^2 + \\beta_{10}$", "α² + β₁₀"),
            ("an $\\mathcal{O}(n^{2})$ bound", "an O(n²) bound"),
            ("$O(n \\log n)$", "O(n log n)"),
            ("$x^{ab}$ and $x_{\\theta}$", "x^ab and x_θ"),
            ("Schr\\\"odinger, Poincar\\'{e}", "Schrödinger, Poincaré"),
            ("95\\% of \\textbf{all}", "95% of all"),
            ("it costs $5", "it costs $5"),
            ("between $5 and $6", "between 5 and 6"),
            ("a_b outside of formulas", "a_b outside of formulas"),
            ("\\unknown command", "\\unknown command"),
            ("$\\ell_1$-norm", "ℓ₁-norm"),
            ("<b>$<$</b>", "<b><</b>"),
        ];
        for (text, expected) in table {
            assert_eq!(readable(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[a-z0-9$\\\\{}^_'\" é]{0,60}") {
            readable(&text);
        }
    }
}

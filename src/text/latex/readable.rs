//! LaTeX in titles and abstracts as text that people can read: `$\alpha^2$` is α².

use unicode_normalization::UnicodeNormalization;

use super::symbols::{DOUBLED, LOWERED, RAISED, SILENT, SPOKEN, SymbolMode, accent, push_accented, symbol};

/// Longest group that is read, in characters.
const MAX_GROUP: usize = 1_000;
/// Longest number that is raised or lowered outside of formulas, in digits.
const MAX_SHIFTED_DIGITS: usize = 3;
/// Commands whose argument names something that is not in the text.
const REFERENCES: [&str; 7] = ["cite", "citep", "citet", "eqref", "footnotemark", "label", "ref"];
/// Deepest nesting of groups that is read; deeper ones stay as they are.
const MAX_DEPTH: usize = 8;

/// Returns a text with its LaTeX as Unicode; unknown commands stay as they are.
pub(crate) fn readable(text: &str) -> String {
    if !text.contains(['$', '\\', '{', '^', '_', '~']) {
        return text.to_owned();
    }
    plain(text, false, MAX_DEPTH).nfc().collect()
}

fn plain(text: &str, mut formula: bool, depth: usize) -> String {
    if depth == 0 {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let whole = rest;
        rest = &rest[c.len_utf8()..];
        match c {
            '$' if formula || opens(rest) => {
                formula = !formula;
                rest = rest.strip_prefix('$').unwrap_or(rest);
            }
            '\\' if rest.starts_with(['(', '[']) && rest.contains('\\') => {
                formula = true;
                rest = &rest[1..];
            }
            '\\' if formula && rest.starts_with([')', ']']) => {
                formula = false;
                rest = &rest[1..];
            }
            '\\' => rest = command(whole, formula, depth, &mut out),
            '{' | '}' => {}
            '^' if formula && degrees(rest).is_some() => {
                out.push('°');
                rest = degrees(rest).unwrap_or(rest);
            }
            '^' | '_' if formula => {
                let (inside, after) = argument(rest);
                let inside = plain(inside, true, depth - 1);
                rest = after;
                let shifted = shifted(&inside, if c == '^' { RAISED } else { LOWERED });
                out.push_str(&shifted.unwrap_or_else(|| format!("{c}{}", grouped(&inside))));
            }
            '^' | '_' => match shifted_number(c, rest, &out) {
                Some((number, after)) => {
                    out.push_str(&number);
                    rest = after;
                }
                None => out.push(c),
            },
            '~' if is_tie(&out, rest) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Reads what follows a raising or lowering sign outside of formulas, as services that take out the dollars leave it: a
/// number, as in `R^2` and `x_1`, and degrees. Names such as `eval_1` stay as they are.
fn shifted_number<'a>(sign: char, rest: &'a str, before: &str) -> Option<(String, &'a str)> {
    let mut last = before.chars().rev();
    let base = last.next().filter(|c| c.is_alphanumeric() || (sign == '^' && *c == ')'))?;
    if sign == '_' && !(base.is_alphabetic() && last.next().is_none_or(|c| c.is_whitespace() || "(,=+[".contains(c))) {
        return None;
    }
    let degrees = rest.strip_prefix("circ").or_else(|| rest.strip_prefix("\\circ")).filter(|_| sign == '^');
    if let Some(after) = degrees.filter(|after| !after.starts_with(char::is_alphabetic) || base.is_ascii_digit()) {
        return Some(("°".to_owned(), after));
    }
    let (number, after) = match rest.starts_with('{') {
        true => argument(rest),
        false => {
            let digits = rest.strip_prefix('-').unwrap_or(rest);
            rest.split_at(rest.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len())
        }
    };
    let digits = number.strip_prefix('-').unwrap_or(number);
    let is_number =
        !digits.is_empty() && digits.len() <= MAX_SHIFTED_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A name goes on behind its number.
    let is_name = sign == '_' && after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let shifted = shifted(number, if sign == '^' { RAISED } else { LOWERED }).filter(|_| is_number && !is_name)?;
    Some((shifted, after))
}

/// What follows `\circ`, with braces around it or not, as the whole of an exponent.
fn degrees(rest: &str) -> Option<&str> {
    rest.strip_prefix("{\\circ}").or_else(|| rest.strip_prefix("\\circ"))
}

/// Whether a tilde ties two words together, as in `Step~9`; in `5~10` and `~5` it means about.
fn is_tie(before: &str, rest: &str) -> bool {
    let ends_word = before.ends_with(|c: char| c.is_alphabetic() || matches!(c, '.' | ',' | ')'));
    ends_word && rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '\\' | '$' | '[' | '('))
}

/// Whether a dollar before this begins a formula: prices are followed by a number, and end nowhere.
fn opens(rest: &str) -> bool {
    let display = rest.strip_prefix('$').unwrap_or(rest);
    if display.starts_with(char::is_whitespace) && display.len() == rest.len() {
        return false;
    }
    let Some(end) = display.find('$') else { return rest.starts_with('$') };
    let (inside, after) = (&display[..end], &display[end + 1..]);
    display.len() < rest.len()
        || !(inside.ends_with(char::is_whitespace) || after.starts_with(|c: char| c.is_ascii_digit()))
}

/// Writes what begins with a backslash to `out`; returns what follows it.
fn command<'a>(whole: &'a str, formula: bool, depth: usize, out: &mut String) -> &'a str {
    let rest = &whole[1..];
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(letters);
    let read = |rest: &'a str| {
        let (inside, after) = argument(rest.trim_start_matches(' '));
        (plain(inside, formula, depth - 1), after)
    };
    if name.is_empty() {
        return sign(rest, out);
    }
    let is_read = |mode| !(formula && mode == SymbolMode::Text);
    if let Some((mark, _)) = accent(name).filter(|(_, mode)| is_read(*mode)) {
        // A letter without its argument is not a command.
        if after.starts_with('{') || name.len() > 1 {
            let (letter, after) = read(after);
            push_accented(out, &letter, mark);
            return after;
        }
    }
    match name {
        "frac" | "tfrac" | "dfrac" => {
            let (above, after) = read(after);
            let (below, after) = read(after);
            out.push_str(&format!("{}/{}", grouped(&above), grouped(&below)));
            return after;
        }
        "sqrt" if after.starts_with('{') => {
            let (inside, after) = read(after);
            out.push_str(&format!("√{}", grouped(&inside)));
            return after;
        }
        name if REFERENCES.contains(&name) && after.starts_with(['{', '[']) => {
            // The space before it goes with it.
            out.truncate(out.trim_end_matches([' ', '~']).len());
            let after = after.strip_prefix('[').and_then(|note| Some(note.split_once(']')?.1)).unwrap_or(after);
            return argument(after).1;
        }
        "eg" | "ie" => {
            out.push_str(if name == "eg" { "e.g." } else { "i.e." });
            return after;
        }
        "mathbb" => {
            let (inside, after) = read(after);
            out.push_str(&shifted(&inside, DOUBLED).unwrap_or(inside));
            return after;
        }
        _ => {}
    }
    if let Some((symbol, _)) = symbol(name).filter(|(_, mode)| is_read(*mode)) {
        out.push_str(symbol);
        if symbol.is_ascii() {
            return after;
        }
        // The space that ends a command is not part of the text.
        return after.strip_prefix(' ').filter(|next| next.starts_with(|c: char| c.is_alphanumeric())).unwrap_or(after);
    }
    if SILENT.contains(&name) {
        return after.strip_prefix(' ').unwrap_or(after);
    }
    match SPOKEN.contains(&name) {
        true => out.push_str(name),
        // `\text{...}`, `\mathcal{L}`: what is in it is what can be read.
        false if after.starts_with('{') => {}
        false => out.push_str(&whole[..1 + letters]),
    }
    after
}

/// Writes what follows a backslash and is not a letter: `\'e`, `\%`, `\,`.
fn sign<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let Some(sign) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let (command, after) = rest.split_at(sign.len_utf8());
    if let Some((mark, _)) = accent(command) {
        let (letter, after) = argument(after);
        // `\'{\i}`: the accent replaces the dot; the spaces behind the name of a command are no part of the text.
        let (letter, after) = match letter.strip_prefix('\\') {
            Some(letter) => (letter, after.trim_start_matches(' ')),
            None => (letter, after),
        };
        push_accented(out, letter, mark);
        return after;
    }
    match sign {
        ' ' | ';' | ':' => out.push(' '),
        ',' | '!' => {}
        '|' => out.push('‖'),
        sign => out.push(sign),
    }
    after
}

/// Returns a text, in parentheses if it is more than one word or number.
fn grouped(text: &str) -> String {
    match text.chars().all(char::is_alphanumeric) {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

/// Returns the next character, command or group, and what follows it.
fn argument(rest: &str) -> (&str, &str) {
    if let Some(inside) = rest.strip_prefix('{') {
        let mut depth = 1;
        for (at, c) in inside.char_indices().take(MAX_GROUP) {
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

/// Returns the text in raised or lowered characters, if there is one for each.
fn shifted(text: &str, (plain, shifted): (&str, &str)) -> Option<String> {
    let one = |c: char| plain.chars().position(|known| known == c).and_then(|at| shifted.chars().nth(at));
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles_and_abstracts() {
        let table = [
            ("plain text, 5% of it", "plain text, 5% of it"),
            ("$\\alpha^2 + \\beta_{10}$", "α² + β₁₀"),
            ("an $\\mathcal{O}(n^{2})$ bound", "an O(n²) bound"),
            ("$O(n \\log n)$", "O(n log n)"),
            ("$x^{ab}$ and $x_{\\theta}$", "x^ab and x_θ"),
            ("Schr\\\"odinger, Poincar\\'{e}", "Schrödinger, Poincaré"),
            ("95\\% of \\textbf{all}", "95% of all"),
            ("it costs $5", "it costs $5"),
            ("between $5 and $6", "between $5 and $6"),
            ("from $100 to $250 a month, $x$ of it", "from $100 to $250 a month, x of it"),
            ("$$a^2$$ and \\(b^2\\)", "a² and b²"),
            ("$\\frac{1}{2}$, $\\frac{a+b}{\\sqrt{n}}$", "1/2, (a+b)/(√n)"),
            ("$\\tilde{O}(\\sqrt{n+1})$", "Õ(√(n+1))"),
            ("$\\hat x \\in \\mathbb{R}^d$", "x̂ ∈ ℝ^d"),
            ("$\\left( \\sin \\theta \\right)$", "( sin θ )"),
            ("$x^{2n}_{i+1}$, $e^{-x/2}$", "x²ⁿᵢ₊₁, e^(-x/2)"),
            ("Ho\\v{r}ava, na\\\"{\\i}ve, \\AA ngstr\\\"om, Erd\\H{o}s", "Hořava, naïve, Ångström, Erdős"),
            ("C:\\c and \\v", "C:\\c and \\v"),
            ("a_b outside of formulas", "a_b outside of formulas"),
            ("\\unknown command", "\\unknown command"),
            ("R^2=0.8, UniF^2ace, 10^-3 and 10^{22}, (a)^2", "R²=0.8, UniF²ace, 10⁻³ and 10²², (a)²"),
            ("F_1 of x_0, eval_1, imo_1960_p2, x_1_2, a^b", "F₁ of x₀, eval_1, imo_1960_p2, x_1_2, a^b"),
            ("360^circ, $90^\\circ$ and $45^{\\circ}$", "360°, 90° and 45°"),
            ("https://a.org/x_1/~b, ~5x, 5~10, Step~9 of A~$x$", "https://a.org/x_1/~b, ~5x, 5~10, Step 9 of A x"),
            ("as shown~\\citep{a2024b}, see \\cite[p. 3]{c}. (\\eg lamps)", "as shown, see. (e.g. lamps)"),
            ("$\\ell_1$-norm", "ℓ₁-norm"),
            ("<b>$<$</b>", "<b><</b>"),
            ("\\textendash{} and \\O re", "– and Øre"),
            ("$\\v{x}$ and $\\P^1$", "x and \\P¹"),
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

//! Scripts that do not put spaces between words.

/// Whether a character is of a script whose words are not separated by spaces, or, as in Korean, only together with their
/// endings: Han, Hiragana, Katakana, Bopomofo, Hangul; Thai, Lao, Myanmar, Khmer. By the blocks of Unicode 16, without
/// the punctuation in them.
pub(crate) fn is_unsegmented(c: char) -> bool {
    // Most characters come before all of these.
    c >= '\u{e00}'
        && matches!(c,
            '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3041}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3105}'..='\u{312f}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}')
}

/// Whether a text has such characters.
pub(crate) fn has_unsegmented(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_unsegmented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_scripts() {
        for text in ["渡", "々", "ひ", "カ", "ー", "한", "ท", "ລ", "မ", "ខ", "𠮷", "ﬁ 船"] {
            assert!(has_unsegmented(text), "{text}");
        }
        for text in ["", "lamp", "é", "ﬁ", "λ", "Ж", "א", "ع", "ह", "・", "。", "「", "①", "–", "𝑥"]
        {
            assert!(!has_unsegmented(text), "{text}");
        }
    }
}

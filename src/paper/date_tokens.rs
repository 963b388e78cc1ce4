//! The numbers and words of a date.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest text that is searched for a date, in characters.
const MAX_DATE_CHARS: usize = 200;

/// What the months are called most often.
const SHORT_MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// The months in English, German, Spanish, French, Italian, Portuguese and Dutch, in ASCII; where two languages write
/// the same, once.
const MONTHS: [&str; 12] = [
    "january januar enero janvier gennaio janeiro januari",
    "february februar febrero fevrier febbraio fevereiro februari",
    "march marz mrz marzo mars marco maart",
    "april abril avril aprile",
    "may mai mayo maggio maio mei",
    "june juni junio juin giugno junho",
    "july juli julio juillet luglio julho",
    "august agosto aout augustus",
    "september septiembre setiembre septembre settembre setembro",
    "october oktober octubre octobre ottobre outubro",
    "november noviembre novembre novembro",
    "december dezember diciembre decembre dicembre dezembro",
];
/// The seasons in the same languages.
const SEASONS: &str = "spring summer autumn fall winter fruhling fruhjahr sommer herbst primavera verano otono invierno \
                       printemps ete automne hiver estate autunno inverno verao outono lente zomer herfst";
/// Words that stand between the parts of a date and say nothing of it.
const FILLERS: &str = "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday \
                       sunday gmt utc z the of de del den der do le les di st nd rd th er";
/// Words whose number is none of a date.
const COUNTED: &str = "vol volume no nr num number issue pp p band bd heft";

/// A part of a date. The gap is what joins it to the part before it: `-`, `/` or `.`, or else a space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DateToken {
    Number { value: u32, digits: usize, gap: char },
    Month { month: i8, gap: char },
    Season,
    Word,
}

/// Returns the numbers and words of a text. Times of the day are left out; `X` for an unknown digit is 0 (ISO 8601-2).
pub(super) fn tokens(text: &str) -> Vec<DateToken> {
    let end = text.char_indices().nth(MAX_DATE_CHARS).map_or(text.len(), |(end, _)| end);
    let mut rest = &text[..end];
    let (mut tokens, mut gap, mut is_counted) = (Vec::with_capacity(4), ' ', false);
    while let Some(c) = rest.chars().next() {
        let length = rest.find(|next: char| kind(next) != kind(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        rest = after;
        let token = match kind(c) {
            CharKind::Separator => {
                gap = run.chars().find_map(joint).unwrap_or(' ');
                // The offset of a time zone.
                if run.ends_with('+') {
                    rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
                }
                continue;
            }
            CharKind::Digit if rest.starts_with(':') => {
                rest = after_time(rest);
                continue;
            }
            CharKind::Digit if is_counted => None,
            CharKind::Digit => {
                let unknown = rest.chars().take_while(|c| matches!(c, 'X' | 'x' | 'u')).count();
                // A decade or a century: `199X`, `19XX`.
                let unknown = if unknown <= 2 && run.len() + unknown == 4 { unknown } else { 0 };
                rest = &rest[unknown..];
                let value = run.parse::<u32>().unwrap_or(u32::MAX).saturating_mul(10_u32.pow(unknown as u32));
                Some(DateToken::Number { value, digits: run.len() + unknown, gap })
            }
            CharKind::Letter if ["XX", "xx", "uu"].contains(&run) => {
                Some(DateToken::Number { value: 0, digits: 2, gap })
            }
            CharKind::Letter => {
                let run = plain(run);
                is_counted = is_one_of(COUNTED, &run);
                tokens.extend(word(&run, gap));
                continue;
            }
        };
        is_counted = false;
        tokens.extend(token);
    }
    tokens
}

fn word(word: &str, gap: char) -> Option<DateToken> {
    if let Some((month, _)) = (1..).zip(SHORT_MONTHS).find(|(_, name)| *name == word) {
        return Some(DateToken::Month { month, gap });
    }
    if is_one_of(FILLERS, word) {
        return None;
    }
    if is_one_of(SEASONS, word) {
        return Some(DateToken::Season);
    }
    Some(month(word).map_or(DateToken::Word, |month| DateToken::Month { month, gap }))
}

/// Returns the month of a name or of its first letters, at least three.
fn month(word: &str) -> Option<i8> {
    let is_month = |names: &&str| word.len() >= 3 && names.split(' ').any(|name| name.starts_with(word));
    (1..).zip(MONTHS.iter()).find(|(_, names)| is_month(names)).map(|(month, _)| month)
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// Returns what follows a time of the day, of which the hours were read, and its zone.
fn after_time(rest: &str) -> &str {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == '.');
    let zone = rest.trim_start().strip_prefix('-').filter(|zone| zone.starts_with(|c: char| c.is_ascii_digit()));
    zone.map_or(rest, |zone| zone.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum CharKind {
    Digit,
    Letter,
    Separator,
}

fn kind(c: char) -> CharKind {
    match c {
        _ if c.is_ascii_digit() => CharKind::Digit,
        _ if joint(c).is_some() => CharKind::Separator,
        _ if c.is_alphabetic() || is_combining_mark(c) => CharKind::Letter,
        _ => CharKind::Separator,
    }
}

/// Returns what a character that joins the parts of a date counts as. In Chinese, Japanese and Korean each part is
/// followed by its unit.
fn joint(c: char) -> Option<char> {
    match c {
        '-' | '/' | '.' => Some(c),
        '‐' | '‑' | '–' | '—' | '年' | '月' | '日' | '년' | '월' | '일' => Some('-'),
        _ => None,
    }
}

/// Returns a word in lower case without accents.
fn plain(word: &str) -> String {
    match word.is_ascii() {
        true => word.to_ascii_lowercase(),
        false => word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_months() {
        for (name, expect) in [
            ("jan", 1),
            ("Januar", 1),
            ("enero", 1),
            ("févr", 2),
            ("fevereiro", 2),
            ("März", 3),
            ("março", 3),
            ("Mai", 5),
            ("maggio", 5),
            ("giu", 6),
            ("juin", 6),
            ("juil", 7),
            ("JULHO", 7),
            ("août", 8),
            ("Sept", 9),
            ("set", 9),
            ("Okt", 10),
            ("ottobre", 10),
            ("déc", 12),
            ("Dezember", 12),
        ] {
            assert_eq!(tokens(name), [DateToken::Month { month: expect, gap: ' ' }], "{name}");
        }
        for word in ["ma", "march2", "marching", "juni.", "x"] {
            assert_ne!(tokens(word).first(), Some(&DateToken::Season), "{word}");
        }
        assert_eq!(tokens("marching ma"), [DateToken::Word, DateToken::Word]);
        assert_eq!(tokens("Frühjahr été"), [DateToken::Season, DateToken::Season]);
    }

    #[test]
    fn long_texts_are_not_searched() {
        assert_eq!(tokens(&"2 ".repeat(1_000_000)).len(), MAX_DATE_CHARS / 2);
    }
}

//! The parts of a person's name, by which names of different forms are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::title_key;

/// Most letters that are taken for initials.
const MAX_INITIALS: usize = 4;

/// The last name, in lower case and without accents: of `Ada Lovelace` as of `Lovelace, Ada` and of `Lovelace A.`
pub(crate) fn surname(author: &str) -> String {
    let whole = author.split_once(',').map_or(author, |(last, _)| last);
    let last = folded(without_initials(without_suffix(whole)));
    last.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// Words in lower case and without accents, single spaces between them.
fn folded(name: &str) -> String {
    match name.is_ascii() {
        true => title_key(name),
        false => title_key(&name.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>()),
    }
}

/// The given names and initials, in lower case and without accents: `ada`, `b` of `Ada B. Oak` and of `Oak, Ada B.`; `a`, `b`
/// of `Oak AB`.
fn given_names(author: &str) -> Vec<String> {
    let name = without_suffix(author);
    let given = match name.split_once(',') {
        Some((before, behind)) if is_suffix_of(before, behind) => return given_names(before),
        Some((_, behind)) => behind,
        None => match without_initials(name) {
            last if last.len() < name.len() => &name[last.len()..],
            whole => whole.rsplit_once(char::is_whitespace).map_or("", |(given, _)| given),
        },
    };
    let is_joined = |word: &str| is_initials(word) && !word.contains('.') && word.chars().count() > 1;
    let words = given.split_whitespace().map(|word| match is_joined(word) && word.chars().all(char::is_uppercase) {
        true => word.chars().flat_map(|initial| [initial, ' ']).collect(),
        false => word.to_owned(),
    });
    let spaced: Vec<String> = words.collect();
    folded(&spaced.join(" ")).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether an author can be who a name stands for: the last names are the same, and each given name of the one is that of the
/// other, or its initial. A last name alone stands for all who have it.
///
/// ```
/// use paperkin::paper::is_author_named;
///
/// let author = "Émile B. Oakley";
/// for name in ["Oakley", "emile oakley", "E. Oakley", "Oakley, E. B.", "Oakley EB"] {
///     assert!(is_author_named(author, name), "{name}");
/// }
/// assert!(!is_author_named(author, "Ada Oakley") && !is_author_named(author, "Emile"));
/// ```
pub fn is_author_named(author: &str, name: &str) -> bool {
    let is_same = |(one, other): (&String, &String)| {
        let [short, long] = if one.len() <= other.len() { [one, other] } else { [other, one] };
        short == long || short.chars().count() == 1 && long.starts_with(short.as_str())
    };
    let (own, asked) = (given_names(author), given_names(name));
    surname(author) == surname(name) && own.len() >= asked.len().min(1) && own.iter().zip(&asked).all(is_same)
}

/// A name without the initials behind it, as databases write it: `Oak A.`, `Oak AB`, `de la Diaz D.`
pub(crate) fn without_initials(name: &str) -> &str {
    let name = name.trim();
    let mut rest = name;
    while let Some((before, word)) = rest.rsplit_once(char::is_whitespace) {
        let before = before.trim_end();
        // `ADA OAK` is a name in upper case.
        let is_short = || word.contains('.') || word.chars().filter(|c| c.is_alphabetic()).count() <= 2;
        // A last name has a capital: `Team of A and B` is none with initials.
        let is_of_group =
            || before.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with(char::is_lowercase));
        if !is_initials(word) || !(is_short() || before.contains(char::is_lowercase)) || is_of_group() {
            break;
        }
        rest = before;
    }
    // Of `A. B.` nothing is a last name.
    if is_initials(rest) && !rest.split_whitespace().all(is_whole_word) { name } else { rest }
}

/// Whether a word is longer than initials are, or has no period: `LI` of `LI W.`
fn is_whole_word(word: &str) -> bool {
    !word.contains('.') && word.chars().count() > 1
}

/// Whether this is `A.`, `A.B.`, `A.-B.`, `A. B.` or `AB`.
pub(crate) fn is_initials(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() <= MAX_INITIALS
        && text.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-' | ' '))
        && text.contains(char::is_alphabetic)
}

/// Whether this stands behind a name: `Jr.`, `III`, `PhD`. `Md` is a given name, and `I.I.` are initials.
pub(crate) fn is_name_suffix(text: &str) -> bool {
    is_generation(text) || matches!(text.trim(), "MD" | "M.D." | "M.D" | "PhD" | "Ph.D." | "Ph.D" | "PHD")
}

/// Whether this tells people of one name in a family apart.
fn is_generation(text: &str) -> bool {
    let text = text.trim();
    let word = text.strip_suffix('.').unwrap_or(text);
    ["jr", "sr", "2nd", "3rd", "4th"].iter().any(|known| word.eq_ignore_ascii_case(known)) || is_numeral(word)
}

fn is_numeral(word: &str) -> bool {
    matches!(word, "II" | "III" | "IV")
}

/// Whether what stands behind the only comma of a name is a suffix, and no given name: in `Ada Oak, Jr.` and `Oak, Jr.`, not
/// in `Oak, II`, which may be initials.
pub(crate) fn is_suffix_of(name: &str, behind: &str) -> bool {
    let is_sure = || !is_initials(behind.trim());
    let is_whole_name = || name.trim().contains(' ') && name.trim().starts_with(char::is_uppercase);
    is_name_suffix(behind) && (is_sure() || is_whole_name())
}

/// A name without the suffix that stands behind it without a comma.
fn without_suffix(name: &str) -> &str {
    let name = name.trim();
    match name.rsplit_once(char::is_whitespace) {
        Some((before, word)) if is_generation(word) => before.trim_end(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_name_suffix, is_suffix_of, surname};

    #[test]
    fn last_names() {
        for (name, expect) in [
            ("Ada Oak", "oak"),
            ("Oak, Ada", "oak"),
            ("Oak A.", "oak"),
            ("Oak AB", "oak"),
            ("Oak A.B.", "oak"),
            ("Oak A. B.", "oak"),
            ("Oak A.-B.", "oak"),
            ("Oak ABC", "oak"),
            ("A. Oak", "oak"),
            ("A.B. Oak", "oak"),
            ("AB Oak", "oak"),
            ("ADA OAK", "oak"),
            ("ADA B. OAK", "oak"),
            ("OAK A.", "oak"),
            ("OAK AB", "oak"),
            ("LI W.", "li"),
            ("A. LI", "li"),
            ("de la Diaz D.", "diaz"),
            ("de la Diaz, D.", "diaz"),
            ("Li Wei", "wei"),
            ("Wang Y", "wang"),
            ("Wáng Y", "wang"),
            ("J. R. R. Tolkien", "tolkien"),
            ("J. R. R.", "r"),
            ("Ada Oak, Jr.", "oak"),
            ("Ada Oak Jr.", "oak"),
            ("Ada Oak III", "oak"),
            ("Oak AB Jr", "oak"),
            ("Ada Oak-Elm", "elm"),
            ("Team of A and B", "b"),
            ("Oak", "oak"),
            ("OAK", "oak"),
            ("王伟", "王伟"),
            ("", ""),
        ] {
            assert_eq!(surname(name), expect, "{name}");
        }
    }

    #[test]
    fn suffixes() {
        for text in ["Jr", "jr.", "Sr.", "II", "III", "IV", "2nd", "3rd", "MD", "M.D.", "PhD", "Ph.D."] {
            assert!(is_name_suffix(text), "{text}");
        }
        for text in ["Md", "I.I.", "A.", "Ada", "Iii", ""] {
            assert!(!is_name_suffix(text), "{text}");
        }
        for (name, behind, expect) in [
            ("Ada Oak", "Jr.", true),
            ("Oak", "Jr.", true),
            ("Ada Oak", "III", true),
            ("Ada Oak", "MD", true),
            ("Oak", "II", false),
            ("Oak", "MD", false),
            ("van Dyk", "MD", false),
            ("Oak", "Ada", false),
        ] {
            assert_eq!(is_suffix_of(name, behind), expect, "{name}, {behind}");
        }
    }
}

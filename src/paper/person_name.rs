//! The parts of a person's name, by which names of different forms are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::title_key;

/// Most letters that are taken for initials.
const MAX_INITIALS: usize = 4;
/// Words that a last name may begin with.
const PARTICLES: [&str; 20] = [
    "al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le", "ten", "ter",
    "van", "vom", "von",
];

/// The last name, in lower case and without accents: of `Ada Lovelace` as of `Lovelace, Ada` and of `Lovelace A.`
pub(super) fn surname(author: &str) -> String {
    let whole = author.split_once(',').map_or(author, |(last, _)| last);
    let last = without_initials(without_suffix(whole));
    let last: String = match last.is_ascii() {
        true => title_key(last),
        false => title_key(&last.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>()),
    };
    last.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// Whether two names may be of one person: they have the same last name, and given names that agree as far as both say
/// them, in full or as initials. Case and accents do not count. A last name alone is that of everybody who has it.
pub(crate) fn is_same_person(asked: &str, author: &str) -> bool {
    let (asked, author) = (PersonName::of(asked), PersonName::of(author));
    if !asked.has_last_name_of(&author) {
        return false;
    }
    let (given, others) = (&asked.given, &author.given);
    given.is_empty() || given.concat() == others.concat() || agree(given, others)
}

/// The word that all forms of a last name end with, folded: names of one person have the same.
pub(crate) fn surname_key(name: &str) -> String {
    PersonName::of(name).last.pop().unwrap_or_default()
}

/// A name in its parts, folded: lower case, without accents and punctuation.
struct PersonName {
    given: Vec<String>,
    /// With what stands before it in lower case: `van der maaten`.
    last: Vec<String>,
}

impl PersonName {
    fn of(name: &str) -> PersonName {
        // `A.Oak` has two words.
        let name = &name.replace('.', ". ");
        let (last, given) = match name.split_once(',') {
            Some((before, behind)) if is_suffix_of(before, behind) => split_name(before),
            Some((last, given)) => (last.trim(), given.trim()),
            None => split_name(name),
        };
        PersonName { given: given_names(given), last: folded_words(last) }
    }

    /// Whether its last name is that of the other, or the end of it: `Maaten` of `van der Maaten`. The other may leave out
    /// such words too.
    fn has_last_name_of(&self, other: &PersonName) -> bool {
        let is_end = |end: &[String], whole: &[String]| !end.is_empty() && whole.ends_with(end);
        let start = self.last.len().saturating_sub(other.last.len());
        let begins_with_particles = || self.last[..start].iter().all(|word| PARTICLES.contains(&word.as_str()));
        self.last.concat() == other.last.concat() && !self.last.is_empty()
            || is_end(&self.last, &other.last)
            || is_end(&other.last, &self.last) && begins_with_particles()
    }
}

/// Last name and given names of a name without a comma.
fn split_name(name: &str) -> (&str, &str) {
    let name = without_suffix(name);
    let last = without_initials(name);
    if last.len() < name.len() {
        return (last, name[last.len()..].trim());
    }
    // White space may be a character of several bytes.
    let mut start = name.len() - name.rsplit(char::is_whitespace).next().map_or(0, str::len);
    // Of `Laurens van der Maaten` three words are the last name.
    loop {
        let earlier = name[..start].trim_end();
        let Some((before, word)) = earlier.rsplit_once(char::is_whitespace) else { break };
        if !word.starts_with(char::is_lowercase) || before.is_empty() {
            break;
        }
        start = earlier.len() - word.len();
    }
    let given = name[..start].trim();
    if given.starts_with(char::is_lowercase) && given.split_whitespace().all(|word| PARTICLES.contains(&word)) {
        return (name, "");
    }
    (name[start..].trim(), given)
}

/// Given names, each initial by itself.
fn given_names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '.' | '-'));
    // `ADA` is a name in upper case.
    let words = words.filter(|word| !word.is_empty()).flat_map(|word| match is_initials(word) && word.len() <= 2 {
        true => word.chars().map(String::from).collect(),
        false => vec![word.to_owned()],
    });
    words.flat_map(|word| folded_words(&word)).collect()
}

/// The words of a text in lower case, without accents: `Łukasz` and `Lukasz` are the same.
fn folded_words(text: &str) -> Vec<String> {
    let plain = |c: char| match c {
        'ø' | 'Ø' => 'o',
        'ł' | 'Ł' => 'l',
        'đ' | 'Đ' => 'd',
        'ı' => 'i',
        c => c,
    };
    let folded: String = text.nfkd().filter(|c| !is_combining_mark(*c)).map(plain).collect();
    title_key(&folded.replace('ß', "ss")).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether given names agree: the first are the same, and those of the shorter list come in the longer one, in its order.
fn agree(one: &[String], other: &[String]) -> bool {
    let is_same = |one: &str, other: &str| {
        let is_initial = one.chars().count() == 1 || other.chars().count() == 1;
        one == other || is_initial && one.chars().next() == other.chars().next()
    };
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let mut left = many.iter();
    let begins_same = matches!((few.first(), many.first()), (Some(one), Some(other)) if is_same(one, other));
    begins_same && few.iter().all(|name| left.any(|other| is_same(name, other)))
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
    use super::{is_name_suffix, is_same_person, is_suffix_of, surname};

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
            ("Ada\u{a0}Oak", "oak"),
            ("Ada\u{3000}van\u{a0}der\u{a0}Oak", "oak"),
            ("", ""),
        ] {
            assert_eq!(surname(name), expect, "{name}");
        }
    }

    #[test]
    fn people() {
        for (asked, author, expect) in [
            ("LeCun", "Yann LeCun", true),
            ("lecun", "LeCun, Yann", true),
            ("Yann LeCun", "Y. LeCun", true),
            ("Y. LeCun", "Yann LeCun", true),
            ("Y LeCun", "Yann André LeCun", true),
            ("Yann LeCun", "LeCun Y.", true),
            ("LeCun, Y.", "Yann LeCun", true),
            ("Yann A. LeCun", "Yann LeCun", true),
            ("YANN LECUN", "Yann LeCun", true),
            ("A. LeCun", "Yann A. LeCun", false),
            ("Jan LeCun", "Yann LeCun", false),
            ("Yann", "Yann LeCun", false),
            ("Yann LeCun", "LeCun", false),
            ("J.-B. Alayrac", "Jean-Baptiste Alayrac", true),
            ("Alayrac JB", "Jean-Baptiste Alayrac", true),
            ("Feifei Li", "Fei-Fei Li", true),
            ("Lukasz Kaiser", "Łukasz Kaiser", true),
            ("Schutze", "Hinrich Schütze", true),
            ("Sebastian Gross", "Sebastian Groß", true),
            ("van der Maaten", "Laurens van der Maaten", true),
            ("Maaten", "Laurens van der Maaten", true),
            ("L. van der Maaten", "van der Maaten, Laurens", true),
            ("Ada Oak, Jr.", "Ada Oak", true),
            ("Oak", "Ada Oak-Elm", false),
            ("Elm", "Ada Oak-Elm", true),
            ("Oak-Elm", "Ada Oak-Elm", true),
            ("Oak-Elm", "Ada Elm", false),
            ("L. van der Maaten", "Maaten L.", true),
            ("A.Oak", "Ada Oak", true),
            ("A.Oak", "Zoe Oak", false),
            ("A.B.Oak", "Ada Berta Oak", true),
            ("王伟", "王伟", true),
            ("", "Ada Oak", false),
            (" ", "", false),
        ] {
            assert_eq!(is_same_person(asked, author), expect, "{asked} / {author}");
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

//! Names of systems, data sets and methods in titles and texts: `SAM 2`, `Qwen3`, `FLUX`.

/// Longest name, in words.
const MAX_NAME_WORDS: usize = 4;
/// What may stand between the name of a system and the end of the title that introduces it.
const REPORT_WORDS: [&[&str]; 4] = [&["technical", "report"], &["report"], &["system", "card"], &["model", "card"]];

/// A text that may be a name, and where it stands in other texts. Words are runs of letters and digits; spaces and hyphens
/// between them do not matter: `SAM 2` is `SAM2` and `SAM-2`.
///
/// ```
/// use paperkin::lexical::NamePattern;
///
/// let name = NamePattern::new("SAM 2").unwrap();
/// assert!(name.is_introduced_by("SAM 2: Segment Anything in Images and Videos"));
/// assert!(name.is_in("Medical SAM2 for 3D scans") && !name.is_in("A sample of 2"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NamePattern {
    /// The words without anything between them, as they were typed.
    joined: String,
    /// Whether it is written as names are: with a capital or a digit. The case of such a name matters.
    is_name_like: bool,
}

impl NamePattern {
    /// The name that a text may be; `None` for a text without words or of more than four.
    pub fn new(text: &str) -> Option<NamePattern> {
        let words = words(text);
        if words.is_empty() || words.len() > MAX_NAME_WORDS {
            return None;
        }
        let is_name_like = |word: &&str| word.chars().any(|c| c.is_uppercase() || c.is_numeric());
        // `How`, or `Graph networks`, begins a sentence; `Wan` is a name.
        let is_name_like = match words.as_slice() {
            [word] => is_name_like(word),
            [first, rest @ ..] => rest.iter().any(is_name_like) || has_inner_capital(first),
            [] => false,
        };
        Some(NamePattern { joined: words.concat(), is_name_like })
    }

    /// Whether the text is written as names are.
    pub fn is_name_like(&self) -> bool {
        self.is_name_like
    }

    /// Whether a title introduces what has this name: `NAME`, `NAME: ...`, `NAME Technical Report`. Case does not matter.
    pub fn is_introduced_by(&self, title: &str) -> bool {
        let head = title.split_once([':', '\u{2014}', '\u{2013}']).map_or(title, |(head, _)| head);
        let joined = self.joined.to_lowercase();
        let is_name = |words: &[&str]| words.concat().to_lowercase() == joined;
        let words = words(head);
        is_name(&words)
            || REPORT_WORDS.iter().any(|report| {
                let Some(at) = words.len().checked_sub(report.len()) else { return false };
                let (name, behind) = words.split_at(at);
                is_name(name) && behind.iter().zip(*report).all(|(word, expected)| word.eq_ignore_ascii_case(expected))
            })
    }

    /// Whether a title begins with the name, as it is written.
    pub fn begins(&self, title: &str) -> bool {
        self.is_at_start(&words(title))
    }

    /// Whether a text has the name as whole words, as it is written.
    pub fn is_in(&self, text: &str) -> bool {
        let words = words(text);
        (0..words.len()).any(|start| self.is_at_start(&words[start..]))
    }

    fn is_at_start(&self, words: &[&str]) -> bool {
        let mut rest = self.joined.as_str();
        for word in words {
            let after = if self.is_name_like { rest.strip_prefix(word) } else { strip_prefix_in_any_case(rest, word) };
            match after {
                Some("") => return true,
                Some(after) => rest = after,
                None => return false,
            }
        }
        false
    }
}

fn strip_prefix_in_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    (start.to_lowercase() == prefix.to_lowercase()).then_some(rest)
}

fn has_inner_capital(word: &str) -> bool {
    word.chars().skip(1).any(char::is_uppercase) || word.contains(char::is_numeric)
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamePattern {
        NamePattern::new(text).unwrap()
    }

    #[test]
    fn what_is_written_as_a_name() {
        for name in ["FLUX", "Wan", "SAM 2", "Qwen3", "qwen3", "CogVideoX", "Vision Transformer", "GPT-4o mini"] {
            assert!(pattern(name).is_name_like(), "{name}");
        }
        for topic in ["flux", "graph networks", "Graph networks", "speculative decoding"] {
            assert!(!pattern(topic).is_name_like(), "{topic}");
        }
        for text in ["", " - ", "a text of five words"] {
            assert_eq!(NamePattern::new(text), None, "{text}");
        }
    }

    #[test]
    fn titles_that_introduce_a_name() {
        let table = [
            ("SAM 2", "SAM 2: Segment Boats", true),
            ("sam2", "SAM 2: Segment Boats", true),
            ("SAM", "SAM 2: Segment Boats", false),
            ("Lake3", "Lake3 Technical Report", true),
            ("Lake3", "Lake3-VL Technical Report", false),
            ("Lake3", "Lake3", true),
            ("Lake3", "A Lake3 Technical Report", false),
            ("Lake3", "Sailing with Lake3: A Survey", false),
            ("Lake", "Lake \u{2014} Open Models of Water", true),
        ];
        for (name, title, expected) in table {
            assert_eq!(pattern(name).is_introduced_by(title), expected, "{name}: {title}");
        }
    }

    #[test]
    fn names_are_whole_words_as_written() {
        let table = [
            ("FLUX", "FLUX.1 Boats in Latent Space", true),
            ("FLUX", "We tune FLUX and others", true),
            ("FLUX", "The flux of water", false),
            ("flux", "The FLUX of water", true),
            ("FLUX", "A FLUXER", false),
            ("SAM 2", "Medical SAM-2 and more", true),
            ("SAM 2", "SAM 25", false),
            ("Wan", "In Taiwan", false),
        ];
        for (name, text, expected) in table {
            assert_eq!(pattern(name).is_in(text), expected, "{name}: {text}");
        }
        assert!(pattern("FLUX").begins("FLUX.1 Boats") && !pattern("FLUX").begins("The FLUX model"));
    }
}

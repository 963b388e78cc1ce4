//! The character encoding of an input: which one it is, and its text as UTF-8.

use std::io::{self, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// What to say of bytes that are not text.
pub(crate) const NOT_UTF8: &str = "not UTF-8: save the file as UTF-8, or give --encoding windows-1252";

/// How far into a file its declaration is searched for, in bytes: HTML's limit (HTML standard, 13.2.3.2).
const DECLARATION_BYTES: usize = 1024;
/// How many lines of remarks at the start of a bibliography are searched: BibDesk's remark is the seventh or later.
const REMARK_LINES: usize = 20;

/// Names that the labels of the Encoding Standard lack, without spaces, hyphens and underscores: those of Java, which
/// JabRef writes, and those of macOS, which BibDesk writes.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("macroman", "macintosh"),
    ("xmacroman", "macintosh"),
    ("macosroman", "macintosh"),
    ("euccn", "gb2312"),
    ("ms936", "gbk"),
    ("ms949", "euc-kr"),
    ("ms950", "big5"),
    ("isolatin1", "latin1"),
    ("isolatin2", "latin2"),
    ("isolatin9", "iso-8859-15"),
    ("windowslatin1", "windows-1252"),
    ("windowslatin2", "windows-1250"),
];

/// A character encoding, by the name that web pages use for it (<https://encoding.spec.whatwg.org/#names-and-labels>).
///
/// ```
/// use paperkin::formats::TextEncoding;
///
/// assert_eq!("latin1".parse::<TextEncoding>(), "windows-1252".parse());
/// assert!("latin-77".parse::<TextEncoding>().unwrap_err().starts_with("unknown encoding"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl FromStr for TextEncoding {
    type Err = String;

    fn from_str(name: &str) -> Result<TextEncoding, String> {
        let label = name.trim().to_ascii_lowercase();
        let hyphenated = label.replace('_', "-");
        let bare = label.replace(['_', '-', ' '], "");
        let other = OTHER_NAMES.iter().find(|(known, _)| *known == bare).map(|(_, label)| *label);
        let labels = [label.as_str(), &hyphenated, &bare].into_iter().chain(other);
        let known = labels.filter_map(|label| Encoding::for_label_no_replacement(label.as_bytes())).next();
        known.map(TextEncoding).ok_or_else(|| {
            format!(
                "unknown encoding `{}`: give a name such as windows-1252, iso-8859-2, gb18030, shift_jis or utf-16",
                name.trim()
            )
        })
    }
}

impl TextEncoding {
    /// Returns the encoding of an input that begins with `head`: the one that its byte order mark says, else `given`,
    /// else what it says of itself, else UTF-8. This is the order of RFC 7303, 3, where `given` is what the transport
    /// says.
    pub(crate) fn of(head: &[u8], given: Option<TextEncoding>) -> TextEncoding {
        if let Some((encoding, _)) = Encoding::for_bom(head) {
            return TextEncoding(encoding);
        }
        if let Some(encoding) = utf16_without_mark(head) {
            return TextEncoding(encoding);
        }
        // What says in ASCII that it is UTF-16 is not: programs for .NET write so (HTML standard, 13.2.3.2).
        let declared = || declared(head).filter(|TextEncoding(encoding)| ![UTF_16LE, UTF_16BE].contains(encoding));
        match given.or_else(declared) {
            Some(TextEncoding(encoding)) if encoding.is_single_byte() && is_certainly_utf8(head) => TextEncoding(UTF_8),
            Some(encoding) => encoding,
            None => TextEncoding(UTF_8),
        }
    }

    pub(crate) fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }

    /// Returns the text of a source as UTF-8. What the encoding does not have becomes a byte that UTF-8 does not have
    /// either, so that the record that it is in is refused.
    pub(crate) fn decoded(self, source: impl Read + Send + 'static) -> impl Read + Send {
        TranscodingReader::new(source, self.0, b"\xff")
    }
}

/// Returns a source of UTF-8 with `mark` in the place of all that is none.
pub(crate) fn marked_utf8(source: impl Read + Send + 'static, mark: &'static str) -> impl Read + Send {
    TranscodingReader::new(source, UTF_8, mark.as_bytes())
}

/// The encoding of a text that begins with two ASCII characters in UTF-16.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match head {
        [one, 0, two, 0, ..] if is_text(*one) && is_text(*two) => Some(UTF_16LE),
        [0, one, 0, two, ..] if is_text(*one) && is_text(*two) => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether a text has letters beyond ASCII and all of them are UTF-8. Then it is UTF-8, whatever is said of it: in an
/// encoding of single bytes they would be sequences such as `Ã©`. Many editors save as UTF-8 and leave the declaration.
fn is_certainly_utf8(head: &[u8]) -> bool {
    // The last character may be cut.
    let text = match std::str::from_utf8(head) {
        Ok(_) => head,
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        Err(_) => return false,
    };
    !text.is_ascii()
}

/// Returns the encoding that a file says it has, if it is known.
fn declared(head: &[u8]) -> Option<TextEncoding> {
    let start = head.trim_ascii_start();
    let first = &start[..start.len().min(DECLARATION_BYTES)];
    let name = if start.starts_with(b"<?xml") {
        let declaration = String::from_utf8_lossy(first);
        quoted_after(declaration.split_once("?>")?.0, "encoding=")?
    } else if start.starts_with(b"<") || start.starts_with(b"Provider:") || start.starts_with(b"Content:") {
        // HTML, and the header of RIS from EBSCO and ProQuest: `Content: text/plain; charset="UTF-8"`.
        quoted_after(&String::from_utf8_lossy(first), "charset=")?
    } else if start.starts_with(b"%") {
        in_remark(&String::from_utf8_lossy(&start[..start.len().min(4 * DECLARATION_BYTES)]))?
    } else {
        return None;
    };
    name.parse().ok()
}

/// The value after a name in any case, in quotes or up to the next white space or punctuation.
fn quoted_after(text: &str, name: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().find(name)? + name.len();
    let value = text[at..].trim_start().trim_start_matches(['"', '\'']);
    Some(value.split(|c: char| c.is_whitespace() || "\"';>?".contains(c)).next()?.to_owned())
}

/// The encoding that a remark at the start of a bibliography names: `% Encoding: ISO8859_1` (JabRef), `%% Saved with
/// string encoding Unicode (UTF-8)` (BibDesk), `% -*- coding: latin-1 -*-` (Emacs).
fn in_remark(start: &str) -> Option<String> {
    let lines = start.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    lines.take_while(|line| line.starts_with('%')).take(REMARK_LINES).find_map(|line| {
        let lower = line.to_ascii_lowercase();
        if let Some(at) = lower.find("coding:") {
            return line[at..].split([' ', ':', ';', '\t']).filter(|word| !word.is_empty()).nth(1).map(str::to_owned);
        }
        let (_, name) = line[lower.find("saved with string encoding")?..].split_once('(')?;
        Some(name.split(')').next()?.to_owned())
    })
}

/// Decodes as it is read; memory holds one buffer.
struct TranscodingReader<R> {
    source: R,
    decoder: Decoder,
    /// What stands in the place of bytes that the encoding does not have.
    mark: &'static [u8],
    raw: Vec<u8>,
    /// A buffer that is never shortened, how much of it is text, and how much of the text was read.
    text: Vec<u8>,
    length: usize,
    used: usize,
    ended: bool,
}

impl<R: Read> TranscodingReader<R> {
    fn new(source: R, encoding: &'static Encoding, mark: &'static [u8]) -> TranscodingReader<R> {
        let decoder = encoding.new_decoder_with_bom_removal();
        let (raw, text) = (vec![0; 16 << 10], Vec::new());
        TranscodingReader { source, decoder, mark, raw, text, length: 0, used: 0, ended: false }
    }

    /// Decodes what one read of the source returns.
    fn fill(&mut self) -> io::Result<()> {
        let count = self.source.read(&mut self.raw)?;
        self.ended = count == 0;
        let mut raw = &self.raw[..count];
        let mut length = 0;
        self.used = 0;
        loop {
            // At most three bytes for each: the decoder asks for some more.
            let most = self.decoder.max_utf8_buffer_length(raw.len()).unwrap_or(3 * raw.len() + 16);
            let room = length + most + self.mark.len();
            if self.text.len() < room {
                self.text.resize(room, 0);
            }
            let target = &mut self.text[length..length + most];
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(raw, target, self.ended);
            length += written;
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.text[length..length + self.mark.len()].copy_from_slice(self.mark);
                    length += self.mark.len();
                }
            }
        }
        self.length = length;
        Ok(())
    }
}

impl<R: Read> Read for TranscodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.used == self.length && !self.ended {
            self.fill()?;
        }
        let count = buffer.len().min(self.length - self.used);
        buffer[..count].copy_from_slice(&self.text[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(head: &[u8], given: Option<&str>) -> &'static str {
        TextEncoding::of(head, given.map(|name| name.parse().unwrap())).0.name()
    }

    #[test]
    fn names() {
        for (spelling, expect) in [
            ("latin1", "windows-1252"),
            ("Latin-1", "windows-1252"),
            ("ISO8859_1", "windows-1252"),
            ("ISO8859_15", "ISO-8859-15"),
            ("Cp1250", "windows-1250"),
            ("UTF8", "UTF-8"),
            ("US-ASCII", "windows-1252"),
            ("MacRoman", "macintosh"),
            ("EUC_JP", "EUC-JP"),
            ("SJIS", "Shift_JIS"),
            ("MS932", "Shift_JIS"),
            ("gb2312", "GBK"),
            ("KOI8_R", "KOI8-R"),
            ("utf-16", "UTF-16LE"),
            (" windows-1251 ", "windows-1251"),
        ] {
            assert_eq!(spelling.parse::<TextEncoding>().unwrap().0.name(), expect, "{spelling}");
        }
        for unknown in ["", "cp850", "latin-77", "iso-2022-kr"] {
            let reason = unknown.parse::<TextEncoding>().unwrap_err();
            assert!(reason.starts_with(&format!("unknown encoding `{unknown}`: give a name such as")), "{reason}");
        }
    }

    #[test]
    fn what_files_say() {
        for (head, given, expect) in [
            (&b"\xef\xbb\xbf<?xml encoding='latin1'?>"[..], Some("windows-1251"), "UTF-8"),
            (b"\xff\xfe<\0?\0", None, "UTF-16LE"),
            (b"\xfe\xff\0<\0?", Some("utf-8"), "UTF-16BE"),
            (b"<\0?\0x\0m\0l\0", None, "UTF-16LE"),
            (b"\0T\0Y\0 \0 \0-", None, "UTF-16BE"),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><rss>\xe9", None, "windows-1252"),
            (b"\n<?xml version=\"1.0\" encoding=\"GB2312\" ?><rss>", None, "GBK"),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><rss>", Some("windows-1251"), "windows-1251"),
            (b"<?xml version='1.0' encoding='utf-16'?><rss>", None, "UTF-8"),
            (b"<?xml version='1.0' encoding='x-mine'?><rss>", None, "UTF-8"),
            (b"<?xml version='1.0'?><a encoding='latin1'/>", None, "UTF-8"),
            (b"<html><meta http-equiv='Content-Type' content='text/html; charset=koi8-r'>", None, "KOI8-R"),
            (b"Provider: Invented\nContent: text/plain; charset=\"windows-1252\"\n\nTY  - JOUR", None, "windows-1252"),
            (b"% Encoding: ISO8859_1\n\n@article{", None, "windows-1252"),
            (b"% This file was created with JabRef 2.9.\r\n% Encoding: Cp1250\r\n", None, "windows-1250"),
            (b"% old\r% Encoding: MacRoman\r@article{", None, "macintosh"),
            (b"%% made by BibDesk.\n\n%% Saved with string encoding Western (ISO Latin 1) \n", None, "windows-1252"),
            (b"% -*- mode: bibtex; coding: iso-8859-2 -*-\n", None, "ISO-8859-2"),
            (b"% Encoding: nonsense\n@article{", None, "UTF-8"),
            (b"@article{k, note={% Encoding: latin1\n}}", None, "UTF-8"),
            (b"TI  - \xe9", Some("latin2"), "ISO-8859-2"),
            (b"", None, "UTF-8"),
        ] {
            assert_eq!(name(head, given), expect, "{}", String::from_utf8_lossy(head));
        }
        // Saved as UTF-8 by an editor that does not know the remark; cut within the last character.
        assert_eq!(name("% Encoding: Cp1252\n@book{k, title={Fähren".as_bytes(), None), "UTF-8");
        assert_eq!(name(&"<?xml encoding='latin1'?><a>über é".as_bytes()[..34], None), "UTF-8");
    }

    #[test]
    fn texts() {
        for (label, bytes, expect) in [
            ("windows-1252", &b"\xdcber \x84F\xe4hren\x93"[..], "Über „Fähren“".as_bytes()),
            ("windows-1251", b"\xcb\xe0\xec\xef\xe0", "Лампа".as_bytes()),
            ("gb2312", b"\xb5\xc6\xcb\xfe", "灯塔".as_bytes()),
            ("shift_jis", b"\x93\x94\x91\xe4\xff!", "灯台\u{0}!".as_bytes()),
            ("utf-16le", b"\xff\xfeA\0\xe9\0", "Aé".as_bytes()),
            ("utf-16be", b"\0A\xd8", b"A\xff"),
        ] {
            let expect: Vec<u8> = expect.iter().map(|byte| if *byte == 0 { 0xff } else { *byte }).collect();
            for step in [1, 2, 100] {
                let mut text = Vec::new();
                let pieces: Vec<Vec<u8>> = bytes.chunks(step).map(<[u8]>::to_vec).collect();
                let source = pieces.into_iter().fold(Box::new(io::empty()) as Box<dyn Read + Send>, |before, piece| {
                    Box::new(before.chain(io::Cursor::new(piece)))
                });
                label.parse::<TextEncoding>().unwrap().decoded(source).read_to_end(&mut text).unwrap();
                assert_eq!(text, expect, "{label} {step}");
            }
        }
    }
}

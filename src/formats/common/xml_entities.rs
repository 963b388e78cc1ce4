//! The names that an XML file declares for texts: `<!ENTITY lamp "lamp light">`.

/// Most names, the longest text of one, and the longest text that they give to one record, in bytes: a short file must
/// not become a long text.
const MAX_ENTITIES: usize = 64;
const MAX_TEXT: usize = 1000;
const MAX_EXPANDED: usize = 64 * 1024;

/// The texts that a file declares names for, which have no names and no markup in them; others are not known.
#[derive(Debug, Default)]
pub(super) struct XmlEntities(Vec<(String, String)>);

impl XmlEntities {
    /// Takes what a document type declares: what stands in `<!DOCTYPE >`.
    pub(super) fn declare(&mut self, document_type: &str) {
        for declared in document_type.split("<!ENTITY").skip(1) {
            let Some((name, rest)) = declared.trim_start().split_once(|c: char| c.is_ascii_whitespace()) else {
                continue;
            };
            let rest = rest.trim_start();
            let text = ['"', '\''].into_iter().find_map(|quote| rest.strip_prefix(quote)?.split_once(quote));
            let Some((text, _)) = text else { continue };
            let is_plain = name != "%" && text.len() <= MAX_TEXT && !text.contains(['&', '<', '%']);
            if is_plain && self.0.len() < MAX_ENTITIES {
                self.0.push((name.to_owned(), text.to_owned()));
            }
        }
    }

    /// The text of a name; `expanded` counts the bytes of one record. The first declaration counts (XML 1.0, 4.2).
    pub(super) fn text(&self, name: &str, expanded: &mut usize) -> Option<String> {
        let (_, text) = self.0.iter().find(|(known, _)| known == name)?;
        *expanded += text.len();
        (*expanded <= MAX_EXPANDED).then(|| text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations() {
        let mut entities = XmlEntities::default();
        entities.declare(
            "rss [<!ENTITY lamp \"lamp light\"> <!ENTITY ship 'a \"ship\"'>\n<!ENTITY lamp 'other'>\
             <!ENTITY % part \"x\"><!ENTITY file SYSTEM \"file:///etc/passwd\"><!ENTITY bomb \"&lamp;&lamp;\">\
             <!ENTITY tag \"<b>\"><!ENTITY open \"x]",
        );
        for (name, expect) in [
            ("lamp", Some("lamp light")),
            ("ship", Some("a \"ship\"")),
            ("part", None),
            ("file", None),
            ("bomb", None),
            ("tag", None),
            ("open", None),
        ] {
            assert_eq!(entities.text(name, &mut 0).as_deref(), expect, "{name}");
        }
        assert_eq!(entities.text("lamp", &mut MAX_EXPANDED.clone()), None);
        let mut many = XmlEntities::default();
        let long = "x".repeat(MAX_TEXT + 1);
        many.declare(&format!("<!ENTITY long '{long}'>{}", "<!ENTITY a 'b'>".repeat(MAX_ENTITIES + 1)));
        assert_eq!((many.0.len(), many.text("long", &mut 0)), (MAX_ENTITIES, None));
    }
}

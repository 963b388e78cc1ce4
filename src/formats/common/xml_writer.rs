//! Writes indented XML into memory.

use quick_xml::Writer;
use quick_xml::events::BytesText;

/// A writer of XML into memory.
pub(crate) type XmlWriter = Writer<Vec<u8>>;

/// Returns a document of XML whose root has these attributes.
pub(crate) fn document(root: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut XmlWriter)) -> String {
    let mut xml = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec(), b' ', 1);
    nested(&mut xml, root, attributes, content);
    let mut text = String::from_utf8(xml.into_inner()).expect("texts are UTF-8");
    text.push('\n');
    text
}

/// Writes an element with others in it.
pub(crate) fn nested(
    xml: &mut XmlWriter,
    name: &str,
    attributes: &[(&str, &str)],
    content: impl FnOnce(&mut XmlWriter),
) {
    let element = xml.create_element(name).with_attributes(attributes.iter().copied());
    element
        .write_inner_content(|xml| {
            content(xml);
            Ok(())
        })
        .expect("memory can be written to");
}

/// Writes an element with text in it.
pub(crate) fn text(xml: &mut XmlWriter, name: &str, attributes: &[(&str, &str)], text: &str) {
    let element = xml.create_element(name).with_attributes(attributes.iter().copied());
    element.write_text_content(BytesText::new(text)).expect("memory can be written to");
}

/// Writes an element with nothing in it.
pub(crate) fn empty(xml: &mut XmlWriter, name: &str, attributes: &[(&str, &str)]) {
    xml.create_element(name)
        .with_attributes(attributes.iter().copied())
        .write_empty()
        .expect("memory can be written to");
}

/// Returns a text without the characters that XML 1.0 cannot express.
pub(crate) fn without_control_characters(text: &str) -> String {
    let is_expressible = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_expressible).collect()
}

//! `report.html`: the report as a page that needs nothing else, not even a network.
//!
//! Style, script and data are in the file. A content security policy allows this one script and this one style, by their
//! hashes, and nothing else. The data are blocks of base64 of zlib streams: `page_data` has their contents.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::page_data::PageData;
use crate::report::Report;

const TEMPLATE: &str = include_str!("../page/report.html");
const STYLE: &str = include_str!("../page/report.css");
/// One script in one scope.
const SCRIPT: &str = concat!(
    include_str!("../page/data.js"),
    include_str!("../page/draw.js"),
    include_str!("../page/labels.js"),
    include_str!("../page/map.js"),
    include_str!("../page/panel.js"),
    include_str!("../page/copy.js"),
    include_str!("../page/main.js"),
);

/// Writes the page. `snippet` is how many characters of each abstract it contains.
pub(super) fn write(report: &Report, snippet: usize, out: &mut impl Write) -> io::Result<()> {
    let PageData { title, first, rest } = PageData::new(report, snippet);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source_hash(SCRIPT),
        source_hash(STYLE)
    );
    let title = quick_xml::escape::escape(title.as_str());
    let mut pieces = TEMPLATE.split("{{");
    out.write_all(pieces.next().unwrap_or_default().as_bytes())?;
    for piece in pieces {
        let (name, text) = piece.split_once("}}").expect("a placeholder has an end");
        match name {
            "policy" => out.write_all(policy.as_bytes())?,
            "title" => out.write_all(title.as_bytes())?,
            "style" => out.write_all(STYLE.as_bytes())?,
            "script" => out.write_all(SCRIPT.as_bytes())?,
            "first" => write_blocks(&first, out)?,
            "rest" => write_blocks(&rest, out)?,
            other => unreachable!("the template has no placeholder {other}"),
        }
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// A script or a style as a content security policy names it.
fn source_hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

fn write_blocks(blocks: &[(&str, Vec<u8>)], out: &mut impl Write) -> io::Result<()> {
    let packed = |(_, bytes): &(&str, Vec<u8>)| {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes)?;
        Ok(STANDARD.encode(packed.finish()?))
    };
    let texts = blocks.par_iter().map(packed).collect::<io::Result<Vec<String>>>()?;
    for ((name, _), text) in blocks.iter().zip(texts) {
        writeln!(out, "<script type=\"text/plain\" id=\"data-{name}\">{text}</script>")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_cannot_end_before_their_ends() {
        for text in [SCRIPT, STYLE] {
            assert!(!text.contains("</script") && !text.contains("</style") && !text.contains("{{"));
        }
    }
}

//! `paperkin embed --stream`

use std::io;

use crate::cli::args::GlobalArgs;
use crate::cli::outcome::CommandOutcome;
use crate::encoder::TextSide;
use crate::engine::{Engine, LibraryLocation};
use crate::error::Result;
use crate::formats::FINGERPRINT_KEY;
use crate::formats::streams::{DIMENSION_KEY, EmbeddedRow, MODEL_KEY, RowSlice, bad_stream, transform};
use crate::paper::document;

pub(super) fn run(common: &GlobalArgs, side: TextSide) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Memory))?;
    let model = engine.encoder()?.identity();
    let metadata = [
        (FINGERPRINT_KEY, model.fingerprint.clone()),
        (MODEL_KEY, model.name.clone()),
        (DIMENSION_KEY, model.dimension.to_string()),
    ];
    transform(io::stdin(), io::stdout(), &metadata, |slice| {
        let texts = documents(slice).map_err(bad_stream)?;
        let good: Vec<&String> = texts.iter().flatten().collect();
        let mut embeddings = engine.embed_texts(side, &good, &|_| ())?.into_iter();
        let mut row = |_| {
            let embedding = embeddings.next().expect("one embedding for one text");
            let vector = Some(embedding.as_slice().to_vec());
            EmbeddedRow { vector, fingerprint: Some(model.fingerprint.clone()) }
        };
        Ok(texts.iter().map(|text| text.as_ref().map(&mut row).map_err(String::clone)).collect())
    })?;
    Ok(CommandOutcome::Complete)
}

/// The text of each row: its `text`, or else its title and abstract. Fails where a column is missing or of a wrong type.
fn documents(slice: &RowSlice) -> Result<Vec<Result<String, String>>, String> {
    const NO_TEXT: &str = "no text: neither `text`, nor `title` and `abstract`";
    let texts = slice.texts("text")?;
    let papers = match (slice.texts("title")?, slice.texts("abstract")?) {
        (Some(titles), Some(abstracts)) => Some((titles, abstracts)),
        (None, None) if texts.is_none() => {
            return Err(format!("{}, nor `title` and `abstract`", slice.no_column("text")));
        }
        (None, Some(_)) if texts.is_none() => return Err(slice.no_column("title")),
        (Some(_), None) if texts.is_none() => return Err(slice.no_column("abstract")),
        _ => None,
    };
    let mut texts = texts.map(Vec::into_iter);
    let mut papers = papers.map(|(titles, abstracts)| titles.into_iter().zip(abstracts));
    let mut document_of_row = || {
        let text = texts.as_mut().and_then(Iterator::next).unwrap_or(Ok(None));
        let (title, abstract_text) = papers.as_mut().and_then(Iterator::next).unwrap_or((Ok(None), Ok(None)));
        let document = match text? {
            Some(text) => text,
            None => document(&title?.unwrap_or_default(), &abstract_text?.unwrap_or_default()),
        };
        if document.trim().is_empty() { Err(NO_TEXT.to_owned()) } else { Ok(document) }
    };
    Ok((0..slice.len()).map(|_| document_of_row()).collect())
}

//! `paperkin embed`

use std::io::{self, Write};

use serde::Deserialize;

use super::args::{Common, Embed, VectorFormat};
use super::input::Lines;
use super::progress::Bar;
use super::{Outcome, output};
use crate::engine::{Engine, Place};
use crate::error::{Error, Result};
use crate::paper::document;
use crate::vector::Embedding;

/// Texts that are read and embedded together.
const CHUNK: usize = 1024;

#[derive(Deserialize)]
struct Text {
    text: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default, rename = "abstract")]
    abstract_text: String,
}

pub(super) fn run(common: &Common, command: Embed) -> Result<Outcome> {
    let engine = Engine::open(common.options(Place::Memory))?;
    let mut lines = Lines::open(&command.texts)?;
    let bar = Bar::of_file(&command.texts);
    output::write_to(&command.out, |out| {
        loop {
            let embeddings = chunk(&engine, &mut lines)?;
            if embeddings.is_empty() {
                return Ok(());
            }
            write_vectors(out, &embeddings, command.format).map_err(Error::io(&command.out, "write it"))?;
            bar.count(embeddings.len());
        }
    })?;
    bar.finish();
    Ok(Outcome::Complete)
}

/// Embeddings of the next texts; none at the end of the file.
fn chunk(engine: &Engine, lines: &mut Lines) -> Result<Vec<Embedding>> {
    let mut texts = Vec::with_capacity(CHUNK);
    while texts.len() < CHUNK
        && let Some(line) = lines.next()
    {
        texts.push(parse(&line?).map_err(|reason| lines.bad(reason))?);
    }
    if texts.is_empty() { Ok(Vec::new()) } else { engine.embed_texts(&texts, &|_| ()) }
}

fn parse(line: &str) -> std::result::Result<String, String> {
    let Text { text, title, abstract_text } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    match text {
        Some(text) => Ok(text),
        None if title.is_empty() && abstract_text.is_empty() => {
            Err("no `text`, and no `title` or `abstract`".to_owned())
        }
        None => Ok(document(&title, &abstract_text)),
    }
}

fn write_vectors(out: &mut dyn Write, embeddings: &[Embedding], format: VectorFormat) -> io::Result<()> {
    for embedding in embeddings {
        match format {
            VectorFormat::F32 => embedding.as_slice().iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))?,
            VectorFormat::Jsonl => {
                serde_json::to_writer(&mut *out, embedding.as_slice())?;
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

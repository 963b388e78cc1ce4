//! `paperkin embed`

use std::io::{self, Write};

use serde::Deserialize;

use super::args::{EmbedArgs, GlobalArgs, VectorFormat};
use super::input::TextLines;
use super::progress::CommandProgress;
use super::{CommandOutcome, output};
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::paper::document;
use crate::vector::Embedding;

/// Texts that are read and embedded together.
const CHUNK: usize = 1024;

#[derive(Deserialize)]
struct EmbedInput {
    text: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default, rename = "abstract")]
    abstract_text: String,
}

pub(super) fn run(common: &GlobalArgs, command: EmbedArgs) -> Result<CommandOutcome> {
    let engine = Engine::open(common.options(LibraryLocation::Memory))?;
    let mut lines = TextLines::open(&command.texts)?;
    let bar = CommandProgress::of_file(&command.texts);
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
    Ok(CommandOutcome::Complete)
}

/// Embeddings of the next texts; none at the end of the file.
fn chunk(engine: &Engine, lines: &mut TextLines) -> Result<Vec<Embedding>> {
    let mut texts = Vec::with_capacity(CHUNK);
    while texts.len() < CHUNK
        && let Some(line) = lines.next()
    {
        texts.push(parse(&line?).map_err(|reason| lines.bad(reason))?);
    }
    if texts.is_empty() { Ok(Vec::new()) } else { engine.embed_texts(&texts, &|_| ()) }
}

fn parse(line: &str) -> std::result::Result<String, String> {
    let EmbedInput { text, title, abstract_text } = serde_json::from_str(line).map_err(|error| error.to_string())?;
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

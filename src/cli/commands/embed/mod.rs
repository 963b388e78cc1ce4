//! `paperkin embed`

mod stream;

use std::io::{self, Write};

use serde::Deserialize;

use crate::cli::args::{EmbedArgs, GlobalArgs};
use crate::cli::input::TextLines;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, VectorFormat};
use crate::encoder::TextSide;
use crate::engine::{Engine, LibraryLocation};
use crate::error::{Error, Result};
use crate::paper::document;
use crate::vector::Embedding;

/// Texts that are read and embedded together.
const BATCH_SIZE: usize = 1024;
/// What a line is.
const EXPECTED: &str = "expected a JSON object on each line, with `text`, or with `title` and `abstract`";

#[derive(Deserialize)]
struct EmbedInput {
    text: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default, rename = "abstract")]
    abstract_text: String,
}

pub(in crate::cli) fn run(common: &GlobalArgs, args: EmbedArgs) -> Result<CommandOutcome> {
    let (Some(input), Some(output)) = (&args.texts, &args.out) else { return stream::run(common, args.side()) };
    let engine = Engine::open(common.options(LibraryLocation::Memory))?;
    let mut lines = TextLines::open(input)?;
    let bar = CommandProgress::of_file(input);
    output::write_to(output, |out| {
        let mut texts = 0;
        loop {
            let embeddings = embed_batch(&engine, args.side(), &mut lines)?;
            if embeddings.is_empty() && texts == 0 {
                let reason = format!("contains no texts: {EXPECTED}");
                return Err(Error::BadFile { file: input.display().to_string(), reason });
            }
            if embeddings.is_empty() {
                return Ok(());
            }
            texts += embeddings.len();
            write_vectors(out, &embeddings, args.format).map_err(Error::io(output, "write"))?;
            bar.count(embeddings.len());
        }
    })?;
    bar.finish();
    Ok(CommandOutcome::Complete)
}

/// Returns the embeddings of the next texts; none at the end of the file.
fn embed_batch(engine: &Engine, side: TextSide, lines: &mut TextLines) -> Result<Vec<Embedding>> {
    let mut texts = Vec::with_capacity(BATCH_SIZE);
    while texts.len() < BATCH_SIZE
        && let Some(line) = lines.next()
    {
        texts.push(parse(&line?).map_err(|reason| lines.bad(reason))?);
    }
    if texts.is_empty() { Ok(Vec::new()) } else { engine.embed_texts(side, &texts, &|_| ()) }
}

fn parse(line: &str) -> std::result::Result<String, String> {
    let EmbedInput { text, title, abstract_text } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    match text {
        Some(text) => Ok(text),
        None if title.is_empty() && abstract_text.is_empty() => {
            Err("expected `text`, or `title` and `abstract`".to_owned())
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

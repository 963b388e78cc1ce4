//! How many papers a second the encoder takes, on texts of your own.
//!
//! `cargo bench --bench encode_throughput -- TEXTS.jsonl --threads 1`
//!
//! TEXTS.jsonl (or .gz) has one object a line, with "text", or "title" and "abstract". Prints one JSON line: the
//! median of three runs after one over 32 texts to warm up. `--model` takes what `paperkin --model` takes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::time::Instant;

use anyhow::{Context, Error, Result, bail};
use paperkin::encoder::{Encoder, EncoderOptions, HubOptions, Model, ModelChoice, TextSide};

mod support;

// Every large tensor is a fresh allocation: the system's allocator would spend the time on page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "TEXTS.jsonl[.gz] [--threads N] [--limit N] [--repeats N] [--model MODEL] [--device DEVICE] \
                     [--precision P] [--cpu CPU] [--batch WORD_PIECES] [--out VECTORS.f32]";

struct Arguments {
    texts: String,
    threads: usize,
    limit: usize,
    repeats: usize,
    model: ModelChoice,
    runtime: EncoderOptions,
    out: Option<String>,
}

fn main() -> Result<()> {
    let Some(arguments) = arguments()? else {
        support::print_usage("encode_throughput", USAGE);
        return Ok(());
    };
    let texts = texts(&arguments.texts, arguments.limit)?;
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;

    let start = Instant::now();
    let model = Model::open(&arguments.model, &HubOptions::from_env())?;
    let encoder = Encoder::new(model, &arguments.runtime)?;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    let tokens =
        texts.iter().map(|text| Ok(encoder.token_ids(TextSide::Document, text)?.len())).sum::<Result<usize>>()?;

    encoder.encode(TextSide::Document, &texts[..texts.len().min(32)], &|_| {})?;
    let (mut wall, mut cpu, mut embeddings) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.repeats {
        let (wall_start, cpu_start) = (Instant::now(), cpu_seconds());
        embeddings = encoder.encode(TextSide::Document, &texts, &|_| {})?;
        wall.push(wall_start.elapsed().as_secs_f64());
        cpu.push(cpu_seconds() - cpu_start);
    }

    if let Some(path) = &arguments.out {
        let numbers = embeddings.iter().flat_map(|embedding| embedding.as_slice());
        fs::write(path, numbers.flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())?;
    }

    let docs = texts.len() as f64;
    let (wall, cpu) = (median(wall), median(cpu));
    let line = serde_json::json!({
        "engine": format!("paperkin-{}", encoder.precision()),
        "device": encoder.device().name(),
        "docs": texts.len(),
        "tokens_per_doc": round(tokens as f64 / docs, 1),
        "threads": arguments.threads,
        "docs_per_s": round(docs / wall, 2),
        "docs_per_cpu_s": (cpu > 0.0).then(|| round(docs / cpu, 2)),
        "tokens_per_s": (tokens as f64 / wall).round(),
        "peak_rss_mb": support::memory_mib("self", "VmHWM"),
        "load_ms": load_ms.round(),
    });
    println!("{line}");
    Ok(())
}

fn arguments() -> Result<Option<Arguments>> {
    let mut arguments = Arguments {
        texts: String::new(),
        threads: 1,
        limit: 400,
        repeats: 3,
        model: ModelChoice::default(),
        runtime: EncoderOptions::default(),
        out: None,
    };
    let mut words = support::arguments().into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--threads" => arguments.threads = value()?.parse()?,
            "--limit" => arguments.limit = value()?.parse()?,
            "--repeats" => arguments.repeats = value()?.parse()?,
            "--model" => arguments.model = value()?.parse()?,
            "--device" => arguments.runtime.device = value()?.parse().map_err(Error::msg)?,
            "--precision" => arguments.runtime.precision = Some(value()?.parse().map_err(Error::msg)?),
            "--cpu" => arguments.runtime.cpu = Some(value()?.parse().map_err(Error::msg)?),
            "--batch" => arguments.runtime.device_batch = Some(value()?.parse()?),
            "--out" => arguments.out = Some(value()?),
            _ if word.starts_with('-') => bail!("unknown option {word}"),
            _ => arguments.texts = word,
        }
    }
    Ok((!arguments.texts.is_empty() && arguments.repeats > 0).then_some(arguments))
}

fn texts(path: &str, limit: usize) -> Result<Vec<String>> {
    let file = File::open(path).with_context(|| path.to_owned())?;
    let input: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut texts = Vec::new();
    for line in BufReader::new(input).lines().take(limit) {
        let record: serde_json::Value = serde_json::from_str(&line?)?;
        let field = |name: &str| record[name].as_str().unwrap_or_default();
        texts.push(match field("text") {
            "" => format!("{}. {}", field("title"), field("abstract")),
            text => text.to_owned(),
        });
    }
    if texts.is_empty() {
        bail!("{path}: no texts");
    }
    Ok(texts)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn round(value: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (value * unit).round() / unit
}

/// Processor time of the process so far, from Linux' /proc in its 100 ticks a second; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

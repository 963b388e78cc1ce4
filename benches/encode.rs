//! How long does the encoder take for a query, and for a batch of abstracts?
//!
//! Measured: `Encoder::encode` with the bundled model, tokenizer and all, on one thread and on all.
//! On: a query of 7 words; 8 texts of 256 word pieces, as long as the model reads.
//! Note: for papers a second on texts of your own, `cargo bench --bench encode_throughput`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use paperkin::encoder::{Encoder, EncoderOptions, HubOptions, Model, ModelChoice, TextSide};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn encode(criterion: &mut Criterion) {
    let model = Model::open(&ModelChoice::Bundled, &HubOptions::default()).expect("the model is compiled in");
    let encoder = Encoder::new(model, &EncoderOptions::default()).expect("there is a CPU");
    let query = ["approximate nearest neighbor search with filters"];
    let sentence = "We train a small network to rank new papers for a reader from a short history. ";
    let abstracts: Vec<String> = (0..8).map(|i| format!("Study {i}. {}", sentence.repeat(20))).collect();

    let mut group = criterion.benchmark_group("encode");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    for threads in [1, rayon::current_num_threads()] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("query/{threads} threads"), |bencher| {
            bencher.iter(|| pool.install(|| encoder.encode(TextSide::Document, black_box(&query), &|_| {})));
        });
        group.throughput(Throughput::Elements(abstracts.len() as u64));
        group.bench_function(format!("8 abstracts/{threads} threads"), |bencher| {
            bencher.iter(|| pool.install(|| encoder.encode(TextSide::Document, black_box(&abstracts), &|_| {})));
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);

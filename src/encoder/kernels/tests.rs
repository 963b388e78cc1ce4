//! Every path that this machine has, against what plain arithmetic gives.

use proptest::prelude::*;

use super::attention::{self, ProjectedRows, attend};
use super::rows::{Epilogue, RowScale, StridedRows, exponentials, finish_int8, load, load_fine};
use super::*;
use crate::encoder::config::Activation;
use crate::kernels::{OutputTile, PANEL, PackedPanels, PaddedRows, bf16, gemm, gemm_into, rows_written};
use crate::random::SplitMix64;

const KINDS: [ElementType; 4] = [ElementType::Int8, ElementType::Int16, ElementType::Bf16, ElementType::F32];

fn here() -> impl Iterator<Item = Cpu> {
    Cpu::ALL.into_iter().filter(|cpu| cpu.is_here())
}

/// Numbers that look random and are always the same.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = SplitMix64::new(seed);
    (0..count).map(|_| 2.0 * random.unit() as f32 - 1.0).collect()
}

/// Rows without space between them.
fn dense(numbers: &[f32], columns: usize) -> StridedRows<'_> {
    StridedRows { numbers, stride: columns, columns }
}

fn panels(kind: ElementType, columns: usize, depth: usize, number: impl Fn(usize, usize) -> f32) -> PackedPanels {
    let mut panels = PackedPanels::zeros(kind, columns, depth);
    for column in 0..columns {
        for index in 0..depth {
            let x = number(column, index);
            let (step, word) = match kind {
                ElementType::Int8 => (index / 4, u32::from((x * 127.0).round() as i8 as u8) << (8 * (index % 4))),
                ElementType::Int16 => (index / 2, u32::from((x * 127.0).round() as i16 as u16) << (16 * (index % 2))),
                ElementType::Bf16 => (index / 2, bf16(x) << (16 * (index % 2))),
                ElementType::F32 => (index, x.to_bits()),
            };
            let place = step * PANEL + column % PANEL;
            panels.panel_mut(column / PANEL)[place] |= word;
        }
    }
    panels
}

/// The number that a word's part stands for, on the left of a product.
fn part(cpu: Cpu, kind: ElementType, words: &[u32], index: usize) -> f64 {
    match kind {
        ElementType::Int8 if cpu.has_signed_rows() => f64::from((words[index / 4] >> (8 * (index % 4))) as u8 as i8),
        ElementType::Int8 => f64::from(words[index / 4] >> (8 * (index % 4)) & 0xff),
        ElementType::Int16 => f64::from(words[index / 2] >> (16 * (index % 2)) & 0xffff),
        ElementType::Bf16 => f64::from(f32::from_bits(words[index / 2] >> (16 * (index % 2)) << 16)),
        ElementType::F32 => f64::from(f32::from_bits(words[index])),
    }
}

fn check_product(cpu: Cpu, kind: ElementType, rows: usize, columns: usize, depth: usize) {
    let (left, right) = (numbers(rows * depth, 1), numbers(columns * depth, 2));
    let (mut a, mut scales) = (PaddedRows::default(), Vec::new());
    load(cpu, kind, dense(&left, depth), &mut a, &mut scales);
    let number = |column: usize, index: usize| right[column * depth + index];
    let b = panels(kind, columns, depth, number);
    let exact = |column: usize, words: &[u32]| -> f64 {
        (0..depth)
            .map(|index| {
                let right = match kind {
                    ElementType::Int8 | ElementType::Int16 => f64::from((number(column, index) * 127.0).round()),
                    ElementType::Bf16 => f64::from(f32::from_bits(bf16(number(column, index)) << 16)),
                    ElementType::F32 => f64::from(number(column, index)),
                };
                part(cpu, kind, words, index) * right
            })
            .sum()
    };
    let mut seen = vec![0; rows * columns];
    let words: Vec<Vec<u32>> = (0..rows).map(|row| a.row_mut(row).to_vec()).collect();
    gemm(cpu, &a, 0..rows, &b, |tile| {
        for row in 0..tile.rows {
            for column in tile.column..columns.min(tile.column + tile.columns) {
                let word = tile.words[row * tile.columns + column - tile.column];
                let got =
                    if kind.is_integer() { f64::from(word.cast_signed()) } else { f64::from(f32::from_bits(word)) };
                let expect = exact(column, &words[tile.row + row]);
                let tolerance = if kind.is_integer() { 0.0 } else { 1e-5 * (1.0 + depth as f64) };
                assert!((got - expect).abs() <= tolerance, "{cpu} {kind:?} {rows}x{columns}x{depth}: {got} {expect}");
                seen[(tile.row + row) * columns + column] += 1;
            }
        }
    });
    assert!(seen.iter().all(|count| *count == 1), "{cpu} {kind:?} {rows}x{columns}x{depth}: each sum once");
}

#[test]
fn products_of_every_remainder() {
    for cpu in here() {
        for kind in KINDS {
            for rows in (1..=34).chain([63, 64, 65]) {
                check_product(cpu, kind, rows, 16, 64);
            }
            for columns in [1, 15, 16, 17, 31, 33, 48, 64, 65, 80, 97] {
                check_product(cpu, kind, 7, columns, 64);
            }
            for depth in [1, 2, 3, 4, 5, 15, 16, 17, 31, 63, 64, 65, 130] {
                check_product(cpu, kind, 7, 20, depth);
            }
        }
    }
}

#[test]
fn products_go_where_they_belong() {
    let mut random = SplitMix64::new(8);
    let integer = |words: &[u32], index: usize| i32::from((words[index / 2] >> (16 * (index % 2))) as i16);
    for (rows, columns, depth) in [(1, 16, 32), (7, 20, 32), (24, 256, 32), (25, 97, 13), (36, 31, 64), (5, 64, 130)] {
        for cpu in here() {
            let kind = ElementType::Int16;
            let (mut a, mut b_rows, mut b) = (PaddedRows::default(), PaddedRows::default(), PackedPanels::default());
            a.resize(kind, rows + 3, depth);
            b_rows.resize(kind, columns, depth);
            b.resize(kind, columns, depth);
            // Integers from -2048 to 2047: their sums stay in the range of i32.
            let mut word = || kind.word((0..2).map(|_| random.below(4096) as i32 - 2048));
            (0..rows + 3).for_each(|row| a.row_mut(row)[..kind.words(depth)].fill_with(&mut word));
            (0..columns).for_each(|row| b_rows.row_mut(row)[..kind.words(depth)].fill_with(&mut word));
            b.transpose(&b_rows);
            let stride = columns.next_multiple_of(PANEL) + 16;
            let mut sums = vec![0; rows_written(rows) * stride];
            gemm_into(cpu, &a, 3..rows + 3, &b, &mut sums, stride);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let product = |index: usize| integer(a.row(row + 3), index) * integer(b_rows.row(column), index);
                let exact: i32 = (0..2 * kind.words(depth)).map(product).sum();
                let got = sums[row * stride + column].cast_signed();
                assert_eq!(got, exact, "{cpu} {rows}x{columns}x{depth}: {row} {column}");
            }
        }
    }
}

#[test]
fn tiles_are_finished_alike_on_every_path() {
    let (columns, stride) = (64, 70);
    let [factors, sums, bias] = [1, 2, 3].map(|seed| numbers(columns, seed));
    let scales: Vec<RowScale> =
        numbers(9, 4).chunks(1).map(|x| RowScale { factor: 1e-3 * x[0], offset: x[0] }).collect();
    let words: Vec<u32> = numbers(6 * 32, 5).iter().map(|x| ((x * 5e3) as i32).cast_unsigned()).collect();
    for (columns, finish_tile) in
        [(64, finish_int8::<false> as FinishTile), (64, finish_int8::<true>), (61, finish_int8::<false>)]
    {
        let finish = Epilogue { columns, digits: 1, scales: &scales, factors: &factors, sums: &sums, bias: &bias };
        let tile = || OutputTile { row: 2, rows: 5, column: 32, columns: 32, words: &words };
        let mut exact = vec![7.0; 9 * stride];
        finish_tile(Cpu::Scalar, &tile(), &finish, &mut exact, stride);
        for cpu in here() {
            let mut got = vec![7.0; 9 * stride];
            finish_tile(cpu, &tile(), &finish, &mut got, stride);
            let worst = got.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-5, "{cpu} {columns}: {worst}");
        }
    }
}

type FinishTile = fn(Cpu, &OutputTile<'_>, &Epilogue<'_>, &mut [f32], usize);

#[test]
fn int8_products_do_not_saturate() {
    for cpu in here() {
        for (kind, byte) in [ElementType::Int8, ElementType::Int16]
            .into_iter()
            .flat_map(|kind| [0xff, 0x7f, 0x80].map(|byte| (kind, byte)))
        {
            let mut rows = PaddedRows::default();
            rows.resize(kind, 1, 1024);
            rows.row_mut(0).fill(kind.word(std::iter::repeat_n(byte, kind.per_word())));
            let left = part(cpu, kind, rows.row_mut(0), 0) as i32;
            for extreme in [1.0, -1.0] {
                gemm(cpu, &rows, 0..1, &panels(kind, 16, 1024, |_, _| extreme), |tile| {
                    let expect = left * 127 * 1024 * extreme as i32;
                    assert!(tile.words[..16].iter().all(|word| word.cast_signed() == expect), "{cpu} {kind:?} {byte}");
                });
            }
        }
    }
}

proptest! {
    #[test]
    fn rows_come_back_within_half_a_step(x in prop::collection::vec(-9.0f32..9.0, 1..100)) {
        let range = x.iter().fold(f32::MIN, |a, b| a.max(*b)) - x.iter().fold(f32::MAX, |a, b| a.min(*b));
        let (mut rows, mut scales) = (PaddedRows::default(), Vec::new());
        let back = |cpu: Cpu, kind: ElementType, rows: &mut PaddedRows, scales: &[RowScale], row: usize, index: usize| {
            scales[0].factor * part(cpu, kind, rows.row_mut(row), index) as f32
        };
        for (cpu, kind) in here().flat_map(|cpu| [(cpu, ElementType::Int8), (cpu, ElementType::Int16)]) {
            load(cpu, kind, dense(&x, x.len()), &mut rows, &mut scales);
            for (index, x) in x.iter().enumerate() {
                let error = (back(cpu, kind, &mut rows, &scales, 0, index) + scales[0].offset - x).abs();
                prop_assert!(error <= 0.502 * range / 255.0 + 1e-5, "{cpu}: {error} of {range}");
            }
            load_fine(cpu, kind, &x, x.len(), &mut rows, &mut scales);
            for (index, x) in x.iter().enumerate() {
                let mut digit = |row| back(cpu, kind, &mut rows, &scales, row, index);
                let error = (256.0 * digit(0) + digit(1) + scales[0].offset - x).abs();
                prop_assert!(error <= 0.6 * range / 65_535.0 + 1e-5, "{cpu}, two digits: {error} of {range}");
            }
        }
    }

    #[test]
    fn bf16_rows_are_rounded(x in prop::collection::vec(-9.0f32..9.0, 1..100)) {
        let (mut rows, mut scales) = (PaddedRows::default(), Vec::new());
        for cpu in here() {
            load(cpu, ElementType::Bf16, dense(&x, x.len()), &mut rows, &mut scales);
            for (index, x) in x.iter().enumerate() {
                let got = part(cpu, ElementType::Bf16, rows.row_mut(0), index);
                prop_assert!((got - f64::from(*x)).abs() <= f64::from(x.abs()) / 256.0, "{cpu}: {got} {x}");
            }
        }
    }

    #[test]
    fn exponentials_are_within_their_bound(scores in prop::collection::vec(-60.0f32..60.0, 1..100)) {
        let highest = scores.iter().fold(f32::MIN, |a, b| a.max(*b));
        let exact: Vec<f64> = scores.iter().map(|x| f64::from(x - highest).exp()).collect();
        let sum: f64 = exact.iter().sum();
        for cpu in here() {
            let mut rows = PaddedRows::default();
            rows.resize(ElementType::F32, 2, scores.len());
            let factor = exponentials(cpu, ElementType::Bf16, &mut scores.clone(), 0, &mut rows);
            prop_assert!((f64::from(factor) * sum - 1.0).abs() < 2e-4, "{cpu}");
            for (index, exact) in exact.iter().enumerate() {
                let got = part(cpu, ElementType::Bf16, rows.row_mut(0), index);
                prop_assert!((got - exact).abs() <= exact / 200.0 + 1e-30, "{cpu}: {got} {exact}");
            }
            let factor = exponentials(cpu, ElementType::F32, &mut scores.clone(), 0, &mut rows);
            prop_assert!((f64::from(factor) * sum - 1.0).abs() < 1e-5, "{cpu}");
            for (index, exact) in exact.iter().enumerate() {
                let got = part(cpu, ElementType::F32, rows.row_mut(0), index);
                prop_assert!((got - exact).abs() <= 1e-5 * exact + 1e-30, "{cpu}: {got} {exact}");
            }
        }
    }
}

/// Softmax attention in f64.
fn exact_attention(projected: &[f32], length: usize, size: usize, heads: usize) -> Vec<f64> {
    let depth = size / heads;
    let at = |row: usize, which: usize, index: usize| f64::from(projected[row * 3 * size + which * size + index]);
    let mut context = vec![0.0; length * size];
    for head in 0..heads {
        for query in 0..length {
            let dot = |key: usize| -> f64 {
                (0..depth).map(|i| at(query, 0, head * depth + i) * at(key, 1, head * depth + i)).sum()
            };
            let weights: Vec<f64> = (0..length).map(|key| dot(key).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for index in 0..depth {
                let mixed: f64 = (0..length).map(|key| weights[key] * at(key, 2, head * depth + index)).sum();
                context[query * size + head * depth + index] = mixed / sum;
            }
        }
    }
    context
}

#[test]
fn attention_of_every_length() {
    let mut scratch = attention::AttentionScratch::default();
    for length in [1, 2, 3, 15, 16, 17, 31, 32, 33, 64, 65, 127, 256, 513, 700] {
        for (size, heads) in [(32, 2), (64, 2), (48, 4)] {
            let projected = numbers(length * 3 * size, 5);
            let exact = exact_attention(&projected, length, size, heads);
            let kinds = |cpu: Cpu| {
                KINDS.into_iter().filter(move |kind| match kind {
                    ElementType::Int8 => false,
                    ElementType::Int16 => !cpu.has_signed_rows(),
                    _ => true,
                })
            };
            for (cpu, kind) in here().flat_map(|cpu| kinds(cpu).map(move |kind| (cpu, kind))) {
                let mut context = vec![f32::NAN; length * size];
                let rows = ProjectedRows { numbers: &projected, stride: 3 * size, heads, depth: size / heads };
                attend(cpu, kind, rows, &mut context, &mut scratch);
                let tolerance = if kind == ElementType::F32 { 1e-5 } else { 0.02 };
                for (got, exact) in context.iter().zip(&exact) {
                    assert!((f64::from(*got) - exact).abs() < tolerance, "{cpu} {kind:?} {length}: {got} {exact}");
                }
            }
        }
    }
}

fn layer(kind: ElementType, size: usize, wide: usize, activation: Activation) -> PackedLayer {
    let weights = |seed: u64, count: usize| numbers(count, seed).iter().map(|x| 0.3 * x).collect::<Vec<f32>>();
    let linear = |seed: u64, inputs: usize, outputs: usize| {
        let (weight, bias) = (weights(seed, inputs * outputs), weights(seed + 1, outputs));
        PackedLinear::new(kind, inputs, &[(WeightSource::Full(&weight), &bias, 1.0)])
    };
    let norm = |seed: u64| (numbers(size, seed).iter().map(|x| 1.0 + 0.1 * x).collect(), weights(seed + 1, size));
    PackedLayer {
        query_key_value: linear(10, size, 3 * size),
        attention_output: linear(20, size, size),
        attention_norm: norm(30),
        intermediate: linear(40, size, wide),
        output: linear(50, wide, size),
        output_norm: norm(60),
        heads: 2,
        activation,
        epsilon: 1e-12,
    }
}

#[test]
fn a_layer_is_the_same_on_every_path() {
    let (size, wide) = (32, 80);
    let lengths = [1, 3, 70, 17, 140];
    let hidden = numbers(lengths.iter().sum::<usize>() * size, 7);
    for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu] {
        let mut exact = hidden.clone();
        layer(ElementType::F32, size, wide, activation).run(Cpu::Scalar, &mut exact, &lengths);
        for kind in KINDS {
            let layer = layer(kind, size, wide, activation);
            for cpu in here() {
                let mut got = hidden.clone();
                layer.run(cpu, &mut got, &lengths);
                let most = match kind {
                    ElementType::F32 => 1e-4,
                    ElementType::Bf16 => 0.06,
                    ElementType::Int8 | ElementType::Int16 => 0.15,
                };
                let worst = got.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < most, "{cpu} {kind:?} {activation:?}: {worst}");

                // What a text becomes does not depend on the texts beside it.
                let mut alone = hidden[size..4 * size].to_vec();
                layer.run(cpu, &mut alone, &[3]);
                assert_eq!(alone, got[size..4 * size], "{cpu} {kind:?}");
            }
        }
    }
}

#[test]
fn names_of_instructions_and_precisions() {
    for cpu in Cpu::ALL {
        assert_eq!(cpu.to_string().parse(), Ok(cpu));
        assert_eq!(cpu.checked().is_ok(), cpu.is_here());
    }
    assert!("sse9".parse::<Cpu>().unwrap_err().contains("amx, avx512bf16"));
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        assert_eq!(precision.to_string().parse(), Ok(precision));
    }
    assert!("f64".parse::<Precision>().is_err());
}

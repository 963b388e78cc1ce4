//! One layer of a ModernBERT on a CPU: rotary positions, attention to nearby word pieces or to all, and a gate.

use std::cell::RefCell;

use super::attention::{self, ProjectedRows, attend};
use super::for_each_cpu;
use super::layer::{SHORT, attention_kind, chunk};
use super::norm::norm_rows;
use super::packed::{GemmOperand, PackedLinear};
use super::softmax::softmax;
use crate::encoder::config::Activation;
use crate::kernels::{Cpu, WordBuffer};

/// The parameters of a layer, packed.
pub(in crate::encoder) struct PackedModernLayer {
    /// None in the first layer.
    pub(in crate::encoder) attention_norm: Option<(Vec<f32>, Vec<f32>)>,
    /// Query (divided by √(head size)), key and value side by side.
    pub(in crate::encoder) query_key_value: PackedLinear,
    pub(in crate::encoder) attention_output: PackedLinear,
    pub(in crate::encoder) feed_forward_norm: (Vec<f32>, Vec<f32>),
    pub(in crate::encoder) input: PackedLinear,
    pub(in crate::encoder) gate: PackedLinear,
    pub(in crate::encoder) output: PackedLinear,
    pub(in crate::encoder) heads: usize,
    pub(in crate::encoder) activation: Activation,
    pub(in crate::encoder) epsilon: f32,
    /// How far a word piece attends; `None` for as far as the text.
    pub(in crate::encoder) reach: Option<usize>,
}

/// Cosines and sines of the angles of positions: `[length, head size / 2]`.
pub(in crate::encoder) struct RotaryWaves {
    pub(in crate::encoder) cosines: Vec<f32>,
    pub(in crate::encoder) sines: Vec<f32>,
}

impl RotaryWaves {
    /// Those of the first positions, with a wave number for each pair of a head's numbers.
    pub(in crate::encoder) fn new(wave_numbers: &[f32], length: usize) -> RotaryWaves {
        let angles = (0..length).flat_map(|position| wave_numbers.iter().map(move |wave| position as f32 * wave));
        let (sines, cosines) = angles.map(f32::sin_cos).unzip();
        RotaryWaves { cosines, sines }
    }
}

/// A thread's memory for layers: it grows to what the longest text needs, once.
#[derive(Default)]
struct ModernScratch {
    normed: WordBuffer,
    projected: WordBuffer,
    context: WordBuffer,
    wide: WordBuffer,
    gates: WordBuffer,
    /// Keys of one head, number by number, and the scores of one word piece behind them.
    local: WordBuffer,
    operand: GemmOperand,
    attention: attention::AttentionScratch,
}

thread_local! {
    static SCRATCH: RefCell<ModernScratch> = RefCell::default();
}

impl PackedModernLayer {
    /// Runs the layer over the rows of one text, in place.
    pub(in crate::encoder) fn run(&self, cpu: Cpu, hidden: &mut [f32], waves: &RotaryWaves) {
        SCRATCH.with_borrow_mut(|scratch| self.run_text(cpu, hidden, waves, scratch));
    }

    fn run_text(&self, cpu: Cpu, hidden: &mut [f32], waves: &RotaryWaves, scratch: &mut ModernScratch) {
        let ModernScratch { normed, projected, context, wide, gates, local, operand, attention } = scratch;
        let size = self.feed_forward_norm.0.len();
        let length = hidden.len() / size;
        operand.fine = self.input.panels.kind.is_integer() && length <= SHORT;
        let (stride, widened) = (self.query_key_value.stride(), self.input.stride());
        let chunk = chunk(cpu);
        normed.grow(length * size);
        projected.grow(length * stride);
        context.grow(length * size);
        wide.grow(chunk.min(length) * widened);
        gates.grow(chunk.min(length) * widened);

        let rows = &mut normed.numbers_mut()[..length * size];
        rows.copy_from_slice(hidden);
        if let Some((weight, shift)) = &self.attention_norm {
            norm_rows(rows, weight, shift, self.epsilon);
        }
        self.query_key_value.apply(cpu, rows, size, None, operand, projected.numbers_mut());
        let rows = &mut projected.numbers_mut()[..length * stride];
        turn_rows(rows, stride, self.heads, &waves.cosines, &waves.sines);
        let context = &mut context.numbers_mut()[..length * size];
        match self.reach {
            Some(reach) if length > reach + 1 => {
                local.grow(length * (size / self.heads) + length);
                attend_nearby(rows, stride, self.heads, reach, context, local.numbers_mut());
            }
            _ => {
                let kind = attention_kind(self.input.panels.kind, cpu, operand.fine);
                let projected = ProjectedRows { numbers: rows, stride, heads: self.heads, depth: size / self.heads };
                attend(cpu, kind, projected, context, attention);
            }
        }

        let (out, wide, gates) = (projected.numbers_mut(), wide.numbers_mut(), gates.numbers_mut());
        let normed = &mut normed.numbers_mut()[..chunk.min(length) * size];
        for (hidden, context) in hidden.chunks_mut(chunk * size).zip(context.chunks(chunk * size)) {
            let numbers = hidden.len();
            self.attention_output.apply(cpu, context, size, None, operand, out);
            add(hidden, &out[..numbers]);
            let normed = &mut normed[..numbers];
            normed.copy_from_slice(hidden);
            norm_rows(normed, &self.feed_forward_norm.0, &self.feed_forward_norm.1, self.epsilon);
            let (wide, gates) = (&mut *wide, &mut *gates);
            self.input.apply(cpu, normed, size, Some(self.activation), operand, wide);
            self.gate.apply(cpu, normed, size, None, operand, gates);
            let wide = &mut wide[..numbers / size * widened];
            wide.iter_mut().zip(&*gates).for_each(|(x, gate)| *x *= gate);
            self.output.apply(cpu, wide, widened, None, operand, out);
            add(hidden, &out[..numbers]);
        }
    }
}

fn add(sum: &mut [f32], x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}

for_each_cpu! {
    /// Turns the pairs of each head's query and key, `stride` numbers for a row, by the angles of the row's position.
    fn turn_rows(rows: &mut [f32], stride: usize, heads: usize, cosines: &[f32], sines: &[f32]) = turn
}

for_each_cpu! {
    /// Attention of one text as [`attend`], where each word piece attends to those at most `reach` away. `scratch` has a
    /// place for a head's keys and a row of scores.
    fn attend_nearby(
        projected: &[f32], stride: usize, heads: usize, reach: usize, context: &mut [f32], scratch: &mut [f32]
    ) = nearby
}

#[inline(always)]
fn turn(rows: &mut [f32], stride: usize, heads: usize, cosines: &[f32], sines: &[f32]) {
    let half = cosines.len() / (rows.len() / stride);
    let waves = cosines.chunks_exact(half).zip(sines.chunks_exact(half));
    for (row, (cosines, sines)) in rows.chunks_exact_mut(stride).zip(waves) {
        // The heads of the query, then those of the key.
        for head in row[..2 * heads * 2 * half].chunks_exact_mut(2 * half) {
            let (first, second) = head.split_at_mut(half);
            for (((x, y), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
                (*x, *y) = (*x * cosine - *y * sine, *y * cosine + *x * sine);
            }
        }
    }
}

#[inline(always)]
fn nearby(projected: &[f32], stride: usize, heads: usize, reach: usize, context: &mut [f32], scratch: &mut [f32]) {
    let length = projected.len() / stride;
    let size = context.len() / length;
    let depth = size / heads;
    let (keys, scores) = scratch.split_at_mut(length * depth);
    for head in 0..heads {
        let at = |row: usize, which: usize| &projected[row * stride + which * size + head * depth..][..depth];
        for row in 0..length {
            at(row, 1).iter().enumerate().for_each(|(number, x)| keys[number * length + row] = *x);
        }
        for row in 0..length {
            let (start, end) = (row.saturating_sub(reach), length.min(row + reach + 1));
            let scores = &mut scores[..end - start];
            scores.fill(0.0);
            for (x, keys) in at(row, 0).iter().zip(keys.chunks_exact(length)) {
                scores.iter_mut().zip(&keys[start..end]).for_each(|(score, key)| *score += x * key);
            }
            softmax(scores);
            let mixed = &mut context[row * size + head * depth..][..depth];
            mixed.fill(0.0);
            for (score, other) in scores.iter().zip(start..end) {
                mixed.iter_mut().zip(at(other, 2)).for_each(|(sum, x)| *sum += score * x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn nearby_is_all_where_all_are_near() {
        let (length, heads, size) = (37, 2, 32);
        let mut random = SplitMix64::new(3);
        let projected: Vec<f32> = (0..length * 3 * size).map(|_| random.unit() as f32 - 0.5).collect();
        let mut scratch = vec![0.0; length * size / heads + length];
        let (mut near, mut all) = (vec![0.0; length * size], vec![0.0; length * size]);
        attend_nearby(&projected, 3 * size, heads, length, &mut near, &mut scratch);
        let mut attention = attention::AttentionScratch::default();
        let rows = ProjectedRows { numbers: &projected, stride: 3 * size, heads, depth: size / heads };
        attend(Cpu::Scalar, crate::kernels::ElementType::F32, rows, &mut all, &mut attention);
        assert!(near.iter().zip(&all).all(|(a, b)| (a - b).abs() < 1e-5));

        // With a reach of 0, each word piece has its own value.
        attend_nearby(&projected, 3 * size, heads, 0, &mut near, &mut scratch);
        for (row, context) in projected.chunks(3 * size).zip(near.chunks(size)) {
            assert!(row[2 * size..].iter().zip(context).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}

//! Products of rows with packed matrices, tile by tile.

use std::mem::MaybeUninit;
use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use super::amx;
use super::cpu::Cpu;
#[cfg(target_arch = "aarch64")]
use super::dot::neon;
use super::dot::{DotKernel, UNROLLED, scalar, tile};
#[cfg(target_arch = "x86_64")]
use super::dot::{avx2, avx512};
use super::element::{CacheLine, ElementType, PANEL, WordBuffer};

/// A matrix on the right of products: `columns` outputs of `depth` inputs each, in panels of 16 columns; within a panel
/// step by step, one word of each column. Unused columns and words are 0.
#[derive(Default)]
pub(crate) struct PackedPanels {
    pub(crate) kind: ElementType,
    pub(crate) columns: usize,
    /// Words of a column, padded.
    pub(crate) steps: usize,
    /// Words of a column that count.
    used: usize,
    words: WordBuffer,
}

impl PackedPanels {
    /// Room for a matrix of 0.
    pub(crate) fn zeros(kind: ElementType, columns: usize, depth: usize) -> PackedPanels {
        let mut panels = PackedPanels::default();
        panels.resize(kind, columns, depth);
        panels
    }

    /// Becomes another matrix. What is in it is not defined.
    pub(crate) fn resize(&mut self, kind: ElementType, columns: usize, depth: usize) {
        (self.kind, self.columns) = (kind, columns);
        (self.steps, self.used) = (kind.padded(depth), kind.words(depth).next_multiple_of(UNROLLED));
        self.words.grow(columns.next_multiple_of(PANEL) * self.steps);
    }

    /// The words of a panel: `steps` times 16.
    pub(crate) fn panel_mut(&mut self, panel: usize) -> &mut [u32] {
        let size = PANEL * self.steps;
        &mut self.words[panel * size..][..size]
    }

    /// Sets one word of a column.
    pub(crate) fn set(&mut self, column: usize, step: usize, word: u32) {
        self.panel_mut(column / PANEL)[step * PANEL + column % PANEL] = word;
    }

    /// The words of each row go down a column.
    pub(crate) fn transpose(&mut self, rows: &PaddedRows) {
        assert!(rows.stride == self.steps && rows.words.len() >= self.panels() * PANEL * rows.stride, "as many rows");
        let (columns, used) = (self.columns, self.used);
        for panel in 0..self.panels() {
            let lines = self.panel_mut(panel).as_chunks_mut::<PANEL>().0;
            for column in (0..PANEL).step_by(4) {
                let four: [&[[u32; 4]]; 4] =
                    std::array::from_fn(|index| rows.row(panel * PANEL + column + index).as_chunks().0);
                for (step, lines) in lines[..used].as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let block = four.map(|row| row[step]);
                    for (index, line) in lines.iter_mut().enumerate() {
                        line[column..][..4].copy_from_slice(&block.map(|row| row[index]));
                    }
                }
            }
            let count = PANEL.min(columns - panel * PANEL);
            lines[..used].iter_mut().for_each(|line| line[count..].fill(0));
            lines[used..].as_flattened_mut().fill(0);
        }
    }

    fn panels(&self) -> usize {
        self.columns.div_ceil(PANEL)
    }

    /// The words of a panel and of those behind it.
    fn words_from(&self, panel: usize) -> &[u32] {
        &self.words[panel * PANEL * self.steps..self.panels() * PANEL * self.steps]
    }

    fn some_panels(&self, first: usize, count: usize) -> &[u32] {
        &self.words[first * PANEL * self.steps..][..count * PANEL * self.steps]
    }
}

/// Rows on the left of products, each padded to a multiple of 16 words.
#[derive(Default)]
pub(crate) struct PaddedRows {
    /// Words of a row.
    pub(crate) stride: usize,
    words: WordBuffer,
}

impl PaddedRows {
    /// Becomes `rows` rows of `depth` numbers. What is in them is not defined; there are rows behind them, so that the
    /// last tile of a product may read on.
    pub(crate) fn resize(&mut self, kind: ElementType, rows: usize, depth: usize) {
        self.stride = kind.padded(depth);
        self.words.grow((rows + MOST_ROWS) * self.stride);
    }

    /// The words of a row.
    pub(crate) fn row(&self, row: usize) -> &[u32] {
        &self.words[row * self.stride..][..self.stride]
    }

    /// The words of all rows and of those behind them.
    pub(crate) fn words_mut(&mut self) -> &mut [u32] {
        &mut self.words
    }

    /// The words of a row.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [u32] {
        &mut self.words[row * self.stride..][..self.stride]
    }

    /// The words of a row of high digits, and of the row of low digits that follows it.
    pub(crate) fn digits_mut(&mut self, row: usize) -> [&mut [u32]; 2] {
        let (high, low) = self.words[2 * row * self.stride..][..2 * self.stride].split_at_mut(self.stride);
        [high, low]
    }
}

/// Most rows of a tile. All have an even number, so that two digits are in one tile.
const MOST_ROWS: usize = 32;
/// Words of the largest tile: 32 rows and 2 panels, or 6 rows and 4 panels.
const TILE: usize = 32 * 2 * PANEL;

/// A tile as it comes out of a product: bits of i32 for integers, of f32 otherwise.
pub(crate) struct OutputTile<'a> {
    /// The first row of the product that is in it.
    pub(crate) row: usize,
    /// How many rows count.
    pub(crate) rows: usize,
    /// The first column.
    pub(crate) column: usize,
    /// How many columns it has; those of the last panel that are too many are among them.
    pub(crate) columns: usize,
    /// Row after row.
    pub(crate) words: &'a [u32],
}

type GemmKernel = unsafe fn(*const u32, usize, *const u32, usize, *mut u32, usize);

/// A kernel and the size of its tiles.
#[derive(Clone, Copy)]
struct KernelShape {
    rows: usize,
    panels: usize,
    kernel: GemmKernel,
}

/// Every tile of the product of a range of rows and the panels, handed to `take` in no special order.
pub(crate) fn gemm(
    cpu: Cpu,
    a: &PaddedRows,
    rows: Range<usize>,
    b: &PackedPanels,
    mut take: impl FnMut(OutputTile<'_>),
) {
    assert_eq!(a.stride, b.steps, "rows and panels of one depth");
    assert!(a.words.len() >= (rows.end + MOST_ROWS - 1) * a.stride, "rows to read on");
    let shapes = shapes(cpu, b.kind);
    // A tile of AMX takes 16 words at once.
    let steps = if cpu == Cpu::Amx { b.steps } else { b.used };
    let mut room = MaybeUninit::<[CacheLine; TILE / 16]>::uninit();
    let words: *mut u32 = room.as_mut_ptr().cast();
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `Cpu::Amx` is made by `checked` and `detect` alone, if the machine has AMX.
    let _tiles = (cpu == Cpu::Amx).then(|| unsafe { amx::ThreadTiles::set_up() });
    let mut panel = 0;
    while panel < b.panels() {
        let shape = widest(shapes, b.panels() - panel);
        let right = b.some_panels(panel, shape.panels);
        let mut next = Prefetch::new(b.words_from(panel + shape.panels), right.len(), rows.len().div_ceil(shape.rows));
        for row in rows.clone().step_by(shape.rows) {
            next.request();
            let left = &a.words[row * a.stride..];
            let width = shape.panels * PANEL;
            // SAFETY: the CPU has the kernel's instructions, as `cpu` is one of `checked` or `detect`. `left` has
            // `shape.rows` rows by the assertion above, `right` has the panels, and `words` has room for a tile.
            unsafe { (shape.kernel)(left.as_ptr(), a.stride, right.as_ptr(), steps, words, width) };
            take(OutputTile {
                row,
                rows: shape.rows.min(rows.end - row),
                column: panel * PANEL,
                columns: width,
                // SAFETY: the kernel has written as many words.
                words: unsafe { std::slice::from_raw_parts(words, shape.rows * width) },
            });
        }
        panel += shape.panels;
    }
}

/// The panels that are next, requested while others are multiplied: weights come from the L3 cache.
struct Prefetch<'a> {
    words: &'a [u32],
    /// Words of each request.
    share: usize,
}

impl<'a> Prefetch<'a> {
    /// At most `most` words, in some requests.
    fn new(words: &'a [u32], most: usize, requests: usize) -> Prefetch<'a> {
        let words = &words[..words.len().min(most)];
        Prefetch { words, share: words.len().div_ceil(requests.max(1)).next_multiple_of(LINE) }
    }

    fn request(&mut self) {
        let (now, later) = self.words.split_at(self.words.len().min(self.share));
        self.words = later;
        #[cfg(target_arch = "x86_64")]
        for line in now.chunks(LINE) {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: every x86-64 has the instruction, and it changes nothing but caches.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = now;
    }
}

/// Words of a cache line.
const LINE: usize = 16;

/// The product of rows and panels, not of AMX' words: sums go right to `out`, rows `stride` words apart. `out` has room for
/// [`rows_written`].
pub(crate) fn gemm_into(
    cpu: Cpu,
    a: &PaddedRows,
    rows: Range<usize>,
    b: &PackedPanels,
    out: &mut [u32],
    stride: usize,
) {
    assert!(cpu != Cpu::Amx || b.kind == ElementType::Int16, "tiles of AMX are set up elsewhere");
    assert!(a.stride == b.steps && stride >= b.panels() * PANEL, "rows and panels of one depth, and room for them");
    assert!(a.words.len() >= (rows.end + MOST_ROWS - 1) * a.stride, "rows to read on");
    assert!(out.len() >= rows_written(rows.len()) * stride, "rows to write on");
    let shapes = shapes(cpu, b.kind);
    let mut panel = 0;
    while panel < b.panels() {
        let shape = widest(shapes, b.panels() - panel);
        let right = b.some_panels(panel, shape.panels);
        for row in rows.clone().step_by(shape.rows) {
            let left = &a.words[row * a.stride..];
            let to = &mut out[(row - rows.start) * stride + panel * PANEL..];
            // SAFETY: the CPU has the kernel's instructions, as `cpu` is one of `checked` or `detect`. `left` and `to`
            // have `shape.rows` rows by the assertions above, and `right` has the panels.
            unsafe { (shape.kernel)(left.as_ptr(), a.stride, right.as_ptr(), b.used, to.as_mut_ptr(), stride) };
        }
        panel += shape.panels;
    }
}

/// Rows that [`gemm_into`] may write for a product of some: the last tile may have too many.
pub(crate) fn rows_written(rows: usize) -> usize {
    rows + MOST_ROWS - 1
}

/// The shape that takes as many panels as there are, or as it can.
fn widest(shapes: &'static [KernelShape], panels: usize) -> &'static KernelShape {
    shapes.iter().find(|shape| shape.panels <= panels).expect("every CPU has a shape of one panel")
}

/// A shape of a dot product, compiled with its instructions.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! shape {
    ($features:literal, $dot:ty, $rows:literal, $panels:literal) => {{
        #[target_feature(enable = $features)]
        unsafe fn kernel(
            a: *const u32,
            stride: usize,
            b: *const u32,
            steps: usize,
            words: *mut u32,
            words_stride: usize,
        ) {
            // SAFETY: what this asks for is what is asked for there.
            unsafe {
                tile::<$dot, $rows, { $panels * PANEL / <$dot as DotKernel>::LANES }>(
                    a,
                    stride,
                    b,
                    steps,
                    words,
                    words_stride,
                )
            }
        }
        KernelShape { rows: $rows, panels: $panels, kernel }
    }};
}

/// Shapes that fill the 32 registers of AVX-512: with 24 sums none waits for the one before.
#[cfg(target_arch = "x86_64")]
macro_rules! shapes512 {
    ($features:literal, $dot:ty) => {
        const { &[shape!($features, $dot, 6, 4), shape!($features, $dot, 12, 2), shape!($features, $dot, 24, 1)] }
    };
}

/// The shapes for one kind of words on one CPU, the widest first.
fn shapes(cpu: Cpu, kind: ElementType) -> &'static [KernelShape] {
    #[cfg(target_arch = "x86_64")]
    {
        match (cpu, kind) {
            (Cpu::Amx, ElementType::Int8) => {
                const WIDE: KernelShape = KernelShape { rows: 32, panels: 2, kernel: amx::int8::<2> };
                return &[WIDE, KernelShape { rows: 32, panels: 1, kernel: amx::int8::<1> }];
            }
            (Cpu::Amx, ElementType::Bf16) => {
                const WIDE: KernelShape = KernelShape { rows: 32, panels: 2, kernel: amx::bf16::<2> };
                return &[WIDE, KernelShape { rows: 32, panels: 1, kernel: amx::bf16::<1> }];
            }
            (Cpu::Avx512Bf16 | Cpu::Avx512Vnni, ElementType::Int8) => {
                return shapes512!("avx512f,avx512vnni", avx512::Int8Vnni);
            }
            (Cpu::Amx | Cpu::Avx512Bf16 | Cpu::Avx512Vnni, ElementType::Int16) => {
                return shapes512!("avx512f,avx512vnni", avx512::Int16Vnni);
            }
            (Cpu::Avx512, ElementType::Int16) => return shapes512!("avx512f,avx512bw", avx512::Int16),
            (Cpu::Avx512Bf16, ElementType::Bf16) => return shapes512!("avx512f,avx512bf16", avx512::Bf16Dot),
            (Cpu::Amx | Cpu::Avx512Bf16 | Cpu::Avx512Vnni | Cpu::Avx512, ElementType::F32) => {
                return shapes512!("avx512f", avx512::F32);
            }
            (Cpu::Avx2Vnni, ElementType::Int8) => return const { &[shape!("avx2,avxvnni", avx2::Int8Vnni, 6, 1)] },
            (Cpu::Avx2Vnni, ElementType::Int16) => return const { &[shape!("avx2,avxvnni", avx2::Int16Vnni, 6, 1)] },
            (Cpu::Avx2, ElementType::Int16) => return const { &[shape!("avx2", avx2::Int16, 4, 1)] },
            (Cpu::Avx2Vnni | Cpu::Avx2, ElementType::F32) => return const { &[shape!("avx2,fma", avx2::F32, 6, 1)] },
            // Not asked for: these multiply 16-bit integers and f32 in their place.
            (Cpu::Avx512 | Cpu::Avx2, ElementType::Int8) | (_, ElementType::Bf16) => {}
            (Cpu::NeonBf16 | Cpu::NeonDot | Cpu::Neon | Cpu::Scalar, _) => {}
        }
    }
    // With 24 sums, a panel's four registers and a row's word, most of the 32 registers are in use.
    #[cfg(target_arch = "aarch64")]
    {
        match (cpu, kind) {
            (Cpu::NeonBf16 | Cpu::NeonDot, ElementType::Int8) => {
                return const { &[shape!("neon,dotprod", neon::Int8Dot, 6, 1)] };
            }
            (Cpu::Neon, ElementType::Int8) => return const { &[shape!("neon", neon::Int8, 2, 1)] },
            (Cpu::NeonBf16, ElementType::Bf16) => return const { &[shape!("neon,bf16", neon::Bf16Dot, 6, 1)] },
            (Cpu::NeonBf16 | Cpu::NeonDot | Cpu::Neon, ElementType::F32) => {
                return const { &[shape!("neon", neon::F32, 6, 1)] };
            }
            _ => {}
        }
    }
    let _ = cpu;
    match kind {
        ElementType::Int8 => const { &[plain::<scalar::Int8>()] },
        ElementType::Int16 => const { &[plain::<scalar::Int16>()] },
        ElementType::Bf16 => const { &[plain::<scalar::Bf16>()] },
        ElementType::F32 => const { &[plain::<scalar::F32>()] },
    }
}

const fn plain<D: DotKernel>() -> KernelShape {
    KernelShape { rows: 2, panels: 1, kernel: tile::<D, 2, 4> }
}

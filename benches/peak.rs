//! How fast this core could multiply: the ceiling that products are measured against.
//!
//! `cargo bench --bench peak`
//!
//! Runs each instruction that the kernels multiply with on registers alone, 14 independent sums at a time, and prints
//! one JSON line for each: billions of multiplications with addition a second, the best of many short runs, and how many
//! abstracts of 244 word pieces that would be for all-MiniLM-L6-v2 if its products were all there is to do.

#[cfg(target_arch = "x86_64")]
fn main() {
    use paperkin::encoder::Cpu;

    // The CPU, the instruction, what runs it, and the multiplications of a loop.
    for (cpu, instruction, run, multiplications) in [
        (Cpu::Avx2, "vfmadd231ps ymm", x86::f32_ymm as fn(), 8 * x86::SUMS),
        (Cpu::Avx2, "vpmaddwd and vpaddd ymm", x86::int16_ymm, 16 * x86::SUMS),
        (Cpu::Avx2Vnni, "vpdpbusd ymm", x86::int8_ymm, 32 * x86::SUMS),
        (Cpu::Avx512, "vfmadd231ps zmm", x86::f32, 16 * x86::SUMS),
        (Cpu::Avx512, "vpmaddwd and vpaddd zmm", x86::int16, 32 * x86::SUMS),
        (Cpu::Avx512Bf16, "vdpbf16ps zmm", x86::bf16, 32 * x86::SUMS),
        (Cpu::Avx512Vnni, "vpdpwssd zmm", x86::int16_vnni, 32 * x86::SUMS),
        (Cpu::Avx512Vnni, "vpdpbusd zmm", x86::int8, 64 * x86::SUMS),
        (Cpu::Amx, "tdpbusd", x86::tiles, 16 * 16 * 64 * 4),
    ] {
        if !cpu.is_here() {
            continue;
        }
        let fastest = (0..100).map(|_| seconds(run)).fold(f64::INFINITY, f64::min);
        let per_second = (multiplications * x86::LOOPS) as f64 / fastest;
        let line = serde_json::json!({
            "instruction": instruction,
            "gmac_per_s": (per_second / 1e9).round(),
            "abstracts_per_s": (per_second / abstract_macs(244.0)).round(),
        });
        println!("{line}");
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn main() {
    eprintln!("nothing is known here about the instructions of this CPU");
}

/// Multiplications of a text: 6 layers of 12 · 384² for each word piece, and its scores and mix with all others.
#[cfg(target_arch = "x86_64")]
fn abstract_macs(word_pieces: f64) -> f64 {
    6.0 * word_pieces * (12.0 * 384.0 * 384.0 + 2.0 * 384.0 * word_pieces)
}

#[cfg(target_arch = "x86_64")]
fn seconds(run: fn()) -> f64 {
    let start = std::time::Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;

    /// About a millisecond.
    pub(super) const LOOPS: u64 = 400_000;

    /// Independent sums.
    pub(super) const SUMS: u64 = 14;

    /// A function that runs an instruction, `$head` and a sum and `$tail`, or one that names its sum twice.
    macro_rules! vector {
        ($name:ident, [$head:literal, $tail:literal]) => {
            vector!($name, |$head| |$tail|; 0 1 2 3 4 5 6 7 8 9 10 11 12 13);
        };
        ($name:ident, [$head:literal, $again:literal, $tail:literal]) => {
            vector!($name, |$head| $again |$tail|; 0 1 2 3 4 5 6 7 8 9 10 11 12 13);
        };
        ($name:ident, |$head:literal| |$tail:literal|; $($sum:literal)*) => {
            vector!($name, $(concat!($head, $sum, $tail))*);
        };
        ($name:ident, |$head:literal| $again:literal |$tail:literal|; $($sum:literal)*) => {
            vector!($name, $(concat!($head, $sum, $again, $sum, $tail))*);
        };
        ($name:ident, $($line:expr)*) => {
            pub(super) fn $name() {
                // SAFETY: the caller asked whether the CPU has the instruction; registers alone are changed, and named.
                unsafe {
                    asm!(
                        "vpxor xmm15, xmm15, xmm15",
                        "2:",
                        $($line,)*
                        "dec {loops}",
                        "jnz 2b",
                        loops = inout(reg) LOOPS => _,
                        out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                        out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                        out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                        options(nostack, nomem),
                    );
                }
            }
        };
    }

    vector!(f32_ymm, ["vfmadd231ps ymm", ", ymm15, ymm15"]);
    vector!(int16_ymm, ["vpmaddwd ymm14, ymm15, ymm15\nvpaddd ymm", ", ymm", ", ymm14"]);
    vector!(int8_ymm, ["{{vex}} vpdpbusd ymm", ", ymm15, ymm15"]);
    vector!(f32, ["vfmadd231ps zmm", ", zmm15, zmm15"]);
    vector!(int16, ["vpmaddwd zmm14, zmm15, zmm15\nvpaddd zmm", ", zmm", ", zmm14"]);
    vector!(bf16, ["vdpbf16ps zmm", ", zmm15, zmm15"]);
    vector!(int16_vnni, ["vpdpwssd zmm", ", zmm15, zmm15"]);
    vector!(int8, ["vpdpbusd zmm", ", zmm15, zmm15"]);

    /// Palette 1: eight tiles of 16 rows of 64 bytes.
    #[repr(align(64))]
    struct Layout([u8; 64]);

    pub(super) fn tiles() {
        let mut layout = Layout([0; 64]);
        layout.0[0] = 1;
        for tile in 0..8 {
            layout.0[16 + 2 * tile] = 64;
            layout.0[48 + tile] = 16;
        }
        // SAFETY: the caller asked for AMX, which also makes the system lend it; the compiler knows nothing of tiles.
        unsafe {
            asm!(
                "ldtilecfg [{layout}]",
                "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3", "tilezero tmm4", "tilezero tmm5",
                "2:",
                "tdpbusd tmm0, tmm4, tmm5", "tdpbusd tmm1, tmm4, tmm5",
                "tdpbusd tmm2, tmm4, tmm5", "tdpbusd tmm3, tmm4, tmm5",
                "dec {loops}",
                "jnz 2b",
                "tilerelease",
                layout = in(reg) &layout,
                loops = inout(reg) LOOPS => _,
                options(nostack, readonly),
            );
        }
    }
}

//! How fast this core could multiply: the ceiling that products are measured against.
//!
//! `cargo bench --bench peak`
//!
//! Runs each instruction that the kernels multiply with on registers alone, 16 independent sums at a time, and prints
//! one JSON line for each: billions of multiplications with addition a second, the best of many short runs, and how many
//! abstracts of 244 word pieces that would be for all-MiniLM-L6-v2 if its products were all there is to do.

#[cfg(target_arch = "x86_64")]
fn main() {
    use paperkin::encoder::Cpu;

    for (cpu, instruction, run, multiplications) in [
        (Cpu::Avx512, "vfmadd231ps", x86::f32 as fn(), 16 * x86::LOOPS * 16),
        (Cpu::Avx512Bf16, "vdpbf16ps", x86::bf16, 32 * x86::LOOPS * 16),
        (Cpu::Avx512Vnni, "vpdpbusd", x86::int8, 64 * x86::LOOPS * 16),
        (Cpu::Amx, "tdpbusd", x86::tiles, 16 * 16 * 64 * x86::LOOPS * 4),
    ] {
        if !cpu.is_here() {
            continue;
        }
        let fastest = (0..100).map(|_| seconds(run)).fold(f64::INFINITY, f64::min);
        let per_second = multiplications as f64 / fastest;
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

    macro_rules! vector {
        ($name:ident, $dot:literal) => {
            pub(super) fn $name() {
                // SAFETY: the caller asked whether the CPU has the instruction; registers alone are changed, and named.
                unsafe {
                    asm!(
                        "vpxord zmm31, zmm31, zmm31",
                        "2:",
                        concat!($dot, " zmm0, zmm31, zmm31"), concat!($dot, " zmm1, zmm31, zmm31"),
                        concat!($dot, " zmm2, zmm31, zmm31"), concat!($dot, " zmm3, zmm31, zmm31"),
                        concat!($dot, " zmm4, zmm31, zmm31"), concat!($dot, " zmm5, zmm31, zmm31"),
                        concat!($dot, " zmm6, zmm31, zmm31"), concat!($dot, " zmm7, zmm31, zmm31"),
                        concat!($dot, " zmm8, zmm31, zmm31"), concat!($dot, " zmm9, zmm31, zmm31"),
                        concat!($dot, " zmm10, zmm31, zmm31"), concat!($dot, " zmm11, zmm31, zmm31"),
                        concat!($dot, " zmm12, zmm31, zmm31"), concat!($dot, " zmm13, zmm31, zmm31"),
                        concat!($dot, " zmm14, zmm31, zmm31"), concat!($dot, " zmm15, zmm31, zmm31"),
                        "dec {loops}",
                        "jnz 2b",
                        loops = inout(reg) LOOPS => _,
                        out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _,
                        out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _,
                        out("zmm12") _, out("zmm13") _, out("zmm14") _, out("zmm15") _, out("zmm31") _,
                        options(nostack, nomem),
                    );
                }
            }
        };
    }

    vector!(f32, "vfmadd231ps");
    vector!(bf16, "vdpbf16ps");
    vector!(int8, "vpdpbusd");

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

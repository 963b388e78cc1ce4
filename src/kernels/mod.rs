//! Matrix products of rows and packed panels, for each instruction set.
//!
//! All operands are words of four bytes (one f32, two bf16 or i16, four i8), in panels of 16 columns: the product does not
//! know what they contain. An instruction set implements `DotKernel`; portable Rust does too, and defines the results of
//! the others.

#[cfg(target_arch = "x86_64")]
mod amx;
mod cpu;
mod dot;
mod element;
mod gemm;

pub use cpu::Cpu;
pub(crate) use element::{ElementType, PANEL, WordBuffer, bf16, bf16_pair};
pub(crate) use gemm::{OutputTile, PackedPanels, PaddedRows, gemm, gemm_into, rows_written};

/// Compiles a function once for each instruction set, and picks one by what the CPU has. All give the same bits:
/// the portable body fixes the order of the operations, and nothing is contracted.
macro_rules! for_each_cpu {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) = $portable:ident) => {
        $(#[$doc])*
        pub(crate) fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq")]
                fn avx512($($arg: $type),*) {
                    $portable($($arg),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $type),*) {
                    $portable($($arg),*)
                }
                if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512dq") {
                    // SAFETY: the CPU has both features, asked in the line above.
                    return unsafe { avx512($($arg),*) };
                }
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the CPU has AVX2, asked in the line above.
                    return unsafe { avx2($($arg),*) };
                }
            }
            $portable($($arg),*)
        }
    };
}
pub(crate) use for_each_cpu;

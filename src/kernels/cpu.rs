//! What the CPU can do, found once at start.

use crate::string_enum::string_enum;
use crate::{Error, Result};

/// A set of instructions that kernels are written for, the fastest first. Every one is known in every build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cpu {
    /// Intel's matrix tiles for int8 and bf16, AVX-512 for the rest.
    Amx,
    /// AVX-512 with dot products of int8 (VNNI) and bf16.
    Avx512Bf16,
    /// AVX-512 with dot products of int8.
    Avx512Vnni,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// AVX2 and FMA with dot products of int8 (AVX-VNNI).
    Avx2Vnni,
    /// AVX2 and FMA.
    Avx2,
    /// NEON with dot products of int8 and bf16.
    NeonBf16,
    /// NEON with dot products of int8.
    NeonDot,
    /// NEON.
    Neon,
    /// Plain Rust: what defines the results of all others.
    Scalar,
}

string_enum!(Cpu, "a CPU instruction set", {
    Amx => "amx",
    Avx512Bf16 => "avx512bf16",
    Avx512Vnni => "avx512vnni",
    Avx512 => "avx512",
    Avx2Vnni => "avx2vnni",
    Avx2 => "avx2",
    NeonBf16 => "neonbf16",
    NeonDot => "neondot",
    Neon => "neon",
    Scalar => "scalar",
});

impl Cpu {
    /// The fastest that this machine has.
    pub fn detect() -> Cpu {
        Cpu::ALL.into_iter().find(|cpu| cpu.is_here()).unwrap_or(Cpu::Scalar)
    }

    /// This one, if the machine has it.
    ///
    /// # Errors
    /// [`Error::Device`] with those that it has.
    pub fn checked(self) -> Result<Cpu> {
        if self.is_here() {
            return Ok(self);
        }
        let here: Vec<String> = Cpu::ALL.iter().filter(|cpu| cpu.is_here()).map(Cpu::to_string).collect();
        Err(Error::Device {
            device: self.to_string(),
            reason: format!("not supported by this CPU, which supports {}", here.join(", ")),
        })
    }

    /// Whether the machine has it.
    pub fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            use std::is_x86_feature_detected as has;
            let avx2 = || has!("avx2") && has!("fma");
            let avx512 = || avx2() && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl");
            match self {
                Cpu::Amx => Cpu::Avx512Bf16.is_here() && super::amx::is_here(),
                Cpu::Avx512Bf16 => avx512() && has!("avx512vnni") && has!("avx512bf16"),
                Cpu::Avx512Vnni => avx512() && has!("avx512vnni"),
                Cpu::Avx512 => avx512(),
                Cpu::Avx2Vnni => avx2() && has!("avxvnni"),
                Cpu::Avx2 => avx2(),
                Cpu::NeonBf16 | Cpu::NeonDot | Cpu::Neon => false,
                Cpu::Scalar => true,
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            use std::arch::is_aarch64_feature_detected as has;
            match self {
                Cpu::NeonBf16 => Cpu::NeonDot.is_here() && has!("bf16"),
                Cpu::NeonDot => Cpu::Neon.is_here() && has!("dotprod"),
                Cpu::Neon => has!("neon"),
                _ => self == Cpu::Scalar,
            }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            self == Cpu::Scalar
        }
    }

    /// Whether it has AVX-512 F, BW, DQ and VL.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn has_avx512(self) -> bool {
        matches!(self, Cpu::Amx | Cpu::Avx512Bf16 | Cpu::Avx512Vnni | Cpu::Avx512)
    }

    /// Whether it multiplies bytes as they are, with sums that do not saturate.
    pub(crate) fn has_int8(self) -> bool {
        !matches!(self, Cpu::Avx512 | Cpu::Avx2)
    }

    /// Whether it has AVX-512 with instructions for bf16.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn has_avx512_bf16(self) -> bool {
        matches!(self, Cpu::Amx | Cpu::Avx512Bf16)
    }

    /// Whether it multiplies signed bytes with signed ones, so that int8 words on the left are signed too.
    pub(crate) fn has_signed_rows(self) -> bool {
        matches!(self, Cpu::NeonBf16 | Cpu::NeonDot | Cpu::Neon)
    }

    /// Whether products of bf16 numbers are faster than those of f32. Intel's `vdpbf16ps` is one instruction where
    /// `vfmadd231ps` is four (measured on Sapphire Rapids), AMD's is as fast.
    pub(crate) fn prefers_bf16(self) -> bool {
        match self {
            Cpu::Amx | Cpu::NeonBf16 => true,
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx512Bf16 => {
                let vendor = std::arch::x86_64::__cpuid(0);
                [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() != b"GenuineIntel"
            }
            _ => false,
        }
    }
}

//! Intel's matrix tiles (AMX): a product of 16 rows, 16 columns and 64 bytes in one instruction.
//!
//! The instructions are written out, as the language has no names for them yet. A thread sets its tiles up for each
//! product ([`ThreadTiles`]) and gives them back, so that switching threads does not have to save them.

use std::arch::asm;
use std::arch::x86_64::{__cpuid_count, _xgetbv};
use std::sync::OnceLock;

/// Whether CPU and system have tiles for int8 and bf16. The system is asked for them, once for the process.
pub(crate) fn is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| {
        let features = __cpuid_count(7, 0).edx;
        let (bf16, tiles, int8) = (features >> 22 & 1, features >> 24 & 1, features >> 25 & 1);
        bf16 & tiles & int8 == 1 && system_saves_tiles() && permitted()
    })
}

/// Whether the system saves the tiles' state: bits 17 and 18 of XCR0.
fn system_saves_tiles() -> bool {
    if !std::is_x86_feature_detected!("xsave") {
        return false;
    }
    #[target_feature(enable = "xsave")]
    fn state() -> u64 {
        // SAFETY: XCR0 can always be read where there is XSAVE.
        unsafe { _xgetbv(0) }
    }
    // SAFETY: the CPU has XSAVE, asked above.
    let state = unsafe { state() };
    state >> 17 & 3 == 3
}

/// Linux lends the tiles to a process that asks: `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const REQUEST: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let mut result = ARCH_PRCTL;
    // SAFETY: a system call with two numbers; it touches no memory, and changes the registers that are named.
    unsafe {
        asm!("syscall", inlateout("rax") result, in("rdi") REQUEST, in("rsi") TILE_DATA,
             out("rcx") _, out("r11") _, options(nostack));
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}

/// The layout of the eight tiles: 16 rows of 64 bytes each.
#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_in_a_row: [u16; 16],
    rows: [u8; 16],
}

static LAYOUT: TileConfig = TileConfig {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    bytes_in_a_row: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tiles of this thread, for as long as it lives.
pub(crate) struct ThreadTiles(());

impl ThreadTiles {
    /// Sets the tiles up.
    ///
    /// # Safety
    /// [`is_here`] is true.
    pub(crate) unsafe fn set_up() -> ThreadTiles {
        // SAFETY: the caller vouches for AMX, and the layout is valid for palette 1.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &LAYOUT, options(nostack, readonly)) };
        ThreadTiles(())
    }
}

impl Drop for ThreadTiles {
    fn drop(&mut self) {
        // SAFETY: AMX is here, as there is a value.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// A product with one of the two instructions: four tiles of sums, 16 words of each row and panel at a time.
macro_rules! product {
    ($name:ident, $dot:literal) => {
        /// The product of 32 rows and `PANELS` (1 or 2) panels, as [`super::dot::tile`] gives it.
        ///
        /// # Safety
        /// As there, with [`ThreadTiles`] set up in this thread; `steps` is a multiple of 16.
        pub(crate) unsafe fn $name<const PANELS: usize>(
            a: *const u32,
            stride: usize,
            b: *const u32,
            steps: usize,
            tile: *mut u32,
            tile_stride: usize,
        ) {
            // SAFETY: every pointer stays in what the caller vouches for. The compiler never uses tile registers, so
            // what one block leaves in them the next finds.
            unsafe {
                asm!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3", options(nostack, nomem));
                for step in (0..steps).step_by(16) {
                    let left = a.add(step);
                    let right = b.add(16 * step);
                    if PANELS == 2 {
                        asm!(
                            "tileloadd tmm4, [{left} + {stride}]",
                            "tileloadd tmm6, [{right} + {line}]",
                            concat!($dot, " tmm0, tmm4, tmm6"),
                            "tileloadd tmm7, [{second} + {line}]",
                            concat!($dot, " tmm1, tmm4, tmm7"),
                            "tileloadd tmm5, [{lower} + {stride}]",
                            concat!($dot, " tmm2, tmm5, tmm6"),
                            concat!($dot, " tmm3, tmm5, tmm7"),
                            left = in(reg) left,
                            lower = in(reg) left.add(16 * stride),
                            right = in(reg) right,
                            second = in(reg) right.add(16 * steps),
                            stride = in(reg) 4 * stride,
                            line = in(reg) 64usize,
                            options(nostack, readonly),
                        );
                    } else {
                        asm!(
                            "tileloadd tmm4, [{left} + {stride}]",
                            "tileloadd tmm6, [{right} + {line}]",
                            concat!($dot, " tmm0, tmm4, tmm6"),
                            "tileloadd tmm5, [{lower} + {stride}]",
                            concat!($dot, " tmm2, tmm5, tmm6"),
                            left = in(reg) left,
                            lower = in(reg) left.add(16 * stride),
                            right = in(reg) right,
                            stride = in(reg) 4 * stride,
                            line = in(reg) 64usize,
                            options(nostack, readonly),
                        );
                    }
                }
                let line = 4 * tile_stride;
                let lower = tile.add(16 * tile_stride);
                asm!("tilestored [{tile} + {line}], tmm0", "tilestored [{lower} + {line}], tmm2",
                     tile = in(reg) tile, lower = in(reg) lower, line = in(reg) line, options(nostack));
                if PANELS == 2 {
                    asm!("tilestored [{tile} + {line}], tmm1", "tilestored [{lower} + {line}], tmm3",
                         tile = in(reg) tile.add(16), lower = in(reg) lower.add(16), line = in(reg) line, options(nostack));
                }
            }
        }
    };
}

product!(int8, "tdpbusd");
product!(bf16, "tdpbf16ps");

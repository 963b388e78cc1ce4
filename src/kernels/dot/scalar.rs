//! Plain Rust: what defines the results of all others.

use super::DotKernel;

/// Words of four int8.
pub(crate) struct Int8;
/// Words of two bytes, widened to 16 bits.
pub(crate) struct Int16;
/// Words of two bf16.
pub(crate) struct Bf16;
/// Words of one f32.
pub(crate) struct F32;

macro_rules! scalar {
    ($name:ty, $sum:ty, |$total:ident, $a:ident, $b:ident| $dot:expr) => {
        impl DotKernel for $name {
            const LANES: usize = 4;
            type Word = [u32; 4];
            type Sum = [$sum; 4];

            #[inline(always)]
            unsafe fn zero() -> Self::Sum {
                [<$sum>::default(); 4]
            }

            #[inline(always)]
            unsafe fn load(words: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for the lanes.
                unsafe { words.cast::<[u32; 4]>().read() }
            }

            #[inline(always)]
            unsafe fn splat(word: *const u32) -> Self::Word {
                // SAFETY: the caller's pointer is good for a word.
                unsafe { [word.read(); 4] }
            }

            #[inline(always)]
            unsafe fn dot(sum: Self::Sum, a: Self::Word, b: Self::Word) -> Self::Sum {
                std::array::from_fn(|lane| {
                    let ($total, $a, $b) = (sum[lane], a[lane], b[lane]);
                    $dot
                })
            }

            #[inline(always)]
            unsafe fn store(sums: *mut u32, sum: Self::Sum) {
                // SAFETY: the caller's pointer is good for the lanes; both types are 16 bytes.
                unsafe { sums.cast::<Self::Sum>().write(sum) }
            }
        }
    };
}

scalar!(Int8, i32, |sum, a, b| {
    let products = a.to_le_bytes().into_iter().zip(b.to_le_bytes());
    products.fold(sum, |sum, (a, b)| sum + i32::from(a) * i32::from(b.cast_signed()))
});
scalar!(Int16, i32, |sum, a, b| {
    let (low, high) = (|word: u32| i32::from(word as i16), |word: u32| i32::from((word >> 16) as i16));
    sum + low(a) * low(b) + high(a) * high(b)
});
scalar!(Bf16, f32, |sum, a, b| {
    let (low, high) = (|word: u32| f32::from_bits(word << 16), |word: u32| f32::from_bits(word & 0xffff_0000));
    sum + low(a) * low(b) + high(a) * high(b)
});
scalar!(F32, f32, |sum, a, b| sum + f32::from_bits(a) * f32::from_bits(b));

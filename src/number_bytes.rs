//! Arrays of numbers as bytes, in the byte order of this machine.

use bytemuck::Pod;

/// Adds numbers, after how many bytes they take.
pub(crate) fn put<T: Pod>(bytes: &mut Vec<u8>, numbers: &[T]) {
    let numbers: &[u8] = bytemuck::cast_slice(numbers);
    bytes.extend((numbers.len() as u64).to_ne_bytes());
    bytes.extend(numbers);
}

/// Takes numbers off the front; `None` when they are not there.
pub(crate) fn take<T: Pod>(bytes: &mut &[u8]) -> Option<Vec<T>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (numbers, rest) = rest.split_at_checked(usize::try_from(u64::from_ne_bytes(*length)).ok()?)?;
    *bytes = rest;
    let is_whole = numbers.len().is_multiple_of(size_of::<T>());
    is_whole.then(|| numbers.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken() {
        let mut bytes = Vec::new();
        put(&mut bytes, &[1u32, 2, 3]);
        put::<i64>(&mut bytes, &[]);
        let mut rest = bytes.as_slice();
        assert_eq!(take::<u32>(&mut rest).unwrap(), [1, 2, 3]);
        assert_eq!(take::<i64>(&mut rest), Some(Vec::new()));
        assert!(rest.is_empty() && take::<u8>(&mut rest).is_none());
        assert!(take::<i64>(&mut bytes.as_slice()).is_none(), "twelve bytes are no numbers of eight");
        assert!(take::<u32>(&mut &bytes[..19]).is_none(), "cut off");
    }
}

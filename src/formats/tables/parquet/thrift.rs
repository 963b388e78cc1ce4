//! The few fields of Parquet's headers that have to be known before the parquet crate reads them: how large a page becomes,
//! and how deep the schema is. They are in Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>).

/// Types of fields.
const BYTE: u8 = 3;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
/// Deepest nesting of what is skipped; Parquet's own structs have five levels.
const MAX_SKIPPED: usize = 16;

/// What the header of a page announces.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PageSize {
    /// Bytes of the page when it is decompressed.
    pub(super) bytes: u64,
    /// Values in it, `null` included.
    pub(super) values: u64,
}

impl PageSize {
    /// Reads the start of a page; `None` if it is damaged.
    pub(super) fn read(page: &[u8]) -> Option<PageSize> {
        let mut header = ThriftReader { rest: page };
        let (mut size, mut id) = (PageSize::default(), 0);
        // `PageHeader`: 2 is the size, and 5, 7 and 8 are the headers of the kinds of pages, all with the number of values
        // as their first field. Nothing behind them is of interest.
        while let Some(kind) = header.field(&mut id)? {
            match (id, kind) {
                (2, _) => size.bytes = u64::try_from(header.number()?).ok()?,
                (5 | 7 | 8, STRUCT) => {
                    let mut id = 0;
                    while id != 1 && header.field(&mut id)?.is_some() {}
                    size.values = if id == 1 { u64::try_from(header.number()?).ok()? } else { 0 };
                    return Some(size);
                }
                (_, kind) => header.skip(kind, 0)?,
            }
        }
        Some(size)
    }
}

/// Returns how many levels the schema of a file has, from the metadata at its end; `None` if it is damaged.
pub(super) fn schema_depth(metadata: &[u8]) -> Option<usize> {
    let mut file = ThriftReader { rest: metadata };
    let mut id = 0;
    // `FileMetaData`: 2 is the list of the elements of the schema, each before its children.
    while let Some(kind) = file.field(&mut id)? {
        if (id, kind) != (2, LIST) {
            file.skip(kind, 0)?;
            continue;
        }
        let (elements, kind) = file.list()?;
        if kind != STRUCT {
            return None;
        }
        // The children that are still to come of each element that is open.
        let (mut open, mut deepest): (Vec<i64>, usize) = (Vec::new(), 0);
        for _ in 0..elements {
            let children = file.children()?;
            while open.pop_if(|left| *left <= 0).is_some() {}
            open.last_mut().into_iter().for_each(|left| *left -= 1);
            open.extend((children > 0).then_some(children));
            deepest = deepest.max(open.len());
        }
        return Some(deepest);
    }
    None
}

/// Reads values of Thrift's compact protocol from bytes.
struct ThriftReader<'b> {
    rest: &'b [u8],
}

impl ThriftReader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// A number without a sign, seven bits in each byte.
    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number with a sign, which is its last bit.
    fn number(&mut self) -> Option<i64> {
        let coded = self.unsigned()?;
        Some((coded >> 1).cast_signed() ^ -(coded & 1).cast_signed())
    }

    /// The type of the next field of a struct, or `None` at its end; `id` becomes the number of the field.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.number()?,
            step => *id + i64::from(step),
        };
        Some(Some(byte & 0x0f))
    }

    /// The length of a list, and the type of its elements.
    fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let length = if byte >> 4 == 15 { self.unsigned()? } else { u64::from(byte >> 4) };
        Some((length, byte & 0x0f))
    }

    /// The number of children of an element of the schema.
    fn children(&mut self) -> Option<i64> {
        let (mut children, mut id) = (0, 0);
        while let Some(kind) = self.field(&mut id)? {
            match id {
                5 => children = self.number()?,
                _ => self.skip(kind, 0)?,
            }
        }
        Some(children)
    }

    /// Skips a value of a type.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let skip_bytes = |reader: &mut Self, count: u64| {
            reader.rest = reader.rest.get(usize::try_from(count).ok()?..)?;
            Some(())
        };
        match kind {
            _ if depth > MAX_SKIPPED => None,
            // Booleans are in the type.
            1 | 2 if depth == 0 => Some(()),
            1..=BYTE => skip_bytes(self, 1),
            4..=6 => self.unsigned().map(drop),
            DOUBLE => skip_bytes(self, 8),
            BINARY => {
                let length = self.unsigned()?;
                skip_bytes(self, length)
            }
            LIST | SET => {
                let (length, kind) = self.list()?;
                (0..length).try_for_each(|_| self.skip(kind, depth + 1))
            }
            MAP => {
                let length = self.unsigned()?;
                let kinds = if length > 0 { self.byte()? } else { 0 };
                (0..length).try_for_each(|_| {
                    self.skip(kinds >> 4, depth + 1)?;
                    self.skip(kinds & 0x0f, depth + 1)
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    // Its fields are as those of the outermost struct.
                    if !matches!(kind, 1 | 2) {
                        self.skip(kind, depth + 1)?;
                    }
                }
                Some(())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_pages() {
        let size = |bytes, values| Some(PageSize { bytes, values });
        for (page, expected) in [
            // A data page, one with a checksum, and a dictionary.
            (&[0x15, 0, 0x15, 200, 1, 0x15, 20, 0x2c, 0x15, 14, 0x15, 0][..], size(100, 7)),
            (&[0x15, 0, 0x15, 200, 1, 0x15, 20, 0x15, 9, 0x1c, 0x15, 14], size(100, 7)),
            (&[0x15, 4, 0x15, 200, 1, 0x15, 20, 0x4c, 0x15, 14, 0x15, 0], size(100, 7)),
            // Numbers of fields written out, in another order.
            (&[0x05, 4, 200, 1, 0x05, 2, 0, 0x05, 10, 0, 0x15, 2, 0], size(100, 0)),
            // A negative size, and an end that is missing.
            (&[0x15, 0, 0x15, 1, 0x15, 20, 0x2c, 0x15, 14], None),
            (&[0x15, 0, 0x15], None),
            (&[], None),
        ] {
            assert_eq!(PageSize::read(page), expected, "{page:?}");
        }
    }

    #[test]
    fn depths_of_schemas() {
        let leaf = [0x25, 0, 0x18, 1, b'a', 0];
        let group = |children: u8| [0x35, 0, 0x18, 1, b'a', 0x15, 2 * children, 0];
        let file = |elements: &[&[u8]]| {
            let count = elements.len() as u8;
            [&[0x15, 2, 0x19, 0xfc, count][..], &elements.concat(), &[0]].concat()
        };
        for (elements, depth) in [
            (&[&group(2)[..], &leaf, &leaf][..], 1),
            (&[&group(2), &group(1), &leaf, &leaf], 2),
            (&[&group(1), &group(1), &group(1), &leaf], 3),
            (&[&group(0)], 0),
        ] {
            assert_eq!(schema_depth(&file(elements)), Some(depth));
        }
        assert_eq!(schema_depth(b"lamp"), None);
    }
}

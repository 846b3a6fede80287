//! Protobuf's wire format: a message is a run of fields, each a number and a value.
//!
//! Numbers are read as Go's generated code reads them: at most ten bytes, and what is beyond 64 bits is
//! dropped. Go passes over groups, which nobody has written for twenty years, and over fields whose
//! number has more than 29 bits, which protobuf has not; here both are refused.

use super::error::Error;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A varint.
    Number(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes, which no field of Kubernetes is.
    Fixed32,
    /// A text, bytes, a message, a map's entry, or packed numbers.
    Bytes(&'a [u8]),
}

/// A message, read field by field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Bytes,
    Fixed32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field, until the message ends.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.tag()?;
        Ok(Some((number, self.value(wire_type)?)))
    }

    /// A field's number, and how its value is written.
    #[inline]
    pub(crate) fn tag(&mut self) -> Result<(u32, WireType), Error> {
        let tag = self.varint()?;
        parts(tag)
    }

    #[inline]
    pub(crate) fn value(&mut self, wire_type: WireType) -> Result<Value<'a>, Error> {
        match wire_type {
            WireType::Bytes => self.bytes().map(Value::Bytes),
            WireType::Varint => self.varint().map(Value::Number),
            WireType::Fixed64 => self.fixed64().map(Value::Fixed64),
            WireType::Fixed32 => self.fixed::<4>().map(|_| Value::Fixed32),
        }
    }

    /// A value that is written as the tag before it says, which is that of a field.
    #[inline]
    pub(crate) fn tagged(&mut self, tag: u64) -> Result<Value<'a>, Error> {
        match tag & 7 {
            2 => self.bytes().map(Value::Bytes),
            0 => self.varint().map(Value::Number),
            _ => self.fixed64().map(Value::Fixed64),
        }
    }

    /// Bytes after their length.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = self.varint()?;
        let split = usize::try_from(length).ok();
        let split = split.and_then(|length| self.rest.split_at_checked(length));
        let (bytes, rest) = split.ok_or_else(too_short)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Error> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or_else(too_short)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Error::syntax("a number is too long"))
    }

    fn fixed64(&mut self) -> Result<u64, Error> {
        self.fixed().map(u64::from_le_bytes)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(too_short)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

/// The number and the wire type that a tag is made of.
pub(crate) fn parts(tag: u64) -> Result<(u32, WireType), Error> {
    // Numbers have 29 bits.
    let tag = u32::try_from(tag).map_err(|_| no_number())?;
    let wire_type = match tag & 7 {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::Bytes,
        5 => WireType::Fixed32,
        _ => return Err(Error::syntax("a field is of no known wire type")),
    };
    match tag >> 3 {
        0 => Err(no_number()),
        number => Ok((number, wire_type)),
    }
}

#[cold]
fn no_number() -> Error {
    Error::syntax("a field has no valid number")
}

#[cold]
fn too_short() -> Error {
    Error::syntax("it ends too early")
}

/// Bytes as text.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::syntax("a text is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
        let mut reader = Reader::new(bytes);
        let number = reader.varint().ok()?;
        Some((number, bytes.len() - reader.rest().len()))
    }

    #[test]
    fn a_number_has_one_to_ten_bytes() {
        assert_eq!(varint(&[0]), Some((0, 1)));
        assert_eq!(varint(&[0x7f, 1]), Some((127, 1)));
        assert_eq!(varint(&[0x80, 1]), Some((128, 2)));
        assert_eq!(varint(&[0xff, 0xff, 3]), Some((65_535, 3)));
        let longest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(varint(&longest), Some((u64::MAX, 10)));
        // As Go does: what is beyond 64 bits is dropped.
        let over = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2];
        assert_eq!(varint(&over), Some((0, 10)));
        assert_eq!(varint(&[0x80; 11]), None);
        for end in 0..longest.len() {
            assert_eq!(varint(&longest[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_message_is_read_field_by_field() {
        let message = [
            &[0x0a, 2, b'h', b'i'][..],
            &[0x10, 0x96, 1],
            &[0x19, 1, 0, 0, 0, 0, 0, 0, 0x80],
            &[0x25, 2, 0, 0, 0],
            &[0xfa, 0xff, 0xff, 0xff, 0xf, 0],
        ]
        .concat();
        let mut reader = Reader::new(&message);
        let mut fields = Vec::new();
        while let Some(field) = reader.next().unwrap() {
            fields.push(field);
        }
        let want = [
            (1, Value::Bytes(b"hi")),
            (2, Value::Number(150)),
            (3, Value::Fixed64(1 << 63 | 1)),
            (4, Value::Fixed32),
            ((1 << 29) - 1, Value::Bytes(b"")),
        ];
        assert_eq!(fields, want);
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        let reason = |bytes: &[u8]| {
            let field = Reader::new(bytes).next();
            field.map(|_| ()).map_err(|error| error.to_string())
        };
        for short in [&b"\x0a"[..], b"\x0a\x02a", b"\x10", b"\x19123", b"\x25123"] {
            assert_eq!(reason(short), Err("it ends too early".to_owned()));
        }
        let huge = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(reason(huge), Err("it ends too early".to_owned()));
        for wire_type in [3, 4, 6, 7] {
            let wanted = Err("a field is of no known wire type".to_owned());
            assert_eq!(reason(&[1 << 3 | wire_type]), wanted);
        }
        for number in [&b"\x02"[..], b"\x82\x80\x80\x80\x10\x00"] {
            let wanted = Err("a field has no valid number".to_owned());
            assert_eq!(reason(number), wanted);
        }
    }
}

//! Fields as they are on the wire.

pub(super) fn put_bytes(into: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(into, u64::from(number) << 3 | 2);
    put_varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

pub(super) fn put_text(into: &mut Vec<u8>, number: u32, text: &str) {
    put_bytes(into, number, text.as_bytes());
}

pub(super) fn put_integer(into: &mut Vec<u8>, number: u32, integer: i64) {
    put_varint(into, u64::from(number) << 3);
    put_varint(into, integer.cast_unsigned());
}

pub(super) fn put_float(into: &mut Vec<u8>, number: u32, float: f64) {
    put_varint(into, u64::from(number) << 3 | 1);
    into.extend_from_slice(&float.to_le_bytes());
}

fn put_varint(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    into.push(number.to_le_bytes()[0]);
}

//! Messages in the form in which Kubernetes writes them.
//!
//! Protobuf allows fields in any order, elements of a list anywhere between other fields, and a message
//! in pieces that are merged. API servers write none of that.

use std::borrow::Cow;

use super::error::Error;
use super::schema::{Field, Kind, Message};
use super::wire::{Reader, Value};

/// Why there is no object.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is nested deeper than the levels that were allowed.
    TooDeep,
    Wrong(Error),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

/// The same message with its fields in the order of their numbers, each in one piece, and without those
/// that the schema does not know.
pub(super) fn normalised(
    message: &[u8],
    schema: &Message,
    levels: usize,
) -> Result<Vec<u8>, Unread> {
    let levels = levels.checked_sub(1).ok_or(Unread::TooDeep)?;
    let mut values = Vec::new();
    let mut fields = Reader::new(message);
    while let Some((number, value)) = fields.next()? {
        if let Some(field) = schema.field_numbered(number) {
            values.push((field, value));
        }
    }
    // Stable: the last of several stays the last.
    values.sort_by_key(|(field, _)| field.number());
    let mut into = Vec::with_capacity(message.len());
    for same in values.chunk_by(|(one, _), (other, _)| one.number() == other.number()) {
        put_field(&mut into, same, levels)?;
    }
    Ok(into)
}

/// Writes all that there is of one field.
fn put_field(
    into: &mut Vec<u8>,
    same: &[(&'static Field, Value<'_>)],
    levels: usize,
) -> Result<(), Unread> {
    let [.., last] = same else {
        return Ok(());
    };
    let (field, value) = *last;
    if field.is_list() || field.is_map() {
        return same
            .iter()
            .try_for_each(|(field, value)| put_value(into, field, *value, levels));
    }
    if same.len() == 1 || is_scalar(field.kind()) {
        return put_value(into, field, value, levels);
    }
    let pieces = same.iter().filter_map(|(_, value)| match value {
        Value::Bytes(piece) => Some(*piece),
        Value::Number(_) => None,
    });
    let pieces = pieces.collect::<Vec<_>>();
    // Else what one piece lacks at its end could be taken from the next.
    pieces.iter().try_for_each(|piece| read_through(piece))?;
    let pieces = pieces.concat();
    put_value(into, field, Value::Bytes(&pieces), levels)
}

/// An error unless it is a run of whole fields.
fn read_through(message: &[u8]) -> Result<(), Error> {
    let mut fields = Reader::new(message);
    while fields.next()?.is_some() {}
    Ok(())
}

/// True if the last of several values counts alone.
fn is_scalar(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Float64 | Kind::Text | Kind::Bytes
    )
}

fn put_value(
    into: &mut Vec<u8>,
    field: &'static Field,
    value: Value<'_>,
    levels: usize,
) -> Result<(), Unread> {
    let number = field.number();
    match value {
        Value::Bytes(bytes) if field.is_map() => {
            let entry = entry(field, bytes, levels)?;
            put_bytes(into, number, &entry);
        }
        Value::Bytes(bytes) => put_bytes(into, number, &content(field, bytes, levels)?),
        Value::Number(bits) => put_number(into, number, field.kind(), bits),
    }
    Ok(())
}

/// An entry of a map: its key, then its value.
fn entry(field: &'static Field, entry: &[u8], levels: usize) -> Result<Vec<u8>, Unread> {
    let (mut key, mut value) = (None, None);
    let mut fields = Reader::new(entry);
    while let Some((number, found)) = fields.next()? {
        match number {
            1 => key = Some(found),
            2 => value = Some(found),
            _ => {}
        }
    }
    let mut into = Vec::with_capacity(entry.len());
    for (number, kind, found) in [(1, Kind::Text, key), (2, field.kind(), value)] {
        match found {
            Some(Value::Bytes(bytes)) if number == 2 => {
                put_bytes(&mut into, number, &content(field, bytes, levels)?);
            }
            Some(Value::Bytes(bytes)) => put_bytes(&mut into, number, bytes),
            Some(Value::Number(bits)) => put_number(&mut into, number, kind, bits),
            None => {}
        }
    }
    Ok(into)
}

/// What a field, an element or a map's value holds: itself in order if it is a message.
fn content<'a>(
    field: &'static Field,
    bytes: &'a [u8],
    levels: usize,
) -> Result<Cow<'a, [u8]>, Unread> {
    match field.message() {
        Some(schema) => normalised(bytes, schema, levels).map(Cow::Owned),
        None => Ok(Cow::Borrowed(bytes)),
    }
}

fn put_number(into: &mut Vec<u8>, number: u32, kind: Kind, bits: u64) {
    if kind == Kind::Float64 {
        put_varint(into, u64::from(number) << 3 | 1);
        into.extend_from_slice(&bits.to_le_bytes());
    } else {
        put_varint(into, u64::from(number) << 3);
        put_varint(into, bits);
    }
}

/// Writes a field that holds bytes.
pub(super) fn put_bytes(into: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(into, u64::from(number) << 3 | 2);
    put_varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

pub(super) fn put_varint(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    into.push(number.to_le_bytes()[0]);
}

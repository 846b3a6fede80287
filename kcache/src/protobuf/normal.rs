//! Messages in the form in which Kubernetes writes them.
//!
//! Protobuf allows fields in any order, elements of a list anywhere between other fields, and a message
//! in pieces that are merged. API servers write none of that.

use std::borrow::Cow;

use super::error::Error;
use super::schema::{Field, Kind, Message};
use super::time::Timestamp;
use super::wire::{Reader, Value};

/// Why there is no object.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is nested deeper than the levels that were allowed.
    TooDeep,
    Wrong(Error),
}

impl Unread {
    /// The same with the field in which it was met.
    #[cold]
    fn within(mut self, field: &Field) -> Self {
        if let Self::Wrong(error) = &mut self {
            if field.is_list() || field.is_map() {
                error.add_field("[]");
            }
            if !field.is_inline() {
                error.add_field(field.name());
            }
        }
        self
    }
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
            check(field, value).map_err(|error| Unread::from(error).within(field))?;
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
        _ => None,
    });
    let pieces = pieces.collect::<Vec<_>>();
    if matches!(field.kind(), Kind::Time | Kind::MicroTime) {
        // Go does not merge times.
        pieces
            .iter()
            .try_for_each(|piece| Timestamp::read(piece).map(|_| ()))?;
        return put_value(into, field, value, levels);
    }
    // Else what one piece lacks at its end could be taken from the next.
    pieces.iter().try_for_each(|piece| read_through(piece))?;
    put_value(into, field, Value::Bytes(&pieces.concat()), levels)
}

/// An error if a value is of another wire type than its field, even if another value of it counts.
fn check(field: &Field, value: Value<'_>) -> Result<(), Error> {
    let is_bytes = matches!(value, Value::Bytes(_));
    let is_right = match field.kind() {
        _ if field.is_map() => is_bytes,
        kind if is_number(kind) && field.is_list() && is_bytes => true,
        kind => is_of(kind, value),
    };
    if is_right {
        return Ok(());
    }
    Err(wrong_type())
}

/// True if this is how values of that kind are written.
fn is_of(kind: Kind, value: Value<'_>) -> bool {
    match kind {
        kind if is_number(kind) => matches!(value, Value::Number(_)),
        Kind::Float64 => matches!(value, Value::Fixed64(_)),
        _ => matches!(value, Value::Bytes(_)),
    }
}

/// True of what is written as a varint, and can be packed in a list.
fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int32 | Kind::Int64)
}

#[cold]
fn wrong_type() -> Error {
    Error::syntax("its wire type is another one")
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
    let content = match value {
        Value::Bytes(bytes) if field.is_map() => entry(field, bytes, levels).map(Cow::Owned),
        Value::Bytes(packed) if is_number(field.kind()) => {
            return unpack(into, number, packed).map_err(|error| Unread::from(error).within(field));
        }
        Value::Bytes(bytes) => content(field, bytes, levels),
        value => {
            put_number(into, number, value);
            return Ok(());
        }
    };
    let content = content.map_err(|unread| unread.within(field))?;
    put_bytes(into, number, &content);
    Ok(())
}

/// An entry of a map: its key, then its value. Of several the last counts, be they messages.
fn entry(field: &'static Field, entry: &[u8], levels: usize) -> Result<Vec<u8>, Unread> {
    let (mut key, mut value) = (None, None);
    let mut fields = Reader::new(entry);
    while let Some((number, found)) = fields.next()? {
        let (kind, place) = match number {
            1 => (Kind::Text, &mut key),
            2 => (field.kind(), &mut value),
            _ => continue,
        };
        if !is_of(kind, found) {
            return Err(wrong_type().into());
        }
        *place = Some(found);
    }
    let mut into = Vec::with_capacity(entry.len());
    if let Some(Value::Bytes(key)) = key {
        put_bytes(&mut into, 1, key);
    }
    match value {
        Some(Value::Bytes(bytes)) => put_bytes(&mut into, 2, &content(field, bytes, levels)?),
        Some(value) => put_number(&mut into, 2, value),
        None => {}
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
        None if field.kind() == Kind::Texts => Ok(Cow::Owned(texts(bytes)?)),
        None => Ok(Cow::Borrowed(bytes)),
    }
}

/// The elements of a list of texts, without what may stand between them.
fn texts(message: &[u8]) -> Result<Vec<u8>, Error> {
    let mut into = Vec::with_capacity(message.len());
    let mut fields = Reader::new(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(text)) => put_bytes(&mut into, 1, text),
            (1, _) => return Err(wrong_type()),
            _ => {}
        }
    }
    Ok(into)
}

/// Writes numbers that stand in one value as a value each.
fn unpack(into: &mut Vec<u8>, number: u32, packed: &[u8]) -> Result<(), Error> {
    let mut numbers = Reader::new(packed);
    while !numbers.rest().is_empty() {
        put_number(into, number, Value::Number(numbers.varint()?));
    }
    Ok(())
}

fn put_number(into: &mut Vec<u8>, number: u32, value: Value<'_>) {
    match value {
        Value::Number(bits) => {
            put_varint(into, u64::from(number) << 3);
            put_varint(into, bits);
        }
        Value::Fixed64(bits) => {
            put_varint(into, u64::from(number) << 3 | 1);
            into.extend_from_slice(&bits.to_le_bytes());
        }
        // No field is one of these.
        Value::Fixed32 | Value::Bytes(_) => {}
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

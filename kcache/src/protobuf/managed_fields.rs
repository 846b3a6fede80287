//! Messages without what nobody reads.

use super::error::Error;
use super::normal::{put_bytes, put_varint};
use super::wire::{Reader, Value};

/// `metadata` of every object, and `managedFields` in it.
const METADATA: u32 = 1;
const MANAGED_FIELDS: u32 = 17;

/// Copies the message of an object, in no envelope, without its `metadata.managedFields`. What was in
/// `into` is lost.
///
/// # Errors
///
/// The bytes are no message of an object.
///
/// # Example
///
/// ```
/// let managed = b"\x0a\x07\x0a\x01a\x8a\x01\x01?\x12\x00";
/// let mut message = Vec::new();
/// kcache::protobuf::without_managed_fields(managed, &mut message)?;
/// assert_eq!(message, b"\x0a\x03\x0a\x01a\x12\x00");
/// # Ok::<(), kcache::protobuf::Error>(())
/// ```
pub fn without_managed_fields(message: &[u8], into: &mut Vec<u8>) -> Result<(), Error> {
    into.clear();
    let mut fields = Reader::new(message);
    loop {
        let before = fields.rest();
        match fields.next()? {
            None => return Ok(()),
            Some((METADATA, Value::Bytes(metadata))) => put_metadata(into, metadata)?,
            Some(_) => into.extend_from_slice(&before[..before.len() - fields.rest().len()]),
        }
    }
}

fn put_metadata(into: &mut Vec<u8>, metadata: &[u8]) -> Result<(), Error> {
    let (mut fields, mut kept, mut length) = (Reader::new(metadata), Vec::new(), 0);
    let mut begin = metadata;
    loop {
        let before = fields.rest();
        let field = fields.next()?;
        if let Some((number, _)) = field
            && number != MANAGED_FIELDS
        {
            continue;
        }
        let run = &begin[..begin.len() - before.len()];
        if !run.is_empty() {
            length += run.len();
            kept.push(run);
        }
        begin = fields.rest();
        if field.is_none() {
            break;
        }
    }
    if let [run] = kept[..] {
        put_bytes(into, METADATA, run);
        return Ok(());
    }
    put_varint(into, u64::from(METADATA) << 3 | 2);
    put_varint(into, length as u64);
    for run in kept {
        into.extend_from_slice(run);
    }
    Ok(())
}

//! Answers in protobuf, as the JSON that they would be.

use kcache::protobuf::{Decoder, Envelope};
use libtest_mimic::Failed;
use serde_json::{Value, json};

/// What is requested where a check does not say a form.
pub(crate) const ACCEPT: &str = "application/vnd.kubernetes.protobuf,application/json";
const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Whether an answer is protobuf.
pub(crate) fn is_protobuf(headers: &http::HeaderMap) -> bool {
    let said = headers.get("content-type");
    said.is_some_and(|value| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes()))
}

/// A whole body.
pub(crate) fn to_json(body: &[u8]) -> Result<Value, Failed> {
    let envelope = Envelope::read(body)?;
    let decoder = Decoder::new(envelope.api_version, envelope.kind).ok_or("an unknown kind")?;
    let mut object: Value = decoder.with_managed_fields(true).decode(envelope.raw)?;
    // Protobuf cannot say that a list is empty and there.
    let is_list = object["kind"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("List"));
    if is_list && object["items"].is_null() {
        object["items"] = json!([]);
    }
    Ok(object)
}

/// The first event of a watch, with its length, if it is whole.
pub(crate) fn split_event(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    Some((rest.get(..length)?, 4 + length))
}

/// An event of a watch.
pub(crate) fn event_to_json(event: &[u8]) -> Result<Value, Failed> {
    let (mut kind, mut object) = (String::new(), Value::Null);
    for (number, content) in fields(event)? {
        match number {
            1 => kind = String::from_utf8_lossy(content).into_owned(),
            2 => {
                let raw = fields(content)?;
                let (_, raw) = raw.first().ok_or("an event without an object")?;
                object = to_json(raw)?;
            }
            other => return Err(format!("an event has the field {other}").into()),
        }
    }
    Ok(json!({ "type": kind, "object": object }))
}

/// The fields of a message that has nothing but messages and texts.
fn fields(mut message: &[u8]) -> Result<Vec<(u64, &[u8])>, Failed> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let length = usize::try_from(varint(&mut message)?)?;
        if tag & 7 != 2 {
            return Err("a field is neither a message nor a text".into());
        }
        let (content, rest) = message.split_at_checked(length).ok_or("a field is cut")?;
        fields.push((tag >> 3, content));
        message = rest;
    }
    Ok(fields)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Failed> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or("a number is cut")?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number has no end".into())
}

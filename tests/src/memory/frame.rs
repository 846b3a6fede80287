//! Frames of a stream, and what a fault makes of one.

use std::io;

use bytes::Bytes;
use serde_json::Value;

use super::status::Status;

/// What a fault does to a stream; frames count from 0.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    CutBetween(usize),
    CutInside(usize),
    End(usize),
    Stall(usize),
    Truncate(usize),
    Garble(usize),
    Undecodable(usize),
    WithoutObject(usize),
    WithoutName(usize),
    Replay { frame: usize, count: usize },
    Swap(usize),
    Error(usize, Status),
}

/// An `ERROR` event.
pub(super) fn error_frame(status: &Status) -> Bytes {
    frame("ERROR", &status.to_json())
}

pub(super) fn frame(kind: &str, object: &Value) -> Bytes {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}").into()
}

/// An event, or an item, whose labels are no map.
pub(super) fn undecodable(frame: &[u8]) -> Vec<u8> {
    changed(frame, |object| object["metadata"]["labels"] = 7.into())
}

/// An event, or an item, without this field of its metadata.
pub(super) fn without(frame: &[u8], field: &str) -> Vec<u8> {
    changed(frame, |object| {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove(field);
        }
    })
}

fn changed(frame: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(frame).unwrap_or_default();
    match value.get("object") {
        Some(_) => change(&mut value["object"]),
        None => change(&mut value),
    }
    value.to_string().into_bytes()
}

/// An event that says what happened, but not to what.
pub(super) fn without_object(frame: &[u8]) -> Vec<u8> {
    let value: Value = serde_json::from_slice(frame).unwrap_or_default();
    serde_json::json!({ "type": value["type"] })
        .to_string()
        .into_bytes()
}

pub(super) fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection was cut")
}

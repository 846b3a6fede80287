//! How the frames of an answer are written. They are made as JSON.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::Value;

use super::frame::{Effect, undecodable, without};
use crate::protobuf::{self, field};

/// What the frames of an answer are written as.
#[derive(Debug, Clone, Default)]
pub(super) enum Writing {
    /// As they are.
    #[default]
    AsMade,
    /// Events of a watch in protobuf.
    Events,
}

/// A list in protobuf, whose length stands before it.
#[derive(Debug, Clone)]
pub(super) struct ProtobufList {
    /// The version and kind of the list.
    pub(super) types: (String, String),
    /// The message of its metadata.
    pub(super) metadata: Vec<u8>,
}

impl Writing {
    pub(super) fn frame(&self, frame: &[u8]) -> Bytes {
        match self {
            Self::AsMade => Bytes::copy_from_slice(frame),
            Self::Events => event(frame),
        }
    }
}

impl ProtobufList {
    /// Its items, written, and what stands before and after them. What an effect makes of an item that is
    /// to be seen in the object is made here.
    pub(super) fn write(
        &self,
        items: VecDeque<Bytes>,
        effect: &mut Option<Effect>,
    ) -> (Bytes, VecDeque<Bytes>, Bytes) {
        let (api_version, kind) = &self.types;
        let kind_of_item = kind.strip_suffix("List").unwrap_or(kind);
        let items = rearranged(items, effect).into_iter().map(|item| {
            let item = message(api_version, kind_of_item, read(&item));
            Bytes::from(field(2, &item))
        });
        let items: VecDeque<_> = items.collect();
        // As if it were all of the list, and without it.
        let mut raw = field(1, &self.metadata);
        raw.resize(raw.len() + items.iter().map(Bytes::len).sum::<usize>(), 0);
        let whole = protobuf::envelope(api_version, kind, &raw);
        let tail = [field(3, b""), field(4, b"")].concat();
        let end = whole.len() - tail.len() - raw.len();
        let head = [&whole[..end], &field(1, &self.metadata)].concat();
        (head.into(), items, tail.into())
    }
}

/// A single object, or a refusal.
pub(super) fn single(object: &[u8]) -> Bytes {
    enveloped(read(object)).into()
}

/// The items of a list in the order and form in which an effect has them, if it is one of those. Else it
/// stays.
fn rearranged(mut items: VecDeque<Bytes>, effect: &mut Option<Effect>) -> VecDeque<Bytes> {
    match *effect {
        Some(Effect::Undecodable(at)) if at < items.len() => {
            items[at] = undecodable(&items[at]).into();
        }
        Some(Effect::WithoutName(at)) if at < items.len() => {
            items[at] = without(&items[at], "name").into();
        }
        Some(Effect::Swap(at)) if at + 1 < items.len() => items.swap(at, at + 1),
        Some(Effect::Replay { frame, count }) if frame < items.len() => {
            let again: Vec<_> = items
                .range((frame + 1).saturating_sub(count)..=frame)
                .cloned()
                .collect();
            let rest = items.split_off(frame + 1);
            items.extend(again.into_iter().chain(rest));
        }
        _ => return items,
    }
    *effect = None;
    items
}

/// A `metav1.WatchEvent` after its length.
fn event(frame: &[u8]) -> Bytes {
    let mut value = read(frame);
    let kind = value["type"].as_str().unwrap_or_default();
    let mut event = field(1, kind.as_bytes());
    let object = value["object"].take();
    if !object.is_null() {
        event.extend(field(2, &field(1, &enveloped(object))));
    }
    let length = u32::try_from(event.len()).expect("a short event");
    [&length.to_be_bytes()[..], &event].concat().into()
}

fn enveloped(object: Value) -> Vec<u8> {
    let name = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (name("apiVersion"), name("kind"));
    let message = message(&api_version, &kind, object);
    protobuf::envelope(&api_version, &kind, &message)
}

/// # Panics
/// The object has something that its kind has not: a test has put it there.
fn message(api_version: &str, kind: &str, mut object: Value) -> Vec<u8> {
    // Labels that are no map are a number here, too.
    let spoilt = object["metadata"]["labels"].is_number();
    if let (true, Some(metadata)) = (spoilt, object["metadata"].as_object_mut()) {
        metadata.remove("labels");
    }
    let message = protobuf::message(api_version, kind, &object);
    let mut message = message.unwrap_or_else(|error| panic!("no protobuf: {error:#}"));
    if spoilt {
        message.extend(field(1, &[11 << 3, 7]));
    }
    message
}

fn read(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("the server made it")
}

//! All that the server sends, in one form.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::ops::Range;

use anyhow::Result;
use harness::protobuf;
use serde_json::Value;

use super::form::{Encoding, Form};
use crate::pods::{Phase, Pod};

/// Bytes that are ready.
pub(super) struct Bytes {
    pub(super) form: Form,
    first: List,
    second: List,
    /// The updates and the marker, as HTTP chunks.
    pub(super) updates: Vec<u8>,
}

/// A list, and the same as a streaming list.
pub(super) struct List {
    form: Form,
    version: usize,
    /// The objects as they stand in it, and where each stands.
    items: Vec<u8>,
    places: Vec<Range<usize>>,
    /// The initial events with the bookmark that ends them, as HTTP chunks.
    pub(super) initial: Vec<u8>,
}

impl Bytes {
    pub(super) fn new(form: Form, count: usize) -> Result<Self> {
        let mut updates = Vec::new();
        let mut body = String::new();
        for pod in Phase::Updates.pods(count) {
            let object = form.object(&mut body, pod)?;
            let is_new = pod.number == count;
            let kind = if is_new { "ADDED" } else { "MODIFIED" };
            chunk(&mut updates, &form.event(kind, &object))?;
        }
        Ok(Self {
            form,
            first: List::new(form, Phase::List, count)?,
            second: List::new(form, Phase::Relist, count)?,
            updates,
        })
    }

    pub(super) fn list(&self, is_second: bool) -> &List {
        if is_second { &self.second } else { &self.first }
    }
}

impl List {
    fn new(form: Form, phase: Phase, count: usize) -> Result<Self> {
        let mut list = Self {
            form,
            version: phase.version(count),
            items: Vec::new(),
            places: Vec::with_capacity(count),
            initial: Vec::new(),
        };
        let mut body = String::new();
        for pod in phase.list(count) {
            let object = form.object(&mut body, pod)?;
            list.add_item(&object)?;
            chunk(&mut list.initial, &form.event("ADDED", &object))?;
        }
        let bookmark = form.bookmark(list.version)?;
        chunk(&mut list.initial, &form.event("BOOKMARK", &bookmark))?;
        Ok(list)
    }

    fn add_item(&mut self, object: &[u8]) -> Result<()> {
        let items = &mut self.items;
        if self.form.encoding == Encoding::Json && !items.is_empty() {
            items.push(b',');
        }
        let from = items.len();
        match (self.form.encoding, self.form.metadata_only) {
            (Encoding::Protobuf, _) => items.extend(protobuf::field(2, object)),
            // Items of lists carry no kind, unless they are of a kind that is made for the request.
            (Encoding::Json, false) => write!(items, "{{").map(|()| items.extend(object))?,
            (Encoding::Json, true) => items.extend(with_kind(self.form.kind(), object)),
        }
        self.places.push(from..items.len());
        Ok(())
    }

    /// A page as its head, items and tail.
    pub(super) fn page(&self, from: usize, limit: usize) -> Result<(Vec<u8>, &[u8], &[u8])> {
        let count = self.places.len();
        let to = count.min(from.saturating_add(limit));
        let items = &self.items[self.places[from].start..self.places[to - 1].end];
        let more = (to < count).then(|| (to, count - to));
        let (form, version) = (self.form, self.version);
        Ok(match form.encoding {
            Encoding::Json => (form.json_head(version, more)?.into_bytes(), items, b"]}\n"),
            Encoding::Protobuf => (form.protobuf_head(version, more, items.len()), items, &TAIL),
        })
    }
}

/// The kind of an answer that is no object.
const STATUS: (&str, &str) = ("v1", "Status");

/// The two fields behind an envelope's message, which Go writes, too, empty as they are.
const TAIL: [u8; 4] = [0x1a, 0, 0x22, 0];

/// One event as one chunk, as the real server flushes them.
fn chunk(out: &mut Vec<u8>, event: &[u8]) -> std::io::Result<()> {
    write!(out, "{:x}\r\n", event.len())?;
    out.extend(event);
    out.extend(b"\r\n");
    Ok(())
}

/// JSON without its opening brace, with its kind before it.
fn with_kind((api_version, kind): (&str, &str), object: &[u8]) -> Vec<u8> {
    let head = format!(r#"{{"kind":"{kind}","apiVersion":"{api_version}","#);
    [head.as_bytes(), object].concat()
}

impl Form {
    fn kind(self) -> (&'static str, &'static str) {
        if self.metadata_only {
            ("meta.k8s.io/v1", "PartialObjectMetadata")
        } else {
            ("v1", "Pod")
        }
    }

    /// JSON without its opening brace, or a message.
    fn object(self, body: &mut String, pod: Pod) -> Result<Vec<u8>> {
        body.clear();
        if self.metadata_only {
            pod.write_metadata(body)?;
        } else {
            pod.write(body)?;
        }
        self.encoded(body)
    }

    fn encoded(self, body: &str) -> Result<Vec<u8>> {
        if self.encoding == Encoding::Json {
            return Ok(body.as_bytes().to_vec());
        }
        let object: Value = serde_json::from_str(&format!("{{{body}"))?;
        let (api_version, kind) = self.kind();
        protobuf::message(api_version, kind, &object)
    }

    fn bookmark(self, version: usize) -> Result<Vec<u8>> {
        let metadata = format!(
            r#""metadata":{{"resourceVersion":"{version}","annotations":{{"k8s.io/initial-events-end":"true"}}}}"#
        );
        let rest = r#","spec":{"containers":null},"status":{}"#;
        let rest = if self.metadata_only { "" } else { rest };
        self.encoded(&format!("{metadata}{rest}}}"))
    }

    fn event(self, kind: &str, object: &[u8]) -> Vec<u8> {
        self.event_of(kind, self.kind(), object)
    }

    /// The event that ends a watch whose version is too old, as an HTTP chunk.
    pub(super) fn expired(self) -> Result<Vec<u8>> {
        let status = r#""metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}"#;
        let object = match self.encoding {
            Encoding::Json => status.as_bytes().to_vec(),
            Encoding::Protobuf => {
                let status = serde_json::from_str(&format!("{{{status}"))?;
                protobuf::message(STATUS.0, STATUS.1, &status)?
            }
        };
        let mut event = Vec::new();
        chunk(&mut event, &self.event_of("ERROR", STATUS, &object))?;
        Ok(event)
    }

    /// An event with an object of this kind, which is JSON without its opening brace, or a message.
    fn event_of(self, kind: &str, of: (&str, &str), object: &[u8]) -> Vec<u8> {
        match self.encoding {
            Encoding::Json => {
                let head = format!(r#"{{"type":"{kind}","object":"#);
                let object = with_kind(of, object);
                [head.as_bytes(), &object, b"}\n"].concat()
            }
            Encoding::Protobuf => {
                let object = protobuf::envelope(of.0, of.1, object);
                let object = protobuf::field(1, &object);
                let event = [
                    protobuf::field(1, kind.as_bytes()),
                    protobuf::field(2, &object),
                ];
                let event = event.concat();
                let length = u32::try_from(event.len()).expect("a short event");
                [&length.to_be_bytes(), &event[..]].concat()
            }
        }
    }

    /// What stands before the items; `more` is the next page's token, and how many items are left.
    fn json_head(self, version: usize, more: Option<(usize, usize)>) -> Result<String, fmt::Error> {
        let (api_version, kind) = self.kind();
        let mut metadata = format!(r#""resourceVersion":"{version}""#);
        if let Some((token, left)) = more {
            write!(
                metadata,
                r#","continue":"{token}","remainingItemCount":{left}"#
            )?;
        }
        Ok(format!(
            r#"{{"kind":"{kind}List","apiVersion":"{api_version}","metadata":{{{metadata}}},"items":["#
        ))
    }

    fn protobuf_head(self, version: usize, more: Option<(usize, usize)>, items: usize) -> Vec<u8> {
        let (api_version, kind) = self.kind();
        let token = more.map(|(token, _)| token.to_string());
        let mut metadata = [
            protobuf::field(1, b""),
            protobuf::field(2, version.to_string().as_bytes()),
            protobuf::field(3, token.unwrap_or_default().as_bytes()),
        ]
        .concat();
        if let Some((_, left)) = more {
            metadata.push(4 << 3);
            varint(&mut metadata, left);
        }
        let metadata = protobuf::field(1, &metadata);
        let kind = format!("{kind}List");
        let types = [
            protobuf::field(1, api_version.as_bytes()),
            protobuf::field(2, kind.as_bytes()),
        ];
        let mut head = [&b"k8s\0"[..], &protobuf::field(1, &types.concat()), &[0x12]].concat();
        varint(&mut head, metadata.len() + items);
        head.extend(metadata);
        head
    }
}

fn varint(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(0x80 | number.to_le_bytes()[0]);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

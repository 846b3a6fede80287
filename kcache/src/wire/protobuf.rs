//! Bodies in protobuf.

use bytes::Bytes;

use super::error::WireError;
use super::fields::{Before, Fields, Form, Found, Use};
use super::part::{EventKind, EventPart, ListMeta, ListPart, ShardInfo};
use crate::encoding::Encoding;
use crate::protobuf::Envelope;
use crate::protobuf::wire::{Reader, Value};

/// The body of a list: an envelope (`runtime.Unknown`) around its metadata and items.
pub(super) struct ProtobufList {
    pub(super) fields: Fields,
    /// What the list is, once its envelope has said it.
    kind: Option<String>,
    /// The message of the list has ended.
    listed: bool,
    /// Parts of the envelope that is read, the last first.
    parts: Vec<ListPart>,
}

/// The numbers of a `runtime.Unknown`.
const TYPE_META: u32 = 1;
const RAW: u32 = 2;
const CONTENT_ENCODING: u32 = 3;
/// The numbers of a list.
const METADATA: u32 = 1;
const ITEMS: u32 = 2;
/// The number of the shard in the metadata of a list.
const SHARD_INFO: u32 = 5;

impl ProtobufList {
    pub(super) fn new(limit: usize) -> Self {
        let uses = |level, number| match (level, number) {
            (0, RAW) => Use::Open,
            (0, TYPE_META | CONTENT_ENCODING) | (1, METADATA) => Use::Whole,
            (1, ITEMS) => Use::Object(Form::Bare),
            _ => Use::Skip,
        };
        Self {
            fields: Fields::new(Before::Magic, uses, limit),
            kind: None,
            listed: false,
            parts: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        self.fields.push(chunk);
    }

    pub(super) fn next(&mut self) -> Result<Option<ListPart>, WireError> {
        loop {
            if let Some(part) = self.parts.pop() {
                return Ok(Some(part));
            }
            let Some(found) = self.fields.next()? else {
                return Ok(None);
            };
            let (level, number, span) = match found {
                Found::Field {
                    level,
                    number,
                    span,
                } => (level, number, span),
                Found::End { level: 1 } => {
                    self.listed = true;
                    return Ok(Some(ListPart::Listed));
                }
                Found::End { .. } => continue,
            };
            let bytes = self.fields.bytes(&span);
            match (level, number) {
                (1, ITEMS) => {
                    self.is_a_list()?;
                    return Ok(Some(ListPart::Item(span)));
                }
                (1, _) => return Ok(Some(ListPart::Meta(list_meta(bytes)?))),
                (0, TYPE_META) => {
                    let (api_version, kind) = type_meta(bytes)?;
                    self.kind.clone_from(&kind);
                    self.parts = vec![ListPart::Kind(kind), ListPart::ApiVersion(api_version)];
                }
                // It is compressed.
                (0, CONTENT_ENCODING) if !bytes.is_empty() => return Err(WireError::NotProtobuf),
                _ => {}
            }
        }
    }

    /// A `Status` has something else where lists have items.
    fn is_a_list(&self) -> Result<(), WireError> {
        match &self.kind {
            Some(kind) if !kind.ends_with("List") => Err(WireError::NotAList),
            _ => Ok(()),
        }
    }

    /// True if all of it has come, as far as it can be known: an envelope has no end.
    pub(super) fn is_complete(&self) -> bool {
        self.listed && self.fields.is_between()
    }

    /// True if it has said that it is a list.
    pub(super) fn is_named(&self) -> bool {
        self.kind.is_some() && self.is_a_list().is_ok()
    }
}

/// The body of a watch: events (`metav1.WatchEvent`), each after its length.
pub(super) struct ProtobufEvents(pub(super) Fields);

impl ProtobufEvents {
    pub(super) fn new(limit: usize) -> Self {
        let uses = |level, number| match (level, number) {
            (0, 1) => Use::Whole,
            // The object is in a `runtime.RawExtension`.
            (0, 2) => Use::Open,
            (1, 1) => Use::Object(Form::Enveloped),
            _ => Use::Skip,
        };
        Self(Fields::new(Before::Length, uses, limit))
    }

    pub(super) fn next(&mut self) -> Result<Option<EventPart>, WireError> {
        while let Some(found) = self.0.next()? {
            return Ok(Some(match found {
                Found::Field { level: 0, span, .. } => {
                    EventPart::Kind(EventKind::of(self.0.bytes(&span)))
                }
                Found::Field { span, .. } => EventPart::Object(span),
                Found::End { level: 0 } => EventPart::End,
                Found::End { .. } => continue,
            }));
        }
        Ok(None)
    }
}

/// True if there is the message of an object in the envelope, and nothing else.
pub(super) fn is_message(envelope: &Envelope<'_>) -> bool {
    let kind = envelope.content_type;
    let is_protobuf = || Encoding::of_content_type(kind) == Some(Encoding::Protobuf);
    envelope.content_encoding.is_empty() && (kind.is_empty() || is_protobuf())
}

/// What an envelope says of its object: `apiVersion` and `kind`.
fn type_meta(bytes: &[u8]) -> Result<(Option<String>, Option<String>), WireError> {
    texts(bytes, 1, 2)
}

fn list_meta(bytes: &[u8]) -> Result<ListMeta, WireError> {
    let (resource_version, r#continue) = texts(bytes, 2, 3)?;
    Ok(ListMeta {
        resource_version,
        r#continue,
        shard_info: shard_info(bytes)?,
        kind: None,
    })
}

fn shard_info(meta: &[u8]) -> Result<Option<ShardInfo>, WireError> {
    let mut fields = Reader::new(meta);
    while let Some(field) = fields.next().map_err(|_| WireError::NotProtobuf)? {
        if let (SHARD_INFO, Value::Bytes(info)) = field {
            let selector = texts(info, 1, 1)?.0.unwrap_or_default();
            return Ok(Some(ShardInfo { selector }));
        }
    }
    Ok(None)
}

/// The texts of two fields.
fn texts(
    message: &[u8],
    first: u32,
    second: u32,
) -> Result<(Option<String>, Option<String>), WireError> {
    let (mut one, mut other) = (None, None);
    let mut fields = Reader::new(message);
    while let Some((number, value)) = fields.next().map_err(|_| WireError::NotProtobuf)? {
        let Value::Bytes(bytes) = value else { continue };
        let text = || String::from_utf8_lossy(bytes).into_owned();
        if number == first {
            one = Some(text());
        } else if number == second {
            other = Some(text());
        }
    }
    Ok((one, other))
}

#[cfg(test)]
mod tests {
    use super::super::error::WireError;
    use super::super::fields::{MAGIC, field};
    use super::super::list::ListBody;
    use super::super::part::{EventKind, ListMeta};
    use super::super::watch::WatchBody;
    use crate::codec::Header;
    use crate::encoding::Encoding;
    use bytes::Bytes;

    const LIMIT: usize = 64;

    /// An object of this name, and as much data.
    fn object(name: &str, data: usize) -> Vec<u8> {
        let metadata = field(1, &field(1, name.as_bytes()));
        [metadata, field(2, &vec![b'x'; data])].concat()
    }

    fn enveloped(kind: &str, raw: &[u8]) -> Vec<u8> {
        let types = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        let rest = [field(3, b""), field(4, b"")].concat();
        [MAGIC.to_vec(), field(1, &types), field(2, raw), rest].concat()
    }

    fn list(kind: &str, items: &[Vec<u8>]) -> Vec<u8> {
        let meta = [
            field(1, b""),
            field(2, b"7"),
            field(3, b"next"),
            b"\x20\x05".to_vec(),
            field(5, &field(1, b"half")),
        ];
        let items = items.iter().flat_map(|item| field(2, item));
        let raw = field(1, &meta.concat()).into_iter().chain(items);
        enveloped(kind, &raw.collect::<Vec<_>>())
    }

    fn event(kind: &str, object: &[u8]) -> Vec<u8> {
        let event = [field(1, kind.as_bytes()), field(2, &field(1, object))].concat();
        framed(&event)
    }

    fn framed(event: &[u8]) -> Vec<u8> {
        let length = u32::try_from(event.len()).unwrap();
        [&length.to_be_bytes()[..], event].concat()
    }

    type Items = Vec<(String, bool)>;

    /// The name of each item and whether it was whole, and what the list said.
    fn read(body: &[u8], chunk: usize) -> Result<(Items, ListMeta), WireError> {
        let mut list = ListBody::new(Encoding::Protobuf, LIMIT);
        let mut items = Vec::new();
        for chunk in body.chunks(chunk) {
            list.push(Bytes::copy_from_slice(chunk));
            while let Some(item) = list.next()? {
                let types = item.types.expect("the envelope comes first");
                assert_eq!(
                    (types.api_version.as_str(), types.kind.as_str()),
                    ("v1", "Pod")
                );
                items.push((name(item.raw), item.whole));
            }
        }
        Ok((items, list.finish()?))
    }

    fn name(raw: crate::codec::Raw<'_>) -> String {
        let key = Header::read(raw).and_then(|header| header.key());
        key.map_or("?".to_owned(), |key| key.name().to_owned())
    }

    fn named(items: &[(&str, bool)]) -> Items {
        let items = items.iter();
        items
            .map(|(name, whole)| ((*name).to_owned(), *whole))
            .collect()
    }

    #[test]
    fn items_come_one_by_one_wherever_they_are_cut_and_of_large_ones_the_metadata() {
        let items = [
            object("a", 3),
            object("large", 300),
            Vec::new(),
            object("z", 0),
        ];
        let body = list("PodList", &items);
        for chunk in 1..=body.len() {
            let (items, meta) = read(&body, chunk).unwrap();
            let want = [("a", true), ("large", false), ("?", true), ("z", true)];
            assert_eq!(items, named(&want), "{chunk}");
            assert_eq!(meta.resource_version.as_deref(), Some("7"));
            assert_eq!(meta.r#continue.as_deref(), Some("next"));
            assert_eq!(meta.kind.as_deref(), Some("PodList"));
            let shard = meta.shard_info.map(|info| info.selector);
            assert_eq!(shard.as_deref(), Some("half"));
        }
        let (none, _) = read(&list("PodList", &[]), 7).unwrap();
        assert_eq!(none, []);
    }

    #[test]
    fn fields_that_are_not_known_are_passed_by() {
        let number = b"\x28\x96\x01".to_vec();
        let fixed = b"\x2d1234\x3112345678".to_vec();
        let raw = [
            field(9, &[0; 200]),
            number.clone(),
            field(1, &field(2, b"7")),
            fixed,
            field(2, &object("a", 0)),
            field(9, b""),
        ]
        .concat();
        let body = [enveloped("PodList", &raw), number, field(15, b"later")].concat();
        for chunk in 1..=body.len() {
            let (items, meta) = read(&body, chunk).unwrap();
            assert_eq!(items, named(&[("a", true)]), "{chunk}");
            assert_eq!(meta.resource_version.as_deref(), Some("7"));
        }
    }

    #[test]
    fn what_is_cut_is_incomplete() {
        let body = list("PodList", &[object("a", 3), object("large", 100)]);
        // The envelope has two more fields, and it is not said that they come.
        let end = body.len() - 4;
        for cut in 0..end {
            for chunk in [1, 13, 1000] {
                let (result, error) = (read(&body[..cut], chunk), WireError::Incomplete);
                assert_eq!(result.map(|_| ()), Err(error), "{cut}");
            }
        }
        assert!(read(&body[..end], 1000).is_ok());
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let refused = |body: &[u8]| read(body, body.len().max(1)).map(|_| ());
        // What a Status says in its second field is no item.
        let status = [field(1, b""), field(2, b"Failure")].concat();
        let bodies = [
            enveloped("Status", &status),
            enveloped("", &[]),
            enveloped("Pod", &object("a", 1)),
            enveloped("Pod", b""),
            [MAGIC.to_vec(), field(2, b"")].concat(),
        ];
        for body in bodies {
            assert_eq!(refused(&body), Err(WireError::NotAList));
        }
        let compressed = [list("PodList", &[]), field(3, b"gzip")].concat();
        for body in [
            &b"<html>"[..],
            br#"{"items":[]}"#,
            b"k8s\x00\x0b",
            b"k8s\x00\x08\x01",
            b"k8s\x00\x02",
            b"k8s\x00\x0e",
            b"k8s\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            // Lengths that lead out of what they are in, and out of the world.
            b"k8s\x00\x12\x02\x12\x05",
            b"k8s\x00\x12\x02\x12\xff\xff\xff\xff\x7f",
            b"k8s\x00\x12\x80\x80\x80\x80\x08\x12\xff\xff\xff\xff\x7f",
            b"k8s\x00\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"k8s\x00\x12\x01\x19\x01",
            &compressed,
        ] {
            assert_eq!(refused(body), Err(WireError::NotProtobuf), "{body:?}");
        }
        let meta = enveloped("PodList", &field(1, &field(3, &[b'x'; 100])));
        assert_eq!(refused(&meta), Err(WireError::TooLarge));
    }

    #[test]
    fn of_what_is_too_large_no_more_is_held_than_the_limit() {
        let large = list("PodList", &[object("large", 100_000), object("a", 0)]);
        let mut body = ListBody::new(Encoding::Protobuf, LIMIT);
        let mut items = Vec::new();
        for chunk in large.chunks(10) {
            body.push(Bytes::copy_from_slice(chunk));
            while let Some(item) = body.next().unwrap() {
                items.push((name(item.raw), item.whole));
            }
            assert!(body.held() <= LIMIT, "{}", body.held());
        }
        assert_eq!(items, named(&[("large", false), ("a", true)]));
    }

    type Events = Vec<(EventKind, String, String, bool)>;

    /// Events by kind, the type of the object, its name and whether it was whole; and whether the body
    /// ended between two.
    fn follow(body: &[u8], chunk: usize) -> (Events, Result<bool, WireError>) {
        let mut watch = WatchBody::new(Encoding::Protobuf, LIMIT);
        let mut events = Vec::new();
        for chunk in body.chunks(chunk) {
            watch.push(Bytes::copy_from_slice(chunk));
            loop {
                match watch.next() {
                    Ok(None) => break,
                    Err(error) => return (events, Err(error)),
                    Ok(Some(frame)) => {
                        let types = frame.own_types();
                        let kind = types.kind.unwrap_or_default().into_owned();
                        events.push((frame.kind, kind, name(frame.object), frame.whole));
                    }
                }
            }
        }
        (events, Ok(watch.is_between()))
    }

    #[test]
    fn events_come_whole_wherever_they_are_cut() {
        let pod = enveloped("Pod", &object("a", 3));
        let large = enveloped("Pod", &object("large", 300));
        let late = [field(2, &field(1, &pod)), field(1, b"DELETED")].concat();
        let late_and_large = [field(2, &field(1, &large)), field(1, b"DELETED")].concat();
        let body = [
            event("ADDED", &pod),
            event("MODIFIED", &large),
            framed(&late),
            framed(&late_and_large),
            event("NEW", &enveloped("Status", b"")),
        ]
        .concat();
        let event = |kind, what: &str, name: &str, whole| (kind, what.into(), name.into(), whole);
        let want = [
            event(EventKind::Added, "Pod", "a", true),
            event(EventKind::Modified, "Pod", "large", false),
            event(EventKind::Deleted, "Pod", "a", true),
            event(EventKind::Deleted, "Pod", "large", false),
            event(EventKind::Unknown, "Status", "?", true),
        ];
        for chunk in 1..=body.len() {
            let (events, end) = follow(&body, chunk);
            assert_eq!((events.as_slice(), end), (&want[..], Ok(true)), "{chunk}");
        }
        for cut in 1..body.len() {
            let (events, end) = follow(&body[..cut], 50);
            assert!(events.len() <= want.len() && end.is_ok(), "{cut}");
        }
        assert_eq!(follow(&body[..body.len() - 1], 50).1, Ok(false));
    }

    #[test]
    fn what_is_no_event_is_refused_after_the_events_before_it() {
        let pod = enveloped("Pod", &object("a", 3));
        let first = event("ADDED", &pod);
        let object_alone = framed(&field(2, &field(1, &pod)));
        let bare = event("ADDED", &object("a", 3));
        let compressed = event("ADDED", &[pod.clone(), field(3, b"gzip")].concat());
        let long = event(&"X".repeat(100), &pod);
        for (rest, want) in [
            (&framed(&field(1, b"ADDED"))[..], WireError::NotAnEvent),
            (
                &framed(&[field(1, b"ADDED"), field(2, b"")].concat()),
                WireError::NotAnEvent,
            ),
            (&object_alone, WireError::NotAnEvent),
            (&framed(b""), WireError::NotAnEvent),
            (&bare, WireError::NotProtobuf),
            (&compressed, WireError::NotProtobuf),
            (&long, WireError::TooLarge),
            (b"<html>", WireError::NotProtobuf),
            (br#"{"type":"ADDED","object":{}}"#, WireError::NotProtobuf),
            (b"\x00\x00\x00\x02\x0a\x05", WireError::NotProtobuf),
            (
                b"\x00\x00\x00\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                WireError::NotProtobuf,
            ),
        ] {
            let body = [&first, rest].concat();
            for chunk in [1, 7, body.len()] {
                let (events, end) = follow(&body, chunk);
                assert_eq!((events.len(), end), (1, Err(want)), "{rest:?}");
            }
        }
    }
}

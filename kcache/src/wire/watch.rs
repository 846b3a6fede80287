//! The frames of a watch.

use bytes::Bytes;

use super::error::WireError;
use super::json::JsonEvents;
use super::part::{EventKind, EventPart};
use super::protobuf::{ProtobufEvents, is_message};
use super::span::Span;
use crate::codec::{Raw, TypeNames};
use crate::encoding::Encoding;
use crate::protobuf::Envelope;

/// One event.
#[derive(Clone)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: EventKind,
    pub(crate) object: Raw<'a>,
    /// What its envelope says it is; in JSON it says that itself.
    envelope: TypeNames<'a>,
    /// False if it is larger than what is held of an object: then this is its `metadata` at most.
    pub(crate) whole: bool,
}

impl<'a> Frame<'a> {
    /// What the object says that it is.
    pub(crate) fn own_types(&self) -> TypeNames<'a> {
        match self.object {
            Raw::Json(json) => TypeNames::read(json),
            Raw::Protobuf(_) => self.envelope.clone(),
        }
    }
}

/// Takes the events out of the body of a watch.
pub(crate) struct WatchBody {
    framing: Framing,
    kind: Option<EventKind>,
    /// The object of an event whose type did not come first, and whether that is all of it.
    early: Option<(Vec<u8>, bool)>,
    /// The frame being read had its object.
    complete: bool,
}

enum Framing {
    Json(JsonEvents),
    Protobuf(ProtobufEvents),
}

impl WatchBody {
    /// Objects of more bytes than the limit are not held.
    pub(crate) fn new(encoding: Encoding, limit: usize) -> Self {
        Self {
            framing: match encoding {
                Encoding::Json => Framing::Json(JsonEvents::new(limit)),
                Encoding::Protobuf => Framing::Protobuf(ProtobufEvents::new(limit)),
            },
            kind: None,
            early: None,
            complete: false,
        }
    }

    /// Gives it more bytes, once [`next`](Self::next) wants some.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        match &mut self.framing {
            Framing::Json(events) => events.0.push(chunk),
            Framing::Protobuf(events) => events.0.push(chunk),
        }
    }

    /// The next event, or `None` if more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'_>>, WireError> {
        if self.complete {
            self.early = None;
        }
        let (kind, span) = loop {
            let Some(part) = self.framing.next()? else {
                return Ok(None);
            };
            match (part, self.kind) {
                (EventPart::End, Some(_)) if std::mem::take(&mut self.complete) => self.kind = None,
                (EventPart::End, _) => return Err(WireError::NotAnEvent),
                (EventPart::Object(span), Some(kind)) => break (kind, Some(span)),
                (EventPart::Object(span), None) => {
                    self.early = Some((self.framing.bytes(&span).to_vec(), span.is_whole()));
                }
                (EventPart::Kind(kind), _) => {
                    self.kind = Some(kind);
                    if self.early.is_some() {
                        break (kind, None);
                    }
                }
            }
        };
        self.complete = true;
        let (object, whole) = match (&span, &self.early) {
            (Some(span), _) => (self.framing.bytes(span), span.is_whole()),
            (None, Some((object, whole))) => (object.as_slice(), *whole),
            (None, None) => return Err(WireError::NotAnEvent),
        };
        self.framing.frame(kind, object, whole).map(Some)
    }

    /// True if the body did not end inside of an event.
    pub(crate) fn is_between(&self) -> bool {
        match &self.framing {
            Framing::Json(events) => events.0.is_between(),
            Framing::Protobuf(events) => events.0.is_between(),
        }
    }
}

impl Framing {
    fn next(&mut self) -> Result<Option<EventPart>, WireError> {
        match self {
            Self::Json(events) => events.next(),
            Self::Protobuf(events) => events.next(),
        }
    }

    fn bytes(&self, span: &Span) -> &[u8] {
        match self {
            Self::Json(events) => events.0.bytes(span),
            Self::Protobuf(events) => events.0.bytes(span),
        }
    }

    fn frame<'a>(
        &self,
        kind: EventKind,
        object: &'a [u8],
        whole: bool,
    ) -> Result<Frame<'a>, WireError> {
        let (object, envelope) = match self {
            Self::Json(_) => (Raw::Json(object), TypeNames::default()),
            Self::Protobuf(_) => {
                let envelope = Envelope::read(object).ok().filter(is_message);
                let envelope = envelope.ok_or(WireError::NotProtobuf)?;
                (Raw::Protobuf(envelope.raw), TypeNames::of(&envelope))
            }
        };
        Ok(Frame {
            kind,
            object,
            envelope,
            whole,
        })
    }
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(
        chunks: impl IntoIterator<Item = &'a [u8]>,
    ) -> (Vec<(EventKind, String)>, Result<bool, WireError>) {
        let mut body = WatchBody::new(Encoding::Json, 1 << 20);
        let mut events = Vec::new();
        for chunk in chunks {
            body.push(Bytes::copy_from_slice(chunk));
            loop {
                match body.next() {
                    Ok(Some(Frame { kind, object, .. })) => {
                        events.push((kind, String::from_utf8_lossy(object.bytes()).into_owned()));
                    }
                    Ok(None) => break,
                    Err(error) => return (events, Err(error)),
                }
            }
        }
        (events, Ok(body.is_between()))
    }

    #[test]
    fn events_come_whole_wherever_they_are_cut() {
        let text = concat!(
            r#"{"type":"ADDED","object":{"a":"}\""}}"#,
            "\n",
            r#"{"object":{"b":1},"x":[{}],"type":"DELETED"}{ "type" : "BOOKMARK","#,
            "\n",
            r#""object":{}} {"type":"NEW","object":[]}"#,
        );
        let want = [
            (EventKind::Added, r#"{"a":"}\""}"#),
            (EventKind::Deleted, r#"{"b":1}"#),
            (EventKind::Bookmark, "{}"),
            (EventKind::Unknown, "[]"),
        ]
        .map(|(kind, object)| (kind, object.to_owned()));
        let check = |chunks: &[&[u8]]| {
            let (events, end) = read(chunks.iter().copied());
            assert_eq!((events.as_slice(), end), (want.as_slice(), Ok(true)));
        };
        check(&[text.as_bytes()]);
        check(&text.as_bytes().chunks(1).collect::<Vec<_>>());
        for cut in 0..text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            check(&[first, second]);
        }
    }

    #[test]
    fn what_is_no_event_is_refused_after_the_events_before_it() {
        let event = r#"{"type":"ADDED","object":{}}"#;
        for (rest, want) in [
            ("<html>", WireError::NotJson),
            (r#"{"kind":"Status","code":410}"#, WireError::NotAnEvent),
            (r#"{"type":"ADDED"}"#, WireError::NotAnEvent),
            (r#"{"object":{}}"#, WireError::NotAnEvent),
        ] {
            let (events, end) = read([event.as_bytes(), rest.as_bytes()]);
            assert_eq!((events.len(), end), (1, Err(want)), "{rest}");
        }
        let (events, end) = read([event.as_bytes(), br#"{"type":"ADDED","obj"#]);
        assert_eq!((events.len(), end), (1, Ok(false)));
    }

    #[test]
    fn of_an_object_that_is_too_large_the_kind_of_event_and_the_metadata_are_told() {
        let large = format!(
            r#"{{"data":"{}","metadata":{{"name":"l"}}}}"#,
            "x".repeat(100)
        );
        let text = format!(
            r#"{{"type":"ADDED","object":{{}}}}{{"type":"DELETED","object":{large}}}
            {{"object":{large},"type":"MODIFIED"}} {{"type":"BOOKMARK","object":{{}}}}"#
        );
        let header = r#"{"metadata":{"name":"l"}}"#;
        for chunk in 1..=text.len() {
            let mut body = WatchBody::new(Encoding::Json, 64);
            let mut events = Vec::new();
            for chunk in text.as_bytes().chunks(chunk) {
                body.push(Bytes::copy_from_slice(chunk));
                while let Some(frame) = body.next().unwrap() {
                    let object = String::from_utf8_lossy(frame.object.bytes()).into_owned();
                    events.push((frame.kind, object, frame.whole));
                }
            }
            let event = |kind, object: &str, whole| (kind, object.to_owned(), whole);
            let want = [
                event(EventKind::Added, "{}", true),
                event(EventKind::Deleted, header, false),
                event(EventKind::Modified, header, false),
                event(EventKind::Bookmark, "{}", true),
            ];
            assert_eq!(
                (events.as_slice(), body.is_between()),
                (&want[..], true),
                "{chunk}"
            );
        }
    }

    #[test]
    fn a_type_is_never_large() {
        let mut body = WatchBody::new(Encoding::Json, 64);
        body.push(format!(r#"{{"type":"{}","object":{{}}}}"#, "x".repeat(100)).into());
        assert!(matches!(body.next(), Err(WireError::TooLarge)));
    }
}

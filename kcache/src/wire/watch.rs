//! The frames of a watch.

use bytes::Bytes;

use super::error::WireError;
use super::members::{Found, Members, Span, Use};

/// What an event says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
    /// A kind that this version does not know.
    Unknown,
}

impl EventKind {
    fn of(json: &[u8]) -> Self {
        match json {
            br#""ADDED""# => Self::Added,
            br#""MODIFIED""# => Self::Modified,
            br#""DELETED""# => Self::Deleted,
            br#""BOOKMARK""# => Self::Bookmark,
            br#""ERROR""# => Self::Error,
            _ => Self::Unknown,
        }
    }
}

/// One event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: EventKind,
    /// The JSON of its object.
    pub(crate) object: &'a [u8],
    /// False if that is larger than what is held of an object: then this is its `metadata` at most.
    pub(crate) whole: bool,
}

/// Takes the events out of the body of a watch.
///
/// API servers end each with a newline and put `type` first; neither is relied upon.
pub(crate) struct WatchBody {
    members: Members,
    kind: Option<EventKind>,
    /// The object of an event whose type did not come first, and whether that is all of it.
    early: Option<(Vec<u8>, bool)>,
    /// The frame being read had its object.
    complete: bool,
}

impl WatchBody {
    /// Objects of more bytes than the limit are not held.
    pub(crate) fn new(limit: usize) -> Self {
        let uses = |key: &[u8]| match key {
            b"type" | b"object" => Use::Whole,
            _ => Use::Skip,
        };
        Self {
            members: Members::new(uses, limit),
            kind: None,
            early: None,
            complete: false,
        }
    }

    /// Gives it more bytes, once [`next`](Self::next) wants some.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.members.push(chunk);
    }

    /// The next event, or `None` if more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'_>>, WireError> {
        if self.complete {
            self.early = None;
        }
        while let Some(found) = self.members.next()? {
            let (kind, span) = match (found, self.kind) {
                (Found::End, Some(_)) if std::mem::take(&mut self.complete) => {
                    self.kind = None;
                    continue;
                }
                (Found::Value(span), kind) if self.members.key() == b"object" => (kind, Some(span)),
                (Found::Value(Span::TooLarge), _) => return Err(WireError::TooLarge),
                (Found::Value(span), _) => {
                    let kind = EventKind::of(self.members.bytes(&span));
                    self.kind = Some(kind);
                    if self.early.is_none() {
                        continue;
                    }
                    (Some(kind), None)
                }
                _ => return Err(WireError::NotAnEvent),
            };
            match (kind, span) {
                (None, Some(span)) => {
                    self.early = Some((self.members.bytes(&span).to_vec(), is_whole(&span)));
                }
                (None, None) => {}
                (Some(kind), span) => {
                    self.complete = true;
                    let (object, whole) = match (&span, &self.early) {
                        (Some(span), _) => (self.members.bytes(span), is_whole(span)),
                        (None, Some((object, whole))) => (object.as_slice(), *whole),
                        (None, None) => return Err(WireError::NotAnEvent),
                    };
                    return Ok(Some(Frame {
                        kind,
                        object,
                        whole,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// True if the body did not end inside of an event.
    pub(crate) fn is_between(&self) -> bool {
        self.members.is_between()
    }
}

fn is_whole(span: &Span) -> bool {
    !matches!(span, Span::TooLarge)
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
        let mut body = WatchBody::new(1 << 20);
        let mut events = Vec::new();
        for chunk in chunks {
            body.push(Bytes::copy_from_slice(chunk));
            loop {
                match body.next() {
                    Ok(Some(Frame { kind, object, .. })) => {
                        events.push((kind, String::from_utf8_lossy(object).into_owned()));
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
            let mut body = WatchBody::new(64);
            let mut events = Vec::new();
            for chunk in text.as_bytes().chunks(chunk) {
                body.push(Bytes::copy_from_slice(chunk));
                while let Some(frame) = body.next().unwrap() {
                    let object = String::from_utf8_lossy(frame.object).into_owned();
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
        let mut body = WatchBody::new(64);
        body.push(format!(r#"{{"type":"{}","object":{{}}}}"#, "x".repeat(100)).into());
        assert!(matches!(body.next(), Err(WireError::TooLarge)));
    }
}

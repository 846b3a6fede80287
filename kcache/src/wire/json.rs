//! Bodies in JSON.

use bytes::Bytes;

use super::error::WireError;
use super::members::{Found, Members, Use};
use super::part::{EventKind, EventPart, ListPart};
use super::span::Span;

/// The body of a list. `metadata` may stand before or after the items.
pub(super) struct JsonList {
    pub(super) members: Members,
    ended: bool,
}

impl JsonList {
    pub(super) fn new(limit: usize) -> Self {
        let uses = |key: &[u8]| match key {
            b"items" => Use::Elements,
            b"metadata" | b"kind" | b"apiVersion" => Use::Whole,
            _ => Use::Skip,
        };
        Self {
            members: Members::new(uses, limit),
            ended: false,
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        self.members.push(chunk);
    }

    pub(super) fn next(&mut self) -> Result<Option<ListPart>, WireError> {
        while let Some(found) = self.members.next()? {
            if self.ended {
                return Err(WireError::NotJson);
            }
            return Ok(Some(match found {
                Found::Element(span) => ListPart::Item(span),
                Found::Elements => ListPart::Listed,
                Found::Value(Span::TooLarge) => return Err(WireError::TooLarge),
                Found::Value(span) => self.member(&span)?,
                Found::End => {
                    self.ended = true;
                    continue;
                }
            }));
        }
        Ok(None)
    }

    fn member(&self, span: &Span) -> Result<ListPart, WireError> {
        let (key, value) = (self.members.key(), self.members.bytes(span));
        let text = || serde_json::from_slice(value).ok();
        Ok(match key {
            b"metadata" => {
                let meta: Option<_> =
                    serde_json::from_slice(value).map_err(|_| WireError::NotAList)?;
                ListPart::Meta(meta.unwrap_or_default())
            }
            b"items" if value == b"null" => ListPart::Listed,
            b"items" => return Err(WireError::NotAList),
            b"kind" => ListPart::Kind(text()),
            _ => ListPart::ApiVersion(text()),
        })
    }

    /// True if all of it has come.
    pub(super) fn is_complete(&self) -> bool {
        self.ended && self.members.is_between()
    }
}

/// The body of a watch: events that follow one another.
///
/// API servers end each with a newline and put `type` first; neither is relied upon.
pub(super) struct JsonEvents(pub(super) Members);

impl JsonEvents {
    pub(super) fn new(limit: usize) -> Self {
        let uses = |key: &[u8]| match key {
            b"type" | b"object" => Use::Whole,
            _ => Use::Skip,
        };
        Self(Members::new(uses, limit))
    }

    pub(super) fn next(&mut self) -> Result<Option<EventPart>, WireError> {
        let Some(found) = self.0.next()? else {
            return Ok(None);
        };
        Ok(Some(match found {
            Found::Value(span) if self.0.key() == b"object" => EventPart::Object(span),
            Found::Value(Span::TooLarge) => return Err(WireError::TooLarge),
            Found::Value(span) => EventPart::Kind(kind(self.0.bytes(&span))),
            Found::End => EventPart::End,
            Found::Element(_) | Found::Elements => return Err(WireError::NotAnEvent),
        }))
    }
}

/// No kind of event has anything in it that would be escaped.
fn kind(json: &[u8]) -> EventKind {
    let text = json.strip_prefix(b"\"");
    let text = text.and_then(|text| text.strip_suffix(b"\""));
    text.map_or(EventKind::Unknown, EventKind::of)
}

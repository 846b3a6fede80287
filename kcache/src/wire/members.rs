//! The members of a JSON object, each as soon as it is complete.

use std::ops::Range;

use bytes::Bytes;

use super::error::WireError;
use super::limits::{KEPT, LARGEST_METADATA};
use super::span::Span;
use crate::json::Scan;

/// What becomes of a member, by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Its value is given out.
    Whole,
    /// If it is an array, its elements are given out one by one; else its value.
    Elements,
    /// Nothing; its bytes are not held.
    Skip,
}

/// Something that is complete.
pub(super) enum Found {
    /// The value of a member that is used whole, or is no array; [`Members::key`] is its key.
    Value(Span),
    /// An element of the array.
    Element(Span),
    /// The array has ended.
    Elements,
    /// The object has ended.
    End,
}

/// Takes objects that follow one another apart, in bytes that come in chunks.
pub(super) struct Members {
    uses: fn(&[u8]) -> Use,
    chunk: Bytes,
    at: usize,
    /// The bytes so far of a value that began in an earlier chunk.
    carry: Vec<u8>,
    /// The value in `carry` or `large` was given out.
    given: bool,
    limit: usize,
    /// What there is of a value that is larger than the limit.
    large: Option<Box<Large>>,
    key: Vec<u8>,
    state: ParseState,
    scan: Scan,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParseState {
    /// An object, or the end of the body.
    Object,
    /// The first key, or the end of the object.
    FirstKey,
    /// A key.
    Key,
    /// The rest of a key.
    InKey,
    Colon,
    Value,
    /// The rest of a value.
    InValue(Use),
    /// A comma or the end of the object.
    AfterValue,
    /// The first element, or the end of the array.
    FirstElement,
    Element,
    /// The rest of an element.
    InElement,
    /// A comma or the end of the array.
    AfterElement,
}

/// What is so much larger than the limit has no end.
const ENDLESS: usize = 16;

impl Members {
    /// Values of more bytes than the limit are not held.
    pub(super) fn new(uses: fn(&[u8]) -> Use, limit: usize) -> Self {
        Self {
            uses,
            chunk: Bytes::new(),
            at: 0,
            carry: Vec::new(),
            given: false,
            limit,
            large: None,
            key: Vec::new(),
            state: ParseState::Object,
            scan: Scan::default(),
        }
    }

    /// Gives it more bytes; those before must be used up.
    pub(super) fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.at == self.chunk.len(), "bytes are left");
        (self.chunk, self.at) = (chunk, 0);
    }

    /// The key of the member that is being read or was found last, without its quotes.
    pub(super) fn key(&self) -> &[u8] {
        let end = self.key.len().saturating_sub(1);
        self.key.get(1..end).unwrap_or_default()
    }

    /// The bytes of what was just found.
    pub(super) fn bytes(&self, span: &Span) -> &[u8] {
        match span {
            Span::Chunk(range) => &self.chunk[range.clone()],
            Span::Carry => &self.carry,
            Span::TooLarge => self.large.as_ref().map_or(b"{}", |large| &large.header),
        }
    }

    /// How many bytes of the value that is being read are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let large = self.large.as_ref();
        let members = large.and_then(|large| large.members.as_ref());
        self.carry.len()
            + large.map_or(0, |large| large.header.len())
            + members.map_or(0, Self::held)
    }

    /// True if all that was pushed were whole objects.
    pub(super) fn is_between(&self) -> bool {
        self.state == ParseState::Object
    }

    /// The next thing that is complete, or `None` if more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Found>, WireError> {
        self.forget_given();
        while self.at < self.chunk.len() {
            let found = match self.state {
                ParseState::InKey => self.in_key()?,
                ParseState::InValue(Use::Skip) => self.skip(),
                ParseState::InValue(_) => self.value(ParseState::AfterValue)?.map(Found::Value),
                ParseState::InElement => self.value(ParseState::AfterElement)?.map(Found::Element),
                _ => self.punctuation()?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn forget_given(&mut self) {
        if std::mem::take(&mut self.given) {
            self.carry.clear();
            self.carry.shrink_to(KEPT);
            self.large = None;
        }
    }

    /// Takes one character between values, or finds where a value begins.
    fn punctuation(&mut self) -> Result<Option<Found>, WireError> {
        let byte = self.chunk[self.at];
        if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
            return Ok(None);
        }
        let (state, found) = match (self.state, byte) {
            (ParseState::Object, b'{') => (ParseState::FirstKey, None),
            (ParseState::FirstKey | ParseState::AfterValue, b'}') => {
                (ParseState::Object, Some(Found::End))
            }
            (ParseState::FirstKey | ParseState::Key, b'"') => {
                return Ok(self.begin(ParseState::InKey));
            }
            (ParseState::Colon, b':') => (ParseState::Value, None),
            (ParseState::Value, _) => match (self.uses)(self.key()) {
                Use::Elements if byte == b'[' => (ParseState::FirstElement, None),
                other => return Ok(self.begin(ParseState::InValue(other))),
            },
            (ParseState::AfterValue, b',') => (ParseState::Key, None),
            (ParseState::FirstElement | ParseState::AfterElement, b']') => {
                (ParseState::AfterValue, Some(Found::Elements))
            }
            (ParseState::AfterElement, b',') => (ParseState::Element, None),
            (ParseState::FirstElement | ParseState::Element, _) => {
                return Ok(self.begin(ParseState::InElement));
            }
            _ => return Err(WireError::NotJson),
        };
        self.at += 1;
        self.state = state;
        Ok(found)
    }

    fn begin(&mut self, state: ParseState) -> Option<Found> {
        self.scan = Scan::default();
        self.state = state;
        if state == ParseState::InKey {
            self.key.clear();
        }
        None
    }

    fn in_key(&mut self) -> Result<Option<Found>, WireError> {
        let rest = &self.chunk[self.at..];
        let end = self.scan.advance(rest);
        let taken = end.unwrap_or(rest.len());
        if self.key.len() + taken > self.limit {
            return Err(WireError::TooLarge);
        }
        self.key.extend_from_slice(&rest[..taken]);
        self.at += taken;
        if end.is_some() {
            self.state = ParseState::Colon;
        }
        Ok(None)
    }

    fn skip(&mut self) -> Option<Found> {
        let rest = &self.chunk[self.at..];
        let end = self.scan.advance(rest);
        self.at += end.unwrap_or(rest.len());
        if end.is_some() {
            self.state = ParseState::AfterValue;
        }
        None
    }

    /// Takes bytes of a value up to its end, or keeps all of them for the next chunk.
    fn value(&mut self, after: ParseState) -> Result<Option<Span>, WireError> {
        let rest = &self.chunk[self.at..];
        let end = self.scan.advance(rest);
        let taken = end.unwrap_or(rest.len());
        let range = self.at..self.at + taken;
        self.at = range.end;
        if end.is_some() {
            self.state = after;
        }
        if self.large.is_some() || self.carry.len() + taken > self.limit {
            self.pass_large(range)?;
            self.given = end.is_some();
            return Ok(end.map(|_| Span::TooLarge));
        }
        if end.is_some() && self.carry.is_empty() {
            if taken == 0 {
                return Err(WireError::NotJson);
            }
            return Ok(Some(Span::Chunk(range)));
        }
        self.carry.extend_from_slice(&self.chunk[range]);
        self.given = end.is_some();
        Ok(end.map(|_| Span::Carry))
    }

    /// Looks at bytes of a value that is too large, and holds none of them.
    fn pass_large(&mut self, range: Range<usize>) -> Result<(), WireError> {
        let large = self.large.get_or_insert_with(|| Box::new(Large::new()));
        if !self.carry.is_empty() {
            large.push(std::mem::take(&mut self.carry).into());
        }
        large.push(self.chunk.slice(range));
        if large.size / ENDLESS > self.limit {
            return Err(WireError::TooLarge);
        }
        Ok(())
    }
}

/// An object that is too large to be held: its `metadata` is looked for while it passes.
struct Large {
    size: usize,
    /// Until `metadata` was found, or anything that is no object.
    members: Option<Members>,
    /// An object with that and nothing else.
    header: Vec<u8>,
}

impl Large {
    fn new() -> Self {
        let uses = |key: &[u8]| match key {
            b"metadata" => Use::Whole,
            _ => Use::Skip,
        };
        Self {
            size: 0,
            members: Some(Members::new(uses, LARGEST_METADATA)),
            header: b"{}".to_vec(),
        }
    }

    fn push(&mut self, chunk: Bytes) {
        self.size += chunk.len();
        let Some(members) = &mut self.members else {
            return;
        };
        members.push(chunk);
        match members.next() {
            Ok(None) => return,
            Ok(Some(Found::Value(span @ (Span::Chunk(_) | Span::Carry)))) => {
                self.header = [br#"{"metadata":"#, members.bytes(&span), b"}"].concat();
            }
            _ => {}
        }
        self.members = None;
    }
}
